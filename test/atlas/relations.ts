import type { Client } from 'pg'
import { lockStrength } from '../../src/core/locks.ts'
import type { LockMode } from '../../src/core/model.ts'
import type { NamedRelation, Seen } from './summary.ts'

/** A row of pg_class as it is within the session's transaction. */
export interface RelationRow extends NamedRelation {
  readonly oid: number
  /** pg_class.relkind */
  readonly kind: string
  readonly file: string | null
  /** Times that this transaction has begun to read it from end to end. */
  readonly scans: number
  /** oid of the partitioned or inherited table above. */
  readonly parent: number | null
}

const relationsSql = `
select c.oid::int8::float8 as oid, c.relkind::text as kind, n.nspname as schema, c.relname as name,
  case when c.relkind in ('r', 'm', 'i') then pg_relation_filenode(c.oid)::text end as file,
  coalesce(pg_stat_get_xact_numscans(c.oid), 0)::float8 as scans, p.inhparent::int8::float8 as parent,
  tn.nspname || '.' || t.relname as "table"
from pg_class c join pg_namespace n on n.oid = c.relnamespace
left join pg_index i on i.indexrelid = c.oid left join pg_class t on t.oid = i.indrelid
left join pg_namespace tn on tn.oid = t.relnamespace
left join pg_inherits p on p.inhrelid = c.oid and p.inhseqno = 1
where c.oid >= 16384 and c.relkind <> 'c' and n.nspname not like 'pg\\_%'`

export async function relationsOf(client: Client): Promise<readonly RelationRow[]> {
  const { rows } = await client.query<Omit<RelationRow, 'table'> & { table: string | null }>(relationsSql)
  return rows.map(({ table, ...row }) => (table === null ? row : { ...row, table }))
}

/** Modes of the session's relation locks by oid. */
export type HeldModes = ReadonlyMap<number, readonly LockMode[]>

export async function locksOf(client: Client): Promise<HeldModes> {
  const { rows } = await client.query<{ oid: number; modes: LockMode[] }>(
    `select relation::int8::float8 as oid, array_agg(mode::text) as modes from pg_locks
     where pid = pg_backend_pid() and locktype = 'relation' and relation >= 16384 group by relation`,
  )
  return new Map(rows.map(({ oid, modes }) => [oid, modes]))
}

/** New locks, and heaps that were read: from the state before a statement and the one after it, in one transaction. */
export function newLocksAndReads(
  before: readonly RelationRow[],
  held: HeldModes,
  after: readonly RelationRow[],
  locks: HeldModes,
): readonly Seen[] {
  return before.flatMap((relation): Seen[] => {
    const already = held.get(relation.oid) ?? []
    const modes = (locks.get(relation.oid) ?? []).filter((mode) => !already.includes(mode))
    const now = after.find(({ oid }) => oid === relation.oid)
    const table = before.find((one) => `${one.schema}.${one.name}` === relation.table)
    const ofTable = Math.max(
      -1,
      ...(table === undefined ? [] : (held.get(table.oid) ?? [])).map(lockStrength),
    )
    const wasRead = /[rm]/.test(relation.kind) && now !== undefined && now.scans > relation.scans
    return [
      ...strongerThan(already, modes)
        .filter((mode) => lockStrength(mode) > ofTable)
        .map((mode): Seen => ({ what: 'lock', relation, mode })),
      ...(wasRead ? [{ what: 'read', relation } as const] : []),
    ]
  })
}

/** Heaps and indexes with another file than before; an index that was made anew is known by its name. */
export function newFiles(before: readonly RelationRow[], after: readonly RelationRow[]): readonly Seen[] {
  return before.flatMap((relation): Seen[] => {
    const now =
      after.find(({ oid }) => oid === relation.oid) ??
      after.find(({ schema, name, kind }) => {
        return kind === 'i' && schema === relation.schema && name === relation.name
      })
    if (relation.file === null || now === undefined || now.file === relation.file) return []
    return [{ what: 'file', relation }]
  })
}

function strongerThan(already: readonly LockMode[], modes: readonly LockMode[]): readonly LockMode[] {
  const strongest = Math.max(-1, ...already.map(lockStrength))
  return modes.filter((mode) => lockStrength(mode) > strongest)
}
