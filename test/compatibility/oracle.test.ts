import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkCompatibility } from '../../src/compatibility/check-compatibility.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import type { QueryStage } from '../../src/replay/query-stage.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { majors, openMajor } from '../replay/servers.ts'
import { reviewed, withStage } from './laboratory.ts'

const setup = `
  CREATE DOMAIN code AS text CHECK (VALUE <> '');
  CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, name varchar(20), code code DEFAULT 'x');
  CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, status text NOT NULL DEFAULT 'new', total numeric(10,2));
  CREATE UNIQUE INDEX orders_user_status ON orders (user_id, status);
  CREATE VIEW list AS SELECT id, status FROM orders;
  CREATE FUNCTION fee(bigint) RETURNS numeric LANGUAGE sql STABLE AS 'select 5::numeric';
  INSERT INTO users VALUES (1, 'a@b', 'Ann'); INSERT INTO orders VALUES (1, 1, 'paid', 2);
`

/** With values that work on the old schema. */
const queries: Readonly<Record<string, { readonly sql: string; readonly values?: readonly unknown[] }>> = {
  star: { sql: 'SELECT * FROM users WHERE id = $1', values: [1] },
  nameOnly: { sql: 'SELECT name FROM users WHERE id = $1', values: [1] },
  codeOnly: { sql: 'SELECT code FROM users' },
  expression: {
    sql: "SELECT coalesce(name, '') AS n, total * 2 AS t FROM users JOIN orders ON user_id = users.id",
  },
  total: { sql: 'SELECT total FROM orders' },
  view: { sql: 'SELECT * FROM list' },
  fee: { sql: 'SELECT fee(id) FROM orders' },
  count: { sql: 'SELECT count(*) FROM users' },
  addUser: { sql: 'INSERT INTO users (id, email) VALUES ($1, $2)', values: [7, 'x'] },
  addUserStar: {
    sql: 'INSERT INTO users (id, email, name) VALUES ($1, $2, $3) RETURNING *',
    values: [8, 'x', 'y'],
  },
  addOrder: { sql: 'INSERT INTO orders (id, user_id) VALUES ($1, $2)', values: [9, 9] },
  upsert: {
    sql: 'INSERT INTO orders (id, user_id, status) VALUES ($1, $2, $3) ON CONFLICT (user_id, status) DO NOTHING',
    values: [1, 1, 'paid'],
  },
  update: { sql: 'UPDATE orders SET status = $1 WHERE id = $2', values: ['sent', 1] },
  deleteStar: { sql: 'DELETE FROM orders WHERE id = $1 RETURNING *', values: [1] },
}

const migrations: Readonly<Record<string, string>> = {
  'a column':
    'ALTER TABLE users ADD COLUMN city text; CREATE OR REPLACE VIEW list AS SELECT id, status, total FROM orders;',
  'a required column':
    "ALTER TABLE users ADD COLUMN city text; UPDATE users SET city = ''; ALTER TABLE users ALTER city SET NOT NULL;",
  'other types': `ALTER TABLE users ALTER COLUMN name TYPE varchar(60); ALTER TABLE orders ALTER COLUMN total TYPE numeric(12,4);
    DROP FUNCTION fee(bigint); CREATE FUNCTION fee(bigint) RETURNS text LANGUAGE sql AS $$ select null::text $$;`,
  'another collation': 'ALTER TABLE users ALTER COLUMN name TYPE varchar(20) COLLATE "C";',
  'a domain less': `ALTER TABLE users ALTER COLUMN code TYPE text;
    DROP VIEW list; CREATE VIEW list AS SELECT id, status FROM orders WHERE id > 0;`,
  'less to rely on': 'ALTER TABLE orders ALTER COLUMN status DROP DEFAULT; DROP INDEX orders_user_status;',
  'another name': 'ALTER TABLE users RENAME COLUMN name TO full_name;',
  'nothing that counts':
    'ALTER TABLE users ALTER COLUMN name SET DEFAULT 1; CREATE INDEX ON users (name); COMMENT ON TABLE users IS $$x$$;',
}

/** What really happens to a session that prepared everything before: `0A000` and other SQLSTATEs by query. */
async function executed(stage: QueryStage): Promise<Readonly<Record<string, string>>> {
  const database = await stage.copyBefore()
  const client = await stage.server.connectMigrator(database)
  try {
    for (const [name] of Object.entries(queries)) expect(await run(client, name)).toBe('works')
    expect(await stage.apply(database, stage.review)).toEqual([])
    const outcomes: Record<string, string> = {}
    for (const name of Object.keys(queries)) outcomes[name] = await run(client, name)
    return outcomes
  } finally {
    await client.end()
    await stage.server.dropDatabase(database)
  }
}

/** Leaves no row behind. */
async function run(client: Client, name: string): Promise<string> {
  const { sql, values = [] } = queries[name] ?? { sql: '' }
  await client.query('begin')
  try {
    // a name makes pg keep it prepared
    await client.query({ name, text: sql, values: [...values] })
    return 'works'
  } catch (error) {
    return String((error as { code?: unknown }).code)
  } finally {
    await client.query('rollback')
  }
}

describe.each(majors)('on PostgreSQL %i', (major) => {
  let server: PostgresServer
  beforeAll(async () => {
    await loadParser()
    server = await openMajor(major)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test.each(Object.keys(migrations))('a session that goes on sees what was found: %s', async (title) => {
    await withStage(server, { setup, review: [migrations[title] ?? ''] }, async (stage) => {
      const texts = Object.fromEntries(Object.entries(queries).map(([name, { sql }]) => [name, sql]))
      const { results } = await checkCompatibility(stage, reviewed(texts), {
        budgetMs: 60_000,
        progress: () => {},
      })
      const outcomes = await executed(stage)
      const found = Object.fromEntries(
        [...results].map(([id, { effects, notCheckable }]) => {
          const broken = effects.find((effect) => effect.kind === 'break')
          const isStale = effects.some(({ kind }) => kind === 'cached plan')
          // the session that goes on stumbles over its plan first
          if (broken?.evidence === 'derived' && outcomes[id] === '0A000') return [id, '0A000']
          return [id, notCheckable ?? broken?.sqlstate ?? (isStale ? '0A000' : 'works')]
        }),
      )
      expect(found).toEqual(outcomes)
    })
  })
})
