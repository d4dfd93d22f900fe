import type { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { SchemaCatalogs, Statement } from '../../src/core/model.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { batchedStatement } from '../../src/sql/batched-statement.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { majors } from '../postgres/servers.ts'
import { script } from '../sql/scripts.ts'
import { openMajor } from './servers.ts'

interface Case {
  readonly what: string
  readonly create: string
  readonly sql: string
  readonly key?: readonly string[]
  readonly kind?: string
  /** Types by column. */
  readonly types?: Readonly<Record<string, string>>
}

const rows = 3000

const cases: readonly Case[] = [
  {
    what: 'an UPDATE of everything, by key',
    create: `CREATE TABLE t (id bigint PRIMARY KEY, nick text);
             INSERT INTO t SELECT n * 7, CASE WHEN n % 3 = 0 THEN 'x' END FROM generate_series(1, ${rows}) n`,
    sql: 'UPDATE t SET nick = 1',
    key: ['id'],
    types: { id: 'bigint', nick: 'text' },
  },
  {
    what: 'a key of several columns, text and uuid',
    create: `CREATE TABLE t (place text COLLATE "C", token uuid, state text, note varchar(4), PRIMARY KEY (place, token));
             INSERT INTO t SELECT 'P' || n % 5, md5(n::text)::uuid, 'new' FROM generate_series(1, ${rows}) n`,
    sql: `UPDATE t AS x SET state = 'old', note = left(x.place, 1) || 1 WHERE x.state = 'new' AND x.place <> 'P3'`,
    key: ['place', 'token'],
    types: { place: 'text', token: 'uuid', state: 'text', note: 'character varying(4)' },
  },
  {
    what: 'a join, by key',
    create: `CREATE TABLE names (id int PRIMARY KEY, name text);
             INSERT INTO names SELECT n, 'n' || n FROM generate_series(1, 100) n;
             CREATE TABLE t (id int PRIMARY KEY, who int, name text);
             INSERT INTO t SELECT n, n % 120 FROM generate_series(1, ${rows}) n`,
    sql: 'UPDATE t SET name = names.name FROM names WHERE names.id = t.who',
    key: ['id'],
  },
  {
    what: 'a value that counts on from itself, once',
    create: `CREATE TABLE t (id int PRIMARY KEY, visits int NOT NULL DEFAULT 0, token uuid);
             INSERT INTO t SELECT n FROM generate_series(1, ${rows}) n`,
    sql: `UPDATE t SET token = '00000000-0000-0000-0000-000000000001', visits = visits + 1 WHERE token IS NULL AND id % 7 <> 0`,
    key: ['id'],
  },
  {
    what: 'no key',
    create: `CREATE TABLE t (id int, state text) WITH (fillfactor = 50);
             INSERT INTO t SELECT n, 'new' FROM generate_series(1, ${rows}) n`,
    sql: `UPDATE t SET state = 'old' WHERE id % 5 <> 0`,
  },
  {
    what: 'json, which nothing equals',
    create: `CREATE TABLE t (id int, state json);
             INSERT INTO t SELECT n, '{"a": 1}' FROM generate_series(1, ${rows}) n`,
    sql: `UPDATE t SET state = '{"b": 2}'`,
    types: { id: 'integer', state: 'json' },
  },
  {
    what: 'a DELETE from a partitioned table without a key',
    create: `CREATE TABLE t (at date, line text) PARTITION BY RANGE (at);
             CREATE TABLE t1 PARTITION OF t FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
             CREATE TABLE t2 PARTITION OF t DEFAULT;
             INSERT INTO t SELECT '2026-01-01'::date + n % 60, n FROM generate_series(1, ${rows}) n`,
    sql: `DELETE FROM t WHERE line LIKE '%1%'`,
    kind: 'partitioned table',
  },
  {
    what: 'a DELETE that joins, from a partitioned table with a key',
    create: `CREATE TABLE gone (id int); INSERT INTO gone SELECT n * 2 FROM generate_series(1, ${rows}) n;
             CREATE TABLE t (at date, id int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
             CREATE TABLE t1 PARTITION OF t FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
             CREATE TABLE t2 PARTITION OF t DEFAULT;
             INSERT INTO t SELECT '2026-01-01'::date + n % 60, n FROM generate_series(1, ${rows}) n`,
    sql: 'DELETE FROM t USING gone WHERE gone.id = t.id',
    kind: 'partitioned table',
    key: ['id', 'at'],
  },
]

describe.each(majors)('on PostgreSQL %i', (major) => {
  let server: PostgresServer
  let database: string
  let client: Client
  beforeAll(async () => {
    await loadParser()
    server = await openMajor(major as 14 | 18)
  })
  beforeEach(async () => {
    database = await server.createDatabase()
    client = await server.connectMigrator(database)
    return async () => {
      await client.end()
      await server.dropDatabase(database)
    }
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test.each(cases)('$what: all rows, also after it was stopped, and not twice', async (one) => {
    await client.query(one.create)
    const before = await contents()
    const expected = await afterOriginal(one.sql)
    expect(expected).not.toEqual(before)
    const batches = scriptOf(one)
    await stopAtRow(1234, one.sql)
    await expect(client.query(batches)).rejects.toThrow('canceling statement due to user request')
    await client.query('DROP TRIGGER stop ON t')
    const left = leftOf(await contents(), expected)
    expect(left).toBeGreaterThan(0)
    expect(left, 'what was committed before stays').toBeLessThan(leftOf(before, expected))
    await client.query(batches)
    expect(await contents()).toEqual(expected)
    const versions = await rowVersions()
    await client.query(batches)
    expect(await rowVersions(), 'a second run writes nothing').toEqual(versions)
  })

  test('rows that come meanwhile are not waited for', async () => {
    await client.query(cases[0]?.create ?? '')
    await client.query(`
      CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO t SELECT max(id) + 1, '1' FROM t; RETURN NULL; END $$;
      CREATE TRIGGER more AFTER UPDATE ON t FOR EACH STATEMENT EXECUTE FUNCTION more()`)
    await client.query(scriptOf(cases[0] as Case))
    const { rows: found } = await client.query(
      `SELECT count(*) FILTER (WHERE nick IS DISTINCT FROM '1')::int FROM t`,
    )
    expect(found).toEqual([{ count: 0 }])
  })

  async function afterOriginal(sql: string): Promise<readonly string[]> {
    await client.query('BEGIN')
    await client.query(sql)
    const after = await contents()
    await client.query('ROLLBACK')
    return after
  }

  async function contents(): Promise<readonly string[]> {
    const { rows: found } = await client.query<{ row: string }>('SELECT t::text AS row FROM t ORDER BY 1')
    return found.map(({ row }) => row)
  }

  async function rowVersions(): Promise<readonly unknown[]> {
    return (await client.query('SELECT tableoid, ctid, xmin FROM t ORDER BY 1, 2')).rows
  }

  async function stopAtRow(count: number, sql: string): Promise<void> {
    await client.query(`
      CREATE SEQUENCE rows_seen;
      CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF nextval('rows_seen') = ${count} THEN PERFORM pg_cancel_backend(pg_backend_pid()), pg_sleep(10); END IF;
        RETURN coalesce(NEW, OLD);
      END $$;
      CREATE TRIGGER stop BEFORE ${sql.slice(0, 6)} ON t FOR EACH ROW EXECUTE FUNCTION stop()`)
  }
})

/** How many rows are not yet as they will be. */
function leftOf(found: readonly string[], expected: readonly string[]): number {
  const done = new Set(expected)
  return found.filter((row) => !done.has(row)).length
}

/** The script with batches that are small enough for a test. */
function scriptOf({ sql, key, kind = 'table', types }: Case): string {
  const [migration] = layOutTransactions([parseScript(script(sql, 'statement'))], false)
  const batches = batchedStatement(
    migration?.statements[0] as Statement,
    { kind, schema: 'public', name: 't' },
    catalogs(key, types),
  )
  if (batches === undefined) throw new Error(`not split: ${sql}`)
  return batches.replaceAll('LIMIT 10000', 'LIMIT 250').replace(':= 1000', ':= 3').replace('(1000 /', '(3 /')
}

function catalogs(
  key: readonly string[] = [],
  types: Readonly<Record<string, string>> = {},
): SchemaCatalogs | undefined {
  const columns = Object.entries(types).map(([name, type], index) => ({
    name,
    type,
    number: index + 1,
    notNull: key.includes(name),
  }))
  const primary = {
    name: 't_pkey',
    kind: 'primary key' as const,
    columns: key,
    isValidated: true,
    isEnforced: true,
    isInherited: false,
  }
  if (key.length === 0 && columns.length === 0) return undefined
  const constraints = key.length === 0 ? [] : [primary]
  const table = {
    id: 1,
    schema: 'public',
    name: 't',
    kind: 'table' as const,
    columns,
    constraints,
    indexes: [],
  }
  return { before: { tables: [table] }, after: { tables: [table] }, evidence: 'measured' }
}
