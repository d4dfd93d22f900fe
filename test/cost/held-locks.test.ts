import { expect, it } from 'vitest'
import type { StatementCost } from '../../src/core/cost-model.ts'
import type { Production } from '../../src/core/production.ts'
import { priceResults } from '../../src/cost/price.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { migrations } from '../predict/predict-sql.ts'
import { predictMigrations } from '../rules/run-example.ts'

await loadParser()

const schema = `create table large (id int, v text); create table small (id int);
  create materialized view summary as select count(*) from large;`

const production: Production = {
  sources: [],
  tables: [
    { schema: 'public', name: 'large', rows: 1e9, heapBytes: 1e11, from: 'snapshot' },
    { schema: 'public', name: 'small', rows: 10, heapBytes: 8192, from: 'snapshot' },
    { schema: 'public', name: 'summary', rows: 1, heapBytes: 8192, from: 'snapshot' },
  ],
  settings: {},
}

/** The cost of the last statement of one transaction. */
function costAfter(sql: string): StatementCost {
  const results = predictMigrations(migrations([schema]), migrations([sql]))
  const { results: priced } = priceResults(results, { why: 'this is a test' }, production)
  const cost = priced.at(-1)?.statements.at(-1)?.cost
  if (cost === undefined) throw new Error('not priced')
  return cost
}

it.each([
  'begin; alter table large add column w int; analyze large',
  'begin; alter table large add column w int; analyze public.large (v)',
  'begin; alter table large add column w int; refresh materialized view summary',
])('reads a table that the transaction has locked already: %s', (sql) => {
  const cost = costAfter(sql)
  expect(cost.tables).toContainEqual(expect.objectContaining({ table: 'public.large' }))
  expect(cost.durationMs?.high).toBeGreaterThan(500)
})

it.each([
  'begin; alter table large add column w int; analyze small',
  'begin; create table fresh (id int); analyze fresh',
  'begin; alter table large add column w int; refresh materialized view summary with no data',
])('reads nothing large: %s', (sql) => {
  expect(costAfter(sql).unknownTables).toEqual([])
  expect(costAfter(sql).durationMs?.high).toBeLessThan(500)
})
