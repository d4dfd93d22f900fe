import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { EnvironmentError } from '../../src/core/errors.ts'
import { beginSql, exportSql, fillIn, preparationSql, sessionSql } from '../../src/snapshot/export-sql.ts'
import type { Placeholders } from '../../src/snapshot/export-sql.ts'
import { parseSnapshot, type Snapshot, type SnapshotTable } from '../../src/snapshot/format.ts'
import { printSnapshot } from '../../src/snapshot/print.ts'
import { readProduction } from '../../src/snapshot/read.ts'
import { functionSql, printScript } from '../../src/snapshot/script.ts'
import { parseValuesChoice } from '../../src/snapshot/values-choice.ts'
import { majors, startServer } from './servers.ts'
import { hostile, secret, secretNumber, shopSql, trafficSql } from './snapshot-shop.ts'

const run = promisify(execFile)
const none = parseValuesChoice(undefined)

describe.each(majors)('a snapshot of Postgres %i', (major) => {
  let server: PostgresServer
  let admin: Client
  let database: string
  let socket: string

  beforeAll(async () => {
    server = await startServer(major)
    database = await server.createDatabase()
    await fill()
    admin = await server.connectAdmin(database)
    await flushed()
    const { rows } = await admin.query<{ dir: string }>(
      `select current_setting('unix_socket_directories') as dir`,
    )
    socket = rows[0]?.dir ?? ''
  })

  afterAll(async () => {
    await admin.end()
    await server[Symbol.asyncDispose]()
  })

  /** By a session of its own: the counters of a session are sure to be there once it is over. */
  async function fill(): Promise<void> {
    const client = await server.connectAdmin(database)
    await client.query('set search_path = public')
    await client.query(shopSql)
    for (const sql of trafficSql) await client.query(sql)
    await client.query(`create role nobody_x login password 'p%w'; create role monitor_x login password 'p%w';
      create role reader_x login password 'p%w'; grant pg_monitor to monitor_x, reader_x;
      grant select on all tables in schema public to reader_x`)
    await client.end()
  }

  /** The collector of 14 may take its time. */
  async function flushed(): Promise<void> {
    const inserted = `select pg_stat_get_tuples_inserted('public.never_counted'::regclass)::int as rows`
    for (let tries = 0; tries < 200; tries += 1) {
      if ((await admin.query<{ rows: number }>(inserted)).rows[0]?.rows === 5000) return
      await sleep(50)
    }
    throw new Error('the counters never came')
  }

  const urlOf = (role: string, password = 'p%25w'): string =>
    `postgresql://${role}:${password}@localhost/${database}?host=${encodeURIComponent(socket)}`
  const snapshotBy = (role: string, values = none): Promise<Snapshot> =>
    readProduction({ url: urlOf(role), values, signal: new AbortController().signal })
  const table = ({ tables }: Snapshot, name: string): SnapshotTable => {
    const found = tables.find((one) => one.name === name)
    if (found === undefined) throw new Error(`no ${name}`)
    return found
  }

  it('has sizes, partitions, indexes, statistics and rates of tables, and no other relations', async () => {
    const snapshot = await snapshotBy('reader_x')
    expect(snapshot.tables.map(({ name }) => name)).toEqual([
      'everything',
      'never_counted',
      'parts',
      'parts_low',
      'parts_rest',
      'scratch',
      'summary',
      hostile.name,
    ])
    expect(snapshot.server).toMatchObject({ database, standby: false, encoding: 'UTF8', blockSize: 8192 })
    expect(snapshot.server.version).toMatch(new RegExp(`^${major}\\.`))
    expect(snapshot.settings).toMatchObject({ TimeZone: 'UTC', lock_timeout: 0, jit: false })
    const size = `select pg_size_bytes(current_setting('shared_buffers'))::text as bytes`
    const { rows } = await admin.query<{ bytes: string }>(size)
    expect(String(snapshot.settings['shared_buffers'])).toBe(rows[0]?.bytes)
    expect(snapshot.settings['search_path']).toContain('public')
    const everything = table(snapshot, 'everything')
    expect(everything).toMatchObject({ rows: 300, rowsFrom: 'reltuples', bytesFrom: 'relpages', dead: 0 })
    expect(everything.bytes).toBeGreaterThan(8000)
    expect(everything.rates?.inserted).toBeGreaterThan(0)
    expect(everything.columns?.find(({ name }) => name === 'nul')).toMatchObject({ nullFraction: 1 })
    expect(everything.indexes[0]).toMatchObject({ name: 'everything_pkey', primary: true, unique: true })
    expect(table(snapshot, 'parts')).toMatchObject({ kind: 'partitioned table', partitionedBy: 'range' })
    expect(table(snapshot, 'parts').columns).toHaveLength(2)
    expect(table(snapshot, 'parts_low')).toMatchObject({
      partitionOf: { schema: 'public', name: 'parts' },
      rows: 99,
    })
    expect(table(snapshot, 'scratch')).toMatchObject({ unlogged: true, options: ['fillfactor=70'], rows: 0 })
    expect(table(snapshot, 'summary').kind).toBe('materialized view')
    expect(table(snapshot, hostile.name).schema).toBe(hostile.schema)
  })

  it('measures the file of a table that nobody has counted, but not behind a lock', async () => {
    const before = table(await snapshotBy('reader_x'), 'never_counted')
    expect(before).toMatchObject({ bytesFrom: 'file', rows: 5000, rowsFrom: 'live tuples' })
    expect(before.bytes).toBeGreaterThan(200_000)
    const other = await server.connectAdmin(database)
    try {
      await other.query('begin; lock table public.never_counted in access exclusive mode')
      const locked = await snapshotBy('reader_x')
      expect(table(locked, 'never_counted')).toMatchObject({ bytes: null, pages: null, rows: 5000 })
      expect(locked.notRead.map(({ what }) => what).join()).toContain('locked or too many to measure: 1')
    } finally {
      await other.end()
    }
  })

  it('holds no value of any column and no literal of any statement', async () => {
    const superuser = await exportedBy(admin)
    for (const text of [superuser, printSnapshot(await snapshotBy('reader_x'))]) {
      expect(text).not.toContain(secret)
      // 42 rows, 4242 ms and the like may happen; the mark as a whole may not
      expect(text).not.toContain(secretNumber)
      expect(text).not.toContain('2042')
    }
  })

  it('has the statements, without comments, and says how many it left out', async () => {
    const { statements } = await snapshotBy('reader_x')
    const list = statements?.list ?? []
    const called = list.find(({ sql }) => sql.startsWith('select k from parts'))
    expect(called?.callsPerSecond).toBeGreaterThan(0)
    expect(called?.rowsPerCall).toBe(3)
    expect(list.map(({ sql }) => sql)).toContain('update parts set v = $1 where k = $2')
    expect(list.filter(({ sql }) => /pgrehearse|--|\/\*|password|'/i.test(sql))).toEqual([])
    expect(statements?.leftOut.otherCommands).toBeGreaterThan(3)
    expect(list.map(({ sql }) => sql)).toEqual(list.map(({ sql }) => sql).toSorted())
  })

  it('shows values when asked, only of the columns asked for, and says so', async () => {
    const snapshot = await snapshotBy('reader_x', parseValuesChoice('everything.t'))
    expect(snapshot.containsValues).toBe(true)
    const withValues = snapshot.tables.flatMap(({ name, columns = [] }) =>
      columns.filter(({ values }) => values !== undefined).map((column) => `${name}.${column.name}`),
    )
    expect(withValues).toEqual(['everything.t'])
    const [t] = table(snapshot, 'everything').columns?.filter(({ name }) => name === 't') ?? []
    expect(t?.values).toEqual({ mostCommon: `{${secret}}`, frequencies: [1] })
    const all = await snapshotBy('reader_x', parseValuesChoice(true))
    expect(printSnapshot(all)).toContain(secretNumber)
  })

  it('gives sizes to a role without rights, and says what it may not read and which right it takes', async () => {
    const snapshot = await snapshotBy('nobody_x')
    expect(table(snapshot, 'everything')).toMatchObject({ rows: 300 })
    expect(snapshot.tables.some(({ columns }) => columns !== undefined)).toBe(false)
    const what = snapshot.notRead.map((one) => `${one.what} ${one.remedy}`).join('\n')
    expect(what).toMatch(/column statistics of 8 of 8 tables.*pg_read_all_data/)
    expect(what).toMatch(/statements of other roles: \d+ Grant pg_monitor/)
    const monitor = await snapshotBy('monitor_x')
    expect(monitor.statements?.list.length).toBeGreaterThan(3)
    expect(monitor.tables.some(({ columns }) => columns !== undefined)).toBe(false)
  })

  it('uses the function of the script, which gives statistics without rights on tables', async () => {
    await admin.query(functionSql)
    try {
      expect(table(await snapshotBy('monitor_x'), 'everything').columns).toBe(undefined)
      await admin.query('grant usage on schema pgrehearse to monitor_x')
      await admin.query('grant execute on function pgrehearse.column_statistics() to monitor_x')
      const snapshot = await snapshotBy('monitor_x')
      expect(table(snapshot, 'everything').columns?.length).toBe(
        table(await ownSnapshot(), 'everything').columns?.length,
      )
      expect(table(snapshot, hostile.name).indexes[0]?.columns).toHaveLength(1)
      expect(snapshot.notRead.map(({ what }) => what).join()).not.toContain('column statistics')
      expect(printSnapshot(snapshot)).not.toContain(secret)
    } finally {
      await admin.query('drop schema pgrehearse cascade')
    }
  })

  it('does not run a function of that name that somebody else has made', async () => {
    await admin.query(`create role stranger_x; create schema pgrehearse authorization stranger_x; set role stranger_x;
      create function pgrehearse.column_statistics() returns setof pg_stats language plpgsql security definer
        as 'begin raise exception ''run''; end'; grant usage on schema pgrehearse to public; reset role`)
    try {
      expect(table(await snapshotBy('nobody_x'), 'everything').rows).toBe(300)
      expect(await exportedBy(admin)).toContain('everything')
    } finally {
      await admin.query('drop schema pgrehearse cascade; drop role stranger_x')
    }
  })

  it('says the same through the SQL that is printed, byte for byte', async ({ skip }) => {
    const live = printSnapshot(await snapshotBy('reader_x'))
    const folder = await mkdtemp(join(tmpdir(), 'pgrehearse-snapshot-'))
    try {
      const script = join(folder, 'snapshot.sql')
      await writeFile(script, printScript(none))
      const exported = await byPsql(script)
      if (exported === undefined) return skip('psql is not on this machine')
      const read = printSnapshot(await parseSnapshot(exported, 'exported.json'))
      expect(withoutTime(read)).toBe(withoutTime(live))
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('explains why a server cannot be read, without the password', async () => {
    const signal = new AbortController().signal
    const refusal = async (url: string): Promise<unknown> =>
      readProduction({ url, values: none, signal }).catch((error: unknown) => error)
    const wrong = await refusal(urlOf('reader_x', 'wr0ngSecret'))
    expect(wrong).toBeInstanceOf(EnvironmentError)
    expect(String(wrong)).toContain('password authentication failed')
    expect(String(wrong)).not.toContain('wr0ngSecret')
    const away = await refusal(`postgresql://a:${secret}@localhost/x?host=${encodeURIComponent('/nowhere')}`)
    expect(String(away)).toContain('The statistics of /nowhere cannot be read')
    expect(String(away)).not.toContain(secret)
  })

  /** As the script's reader does, by pg: the same statements. */
  async function exportedBy(client: Client): Promise<string> {
    await client.query(`${beginSql}\n${sessionSql}`)
    try {
      const [placeholders] = (await client.query<Placeholders & Record<string, string>>(preparationSql)).rows
      if (placeholders === undefined) throw new Error('no placeholders')
      const { rows } = await client.query<{ snapshot: string }>(fillIn(exportSql(none), placeholders))
      return rows[0]?.snapshot ?? ''
    } finally {
      await client.query('rollback')
    }
  }

  async function ownSnapshot(): Promise<Snapshot> {
    return parseSnapshot(await exportedBy(admin), 'exported')
  }

  /** What psql prints; undefined on machines without it. */
  async function byPsql(script: string): Promise<string | undefined> {
    try {
      const { stdout } = await run('psql', ['-X', '-q', '-f', script, urlOf('reader_x')], { timeout: 60_000 })
      return stdout
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ENOENT') return undefined
      throw error
    }
  }
})

/** Time passes between two snapshots, and with it rates and connections move. */
function withoutTime(text: string): string {
  return text.replaceAll(
    /"(takenAt|connections|transactionsPerSecond|sequentialScans|indexScans|inserted|updated|deleted|scansPerSecond|callsPerSecond|otherCommands)": ("[^"]*"|[-\d.e]+)/g,
    '"$1": 0',
  )
}
