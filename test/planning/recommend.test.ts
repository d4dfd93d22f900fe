import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TableFacts } from '../../src/core/production.ts'
import type { IndexAdvice } from '../../src/core/query-model.ts'
import { adviseIndex } from '../../src/planning/recommend.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { majors } from '../postgres/servers.ts'
import { openTrialCopy, queryOf, type TrialCopy } from './trial-copy.ts'

const history = `
create extension if not exists pg_trgm;
create table customers (id bigint primary key, email text not null, country text not null);
create table orders (
  id bigint primary key, customer_id integer not null, status text not null, created_at timestamptz not null,
  sku varchar(20) not null, note text not null, tags text[] not null, payload jsonb not null
);
create index orders_created_idx on orders (created_at);
create table "Odd Orders" (id bigint primary key, "Customer Id" integer not null, "select" integer not null);
create table events (id bigint not null, occurred_at timestamptz not null, customer_id integer not null) partition by range (occurred_at);
create table events_a partition of events for values from ('2026-01-01') to ('2026-07-01');
create table events_b partition of events for values from ('2026-07-01') to ('2027-01-01');
`

function table(name: string, rows: number, columns: Readonly<Record<string, number>>): TableFacts {
  return {
    schema: 'public',
    name,
    rows,
    heapBytes: rows * 100,
    columns: Object.entries(columns).map(([column, distinct]) => ({
      name: column,
      nullFraction: 0,
      distinct,
      width: 8,
      correlation: 0.1,
    })),
    from: 'snapshot',
  }
}

const tables: readonly TableFacts[] = [
  table('customers', 200_000, { id: -1, email: -1, country: 50 }),
  table('orders', 2_000_000, {
    id: -1,
    customer_id: 1000,
    status: 5,
    created_at: -1,
    sku: 20_000,
    note: -1,
    tags: 1000,
    payload: 5000,
  }),
  table('Odd Orders', 1_000_000, { id: -1, 'Customer Id': 100_000, select: 10 }),
  table('events', 1_000_000, { id: -1, occurred_at: -1, customer_id: 50_000 }),
  table('events_a', 500_000, { id: -1, occurred_at: -1, customer_id: 50_000 }),
  table('events_b', 500_000, { id: -1, occurred_at: -1, customer_id: 50_000 }),
]

beforeAll(loadParser)

describe.each(majors)('on PostgreSQL %i', (major) => {
  let trial: TrialCopy
  beforeAll(async () => {
    trial = await openTrialCopy(major, { history, tables })
  })
  afterAll(async () => {
    await trial[Symbol.asyncDispose]()
  })

  async function advise(sql: string, name = 'orders'): Promise<IndexAdvice | undefined> {
    const { copy, production } = trial
    const query = queryOf(sql)
    const plan = await copy.explain(query, 'after')
    if ('error' in plan) throw new Error(plan.error)
    const found = copy.tables('after').find((one) => one.name === name)
    if (found === undefined) throw new Error(`no table ${name}`)
    return adviseIndex(copy, { query, plan, table: found, production })
  }

  test('what is compared, and then what is sorted by', async () => {
    const advice = await advise(
      'select id from orders where customer_id = $1 order by created_at desc limit 20',
    )
    expect(advice?.sql).toBe('CREATE INDEX CONCURRENTLY ON orders (customer_id, created_at)')
    expect(advice?.columns).toEqual(['customer_id', 'created_at'])
    expect(advice?.costAfter).toBeLessThan((advice?.costBefore ?? 0) / 3)
    expect(advice?.bytes).toBeGreaterThan(2_000_000 * 8)
    expect(advice?.buildMs?.expected).toBeGreaterThan(100)
    expect(advice?.after.shape.join()).toContain('Index')
  })

  test('a condition that the query always has makes it a small one', async () => {
    const advice = await advise(
      `select id from orders where status = 'pending' and customer_id = 5 order by created_at`,
    )
    expect(advice?.sql).toMatch(/ WHERE .*status = 'pending'/)
    const open = await advise('select id from orders where status = $1 and customer_id = $2')
    expect(open?.sql).not.toContain('WHERE')
  })

  test.each([
    [
      'select id from customers where lower(email) = $1',
      'customers',
      'CREATE INDEX CONCURRENTLY ON customers (lower(email));\nANALYZE customers',
    ],
    ['select id from orders where sku = $1', 'orders', 'CREATE INDEX CONCURRENTLY ON orders (sku)'],
    [
      `select id from orders where note like '%lost in the post%'`,
      'orders',
      'CREATE INDEX CONCURRENTLY ON orders USING gin (note gin_trgm_ops)',
    ],
    // not the index of the order, in which one looks for 20 matches from the first row on
    [
      `select id from orders where note ilike '%' || $1 || '%' order by note limit 20`,
      'orders',
      'CREATE INDEX CONCURRENTLY ON orders USING gin (note gin_trgm_ops)',
    ],
    [
      `select id from orders where tags @> array['a']`,
      'orders',
      'CREATE INDEX CONCURRENTLY ON orders USING gin (tags)',
    ],
    [
      `select id from orders where payload @> '{"a": 1}' and payload @> $1`,
      'orders',
      'CREATE INDEX CONCURRENTLY ON orders USING gin (payload jsonb_path_ops)',
    ],
    [
      'select o.id from customers c join orders o on o.customer_id = c.id where c.id = $1',
      'orders',
      'CREATE INDEX CONCURRENTLY ON orders (customer_id)',
    ],
    [
      'select id from "Odd Orders" x where "Customer Id" = $1',
      'Odd Orders',
      'CREATE INDEX CONCURRENTLY ON "Odd Orders" ("Customer Id")',
    ],
    ['delete from orders where sku = any($1)', 'orders', 'CREATE INDEX CONCURRENTLY ON orders (sku)'],
  ])('%s', async (sql, name, expected) => {
    expect((await advise(sql, name))?.sql).toBe(expected)
  })

  test('an expression has the statistics that ANALYZE will find', async () => {
    const advice = await advise('select id from customers where lower(email) = $1', 'customers')
    expect(advice?.after.rows).toBe(1)
    expect(advice?.costAfter).toBeLessThan(10)
  })

  test('a partitioned table gets it partition by partition', async () => {
    const advice = await advise('select id from events where customer_id = $1', 'events')
    expect(advice?.sql.split(';\n')).toEqual([
      'CREATE INDEX events_customer_id_idx ON ONLY events (customer_id)',
      'CREATE INDEX CONCURRENTLY events_a_customer_id_idx ON events_a (customer_id)',
      'ALTER INDEX events_customer_id_idx ATTACH PARTITION events_a_customer_id_idx',
      'CREATE INDEX CONCURRENTLY events_b_customer_id_idx ON events_b (customer_id)',
      'ALTER INDEX events_customer_id_idx ATTACH PARTITION events_b_customer_id_idx',
    ])
  })

  test.each([
    ['nothing that an index could find', 'select count(*) from orders'],
    ['not immutable', `select id from orders where date_trunc('day', created_at) = $1`],
    ['nothing about its own columns', 'select id from orders where $1 = 5'],
  ])('none: %s', async (_, sql) => {
    expect(await advise(sql)).toBeUndefined()
  })

  test('what was tried out is gone', () => {
    expect(trial.copy.tables('after').flatMap(({ indexes }) => indexes.map(({ name }) => name))).toEqual(
      trial.copy.tables('before').flatMap(({ indexes }) => indexes.map(({ name }) => name)),
    )
  })
})
