/** Two sessions on a real server: where the rule sees a deadlock Postgres ends one of them, and where not both commit. */
import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applicationTransactions } from '../../src/application-transactions.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { lockInversions } from '../../src/rule.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { predictMigrations } from '../rules/run-example.ts'
import { majors, openMajor } from './servers.ts'
import { script } from '../sql/scripts.ts'

const setup = `
CREATE TABLE audits (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
CREATE TABLE payments (id bigint PRIMARY KEY, order_id bigint, note text);`

const writeOrders = "UPDATE orders SET note = 'a' WHERE id = 1"
const writePayments = "UPDATE payments SET note = 'a' WHERE id = 1"
const foreignKey = 'ALTER TABLE payments ADD FOREIGN KEY (order_id) REFERENCES orders NOT VALID'

interface Scenario {
  readonly title: string
  readonly migration: readonly string[]
  readonly application: readonly string[]
  readonly deadlocks: boolean
}

const scenarios: readonly Scenario[] = [
  {
    title: 'a foreign key against the order of the application',
    migration: [foreignKey],
    application: [writeOrders, writePayments],
    deadlocks: true,
  },
  {
    title: 'a foreign key in the order of the application',
    migration: [foreignKey],
    application: [writePayments, writeOrders],
    deadlocks: false,
  },
  {
    title: 'a foreign key, and an application that only reads',
    migration: [foreignKey],
    application: ['SELECT * FROM orders', 'SELECT * FROM payments'],
    deadlocks: false,
  },
  {
    title: 'two tables, one after the other',
    migration: ['ALTER TABLE payments ADD COLUMN a int', 'ALTER TABLE orders ADD COLUMN a int'],
    application: ['SELECT * FROM orders', 'SELECT * FROM payments'],
    deadlocks: true,
  },
  {
    title: 'a table that both lock first',
    migration: ['LOCK TABLE audits IN SHARE MODE', foreignKey],
    application: ['INSERT INTO audits VALUES (1)', writeOrders, writePayments],
    deadlocks: false,
  },
  {
    title: 'a lock that grows',
    migration: [foreignKey],
    application: ['SELECT * FROM payments', writeOrders, writePayments],
    deadlocks: true,
  },
]

beforeAll(loadParser)

test.each(scenarios)('$title: what the rule says', ({ migration, application, deadlocks }) => {
  const [history = [], review = []] = [setup, migration.join(';\n')].map((text) =>
    layOutTransactions([parseScript(script(text, 'file'))], false),
  )
  const config = { transactions: [{ name: 'checkout', statements: [...application] }] }
  const declared = applicationTransactions(config, { history, settings: {}, timeZone: 'UTC' })
  const statements = predictMigrations(history, review).flatMap((result) => result.statements)
  expect(lockInversions({ number: 0, statements }, declared)).toHaveLength(deadlocks ? 1 : 0)
})

describe.each(majors)('on PostgreSQL %i', (major) => {
  let server: PostgresServer
  let database: string
  let sessions: readonly [Client, Client]
  beforeAll(async () => {
    server = await openMajor(major)
    database = await server.createDatabase()
    sessions = [await server.connectAdmin(database), await server.connectAdmin(database)]
    for (const session of sessions) {
      await session.query("SET search_path = public; SET deadlock_timeout = '20ms'; SET lock_timeout = '20s'")
    }
    await sessions[0].query(setup)
  })
  afterAll(async () => {
    for (const session of sessions) await session.end()
    await server[Symbol.asyncDispose]()
  })

  test.each(scenarios)('$title', async ({ migration, application, deadlocks }) => {
    expect(await meet(sessions, migration, application)).toEqual(deadlocks ? ['40P01'] : [])
  })
})

/** The application's first statements, then all of the migration until it waits, then the application's last. */
async function meet(
  [first, second]: readonly [Client, Client],
  migration: readonly string[],
  application: readonly string[],
): Promise<readonly string[]> {
  await first.query('BEGIN')
  for (const sql of application.slice(0, -1)) await first.query(sql)
  const migrated = codeOf(second.query(['BEGIN', ...migration].join(';')))
  await untilWaiting(first)
  const code = await codeOf(first.query(application.at(-1) ?? ''))
  await first.query('ROLLBACK')
  const other = await migrated
  await second.query('ROLLBACK')
  return [code, other].filter((known) => known !== undefined)
}

async function codeOf(query: Promise<unknown>): Promise<string | undefined> {
  try {
    await query
    return undefined
  } catch (error) {
    return (error as { readonly code?: string }).code
  }
}

/** Or until there is nothing to wait for. */
async function untilWaiting(session: Client): Promise<void> {
  const endsAt = performance.now() + 10_000
  while (performance.now() < endsAt) {
    // within a transaction pg_stat_activity stays what it was when first looked at
    await session.query('SELECT pg_catalog.pg_stat_clear_snapshot()')
    const { rows } = await session.query<{ settled: boolean }>(
      `SELECT wait_event_type = 'Lock' OR state LIKE 'idle%' AS settled FROM pg_catalog.pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
       AND query LIKE 'BEGIN;%'`,
    )
    if (rows[0]?.settled === true) return
  }
  throw new Error('the migration neither waits nor ends')
}
