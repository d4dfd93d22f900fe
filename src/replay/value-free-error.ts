import { conditions } from './error-conditions.ts'
import type { WireError } from './wire.ts'

/** An error of a server with production's data in it, as everybody may read it. */
export interface ValueFreeError {
  /** Undefined where the migration made up one of its own. */
  readonly sqlstate: string | undefined
  /** In the words of Postgres, with names of the schema and no value; without full stop. */
  readonly message: string
  /** `schema.name` of the table that it is about, where Postgres says so. */
  readonly table?: string
}

/** Tells names from values. */
export interface KnownNames {
  has(name: string): boolean
}

/**
 * Messages of Postgres (src/backend, in English) that name objects, and those that quote values. `<name>` is a name of
 * the schema, `<type>` that of a type, `<value>` anything that a row may hold: it is never shown. Whatever fits none of
 * them, and every message of RAISE, is told by its SQLSTATE alone.
 */
const templates = [
  'could not create unique index "<name>"',
  'duplicate key value violates unique constraint "<name>"',
  'column "<name>" of relation "<name>" contains null values',
  'column "<name>" of table "<name>" contains null values',
  'column "<name>" contains null values',
  'null value in column "<name>" of relation "<name>" violates not-null constraint',
  'null value in column "<name>" violates not-null constraint',
  'domain <type> does not allow null values',
  'insert or update on table "<name>" violates foreign key constraint "<name>"',
  'update or delete on table "<name>" violates foreign key constraint "<name>" on table "<name>"',
  'update or delete on table "<name>" violates RESTRICT setting of foreign key constraint "<name>" on table "<name>"',
  'check constraint "<name>" of relation "<name>" is violated by some row',
  'check constraint "<name>" is violated by some row',
  'new row for relation "<name>" violates check constraint "<name>"',
  'new row for relation "<name>" violates partition constraint',
  'partition constraint of relation "<name>" is violated by some row',
  'updated partition constraint for default partition "<name>" would be violated by some row',
  'no partition of relation "<name>" found for row',
  'value for domain <type> violates check constraint "<name>"',
  'column "<name>" of table "<name>" contains values that violate the new constraint',
  'conflicting key value violates exclusion constraint "<name>"',
  'could not create exclusion constraint "<name>"',
  'invalid input syntax for type <type>: "<value>"',
  'invalid input syntax for type <type>',
  'invalid input value for enum <type>: "<value>"',
  'value "<value>" is out of range for type <type>',
  'value <value> is out of range for type <type>',
  '<type> out of range',
  'numeric field overflow',
  'value too long for type <type>',
  'bit string length <value> does not match type <type>',
  'malformed array literal: "<value>"',
  'malformed record literal: "<value>"',
  'malformed range literal: "<value>"',
  'date/time field value out of range: "<value>"',
  'range lower bound must be less than or equal to range upper bound',
  'division by zero',
  'invalid byte sequence for encoding "<value>": <value>',
  'unsupported Unicode escape sequence',
  'index row size <value> exceeds btree version <value> maximum <value> for index "<name>"',
  'index row requires <value> bytes, maximum size is <value>',
  'row is too big: size <value>, maximum size <value>',
  'more than one row returned by a subquery used as an expression',
  'ON CONFLICT DO UPDATE command cannot affect row a second time',
  'canceling statement due to lock timeout',
  'canceling statement due to statement timeout',
  'canceling statement due to user request',
  'could not obtain lock on relation "<name>"',
  'terminating connection due to idle-in-transaction timeout',
  'terminating connection due to transaction timeout',
  'deadlock detected',
  'could not serialize access due to concurrent update',
  'could not serialize access due to read/write dependencies among transactions',
  'relation "<name>" does not exist',
  'relation "<name>.<name>" does not exist',
  'relation "<name>" already exists',
  'table "<name>" does not exist',
  'index "<name>" does not exist',
  'column "<name>" does not exist',
  'column "<name>" of relation "<name>" does not exist',
  'column "<name>" of relation "<name>" already exists',
  'constraint "<name>" of relation "<name>" does not exist',
  'constraint "<name>" for relation "<name>" already exists',
  'schema "<name>" does not exist',
  'schema "<name>" already exists',
  'type "<name>" does not exist',
  'type "<name>" already exists',
  'role "<name>" does not exist',
  'extension "<name>" is not available',
  'permission denied for table <name>',
  'permission denied for schema <name>',
  'permission denied for sequence <name>',
  'must be owner of table <name>',
  'must be owner of relation <name>',
  'cannot drop table <name> because other objects depend on it',
  'cannot drop column <name> of table <name> because other objects depend on it',
  'cannot alter type of a column used by a view or rule',
  'cannot ALTER TABLE "<name>" because it is being used by active queries in this session',
  'cannot ALTER TABLE "<name>" because it has pending trigger events',
  'cannot execute <value> in a read-only transaction',
  'could not extend file "<value>": No space left on device',
  'permission denied to create extension "<name>"',
] as const

interface Template {
  readonly text: string
  readonly pattern: RegExp
}

let compiled: readonly Template[] | undefined

function allTemplates(): readonly Template[] {
  // the most words first: `<name>` of the shorter would swallow what the longer says
  compiled ??= templates
    .map((text) => ({ text, pattern: patternOf(text) }))
    .toSorted((a, b) => b.text.length - a.text.length)
  return compiled
}

function patternOf(template: string): RegExp {
  const literal = template.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(`^${literal.replaceAll(/<(?:name|value|type)>/g, '([\\s\\S]*?)')}$`)
}

/**
 * What Postgres said, without what rows hold.
 * @param sql of the statement: what it says literally is no secret
 */
export function valueFree(error: WireError, known: KnownNames, sql: string): ValueFreeError {
  const condition = Object.hasOwn(conditions, error.code) ? conditions[error.code] : undefined
  const sqlstate = condition === undefined ? undefined : error.code
  const message = literally(error.message, sql) ?? filledTemplate(error.message, known) ?? condition
  const { schema, table } = error
  const isKnown = schema !== undefined && table !== undefined && known.has(schema) && known.has(table)
  return {
    sqlstate,
    message: message ?? 'an error that the migration raises itself',
    ...(isKnown ? { table: `${schema}.${table}` } : {}),
  }
}

/** Shorter texts may be a value by chance. */
const leastLiteral = 8

/** Of RAISE, whose text stands in the statement as it is. */
function literally(message: string, sql: string): string | undefined {
  return message.length >= leastLiteral && sql.includes(message) ? message.replace(/\.$/, '') : undefined
}

function filledTemplate(message: string, known: KnownNames): string | undefined {
  for (const { text, pattern } of allTemplates()) {
    const match = pattern.exec(message)
    if (match === null) continue
    let at = 0
    return text.replaceAll(/<(name|value|type)>/g, (_, kind: string) => {
      at += 1
      const said = match[at] ?? ''
      if (kind === 'name') return known.has(said) ? said : hidden
      return kind === 'type' && isType(said, known) ? said : hidden
    })
  }
  return undefined
}

const hidden = '…'

/** Of Postgres, as format_type() spells it, or of the schema. */
function isType(said: string, known: KnownNames): boolean {
  return builtInType.test(said) || known.has(said.replaceAll('"', ''))
}

const builtInType =
  /^(?:bigint|bit|bit varying|boolean|box|bytea|character|character varying|cidr|circle|date|double precision|inet|integer|int2vector|interval|json|jsonb|line|lseg|macaddr8?|money|name|numeric|oid|path|pg_lsn|point|polygon|real|reg[a-z]+|smallint|text|tid|time|timestamp|tsquery|tsvector|uuid|xid|xml)(?:\(\d{1,7}(?:,-?\d{1,4})?\))?(?: with(?:out)? time zone)?(?:\[\])?$/
