import { describe, expect, test } from 'vitest'
import { planChanges, type PlanSide, type TableRead } from '../../src/planning/compare-plans.ts'
import { relationReads } from '../../src/planning/plan-shape.ts'
import type { PlanNode } from '../../src/planning/plan.ts'
import { wholeTableReads } from '../../src/planning/table-reads.ts'

const memory = { sortBytes: 4 * 1024 ** 2, hashBytes: 8 * 1024 ** 2 }

function node(type: string, cost: number, rows: number, more: Partial<PlanNode> = {}): PlanNode {
  return {
    'Node Type': type,
    'Startup Cost': 0,
    'Total Cost': cost,
    'Plan Rows': rows,
    'Plan Width': 100,
    ...more,
  }
}

const orders = { Schema: 'public', 'Relation Name': 'orders', Alias: 'o' }

function scan(cost: number, rows: number, more: Partial<PlanNode> = {}): PlanNode {
  return node('Seq Scan', cost, rows, { ...orders, Filter: '(o.total = 1)', ...more })
}

function byIndex(cost: number, rows: number, name = 'by_customer'): PlanNode {
  return node('Index Scan', cost, rows, {
    ...orders,
    'Index Name': name,
    'Index Cond': '(o.customer_id = $1)',
  })
}

function side(root: PlanNode, known: Partial<TableRead> = {}): PlanSide {
  const reads = relationReads(root, (_, name) => `btree(${name})`).map((read) => ({
    ...read,
    root: 1,
    rootName: 'public.orders',
    rows: 1_000_000,
    hasValues: true,
    ...known,
  }))
  return {
    plan: { root, summary: { cost: root['Total Cost'], rows: root['Plan Rows'], text: '', shape: [] } },
    reads,
  }
}

describe('what is worse', () => {
  const before = byIndex(40, 10)
  test('a scan in place of an index', () => {
    expect(planChanges(side(before), side(scan(20_000, 10)), memory)).toEqual([
      { type: 'new sequential scan', table: 'public.orders', rows: 1_000_000 },
      { type: 'lost index', table: 'public.orders', index: 'by_customer' },
      { type: 'cost', ratio: 500 },
    ])
  })

  test('nothing when it costs less, as much, or hardly more', () => {
    for (const cost of [30, 40, 130])
      expect(planChanges(side(before), side(scan(cost, 10)), memory)).toEqual([])
  })

  test('another index that serves as well is none that is lost', () => {
    expect(planChanges(side(byIndex(4000, 10)), side(byIndex(4400, 10, 'by_both')), memory)).toEqual([])
  })

  test('costs are told only where all tables have values', () => {
    const types = (known: Partial<TableRead>): readonly string[] =>
      planChanges(side(before, known), side(byIndex(4000, 10), known), memory).map(({ type }) => type)
    expect(types({})).toEqual(['cost'])
    expect(types({ hasValues: false })).toEqual([])
  })

  test('nothing of tables whose size nobody knows, or that are small', () => {
    const unknown = { rows: undefined }
    expect(planChanges(side(before, unknown), side(scan(20_000, 10), unknown), memory)).toEqual([])
    const small = planChanges(side(before), side(scan(20_000, 10), { rows: 50_000 }), memory)
    expect(small.map(({ type }) => type)).toEqual(['lost index', 'cost'])
  })

  test('by sizes only: an index must be gone, and the table be read from end to end for it', () => {
    const types = (after: PlanNode, gone: boolean): readonly string[] =>
      planChanges(side(before), side(after), memory, () => gone).map(({ type }) => type)
    expect(types(scan(20_000, 10), true)).toEqual(['new sequential scan', 'lost index'])
    expect(types(scan(20_000, 10), false)).toEqual([])
    expect(types(byIndex(4000, 10, 'by_less'), true)).toEqual([])
    const { 'Index Cond': _condition, ...whole } = byIndex(4000, 10, 'by_day')
    expect(types(whole, true)).toEqual(['lost index'])
  })

  test('a sort that is new and one that spills; a hash that spills', () => {
    const sorted = (rows: number): PlanNode => node('Sort', 9000, rows, { Plans: [byIndex(40, rows)] })
    const types = (after: PlanNode): readonly string[] =>
      planChanges(side(before), side(after), memory).flatMap(({ type }) => (type === 'cost' ? [] : [type]))
    expect(types(sorted(20_000))).toEqual([])
    expect(types(sorted(40_000))).toEqual(['sort spills'])
    expect(types(sorted(60_000))).toEqual(['sort spills', 'new sort'])
    expect(types(node('Limit', 9000, 10, { Plans: [sorted(60_000)] }))).toEqual(['new sort'])
    const hash = node('Hash', 8000, 100_000, { Plans: [byIndex(40, 100_000)] })
    expect(types(node('Hash Join', 9000, 10, { Plans: [byIndex(40, 10), hash] }))).toEqual(['hash spills'])
  })
})

describe('whole tables that are read for few rows', () => {
  const reads = (root: PlanNode): readonly number[] => wholeTableReads(side(root)).map(({ rows }) => rows)

  test('by a filter, a join, or the first of an order', () => {
    expect(reads(scan(20_000, 500))).toEqual([500])
    expect(reads(scan(20_000, 500_000))).toEqual([])
    const join = node('Hash Join', 30_000, 70, { Plans: [scan(20_000, 1_000_000), node('Hash', 1, 5)] })
    expect(reads(join)).toEqual([70])
    const first = node('Limit', 30_000, 50, {
      Plans: [node('Sort', 30_000, 1_000_000, { Plans: [scan(20_000, 1_000_000)] })],
    })
    expect(reads(first)).toEqual([50])
  })

  test('not one that a LIMIT ends early', () => {
    expect(reads(node('Limit', 10, 50, { Plans: [scan(20_000, 90_000)] }))).toEqual([])
    expect(reads(node('Limit', 19_000, 50, { Plans: [scan(20_000, 52)] }))).toEqual([50])
  })

  test('workers have a share each', () => {
    const gather = (rows: number): PlanNode =>
      node('Gather', 30_000, rows, { 'Workers Planned': 2, Plans: [scan(20_000, rows)] })
    expect(reads(gather(40_000))).toEqual([96_000])
    expect(reads(gather(60_000))).toEqual([])
  })

  test('aggregates want all that their filter leaves', () => {
    expect(reads(node('Aggregate', 30_000, 1, { Plans: [scan(20_000, 1_000_000)] }))).toEqual([])
  })
})
