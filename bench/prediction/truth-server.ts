import { readFile } from 'node:fs/promises'
import process from 'node:process'
import type { Client } from 'pg'
import { startEmbedded } from '../../src/postgres/embedded.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { root } from '../processes.ts'

/**
 * Settings of the server that plays production: durable, memory as on a small machine, no parallel workers, and
 * nothing that starts by itself at random but checkpoints for their size.
 */
export const truthSettings = {
  shared_buffers: '512MB',
  maintenance_work_mem: '64MB',
  work_mem: '4MB',
  max_wal_size: '2GB',
  min_wal_size: '512MB',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  wal_level: 'replica',
  autovacuum: 'off',
  checkpoint_timeout: '15min',
  max_parallel_workers_per_gather: 0,
  max_parallel_maintenance_workers: 0,
} as const

export function startTruth(): Promise<PostgresServer> {
  return startEmbedded({ projectDir: root, env: process.env }, truthSettings)
}

/** What one statement took. */
export interface Measured {
  readonly ms: number
  /** Of these: runnable, but other processes had the CPUs. */
  readonly waitMs: number
  readonly walBytes: number
  readonly tempBytes: number
}

/**
 * Runs one statement on a connection of its own, after a checkpoint, as a migration runner does.
 * @param admin connected to another database
 */
export async function measure(
  server: PostgresServer,
  admin: Client,
  database: string,
  sql: string,
): Promise<Measured> {
  await admin.query('checkpoint')
  const client = await server.connectMigrator(database)
  try {
    const pid = await number(client, 'select pg_backend_pid()')
    const temp = await temporaryBytes(admin, database)
    const position = await walPosition(admin)
    const waited = await waitedMs(pid)
    const start = performance.now()
    await client.query(sql)
    const ms = performance.now() - start
    const waitMs = (await waitedMs(pid)) - waited
    const walBytes = (await walPosition(admin)) - position
    await client.query('select pg_stat_force_next_flush()').catch(() => undefined)
    return { ms, waitMs, walBytes, tempBytes: (await temporaryBytes(admin, database)) - temp }
  } finally {
    await client.end()
  }
}

/** Field 2 of schedstat: nanoseconds on a run queue (Documentation/scheduler/sched-stats.rst of Linux). */
async function waitedMs(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/schedstat`, 'utf8')).split(' ')
  return Number(fields[1]) / 1e6
}

function walPosition(admin: Client): Promise<number> {
  return number(admin, "select pg_current_wal_insert_lsn() - '0/0'")
}

function temporaryBytes(admin: Client, database: string): Promise<number> {
  return number(admin, 'select temp_bytes from pg_stat_database where datname = $1', [database])
}

/** The only value of the only row, as a number. */
export async function number(client: Client, sql: string, values: readonly string[] = []): Promise<number> {
  const { rows } = await client.query<unknown[]>({ text: sql, values: [...values], rowMode: 'array' })
  return Number(rows[0]?.[0])
}
