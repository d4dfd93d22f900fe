import { stat } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { PlanChangeEffect, ReviewedQuery } from '../../src/core/query-model.ts'
import { InflatedCopy } from '../../src/planning/inflated-copy.ts'
import { PlanningServer } from '../../src/planning/planning-server.ts'
import { planQueries } from '../../src/planning/plan-queries.ts'
import { prepareHistory } from '../../src/replay/prepare-history.ts'
import { connected } from '../../src/replay/stage.ts'
import { openMajor } from '../replay/servers.ts'
import { madeUpProduction, madeUpTable } from './made-up.ts'
import { planningRequest, query, rehearsedRequest, unchanged } from './truth.ts'

const schema = `
create table orders (id bigint primary key, customer_id bigint not null, status text not null, total int not null, placed timestamptz not null);
create index orders_customer on orders (customer_id, placed);
create index orders_placed on orders (placed);
create table lately (id bigint primary key, order_id bigint);
create function forever() returns int immutable language plpgsql as $$
begin loop begin perform pg_sleep(0.1); exception when query_canceled then null; end; end loop; end $$;`

const orders = madeUpTable(
  'orders',
  3_000_000,
  {
    id: { histogram: '{1,1000000,3000000}' },
    customer_id: { distinct: 100_000, histogram: '{1,50000,100000}', correlation: 0 },
    status: { distinct: 3, width: 6, mostCommon: '{done,open,held}', frequencies: [0.98, 0.015, 0.005] },
    total: { distinct: 5000, width: 4, histogram: '{1,2500,5000}', correlation: 0 },
    placed: { histogram: '{"2023-01-01 00:00+00","2024-01-01 00:00+00","2025-01-01 00:00+00"}' },
  },
  [
    { name: 'orders_pkey', method: 'btree', rows: 3_000_000, pages: 8229 },
    { name: 'orders_customer', method: 'btree', rows: 3_000_000, pages: 14_000 },
    { name: 'orders_placed', method: 'btree', rows: 3_000_000, pages: 8229 },
  ],
)
const production = madeUpProduction([orders])

const usual = [
  unchanged('by id', 'select * from orders where id = $1'),
  unchanged(
    'of customer',
    'select * from orders where customer_id = $1 order by placed desc limit $2 offset $3',
  ),
  unchanged('by status', 'select * from orders where status = $1 order by placed desc limit $2'),
  unchanged(
    'days',
    'select date_trunc($1, placed), sum(total) from orders where placed between $2 and $3 group by 1',
  ),
  unchanged('insert', 'insert into orders values ($1, $2, $3, $4, now()) on conflict (id) do nothing'),
  unchanged('pay', "update orders set status = 'open' where customer_id = any($1)"),
  unchanged('all', 'select count(*) from orders'),
]

function changesOf(effects: readonly { readonly kind: string }[] | undefined): readonly string[] {
  const change = (effects ?? []).find((effect): effect is PlanChangeEffect => effect.kind === 'plan change')
  return (change?.changes ?? []).map(({ type }) => type)
}

describe.each([18, 14] as const)('PostgreSQL %i', (major) => {
  test('a migration that changes nothing gives nothing', async () => {
    const review = "comment on table orders is 'x'; create index on lately (order_id)"
    const { effects, plans, limits } = await planQueries(
      await planningRequest(major, schema, review, production, usual),
    )
    expect(effects).toEqual(new Map())
    expect([...plans.keys()]).toEqual(usual.map(({ id }) => id))
    expect(plans.get('of customer')?.text).toContain('orders_customer')
    expect(limits).toEqual([])
  })

  test('a dropped index, its cause, and what a new query wants', async () => {
    const review = 'alter table orders add column note text; drop index orders_customer;'
    const fresh: ReviewedQuery = { id: 'new', new: query('new', 'select * from orders where total = $1') }
    const request = await rehearsedRequest(major, schema, review, production, [...usual, fresh])
    const { effects, statistics, indexes } = await planQueries(request)
    expect(statistics).toBe('with value statistics')
    expect([...effects.keys()].toSorted()).toEqual(['new', 'of customer', 'pay'])
    const [change] = effects.get('of customer') ?? []
    expect(change).toMatchObject({
      kind: 'plan change',
      cause: { index: 1 },
      parameters: 'any values (generic plan)',
      changes: [
        { type: 'new sequential scan', table: 'public.orders', rows: 3_000_000 },
        { type: 'lost index', table: 'public.orders', index: 'orders_customer' },
        { type: 'cost' },
      ],
    })
    const [read] = effects.get('new') ?? []
    expect(read).toMatchObject({
      kind: 'table read',
      table: 'public.orders',
      tableRows: 3_000_000,
      rows: 600,
    })
    expect(read).toMatchObject({ advice: { columns: ['total'] } })
    expect(indexes).toMatchObject([{ change: 'dropped', index: 'public.orders_customer' }])
  })

  test('nothing that a query is stops the others', async () => {
    const broken = [
      unchanged('typo', 'select * form orders'),
      unchanged('no table', 'select * from nowhere'),
      unchanged('no function', 'select no_such_function(1) from orders'),
      unchanged('extension', "select * from orders where status % 'x'"),
      unchanged('several', 'select 1; drop table orders'),
      unchanged('several with parameters', 'select $1::int; drop table orders'),
      // it takes its time
      ...(major === 18 ? [unchanged('endless', 'select * from orders where id = forever()')] : []),
      unchanged(
        'long',
        `select * from orders where id in (${Array.from({ length: 150_000 }, (_, at) => at).join(', ')})`,
      ),
      unchanged('utility', 'vacuum orders'),
      unchanged('untyped', 'select $1 + $2'),
      unchanged('comment', 'select * from orders where id = $1 -- by its key'),
    ]
    const request = await planningRequest(major, schema, 'drop index orders_customer', production, [
      ...broken,
      ...usual,
    ])
    const { effects, plans } = await planQueries(request)
    const planned = ['long', 'comment', ...usual.map(({ id }) => id)]
    expect([...plans.keys()].filter((id) => planned.includes(id))).toEqual(planned)
    expect([...plans.keys()].filter((id) => !planned.includes(id))).toEqual([])
    expect([...effects.keys()].toSorted()).toEqual(['of customer', 'pay'])
    expect(plans.get('long')?.text.length).toBeLessThan(2000)
  })
})

test('values of parameters decide: only rare ones lose their index', async () => {
  const past = `${schema} create index orders_rare on orders (status) where status <> 'done';
    create index orders_status on orders (status);`
  const known = madeUpProduction([
    {
      ...orders,
      indexes: [...orders.indexes, { name: 'orders_status', method: 'btree', rows: 3_000_000, pages: 2600 }],
    },
  ])
  const one = unchanged('by status', 'select count(*), sum(total) from orders where status = $1')
  const review = 'drop index orders_status; drop index orders_rare'
  const { effects } = await planQueries(await planningRequest(18, past, review, known, [one]))
  const [change] = effects.get('by status') ?? []
  expect(change).toMatchObject({ kind: 'plan change', parameters: "status = 'held'" })
})

test('without values no ratio of costs; sizes of the configuration are enough for an index that is gone', async () => {
  const sizes = {
    sources: [],
    settings: {},
    tables: [{ schema: 'public', name: 'orders', rows: 3_000_000, from: 'configuration' as const }],
  }
  const request = await planningRequest(18, schema, 'drop index orders_customer', sizes, usual)
  const { effects, statistics } = await planQueries(request)
  expect(statistics).toBe('sizes only')
  expect(changesOf(effects.get('of customer'))).toEqual(['lost index'])
})

test('nothing about tables that nobody knows, and settings and sizes that no server has stop nothing', async () => {
  const strange = madeUpProduction([madeUpTable('elsewhere', 1e15)], {
    settings: { random_page_cost: -7, work_mem: 1e300, seq_page_cost: 1e9, shared_preload_libraries: 1 },
  })
  const request = await planningRequest(18, schema, 'drop index orders_customer', strange, usual)
  const { effects, limits } = await planQueries(request)
  expect(effects).toEqual(new Map())
  expect(limits.map(({ code }) => code)).toEqual(['planned-with-other-settings'])
})

test('a run that is aborted ends with its reason, and one that is out of time says so', async () => {
  const endless = unchanged('endless', 'select * from orders where id = forever()')
  const request = await planningRequest(18, schema, '', production, [endless])
  const controller = new AbortController()
  const debug = (message: string): void => {
    // from here on queries are planned
    if (message.includes('statistics in')) setTimeout(() => controller.abort(new Error('enough')), 300)
  }
  await expect(planQueries({ ...request, debug, signal: controller.signal })).rejects.toThrow('enough')
  await expect(planQueries({ ...request, budgetMs: 1 })).rejects.toThrow(/time for planning was over/)
})

test('begins with the history that another server has kept', async () => {
  const request = await planningRequest(18, schema, 'drop index orders_customer', production, usual)
  await using server = await openMajor(18)
  const sessionOptions = {
    statementTimeoutMs: 60_000,
    signal: request.signal,
    scriptsDiscard: false,
    scriptsSetDefaults: false,
  }
  const prepare = ({ sql }: { readonly sql: string }): { readonly sql: string } => ({ sql })
  const prepared = await prepareHistory({ ...request, server, sessionOptions, prepare }, undefined)
  const saved = await server.save?.()
  if (saved === undefined || 'refused' in saved) throw new Error('nothing was saved')
  const progress: string[] = []
  const { effects, plans } = await planQueries({
    ...request,
    kept: { image: saved.image, prepared, applied: 1 },
    progress: (message) => progress.push(message),
  })
  expect(progress).toEqual([])
  expect(plans.size).toBe(usual.length)
  expect([...effects.keys()].toSorted()).toEqual(['of customer', 'pay'])
})

test('a review that does not apply to tables without rows is said', async () => {
  const review = "do $$ begin if not exists (select from orders) then raise 'no rows'; end if; end $$"
  const request = await planningRequest(18, schema, review, production, usual)
  await expect(planQueries(request)).rejects.toThrow(/did not apply to tables without rows/)
})

test('sizes beyond all bounds are refused', async () => {
  const huge = madeUpProduction([{ ...madeUpTable('orders', 1e18), pages: 1e16 }])
  const request = await planningRequest(18, schema, 'drop index orders_customer', huge, usual)
  await expect(planQueries(request)).rejects.toThrow(/add up to more than can be/)
})

test.each([18, 14] as const)(
  'files of a terabyte take no room, and their trees are trees on %i',
  async (major) => {
    const pages = 2 ** 27
    const large = madeUpProduction([
      {
        ...madeUpTable('orders', 8e9),
        pages,
        indexes: [{ name: 'orders_pkey', method: 'btree', rows: 8e9, pages: pages / 8 }],
      },
    ])
    const request = await planningRequest(major, schema, '', large, [])
    const endsAt = performance.now() + 60_000
    await using planning = await PlanningServer.open(request, endsAt)
    await using copy = await InflatedCopy.open(planning, { ...request, endsAt })
    const plan = await copy.explain(query('one', 'select * from orders where id = 5'), 'after')
    expect(plan).toMatchObject({ root: { 'Node Type': 'Index Scan' } })
    await using admin = await connected(planning.server, planning.sides.after.database)
    const { rows } = await admin.client.query<{ folder: string; path: string; bytes: string; level: number }>(
      `select current_setting('data_directory') as folder, pg_relation_filepath('public.orders') as path,
            pg_relation_size('public.orders') as bytes`,
    )
    const [relation] = rows
    expect(Number(relation?.bytes)).toBe(pages * 8192)
    const { size, blocks } = await stat(`${relation?.folder}/${relation?.path}.5`)
    expect(size).toBe(1024 ** 3)
    expect(blocks).toBe(0)
    // down the whole tree, whose pages have checksums
    await admin.client.query('set enable_seqscan = off; set enable_bitmapscan = off')
    const found = await admin.client.query('select id from public.orders where id = 5 order by id')
    expect(found.rows).toEqual([])
    const last = await admin.client.query('select max(id) from public.orders')
    expect(last.rows).toEqual([{ max: null }])
  },
)
