/** Is a query's table large enough for the query to hurt? */
import { relationKey } from '../core/effects.ts'
import { displayName } from '../core/locks.ts'
import { formatRows } from '../core/quantities.ts'
import type { QueryCatalog, QueryTable } from '../core/query-catalog.ts'
import type { PlanSummary, QueryEffect } from '../core/query-model.ts'
import { sourceTable } from './query-columns.ts'
import type { QuerySource } from './query-levels.ts'

/**
 * Tables with fewer rows harm nobody: at a hundred bytes a row they have some hundred pages, stay in memory, and are
 * read from end to end in about a millisecond.
 */
export const smallTableRows = 10_000

/** A table that is large, or may be. */
export interface LargeTable {
  readonly source: QuerySource
  readonly table: QueryTable
  readonly name: string
  /** Undefined: not known. */
  readonly rows: number | undefined
  /** `5,000,000 rows`, or `an unknown number of rows`. */
  readonly size: string
  /** For findings that are true of large tables only: where the size is not known they are an info. */
  readonly severity: { readonly severity?: 'info' }
}

/** The largest of the tables that are not known to be small; those whose size is not known come after those known. */
export function largestTable(catalog: QueryCatalog, sources: Iterable<QuerySource>): LargeTable | undefined {
  const large = [...sources].flatMap((source) => {
    const table = sourceTable(catalog, source)
    return table === undefined || !hasRows(table) || isSmall(table) ? [] : [describe(source, table)]
  })
  return large.toSorted((a, b) => (b.rows ?? 0) - (a.rows ?? 0))[0]
}

/** Views have no size of their own; what a foreign server holds nobody knows. */
function hasRows({ kind }: QueryTable): boolean {
  return kind === 'table' || kind === 'partitioned table' || kind === 'materialized view'
}

export function isSmall({ rows }: QueryTable): boolean {
  return rows !== undefined && rows < smallTableRows
}

function describe(source: QuerySource, table: QueryTable): LargeTable {
  const { rows } = table
  return {
    source,
    table,
    name: displayName(table),
    rows,
    size: rows === undefined ? 'an unknown number of rows' : formatRows(rows),
    severity: rows === undefined ? { severity: 'info' } : {},
  }
}

/**
 * Does the plan read the table, or a whole index of it, from end to end? Undefined without a plan. A partition's name
 * begins with its table's.
 */
export function isReadInFull(plan: PlanSummary | undefined, { name }: QueryTable): boolean | undefined {
  return plan?.shape.some((line) => line.includes(name) && (line.includes('Seq Scan') || isWholeIndex(line)))
}

/** Behind a colon there are the columns of a condition; without one, every entry is looked at. */
function isWholeIndex(line: string): boolean {
  return /^Index (?:Only )?Scan /.test(line) && !line.includes(': ') && !line.includes(' WHERE ')
}

/**
 * Does reading all of the table hurt, and has nobody said more about it? Not where the table is known to be small, where
 * the plan does otherwise, and where an index was tried out: who recommends that says all there is to say.
 */
export function isFullReadNews(
  { plan, effects }: { readonly plan?: PlanSummary; readonly effects: readonly QueryEffect[] },
  table: QueryTable,
): boolean {
  const isAdvised = effects.some(
    (effect) =>
      effect.kind === 'table read' && effect.advice !== undefined && effect.table === relationKey(table),
  )
  return hasRows(table) && !isSmall(table) && isReadInFull(plan, table) !== false && !isAdvised
}
