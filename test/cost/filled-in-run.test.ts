import { describe, expect, it } from 'vitest'
import type { StatementCost } from '../../src/core/cost-model.ts'
import type { Production } from '../../src/core/production.ts'
import { priceResults } from '../../src/cost/price.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { migrations } from '../predict/predict-sql.ts'
import { predictMigrations } from '../rules/run-example.ts'

await loadParser()

const production: Production = {
  sources: [],
  tables: [
    { schema: 'public', name: 'small', rows: 100, from: 'snapshot' },
    { schema: 'public', name: 'large', rows: 1e9, from: 'snapshot' },
  ],
  settings: {},
}

/** The cost of the last statement. */
function costAfter(sql: string): StatementCost {
  const history = 'create table small (id int, v text); create table large (id int, v text);'
  const results = predictMigrations(migrations([history]), migrations([sql]))
  const { results: priced } = priceResults(results, { why: 'this is a test' }, production)
  const cost = priced.at(-1)?.statements.at(-1)?.cost
  if (cost === undefined) throw new Error('not priced')
  return cost
}

describe('an index on a table that the run makes', () => {
  it.each([
    'create table copy as select * from large',
    'create table copy as select * from small, large',
    'create table copy (id int, v text); insert into copy select * from large',
    'create table first as select * from large; create table copy as select * from first',
    'create materialized view copy as select * from large',
  ])('takes nobody knows how long after: %s', (sql) => {
    const cost = costAfter(`${sql}; create index on copy (v)`)
    expect(cost).toMatchObject({ growth: 'grows with the table', unknownTables: ['public.copy'] })
    expect(cost).not.toHaveProperty('durationMs')
  })

  it.each([
    'create table copy (id int, v text)',
    'create table copy (like large)',
    "create table copy (id int, v text); insert into copy values (1, 'x')",
    'create table copy as select * from large with no data',
    'create table copy as select * from small',
    'create table first as select * from small; create table copy as select * from first',
  ])('is a moment after: %s', (sql) => {
    const cost = costAfter(`${sql}; create index on copy (v)`)
    expect(cost.unknownTables).toEqual([])
    expect(cost.durationMs?.high).toBeLessThan(1000)
  })

  it('leaves what is said of the run as it was', () => {
    const results = predictMigrations(
      migrations(['create table large (id int, v text)']),
      migrations(['create table copy as select * from large; create index on copy (v)']),
    )
    const { results: priced } = priceResults(results, { why: 'this is a test' }, production)
    const effects = priced.flatMap(({ statements }) => statements.flatMap((one) => one.effects))
    const copies = effects.filter((effect) => 'relation' in effect && effect.relation.name === 'copy')
    expect(copies.length).toBeGreaterThan(0)
    for (const copy of copies) expect(copy).toMatchObject({ relation: { existedBefore: false } })
  })
})
