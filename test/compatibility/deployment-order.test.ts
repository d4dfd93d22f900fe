import { describe, expect, it } from 'vitest'
import { deploymentOrder } from '../../src/compatibility/deployment-order.ts'
import type { CompatibilityResult } from '../../src/compatibility/query-effects.ts'
import type { BreakEffect, Query, QueryStyle, ReviewedQuery } from '../../src/core/model.ts'

function query(sql: string, style: QueryStyle): Query {
  return { name: sql, style, text: sql, sql, parameters: [], tag: 'SelectStmt', node: undefined }
}

const changed: ReviewedQuery = {
  id: 'changed',
  old: query('SELECT lifetime FROM keys', 'sqlc'),
  new: query('SELECT id FROM keys', 'sqlc'),
}

function kept(style: QueryStyle): ReviewedQuery {
  const both = query('SELECT id, lifetime FROM keys', style)
  return { id: 'kept', old: both, new: both }
}

const failsOnNew: BreakEffect = {
  kind: 'break',
  when: 'old code on new schema',
  reason: 'missing column',
  sqlstate: '42703',
  message: 'column "lifetime" does not exist',
  evidence: 'measured',
}
const fails: CompatibilityResult = { effects: [failsOnNew] }

describe('the order of deployment', () => {
  it('knows nothing of new code from what only production has', () => {
    const results = new Map([
      ['changed', fails],
      ['kept', fails],
    ])
    const order = deploymentOrder([changed, kept('pg_stat_statements')], results)
    expect(order?.order).toBe('code first')
    expect(order?.because.map(({ id }) => id)).toEqual(['changed', 'kept'])
  })

  it('is none where the new code keeps a query of a file that fails', () => {
    const order = deploymentOrder([changed, kept('named SQL')], new Map([['kept', fails]]))
    expect(order?.order).toBe('none')
  })
})
