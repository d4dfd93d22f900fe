import { beforeAll, expect, it } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { withoutLiterals } from '../../src/sql/without-literals.ts'

beforeAll(loadParser)

it('puts parameters for literals of all kinds, after those that are there', () => {
  expect(withoutLiterals(`select 'a', E'b\\'c', $$d$$, $x$e$x$, -5, 1.5e3, .5, x'ff', B'01', N'n'`)).toBe(
    'select $1, $2, $3, $4, -$5, $6, $7, $8, $9, $10',
  )
  expect(withoutLiterals(`select * from t where a = $2 and b = 'x' and c in (1, 0x1F, 1_000);`)).toBe(
    'select * from t where a = $2 and b = $3 and c in ($4, $5, $6)',
  )
  expect(withoutLiterals(`select U&'\\0441' from t where "é" = 'ü' and b = 'x'`)).toBe(
    'select $1 from t where "é" = $2 and b = $3',
  )
  expect(withoutLiterals(`select date '2024-01-01', interval '3 days', a::json -> 'key' from t`)).toBe(
    'select date $1, interval $2, a::json -> $3 from t',
  )
})

it('removes comments, nested ones too, and draws white space together', () => {
  expect(
    withoutLiterals(`/* it's */ select a1, t2."b'2"\n\n  from t2 -- secret 'x'\n/* a /* b */ c */ where x`),
  ).toBe(`select a1, t2."b'2" from t2 where x`)
  expect(withoutLiterals('select * from t where a in ($1 /*, ... */)')).toBe(
    'select * from t where a in ($1)',
  )
})

it('keeps numbers that are part of a type, or a position', () => {
  expect(
    withoutLiterals('select a::numeric(10,2), 3 from t group by 1, a + 7 order by 1, 2 desc limit 5'),
  ).toBe('select a::numeric(10,2), $1 from t group by 1, a + $2 order by 1, 2 desc limit $3')
  expect(withoutLiterals('select a from t order by 424242')).toBe('select a from t order by $1')
})

it('takes one query or change only', () => {
  for (const sql of [
    `alter role x password 'secret'`,
    'select 1; select 2',
    `copy (select 'x') to stdout`,
    `explain select 'x'`,
    `create table t as select 'x'`,
    `select 'x' into t`,
    `declare c cursor for select 'x'`,
    'select',
    'select from from',
    `select 'never ends`,
    '',
  ]) {
    const result = withoutLiterals(sql)
    expect(result === undefined || result === 'select', `${sql}: ${result}`).toBe(true)
  }
  expect(withoutLiterals(`with x as (delete from t where a = 'x' returning *) select * from x`)).toBe(
    'with x as (delete from t where a = $1 returning *) select * from x',
  )
  expect(withoutLiterals(`merge into t using s on t.a = s.a when matched then update set b = 'x'`)).toBe(
    'merge into t using s on t.a = s.a when matched then update set b = $1',
  )
})

it('gives up on statements that are nested without end', () => {
  expect(withoutLiterals(`select ${'abs('.repeat(3000)}1${')'.repeat(3000)}`)).toBe(undefined)
  expect(withoutLiterals(`select ${Array(2000).fill(`'é'||a`).join('||')}`)).toBe(undefined)
})
