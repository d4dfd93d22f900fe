import { relationKey } from '../core/effects.ts'
import type { Client } from 'pg'

/** A table of the schema under review, before the review. */
export interface CatalogTable {
  readonly oid: number
  /** `schema.name` */
  readonly key: string
  readonly schema: string
  readonly name: string
  readonly isPartitioned: boolean
  /** The topmost partitioned table, where the table is a partition: its key. */
  readonly root?: string
  /** Keys of the tables that its foreign keys reference. */
  readonly references: readonly string[]
}

export type SampleCatalog = ReadonlyMap<string, CatalogTable>

/** Ordinary and partitioned tables, with what they reference. */
const tablesSql = `select c.oid, n.nspname as schema, c.relname as name, c.relkind = 'p' as partitioned,
  case when c.relispartition then pg_partition_root(c.oid)::oid end as root,
  array(select distinct con.confrelid from pg_constraint con
    where con.contype = 'f' and con.conrelid = c.oid and con.conparentid = 0)::oid[]::int8[] as refs
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and c.relpersistence <> 't' and c.oid >= 16384
  and n.nspname not in ('pg_catalog', 'information_schema', 'pgrehearse') and n.nspname !~ '^pg_toast'`

interface Row {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly partitioned: boolean
  readonly root: number | null
  readonly refs: readonly string[]
}

/** Reads the tables of the administrator's database. */
export async function readSampleCatalog(admin: Client): Promise<SampleCatalog> {
  const { rows } = await admin.query<Row>(tablesSql)
  const keys = new Map(rows.map((row) => [row.oid, relationKey(row)]))
  return new Map(
    rows.map(({ oid, schema, name, partitioned, root, refs }) => {
      const key = relationKey({ schema, name })
      const rootKey = root === null ? undefined : keys.get(root)
      const table: CatalogTable = {
        oid,
        key,
        schema,
        name,
        isPartitioned: partitioned,
        references: refs.flatMap((ref) => keys.get(Number(ref)) ?? []),
        ...(rootKey === undefined ? {} : { root: rootKey }),
      }
      return [key, table]
    }),
  )
}
