import type { LockMode } from '../core/model.ts'
import type { WireCommand } from './wire.ts'

/**
 * Reads, inside the still-open transaction, every relation lock the session holds together with the relation's
 * file, its scan and row counters, the WAL position and the timeouts in force: one round trip with the statement.
 *
 * Everything is schema-qualified (search_path is the script's to change) and needs no privilege (SET ROLE too).
 * The counters are this session's pending ones; on 15+ `pg_stat_force_next_flush` makes them start from zero after
 * each commit, before that the sentinel (blocks fetched from pg_class, which every statement reads) tells a flush.
 */
export function probeSql(serverMajor: number): string {
  const flush =
    serverMajor >= 15 ? 'pg_catalog.pg_stat_force_next_flush()::pg_catalog.text' : "''::pg_catalog.text"
  return `select s.lsn, s.lock_timeout, s.statement_timeout, s.time_zone, s.sentinel, l.relation, l.modes,
  pg_catalog.pg_relation_filenode(l.relation),
  pg_catalog.pg_stat_get_xact_numscans(l.relation), pg_catalog.pg_stat_get_xact_tuples_returned(l.relation),
  pg_catalog.pg_stat_get_xact_tuples_inserted(l.relation), pg_catalog.pg_stat_get_xact_tuples_updated(l.relation),
  pg_catalog.pg_stat_get_xact_tuples_deleted(l.relation)
from (select (pg_catalog.pg_current_wal_insert_lsn() operator(pg_catalog.-) '0/0'::pg_catalog.pg_lsn)::pg_catalog.text as lsn,
  pg_catalog.current_setting('lock_timeout') as lock_timeout,
  pg_catalog.current_setting('statement_timeout') as statement_timeout,
  pg_catalog.current_setting('TimeZone') as time_zone,
  pg_catalog.pg_stat_get_xact_blocks_fetched(1259) as sentinel, ${flush} as flushed) as s
left join (select relation, pg_catalog.array_agg(mode)::pg_catalog.text as modes from pg_catalog.pg_lock_status()
  where pid operator(pg_catalog.=) pg_catalog.pg_backend_pid() and locktype operator(pg_catalog.=) 'relation'
  and relation operator(pg_catalog.>=) 16384::pg_catalog.oid group by relation) as l on true`
}

/** The same readings for every heap and index, for statements that commit by themselves. */
export const allRelationsSql = `select null, null, null, null, null, oid, '{}', pg_catalog.pg_relation_filenode(oid),
  pg_catalog.pg_stat_get_xact_numscans(oid), pg_catalog.pg_stat_get_xact_tuples_returned(oid),
  pg_catalog.pg_stat_get_xact_tuples_inserted(oid), pg_catalog.pg_stat_get_xact_tuples_updated(oid),
  pg_catalog.pg_stat_get_xact_tuples_deleted(oid)
from pg_catalog.pg_class
where oid operator(pg_catalog.>=) 16384::pg_catalog.oid and relkind operator(pg_catalog.=) any ('{r,m,i}'::"char"[])`

const probeStatementName = 'pgrehearse_probe'

/** The probe as a command: by its prepared name, or parsed each time where scripts may DISCARD it. */
export function probeCommand(sql: string, prepared: boolean): WireCommand {
  return prepared ? { sql, prepared: probeStatementName } : { sql }
}

/** What the probe saw. */
export interface ProbeReading {
  /** Bytes of WAL inserted since the cluster began. */
  readonly walPosition: number
  readonly lockTimeoutMs: number
  readonly statementTimeoutMs: number
  readonly timeZone: string
  readonly sentinel: number
  readonly relations: ReadonlyMap<number, RelationReading>
}

/** One relation on which the session holds locks. Counters are pending values, not deltas. */
export interface RelationReading {
  readonly oid: number
  readonly modes: readonly LockMode[]
  /** undefined when the relation has no storage or was dropped. */
  readonly filenode: number | undefined
  readonly scans: number
  readonly tuplesRead: number
  readonly inserted: number
  readonly updated: number
  readonly deleted: number
}

export function decodeProbe(rows: ProbeRows): ProbeReading {
  const first = rows[0] ?? []
  return {
    walPosition: Number(first[0] ?? 0),
    lockTimeoutMs: durationSetting(first[1]),
    statementTimeoutMs: durationSetting(first[2]),
    timeZone: first[3] ?? 'UTC',
    sentinel: Number(first[4] ?? 0),
    relations: new Map(decodeRelations(rows).map((relation) => [relation.oid, relation])),
  }
}

export type ProbeRows = readonly (readonly (string | null)[])[]

/** The rows of the probe, and those of {@link allRelationsSql} where it was asked too. */
export function decodeReading(rows: ProbeRows, all?: ProbeRows): ProbeReading {
  const reading = decodeProbe(rows)
  if (all === undefined) return reading
  const unlocked = decodeRelations(all).filter(({ oid }) => !reading.relations.has(oid))
  return {
    ...reading,
    relations: new Map([...reading.relations, ...unlocked.map((one) => [one.oid, one] as const)]),
  }
}

/** The relations in the rows of the probe or of {@link allRelationsSql}. */
export function decodeRelations(rows: ProbeRows): readonly RelationReading[] {
  return rows.flatMap((row) => {
    if (row[5] === null || row[5] === undefined) return []
    const modes = (row[6] ?? '{}').slice(1, -1)
    return {
      oid: Number(row[5]),
      modes: (modes === '' ? [] : modes.split(',')) as LockMode[],
      filenode: row[7] === null || row[7] === undefined ? undefined : Number(row[7]),
      scans: Number(row[8] ?? 0),
      tuplesRead: Number(row[9] ?? 0),
      inserted: Number(row[10] ?? 0),
      updated: Number(row[11] ?? 0),
      deleted: Number(row[12] ?? 0),
    }
  })
}

const unitsInMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Milliseconds of a setting as current_setting() prints it: `0`, `250ms`, `5s`, `2min`. */
export function durationSetting(value: string | null | undefined): number {
  const match = /^(\d+)(ms|s|min|h|d)?$/.exec(value ?? '0')
  return Number(match?.[1] ?? 0) * (unitsInMs[match?.[2] ?? 'ms'] ?? 1)
}
