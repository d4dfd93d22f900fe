import { expect, test } from 'vitest'
import { InflatedCopy } from '../../src/planning/inflated-copy.ts'
import { PlanningServer } from '../../src/planning/planning-server.ts'
import { connected } from '../../src/replay/stage.ts'
import { madeUpProduction, madeUpTable } from './made-up.ts'
import { planningRequest, query } from './truth.ts'

/** Whoever calls it as a superuser is noted. */
const spy = `
create table caught (place text);
create function note(place text) returns void language plpgsql as $$
begin insert into public.caught values (place); end $$;
create function noted(place text) returns boolean immutable language plpgsql as $$
begin
  if current_setting('is_superuser') = 'on' then perform public.note(place); end if;
  return true;
end $$;
create function noted_text(value text) returns text immutable language plpgsql as $$
begin perform public.noted('expression'); return value; end $$;
create function noted_distance(a float8, b float8) returns float8 immutable language plpgsql as $$
begin perform public.noted('range'); return a - b; end $$;
create schema extra;
create function extra.unnest(text[]) returns setof text immutable language plpgsql as $$
begin perform public.noted('search path'); return next $1[1]; end $$;`

const schema = `${spy}
create domain checked as text check (public.noted('domain'));
create domain checked_number as int check (public.noted('number'));
create type pair as (a checked, b int);
create type span as range (subtype = float8, subtype_diff = noted_distance);
create type span_of_checked as range (subtype = checked_number);
create type mood as enum ('good', 'bad');
create table trap (
  id bigint primary key, a checked, b checked[], c pair, d span, e mood, f mood[], g checked_number, h text, i span_of_checked,
  j text generated always as (public.noted_text(h)) stored, k pair[], l text);
create index trap_expression on trap (noted_text(h));
create index trap_partial on trap (h) where noted('predicate');
create view trapped as select noted_text(h) from trap;
alter table trap add constraint trap_check check (noted('check'));
do $$ begin execute format('alter database %I set search_path to extra, public, pg_catalog', current_database()); end $$;`

const values = { mostCommon: '{x,y}', frequencies: [0.4, 0.3], histogram: '{a,b,c}', distinct: 20 }
const numbers = { mostCommon: '{1,2}', frequencies: [0.4, 0.3], histogram: '{3,4,5}', distinct: 20 }
const ranges = { mostCommon: '{"[1,2)","[2,3)"}', frequencies: [0.4, 0.3], histogram: '{"[1,2)","[2,3)"}' }

const production = madeUpProduction([
  madeUpTable(
    'trap',
    500_000,
    {
      id: { histogram: '{1,1000,500000}' },
      a: values,
      b: { mostCommon: '{"{x}","{y}"}', frequencies: [0.4, 0.3] },
      c: { mostCommon: '{"(x,1)","(y,2)"}', frequencies: [0.4, 0.3] },
      d: ranges,
      e: { mostCommon: '{good,bad}', frequencies: [0.9, 0.1], distinct: 2 },
      f: { mostCommon: '{"{good}","{bad}"}', frequencies: [0.9, 0.1], distinct: 2 },
      g: numbers,
      h: values,
      l: values,
      i: ranges,
      k: { mostCommon: '{"{\\"(x,1)\\"}"}', frequencies: [0.4] },
    },
    [
      {
        name: 'trap_expression',
        method: 'btree',
        rows: 500_000,
        pages: 2000,
        columns: [{ name: 'noted_text', nullFraction: 0, width: 4, ...values }],
      },
    ],
  ),
])

test.each([18, 14] as const)('no query changes what others meet on %i', async (major) => {
  const cuckoo = `
    create table orders (id bigint primary key, state text);
    create schema shadow;
    create function act() returns void language plpgsql as $$ begin
      perform set_config('search_path', 'shadow', false);
      perform set_config('enable_indexscan', 'off', false), set_config('enable_bitmapscan', 'off', false);
      execute 'deallocate all'; execute 'prepare pgrehearse_query as select 1';
    end $$;
    create function cuckoo() returns bigint immutable language plpgsql as $$
    begin perform public.act(); return 1; end $$;`
  const facts = madeUpProduction([madeUpTable('orders', 500_000, { id: { histogram: '{1,1000,500000}' } })])
  const request = await planningRequest(major, cuckoo, 'create table other (id int)', facts, [])
  const endsAt = performance.now() + 60_000
  await using planning = await PlanningServer.open(request, endsAt)
  await using copy = await InflatedCopy.open(planning, { ...request, endsAt })
  const byKey = expect.stringContaining('orders_pkey') as unknown
  for (const poison of ['select cuckoo()', 'select cuckoo() from orders where id = $1']) {
    expect(await copy.explain(query('poison', poison), 'before')).toHaveProperty('root')
    for (const sql of ['select state from orders where id = 1', 'select state from orders where id = $1']) {
      const plan = await copy.explain(query('fine', `${sql} -- after ${poison}`), 'before')
      expect(plan).toMatchObject({ summary: { text: byKey } })
    }
  }
})

test.each([18, 14] as const)('no code of migrations runs as a superuser on %i', async (major) => {
  const request = await planningRequest(
    major,
    schema,
    'alter table trap alter column l type checked; create index on trap (a) where noted_text(h) > $$b$$',
    production,
    [],
  )
  const endsAt = performance.now() + 60_000
  await using planning = await PlanningServer.open(request, endsAt)
  await using copy = await InflatedCopy.open(planning, { ...request, endsAt })
  const selects = [
    "select * from trap where e = 'bad'",
    "select * from trap where a > 'b' and h > 'b'",
    "select * from trap where noted_text(h) = 'x'",
    "select * from trap where d && '[1,2)'::span and g < 4",
  ]
  for (const side of ['before', 'after'] as const) {
    for (const select of selects)
      expect(await copy.explain(query('one', select), side)).toHaveProperty('root')
  }
  const tried = await copy.withIndex(
    "create index on trap (noted_text(a)) where noted('trial')",
    async () => 'tried',
  )
  expect(tried).toBe('tried')
  const rare = await copy.explain(query('rare', selects[0] ?? ''), 'before')
  expect(rare).toMatchObject({ summary: { rows: 50_000 } })
  for (const { database } of Object.values(planning.sides)) {
    await using admin = await connected(planning.server, database)
    const caught = (): Promise<unknown> =>
      admin.client.query('select place from public.caught').then(({ rows }) => rows)
    expect(await caught()).toEqual([])
    const statistics = await admin.client.query(
      `select attname from pg_stats where tablename = 'trap' and most_common_vals is not null order by attname`,
    )
    expect(statistics.rows.map((row: { attname: string }) => row.attname)).toEqual([
      'a',
      'e',
      'f',
      'g',
      'h',
      'l',
    ])
    // the trap itself works
    await admin.client.query(`select public.noted('me')`)
    expect(await caught()).toEqual([{ place: 'me' }])
  }
})
