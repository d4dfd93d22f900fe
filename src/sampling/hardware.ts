import type { Client } from 'pg'
import type { HardwareRates } from '../core/production.ts'

export interface MeasureOptions {
  /** About 0.3 s instead of 1 s on a fast machine: fewer runs of the same tests, and no commits. */
  readonly quick: boolean
  readonly signal: AbortSignal
}

const sortRows = 100_000

/**
 * On a float, which every major sorts by the same code: from 15 on integers and abbreviated keys have their own.
 * Two columns, so that no major sorts bare values.
 * @see src/backend/utils/sort/tuplesort.c, ssup_datum_*_cmp
 */
const sortSql = `
  SELECT g, f FROM (SELECT g, hashint8(g)::float8 AS f FROM generate_series(1, ${sortRows}) AS g OFFSET 0) AS s ORDER BY f`

const scanRows = 150_000
const table = 'pg_temp.pgrehearse_calibrate'

/** 32 MB, which is more than most CPUs keep in their caches. */
const fillSql = `
  CREATE TEMPORARY TABLE pgrehearse_calibrate ON COMMIT DROP AS
  SELECT g AS id, hashint8(g) AS a, repeat('x', 170) AS pad FROM generate_series(1, ${scanRows}::bigint) AS g`

const scanSql = `SELECT FROM ${table} WHERE a IS NULL`

const walRuns = 3
const walMessages = 2000
const walMessageBytes = 8000

/** In a transaction that is rolled back: no consumer of logical decoding is handed such messages. */
const walSql = `
  SELECT pg_logical_emit_message(true, 'pgrehearse', repeat('x', ${walMessageBytes}))
  FROM generate_series(1, ${walMessages})`

/** What the rates would depend on otherwise. */
const settings = [
  `statement_timeout = '10s'`,
  `lock_timeout = '2s'`,
  `work_mem = '64MB'`,
  `temp_buffers = '64MB'`,
  `max_parallel_workers_per_gather = 0`,
  `jit = off`,
]

/**
 * Speeds of the machine that the server runs on, from several runs by the server's own clock: the network does not
 * count. Needs a session of its own that is in no transaction and has not used temporary tables, of any role that may
 * create some, and no standby. It writes a temporary table of 32 MB and 48 MB of WAL, and rolls that back; without
 * `quick` it also commits comments on an empty temporary table. Small wal_buffers (a 32nd of shared_buffers) slow WAL down.
 *
 * @throws DatabaseError of pg when the server refuses one of the tests
 * @see prediction-facts.md, B, on the factors between machines
 */
export async function measureHardware(client: Client, options: MeasureOptions): Promise<HardwareRates> {
  const runs = options.quick ? 3 : 9
  await client.query('BEGIN')
  try {
    for (const setting of settings) await client.query(`SET LOCAL ${setting}`)
    const sortMs = median(await timesMs(client, sortSql, runs, options.signal))
    // the fastest: others wait for the disk, and how fast that is, is another question
    const walMs = Math.min(...(await timesMs(client, walSql, walRuns, options.signal)))
    await client.query(fillSql)
    const size = await client.query<{ bytes: string }>(`SELECT pg_relation_size('${table}') AS bytes`)
    // the first scan sets hint bits
    const scanMs = median(await timesMs(client, scanSql, runs + 2, options.signal))
    await client.query('ROLLBACK')
    const commitMs = options.quick ? undefined : await measureCommit(client, options.signal)
    return {
      sortMicrosPerRow: (sortMs * 1000) / sortRows,
      scanBytesPerSecond: (Number(size.rows[0]?.bytes) * 1000) / scanMs,
      walBytesPerSecond: (walMessages * walMessageBytes * 1000) / walMs,
      ...(commitMs === undefined ? {} : { commitMs }),
    }
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}

async function timesMs(client: Client, sql: string, runs: number, signal: AbortSignal): Promise<number[]> {
  const times: number[] = []
  for (let run = 0; run < runs; run += 1) {
    signal.throwIfAborted()
    times.push(await executionMs(client, sql))
  }
  return times
}

async function executionMs(client: Client, sql: string): Promise<number> {
  // the time without the network; per-node clocks and buffer counts would cost some themselves
  const explained = await client.query<{ 'QUERY PLAN': readonly { 'Execution Time': number }[] }>(
    `EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF, FORMAT JSON) ${sql}`,
  )
  return explained.rows[0]?.['QUERY PLAN'][0]?.['Execution Time'] ?? NaN
}

const commits = 21

/**
 * Milliseconds that a COMMIT takes longer than a statement that does nothing; undefined where commits do not wait for
 * the disk.
 */
async function measureCommit(client: Client, signal: AbortSignal): Promise<number | undefined> {
  const { rows } = await client.query<{ waits: boolean }>(`
    SELECT current_setting('fsync')::boolean AND current_setting('synchronous_commit') <> 'off' AS waits`)
  if (rows[0]?.waits !== true) return undefined
  await client.query('CREATE TEMPORARY TABLE pgrehearse_calibrate ()')
  try {
    const [waiting, idle]: [number[], number[]] = [[], []]
    for (let run = 0; run < commits; run += 1) {
      signal.throwIfAborted()
      await client.query('BEGIN')
      // writes WAL, which a change of a temporary table's rows would not
      await client.query(`COMMENT ON TABLE ${table} IS '${run}'`)
      idle.push(await roundTripMs(client, ''))
      waiting.push(await roundTripMs(client, 'COMMIT'))
    }
    return Math.max(median(waiting) - median(idle), 0)
  } finally {
    await client.query(`ROLLBACK; DROP TABLE ${table}`)
  }
}

async function roundTripMs(client: Client, sql: string): Promise<number> {
  const begun = performance.now()
  await client.query(sql)
  return performance.now() - begun
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2
}
