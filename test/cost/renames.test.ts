import { expect, it } from 'vitest'
import type { StatementCost } from '../../src/core/cost-model.ts'
import type { Production, TableFacts } from '../../src/core/production.ts'
import { priceResults } from '../../src/cost/price.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { migrations } from '../predict/predict-sql.ts'
import { predictMigrations } from '../rules/run-example.ts'

await loadParser()

const schema = `create table small (id int, v text); create table large (id int, v text);
  create table unknown (id int, v text); create schema archive; create table archive.small (id int, v text);`

const production: Production = {
  sources: [],
  tables: [
    table('small', 10),
    table('large', 2e9),
    { ...table('small', 3e9), schema: 'archive' },
    // of a table that the database does not have any more
    table('gone', 5e9),
  ],
  settings: {},
}

function table(name: string, rows: number): TableFacts {
  return { schema: 'public', name, rows, heapBytes: rows * 100, from: 'snapshot' }
}

/** The cost of the last statement. */
function costAfter(sql: string): StatementCost {
  const results = predictMigrations(migrations([schema]), migrations([sql]))
  const cost = priceResults(results, { why: 'this is a test' }, production)
    .results.at(-1)
    ?.statements.at(-1)?.cost
  if (cost === undefined) throw new Error('not priced')
  return cost
}

const hourMs = 3600 * 1000

it.each([
  'alter table small rename to small_old; alter table large rename to small; create index on small (v)',
  'drop table small; alter table large rename to small; create index on small (v)',
  'alter table small rename to x; alter table large rename to small; alter table small rename to y; create index on y (v)',
  'alter table small rename to small_old; alter table archive.small set schema public; create index on small (v)',
  'alter schema public rename to old; alter schema archive rename to public; create index on public.small (v)',
  'alter table large rename to renamed; create index on renamed (v)',
  'alter table small rename to gone; create index on gone (v)',
])('takes no large table for the small one whose name it gets: %s', (sql) => {
  const { durationMs, unknownTables } = costAfter(sql)
  expect(unknownTables).toEqual([])
  expect(durationMs?.expected).toBeGreaterThan(hourMs)
})

it('knows no size for a name that a table of unknown size gets', () => {
  const swapped = costAfter(
    'drop table small; alter table unknown rename to small; create index on small (v)',
  )
  expect(swapped).toMatchObject({ unknownTables: ['public.small'], basis: { by: 'nothing' } })
  expect(swapped).not.toHaveProperty('durationMs')
})

it('lets the samples of other tables count', () => {
  const { basis } = costAfter('alter table small rename to x; create index on large (v)')
  expect(basis).toEqual({ by: 'structure', why: 'this is a test' })
  const renamed = costAfter('alter table large rename to x; create index on x (v)')
  expect(renamed.basis).toEqual({ by: 'structure', why: 'the run gives one of its tables another name' })
  expect(renamed.tables).toMatchObject([{ table: 'public.x', rows: 2e9 }])
})
