import { relationKey } from '../core/effects.ts'
import type { PlannerColumn, PlannerTable, Production, TableFacts } from '../core/production.ts'
import type { PlanStatistics } from '../core/query-model.ts'

const pageBytes = 8192

/** What is known of an index in production. */
export interface KnownIndex {
  readonly rows?: number
  readonly pages?: number
  /** Of its expressions. */
  readonly columns?: readonly PlannerColumn[]
}

/** What the planner can be told of a table of production. */
export interface KnownTable {
  readonly rows: number
  /** Absent: to be estimated from the columns. */
  readonly pages?: number
  /** Absent: all. */
  readonly allVisiblePages?: number
  readonly columns: readonly PlannerColumn[]
  readonly indexes: ReadonlyMap<string, KnownIndex>
}

/**
 * The tables of production by `schema.name`: rows and sizes as everything else has them (a table that has grown since
 * the last ANALYZE, one that the configuration knows better), the rest as pg_class and pg_statistic had it.
 */
export function knownTables({ tables, planner }: Production): ReadonlyMap<string, KnownTable> {
  const planned = new Map((planner?.tables ?? []).map((table) => [relationKey(table), table]))
  const known = new Map<string, KnownTable>()
  for (const facts of tables) {
    const key = relationKey(facts)
    if (known.has(key) && facts.from !== 'configuration') continue
    known.set(key, knownTable(facts, planned.get(key)))
  }
  return known
}

function knownTable(facts: TableFacts, planned: PlannerTable | undefined): KnownTable {
  const { rows, heapBytes } = facts
  const growth = planned?.rows === undefined || planned.rows <= 0 ? 1 : rows / planned.rows
  const grownPages = planned?.pages === undefined ? undefined : planned.pages * growth
  const exactPages = heapBytes === undefined ? grownPages : heapBytes / pageBytes
  const pages = exactPages === undefined ? undefined : Math.ceil(exactPages)
  const visibleShare =
    planned?.allVisiblePages === undefined || planned.pages === undefined || planned.pages === 0
      ? undefined
      : Math.min(1, planned.allVisiblePages / planned.pages)
  return {
    rows,
    ...(pages === undefined ? {} : { pages }),
    ...(pages === undefined || visibleShare === undefined
      ? {}
      : { allVisiblePages: Math.round(pages * visibleShare) }),
    columns: planned?.columns ?? facts.columns ?? [],
    indexes: knownIndexes(facts, planned, growth),
  }
}

function knownIndexes(
  facts: TableFacts,
  planned: PlannerTable | undefined,
  growth: number,
): KnownTable['indexes'] {
  if (planned === undefined) {
    return new Map(
      (facts.indexes ?? []).map(({ name, bytes }) => [name, { pages: Math.ceil(bytes / pageBytes) }]),
    )
  }
  return new Map(
    planned.indexes.map(({ name, rows, pages, columns }) => [
      name,
      {
        ...(rows === undefined ? {} : { rows: rows * growth }),
        ...(pages === undefined ? {} : { pages: Math.ceil(pages * growth) }),
        ...(columns === undefined ? {} : { columns }),
      },
    ]),
  )
}

/** What plans rest on. */
export function statisticsOf({ planner, tables }: Production): PlanStatistics {
  if (planner?.hasValues === true) return 'with value statistics'
  const hasColumns = tables.some(({ columns }) => columns !== undefined && columns.length > 0)
  return hasColumns ? 'without value statistics' : 'sizes only'
}
