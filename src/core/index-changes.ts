/** Indexes that the review made. */
import { fullNameOf, isOrdinaryTable, tableChanges } from './schema-changes.ts'
import type { CatalogIndex, CatalogTable, SchemaCatalogs } from './schema-catalog.ts'

/** An index and its table, as they are after the review. */
export interface IndexOfTable {
  readonly table: CatalogTable
  readonly index: CatalogIndex
  /** The review made the table as well. */
  readonly isTableNew: boolean
}

/**
 * Indexes that were not there before, but for those of partitions, which follow their parent's. REINDEX CONCURRENTLY puts
 * a new index into the place of the old one, with another pg_class.oid: that is the same index.
 */
export function newIndexes(schema: SchemaCatalogs): readonly IndexOfTable[] {
  return tableChanges(schema).flatMap(({ table, before, isNew }) => {
    if (!isOrdinaryTable(table) && table.kind !== 'materialized view') return []
    const old = new Set(
      (isNew ? [] : (before?.indexes ?? [])).flatMap((index) => [index.id, fullNameOf(index)]),
    )
    return table.indexes
      .filter((index) => index.partitionOf === undefined && !old.has(index.id) && !old.has(fullNameOf(index)))
      .map((index) => ({ table, index, isTableNew: isNew }))
  })
}

/** Is it on an expression? */
export function hasExpression({ keys }: CatalogIndex): boolean {
  return keys.some(({ expression }) => expression !== undefined)
}
