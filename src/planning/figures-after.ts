import type { PlannerColumn } from '../core/production.ts'
import { indexSignature } from './index-signature.ts'
import type { CatalogColumn, CatalogIndex, CatalogTable, SideCatalog } from './side-catalog.ts'
import {
  columnWidth,
  estimatedIndex,
  indexOfPages,
  type IndexFigures,
  type SideFigures,
  type TableFigures,
} from './side-facts.ts'

/** One side: what it holds, and how large that is. */
export interface SizedSide {
  readonly catalog: SideCatalog
  readonly figures: SideFigures
}

/**
 * The new schema: tables go by their OIDs and columns by their numbers, so that both survive renames; a materialized
 * view that was made anew goes by its name.
 * @param emptied OIDs of tables that a TRUNCATE emptied: their size is not known any more
 */
export function figuresAfter(
  before: SizedSide,
  catalog: SideCatalog,
  emptied: ReadonlySet<number>,
): SideFigures {
  const tables = new Map<number, TableFigures>()
  for (const table of catalog.tables.values()) {
    const old = before.catalog.tables.get(table.oid) ?? sameView(before.catalog, table)
    const figures = old && before.figures.tables.get(old.oid)
    if (old === undefined || figures === undefined || emptied.has(table.oid)) continue
    tables.set(table.oid, carriedOver(before.catalog, old, figures, catalog, table))
  }
  const indexes = new Map<number, IndexFigures>()
  for (const index of catalog.indexes.values()) {
    const table = tables.get(index.table)
    if (table === undefined) continue
    const old = sameIndex(before.catalog, index)
    const figures = old && before.figures.indexes.get(old.oid)
    const columns = figures?.columns ?? new Map<number, PlannerColumn>()
    const size = figures ?? estimatedIndex(catalog, index, table)
    indexes.set(
      index.oid,
      indexOfPages(catalog, index, table, {
        rows: size.rows,
        pages: size.pages,
        columns,
        isEstimated: figures?.isEstimated ?? true,
      }),
    )
  }
  return { tables, indexes }
}

function sameView({ tables }: SideCatalog, table: CatalogTable): CatalogTable | undefined {
  if (table.kind !== 'materialized view') return undefined
  return [...tables.values()].find(
    ({ kind, schema, name }) => kind === table.kind && schema === table.schema && name === table.name,
  )
}

/** By its OID; an index that a change of type built anew by its name or by what it indexes. */
function sameIndex(before: SideCatalog, index: CatalogIndex): CatalogIndex | undefined {
  const same = before.indexes.get(index.oid)
  if (same !== undefined) return same
  const siblings = [...before.indexes.values()].filter(({ table }) => table === index.table)
  const signature = indexSignature(index)
  const alike = siblings.filter((one) => indexSignature(one) === signature)
  return alike.find(({ name }) => name === index.name) ?? alike[0]
}

/** A heap that was written anew is as wide as its columns are now, and no page of it is known to be all visible. */
function carriedOver(
  oldCatalog: SideCatalog,
  old: CatalogTable,
  figures: TableFigures,
  catalog: SideCatalog,
  table: CatalogTable,
): TableFigures {
  const oldColumns = new Map((oldCatalog.columns.get(old.oid) ?? []).map((column) => [column.attnum, column]))
  const columns = new Map<number, PlannerColumn>()
  for (const column of catalog.columns.get(table.oid) ?? []) {
    const statistics = figures.columns.get(column.attnum)
    if (statistics === undefined) continue
    const width = columnWidth(catalog, column, figures.columns)
    columns.set(column.attnum, { ...statistics, name: column.name, width })
  }
  if (old.filenode === table.filenode) return { ...figures, columns }
  const oldWidth = rowBytes(oldCatalog, [...oldColumns.values()], figures.columns)
  const width = rowBytes(catalog, catalog.columns.get(table.oid) ?? [], columns)
  const pages = Math.ceil(figures.pages * (width / oldWidth))
  return { ...figures, pages, allVisiblePages: 0, columns }
}

/** Header and item pointer of a row. */
const rowOverheadBytes = 28

function rowBytes(
  catalog: SideCatalog,
  columns: readonly CatalogColumn[],
  statistics: ReadonlyMap<number, PlannerColumn>,
): number {
  return columns.reduce((sum, column) => {
    const share = 1 - (statistics.get(column.attnum)?.nullFraction ?? 0)
    return sum + columnWidth(catalog, column, statistics) * share
  }, rowOverheadBytes)
}
