import { describe, expect, it } from 'vitest'
import type { TableFacts } from '../../src/core/production.ts'
import { factsOfSnapshot } from '../../src/production/from-snapshot.ts'
import type { Snapshot } from '../../src/snapshot/format.ts'
import { snapshot, statements, table } from './snapshot-file.ts'

function read(content: Snapshot) {
  return factsOfSnapshot(JSON.stringify(content), 'db/production.json')
}

async function tableOf(content: Snapshot, name: string, schema = 'public'): Promise<TableFacts | undefined> {
  const { tables } = await read(content)
  return tables.find((one) => one.schema === schema && one.name === name)
}

const column = { name: 'a', nullFraction: 0, distinct: -1, width: 8 }

const activity = { sequentialScans: 1, indexScans: 4, inserted: 1, updated: 2, deleted: 3 }

describe('the tables of a snapshot', () => {
  it('have rows, bytes, indexes, and columns without values', async () => {
    const values = { mostCommon: '{secret}', frequencies: [0.5] }
    const index = { name: 'users_pkey', method: 'btree', rows: 1000, pages: 5, bytes: 40_960 }
    const users = table('users', {
      toastBytes: 81_920,
      indexes: [index],
      columns: [{ ...column, correlation: 0.5, values }],
    })
    expect(await tableOf(snapshot({ tables: [users], containsValues: true }), 'users')).toEqual({
      schema: 'public',
      name: 'users',
      rows: 1000,
      heapBytes: 81_920,
      toastBytes: 81_920,
      indexes: [{ name: 'users_pkey', bytes: 40_960 }],
      columns: [{ ...column, correlation: 0.5 }],
      from: 'snapshot',
    })
  })

  it('are estimated from bytes and widths when nobody counted, and left out without those', async () => {
    const tables = [
      table('estimated', { rows: null, bytes: 8192 * 1000, columns: [column] }),
      table('empty', { rows: null, bytes: 0 }),
      table('unknown', { rows: null }),
      table('unreadable', { rows: null, bytes: null, pages: null, columns: [column] }),
    ]
    const facts = await read(snapshot({ tables }))
    // 8168 bytes of a page hold 226 rows of 36 bytes
    expect(facts.tables.map(({ name, rows }) => [name, rows])).toEqual([
      ['estimated', 226_889],
      ['empty', 0],
    ])
  })

  it('are as large as their running count says, where they were filled after the last ANALYZE', async () => {
    const index = { name: 'i', method: 'btree', rows: 10, pages: 1, bytes: 8192 }
    const tables = [
      table('filled', { live: 1e6, toastBytes: 81_920, indexes: [index] }),
      table('from_nothing', { rows: 0, bytes: 0, pages: 0, live: 1e6, indexes: [index] }),
      table('usual', { live: 1100 }),
      table('few', { rows: 10, live: 900 }),
      table('reset', { rows: 1e6, live: 5 }),
    ]
    const { tables: facts } = await read(snapshot({ tables }))
    expect(facts.map(({ name, rows, heapBytes }) => [name, rows, heapBytes])).toEqual([
      ['filled', 1e6, 81_920_000],
      ['from_nothing', 1e6, undefined],
      ['usual', 1000, 81_920],
      ['few', 10, 81_920],
      ['reset', 1e6, 81_920],
    ])
    expect(facts[0]).toMatchObject({ toastBytes: 81_920_000, indexes: [{ bytes: 8_192_000 }] })
    expect(facts[1]).not.toHaveProperty('indexes')
  })

  it('are each there once', async () => {
    // what a merge of two snapshots may leave: which one is right nobody knows
    const tables = [table('users', { rows: 1e9 }), table('users')]
    await expect(read(snapshot({ tables }))).rejects.toThrow(
      'db/production.json lists the table "public.users" twice.',
    )
    const schemas = [table('users'), table('users', { schema: 'archive' })]
    expect((await read(snapshot({ tables: schemas }))).tables).toHaveLength(2)
  })

  it('have the index sizes only when all are known', async () => {
    const known = { name: 'a', method: 'btree', rows: 1, pages: 1, bytes: 8192 }
    const tables = [table('users', { indexes: [known, { ...known, name: 'b', pages: null, bytes: null }] })]
    expect(await tableOf(snapshot({ tables }), 'users')).not.toHaveProperty('indexes')
  })
})

describe('partitioned tables', () => {
  const parent = (name: string, more = {}) =>
    table(name, { kind: 'partitioned table', rows: null, pages: 0, bytes: 0, ...more })
  const partition = (name: string, of: string, more = {}) =>
    table(name, { partitionOf: { schema: 'public', name: of }, ...more })

  it('are the sum of their leaves, through all levels', async () => {
    const index = { name: 'i', method: 'btree', rows: 1, pages: 1, bytes: 8192 }
    const tables = [
      parent('events'),
      partition('events_1', 'events', { toastBytes: 8192, indexes: [index], rates: activity }),
      parent('events_2', { partitionOf: { schema: 'public', name: 'events' } }),
      partition('events_2_1', 'events_2', {
        rows: 5,
        toastBytes: 81_920,
        indexes: [index],
        columns: [column],
      }),
      partition('events_2_2', 'events_2', {
        rows: 3000,
        rates: activity,
        columns: [{ ...column, width: 4 }],
      }),
    ]
    expect(await tableOf(snapshot({ tables }), 'events')).toEqual({
      schema: 'public',
      name: 'events',
      rows: 4005,
      heapBytes: 3 * 81_920,
      toastBytes: 81_920,
      indexes: [
        { name: 'i', bytes: 8192 },
        { name: 'i', bytes: 8192 },
      ],
      columns: [{ ...column, width: 4 }],
      rates: { reads: 10, writes: 12, from: 'scans and rows' },
      from: 'snapshot',
    })
    expect(await tableOf(snapshot({ tables }), 'events_2')).toMatchObject({ rows: 3005 })
  })

  it('have the count of their own ANALYZE when a leaf is unknown, and no bytes', async () => {
    const tables = [
      parent('events', { rows: 7000 }),
      partition('events_1', 'events'),
      partition('events_2', 'events', { rows: null }),
    ]
    const facts = await tableOf(snapshot({ tables }), 'events')
    expect(facts).toMatchObject({ rows: 7000 })
    expect(facts).not.toHaveProperty('heapBytes')
    tables[0] = parent('events')
    expect(await tableOf(snapshot({ tables }), 'events')).toBeUndefined()
  })

  it('of a circle, or of thousands of levels, have no size that is known', async () => {
    const levels = (count: number, last: string) =>
      Array.from({ length: count }, (_, at) =>
        table(`level${at}`, {
          kind: 'partitioned table',
          rows: null,
          bytes: 0,
          partitionOf: { schema: 'public', name: at + 1 < count ? `level${at + 1}` : last },
        }),
      )
    const leaf = table('leaf', { rows: 7, partitionOf: { schema: 'public', name: 'level0' } })
    const names = async (tables: readonly ReturnType<typeof table>[]) =>
      (await read(snapshot({ tables: [...tables] }))).tables.map(({ name, rows }) => [name, rows])
    expect(await names([...levels(2, 'level0'), leaf])).toEqual([['leaf', 7]])
    expect(await names([...levels(3, 'nothing'), leaf])).toEqual([
      ['level0', 7],
      ['level1', 7],
      ['level2', 7],
      ['leaf', 7],
    ])
    // minutes, if each read all that is below it
    expect(await names(levels(20_000, 'level0'))).toEqual([])
  })

  it('have no rates when the counters have just begun', async () => {
    const tables = [table('orders', { rates: activity })]
    const ratesSince = async (since: string) => {
      const statistics = { since, sinceFrom: 'start of the server' as const }
      return (await tableOf(snapshot({ tables, statistics }), 'orders'))?.rates
    }
    expect(await ratesSince('2026-10-31T23:10:00Z')).toBeUndefined()
    expect(await ratesSince('2026-10-31T22:50:00Z')).toMatchObject({ from: 'scans and rows' })
  })

  it('have the statements that name them or a partition', async () => {
    const tables = [parent('events'), partition('events_1', 'events', { rates: activity })]
    const content = snapshot({
      tables,
      statements: statements({ 'SELECT * FROM events': 5, 'INSERT INTO events_1 VALUES ($1)': 2 }),
    })
    expect((await tableOf(content, 'events'))?.rates).toEqual({ reads: 5, writes: 2, from: 'statements' })
    expect((await tableOf(content, 'events_1'))?.rates).toMatchObject({ from: 'scans and rows' })
  })
})

describe('the statements of a snapshot', () => {
  it('are handed on as they stand in the file', async () => {
    const { statements: found } = await read(snapshot({ statements: statements({ 'SELECT $1': 5 }) }))
    expect(found).toEqual([{ sql: 'SELECT $1', callsPerSecond: 5, meanMs: 1, rowsPerCall: 1 }])
  })

  it('are not known without pg_stat_statements', async () => {
    expect(await read(snapshot({ statements: null }))).not.toHaveProperty('statements')
  })
})

describe('how often a table is used', () => {
  const rates = async (calls: Readonly<Record<string, number>>, more = {}) => {
    const tables = [
      table('users', { rates: activity, ...more }),
      table('orders'),
      table('users', { schema: 'billing' }),
      table('logs', { schema: 'a' }),
      table('logs', { schema: 'b' }),
      table('audit', { schema: 'c' }),
    ]
    const facts = await read(snapshot({ tables, statements: statements(calls) }))
    return Object.fromEntries(
      facts.tables.flatMap(({ schema, name, rates: found }) =>
        found === undefined ? [] : [[`${schema}.${name}`, found]],
      ),
    )
  }

  it('comes from statements: who writes to it, and who only reads it', async () => {
    expect(
      await rates({
        'SELECT * FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = $1': 10,
        'UPDATE users SET n = (SELECT count(*) FROM users) WHERE id = $1': 3,
        'WITH gone AS (DELETE FROM orders RETURNING *) INSERT INTO audit SELECT * FROM gone': 2,
        'SELECT * FROM billing.users FOR UPDATE': 1,
        'MERGE INTO users USING orders ON true WHEN MATCHED THEN DELETE': 0.5,
      }),
    ).toEqual({
      'public.users': { reads: 10, writes: 3.5, from: 'statements' },
      'public.orders': { reads: 10.5, writes: 2, from: 'statements' },
      'c.audit': { reads: 0, writes: 2, from: 'statements' },
      'billing.users': { reads: 1, writes: 0, from: 'statements' },
    })
  })

  it('leaves out what nobody can read', async () => {
    const deep = `SELECT * FROM orders WHERE ${'NOT '.repeat(4900)}a`
    expect(
      await rates({ [deep]: 9, 'SELECT FROM WHERE orders': 9, 'SELECT * FROM orders': 1 }),
    ).toMatchObject({
      'public.orders': { reads: 1, writes: 0 },
    })
  })

  it('comes from the counters where no statement names it, or a name that several tables have', async () => {
    expect(await rates({ 'SELECT * FROM logs': 10, 'SELECT * FROM nowhere': 5 })).toEqual({
      'public.users': { reads: 5, writes: 6, from: 'scans and rows' },
    })
  })
})

describe('the server of a snapshot', () => {
  it('has settings, standbys and slots', async () => {
    const standby = { name: 'a', state: 'streaming', sync: 'async', lagBytes: null, lagMs: null }
    const facts = await read(
      snapshot({
        settings: { shared_buffers: 1_073_741_824, max_connections: 200, TimeZone: 'Europe/Berlin', x: true },
        replication: {
          standbys: [standby, { ...standby, state: 'backup' }],
          slots: [{ name: 's', type: 'logical', active: true, retainedBytes: 0 }],
        },
      }),
    )
    expect(facts).toMatchObject({
      settings: { sharedBuffersBytes: 1_073_741_824, maxConnections: 200, timeZone: 'Europe/Berlin' },
      replication: { standbys: 1, slots: 1 },
      serverVersion: '16.3',
      takenAt: '2026-11-01T00:00:00Z',
      limits: [],
    })
  })

  it('is a standby itself', async () => {
    const base = snapshot()
    const facts = await read({ ...base, server: { ...base.server, standby: true } })
    expect(facts.replication).toEqual({ standbys: 1, slots: 0 })
  })

  it('says what it could not read', async () => {
    const facts = await read(
      snapshot({
        notRead: [{ what: 'the sizes of tables', remedy: 'Grant pg_monitor.' }, { what: 'slots.' }],
      }),
    )
    expect(facts.limits).toEqual([
      {
        code: 'snapshot-incomplete',
        message: 'The snapshot db/production.json could not read: the sizes of tables; slots.',
        hint: 'Grant pg_monitor.',
      },
    ])
  })
})
