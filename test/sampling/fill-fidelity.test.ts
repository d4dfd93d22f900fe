import { performance } from 'node:perf_hooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import type { FillTable } from '../../src/sampling/model.ts'
import { openMajor } from '../replay/servers.ts'
import { fillSchema } from './fill-laboratory.ts'

const rows = 20_000
const table = (name: string, more: Partial<FillTable> = {}): FillTable => ({
  schema: 'public',
  name,
  rows,
  ...more,
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
    for (const { name, nullFraction, distinct, width, correlation = 0 } of columns) {
      const real = found.find((one) => one.name === name)
      expect(real?.nulls, `${name} NULLs`).toBeCloseTo(nullFraction, 1)
      const count = distinct < 0 ? -distinct * rows : distinct
      const isDocument = name === 'data'
      if (!isDocument) expect((real?.distinct ?? 0) / count, `${name} values`).toBeGreaterThan(0.6)
      if (!isDocument) expect((real?.distinct ?? 0) / count, `${name} values`).toBeLessThan(1.7)
      if (!isDocument)
        expect(Math.abs((real?.correlation ?? 0) - correlation), `${name} order`).toBeLessThan(0.25)
      // Numbers and short texts have the width that their digits need.
      if (width > 20) expect((real?.width ?? 0) / width, `${name} bytes`).toBeGreaterThan(0.85)
      if (width > 20) expect((real?.width ?? 0) / width, `${name} bytes`).toBeLessThan(1.15)
    }
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

  it('leaves room for what migrations may ask next when nothing is known: NOT NULL, UNIQUE', async () => {
    const schema = `create table users (id bigint primary key, name text, code varchar(20), n integer, price numeric(12,2), at timestamptz)`
    await using filled = await fillSchema(server, [schema], [table('users')])
    await filled.admin.query(
      'alter table users alter name set not null, alter n set not null, alter at set not null',
    )
    for (const name of ['name', 'code', 'n', 'price', 'at'])
      await filled.admin.query(`alter table users add unique (${name})`)
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
    const controller = new AbortController()
    const schema = `create table big (id integer primary key, x text unique, check (x <> ''))`
    setTimeout(() => controller.abort(), 600)
    const filling = fillSchema(server, [schema], [table('big', { rows: 20_000_000 })], {
      signal: controller.signal,
    })
    await expect(filling).rejects.toThrow(/abort/i)
  })
})
