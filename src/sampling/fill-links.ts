import type { SeedForeignKey } from '../replay/seed-catalog.ts'
import type { FillableTable, FillCatalog } from './fill-catalog.ts'

/** A foreign key, with its columns by name. */
export interface Link {
  readonly key: SeedForeignKey
  readonly columns: readonly string[]
  readonly parentColumns: readonly string[]
}

/** Foreign keys, the widest first: of two that share a column, its parent row decides. */
export function links(catalog: FillCatalog, table: FillableTable): readonly Link[] {
  const known = linksOf.get(table)
  if (known !== undefined) return known
  const found = readLinks(catalog, table)
  linksOf.set(table, found)
  return found
}

/** Columns of a table that foreign keys refer to. */
export function linkedColumns(catalog: FillCatalog, { oid }: FillableTable): readonly string[] {
  const children = [...catalog.tables.values()].flatMap((child) => links(catalog, child))
  return [...new Set(children.flatMap(({ key, parentColumns }) => (key.parent === oid ? parentColumns : [])))]
}

const linksOf = new WeakMap<FillableTable, readonly Link[]>()

function readLinks(catalog: FillCatalog, table: FillableTable): readonly Link[] {
  return table.foreignKeys
    .toSorted((a, b) => b.columns.length - a.columns.length)
    .map((key) => {
      const parent = catalog.tables.get(key.parent)
      return {
        key,
        columns: key.columns.map((number) => nameOf(table, number)),
        parentColumns: key.parentColumns.map(
          (number, at) => (parent && nameOf(parent, number)) ?? key.parentNames[at] ?? '',
        ),
      }
    })
}

function nameOf(table: FillableTable, number: number): string {
  return table.columns.find((column) => column.number === number)?.name ?? ''
}

/** Salt that the columns of a foreign key share. */
export function groupOf(table: FillableTable, { key }: Link): number {
  return (table.oid % 10_000) * 100 + table.foreignKeys.indexOf(key)
}
