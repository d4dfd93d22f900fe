import { relationKey } from '../core/effects.ts'
import type { MigrationResult, Relation, StatementResult } from '../core/model.ts'
import { tableFacts, type Production, type TableFacts } from '../core/production.ts'
import type { Work, WorkKind } from '../cost/model.ts'
import { workOf } from '../cost/work.ts'
import type { FillTable } from './model.ts'
import type { CatalogTable, SampleCatalog } from './sample-catalog.ts'

/** A table that a sample fills. */
export interface SampleTable {
  readonly table: CatalogTable
  /** Absent: its size is not known, but others reference it. */
  readonly facts?: TableFacts
  /** The cost of a statement grows with it. */
  readonly isDriving: boolean
  /** A statement checks a foreign key against it. */
  readonly isLookedUp: boolean
  /**
   * Of a table that is there to be referenced only: its rows in production for each of the (smallest) table that
   * decides and references it, at however many removes.
   */
  readonly perReferencingRow?: number
}

/** A statement of the review and the tables that decide what it costs. */
export interface SampledWork {
  readonly work: Work
  /** Keys of tables whose size is not known, and with which it grows. */
  readonly unknown: readonly string[]
  /** Keys of tables that a sample fills, and with which it grows. */
  readonly driving: readonly string[]
}

/** What the statements of the review work on, by migration and statement. */
export function sampledWorks(
  results: readonly MigrationResult[],
  production: Production,
  catalog: SampleCatalog,
): readonly (readonly SampledWork[])[] {
  const isKnown = knownSizes(production, catalog)
  return results.map(({ statements }) =>
    statements.map((result): SampledWork => {
      const work = workOf(result)
      const relations =
        work.growth === 'unknown' ? lockedTables(result) : work.parts.map((one) => one.relation)
      return {
        work,
        driving: unique(relations.filter(isKnown).map(relationKey)),
        // materialized views are filled by their query, never by us
        unknown: unique(
          work.parts.flatMap(({ relation }) =>
            isKnown(relation) || relation.kind === 'materialized view' ? [] : [relationKey(relation)],
          ),
        ),
      }
    }),
  )
}

/** The size of a partition is known with that of its topmost table, and a partitioned table's with any partition's. */
function knownSizes(production: Production, catalog: SampleCatalog): (relation: Named) => boolean {
  const has = (relation: Named | undefined): boolean =>
    relation !== undefined && tableFacts(production, relation) !== undefined
  const roots = new Set(
    [...catalog.values()].flatMap((table) => (table.root !== undefined && has(table) ? [table.root] : [])),
  )
  return (relation) => {
    const root = catalog.get(relationKey(relation))?.root
    return has(relation) || roots.has(relationKey(relation)) || (root !== undefined && has(catalog.get(root)))
  }
}

type Named = Pick<Relation, 'schema' | 'name'>

/** Existing tables that a statement locks: what it may read or write, whatever its text says. */
function lockedTables({ effects }: StatementResult): readonly Relation[] {
  return effects.flatMap((effect) =>
    effect.kind === 'lock' && effect.relation.existedBefore && tableKinds.has(effect.relation.kind)
      ? [effect.relation]
      : [],
  )
}

const tableKinds: ReadonlySet<string> = new Set(['table', 'partitioned table'])

/** Those that production knows, what else these statements touch, and what all of them reference. */
export function sampleTables(
  results: readonly MigrationResult[],
  works: readonly (readonly SampledWork[])[],
  production: Production,
  catalog: SampleCatalog,
): readonly SampleTable[] {
  const chosen = new Map<string, SampleTable>()
  const add = (key: string, is: Partial<Omit<SampleTable, 'table' | 'facts'>>): void => {
    const table = filledFor(key, catalog, production)
    // its partitions are filled, each with its own size
    if (table === undefined || (table.isPartitioned && tableFacts(production, table) === undefined)) return
    const facts = tableFacts(production, table)
    const known = chosen.get(table.key) ?? { table, isDriving: false, isLookedUp: false }
    chosen.set(table.key, { ...known, ...is, ...(facts === undefined ? {} : { facts }) })
  }
  for (const [index, { statements }] of results.entries()) {
    for (const [position, result] of statements.entries()) {
      const sampled = works[index]?.[position]
      if (sampled === undefined || sampled.work.growth === 'metadata only') continue
      const children = keysOf(sampled.work, 'foreign key')
      const checksKeys = children.length > 0
      for (const key of sampled.driving)
        add(key, checksKeys && !children.includes(key) ? {} : { isDriving: true })
      for (const relation of lockedTables(result)) {
        const key = relationKey(relation)
        if (tableFacts(production, relation) === undefined && !checksKeys) continue
        // its partitions are what is worked on
        if (sampled.driving.some((driving) => catalog.get(driving)?.root === key)) continue
        add(key, checksKeys && !children.includes(key) ? { isLookedUp: true } : {})
      }
    }
  }
  addReferenced(chosen, (key) => add(key, {}))
  return [...chosen.values()]
}

function keysOf({ parts }: Work, wanted: WorkKind): readonly string[] {
  return parts.filter(({ kind }) => kind === wanted).map(({ relation }) => relationKey(relation))
}

/** A partition whose own size is not known is filled through its topmost table, where that is. */
function filledFor(key: string, catalog: SampleCatalog, production: Production): CatalogTable | undefined {
  const table = catalog.get(key)
  if (table === undefined || tableFacts(production, table) !== undefined) return table
  const root = table?.root === undefined ? undefined : catalog.get(table.root)
  return root !== undefined && tableFacts(production, root) !== undefined ? root : table
}

/**
 * Foreign keys have to be satisfied, all the way up. What is only referenced is as large as in production in proportion
 * to who references it, so that keys repeat as often.
 */
function addReferenced(chosen: Map<string, SampleTable>, add: (key: string) => void): void {
  const least = new Map<string, number>()
  const queue = [...chosen.values()].map(({ table, facts }) => ({ table, rows: facts?.rows ?? Infinity }))
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { table, rows } = next
    const known = least.get(table.key)
    if (known !== undefined && rows >= known) continue
    least.set(table.key, rows)
    for (const key of table.references) {
      if (!chosen.has(key)) add(key)
      const referenced = chosen.get(key)
      if (referenced === undefined) continue
      if (referenced.facts !== undefined && !referenced.isDriving && !referenced.isLookedUp)
        chosen.set(key, withReferencing(referenced, rows))
      queue.push({ table: referenced.table, rows })
    }
  }
}

function withReferencing(one: SampleTable, rows: number): SampleTable {
  const perReferencingRow = Math.max(one.perReferencingRow ?? 0, (one.facts?.rows ?? 0) / Math.max(1, rows))
  return { ...one, perReferencingRow }
}

/** Rows of a table whose size nobody knows; others reference them. */
const rowsOfUnknown = 1000

/** What is only referenced has at least so many, so that keys differ. */
const leastReferencedRows = 200

/** How many rows a table has in a sample of this size; never more than in production. */
export function rowsOf(
  { facts, isDriving, isLookedUp, perReferencingRow }: SampleTable,
  size: SampleSize,
): number {
  if (facts === undefined) return Math.min(rowsOfUnknown, size.rows)
  if (perReferencingRow !== undefined) {
    const inProportion = Math.ceil(size.rows * Math.min(1, perReferencingRow))
    return Math.min(facts.rows, Math.max(leastReferencedRows, inProportion))
  }
  if (!isLookedUp) return Math.min(facts.rows, size.rows)
  return Math.min(facts.rows, isDriving ? Math.max(size.rows, size.lookedUpRows) : size.lookedUpRows)
}

export interface SampleSize {
  /** Of each table that has at least so many in production. */
  readonly rows: number
  /**
   * Of tables that foreign keys are checked against, the same in all sizes: what a lookup costs depends on whether
   * they fit a CPU's cache.
   */
  readonly lookedUpRows: number
}

export function fillTable(one: SampleTable, size: SampleSize): FillTable {
  const { table, facts, perReferencingRow } = one
  const { schema, name } = table
  // nobody reads but its keys
  if (perReferencingRow !== undefined) return { schema, name, rows: rowsOf(one, size) }
  const perRow = (bytes: number | undefined): number | undefined =>
    bytes === undefined || facts === undefined || facts.rows === 0 ? undefined : bytes / facts.rows
  const heap = perRow(facts?.heapBytes)
  const toast = perRow(facts?.toastBytes)
  return {
    schema,
    name,
    rows: rowsOf(one, size),
    ...(heap === undefined ? {} : { heapBytesPerRow: heap }),
    ...(toast === undefined ? {} : { toastBytesPerRow: toast }),
    ...(facts?.columns === undefined ? {} : { columns: facts.columns }),
  }
}

/** What a table takes where production does not tell. */
const assumedBytesPerRow = 200

/** Bytes of heaps, TOAST and indexes of a sample, about. */
export function bytesOf(tables: readonly SampleTable[], size: SampleSize): number {
  return tables.reduce((sum, one) => {
    const { facts } = one
    if (facts === undefined || facts.rows === 0 || one.perReferencingRow !== undefined)
      return sum + rowsOf(one, size) * assumedBytesPerRow
    const indexes = facts.indexes?.reduce((all, { bytes }) => all + bytes, 0) ?? 0
    const bytes = (facts.heapBytes ?? facts.rows * assumedBytesPerRow) + (facts.toastBytes ?? 0) + indexes
    return sum + (bytes / facts.rows) * rowsOf(one, size)
  }, 0)
}

function unique(keys: readonly string[]): readonly string[] {
  return [...new Set(keys)]
}
