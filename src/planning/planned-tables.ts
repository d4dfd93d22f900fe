import type { PlannerColumn } from '../core/production.ts'
import type { SizedSide } from './figures-after.ts'
import { indexSignature } from './index-signature.ts'
import type { PlannedColumn, PlannedIndex, PlannedTable } from './planning-copy.ts'
import type { CatalogColumn, CatalogIndex } from './side-catalog.ts'

/** The catalogue of a side with sizes and statistics, tables in order of their names. */
export function plannedTables({ catalog, figures }: SizedSide): readonly PlannedTable[] {
  const indexes = new Map<number, PlannedIndex[]>()
  for (const index of catalog.indexes.values()) {
    if (!index.valid) continue
    const planned = plannedIndex(index, figures.indexes.get(index.oid)?.pages)
    const siblings = indexes.get(index.table)
    if (siblings === undefined) indexes.set(index.table, [planned])
    else siblings.push(planned)
  }
  return [...catalog.tables.values()].map(({ oid, schema, name, kind, partitionOf, foreignKeys }) => {
    const size = figures.tables.get(oid)
    return {
      oid,
      schema,
      name,
      kind,
      ...(partitionOf === null ? {} : { partitionOf }),
      ...(size === undefined ? {} : { rows: size.rows, pages: size.pages }),
      columns: (catalog.columns.get(oid) ?? []).map((column) =>
        plannedColumn(column, size?.columns.get(column.attnum), size?.rows ?? 0),
      ),
      indexes: indexes.get(oid) ?? [],
      foreignKeys,
    }
  })
}

function plannedColumn(
  { attnum, name, type, notNull }: CatalogColumn,
  statistics: PlannerColumn | undefined,
  rows: number,
): PlannedColumn {
  if (statistics === undefined) return { attnum, name, type, notNull }
  const { nullFraction, distinct, width, correlation, mostCommon, histogram } = statistics
  return {
    attnum,
    name,
    type,
    notNull,
    statistics: {
      nullFraction,
      distinct: distinct < 0 ? -distinct * rows : distinct,
      width,
      ...(correlation === undefined ? {} : { correlation }),
      hasValues: mostCommon !== undefined || histogram !== undefined,
    },
  }
}

function plannedIndex(index: CatalogIndex, pages: number | undefined): PlannedIndex {
  const { oid, schema, name, method, unique, enforces, keys, predicate, definition } = index
  return {
    oid,
    schema,
    name,
    method,
    unique,
    enforces,
    keys,
    ...(predicate === null ? {} : { predicate }),
    definition,
    signature: indexSignature(index),
    ...(pages === undefined ? {} : { pages }),
  }
}
