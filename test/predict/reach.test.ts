import { beforeAll, describe, expect, it } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { predictOn, scansOf } from './predict-sql.ts'

beforeAll(loadParser)

const history = [
  `create table orders (
     id bigint primary key, user_id int not null, code text unique, region int, note text, at date, unique (region, at));
   create index on orders (user_id);
   create table users (id int primary key, name text);`,
]

function reach(sql: string, on: readonly string[] = history): string | undefined {
  const effects = predictOn(on, sql).at(-1)?.effects ?? []
  return effects.find((effect) => effect.kind === 'write')?.reach
}

describe('reach of a write', () => {
  it.each([
    ['update orders set note = 1'],
    ['delete from orders where true'],
    ['update orders set note = 1 where 1 = 1'],
    ['update orders set note = 1 where user_id is not null'],
    ['insert into orders (id) select id from users'],
  ])('is all rows: %s', (sql) => expect(reach(sql)).toBe('all rows'))

  it.each([
    ['update orders set note = 1 where note is null'],
    ['update orders set note = 1 where user_id = 5'],
    ['update orders set note = 1 where id > 5'],
    ['update orders set note = 1 where id = 5 or note is null'],
    ['update orders set note = 1 where region = 1'],
    ['update orders set note = 1 where region = 1 and at > current_date'],
    ['update orders set note = 1 where id in (select id from users)'],
    ['update orders o set note = u.name from users u where u.id = o.id'],
    ['update orders set note = 1 where id in (select o.id from orders o where o.note is null limit null)'],
    ['delete from orders using users u where u.id = orders.user_id'],
    ['insert into orders (id) select id from users where name is null'],
    ['update orders set note = 1 where id = user_id'],
  ])('is filtered: %s', (sql) => expect(reach(sql)).toBe('filtered'))

  it.each([
    ['update orders set note = 1 where id = 5'],
    ['update orders set note = 1 where 5 = id::int'],
    ["delete from orders where code = 'x' and note is null"],
    ['update orders set note = 1 where id in (1, 2, 3)'],
    ["update orders set note = 1 where id = any ('{1,2}')"],
    ['update orders set note = 1 where id between 1 and 1000'],
    ['update orders set note = 1 where id >= 1 and id < 1000 and note is null'],
    ["update orders set note = 1 where region = 1 and at = '2024-01-01'"],
    ["update orders set note = 1 where region = 1 and at >= '2024-01-01' and at < '2024-02-01'"],
    ['update orders set note = 1 where id in (select id from orders where note is null limit 1000)'],
    [
      'update orders set note = 1 where ctid = any (array(select ctid from orders where note is null limit 1000))',
    ],
    [
      'with batch as (select id from orders limit 10) update orders o set note = 1 from batch b where b.id = o.id',
    ],
    ['with batch as (select id from orders limit 10) delete from orders where id in (select id from batch)'],
    ["update orders o set note = v.n from (values (1, 'a'), (2, 'b')) v (id, n) where v.id = o.id"],
    ['update orders set note = 1 where id = 1 or id = 2'],
    ['update orders set note = 1 where id = (select max(id) from orders)'],
    ['insert into orders (id) values (1), (2)'],
    ['insert into orders (id) select id from users limit 5'],
    ['insert into orders (id) select generate_series(1, 5)'],
  ])('is bounded: %s', (sql) => expect(reach(sql)).toBe('bounded'))

  it('takes id for the key of a table that no file creates', () => {
    expect(reach('update legacy set x = 1 where id = 1', [])).toBe('bounded')
    expect(reach('update legacy set x = 1 where y = 1', [])).toBe('filtered')
  })

  it('takes variables of PL/pgSQL for fixed values', () => {
    expect(
      reach(`do $$ declare r record; begin
        for r in select id from users loop update orders set note = 1 where id = r.id; end loop; end $$`),
    ).toBe('bounded')
  })
})

describe('reading whole tables', () => {
  it.each([
    ['update orders set note = 1', 'orders'],
    ['update orders set note = 1 where note is null', 'orders'],
    ['update orders set note = 1 where user_id = 5', '-'],
    ['update orders o set note = u.name from users u where u.id = o.user_id', 'orders'],
    ['update orders set note = 1 where id = 5', '-'],
    ['select * from orders', 'orders'],
    ['select * from orders where id = 5', '-'],
    ['select * from orders limit 5', '-'],
    ['select max(id) from orders', '-'],
    ['create table copy as select * from orders', 'orders'],
    ['create table copy as select * from orders with no data', '-'],
  ])('%s', (sql, expected) => expect(scansOf(predictOn(history, sql)[0])).toBe(expected))
})
