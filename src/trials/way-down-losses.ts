import { displayKey, displayName } from '../core/locks.ts'
import type { AstNode, Effect, Statement } from '../core/model.ts'
import type { SchemaSnapshot } from '../replay/fingerprint.ts'

/** A statement of the way down and what it was seen to do. */
export interface DownStatement {
  readonly statement: Statement
  readonly effects: readonly Effect[]
}

/**
 * Rows that the way down destroys, a line each: whatever was written since the way up into columns and tables that it
 * drops, and what it deletes. Indexes, views and the like hold nothing of their own.
 * @param before the schema when it begins: what it makes and drops itself holds nothing
 */
export function destroyedRows(
  statements: readonly DownStatement[],
  before: SchemaSnapshot,
): readonly string[] {
  const known = new Set(
    before.objects.map(({ kind, identity }) => `${kind} ${withoutNeedlessQuotes(identity)}`),
  )
  const effects = statements.flatMap((one) => one.effects)
  const tables = effects
    .flatMap(droppedTable)
    .filter((name) => tableKinds.some((kind) => known.has(`${kind} ${name}`)))
  const columns = effects
    .flatMap(droppedColumn)
    .filter(({ table, column }) => known.has(`column ${table}.${column}`) && !tables.includes(table))
  const emptied = effects.flatMap((effect) =>
    effect.kind === 'truncate' ? [`destroys all rows of ${displayName(effect.relation)}`] : [],
  )
  return [
    ...new Set([
      ...tables.map((table) => `destroys table ${displayKey(table)} with its rows`),
      ...[...new Set(columns.map(({ table }) => table))].map((table) =>
        destroyedColumns(
          table,
          columns.flatMap((one) => (one.table === table ? one.column : [])),
        ),
      ),
      ...emptied,
      ...statements.flatMap(({ statement }) => changedRows(statement)),
    ]),
  ]
}

function destroyedColumns(table: string, dropped: readonly string[]): string {
  const name = displayKey(table)
  const columns = [...new Set(dropped)]
  return columns.length === 1
    ? `destroys column ${name}.${columns[0]} and what was written into it`
    : `destroys columns ${columns.join(', ')} of ${name} and what was written into them`
}

const tableKinds = ['table', 'partitioned table', 'foreign table'] as const

/** As the schema's fingerprint names it. */
function droppedTable(effect: Effect): readonly string[] {
  if (effect.kind !== 'catalog' || effect.change.type !== 'drop') return []
  const { kind, schema, name } = effect.object
  return kind.endsWith('table') ? [qualified(schema, name)] : []
}

function droppedColumn(effect: Effect): readonly { readonly table: string; readonly column: string }[] {
  if (effect.kind !== 'catalog' || effect.change.type !== 'drop column') return []
  const { schema, name } = effect.object
  return [{ table: qualified(schema, name), column: quoted(effect.change.column) }]
}

function qualified(schema: string, name: string): string {
  return `${quoted(schema)}.${quoted(name)}`
}

/** Keywords (`order`, `user`) are quoted by Postgres, and not by quoted(). */
function withoutNeedlessQuotes(identity: string): string {
  return identity.replaceAll(/"([a-z_][a-z0-9_]*)"/g, '$1')
}

/** As `format('%I')` quotes it, but for keywords. */
function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** A DELETE in the way down is meant for the rows that the way up has brought; which it reaches depends on the rows. */
function changedRows({ tag, node }: Statement): readonly string[] {
  if (tag !== 'DeleteStmt') return []
  const relation = node?.['relation'] as AstNode | undefined
  const { schemaname, relname } = relation ?? {}
  if (typeof relname !== 'string') return []
  const name = typeof schemaname === 'string' ? `${schemaname}.${relname}` : relname
  return [`deletes ${node?.['whereClause'] === undefined ? 'all rows' : 'rows'} of ${displayKey(name)}`]
}
