import { performance } from 'node:perf_hooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ColumnStatistics } from '../../src/core/production.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { fillTables } from '../../src/sampling/fill.ts'
import type { FillTable } from '../../src/sampling/model.ts'
import { openMajor } from '../replay/servers.ts'
import { fillSchema, violations } from './fill-laboratory.ts'

const rows = 20_000
const table = (name: string, more: Partial<FillTable> = {}): FillTable => ({
  schema: 'public',
  name,
  rows,
  ...more,
})

const countOf = (distinct: number): number => (distinct < 0 ? -distinct * rows : distinct)

/** Says what is further off than it may be. */
function apart(what: string, difference: number, most: number): readonly string[] {
  return Math.abs(difference) <= most ? [] : [`${what}: off by ${difference.toFixed(3)}`]
}

const stats = (name: string, width: number): ColumnStatistics => ({
  name,
  nullFraction: 0,
  distinct: -1,
  width,
})

describe('fidelity of synthetic rows', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await openMajor(18)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it('gives columns the share of NULLs, the values and the widths of production', async () => {
    const column = (
      name: string,
      nullFraction: number,
      distinct: number,
      width: number,
      correlation?: number,
    ) => ({
      name,
      nullFraction,
      distinct,
      width,
      ...(correlation === undefined ? {} : { correlation }),
    })
    const columns = [
      column('id', 0, -1, 8, 1),
      column('country', 0.12, 40, 3, 0.02),
      column('region', 0.5, 500, 12, 0.1),
      column('amount', 0, -0.6, 6, 0.01),
      column('created_at', 0, -1, 8, 0.99),
      column('note', 0.25, -0.75, 120, 0),
      column('data', 0, -1, 300),
    ]
    const schema = `create table orders (id bigint primary key, country text, region varchar(30), amount numeric(12,2) not null,
      created_at timestamptz not null, note text, data jsonb not null)`
    await using filled = await fillSchema(server, [schema], [table('orders', { columns })])
    await filled.admin.query('analyze orders')
    const { rows: found } = await filled.admin.query<{
      name: string
      nulls: number
      distinct: number
      width: number
      correlation: number
    }>(`select attname as name, null_frac as nulls, case when n_distinct < 0 then -n_distinct * ${rows} else n_distinct end as distinct,
      avg_width as width, coalesce(correlation, 0) as correlation from pg_stats where tablename = 'orders'`)
    expect(found).toHaveLength(columns.length)
    const facts = columns.map((wanted) => ({ wanted, real: found.find(({ name }) => name === wanted.name) }))
    const off = facts.flatMap(({ wanted, real }) => [
      ...apart(`${wanted.name} NULLs`, (real?.nulls ?? 9) - wanted.nullFraction, 0.02),
      // Of documents neither order nor number says much; numbers and short texts are as wide as their digits.
      ...(wanted.name === 'data'
        ? []
        : apart(`${wanted.name} order`, (real?.correlation ?? 9) - (wanted.correlation ?? 0), 0.25)),
      ...(wanted.name === 'data'
        ? []
        : apart(`${wanted.name} values`, Math.log((real?.distinct ?? 0) / countOf(wanted.distinct)), 0.5)),
      ...(wanted.width < 20 ? [] : apart(`${wanted.name} bytes`, (real?.width ?? 0) / wanted.width - 1, 0.1)),
    ])
    expect(off).toEqual([])
  })

  it.each([110, 270, 800, 1800])('meets %i bytes per row in the heap', async (heapBytesPerRow) => {
    const schema = `create table wide (id bigint primary key, kind text not null check (kind in ('a', 'b')), at timestamptz not null, body text, extra jsonb, tags text[])`
    await using filled = await fillSchema(server, [schema], [table('wide', { heapBytesPerRow })])
    const [wide] = filled.report.filled
    expect((wide?.heapBytes ?? 0) / rows / heapBytesPerRow).toBeGreaterThan(0.9)
    expect((wide?.heapBytes ?? 0) / rows / heapBytesPerRow).toBeLessThan(1.1)
    expect(wide?.toastBytes).toBeLessThan(20_000)
  })

  it.each([
    ['text', 700],
    ['jsonb', 6000],
    ['bytea', 30_000],
  ])('meets the bytes of TOAST: %s, %i per row', async (type, toastBytesPerRow) => {
    const schema = `create table documents (id bigint primary key, title text not null, body ${type})`
    const request = table('documents', { rows: 1000, heapBytesPerRow: 120, toastBytesPerRow })
    await using filled = await fillSchema(server, [schema], [request])
    const [documents] = filled.report.filled
    expect((documents?.toastBytes ?? 0) / 1000 / toastBytesPerRow).toBeGreaterThan(0.85)
    expect((documents?.toastBytes ?? 0) / 1000 / toastBytesPerRow).toBeLessThan(1.15)
    expect((documents?.heapBytes ?? 0) / 1000 / 120).toBeLessThan(1.2)
  })

  const documents = 'create table documents (id bigint primary key, title text not null, body text not null'
  const rowsOfDocuments = 4000

  /** Of the table `documents`: heap and TOAST against production, and the average bytes of a title. */
  async function documentsLike(
    more: string,
    request: Partial<FillTable> & Required<Pick<FillTable, 'heapBytesPerRow' | 'toastBytesPerRow'>>,
  ): Promise<readonly [heap: number, toast: number, title: number]> {
    const filling = [table('documents', { rows: rowsOfDocuments, ...request })]
    await using filled = await fillSchema(server, [`${documents}${more})`], filling)
    const [size] = filled.report.filled
    // What a later index build may run into.
    await filled.admin.query('create index on documents (title)')
    return [
      (size?.heapBytes ?? 0) / rowsOfDocuments / request.heapBytesPerRow,
      (size?.toastBytes ?? 0) / rowsOfDocuments / request.toastBytesPerRow,
      await filled.one<number>('select avg(octet_length(title))::float8 from documents'),
    ]
  }

  it.each([
    ['with statistics', [stats('title', 45), stats('body', 590)]],
    ['without', undefined],
  ])('moves a share of values to TOAST, and no bytes to other columns, %s', async (_, columns) => {
    const [heap, toast, title] = await documentsLike('', {
      heapBytesPerRow: 720,
      toastBytesPerRow: 160,
      ...(columns === undefined ? {} : { columns }),
    })
    expect(Math.abs(heap - 1)).toBeLessThan(0.12)
    expect(Math.abs(toast - 1)).toBeLessThan(0.15)
    expect(title).toBeGreaterThan(15)
    expect(title).toBeLessThan(60)
  })

  it('counts the TOAST and the heap of a generated column', async () => {
    const more = ", search tsvector generated always as (to_tsvector('english', body)) stored"
    const [heap, toast] = await documentsLike(more, { heapBytesPerRow: 1000, toastBytesPerRow: 2000 })
    expect(Math.abs(heap - 1)).toBeLessThan(0.15)
    expect(Math.abs(toast - 1)).toBeLessThan(0.15)
  })

  it('takes next to no TOAST for none', async () => {
    const request = table('documents', { heapBytesPerRow: 200, toastBytesPerRow: 8 })
    await using filled = await fillSchema(server, [`${documents})`], [request])
    expect(filled.report.filled[0]?.toastBytes).toBe(8192)
    await filled.admin.query('create index on documents (body)')
  })

  it('leaves room for what migrations may ask next when nothing is known: NOT NULL, UNIQUE', async () => {
    const schema = `create table users (id bigint primary key, name text, code varchar(20), n integer, price numeric(12,2), at timestamptz)`
    await using filled = await fillSchema(server, [schema], [table('users')])
    await filled.admin.query(
      'alter table users alter name set not null, alter n set not null, alter at set not null',
    )
    const names = ['name', 'code', 'n', 'price', 'at']
    for (const name of names) await filled.admin.query(`alter table users add unique (${name})`)
    expect(await filled.one('select count(*)::int4 from pg_index where indrelid = $$users$$::regclass')).toBe(
      names.length + 1,
    )
  })
})

describe('what cannot be filled', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await openMajor(18)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it('reports a table that is not there, and a parent that was not asked for', async () => {
    const schema = `create table parent (id integer primary key);
      create table optional (id integer primary key, parent_id integer references parent);
      create table needy (id integer primary key, parent_id integer not null references parent)`
    await using filled = await fillSchema(
      server,
      [schema],
      [table('nowhere'), table('optional'), table('needy')],
    )
    expect(filled.report.unfilled).toEqual([{ table: 'public.nowhere', why: 'there is no such table' }])
    expect(filled.report.bypassed).toEqual([{ table: 'public.needy', constraint: 'needy_parent_id_fkey' }])
    expect(await filled.one('select count(parent_id)::int4 from optional')).toBe(0)
  })

  it('refers to the real rows of a parent, and numbers new rows after them', async () => {
    const schema = `create table currency (code char(3) primary key, name text); insert into currency values ('EUR', 'Euro'), ('USD', 'Dollar');
      create table account (id serial primary key, currency char(3) not null references currency, owner text unique);
      insert into account (id, currency, owner) values (41, 'EUR', 'a'), (7, 'USD', 'b')`
    await using filled = await fillSchema(
      server,
      [schema],
      [table('account'), table('currency', { rows: 2 })],
    )
    expect(filled.report.bypassed).toEqual([])
    expect(filled.report.unfilled).toEqual([])
    expect(await filled.one('select count(*)::int4 from account')).toBe(rows)
    expect(await filled.one('select count(distinct currency)::int4 from account')).toBe(2)
    await filled.admin.query(`insert into account (currency) values ('EUR')`)
  })

  it('fills tables of another role', async () => {
    const schema = `create role owner_of_it; create schema other authorization owner_of_it; grant owner_of_it to current_user;
      create table other.secret (id integer primary key, x text check (x <> '')); alter table other.secret owner to owner_of_it;
      alter table other.secret enable row level security; alter table other.secret force row level security;
      revoke owner_of_it from current_user`
    const secret = { schema: 'other', name: 'secret', rows: 3000 }
    await using filled = await fillSchema(server, [schema], [secret])
    expect(filled.report.unfilled).toEqual([])
    expect(filled.report.filled).toMatchObject([{ table: 'other.secret', rows: 3000 }])
  })

  it('stops in time, says what is left, and leaves every index and CHECK in force', async () => {
    const schema = `create function slow(x integer) returns integer language plpgsql immutable as $$ begin perform pg_sleep(0.002); return x; end $$;
      create table sluggish (id integer primary key, x integer, y integer generated always as (slow(x)) stored, check (id > 0));
      create table fine (id integer primary key)`
    const started = performance.now()
    await using filled = await fillSchema(server, [schema], [table('fine'), table('sluggish')], {
      endsAt: performance.now() + 4000,
    })
    expect(performance.now() - started).toBeLessThan(20_000)
    expect(filled.report.filled).toMatchObject([{ table: 'public.fine', rows }])
    expect(filled.report.unfilled).toMatchObject([{ table: 'public.sluggish' }])
    expect(await filled.one('select count(*)::int4 from sluggish')).toBe(0)
    expect(
      await filled.one('select count(*)::int4 from pg_index where not indisvalid or not indisready'),
    ).toBe(0)
    expect(await filled.one(`select relchecks::int4 from pg_class where relname = 'sluggish'`)).toBe(1)
  })

  it('ends at the signal, with everything in order', async () => {
    await using empty = await fillSchema(
      server,
      [`create table big (id integer primary key, x text unique, check (x <> ''))`],
      [],
    )
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 500)
    const filling = fillTables(empty.admin, {
      tables: [table('big', { rows: 20_000_000 })],
      endsAt: performance.now() + 60_000,
      signal: controller.signal,
      connectMigrator: () => server.connectMigrator(empty.database),
    })
    await expect(filling).rejects.toThrow(/abort/i)
    expect(await empty.one('select count(*)::int4 from public.big')).toBe(0)
    expect(
      await empty.one('select count(*)::int4 from pg_index where not indisvalid or not indisready'),
    ).toBe(0)
    await empty.admin.query(`insert into public.big values (1, 'a')`)
    await expect(empty.admin.query(`insert into public.big values (1, 'b')`)).rejects.toThrow(/duplicate key/)
  })
})

describe('keys of partitions, ranges and periods', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await openMajor(18)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it('spreads rows over many partitions, which foreign keys refer to', async () => {
    const schema = `create table event (id bigint generated always as identity, at timestamptz not null, kind text check (kind in ('a', 'b')), primary key (id, at)) partition by range (at);
      do $$ begin for i in 0..59 loop execute format('create table event_%s partition of event for values from (%L) to (%L)', i,
        timestamptz '2024-01-01 UTC' + i * interval '1 week', timestamptz '2024-01-01 UTC' + (i + 1) * interval '1 week'); end loop; end $$;
      create table detail (id bigint primary key, event_id bigint not null, event_at timestamptz not null, foreign key (event_id, event_at) references event)`
    await using filled = await fillSchema(server, [schema], 6000)
    expect(filled.report).toMatchObject({
      unfilled: [],
      bypassed: [],
      filled: [{ rows: 6000 }, { rows: 6000 }],
    })
    expect(await filled.one('select count(distinct tableoid)::int4 from event')).toBe(60)
    expect(await violations(filled.admin)).toEqual([])
  })

  it('fills a single partition', async () => {
    const schema = `create table parent (id integer primary key); insert into parent values (1), (2);
      create table part (dropped integer, id integer, parent_id integer references parent) partition by list (id);
      create table part_1 partition of part for values in (1); alter table part drop column dropped`
    await using filled = await fillSchema(server, [schema], [table('part_1', { rows: 500 })])
    expect(filled.report).toMatchObject({
      unfilled: [],
      bypassed: [],
      filled: [{ table: 'public.part_1', rows: 500 }],
    })
    expect(await filled.one('select count(parent_id)::int4 from part where id = 1')).toBe(500)
  })

  it('keeps rooms, periods and types of extensions apart', async () => {
    const schema = `create extension btree_gist; create extension hstore; create extension ltree;
      create table room (id integer primary key);
      create table stay (room_id integer not null references room, during tstzrange not null, exclude using gist (room_id with =, during with &&));
      create table temporal (id integer, valid daterange, primary key (id, valid without overlaps));
      create table temporal_child (id integer primary key, t integer not null, valid daterange not null, foreign key (t, period valid) references temporal (id, period valid));
      create table natural_1 (code text primary key); create table natural_2 (code varchar(60) primary key references natural_1); create table natural_3 (code text not null references natural_2);
      create table extension_types (id serial primary key, h hstore not null, l ltree not null unique, ls ltree[])`
    await using filled = await fillSchema(server, [schema], 3000)
    expect(filled.report).toMatchObject({ unfilled: [], bypassed: [] })
    expect(await violations(filled.admin)).toEqual([])
  })
})
