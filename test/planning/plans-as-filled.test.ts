import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Production } from '../../src/core/production.ts'
import { InflatedCopy } from '../../src/planning/inflated-copy.ts'
import { PlanningServer } from '../../src/planning/planning-server.ts'
import { fill, migrations, queries, schema } from './shop-truth.ts'
import { planningRequest, query, Truth } from './truth.ts'

/** They write statistics and sizes in other ways there. */
const onOldest = new Set(['an index is dropped', 'indexes are added', 'a table is written anew'])

describe.each([18, 14] as const)('plans on PostgreSQL %i are those of really filled tables', (major) => {
  let truth: Truth
  let production: Production
  beforeAll(async () => {
    truth = await Truth.fill(major, schema, fill)
    production = await truth.production()
  })
  afterAll(() => truth[Symbol.asyncDispose]())

  const tried = Object.entries(migrations).filter(([name]) => major === 18 || onOldest.has(name))
  test.each(tried)('%s', async (_, { sql, analyze }) => {
    const selects = Object.values(queries)
    const before = await truth.shapesAfter('select 1', undefined, selects)
    const after = await truth.shapesAfter(sql, analyze, selects)
    const request = await planningRequest(major, schema, sql, production, [])
    const endsAt = performance.now() + 60_000
    await using planning = await PlanningServer.open(request, endsAt)
    await using copy = await InflatedCopy.open(planning, { ...request, endsAt })
    for (const [at, [name, select]] of Object.entries(queries).entries()) {
      const one = query(name, select)
      for (const [side, filled] of [
        ['before', before[at]],
        ['after', after[at]],
      ] as const) {
        const plan = await copy.explain(one, side)
        if ('error' in plan) throw new Error(`${name}: ${plan.error}`)
        expect({ name, side, shape: plan.summary.shape }).toEqual({ name, side, shape: filled?.shape })
        const ratio = plan.summary.cost / (filled?.cost ?? 0)
        expect(ratio, `${name} ${side}`).toBeGreaterThan(side === 'before' ? 0.95 : 0.7)
        expect(ratio, `${name} ${side}`).toBeLessThan(side === 'before' ? 1.05 : 1.4)
      }
    }
  })
})
