import type { ColumnDef, Constraint, RefreshMatViewStmt } from '@pgsql/types'
import type { Relation, Remedy, RewriteCause, SessionSettings, Statement } from '../core/model.ts'
import { allOf, as, words } from './ast.ts'
import { batchedUpdate } from './batches.ts'
import { objectName, quoteIdent, quoteName } from './quote.ts'
import {
  notNullSteps,
  step,
  stepOutsideTransaction,
  stepWithLockTimeout,
  type RemedyStep,
} from './remedies.ts'
import { alterActions, cutColumn, endOfName, type AlterAction } from './statement-nodes.ts'
import { isWord, tokenize } from './tokens.ts'

/** How to get the same result without writing the whole table while everybody waits. */
export function rewriteRemedy(
  statement: Statement,
  settings: SessionSettings,
  table: Relation,
  cause: RewriteCause,
): Remedy {
  const actions = alterActions(statement)
  if (cause === 'column default') {
    const action = actions.find(
      ({ command }) => command.subtype === 'AT_AddColumn' && fillsItself(command.def),
    )
    if (action !== undefined) return newColumnRemedy({ table, settings, action })
  }
  if (cause === 'column type') {
    const action = actions.find(({ command }) => command.subtype === 'AT_AlterColumnType')
    if (action !== undefined) return newTypeRemedy({ table, settings, action })
  }
  const summary = cause in summaries ? summaries[cause] : undefined
  const refresh = statement.tag === 'RefreshMatViewStmt' ? refreshConcurrently(statement) : undefined
  return { summary: summary ?? otherwise, migrations: refresh === undefined ? [] : [step(refresh)] }
}

const repack =
  'pg_repack does this with a short lock only; else plan a maintenance window, and accept the risk with an allow comment that names it.'

const otherwise =
  'Do it on a copy: create what is new beside the old, fill it in batches, and swap the names in one short transaction.'

const summaries: Readonly<Partial<Record<RewriteCause, string>>> = {
  'column default':
    'Add the column with the base type and no default, add the check of its domain NOT VALID, fill it in batches, and validate.',
  'generated expression':
    'Add a second generated column by way of a plain one that a trigger fills, fill it in batches, and swap the names.',
  persistence:
    'Create a table with the wanted persistence, copy the rows in batches, and swap the names in one short transaction.',
  'access method': otherwise,
  tablespace: repack,
  'vacuum full': repack,
  cluster: repack,
  refresh:
    'Refresh it concurrently, which readers do not notice. That needs a unique index on its columns without WHERE.',
  'index rebuild':
    'Take indexes (DROP INDEX CONCURRENTLY) and CHECK constraints off the column first; the change then takes an instant. Build the indexes again concurrently, add the constraints again NOT VALID and validate them later.',
}

interface Change {
  readonly table: Relation
  readonly settings: SessionSettings
  readonly action: AlterAction
}

const filling: ReadonlySet<string | undefined> = new Set([
  'CONSTR_DEFAULT',
  'CONSTR_IDENTITY',
  'CONSTR_GENERATED',
])

function isFilling({ contype }: Constraint): boolean {
  return filling.has(contype)
}

const serialTypes: Readonly<Record<string, string>> = {
  smallserial: 'smallint',
  serial2: 'smallint',
  serial: 'integer',
  serial4: 'integer',
  bigserial: 'bigint',
  serial8: 'bigint',
}

function serialType(column: ColumnDef | undefined): string | undefined {
  const names = words(column?.typeName?.names)
  return names.length === 1 ? serialTypes[names[0] ?? ''] : undefined
}

function fillsItself(definition: AlterAction['command']['def']): boolean {
  const column = as<ColumnDef>(definition, 'ColumnDef')
  return (
    serialType(column) !== undefined || allOf<Constraint>(column?.constraints, 'Constraint').some(isFilling)
  )
}

/** A new column without a value, then a default for new rows, then the old rows in batches. */
function newColumnRemedy({ table, settings, action }: Change): Remedy {
  const column = as<ColumnDef>(action.command.def, 'ColumnDef') ?? {}
  const name = column.colname ?? ''
  const serial = serialType(column)
  const { kept, removed } = cutColumn(
    action.text,
    action.start,
    column,
    (constraint) => isFilling(constraint) || constraint.contype === 'CONSTR_NOTNULL',
  )
  const add = `${action.head} ${serial === undefined ? kept : `ADD COLUMN ${quoteIdent(name)} ${serial}`}`
  const filler = removed.find(({ constraint }) => isFilling(constraint))
  if (filler?.constraint.contype === 'CONSTR_GENERATED') {
    return computedRemedy(table, settings, name, { add, expression: innermost(filler.text) })
  }
  const counts = serial !== undefined || filler?.constraint.contype === 'CONSTR_IDENTITY'
  const isRequired = counts || removed.some(({ constraint }) => constraint.contype === 'CONSTR_NOTNULL')
  const defaults = counts
    ? sequenceDefault(table, name, serial ?? typeText(action))
    : [setDefault(table, name, (filler?.text ?? '').replace(/^default\s+/i, ''))]
  return {
    summary:
      'Add the column without a value, give new rows their default, and fill the old ones in batches outside a transaction.',
    migrations: [
      stepWithLockTimeout(settings, add, ...defaults),
      stepOutsideTransaction(
        batchedUpdate({ relation: table }, `${quoteIdent(name)} = DEFAULT`, [`${quoteIdent(name)} IS NULL`]),
      ),
      ...(isRequired ? notNullSteps(settings, table, [name]) : []),
    ],
  }
}

function setDefault(table: Relation, column: string, expression: string): string {
  return `ALTER TABLE ${quoteName(table)} ALTER COLUMN ${quoteIdent(column)} SET DEFAULT ${expression}`
}

function sequenceDefault(table: Relation, column: string, type: string): readonly string[] {
  const sequence = quoteName({ schema: table.schema, name: objectName(table.name, column, 'seq') })
  const literal = sequence.replaceAll("'", "''")
  return [
    `CREATE SEQUENCE ${sequence} AS ${type} OWNED BY ${quoteName(table)}.${quoteIdent(column)}`,
    setDefault(table, column, `nextval('${literal}')`),
  ]
}

/** Type of `ADD COLUMN name type …`: the tokens between the name and the first constraint. */
function typeText({ text, start, command }: AlterAction): string {
  const column = as<ColumnDef>(command.def, 'ColumnDef')
  const first = allOf<Constraint>(column?.constraints, 'Constraint')[0]
  const from = (column?.typeName?.location ?? start) - start
  return text.slice(from, first?.location === undefined ? text.length : first.location - start).trim()
}

/** The text between the first parenthesis and the last. */
function innermost(text: string): string {
  return text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')).trim()
}

/** A plain column that a trigger keeps current, then the old rows in batches. */
function computedRemedy(
  table: Relation,
  settings: SessionSettings,
  column: string,
  { add, expression }: { readonly add: string; readonly expression: string },
): Remedy {
  return {
    summary:
      'Keep a plain column current with a trigger, and fill the old rows in batches. On PostgreSQL 18 a VIRTUAL generated column needs none of this.',
    migrations: [
      stepWithLockTimeout(settings, add, ...keepCurrent(table, column, expression)),
      fillColumn(table, column, expression),
    ],
  }
}

function keepCurrent(table: Relation, column: string, expression: string): readonly string[] {
  const trigger = objectName(table.name, column, 'current')
  const procedure = quoteName({ schema: table.schema, name: trigger })
  const tag = expression.includes('$$') ? '$current$' : '$$'
  return [
    `CREATE FUNCTION ${procedure}() RETURNS trigger LANGUAGE plpgsql AS ${tag}\n` +
      `BEGIN\n  NEW.${quoteIdent(column)} := (SELECT ${expression} FROM (SELECT NEW.*) AS ${quoteIdent(table.name)});\n` +
      `  RETURN NEW;\nEND ${tag}`,
    `CREATE TRIGGER ${quoteIdent(trigger)} BEFORE INSERT OR UPDATE ON ${quoteName(table)}\n` +
      `  FOR EACH ROW EXECUTE FUNCTION ${procedure}()`,
  ]
}

function fillColumn(table: Relation, column: string, expression: string): RemedyStep {
  const name = quoteIdent(column)
  return stepOutsideTransaction(
    batchedUpdate({ relation: table }, `${name} = ${expression}`, [
      `${name} IS DISTINCT FROM (${expression})`,
    ]),
  )
}

/** A second column of the new type beside the old one, and a swap of names. */
function newTypeRemedy({ table, settings, action }: Change): Remedy {
  const { type, using } = typeChange(action)
  const old = action.command.name ?? ''
  const added = objectName(old, 'new')
  const name = quoteName(table)
  const expression = using ?? `${quoteIdent(old)}::${type}`
  const trigger = quoteIdent(objectName(table.name, added, 'current'))
  const procedure = quoteName({ schema: table.schema, name: objectName(table.name, added, 'current') })
  return {
    summary:
      'Keep a second column of the new type current with a trigger, fill it in batches, give it the indexes, default and constraints of the old one, and swap the names in one short transaction.',
    migrations: [
      stepWithLockTimeout(
        settings,
        `ALTER TABLE ${name} ADD COLUMN ${quoteIdent(added)} ${type}`,
        ...keepCurrent(table, added, expression),
      ),
      fillColumn(table, added, expression),
      stepWithLockTimeout(
        settings,
        `DROP TRIGGER ${trigger} ON ${name}`,
        `DROP FUNCTION ${procedure}()`,
        `-- First: ${added.replaceAll(/\s+/g, ' ')} must have what ${old.replaceAll(/\s+/g, ' ')} has: default or identity, NOT NULL, indexes, keys\nALTER TABLE ${name} RENAME COLUMN ${quoteIdent(old)} TO ${quoteIdent(objectName(old, 'old'))}`,
        `ALTER TABLE ${name} RENAME COLUMN ${quoteIdent(added)} TO ${quoteIdent(old)}`,
      ),
    ],
  }
}

/** `ALTER COLUMN c [SET DATA] TYPE type [COLLATE …] [USING …]`. */
function typeChange({ text }: AlterAction): { readonly type: string; readonly using: string | undefined } {
  const tokens = tokenize(text)
  const keyword = tokens.findIndex((token, index) => index > 0 && isWord(token, 'TYPE'))
  const using = tokens.find((token, index) => index > keyword && isWord(token, 'USING'))
  const from = tokens[keyword]?.end ?? 0
  return {
    type: text.slice(from, using?.start ?? text.length).trim(),
    using: using === undefined ? undefined : text.slice(using.end).trim(),
  }
}

function refreshConcurrently({ sql, node }: Statement): string | undefined {
  const location = (node as RefreshMatViewStmt | undefined)?.relation?.location
  if (location === undefined) return undefined
  return `REFRESH MATERIALIZED VIEW CONCURRENTLY ${sql.slice(location, endOfName(sql, location))}`
}
