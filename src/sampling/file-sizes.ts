import type { Client } from 'pg'
import type { ReplaySession } from '../replay/session.ts'

/** A file of a table, index or TOAST table. */
interface RelationFile {
  readonly filenode: string | null
  readonly bytes: number
  /** Entries of an index, as its build counted them; 0 of everything else. */
  readonly entries: number
}

export type FileSizes = ReadonlyMap<string, RelationFile>

/**
 * The query that tells the files of these tables, of their indexes and TOAST, and of everything that is made after it
 * was put together: uncommitted ones too, in the session that makes them. It is qualified throughout and needs no
 * privilege, because it runs as the migrator with whatever search_path and role a script has set.
 * @param admin connected to the same database
 */
export async function fileSizesSql(admin: Client, tables: readonly number[]): Promise<string> {
  const { rows } = await admin.query<{ oids: string; last: string }>(
    `with tables as (
        select distinct leaf.oid, leaf.reltoastrelid from unnest($1::oid[]) as given(oid)
          cross join lateral (select relid from pg_partition_tree(given.oid) union all select given.oid) as tree(oid)
          join pg_class leaf on leaf.oid = tree.oid),
      heaps as (select oid from tables union select reltoastrelid from tables where reltoastrelid <> 0)
    select coalesce(string_agg(oid::text, ','), '') as oids, (select max(oid) from pg_class)::text as last
    from (select oid from heaps union select indexrelid from pg_index where indrelid in (select oid from heaps)) as files`,
    [tables],
  )
  const { oids, last } = rows[0] ?? { oids: '', last: '0' }
  return `select oid::pg_catalog.text, pg_catalog.pg_relation_filenode(oid)::pg_catalog.text,
  pg_catalog.pg_relation_size(oid)::pg_catalog.text,
  case relkind when 'i'::"char" then reltuples else 0::pg_catalog.float4 end::pg_catalog.text from pg_catalog.pg_class
where relkind operator(pg_catalog.=) any ('{r,m,i,t}'::"char"[]) and
  (oid operator(pg_catalog.>) ${last}::pg_catalog.oid or oid operator(pg_catalog.=) any ('{${oids}}'::pg_catalog.oid[]))`
}

/** What the session sees now; undefined when it cannot be asked. `sync`: see ReplaySession.run. */
export async function readFileSizes(
  session: ReplaySession,
  sql: string,
  sync: boolean,
): Promise<FileSizes | undefined> {
  const [result] = await session.run([{ sql }], sync)
  if (result === undefined || result.error !== undefined) return undefined
  return new Map(
    result.rows.map(([oid, filenode, bytes, entries]) => [
      String(oid),
      { filenode: filenode ?? null, bytes: Number(bytes ?? 0), entries: Math.max(0, Number(entries ?? 0)) },
    ]),
  )
}

/** Bytes of new files, and of what others have grown by. */
export function newFileBytes(before: FileSizes, after: FileSizes): number {
  let total = 0
  for (const [oid, { filenode, bytes }] of after) {
    const earlier = before.get(oid)
    total +=
      earlier === undefined || earlier.filenode !== filenode ? bytes : Math.max(0, bytes - earlier.bytes)
  }
  return total
}

/** Entries of indexes that are new. */
export function newEntries(before: FileSizes, after: FileSizes): number {
  let total = 0
  for (const [oid, { entries }] of after) if (!before.has(oid)) total += entries
  return total
}
