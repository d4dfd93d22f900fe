import { expect, test } from 'vitest'
import { alarms, different, fidelity, plansBySql } from '../../bench/plans/compare.ts'
import { trialsOf, type Explained } from '../../bench/plans/explain.ts'
import type { Prediction } from '../../bench/plans/predict.ts'
import type { PlanNode } from '../../src/planning/plan.ts'

function plan(cost: number, more: Partial<PlanNode> = {}): Explained {
  const node = { 'Node Type': 'Seq Scan', 'Relation Name': 't', Alias: 't' }
  return {
    plan: { ...node, 'Startup Cost': 0, 'Total Cost': cost, 'Plan Rows': 1, 'Plan Width': 1, ...more },
  }
}

const queries = [
  { name: 'A', sql: 'select 1 from t where a = $1 and b = $2 and c = $1', values: ["it's", '5'] },
  { name: 'B', sql: 'select 2 from t', values: [] },
]
const trials = trialsOf(queries)

test('queries with parameters are planned with any values and with usual ones', () => {
  expect(trials.map(({ parameters, sql }) => [parameters, sql])).toEqual([
    ['any values', queries[0]?.sql],
    ['usual values', "select 1 from t where a = 'it''s' and b = '5' and c = 'it''s'"],
    ['as written', 'select 2 from t'],
  ])
})

test('what counts as the same', () => {
  const truth = plansBySql(trials, [plan(100), plan(100), { failed: 'no column' }])
  const place = { migration: 'm', side: 'after' } as const
  const plans = [plan(104.9), plan(100, { Filter: '(t.a = 1)' }), { failed: 'another text' }]
  expect(fidelity('with values', place, trials, truth, plans)).toMatchObject([
    { parameters: 'any values', count: 1, sameShape: 1, sameAccess: 1, sameCost: 1 },
    { parameters: 'usual values', count: 1, sameShape: 0, sameAccess: 1, sameCost: 1 },
    { parameters: 'as written', count: 1, sameShape: 1, sameAccess: 1, sameCost: 1 },
  ])
  expect(different('with values', place, trials, truth, plans).map(({ query }) => query)).toEqual(['A'])
  const wrong = [plan(106), plan(100, { 'Relation Name': 'u' }), plan(1)]
  expect(fidelity('with values', place, trials, truth, wrong)).toMatchObject([
    { sameShape: 1, sameCost: 0 },
    { sameShape: 0, sameAccess: 0, sameCost: 1 },
    { sameShape: 0, sameAccess: 0, sameCost: 0 },
  ])
})

test('alarms are right, false or missed by what the same comparison says of the truth', () => {
  const before = plansBySql(trials, [plan(1), plan(1), plan(1)])
  const after = plansBySql(trials, [plan(1), plan(50), plan(1)])
  const effect = { kind: 'plan change' }
  const prediction = {
    effects: new Map([['B', [effect]]]),
    chosen: [],
    compare: (one: PlanNode, other: PlanNode) => (other['Total Cost'] > one['Total Cost'] ? [effect] : []),
  } as unknown as Prediction
  const migration = { name: 'm', sql: '' }
  expect(alarms('with values', migration, trials, prediction, { before, after })).toMatchObject({
    right: [],
    falseAlarms: ['B'],
    missed: ['A'],
  })
})
