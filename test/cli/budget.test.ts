import { expect, it } from 'vitest'
import { budgetLine } from '../../src/cli/budget.ts'
import { cleanReport } from '../reporters/sample-report.ts'

it('does not call a run within the budget that took longer', () => {
  const said = (usedMs: number): string => (budgetLine(cleanReport, usedMs, 5000) ?? '').replace(/.*\), /, '')
  expect(said(4900)).toBe('within the budget (4.9 s).')
  expect(said(5800)).toBe('over the budget of 5.0 s (5.8 s).')
})
