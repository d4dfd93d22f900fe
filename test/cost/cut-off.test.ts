import { beforeAll, describe, expect, it } from 'vitest'
import { rules } from '../../rules/index.ts'
import type { StatementCost } from '../../src/core/cost-model.ts'
import type { MigrationResult } from '../../src/core/model.ts'
import type { Production } from '../../src/core/production.ts'
import { priceResults } from '../../src/cost/price.ts'
import type { SampledStatement } from '../../src/cost/samples.ts'
import { judge } from '../../src/judge/judge.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { migrations } from '../predict/predict-sql.ts'
import { predictMigrations } from '../rules/run-example.ts'

beforeAll(loadParser)

const schema = `create table sessions (id bigint primary key, at timestamptz);
  create table events (id bigint, session_id bigint references sessions on delete cascade);`

const production: Production = {
  sources: [],
  settings: {},
  tables: ['sessions', 'events'].map((name) => ({
    schema: 'public',
    name,
    rows: 300_000,
    heapBytes: 20_000_000,
    from: 'snapshot',
  })),
}

function predicted(sql: string): readonly MigrationResult[] {
  return predictMigrations(migrations([schema]), migrations([sql]))
}

/** Priced when its sample was stopped, or without a server. */
function priced(sql: string, cutOff?: SampledStatement['cutOff']): readonly MigrationResult[] {
  const results = predicted(sql)
  const migrationsOf = results.map(({ statements }) =>
    statements.map(({ statement }) => ({ statement, samples: [], why: 'it takes too long', ...{ cutOff } })),
  ) as readonly (readonly SampledStatement[])[]
  const outcome = {
    server: '18.4',
    hardware: { sortMicrosPerRow: 1, scanBytesPerSecond: 2e9, walBytesPerSecond: 1e9 },
    migrations: migrationsOf,
    tables: {},
    notes: {},
    scanMsPerByte: { 'large memory': 0, scaled: 0 },
  } as unknown as Parameters<typeof priceResults>[1]
  return priceResults(results, cutOff === undefined ? { why: 'nothing was replayed' } : outcome, production)
    .results
}

function costOf(sql: string, cutOff?: SampledStatement['cutOff']): StatementCost | undefined {
  return priced(sql, cutOff)[0]?.statements[0]?.cost
}

describe('a sample that was stopped', () => {
  const stopped = { rows: 20_000, ms: 4000 }

  it('is the least that it takes', () => {
    const sql = 'delete from sessions'
    expect(costOf(sql)?.durationMs?.high).toBeLessThan(10_000)
    const cost = costOf(sql, stopped)
    // at least half of it was its own time, and there are 15 times the rows
    expect(cost?.durationMs?.low).toBeGreaterThanOrEqual(30_000)
    expect(cost?.durationMs?.high).toBeGreaterThanOrEqual(30_000 * 15)
    expect(cost?.notes).toContain('a sample of 20,000 rows was stopped after 4 s')
  })

  it('leaves it open that no row matches', () => {
    const sql = `delete from sessions where at < '2026-01-01'`
    const { low = 0, expected = 0 } = costOf(sql, stopped)?.durationMs ?? {}
    expect(low).toBeLessThan(2000)
    expect(expected).toBeGreaterThanOrEqual(30_000)
  })

  it('says nothing where more was expected anyway', () => {
    const sql = 'update sessions set at = now()'
    expect(costOf(sql, { rows: 20_000, ms: 1 })?.notes).toEqual(costOf(sql)?.notes)
  })
})

it('is not proof enough that a DELETE is harmless when only sizes are known: keys may be looked up one by one', () => {
  const outcomeOf = (sql: string): readonly string[] => {
    const { findings, harmless } = judge({
      migrations: priced(sql),
      rules,
      allows: [],
      today: '2026-01-01',
      production,
    })
    return [
      ...findings.map(({ ruleId, severity }) => `${ruleId} ${severity}`),
      ...harmless.map(() => 'harmless'),
    ]
  }
  expect(outcomeOf(`delete from events where id > 7`)).toEqual(['require-batched-backfill info'])
})
