import type { Client } from 'pg'

/** Relations of a clone as they were before the migrations, by `schema.name`. */
export interface CloneRelations {
  has(relation: string): boolean
  /** The tables that it is a partition of, or inherits from, nearest first. */
  ancestorsOf(relation: string): readonly string[]
}

const relationsSql = `
select n.nspname || '.' || c.relname as name, pn.nspname || '.' || p.relname as parent
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_inherits i on i.inhrelid = c.oid
left join pg_catalog.pg_class p on p.oid = i.inhparent
left join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
where c.oid >= 16384 and c.relkind in ('r', 'p', 'f', 'v', 'm')`

/** Reads them; one round trip. */
export async function readCloneRelations(client: Client): Promise<CloneRelations> {
  const { rows } = await client.query<{ name: string; parent: string | null }>(relationsSql)
  return cloneRelations(rows.map(({ name, parent }) => [name, parent ?? undefined]))
}

/** @param rows each relation with its parent, once for each of several */
export function cloneRelations(
  rows: readonly (readonly [name: string, parent: string | undefined])[],
): CloneRelations {
  const parents = new Map<string, string[]>()
  for (const [name, parent] of rows) {
    const known = parents.get(name) ?? []
    parents.set(name, parent === undefined ? known : [...known, parent])
  }
  return {
    has: (relation) => parents.has(relation),
    ancestorsOf: (relation) => {
      const found = new Set<string>()
      let level = parents.get(relation) ?? []
      while (level.length > 0) {
        const news = level.filter((name) => !found.has(name))
        for (const name of news) found.add(name)
        level = news.flatMap((name) => parents.get(name) ?? [])
      }
      return [...found]
    },
  }
}
