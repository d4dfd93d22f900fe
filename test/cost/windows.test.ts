import { describe, expect, it } from 'vitest'
import type { LockMode, MigrationResult, TransactionMode } from '../../src/core/model.ts'
import type { Production } from '../../src/core/production.ts'
import { priceResults } from '../../src/cost/price.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { migrations } from '../predict/predict-sql.ts'
import { predictMigrations } from '../rules/run-example.ts'

await loadParser()

const schema =
  'create table t (id bigint primary key, n int); create table u (id bigint); create index t_n on t (n);'

const production: Production = {
  sources: [],
  // 318 s for an UPDATE by reference rates
  tables: [{ schema: 'public', name: 't', rows: 1e7, from: 'configuration' }],
  settings: {},
  replication: { standbys: 1, slots: 0, applyBytesPerSecond: 1e7 },
}

const update = 318_000

function price(texts: readonly string[], mode: TransactionMode) {
  const results = predictMigrations(migrations([schema]), migrations(texts, mode))
  return priceResults(results.map(rehearsed), { why: 'nothing was replayed' }, production)
}

/** As if each statement had taken 2 ms. */
function rehearsed(result: MigrationResult): MigrationResult {
  return { ...result, statements: result.statements.map((one) => ({ ...one, durationMs: 2 })) }
}

/** For each lock of that mode: expected milliseconds, in order. */
function held(
  results: readonly MigrationResult[],
  wanted: LockMode = 'AccessExclusiveLock',
): readonly (number | undefined)[] {
  return results
    .flatMap(({ statements }) => statements)
    .flatMap(({ effects }) => effects)
    .flatMap((effect) =>
      effect.kind === 'lock' && effect.mode === wanted
        ? [effect.heldMs && Math.round(effect.heldMs.expected)]
        : [],
    )
}

const add = 'alter table t add x int'
const fill = 'update t set n = 1'

describe('how long locks are held', () => {
  it('counts the backfill behind a cheap ALTER in the same transaction', () => {
    const { results, run } = price([`${add};\n${fill};`], 'file')
    expect(held(results)).toEqual([update + 2])
    expect(run.durationMs.expected).toBeCloseTo(update + 2)
    expect(run.unknown).toBe(0)
  })

  it('counts the ALTER alone where each commits by itself', () => {
    expect(held(price([`${add};\n${fill};`], 'statement').results)).toEqual([2])
  })

  it('counts from the statement of the lock on', () => {
    expect(held(price([`${fill};\n${add};`], 'file').results)).toEqual([2])
  })

  it('honours BEGIN, COMMIT and ROLLBACK of the file', () => {
    expect(held(price([`begin; ${add}; commit; ${fill};`], 'statement').results)).toEqual([4])
    expect(held(price([`begin; ${add}; ${fill}; rollback; ${fill};`], 'statement').results)).toEqual([
      update + 4,
    ])
  })

  it('goes on into the next file of a run in one transaction', () => {
    expect(held(price([add, fill], 'run').results)).toEqual([update + 2])
    expect(held(price([add, fill], 'file').results)).toEqual([2])
  })

  it('is not told when a duration until the commit is not known', () => {
    const { results, run } = price([`${add}; update u set id = 1;`, add.replace('x', 'y')], 'file')
    expect(held(results)).toEqual([undefined, 2])
    expect(run.unknown).toBe(1)
  })

  it('is a moment for the strong lock of CONCURRENTLY, and the statement for the weak one', () => {
    const { results } = price(['reindex table concurrently t'], 'statement')
    expect(held(results)).toEqual([1, 1])
    const [whole] = held(results, 'ShareUpdateExclusiveLock')
    expect(whole).toBeGreaterThan(10_000)
    expect(held(price(['vacuum full t'], 'statement').results)[0]).toBeGreaterThan(10_000)
  })

  it('is harmless for two catalogue changes that nothing ran', () => {
    const results = predictMigrations(
      migrations([schema]),
      migrations([`${add}; ${add.replace('x', 'y')};`], 'file'),
    )
    const priced = priceResults(results, { why: 'nothing was replayed' }, production)
    const effects = priced.results.flatMap(({ statements }) => statements.flatMap((one) => one.effects))
    const high = effects.map((effect) => (effect.kind === 'lock' ? (effect.heldMs?.high ?? Infinity) : 0))
    expect(Math.max(...high)).toBe(40)
  })

  it('leaves the results that it was given alone', () => {
    const results = predictMigrations(migrations([schema]), migrations([add]))
    const before = JSON.stringify(results)
    priceResults(results, { why: 'x' }, production)
    expect(JSON.stringify(results)).toBe(before)
  })
})

describe('what a run costs', () => {
  it('lets standbys fall behind by what they cannot replay meanwhile', () => {
    const { run } = price([fill], 'file')
    // 24.3 GB at 10 MB/s take 2430 s
    expect(run.walBytes.expected).toBeCloseTo(2.43e10)
    expect(run.lagMs?.expected).toBeCloseTo(2_430_000 - update)
    expect(run.lagMs?.low).toBe(0)
  })

  it('needs disk for all that one transaction makes, not for all of them', () => {
    const type = 'alter table t alter n type bigint;'
    const one = price([type], 'file').run.diskBytes.expected
    expect(price([type + type.replace('bigint', 'text')], 'file').run.diskBytes.expected).toBeCloseTo(2 * one)
    expect(price([type, type.replace('bigint', 'text')], 'file').run.diskBytes.expected).toBeCloseTo(one)
  })

  it('takes time in proportion to the statements', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => `update t set n = ${index};`).join('\n')
    const results = predictMigrations(migrations([schema]), migrations([many], 'file'))
    const tables = Array.from({ length: 20_000 }, (_, index) => ({
      schema: 'public',
      name: `t${index}`,
      rows: 1,
      from: 'snapshot' as const,
    }))
    const { run } = priceResults(
      results,
      { why: 'x' },
      { ...production, tables: [...tables, ...production.tables] },
    )
    // quadratic work took three minutes
    expect(run.unknown).toBe(0)
  }, 60_000)
})
