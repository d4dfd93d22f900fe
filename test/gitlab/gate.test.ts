import { describe, expect, test } from 'vitest'
import type { FailOn, Severity } from '../../src/core/model.ts'
import { gate, reviewedWithoutServer, worstFirst } from '../../src/gitlab/gate.ts'
import type { ReviewedFinding } from '../../src/gitlab/model.ts'
import { reviewInput, type MadeReview } from './made-review.ts'
import { MemoryMergeRequest } from './memory-merge-request.ts'

function passes(made: MadeReview, standing?: ReviewedFinding['standing']): boolean {
  const { report } = reviewInput(new MemoryMergeRequest(), made)
  const findings = reviewedWithoutServer(report)
  return gate(report, standing === undefined ? findings : findings.map((each) => ({ ...each, standing })))
}

describe('the gate', () => {
  test.each<[FailOn, Severity, boolean]>([
    ['error', 'error', false],
    ['error', 'warning', true],
    ['warning', 'error', false],
    ['warning', 'warning', false],
    ['warning', 'info', true],
    ['info', 'info', false],
    ['never', 'error', true],
  ])('with --fail-on %s and a finding of severity %s: %j', (failOn, severity, expected) => {
    expect(passes({ findings: [{ name: 'orders', severity }], settings: { failOn } })).toBe(expected)
  })

  test.each<[ReviewedFinding['standing'], boolean]>([
    ['thread', false],
    ['summary', false],
    ['over limit', false],
    ['acknowledged', false],
    ['accepted', true],
    ['allowed', true],
  ])('counts a finding that stands as “%s”: %j', (standing, expected) => {
    expect(passes({ findings: [{ name: 'orders' }] }, standing)).toBe(expected)
  })

  test('excuses what an allow comment accepts, also without the server', () => {
    expect(passes({ findings: [{ name: 'orders', allowed: true }] })).toBe(true)
  })

  test.each([
    [true, 'not rehearsed', false],
    [false, 'not rehearsed', true],
    [true, 'rehearsed', true],
    [true, 'predicted', false],
    [false, 'predicted', true],
  ] as const)(
    'with requireRehearsal %j and a migration that was %s: %j',
    (requireRehearsal, outcome, expected) => {
      const migrations = [{ file: 'a.sql', outcome }]
      const settings = { requireRehearsal, failOn: 'never' } as const
      expect(passes({ findings: [], migrations, settings })).toBe(expected)
    },
  )

  test('the gravest come first, otherwise the order stays', () => {
    const values: readonly (readonly [string, Severity])[] = [
      ['a', 'info'],
      ['b', 'error'],
      ['c', 'warning'],
      ['d', 'error'],
    ]
    expect(worstFirst(values, ([, severity]) => severity).map(([name]) => name)).toEqual(['b', 'd', 'c', 'a'])
  })
})
