/** Which queries use the indexes that the migrations under review create or drop. */
import { catalogEffects } from '../core/effects.ts'
import type { MigrationResult } from '../core/model.ts'
import { queryRef, type IndexUse, type StatementRef } from '../core/query-model.ts'
import {
  foreignKeysUsing,
  indexNames,
  hasOptionalConditions,
  mentions,
  queriesOn,
  usersOf,
} from './index-use-plans.ts'
import type { PlannedQuery } from './planned-query.ts'
import type { PlannedIndex, PlannedTable, PlanningCopy } from './planning-copy.ts'
import { tableKey, tableTree } from './table-tree.ts'

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
  const uses: IndexUse[] = []
  for (const one of changedIndexes(copy, results)) uses.push(await useOf(copy, planned, one))
  return uses
}

async function useOf(
  copy: PlanningCopy,
  planned: readonly PlannedQuery[],
  { change, table, index, statement }: ChangedIndex,
): Promise<IndexUse> {
  const side = change === 'created' ? 'after' : 'before'
  const tree = tableTree(table, copy.tables(side))
  const names = indexNames(tree, index)
  const foreignKeys = await foreignKeysUsing(copy, side, table, names)
  const onTable = queriesOn(planned, side, tree)
  const users = usersOf(planned, side, names)
  const guessed = change === 'created' && copy.statistics !== 'with value statistics'
  const mayUse =
    change === 'created'
      ? onTable.filter(
          (query) =>
            !users.includes(query) &&
            (guessed || hasOptionalConditions(query)) &&
            mentions(query, side, index),
        )
      : []
  return {
    change,
    index: tableKey(index),
    table: tableKey(table),
    enforces: index.enforces || index.unique,
    statement,
    usedBy: users.map(({ reviewed }) => queryRef(reviewed)),
    tableQueries: onTable.length,
    ...(foreignKeys.length === 0 ? {} : { foreignKeys }),
    ...(mayUse.length === 0 ? {} : { mayUse: mayUse.map(({ reviewed }) => queryRef(reviewed)) }),
  }
}

function changedIndexes(copy: PlanningCopy, results: readonly MigrationResult[]): readonly ChangedIndex[] {
  const before = new Catalogue(copy.tables('before'))
  const after = new Catalogue(copy.tables('after'))
  const changed = new Map<string, ChangedIndex>()
  for (const { statement, change, name } of indexEffects(results)) {
    const catalogue = change === 'created' ? after : before
    const found = catalogue.index(name)
    if (found === undefined) continue
    const other = (change === 'created' ? before : after).table(found.table.oid, found.table)
    // whoever creates or drops the table knows what becomes of its indexes
    if (other === undefined) continue
    // nobody knows how large it is in production: its plans say nothing
    if (change === 'created' && found.table.rows === undefined) continue
    // goes with that of its partitioned table
    if (catalogue.parent(found.table)?.indexes.some(({ signature }) => signature === found.index.signature))
      continue
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
          if (!/index|constraint/.test(object.kind)) continue
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

  /** The table that it is a partition of. */
  parent({ partitionOf }: PlannedTable): PlannedTable | undefined {
    return partitionOf === undefined ? undefined : this.#tables.find(({ oid }) => oid === partitionOf)
  }

  /** The same table on this side: by its OID, since one side is a copy of the other; else by its name. */
  table(oid: number, { schema, name }: PlannedTable): PlannedTable | undefined {
    return (
      this.#tables.find((table) => table.oid === oid) ??
      this.#tables.find((table) => table.schema === schema && table.name === name)
    )
  }
}
