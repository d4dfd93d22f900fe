import type { Client } from 'pg'
import { columnsSql, indexesSql, tablesSql, typesSql } from './side-catalog-sql.ts'

/** A column of a table, or of an index: then of an expression. */
export interface CatalogColumn {
  readonly relation: number
  readonly attnum: number
  readonly name: string
  /** As format_type() prints it. */
  readonly type: string
  readonly typeOid: number
  readonly notNull: boolean
  readonly collation: number
}

/** What statistics of a type need to know; domains are what they are made of. */
export interface StatisticsType {
  readonly type: number
  readonly base: number
  /** Bytes, or negative: it varies. */
  readonly length: number
  /** Operators `=` and `<` of the default b-tree operator class. */
  readonly equals: number | null
  readonly less: number | null
  /** Its input function is Postgres' own, and calls nothing that a migration made. */
  readonly isTrusted: boolean
  readonly isText: boolean
  /** Equal values are equal bytes, so that a b-tree may merge them (equalimage support functions). */
  readonly deduplicates: boolean
}

export interface CatalogTable {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: 'table' | 'partitioned table' | 'materialized view'
  /** Below the data folder; null for what has no file. */
  readonly path: string | null
  /** Another one after a rewrite. */
  readonly filenode: number
  readonly partitionOf: number | null
  /** That it references others by. */
  readonly foreignKeys: readonly { readonly name: string; readonly columns: readonly string[] }[]
}

export interface CatalogIndex {
  readonly oid: number
  readonly table: number
  readonly schema: string
  readonly name: string
  readonly method: string
  readonly isPartitioned: boolean
  readonly unique: boolean
  readonly enforces: boolean
  readonly valid: boolean
  readonly path: string | null
  readonly filenode: number
  /** Keys and included columns; 0 for an expression. */
  readonly attnums: readonly number[]
  readonly keys: readonly { column?: string; expression?: string; operatorClass?: string }[]
  readonly predicate: string | null
  readonly definition: string
}

/** What one of the two databases holds. */
export interface SideCatalog {
  readonly tables: ReadonlyMap<number, CatalogTable>
  readonly indexes: ReadonlyMap<number, CatalogIndex>
  /** By the relation's OID, in order. */
  readonly columns: ReadonlyMap<number, readonly CatalogColumn[]>
  readonly types: ReadonlyMap<number, StatisticsType>
}

/** Reads the catalogue of the database; `admin` finds nothing of the migrations by an unqualified name. */
export async function readSideCatalog(admin: Client): Promise<SideCatalog> {
  const tables = await admin.query<CatalogTable>(tablesSql)
  const indexes = await admin.query<CatalogIndex>(indexesSql)
  const columns = await admin.query<CatalogColumn>(columnsSql)
  const typeOids = [...new Set(columns.rows.map(({ typeOid }) => typeOid))]
  const types = await admin.query<StatisticsType>(typesSql, [typeOids])
  return {
    tables: new Map(tables.rows.map((table) => [table.oid, table])),
    indexes: new Map(indexes.rows.map((index) => [index.oid, index])),
    columns: byRelation(columns.rows),
    types: new Map(types.rows.map((type) => [type.type, type])),
  }
}

function byRelation(columns: readonly CatalogColumn[]): SideCatalog['columns'] {
  const grouped = new Map<number, CatalogColumn[]>()
  for (const column of columns) {
    const siblings = grouped.get(column.relation)
    if (siblings === undefined) grouped.set(column.relation, [column])
    else siblings.push(column)
  }
  return grouped
}
