import { beforeAll, describe, expect, test } from 'vitest'
import type { PlanSummary, QueryEffect, TableReadEffect } from '../../src/core/query-model.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { judgeExample, lintedQueries, loadExample } from './run-example.ts'

beforeAll(loadParser)

/** How many findings the bad queries have when they are planned so. */
function found(ruleId: string, plan: PlanSummary | undefined, effects: readonly QueryEffect[] = []): number {
  const example = loadExample(ruleId, 'bad.queries.sql')
  const linted = lintedQueries(example)
  if (linted === undefined) throw new Error('no queries')
  const results = linted.results.map((result) => ({
    ...result,
    effects,
    ...(plan === undefined ? {} : { plan }),
  }))
  return judgeExample(example, [], { ...linted, results }).filter((finding) => finding.ruleId === ruleId)
    .length
}

function planOf(table: string, rows: number, read: string): PlanSummary {
  return { cost: 1, rows, text: '', shape: [`${read} public.${table}`] }
}

describe.each([
  ['avoid-leading-wildcard', 'customers'],
  ['avoid-function-on-indexed-column', 'users'],
])('%s', (ruleId, table) => {
  test('says nothing where the plan does not read the whole table', () => {
    expect(found(ruleId, undefined)).toBeGreaterThan(0)
    expect(found(ruleId, planOf(table, 10, 'Seq Scan'))).toBe(found(ruleId, undefined))
    expect(found(ruleId, planOf(table, 10, 'Bitmap Heap Scan'))).toBe(0)
    expect(found(ruleId, planOf('other', 10, 'Seq Scan'))).toBe(0)
  })

  test('leaves it to who recommends an index that was tried out', () => {
    const plan = planOf(table, 10, 'Seq Scan')
    const read: TableReadEffect = {
      kind: 'table read',
      table: `public.${table}`,
      tableRows: 1_000_000,
      rows: 1,
      plan,
      statistics: 'sizes only',
      parameters: 'any values (generic plan)',
    }
    const advice = {
      table: `public.${table}`,
      columns: ['x'],
      sql: 'CREATE INDEX',
      costBefore: 2,
      costAfter: 1,
      bytes: 8192,
      after: plan,
    }
    expect(found(ruleId, plan, [read])).toBeGreaterThan(0)
    expect(found(ruleId, plan, [{ ...read, advice }])).toBe(0)
  })
})

test('avoid-unbounded-result says nothing where the plan expects few rows', () => {
  expect(found('avoid-unbounded-result', planOf('payments', 10_000, 'Seq Scan'))).toBe(1)
  expect(found('avoid-unbounded-result', planOf('payments', 9999, 'Seq Scan'))).toBe(0)
})
