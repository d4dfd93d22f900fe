import type { ColumnDef, Constraint, FuncCall, Node, TypeCast } from '@pgsql/types'
import type { Relation, Remedy, SchemaCatalogs, Statement, StatementSettings } from '../core/model.ts'
import { allOf, as, words } from './ast.ts'
import { everyRowTarget, firingTriggers } from './batch-table.ts'
import { batchedUpdate } from './batches.ts'
import { defaultObjectName } from './names.ts'
import { quoteIdent, quoteLiteral, quoteName } from './quote.ts'
import {
  batchStep,
  notNullSteps,
  stepOutsideTransaction,
  stepWithLockTimeout,
  type RemedyStep,
} from './remedies.ts'
import {
  alterActions,
  cutColumn,
  withoutConstraintName,
  type AlterAction,
  type ConstraintText,
} from './statement-nodes.ts'

/**
 * ALTER TABLE … ADD COLUMN with a value of its own for each row, without writing the table: the columns bare, their
 * default for new rows, the old rows in batches, then what the columns are to have besides. Undefined where a column
 * can be had in no other way (stored generated columns, domains with constraints).
 */
export function newColumnRemedy(
  statement: Statement,
  settings: StatementSettings,
  table: Relation,
  schema: SchemaCatalogs | undefined,
): Remedy | undefined {
  const actions = alterActions(statement)
  const columns = actions.map((action) => filledColumn(action, table))
  const filled = columns.filter((column) => column !== undefined)
  const target = everyRowTarget(table, schema)
  if (filled.length === 0 || filled.includes('computed') || target === undefined) return undefined
  const known = filled.filter((column) => column !== 'computed')
  // CONCURRENTLY does not exist for partitioned tables
  if (table.kind === 'partitioned table' && known.some(({ indexes }) => indexes.length > 0)) return undefined
  const bare = actions.map((action, index) => {
    const column = columns[index]
    return column === undefined || column === 'computed' ? action.text : column.bare
  })
  const constraints = known.flatMap((column) => column.constraints)
  const required = known.filter((column) => column.isRequired)
  return {
    summary: `Add the column without a value, give new rows their default, and fill the old ones in batches outside a transaction.${firingTriggers(table, schema)}`,
    migrations: [
      stepWithLockTimeout(
        settings,
        `${actions[0]?.head ?? ''} ${bare.join(', ')}`,
        ...known.flatMap((column) => column.newRows),
      ),
      ...known.map(({ column }) =>
        batchStep(batchedUpdate(target, `${column} = DEFAULT`, [`${column} IS NULL`])),
      ),
      ...known.flatMap((column) => column.indexes),
      ...notNullSteps(
        settings,
        table,
        required.map((column) => column.name),
        {
          // not before the rows are filled: each UPDATE of a row has to satisfy them
          add: constraints.map((one) => `ADD CONSTRAINT ${one.name} ${one.definition} NOT VALID`),
          validate: constraints.map((one) => one.name),
          finally: known.flatMap((column) => column.finally),
        },
      ),
    ],
  }
}

/** A new column whose value differs from row to row, in parts. Names are quoted where they are SQL. */
interface FilledColumn {
  readonly name: string
  readonly column: string
  /** The action, without all that reads or writes rows. */
  readonly bare: string
  readonly newRows: readonly string[]
  readonly constraints: readonly { readonly name: string; readonly definition: string }[]
  readonly indexes: readonly RemedyStep[]
  readonly isRequired: boolean
  readonly finally: readonly string[]
}

function filledColumn(action: AlterAction, table: Relation): FilledColumn | 'computed' | undefined {
  const column = as<ColumnDef>(action.command.def, 'ColumnDef')
  if (action.command.subtype !== 'AT_AddColumn' || column === undefined) return undefined
  const serial = serialType(column)
  const { kept, removed } = cutColumn(action.text, action.start, column, () => true)
  const filler = removed.find(({ constraint }) => isFilling(constraint))
  if (filler?.constraint.contype === 'CONSTR_GENERATED') return 'computed'
  if (serial === undefined && filler === undefined) return undefined
  const name = column.colname ?? ''
  const type = serial ?? typeText(action, column)
  const isIdentity = filler?.constraint.contype === 'CONSTR_IDENTITY'
  const has = (contype: string): boolean => removed.some(({ constraint }) => constraint.contype === contype)
  const keys = removed.filter(({ constraint }) => isKey(constraint)).map((key) => keyParts(key, name, table))
  const identity = isIdentity ? identityParts(filler, { name, type, table }) : undefined
  return {
    name,
    column: quoteIdent(name),
    bare: serial === undefined ? kept : withType(action, column, serial),
    newRows:
      serial === undefined
        ? (identity?.newRows ?? [setDefault(table, name, defaultText(filler))])
        : serialDefault(table, name, serial),
    constraints: removed
      .filter(({ constraint }) => isCheck(constraint))
      .map((one) => checkParts(one, name, table)),
    indexes: keys.map(({ index }) => stepOutsideTransaction(index)),
    isRequired: isIdentity || serial !== undefined || has('CONSTR_NOTNULL') || has('CONSTR_PRIMARY'),
    finally: [...keys.map(({ constraint }) => constraint), ...(identity?.finally ?? [])],
  }
}

const serialTypes: Readonly<Record<string, string>> = {
  smallserial: 'smallint',
  serial2: 'smallint',
  serial: 'integer',
  serial4: 'integer',
  bigserial: 'bigint',
  serial8: 'bigint',
}

function serialType(column: ColumnDef): string | undefined {
  const names = words(column.typeName?.names)
  return names.length === 1 ? serialTypes[names[0] ?? ''] : undefined
}

function isFilling({ contype, raw_expr: value }: Constraint): boolean {
  if (contype === 'CONSTR_IDENTITY' || contype === 'CONSTR_GENERATED') return true
  return contype === 'CONSTR_DEFAULT' && !isSameForAll(value)
}

/** Postgres computes it once for all rows, and writes none: constants and the time of the transaction. */
function isSameForAll(value: Node | undefined): boolean {
  const cast = as<TypeCast>(value, 'TypeCast')
  if (cast !== undefined) return isSameForAll(cast.arg)
  const call = as<FuncCall>(value, 'FuncCall')
  return (
    as(value, 'A_Const') !== undefined ||
    as(value, 'SQLValueFunction') !== undefined ||
    words(call?.funcname).at(-1) === 'now'
  )
}

function isKey({ contype }: Constraint): boolean {
  return contype === 'CONSTR_PRIMARY' || contype === 'CONSTR_UNIQUE'
}

function isCheck({ contype }: Constraint): boolean {
  return contype === 'CONSTR_CHECK' || contype === 'CONSTR_FOREIGN'
}

function defaultText(filler: ConstraintText | undefined): string {
  return withoutConstraintName(filler?.text ?? '').replace(/^default\s+/i, '')
}

function setDefault(table: Relation, column: string, expression: string): string {
  return `ALTER TABLE ${quoteName(table)} ALTER COLUMN ${quoteIdent(column)} SET DEFAULT ${expression}`
}

/** As a serial column has it: a sequence of this name that goes with the column. */
function serialDefault(table: Relation, column: string, type: string): readonly string[] {
  const sequence = quoteName({ schema: table.schema, name: defaultObjectName(table.name, column, 'seq') })
  return [
    `CREATE SEQUENCE ${sequence} AS ${type} OWNED BY ${quoteName(table)}.${quoteIdent(column)}`,
    setDefault(table, column, `nextval(${quoteLiteral(sequence)})`),
  ]
}

/** A sequence that numbers rows until the column, which has to be NOT NULL for that, gets the one of its identity. */
function identityParts(
  { text }: ConstraintText,
  { name, type, table }: { readonly name: string; readonly type: string; readonly table: Relation },
): { readonly newRows: readonly string[]; readonly finally: readonly string[] } {
  const helper = quoteName({ schema: table.schema, name: defaultObjectName(table.name, name, 'fill_seq') })
  const alter = `ALTER TABLE ${quoteName(table)} ALTER COLUMN ${quoteIdent(name)}`
  const options = text.includes('(') ? ` ${innermost(text)}` : ''
  const own = `pg_get_serial_sequence(${quoteLiteral(quoteName(table))}, ${quoteLiteral(name)})`
  return {
    newRows: [
      `CREATE SEQUENCE ${helper} AS ${type}${options}`,
      setDefault(table, name, `nextval(${quoteLiteral(helper)})`),
    ],
    finally: [
      `${alter} DROP DEFAULT`,
      `${alter} ADD ${withoutConstraintName(text)}`,
      `SELECT setval(${own}, nextval(${quoteLiteral(helper)}), false)`,
      `DROP SEQUENCE ${helper}`,
    ],
  }
}

/** The text between the first parenthesis and the last. */
function innermost(text: string): string {
  return text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')).trim()
}

/** A primary key or UNIQUE of one column as an index, and as the constraint made of it. */
function keyParts(
  { constraint, text }: ConstraintText,
  column: string,
  table: Relation,
): { readonly index: string; readonly constraint: string } {
  const isPrimary = constraint.contype === 'CONSTR_PRIMARY'
  const chosen = isPrimary
    ? defaultObjectName(table.name, undefined, 'pkey')
    : defaultObjectName(table.name, column, 'key')
  const name = quoteIdent(constraint.conname ?? chosen)
  const nulls = constraint.nulls_not_distinct === true ? ' NULLS NOT DISTINCT' : ''
  const later = /(?<!\bnot\s+)\bdeferrable\b.*|\binitially\s+deferred\b/is.exec(text)?.[0]
  return {
    index: `CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${quoteName(table)} (${quoteIdent(column)})${nulls}`,
    constraint: `ALTER TABLE ${quoteName(table)} ADD CONSTRAINT ${name} ${isPrimary ? 'PRIMARY KEY' : 'UNIQUE'} USING INDEX ${name}${later === undefined ? '' : ` ${later}`}`,
  }
}

function checkParts(
  { constraint, text }: ConstraintText,
  column: string,
  table: Relation,
): { readonly name: string; readonly definition: string } {
  const isForeign = constraint.contype === 'CONSTR_FOREIGN'
  const bare = withoutConstraintName(text)
  return {
    name: quoteIdent(
      constraint.conname ?? defaultObjectName(table.name, column, isForeign ? 'fkey' : 'check'),
    ),
    definition: isForeign ? `FOREIGN KEY (${quoteIdent(column)}) ${bare}` : bare,
  }
}

/** Type of `ADD COLUMN name type …`: the tokens between the name and the first constraint. */
function typeText({ text, start }: AlterAction, column: ColumnDef): string {
  const first = allOf<Constraint>(column.constraints, 'Constraint')[0]
  const from = (column.typeName?.location ?? start) - start
  return text.slice(from, first?.location === undefined ? text.length : first.location - start).trim()
}

/** `ADD COLUMN position integer` of `ADD COLUMN position serial …`. */
function withType({ text, start }: AlterAction, column: ColumnDef, type: string): string {
  return text.slice(0, (column.typeName?.location ?? start) - start) + type
}
