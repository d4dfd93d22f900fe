import { beforeAll, expect, test } from 'vitest'
import type { Finding } from '../../src/core/model.ts'
import type { IndexUse, PlanChange, PlanChangeEffect, QueryResult } from '../../src/core/query-model.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { judgeExample, lintedQueries, loadExample, predictMigrations } from './run-example.ts'

beforeAll(loadParser)

const scan = (rows: number): PlanChange => ({ type: 'new sequential scan', table: 'public.orders', rows })

/** The findings where the only statement of the example makes queries slower in these ways. */
function judged(
  changes: Readonly<Record<string, readonly PlanChange[]>>,
  callsPerSecond?: number,
  indexes: readonly IndexUse[] = [],
): readonly Finding[] {
  const example = loadExample('avoid-slower-queries', 'bad.sql')
  const linted = lintedQueries(example)
  const migrations = predictMigrations(example.history, example.review)
  const statement = migrations[0]?.statements[0]?.statement
  const query = linted?.results[0]?.reviewed.new
  if (linted === undefined || statement === undefined || query === undefined) throw new Error('no example')
  const plan = { cost: 10, rows: 1, text: '', shape: ['Seq Scan public.orders'] }
  const results = Object.entries(changes).map(([name, own]): QueryResult => {
    const rate = callsPerSecond === undefined ? {} : { rate: { callsPerSecond, meanMs: 1 } }
    const one = { ...query, name, ...rate }
    const effect: PlanChangeEffect = {
      kind: 'plan change',
      before: plan,
      after: { ...plan, cost: 1140 },
      changes: own,
      cause: { file: statement.span.file, index: statement.index, span: statement.span },
      statistics: 'with value statistics',
      parameters: 'none',
    }
    return { reviewed: { id: name, old: one, new: one }, effects: [effect], locks: [] }
  })
  const outcome = { ...linted, results, indexes, statistics: 'with value statistics' as const }
  return judgeExample(example, migrations, outcome).filter(({ ruleId }) => ruleId === 'avoid-slower-queries')
}

test.each([
  [200_000, undefined, 'warning'],
  [200_000, 0.5, 'warning'],
  [200_000, 2, 'error'],
  [2_000_000, undefined, 'error'],
] as const)('%i rows, %s calls a second: %s', (rows, rate, severity) => {
  expect(judged({ A: [scan(rows)] }, rate)).toMatchObject([{ severity, messageId: 'readsTable' }])
})

test('one finding for all queries, the worst in front', () => {
  const cost: PlanChange = { type: 'cost', ratio: 114 }
  const lost: PlanChange = { type: 'lost index', table: 'public.orders', index: 'orders_idx' }
  const [finding, ...others] = judged({
    B: [cost],
    C: [lost, cost],
    A: [scan(200_000), cost],
    D: [scan(200_000)],
  })
  expect(others).toEqual([])
  expect(finding?.message).toBe('A and D read all 200,000 rows of orders from now on.')
  expect(finding?.object).toBe('orders')
  expect(finding?.queries?.map(({ name, detail }) => `${name} ${detail ?? ''}`)).toEqual([
    'A reads all 200,000 rows of orders, costs 114 times as much as before',
    'D reads all 200,000 rows of orders',
    'C no longer uses orders_idx on orders, costs 114 times as much as before',
    'B costs 114 times as much as before',
  ])
  expect(finding?.notes.join('\n')).toContain('A before: Seq Scan orders, cost 10')
  expect(finding?.notes.join('\n')).toContain('The plan of one more query is worse, too.')
})

test.each([
  [{ type: 'cost', ratio: 2.345 }, 'A costs 2.3 times as much as before.'],
  [{ type: 'sort spills', rows: 5_000_000 }, 'A sorts 5,000,000 rows on disk.'],
  [{ type: 'hash spills', rows: 5_000_000 }, 'A hashes 5,000,000 rows on disk.'],
  [{ type: 'new sort', rows: 90_000 }, 'A sorts 90,000 rows that came in order before.'],
] as const)('%j', (change, message) => {
  expect(judged({ A: [change] }).map((finding) => finding.message)).toEqual([message])
})

test('one finding for an index that queries and a foreign key need', () => {
  const use = {
    change: 'dropped',
    index: 'public.i',
    table: 'public.orders',
    enforces: false,
    usedBy: [],
    foreignKeys: ['fk'],
  }
  const statement = { file: 'rules/avoid-slower-queries/bad.sql', index: 0 }
  const uses = [{ ...use, statement } as unknown as IndexUse]
  const [finding, ...others] = judged({ A: [scan(200_000)] }, undefined, uses)
  expect(others).toEqual([])
  expect(finding?.notes).toContain('Deleting a row that fk references reads all of orders from now on.')
  expect(judged({}, undefined, uses)).toMatchObject([{ messageId: 'slowsForeignKey' }])
  expect(judged({})).toEqual([])
})
