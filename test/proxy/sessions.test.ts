import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Client, type ClientConfig } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startEmbedded } from '../../src/postgres/embedded.ts'
import { cString, frame, int32, messageFields } from '../../src/postgres/frames.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { openServer } from '../../src/postgres/server.ts'
import { openWire } from '../../src/postgres/wire-login.ts'
import type { ProxiedStatement, Proxy, ProxyListener } from '../../src/proxy/model.ts'
import { startProxy } from '../../src/proxy/start-proxy.ts'
import { decodeProbe, decodeRelations, type RelationReading } from '../../src/replay/probe.ts'
import { ReplaySession } from '../../src/replay/session.ts'
import { loadParser } from '../../src/sql/parse.ts'
import {
  bind,
  Conversation,
  copyData,
  exchangeRaw,
  execute,
  extended,
  parse,
  query,
  sync,
} from './conversation.ts'
import { fullProbe } from './full-probe.ts'

const projectDir = fileURLToPath(new URL('../..', import.meta.url))

let server: PostgresServer
let database: string
let admin: Client
let abort: AbortController
let proxy: Proxy | undefined
let statements: ProxiedStatement[] = []
/** What was told, a line each. */
let told: string[] = []

beforeAll(async () => {
  await loadParser()
  server = await startEmbedded({ projectDir, env: process.env })
  database = await server.createDatabase()
  admin = await server.connectAdmin(database)
})

afterEach(async () => {
  await proxy?.[Symbol.asyncDispose]()
})

afterAll(async () => {
  await admin?.end()
  await server?.[Symbol.asyncDispose]()
})

async function start(more: Partial<ProxyListener> = {}, isMeasured = true): Promise<Proxy> {
  statements = []
  told = []
  abort = new AbortController()
  proxy = await startProxy(server, {
    database,
    ...(isMeasured ? { probe: fullProbe(server.major) } : {}),
    listener: {
      connected: ({ id }) => told.push(`${id} connected`),
      statement: ({ id }, statement) => {
        const { sql, message, before, tag, error } = statement
        statements.push(statement)
        told.push(`${id} ${message} ${before} ${sql} -> ${error?.code ?? tag}`)
      },
      transactionEnded: ({ id }, how) => told.push(`${id} ${how}`),
      disconnected: ({ id }) => told.push(`${id} disconnected`),
      limited: (message) => told.push(message),
      ...more,
    },
    signal: abort.signal,
  })
  return proxy
}

function config({ address }: Proxy, more: ClientConfig = {}): ClientConfig {
  const { host, port, user, password } = address
  return { host, port, user, password, database: address.database, ssl: false, ...more }
}

async function connected(to: Proxy, more: ClientConfig = {}): Promise<Client> {
  const client = new Client(config(to, more))
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function talk(to: Proxy): Promise<Conversation> {
  const { host, port, user, password } = to.address
  const parameters = { application_name: 'test' }
  const wire = await openWire(
    { host, port, user, password, tls: false },
    { database, parameters, minorVersion: 2 },
  )
  return new Conversation(wire)
}

async function busyBackends(): Promise<number> {
  const { rows } = await admin.query<{ count: number }>(
    "select count(*)::int from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() and datname = current_database()",
  )
  return rows[0]?.count ?? 0
}

async function noBackends(): Promise<void> {
  await expect.poll(busyBackends, { timeout: 10_000, interval: 20 }).toBe(0)
}

describe('who comes in', () => {
  test('TLS with our certificate, channel binding, both names of this machine', async () => {
    const to = await start()
    const ssl = { ca: to.address.certificate }
    for (const host of ['127.0.0.1', 'localhost']) {
      const client = await connected(to, { host, ssl, enableChannelBinding: true })
      const { rows } = await client.query('select current_user as name, $1::text as given', ['x'])
      expect(rows).toEqual([{ name: server.migrator, given: 'x' }])
      await client.end()
    }
    await expect(connected(to, { ssl: true })).rejects.toThrow(/certificate/)
  })

  test('TLS at once, which needs ALPN', async () => {
    const { address } = await start()
    const { port, certificate: ca } = address
    const socket = connectTls({ host: '127.0.0.1', port, ca, ALPNProtocols: ['postgresql'] })
    socket.write(startupPacket({ user: address.user, database }))
    const [answer] = await new Promise<Buffer[]>((resolve) => {
      socket.once('data', (chunk) => resolve([chunk]))
    })
    expect(answer?.toString('latin1')).toMatch(/^R.*SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0/s)
    socket.destroy()
    const without = connectTls({ host: '127.0.0.1', port, ca })
    without.write(startupPacket({ user: address.user, database }))
    const [refused] = await new Promise<Buffer[]>((resolve) => {
      without.once('data', (chunk) => resolve([chunk]))
    })
    expect(messageFields(refused ?? Buffer.alloc(0)).get('M')).toMatch(/without ALPN/)
    without.destroy()
  })

  test('nobody without the password, as Postgres says it', async () => {
    const to = await start()
    const wrong = { code: '28P01', message: `password authentication failed for user "${server.migrator}"` }
    await expect(connected(to, { password: 'guess' })).rejects.toMatchObject(wrong)
    await expect(connected(to, { user: 'somebody' })).rejects.toMatchObject({ code: '28P01' })
    await expect(connected(to, { database: 'nowhere' })).rejects.toMatchObject({ code: '3D000' })
    expect(told).toEqual([])
  })

  test('what we do not speak is refused with a sentence', async () => {
    const { address } = await start()
    const asked = async (packet: Buffer): Promise<string> => {
      const answer = await exchangeRaw(address.port, packet)
      return messageFields(answer).get('M') ?? ''
    }
    const { user } = address
    expect(await asked(startupPacket({ user, replication: 'database' }))).toMatch(/replication/)
    expect(await asked(startupPacket({ database }))).toMatch(/no PostgreSQL user name/)
    expect(await asked(startupPacket({ user }, 2 * 65_536))).toMatch(/unsupported frontend protocol 2\.0/)
    expect(await asked(Buffer.concat([int32(1_000_000), int32(3 * 65_536)]))).toMatch(/invalid length/)
    expect(await asked(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).not.toBe('')
    // SSLRequest with something behind it that is not encrypted
    expect(await asked(Buffer.concat([int32(8), int32(80_877_103), Buffer.alloc(20)]))).toMatch(/unencrypted/)
  })

  test('a role that changes its own password does not lock us out', async () => {
    const to = await start()
    const client = await connected(to)
    await client.query("alter role current_user password 'guess'")
    await client.end()
    const again = await connected(to)
    await again.end()
    await (await server.connectMigrator(database)).end()
    await expect(connected(to, { password: 'guess' })).rejects.toMatchObject({ code: '28P01' })
  })

  test('who was refused takes no descriptor of ours', async () => {
    const to = await start()
    const sockets = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
    const before = sockets()
    for (let tries = 0; tries < 10; tries++) {
      await expect(connected(to, { password: 'guess' })).rejects.toMatchObject({ code: '28P01' })
      await expect(connected(to, { database: 'nowhere' })).rejects.toMatchObject({ code: '3D000' })
    }
    await expect.poll(sockets, { timeout: 1500 }).toBeLessThanOrEqual(before)
  })

  test('in front of a server that is reached over TLS, as here: another proxy', async () => {
    const inner = await start()
    const folder = mkdtempSync(join(tmpdir(), 'pgrehearse-tls-'))
    const { user, password, port, certificate } = inner.address
    writeFileSync(join(folder, 'ca.pem'), certificate)
    const tls = `sslmode=verify-full&sslrootcert=${encodeURIComponent(join(folder, 'ca.pem'))}`
    const serverUrl = `postgresql://${user}:${password}@localhost:${port}/${database}?${tls}`
    try {
      await using existing = await openServer({ serverUrl, sharedServer: true, projectDir, env: {} })
      await using outer = await startProxy(existing, {
        database,
        probe: fullProbe(existing.major),
        listener: { statement: (_session, { sql, reading }) => told.push(`${sql}: ${reading?.length}`) },
        signal: new AbortController().signal,
      })
      const client = await connected(outer)
      const { rows } = await client.query('select current_user as name')
      expect(rows).toEqual([{ name: existing.migrator }])
      await expect(
        Promise.all([client.query('select pg_sleep(20)'), cancelOf(outer, client)]),
      ).rejects.toMatchObject({ code: '57014' })
      await client.end()
      await outer.idle()
      expect(told).toContain('select current_user as name: 1')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('a newer protocol and unknown options are negotiated', async () => {
    const { address } = await start()
    const socket = connectSocket({ host: '127.0.0.1', port: address.port })
    socket.write(startupPacket({ user: address.user, '_pq_.new': '1' }, 3 * 65_536 + 9))
    const answer = await new Promise<Buffer>((resolve) => {
      socket.once('data', resolve)
    })
    const negotiated = frame('v', int32(3 * 65_536 + 2), int32(1), cString('_pq_.new'))
    expect(answer.subarray(0, negotiated.length)).toEqual(negotiated)
    socket.destroy()
  })
})

/** As psql does at Ctrl-C. */
async function cancelOf({ address }: Proxy, client: Client): Promise<void> {
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number }
  await sleep(100)
  const cancel = Buffer.concat([int32(16), int32(80_877_102), int32(processID), int32(secretKey)])
  await exchangeRaw(address.port, cancel)
}

function startupPacket(parameters: Readonly<Record<string, string>>, version = 3 * 65_536): Buffer {
  const pairs = Object.entries(parameters).flat().map(cString)
  const body = Buffer.concat([int32(version), ...pairs, Buffer.alloc(1)])
  return Buffer.concat([int32(body.length + 4), body])
}

describe('what is told', () => {
  test('statements, their transactions, parameters and COPY data', async () => {
    const to = await start()
    await using one = await talk(to)
    await one.ask(query('create table t1 (id int); insert into t1 values (1)'))
    await one.ask(query('begin'))
    await one.ask(extended('insert into t1 values ($1)', '7'), sync)
    await one.ask(query('commit'))
    await one.ask(query('begin; insert into t1 values (8); select 1 / 0'))
    await one.ask(query('rollback'))
    await one.ask(query('begin; truncate t1; commit and chain; select 1; rollback'))
    one.say(query('copy t1 from stdin'))
    await one.hear('G')
    await one.ask(copyData('9\n'), frame('c'))
    await one.ask(extended('selec'), sync)
    await one[Symbol.asyncDispose]()
    await to.idle()
    expect(told).toEqual([
      '1 connected',
      '1 1 I create table t1 (id int) -> CREATE TABLE',
      '1 1 T insert into t1 values (1) -> INSERT 0 1',
      '1 committed',
      '1 2 I begin -> BEGIN',
      '1 3 T insert into t1 values ($1) -> INSERT 0 1',
      '1 4 T commit -> COMMIT',
      '1 committed',
      '1 5 I begin -> BEGIN',
      '1 5 T insert into t1 values (8) -> INSERT 0 1',
      '1 5 T select 1 / 0 -> 22012',
      '1 6 E rollback -> ROLLBACK',
      '1 rolled back',
      '1 7 I begin -> BEGIN',
      '1 7 T truncate t1 -> TRUNCATE TABLE',
      '1 7 T commit and chain -> COMMIT',
      '1 committed',
      '1 7 T select 1 -> SELECT 1',
      '1 7 T rollback -> ROLLBACK',
      '1 rolled back',
      '1 8 I copy t1 from stdin -> COPY 1',
      '1 committed',
      '1 9 I selec -> 42601',
      '1 rolled back',
      '1 disconnected',
    ])
    expect(statements[3]?.parameters).toEqual([{ value: Buffer.from('7'), format: 'text', type: 23 }])
    expect(statements.find(({ sql }) => sql.startsWith('copy'))?.copyData).toBe('9\n')
  })

  test('the same without looks', async () => {
    const to = await start({}, false)
    await using one = await talk(to)
    await one.ask(query('select 1; select 2'))
    await one.ask(query('select 3; select 1 / 0; select 4'))
    await one.ask(extended('select 5'), sync)
    await one[Symbol.asyncDispose]()
    await to.idle()
    expect(told.slice(1, -1)).toEqual([
      '1 1 I select 1 -> SELECT 1',
      '1 1 T select 2 -> SELECT 1',
      '1 committed',
      '1 2 I select 3 -> SELECT 1',
      '1 2 T select 1 / 0 -> 22012',
      '1 rolled back',
      '1 3 I select 5 -> SELECT 1',
      '1 committed',
    ])
    expect(statements.every(({ reading }) => reading === undefined)).toBe(true)
  })

  test('an error of the commit belongs to the last statement', async () => {
    const to = await start()
    await using one = await talk(to)
    await one.ask(
      query(
        'create table k (id int primary key); create table f (id int references k deferrable initially deferred)',
      ),
    )
    await one.ask(extended('insert into f values (1)'), sync)
    await one.ask(query('select 1; insert into f values (1)'))
    await one[Symbol.asyncDispose]()
    await to.idle()
    expect(told.filter((line) => /insert|rolled/.test(line))).toEqual([
      '1 2 I insert into f values (1) -> 23503',
      '1 rolled back',
      '1 3 T insert into f values (1) -> 23503',
      '1 rolled back',
    ])
  })

  test('a failure on purpose: of one run, in both protocols, and the session goes on', async () => {
    const runs: string[] = []
    const failing = "do $$begin raise exception using errcode = '55P03', message = 'on purpose'; end$$"
    const to = await start({
      interrupt: async (_session, sql, canFail) => {
        runs.push(canFail ? sql : `${sql}, as it is`)
        const isMeant = /^(?:insert|fetch)/.test(sql) || runs.filter((one) => one === sql).length === 2
        return isMeant && sql !== 'select 1' ? failing : undefined
      },
    })
    const client = await connected(to)
    const named = { name: 'kept', text: 'select $1::int as given', values: [7] }
    expect((await client.query(named)).rows).toEqual([{ given: 7 }])
    await expect(client.query(named)).rejects.toMatchObject({ code: '55P03', message: 'on purpose' })
    expect((await client.query(named)).rows).toEqual([{ given: 7 }])
    await client.query('create temp table meant (id int)')
    await expect(client.query('insert into meant values (1)')).rejects.toMatchObject({ code: '55P03' })
    expect((await client.query('select 1')).rowCount).toBe(1)
    expect((await client.query('select from meant')).rowCount).toBe(0)
    await client.query('begin; declare one cursor for select 1 as given')
    expect((await client.query('fetch all from one')).rows).toEqual([{ given: 1 }])
    await client.query('commit')
    expect(runs).toContain('fetch all from one, as it is')
    expect(statements.filter(({ error }) => error !== undefined).map(({ sql }) => sql)).toEqual([
      'select $1::int as given',
      'insert into meant values (1)',
    ])
    await client.end()
  })

  test('a stand-in runs, and the client sees the tag of its own statement', async () => {
    const prepare: ProxyListener['prepare'] = (_session, sql) =>
      Promise.resolve(
        sql === 'create extension wonder'
          ? { sql: "select 1 as secret, pg_notify('x', 'y')", tag: 'CREATE EXTENSION' }
          : undefined,
      )
    const to = await start({ prepare })
    await using one = await talk(to)
    await one.ask(query('create extension wonder; select 2'))
    await one.ask(extended('create extension wonder'), sync)
    await one.ask(
      parse('create extension wonder', 'w'),
      frame('D', cString('Sw')),
      bind([], 'w'),
      execute(),
      sync,
    )
    expect(one.heard.join('|')).not.toContain('secret')
    expect(one.heard.filter((line) => line.startsWith('C '))).toEqual([
      expect.stringContaining('CREATE EXTENSION'),
      expect.stringContaining('SELECT 1'),
      expect.stringContaining('CREATE EXTENSION'),
      expect.stringContaining('CREATE EXTENSION'),
    ])
  })

  test('a look does not run under a statement_timeout that would end it, which is said', async () => {
    const to = await start()
    const client = await connected(to)
    const all = ["set statement_timeout = '40ms'", 'select 1', 'reset statement_timeout', 'select 2']
    for (const sql of all) await client.query(sql)
    await client.end()
    await to.idle()
    const looked = statements.filter(({ reading }) => reading !== undefined).map(({ sql }) => sql)
    expect(looked).toEqual(all.slice(2))
    expect(told.filter((line) => line.includes('statement_timeout of less than'))).toHaveLength(1)
  })

  test('a statement that is sent as it came is said', async () => {
    const to = await start()
    const client = await connected(to)
    await expect(client.query('select $1')).rejects.toMatchObject({ code: '42P02' })
    await client.end()
    await to.idle()
    expect(told.filter((line) => line.includes('were not looked into'))).toHaveLength(1)
  })
})

describe('what is read', () => {
  const script = [
    'create table r1 (id int primary key, x text)',
    "insert into r1 select i, 'x' from generate_series(1, 500) i",
    'create index on r1 (x)',
    'alter table r1 alter column x set not null',
    "update r1 set x = 'y' where id < 10",
    'alter table r1 alter column id type bigint',
    'delete from r1 where id = 3',
    'drop table r1',
  ]

  test('is what a replay reads', async () => {
    const expected = await replayed(script)
    const to = await start()
    for (const protocol of ['simple', 'extended'] as const) {
      await using one = await talk(to)
      for (const sql of script) {
        await (protocol === 'simple' ? one.ask(query(sql)) : one.ask(extended(sql), sync))
      }
      await one[Symbol.asyncDispose]()
      await to.idle()
      const read = statements
        .splice(0)
        .map(({ reading = [] }) => summary(decodeProbe(reading).relations.values()))
      expect(read).toEqual(expected)
    }
  })

  test('a look that fails, as a cancel may make it, is said and leaves nothing behind', async () => {
    const limits: string[] = []
    proxy = await startProxy(server, {
      database,
      // once in this session
      probe: { ...fullProbe(server.major), sql: "select 1 / (nextval('public.looks') - 1)" },
      listener: { statement: () => undefined, limited: (message) => limits.push(message) },
      signal: new AbortController().signal,
    })
    await admin.query('create sequence public.looks; grant usage on public.looks to public')
    const client = await connected(proxy)
    await expect(client.query('select 1')).rejects.toMatchObject({ code: '22012' })
    await client.query('select 2; select 3')
    const { rows } = await client.query('select name from pg_prepared_statements')
    expect(rows).toEqual([])
    expect(limits).toHaveLength(1)
    await client.end()
  })

  test('behind LOCK, although SET TRANSACTION may still follow', async () => {
    const to = await start()
    await using one = await talk(to)
    await one.ask(query('create table r3 (id int)'))
    await one.ask(query('begin'))
    await one.ask(query('lock table r3 in share mode'))
    await one.ask(extended('set transaction isolation level repeatable read'), sync)
    await one.ask(extended('select * from r3'), sync)
    await one.ask(query('commit'))
    await one[Symbol.asyncDispose]()
    await to.idle()
    const locks = statements.map(({ reading }) =>
      reading === undefined
        ? undefined
        : [...decodeProbe(reading).relations.values()].map(({ modes }) => [...modes].toSorted().join('+')),
    )
    expect(locks).toEqual([
      ['AccessExclusiveLock'],
      undefined,
      ['ShareLock'],
      undefined,
      ['AccessShareLock+ShareLock'],
      undefined,
    ])
  })

  test('COPY of many megabytes', async () => {
    const to = await start()
    await using one = await talk(to)
    await one.ask(query('create table r4 (x text)'))
    for (const sql of ['copy r4 from stdin', 'select 1; copy r4 from stdin']) {
      one.say(query(sql))
      await one.hear('G')
      const rows = copyData(`${'x'.repeat(99)}\n`.repeat(1000))
      for (let at = 0; at < 200; at += 1) one.say(rows)
      await one.ask(frame('c'))
    }
    await one[Symbol.asyncDispose]()
    await to.idle()
    expect(told.filter((line) => line.endsWith('COPY 200000'))).toHaveLength(2)
    expect(statements.every(({ copyData: kept }) => kept === undefined)).toBe(true)
  })

  test('behind what commits by itself, every relation', async () => {
    const to = await start()
    const client = await connected(to)
    await client.query('create table r2 as select 1 as id')
    await client.query('create index concurrently r2_id on r2 (id)')
    await client.query({ text: 'reindex index concurrently r2_id', values: [] })
    await client.query('drop table r2')
    await client.end()
    await to.idle()
    const scans = statements.map(({ everyRelation }) =>
      everyRelation === undefined
        ? undefined
        : Math.max(...decodeRelations(everyRelation).map((one) => one.scans)),
    )
    expect(scans).toEqual([undefined, 2, 2, undefined])
  })
})

/** Locks and counters, without the OIDs, which differ from run to run. */
function summary(relations: Iterable<RelationReading>): readonly string[] {
  return [...relations]
    .map(
      ({ modes, filenode, scans, tuplesRead, inserted, updated, deleted }) =>
        `${[...modes].toSorted().join('+')} ${filenode !== undefined} ${scans} ${tuplesRead} ${inserted} ${updated} ${deleted}`,
    )
    .toSorted()
}

async function replayed(script: readonly string[]): Promise<readonly (readonly string[])[]> {
  await using session = await ReplaySession.open(server, database, admin, {
    statementTimeoutMs: 10_000,
    signal: new AbortController().signal,
    scriptsDiscard: false,
    scriptsSetDefaults: false,
  })
  const read: (readonly string[])[] = []
  for (const sql of script) {
    const { reading } = await session.runProbed({ sql }, { sync: true, everyRelation: false })
    read.push(summary(reading?.relations.values() ?? []))
  }
  return read
}

describe('every end', () => {
  test('a client that is killed: in a statement, in a COPY, in a transaction', async () => {
    const to = await start()
    await using setup = await talk(to)
    await setup.ask(query('create table gone (id int)'))
    await setup[Symbol.asyncDispose]()
    for (const last of ['select pg_sleep(60)', 'copy gone from stdin', 'begin; lock table gone']) {
      const one = await talk(to)
      one.say(query(last))
      await (last.startsWith('select') ? sleep(50) : one.hear(last.startsWith('copy') ? 'G' : 'Z'))
      one.wire.socket.resetAndDestroy()
    }
    await to.idle()
    await noBackends()
    expect(told.filter((line) => line.endsWith('disconnected'))).toHaveLength(4)
    expect(told.filter((line) => line.endsWith('rolled back'))).toHaveLength(3)
  })

  test('what a client sent before it left is done', async () => {
    const to = await start()
    const one = await talk(to)
    one.say(query('create table left_behind (id int)'), query('insert into left_behind values (1)'))
    one.wire.socket.end()
    await to.idle()
    const { rows } = await admin.query('select id from public.left_behind')
    expect(rows).toEqual([{ id: 1 }])
  })

  test('a client that does not read holds up its backend, not our memory', async () => {
    const to = await start()
    const one = await talk(to)
    one.wire.socket.pause()
    one.say(query("select repeat('x', 1000) from generate_series(1, 300000)"))
    const waits = async (): Promise<unknown> => {
      const sql = 'select wait_event from pg_stat_activity where pid = $1'
      return (await admin.query<{ wait_event: string }>(sql, [one.wire.processId])).rows[0]?.wait_event
    }
    await expect.poll(waits, { timeout: 10_000, interval: 20 }).toBe('ClientWrite')
    one.wire.socket.destroy()
    await to.idle()
    await noBackends()
  })

  test('a message that cannot be', async () => {
    const to = await start()
    const one = await talk(to)
    one.say(Buffer.from('\x01\0\0\0\x04'))
    await one.hear('E')
    await to.idle()
    await noBackends()
    expect(one.heard.join()).toContain('invalid frontend message type')
  })

  test('abort in the middle of a statement', async () => {
    const to = await start()
    const one = await talk(to)
    const idler = connectSocket({ host: '127.0.0.1', port: to.address.port })
    const closed = new Promise((resolve) => idler.once('close', resolve))
    idler.on('error', () => undefined)
    one.say(query('select pg_sleep(60)'))
    await sleep(50)
    abort.abort()
    await closed
    await to[Symbol.asyncDispose]()
    await noBackends()
    expect(told.at(-1)).toBe('1 disconnected')
    await expect(connected(to)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  const run = promisify(execFile)
  test('psql, where there is one', async ({ skip }) => {
    if (
      await run('psql', ['--version']).then(
        () => false,
        () => true,
      )
    )
      skip()
    const to = await start()
    const { port, user, password, certificate } = to.address
    const folder = mkdtempSync(join(tmpdir(), 'pgrehearse-psql-'))
    try {
      const file = (name: string, text: string): string => {
        writeFileSync(join(folder, name), text)
        return join(folder, name)
      }
      const ca = file('ca.pem', certificate)
      const data = file('rows', '1\n2\n')
      const script = file(
        'run.sql',
        `create table ps (id int);\n\\copy ps from '${data}'\ncopy ps from stdin;\n3\n\\.\nselect count(*) from ps;\n`,
      )
      const where = `host=127.0.0.1 port=${port} user=${user} dbname=${database} sslmode=verify-full sslrootcert=${ca} channel_binding=require`
      const { stdout } = await run(
        'psql',
        [where, '-XAt', '-v', 'ON_ERROR_STOP=1', '-1', '-f', script, '-c', '\\d ps'],
        {
          env: { PATH: process.env['PATH'], PGPASSWORD: password },
          timeout: 20_000,
        },
      )
      expect(stdout).toBe('CREATE TABLE\nCOPY 2\nCOPY 1\n3\nid|integer|||\n')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('the server goes', async () => {
    const to = await start()
    const one = await talk(to)
    await one.ask(query('begin'))
    one.say(query('select pg_sleep(60)'))
    await sleep(50)
    await admin.end()
    await server[Symbol.asyncDispose]()
    await to.idle()
    expect(one.isClosed).toBe(true)
    expect(told.slice(-3)).toEqual([
      expect.stringContaining('select pg_sleep(60) -> '),
      '1 rolled back',
      '1 disconnected',
    ])
  })
})
