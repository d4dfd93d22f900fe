import { expect, it } from 'vitest'
import type { StatementCost } from '../../src/core/cost-model.ts'
import type { Production } from '../../src/core/production.ts'
import { priceResults } from '../../src/cost/price.ts'
import type { SampleOutcome, StatementSample } from '../../src/cost/samples.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { migrations } from '../predict/predict-sql.ts'
import { predictMigrations } from '../rules/run-example.ts'

await loadParser()

/** All of its ten rows were sampled, in a millisecond. */
function costAt(heapBytes: number, sql: string): StatementCost {
  const results = predictMigrations(migrations(['create table queue (id int, v text)']), migrations([sql]))
  const production: Production = {
    sources: [],
    tables: [{ schema: 'public', name: 'queue', rows: 10, heapBytes, from: 'snapshot' }],
    settings: {},
  }
  const counters = { walBytes: 0, tempBytes: 0, readBytes: 0, writtenBytes: 0, newFileBytes: 0 }
  const sample: StatementSample = {
    regime: 'large memory',
    rows: { 'public.queue': 10 },
    ms: 1,
    pagesTouched: 50,
    ...counters,
  }
  const outcome: SampleOutcome = {
    migrations: results.map(({ statements }) =>
      statements.map(({ statement }) => ({ statement, samples: [sample] })),
    ),
    tables: { 'public.queue': { rows: 10, heapBytes: 8192, toastBytes: 0, indexBytes: 0 } },
    notes: {},
    scanMsPerByte: { 'large memory': 5e-7, scaled: 5e-7 },
    server: '18.4',
    spentMs: 0,
  }
  const cost = priceResults(results, outcome, production).results[0]?.statements[0]?.cost
  if (cost === undefined) throw new Error('not priced')
  return cost
}

const gigabyte = 1e9
const note = 'queue has few rows for its size: reading all of its pages counts'

it.each(['create index on queue (v)', 'alter table queue add check (id > 0)', 'update queue set v = null'])(
  'reads the pages of a table of few rows, however fast samples are: %s',
  (sql) => {
    const full = costAt(8192, sql)
    expect(full.durationMs?.high).toBeLessThan(100)
    expect(full.notes).not.toContain(note)
    const sparse = costAt(100 * gigabyte, sql)
    // 535 MB/s
    expect(sparse.durationMs?.expected).toBeCloseTo(186_916, -1)
    expect(sparse.notes).toContain(note)
  },
)

it('reads no table for a catalogue change, and a part of it for ANALYZE', () => {
  for (const sql of ['alter table queue add column w int', 'analyze queue']) {
    expect(costAt(100 * gigabyte, sql).durationMs?.expected).toBeLessThan(30_000)
  }
})
