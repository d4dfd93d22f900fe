import { readFileSync } from 'node:fs'
import type { Client } from 'pg'
import type { SettingOverrides } from '../postgres/settings.ts'
import { reloadSettings } from './proportion.ts'

/** What pg_stat_statements counted of one statement. */
export interface Counted {
  /** Of execution, inside the server; undefined when the statement left no entry. */
  readonly ms: number | undefined
  readonly walBytes: number
  readonly tempBytes: number
  readonly readBytes: number
  readonly writtenBytes: number
  readonly pagesTouched: number
  /** Rows that it retrieved or affected itself, not by functions and triggers. */
  readonly rows: number
}

const pageBytes = 8192

/**
 * Counts what runs in one database, statement by statement. pg_stat_statements adds up what a statement's functions
 * and triggers do as well, counts utility statements, and knows the WAL of the backend alone: no checkpoint's.
 */
export class StatementCounters {
  /** To the database `postgres`, where the extension is. */
  private readonly admin: Client
  private readonly database: string
  /** pg_stat_statements.queryid of our own query behind each statement. */
  private ownQuery = '0'

  constructor(admin: Client, database: string) {
    this.admin = admin
    this.database = database
  }

  /** Learns to leave out our own query, which `run` runs in the database. */
  async leaveOut(run: () => Promise<unknown>): Promise<void> {
    await this.reset()
    await run()
    const { rows } = await this.admin.query<{ id: string }>(
      `select queryid::text as id from pgrehearse.pg_stat_statements(false)
        where dbid = (select oid from pg_database where datname = $1)`,
      [this.database],
    )
    this.ownQuery = rows[0]?.id ?? '0'
  }

  async reset(): Promise<void> {
    await this.admin.query('select pgrehearse.pg_stat_statements_reset()')
  }

  /** Changes the settings of all sessions, as far as no restart is needed. */
  async adopt(settings: SettingOverrides): Promise<void> {
    await reloadSettings(this.admin, settings)
  }

  /** So that the next statement begins as after a checkpoint: it writes full pages first. */
  async checkpoint(): Promise<void> {
    await this.admin.query('checkpoint')
  }

  /** Since the reset. */
  async read(): Promise<Counted> {
    const { rows } = await this.admin.query<Record<string, string | null>>(
      `select count(*) as entries, sum(total_exec_time) as ms, sum(wal_bytes) as wal, sum(temp_blks_written) as temp,
        sum(shared_blks_read + local_blks_read) as read,
        sum(greatest(shared_blks_dirtied + local_blks_dirtied, shared_blks_written + local_blks_written)) as written,
        sum(shared_blks_hit + shared_blks_read + local_blks_hit + local_blks_read) as touched,
        sum(rows) filter (where toplevel) as rows
      from pgrehearse.pg_stat_statements(false)
      where dbid = (select oid from pg_database where datname = $1) and queryid is distinct from $2::int8`,
      [this.database, this.ownQuery],
    )
    const value = (name: string): number => Number(rows[0]?.[name] ?? 0)
    return {
      ms: value('entries') > 0 ? value('ms') : undefined,
      walBytes: value('wal'),
      tempBytes: value('temp') * pageBytes,
      readBytes: value('read') * pageBytes,
      writtenBytes: value('written') * pageBytes,
      pagesTouched: value('touched'),
      rows: value('rows'),
    }
  }
}

/**
 * How long the process has waited, ready to run, for a CPU that others used; milliseconds. Zero where Linux does not
 * tell (CONFIG_SCHED_INFO).
 */
export function waitedForCpuMs(processId: number): number {
  try {
    // Documentation/scheduler/sched-stats.rst: time on a CPU, time waiting on a run queue, time slices
    const waited = Number(readFileSync(`/proc/${processId}/schedstat`, 'utf8').split(' ')[1])
    return Number.isFinite(waited) ? waited / 1e6 : 0
  } catch {
    return 0
  }
}
