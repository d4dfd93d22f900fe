import type { PlannerColumn } from '../core/production.ts'
import type { KnownTable } from './known-tables.ts'
import { btreeLevels, btreePages, heapPages, otherIndexPages } from './index-size.ts'
import type { CatalogColumn, CatalogIndex, CatalogTable, SideCatalog } from './side-catalog.ts'

/** Size of a relation as pg_class and its file are to say it. */
export interface RelationSize {
  readonly rows: number
  readonly pages: number
  readonly allVisiblePages: number
}

export interface TableFigures extends RelationSize {
  /** By attnum. */
  readonly columns: ReadonlyMap<number, PlannerColumn>
}

export interface IndexFigures extends RelationSize {
  /** Of a b-tree that is not empty. */
  readonly levels?: number
  /** Of its expressions, by attnum. */
  readonly columns: ReadonlyMap<number, PlannerColumn>
  /** Not known in production: computed. */
  readonly isEstimated: boolean
}

/** Sizes and statistics of one side, by OID; what is not in here is not known. */
export interface SideFigures {
  readonly tables: ReadonlyMap<number, TableFigures>
  /** Those of partial indexes are put right once the planner has counted their rows. */
  readonly indexes: Map<number, IndexFigures>
}

/** The schema that production has: its tables, columns and indexes go by their names. */
export function figuresBefore(catalog: SideCatalog, known: ReadonlyMap<string, KnownTable>): SideFigures {
  const tables = new Map<number, TableFigures>()
  for (const table of catalog.tables.values()) {
    const facts = known.get(`${table.schema}.${table.name}`) ?? shareOfParent(catalog, table, known)
    if (facts !== undefined) tables.set(table.oid, tableFigures(catalog, table, facts))
  }
  const indexes = new Map<number, IndexFigures>()
  for (const index of catalog.indexes.values()) {
    const table = tables.get(index.table)
    if (table === undefined) continue
    const owner = catalog.tables.get(index.table)
    const facts = owner && known.get(`${owner.schema}.${owner.name}`)?.indexes.get(index.name)
    const estimate = estimatedIndex(catalog, index, table)
    const rows = facts?.rows ?? estimate.rows
    const columns = byNumber(catalog.columns.get(index.oid) ?? [], facts?.columns ?? [])
    indexes.set(
      index.oid,
      indexOfPages(
        catalog,
        index,
        { ...table, columns: table.columns },
        {
          rows,
          pages: facts?.pages ?? estimate.pages,
          columns,
          isEstimated: facts?.pages === undefined,
        },
      ),
    )
  }
  return { tables, indexes }
}

/** A partition that nobody knows, of a partitioned table whose rows are known: they are spread evenly. */
function shareOfParent(
  catalog: SideCatalog,
  table: CatalogTable,
  known: ReadonlyMap<string, KnownTable>,
): KnownTable | undefined {
  if (table.partitionOf === null) return undefined
  const parent = catalog.tables.get(table.partitionOf)
  const facts =
    parent && (known.get(`${parent.schema}.${parent.name}`) ?? shareOfParent(catalog, parent, known))
  if (facts === undefined || parent === undefined) return undefined
  const siblings = [...catalog.tables.values()].filter(({ partitionOf }) => partitionOf === parent.oid)
  if (siblings.some(({ schema, name }) => known.has(`${schema}.${name}`))) return undefined
  const share = 1 / siblings.length
  return {
    rows: facts.rows * share,
    ...(facts.pages === undefined ? {} : { pages: Math.ceil(facts.pages * share) }),
    columns: facts.columns,
    indexes: new Map(),
  }
}

function tableFigures(catalog: SideCatalog, table: CatalogTable, facts: KnownTable): TableFigures {
  const columns = catalog.columns.get(table.oid) ?? []
  const statistics = byNumber(columns, facts.columns)
  const width = columns.reduce((sum, column) => sum + columnWidth(catalog, column, statistics), 0)
  const pages = table.path === null ? 0 : (facts.pages ?? heapPages(facts.rows, width))
  return {
    rows: facts.rows,
    pages,
    allVisiblePages: Math.min(facts.allVisiblePages ?? pages, pages),
    columns: statistics,
  }
}

function byNumber(
  columns: readonly CatalogColumn[],
  statistics: readonly PlannerColumn[],
): ReadonlyMap<number, PlannerColumn> {
  const byName = new Map(statistics.map((column) => [column.name, column]))
  return new Map(
    columns.flatMap(({ attnum, name }) => {
      const found = byName.get(name)
      return found === undefined ? [] : [[attnum, found] as const]
    }),
  )
}

/** get_typavgwidth() (lsyscache.c) takes 32 for types of any length. */
const unknownWidth = 32

export function columnWidth(
  catalog: SideCatalog,
  column: CatalogColumn,
  statistics: ReadonlyMap<number, PlannerColumn>,
): number {
  const length = catalog.types.get(column.typeOid)?.length ?? -1
  return length > 0 ? length : (statistics.get(column.attnum)?.width ?? unknownWidth)
}

/** How large an index is that was just built on this table. */
export function estimatedIndex(
  catalog: SideCatalog,
  index: CatalogIndex,
  table: TableFigures,
  rows: number = table.rows * (index.predicate === null ? 1 : partialShare),
): { readonly rows: number; readonly pages: number } {
  if (index.isPartitioned) return { rows, pages: 0 }
  if (index.method !== 'btree') {
    return { rows, pages: otherIndexPages(index.method, table.pages, rows) }
  }
  const columns = indexColumns(catalog, index)
  const distinct = index.unique
    ? rows
    : columns.reduce((product, column) => product * distinctValues(column, table, rows), 1)
  const deduplicates =
    !index.unique &&
    index.attnums.length === index.keys.length &&
    columns.every(
      (column) => column === undefined || catalog.types.get(column.typeOid)?.deduplicates !== false,
    )
  return {
    rows,
    pages: btreePages({ rows, width: indexWidth(catalog, index, table), distinct, deduplicates }),
  }
}

/** Of the table's rows, in a partial index that nobody has counted; until the planner can be asked. */
const partialShare = 0.1

/** Undefined for an expression. */
function indexColumns(
  { columns }: SideCatalog,
  { table, attnums }: CatalogIndex,
): readonly (CatalogColumn | undefined)[] {
  const all = columns.get(table) ?? []
  return attnums.map((attnum) => all.find((column) => column.attnum === attnum))
}

function indexWidth(catalog: SideCatalog, index: CatalogIndex, table: TableFigures): number {
  return indexColumns(catalog, index).reduce(
    (sum, column) =>
      sum + (column === undefined ? unknownWidth : columnWidth(catalog, column, table.columns)),
    0,
  )
}

/** Of a column, not more than the rows; what nobody knows is taken for different in every row. */
function distinctValues(column: CatalogColumn | undefined, { columns }: TableFigures, rows: number): number {
  const distinct = column === undefined ? undefined : columns.get(column.attnum)?.distinct
  if (distinct === undefined || distinct === 0) return Math.max(1, rows)
  return Math.max(1, Math.min(rows, distinct < 0 ? -distinct * rows : distinct))
}

/** The figures of an index of this size; a b-tree gets its height. */
export function indexOfPages(
  catalog: SideCatalog,
  index: CatalogIndex,
  table: TableFigures,
  { rows, pages, columns, isEstimated }: Pick<IndexFigures, 'rows' | 'pages' | 'columns' | 'isEstimated'>,
): IndexFigures {
  const isTree = index.method === 'btree' && !index.isPartitioned && pages > 1
  return {
    rows,
    pages: index.isPartitioned ? 0 : Math.max(1, pages),
    allVisiblePages: 0,
    columns,
    isEstimated,
    ...(isTree ? { levels: btreeLevels(pages, indexWidth(catalog, index, table)) } : {}),
  }
}
