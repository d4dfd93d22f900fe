/** Which queries use the indexes that the migrations under review create or drop. */
import { catalogEffects } from '../core/effects.ts'
import type { MigrationResult } from '../core/model.ts'
import { queryRef, type IndexUse, type Query, type QueryRef, type StatementRef } from '../core/query-model.ts'
import { quoteIdent } from '../sql/quote.ts'
import type { PlannedQuery } from './planned-query.ts'
import { planNodes, type Plan } from './plan.ts'
import type { PlannedIndex, PlannedTable, PlanningCopy, Side } from './planning-copy.ts'

interface ChangedIndex {
  readonly change: IndexUse['change']
  readonly table: PlannedTable
  readonly index: PlannedIndex
  readonly statement: StatementRef
}

/**
 * For every index of a table that was there before: who uses it, by the plans of after for what is created, of before for
 * what is dropped. An index that is dropped and created again under another name is neither. Looking up the rows that
 * reference a row (foreign keys) is a use as well.
 */
export async function indexUses(
  copy: PlanningCopy,
  planned: readonly PlannedQuery[],
  results: readonly MigrationResult[],
): Promise<readonly IndexUse[]> {
  const changed = changedIndexes(copy, results)
  const uses: IndexUse[] = []
  for (const { change, table, index, statement } of changed) {
    const side = change === 'created' ? 'after' : 'before'
    const names = withPartitions(copy.tables(side), table, index)
    const foreignKeys = await foreignKeysUsing(copy, side, table, names)
    uses.push({
      change,
      index: `${index.schema}.${index.name}`,
      table: `${table.schema}.${table.name}`,
      enforces: index.enforces || index.unique,
      statement,
      usedBy: usersOf(planned, side, names),
      ...(foreignKeys.length === 0 ? {} : { foreignKeys }),
    })
  }
  return uses
}

function changedIndexes(copy: PlanningCopy, results: readonly MigrationResult[]): readonly ChangedIndex[] {
  const before = new Catalogue(copy.tables('before'))
  const after = new Catalogue(copy.tables('after'))
  const changed = new Map<string, ChangedIndex>()
  for (const { statement, change, name } of indexEffects(results)) {
    const found = (change === 'created' ? after : before).index(name)
    if (found === undefined) continue
    const other = (change === 'created' ? before : after).table(found.table.oid, found.table)
    // whoever creates or drops the table knows what becomes of its indexes
    if (other === undefined) continue
    // dropped and created alike, also under another name: nothing changes for queries
    if (other.indexes.some(({ signature }) => signature === found.index.signature)) continue
    changed.set(`${change} ${name}`, { change, ...found, statement })
  }
  return [...changed.values()]
}

interface IndexEffect {
  readonly change: IndexUse['change']
  /** `schema.index` */
  readonly name: string
  readonly statement: StatementRef
}

/** In order; a constraint's index has its name. */
function indexEffects(results: readonly MigrationResult[]): readonly IndexEffect[] {
  const found: IndexEffect[] = []
  for (const { migration, statements } of results) {
    for (const { statement, effects } of statements) {
      const ref = { file: migration.file, index: statement.index, span: statement.span }
      for (const type of ['create', 'drop'] as const) {
        for (const { object } of catalogEffects(effects, type)) {
          if (object.kind !== 'index' && object.kind !== 'table constraint') continue
          const change = type === 'create' ? 'created' : 'dropped'
          found.push({ change, name: `${object.schema}.${object.name}`, statement: ref })
        }
      }
    }
  }
  return found
}

/** Tables and indexes of one side by name. */
class Catalogue {
  readonly #tables: readonly PlannedTable[]
  readonly #indexes = new Map<string, { readonly table: PlannedTable; readonly index: PlannedIndex }>()

  constructor(tables: readonly PlannedTable[]) {
    this.#tables = tables
    for (const table of tables)
      for (const index of table.indexes) this.#indexes.set(`${index.schema}.${index.name}`, { table, index })
  }

  index(name: string): { readonly table: PlannedTable; readonly index: PlannedIndex } | undefined {
    return this.#indexes.get(name)
  }

  /** The same table on this side: by its OID, since one side is a copy of the other; else by its name. */
  table(oid: number, { schema, name }: PlannedTable): PlannedTable | undefined {
    return (
      this.#tables.find((table) => table.oid === oid) ??
      this.#tables.find((table) => table.schema === schema && table.name === name)
    )
  }
}

/** Names in plans: an index of a partitioned table is never read itself, but those of its partitions are. */
function withPartitions(
  tables: readonly PlannedTable[],
  table: PlannedTable,
  { schema, name, signature }: PlannedIndex,
): ReadonlySet<string> {
  const names = new Set([`${schema}.${name}`])
  const add = (oid: number): void => {
    for (const partition of tables.filter(({ partitionOf }) => partitionOf === oid)) {
      for (const index of partition.indexes)
        if (index.signature === signature) names.add(`${index.schema}.${index.name}`)
      add(partition.oid)
    }
  }
  if (table.kind === 'partitioned table') add(table.oid)
  return names
}

function usersOf(
  planned: readonly PlannedQuery[],
  side: Side,
  names: ReadonlySet<string>,
): readonly QueryRef[] {
  const users = planned.filter(({ variants, oldVariants }) =>
    [...variants, ...oldVariants].some((variant) => reads(variant[side], names)),
  )
  return users.map(({ reviewed }) => queryRef(reviewed))
}

/** A plan has the schema of a table, not of an index: they are the same (DefineIndex(), indexcmds.c). */
function reads(plan: Plan | undefined, names: ReadonlySet<string>): boolean {
  if (plan === undefined) return false
  let schema = ''
  return planNodes(plan.root).some((node) => {
    // a bitmap index scan stands below the heap scan that has the schema
    schema = node.Schema ?? schema
    return node['Index Name'] !== undefined && names.has(`${schema}.${node['Index Name']}`)
  })
}

/** Names of foreign keys of the table whose look-ups, as ri_triggers.c sends them, read one of these indexes. */
async function foreignKeysUsing(
  copy: PlanningCopy,
  side: Side,
  { schema, name: table, foreignKeys = [] }: PlannedTable,
  names: ReadonlySet<string>,
): Promise<readonly string[]> {
  const using: string[] = []
  for (const { name, columns } of foreignKeys) {
    const conditions = columns.map((column, index) => `$${index + 1} = x.${quoteIdent(column)}`)
    const sql = `SELECT 1 FROM ONLY ${quoteIdent(schema)}.${quoteIdent(table)} x WHERE ${conditions.join(' AND ')} FOR KEY SHARE OF x`
    const plan = await copy.explain(lookUp(name, sql, columns), side)
    if (!('error' in plan) && reads(plan, names)) using.push(name)
  }
  return using
}

function lookUp(name: string, sql: string, columns: readonly string[]): Query {
  const parameters = columns.map((_, index) => ({ number: index + 1 }))
  return { name, style: 'plain SQL', text: sql, sql, parameters, tag: 'SelectStmt', node: undefined }
}
