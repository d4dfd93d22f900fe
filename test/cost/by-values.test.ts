import { describe, expect, it } from 'vitest'
import type { Range, StatementCost } from '../../src/core/cost-model.ts'
import type { ColumnStatistics, Production, TableFacts } from '../../src/core/production.ts'
import { valuesNote } from '../../src/cost/by-values.ts'
import { priceResults } from '../../src/cost/price.ts'
import type { SampleOutcome, StatementSample } from '../../src/cost/samples.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { migrations } from '../predict/predict-sql.ts'
import { predictMigrations } from '../rules/run-example.ts'

await loadParser()

const schema = `create table t (id bigint primary key, n int, s text, gone timestamptz);
  create index t_s on t (s);
  create table u (id bigint primary key, t_id bigint, n int);
  create table child (id bigint primary key, t_id bigint references t);
  create table e (id bigint, at date) partition by range (at); create index on e (at); create index on e (id);
  create table e1 (id bigint, at date);`

const million = 1e6
const heapBytes = million * 270

function facts(name = 't', more: Partial<TableFacts> = {}): TableFacts {
  return { schema: 'public', name, rows: million, heapBytes, from: 'snapshot', ...more }
}

function production(...tables: readonly TableFacts[]): Production {
  return { sources: [], tables, settings: { maxParallelMaintenanceWorkers: 0 } }
}

/** A sample of 100k rows that took so many microseconds a row and made so many bytes of files a row. */
function sample(micros: number, fileBytes: number, change: Partial<StatementSample> = {}): StatementSample {
  const rows = 100_000
  return {
    regime: 'large memory',
    rows: { 'public.t': rows },
    ms: (rows * micros) / 1000,
    walBytes: rows * fileBytes * 2,
    tempBytes: 0,
    readBytes: rows * 270,
    writtenBytes: rows * fileBytes,
    pagesTouched: 4000,
    newFileBytes: rows * fileBytes,
    ...change,
  }
}

/** 200 bytes of heap and 70 of indexes: 1 ms for 2 MB of scan, 135 ms for production's heap. */
const heap = { rows: 100_000, heapBytes: 20_000_000, toastBytes: 0, indexBytes: 7_000_000 }

function costs(
  sql: string,
  samples: readonly StatementSample[] | undefined,
  sizes: Production = production(facts()),
): readonly StatementCost[] {
  const results = predictMigrations(migrations([schema]), migrations([sql]))
  const outcome: SampleOutcome = {
    migrations: results.map(({ statements }) =>
      statements.map(({ statement }) => ({ statement, samples: samples ?? [] })),
    ),
    tables: { 'public.t': heap },
    notes: {},
    scanMsPerByte: { 'large memory': 5e-7, scaled: 5e-7 },
    server: '18.4',
    spentMs: 0,
  }
  const sampled = samples === undefined ? { why: 'nothing was replayed' } : outcome
  return (priceResults(results, sampled, sizes).results[0]?.statements ?? []).flatMap(
    ({ cost }) => cost ?? [],
  )
}

function costOf(...given: Parameters<typeof costs>): StatementCost {
  const cost = costs(...given).at(-1)
  if (cost === undefined) throw new Error('not priced')
  return cost
}

function holds(range: Range | undefined, ...values: readonly number[]): void {
  for (const value of values) {
    expect(range?.low).toBeLessThanOrEqual(value)
    expect(range?.high).toBeGreaterThanOrEqual(value)
  }
}

const scan = 135
const nothingMatched = [sample(0.2, 0)]

describe('what depends on values', () => {
  it.each([
    ['update t set n = 1 where n > 5', 25_000],
    ['update t set n = u.n from u where u.t_id = t.id', 25_000],
    ['delete from t where n > 5', 10_000],
    ['create index on t (n) where n > 5', 2000],
    ['create table x as select * from t where n > 5', 5000],
    ['create table x as select n, count(*) from t group by n', 5000],
    ['select distinct n into x from t', 5000],
    ['insert into u (id, n) select id, n from t where n > 5', 20_000],
    ['insert into u (id, n) select n, count(*) from t group by n', 20_000],
    ['insert into u (id, n) select id, n from t on conflict do nothing', 20_000],
    ['merge into t using u on t.n = u.n when matched then update set n = 1', 20_000],
    ['do $$ begin update t set n = 1 where n > 5; end $$', 25_000],
  ])('ranges from a scan to all rows: %s', (sql, all) => {
    const cost = costOf(sql, nothingMatched, production(facts(), facts('u')))
    holds(cost.durationMs, cost.durationMs?.expected ?? 0, scan, all)
    expect(cost.durationMs?.high).toBeLessThan(all * 10)
    expect(cost.walBytes?.low).toBe(0)
    expect(cost.walBytes?.high).toBeGreaterThan(million)
    expect(cost.notes.filter((note) => note === valuesNote)).toHaveLength(1)
    expect(cost.notes.length).toBeLessThanOrEqual(2)
  })

  it('keeps the estimate of the sample, and what it tells of a matching row', () => {
    const half = costOf('update t set n = 1 where n > 5', [sample(10, 135)])
    const all = costOf('update t set n = 1', [sample(10, 135)])
    expect(half.durationMs?.expected).toBe(all.durationMs?.expected)
    // what is read for nothing is read once
    expect(half.durationMs?.high).toBeCloseTo(2 * (all.durationMs?.high ?? 0) - scan * 1.7)
    expect(half.walBytes?.high).toBeCloseTo(2 * (all.walBytes?.high ?? 0))
    expect(half.durationMs?.low).toBeCloseTo(scan * 0.62)
  })

  it('is true of a sample as large as production, too', () => {
    const cost = costOf(
      'update t set n = 1 where n > 5',
      nothingMatched,
      production(facts('t', { rows: 1e5, heapBytes: 1e5 * 270 })),
    )
    expect(cost.notes).toEqual([valuesNote])
    holds(cost.durationMs, 2500)
  })

  it('is no catalogue change where an index found nothing, and then nothing is read', () => {
    const few = [10_000, 100_000].map((rows) =>
      sample(0.01, 0, { rows: { 'public.t': rows }, pagesTouched: 90 }),
    )
    const cost = costOf("update t set n = 1 where s = 'x'", few)
    expect(cost.growth).toBe('grows with the table')
    expect(cost.durationMs?.low).toBe(0)
    holds(cost.durationMs, 20_000)
  })

  it('ranges by sizes alone, too', () => {
    const cost = costOf('update t set n = 1 where n > 5', undefined)
    const all = costOf('update t set n = 1', undefined)
    expect(cost.durationMs?.high).toBe(all.durationMs?.high)
    expect(cost.durationMs?.low).toBeLessThan(1000)
    expect(all.durationMs?.low).toBeGreaterThan(5000)
    expect(cost.walBytes?.low).toBe(0)
    expect(cost.notes).toEqual([valuesNote])
  })
})

describe('what does not depend on values', () => {
  const gone: ColumnStatistics = { name: 'gone', nullFraction: 0.25, distinct: -1, width: 8 }
  const known = production(facts('t', { columns: [gone] }))

  it.each([
    'update t set n = 1',
    'update t set n = 1 where true',
    'delete from t',
    'create index on t (n)',
    'create table x as select * from t',
    'create table x as select * from (select n from t) as y union all select n from t',
    'insert into u (id, n) select id, n from t',
    'alter table t add check (n > 5)',
    'update t set n = 1 where gone is null',
    'create index on t (n) where gone is null',
    'create table x as select * from t where gone is not null',
    'alter table t add x int; update t set x = n where x is null',
  ])('%s', (sql) => {
    expect(costOf(sql, [sample(10, 135)], known).notes).not.toContain(valuesNote)
  })

  it('is not known of columns without statistics, nor beside another condition', () => {
    for (const where of ['n is null', 'gone is null and n > 5', 'gone is null or n is null']) {
      expect(costOf(`update t set n = 1 where ${where}`, [sample(10, 135)], known).notes).toContain(
        valuesNote,
      )
    }
  })

  it('counts the share of NULLs where sizes are all there is', () => {
    const all = costOf('update t set n = 1', undefined, known)
    const some = costOf('update t set n = 1 where gone is null', undefined, known)
    const others = costOf('update t set n = 1 where gone is not null', undefined, known)
    expect(some.walBytes?.expected).toBeCloseTo((all.walBytes?.expected ?? 0) / 4)
    expect(others.walBytes?.expected).toBeCloseTo((all.walBytes?.expected ?? 0) * 0.75)
    expect(some.durationMs?.expected).toBeCloseTo((all.durationMs?.expected ?? 0) / 4)
  })
})

describe('sizes alone', () => {
  const attach = "alter table e attach partition e1 for values from ('2026-01-01') to ('2027-01-01')"

  /** As measured: ATTACH is seen to read the partition, no index build shows. */
  function attached(...tables: readonly TableFacts[]): StatementCost {
    const results = predictMigrations(migrations([schema]), migrations([attach])).map((result) => ({
      ...result,
      statements: result.statements.map((one) => ({
        ...one,
        effects: one.effects.filter((effect) => effect.kind !== 'scan' || effect.reason !== 'build index'),
      })),
    }))
    const cost = priceResults(results, { why: 'x' }, production(...tables)).results[0]?.statements[0]?.cost
    if (cost === undefined) throw new Error('not priced')
    return cost
  }

  it('count the indexes that ATTACH PARTITION builds', () => {
    const indexes = ['a', 'b'].map((name) => ({ name, bytes: 10 * million * 22 }))
    const own = indexes.map(({ name }) => ({ name, bytes: million * 21 }))
    const parent = facts('e', { rows: 10 * million, indexes })
    const built = attached(parent, facts('e1', { indexes: [] }))
    expect(built.walBytes?.expected).toBeCloseTo(44 * million)
    expect(built.durationMs?.expected).toBeGreaterThan(3000)
    expect(built.notes).toEqual([])
    const there = attached(parent, facts('e1', { indexes: own }))
    expect(there.walBytes?.expected).toBe(0)
    expect(there.durationMs?.expected).toBeLessThan(1000)
    const guessed = attached(facts('e1'))
    expect(guessed.walBytes?.expected).toBeCloseTo(40 * million)
    expect(guessed.notes).toEqual(['which indexes the partition lacks is not known: one is counted'])
  })

  it('do not tell whether a DELETE finds referencing rows by an index', () => {
    const cost = costOf('delete from t where id = 1', undefined, production(facts(), facts('child')))
    expect(cost.durationMs?.low).toBe(0)
    expect(cost.notes).toEqual([
      'public.child counted as read whole: with an index on the foreign key it is a moment',
    ])
    expect(costOf('delete from t', undefined, production(facts(), facts('child'))).notes).toEqual([])
  })
})

describe('how many rows match', () => {
  const status: ColumnStatistics = { name: 's', nullFraction: 0.2, distinct: 4, width: 8 }
  const known = production(facts('t', { columns: [status] }))
  const all = costOf('update t set n = 1', [sample(10, 135)]).durationMs?.expected ?? 0

  it.each([
    ["s = 'x'", 0.2],
    ["'x' = s", 0.2],
    ["s in ('x', 'y')", 0.4],
    ["s <> 'x'", 0.6],
    ["not (s = 'x')", 0.8],
    ["s = 'x' and s > 'y'", 0.2 * (0.8 / 3)],
    ["s = 'x' or s is null", 1 - 0.8 * 0.8],
  ])('is guessed from NULLs and distinct values: %s', (where, share) => {
    const every = [sample(10, 135, { matchedRows: 100_000 })]
    const cost = costOf(`update t set n = 1 where ${where}`, every, known)
    expect(cost.durationMs?.expected).toBeCloseTo(scan + (all - scan) * share, 0)
    expect(cost.durationMs?.high).toBeGreaterThan(all)
    expect(cost.durationMs?.low).toBeLessThan(scan)
  })

  it.each(['n % 2 = 0', "s like 'x%'", "n = 1 and s = 'x'"])(
    'is that of the sample elsewhere: %s',
    (where) => {
      const half = [sample(10, 135, { matchedRows: 50_000 })]
      const cost = costOf(`update t set n = 1 where ${where}`, half, known)
      expect(cost.durationMs?.expected).toBeCloseTo(all)
      expect(cost.durationMs?.high).toBeGreaterThan(1.6 * all)
    },
  )
})
