import { expect, it } from 'vitest'
import { budgetLine, ofDatabase } from '../../src/cli/budget.ts'
import { cleanReport } from '../reporters/sample-report.ts'

it('does not call a run within the budget that took longer', () => {
  const said = (usedMs: number): string => (budgetLine(cleanReport, usedMs, 5000) ?? '').replace(/.*\), /, '')
  expect(said(4900)).toBe('within the budget (4.9 s).')
  expect(said(5800)).toBe('over the budget of 5.0 s (5.8 s).')
})

it('gives each of several databases a cache of its own', () => {
  expect(ofDatabase({ cacheDir: '/cache' }, 'billing')).toEqual({ cacheDir: '/cache/billing' })
  expect(ofDatabase({ cacheDir: '/cache' }, undefined)).toEqual({ cacheDir: '/cache' })
  expect(ofDatabase({}, 'billing')).toEqual({})
})
