import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TableFacts } from '../../src/core/production.ts'
import type { IndexUse, ReviewedQuery } from '../../src/core/query-model.ts'
import { indexUses } from '../../src/planning/index-use.ts'
import { hasOptionalConditions } from '../../src/planning/index-use-plans.ts'
import type { PlannedQuery } from '../../src/planning/planned-query.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { majors } from '../postgres/servers.ts'
import { openTrialCopy, queryOf, type TrialCopy } from './trial-copy.ts'

const history = `
create table customers (id bigint primary key);
create table orders (
  id bigint primary key, customer_id bigint not null references customers, shop_id bigint not null references customers,
  reference text not null, note text, placed_at timestamptz not null
);
create index orders_reference_idx on orders (reference);
create index orders_placed_idx on orders (placed_at);
create index orders_shop_idx on orders (shop_id);
create table events (id bigint not null, at timestamptz not null, kind text not null) partition by range (at);
create table events_a partition of events for values from ('2026-01-01') to ('2026-07-01');
create table events_b partition of events for values from ('2026-07-01') to ('2027-01-01');
`

const review = `
create index orders_customer_idx on orders (customer_id);
create index orders_note_idx on orders (note);
create unique index orders_reference_key on orders (reference, id);
alter table orders add unique (note, id);
drop index orders_reference_idx;
create index events_kind_idx on events (kind);
create index orders_placed_at_idx on orders (placed_at);
drop index orders_placed_idx;
drop index orders_shop_idx;
create table drafts (id bigint primary key, note text);
create index drafts_note_idx on drafts (note);
`

const tables: readonly TableFacts[] = ['customers', 'orders', 'events', 'events_a', 'events_b'].map(
  (name) => ({ schema: 'public', name, rows: 1_000_000, heapBytes: 100_000_000, from: 'snapshot' }),
)

const queries = {
  ByReference: 'select id from orders where reference = $1',
  Recent: 'select id from orders where placed_at > now() order by placed_at limit 5',
  ByKind: 'select id from events where kind = $1',
  Notes: 'select placed_at from orders where note is distinct from $1',
}

beforeAll(loadParser)

test.each([
  ['select id from orders where ($1::text is null or note = $1)', true],
  ['select id from orders where coalesce($1, note) is not null', true],
  ['select id from orders where note is null and reference = $1', false],
])('%s has conditions that may be left out: %s', (sql, expected) => {
  const query = queryOf(sql, 'one')
  const planned = { reviewed: { id: 'one', old: query, new: query }, variants: [], oldVariants: [] }
  expect(hasOptionalConditions(planned)).toBe(expected)
})

describe.each(majors)('on PostgreSQL %i', (major) => {
  let trial: TrialCopy
  let uses: ReadonlyMap<string, IndexUse>

  beforeAll(async () => {
    trial = await openTrialCopy(major, { history, review, tables })
    const { copy, results } = trial
    const planned = await Promise.all(
      Object.entries(queries).map(async ([name, sql]): Promise<PlannedQuery> => {
        const query = queryOf(sql, name)
        const reviewed: ReviewedQuery = { id: name, old: query, new: query }
        const [before, after] = [await copy.explain(query, 'before'), await copy.explain(query, 'after')]
        if ('error' in before || 'error' in after) throw new Error(`${name} was not planned`)
        return { reviewed, variants: [{ description: '', before, after }], oldVariants: [] }
      }),
    )
    const found = await indexUses(copy, planned, results)
    uses = new Map(found.map((use) => [use.index, use]))
  })

  afterAll(async () => {
    await trial[Symbol.asyncDispose]()
  })

  function usersOf(index: string): readonly string[] | undefined {
    return uses.get(`public.${index}`)?.usedBy.map(({ name }) => name)
  }

  test('what is dropped is needed by the plans of before', () => {
    expect(uses.get('public.orders_reference_idx')).toMatchObject({
      change: 'dropped',
      table: 'public.orders',
      enforces: false,
      statement: { file: '0002.sql', index: 4 },
    })
    expect(usersOf('orders_reference_idx')).toEqual(['ByReference'])
  })

  test('what is created is used by the plans of after, those of partitions too', () => {
    expect(usersOf('orders_note_idx')).toEqual([])
    expect(usersOf('orders_reference_key')).toEqual(['ByReference'])
    expect(usersOf('events_kind_idx')).toEqual(['ByKind'])
    expect(uses.get('public.events_kind_idx')?.tableQueries).toBe(1)
    expect(uses.get('public.orders_note_idx')?.tableQueries).toBe(3)
  })

  test('a query that could use it is told where values are not known', () => {
    expect(uses.get('public.orders_note_idx')?.mayUse?.map(({ name }) => name)).toEqual(['Notes'])
  })

  test('what enforces something does', () => {
    expect(uses.get('public.orders_reference_key')?.enforces).toBe(true)
    expect(uses.get('public.orders_note_id_key')?.enforces).toBe(true)
    expect(uses.get('public.orders_note_idx')?.enforces).toBe(false)
  })

  test('looking up the rows of a foreign key is a use', () => {
    expect(uses.get('public.orders_customer_idx')?.foreignKeys).toEqual(['orders_customer_id_fkey'])
    expect(uses.get('public.orders_shop_idx')?.foreignKeys).toEqual(['orders_shop_id_fkey'])
  })

  test('the same index under another name is neither created nor dropped, and new tables are left out', () => {
    expect(usersOf('orders_placed_idx')).toBeUndefined()
    expect(usersOf('orders_placed_at_idx')).toBeUndefined()
    expect(usersOf('drafts_note_idx')).toBeUndefined()
  })
})
