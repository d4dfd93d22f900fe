import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rules } from '../../rules/index.ts'
import type { Preflight } from '../../src/core/model.ts'
import { judge } from '../../src/judge/judge.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { majors } from '../postgres/servers.ts'
import { predictWithSchema, today } from '../rules/run-example.ts'
import { script } from '../sql/scripts.ts'
import { openMajor } from './servers.ts'

interface Case {
  readonly what: string
  readonly setup: string
  readonly sql: string
  /** Rows that the statement can live with. */
  readonly good: string
  /** Rows on which it fails. */
  readonly bad: string
  readonly since?: number
}

const users = 'CREATE TABLE users (id bigint, tenant int, email text, kind text, active boolean);'
const parents =
  'CREATE TABLE parents (a int, b int, PRIMARY KEY (a, b)); CREATE TABLE items (id int PRIMARY KEY, a int, b int);'

const cases: readonly Case[] = [
  {
    what: 'UNIQUE: NULLs are no duplicates',
    setup: users,
    sql: 'ALTER TABLE users ADD CONSTRAINT one_each UNIQUE (tenant, email)',
    good: `INSERT INTO users (tenant, email) VALUES (1, 'a'), (2, 'a'), (1, NULL), (1, NULL)`,
    bad: `INSERT INTO users (tenant, email) VALUES (1, 'a')`,
  },
  {
    what: 'UNIQUE NULLS NOT DISTINCT',
    setup: users,
    sql: 'ALTER TABLE users ADD UNIQUE NULLS NOT DISTINCT (tenant, email)',
    good: `INSERT INTO users (tenant, email) VALUES (1, 'a'), (1, NULL)`,
    bad: `INSERT INTO users (tenant, email) VALUES (1, NULL)`,
    since: 15,
  },
  {
    what: 'PRIMARY KEY: duplicates',
    setup: users,
    sql: 'ALTER TABLE users ADD PRIMARY KEY (tenant, id)',
    good: `INSERT INTO users (tenant, id) VALUES (1, 1), (1, 2)`,
    bad: `INSERT INTO users (tenant, id) VALUES (1, 2)`,
  },
  {
    what: 'PRIMARY KEY: NULLs',
    setup: users,
    sql: 'ALTER TABLE users ADD PRIMARY KEY (tenant, id)',
    good: `INSERT INTO users (tenant, id) VALUES (1, 1)`,
    bad: `INSERT INTO users (tenant, id) VALUES (NULL, 2)`,
  },
  {
    what: 'PRIMARY KEY USING INDEX',
    setup: `${users} CREATE UNIQUE INDEX users_id_idx ON users (id);`,
    sql: 'ALTER TABLE users ADD PRIMARY KEY USING INDEX users_id_idx',
    good: `INSERT INTO users (id) VALUES (1)`,
    bad: `INSERT INTO users (id) VALUES (NULL)`,
  },
  {
    what: 'an index of expressions with a condition',
    setup: users,
    sql: `CREATE UNIQUE INDEX ON users (lower(email) text_pattern_ops DESC, (coalesce(kind, '-'))) WHERE active OR tenant = 1`,
    good: `INSERT INTO users (email, kind, active) VALUES ('A', NULL, true), ('a', 'k', true), ('a', NULL, false), (NULL, NULL, true), (NULL, NULL, true)`,
    bad: `INSERT INTO users (email, tenant) VALUES ('A', 1)`,
  },
  {
    what: 'NOT NULL, of a name that has to be quoted',
    setup: 'CREATE SCHEMA "Shop"; CREATE TABLE "Shop"."Order Items" ("item No" int, "order" int);',
    sql: 'ALTER TABLE "Shop"."Order Items" ALTER "item No" SET NOT NULL, ALTER "order" SET NOT NULL',
    good: `INSERT INTO "Shop"."Order Items" VALUES (1, 1)`,
    bad: `INSERT INTO "Shop"."Order Items" VALUES (1, NULL)`,
  },
  {
    what: 'a foreign key: a part that is NULL passes',
    setup: parents,
    sql: 'ALTER TABLE items ADD FOREIGN KEY (a, b) REFERENCES parents',
    good: 'INSERT INTO parents VALUES (1, 1); INSERT INTO items VALUES (1, 1, 1), (2, 9, NULL), (3, NULL, NULL)',
    bad: 'INSERT INTO items VALUES (4, 1, 2)',
  },
  {
    what: 'a foreign key that is MATCH FULL',
    setup: parents,
    sql: 'ALTER TABLE items ADD CONSTRAINT whole FOREIGN KEY (a, b) REFERENCES parents (a, b) MATCH FULL',
    good: 'INSERT INTO parents VALUES (1, 1); INSERT INTO items VALUES (1, 1, 1), (3, NULL, NULL)',
    bad: 'INSERT INTO items VALUES (4, 1, NULL)',
  },
  {
    what: 'a foreign key of a table to itself',
    setup: 'CREATE TABLE tree (id int PRIMARY KEY, parent int);',
    sql: 'ALTER TABLE tree ADD CONSTRAINT rooted FOREIGN KEY (parent) REFERENCES tree',
    good: 'INSERT INTO tree VALUES (1, NULL), (2, 1)',
    bad: 'INSERT INTO tree VALUES (3, 7)',
  },
  {
    what: 'a CHECK: NULL passes',
    setup: users,
    sql: `ALTER TABLE users ADD CONSTRAINT sane CHECK (tenant > 0 -- or nobody's
      OR kind = 'none')`,
    good: `INSERT INTO users (tenant, kind) VALUES (1, 'x'), (NULL, 'x'), (-1, 'none'), (-1, NULL)`,
    bad: `INSERT INTO users (tenant, kind) VALUES (0, 'x')`,
  },
  {
    what: 'a CHECK of a domain',
    setup: 'CREATE DOMAIN percent AS numeric; CREATE TABLE rates (id int PRIMARY KEY, a percent, b percent);',
    sql: 'ALTER DOMAIN percent ADD CHECK (VALUE BETWEEN 0 AND 100)',
    good: 'INSERT INTO rates VALUES (1, 5, NULL)',
    bad: 'INSERT INTO rates VALUES (2, 5, 101)',
  },
  {
    what: 'an exclusion constraint with a condition',
    setup: 'CREATE TABLE bookings (room int, during int4range, state text);',
    sql: `ALTER TABLE bookings ADD CONSTRAINT once EXCLUDE USING gist (int4range(room, room, '[]') WITH &&, during WITH &&) WHERE (state <> 'gone')`,
    good: `INSERT INTO bookings VALUES (1, '[1,5)', 'on'), (1, '[5,9)', 'on'), (2, '[1,9)', 'on'), (1, '[1,9)', 'gone'), (1, NULL, 'on')`,
    bad: `INSERT INTO bookings VALUES (1, '[8,10)', 'on')`,
  },
  {
    what: 'a partition of a range',
    setup: `CREATE TABLE days (at date, n int) PARTITION BY RANGE (at); CREATE TABLE days_2025 (LIKE days);`,
    sql: `ALTER TABLE days ATTACH PARTITION days_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')`,
    good: `INSERT INTO days_2025 VALUES ('2025-01-01', 1)`,
    bad: `INSERT INTO days_2025 VALUES (NULL, 1)`,
  },
  {
    what: 'a partition of a list',
    setup: `CREATE TABLE shops (land text, n int) PARTITION BY LIST (land); CREATE TABLE shops_dach (LIKE shops);`,
    sql: `ALTER TABLE shops ATTACH PARTITION shops_dach FOR VALUES IN ('de', 'at', 'ch')`,
    good: `INSERT INTO shops_dach VALUES ('de', 1)`,
    bad: `INSERT INTO shops_dach VALUES ('fr', 1)`,
  },
  {
    what: 'a partition whose rows are in the default one',
    setup: `CREATE TABLE days (at date, n int) PARTITION BY RANGE (at); CREATE TABLE other_days PARTITION OF days DEFAULT;`,
    sql: `CREATE TABLE days_2026 PARTITION OF days FOR VALUES FROM ('2026-01-01') TO (MAXVALUE)`,
    good: `INSERT INTO days VALUES ('2025-12-31', 1), (NULL, 1)`,
    bad: `INSERT INTO days VALUES ('2026-01-01', 1)`,
  },
  {
    what: 'a required column',
    setup: users,
    sql: 'ALTER TABLE users ADD COLUMN name text NOT NULL',
    good: '',
    bad: 'INSERT INTO users DEFAULT VALUES',
  },
]

describe.each(majors)('on PostgreSQL %i', (major) => {
  let server: PostgresServer
  let client: Client
  beforeAll(async () => {
    await loadParser()
    server = await openMajor(major as 14 | 18)
    client = await server.connectMigrator(await server.createDatabase())
  })
  afterAll(async () => {
    await client.end()
    await server[Symbol.asyncDispose]()
  })

  test.each(cases.filter(({ since = 0 }) => since <= major))(
    '$what: rows are listed when the change fails on them, and only then',
    async ({ setup, sql, good, bad }) => {
      const questions = preflights(setup, sql)
      expect(questions).not.toEqual([])
      await client.query('BEGIN')
      try {
        await client.query(`${setup}; ${good}`)
        expect(await answers(questions)).toEqual([])
        await client.query('SAVEPOINT change')
        await client.query(sql)
        await client.query('ROLLBACK TO change')
        await client.query(bad)
        expect(await answers(questions)).not.toEqual([])
        await expect(client.query(sql)).rejects.toThrow(/./)
      } finally {
        await client.query('ROLLBACK')
      }
    },
  )

  async function answers(questions: readonly Preflight[]): Promise<readonly unknown[]> {
    const found: unknown[] = []
    for (const { sql } of questions) {
      // read only, so that one that writes fails
      await client.query('SAVEPOINT question; SET LOCAL transaction_read_only = on')
      found.push(...(await client.query(sql)).rows)
      await client.query('ROLLBACK TO question')
    }
    return found
  }
})

/** What the findings on the statement ask. */
function preflights(setup: string, sql: string): readonly Preflight[] {
  const [history = [], review = []] = [setup, sql].map((text) =>
    layOutTransactions([parseScript(script(text, 'statement'))], false),
  )
  const { results, schema } = predictWithSchema(history, review)
  const { findings } = judge({
    migrations: results,
    rules,
    today,
    ...(schema === undefined ? {} : { schema }),
  })
  return findings.flatMap(({ preflight = [] }) => preflight)
}
