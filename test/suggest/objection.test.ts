import { describe, expect, test } from 'vitest'
import type { Finding } from '../../src/core/model.ts'
import type { Candidate } from '../../src/suggest/candidate.ts'
import { objection, objectionIn } from '../../src/suggest/objection.ts'

function finding(ruleId: string, line: number, more: Partial<Finding> = {}): Finding {
  const position = { line, column: 1, offset: line * 10 }
  return {
    ruleId,
    messageId: 'm',
    severity: 'warning',
    message: '',
    span: { file: 'a.sql', start: position, end: position },
    object: 't',
    evidence: 'measured',
    because: [],
    notes: [],
    fingerprint: `${ruleId}${line}`.padEnd(20, '0'),
    ...more,
  }
}

const target = finding('target', 2)
/** Line 2 becomes lines 2 to 4. */
const candidate: Candidate = {
  finding: target,
  suggestion: { startLine: 2, endLine: 2, lines: [] },
  text: '',
  block: { startLine: 2, endLine: 4 },
  lastLine: 2,
  outside: new Set(),
}

function objectionTo(
  before: readonly Finding[],
  after: readonly Finding[],
  secondary: readonly string[] = [],
) {
  return objection({ candidate, before: [target, ...before], after, secondaryRules: new Set(secondary) })
}

describe('a candidate is good', () => {
  test('when its finding is gone', () => {
    expect(objectionTo([], [])).toBeUndefined()
  })

  test('when all others stay, wherever they have moved', () => {
    const other = finding('other', 3)
    const moved = { ...finding('other', 5), fingerprint: other.fingerprint }
    expect(objectionTo([other], [moved])).toBeUndefined()
  })

  test('when only the ordinal of a fingerprint differs', () => {
    const [second] = [finding('target', 7, { fingerprint: `${target.fingerprint}-2` })]
    expect(objectionTo([second], [{ ...second, fingerprint: target.fingerprint }])).toBeUndefined()
  })

  test('when the statement keeps another finding that it had', () => {
    expect(objectionTo([finding('other', 2)], [finding('other', 3)])).toBeUndefined()
  })

  test('when a repeat of its own advice comes to light elsewhere', () => {
    expect(objectionTo([], [finding('target', 9)], ['target'])).toBeUndefined()
  })
})

test('remedies with migrations of their own may repeat advice elsewhere, and leave an info or house style', () => {
  const at = (line: number) => (one: Finding) => one.span.start.line === line
  const of = (before: readonly Finding[], after: readonly Finding[]) =>
    objectionIn({
      targets: [target],
      before: [target, ...before],
      after,
      wasHere: at(2),
      isHere: at(3),
      cuts: true,
      secondaryRules: new Set(['advice']),
      styleRules: new Set(['style']),
    })
  expect(of([], [finding('advice', 9)])).toBeUndefined()
  expect(of([], [finding('target', 3, { severity: 'info' })])).toBeUndefined()
  expect(of([finding('style', 2)], [finding('style', 3), finding('style', 3)])).toBeUndefined()
  expect(of([], [finding('style', 3)])).toBe('it has a finding of style itself')
  expect(of([], [finding('target', 3)])).toBe('it has a finding of target itself')
  expect(of([], [finding('other', 3, { severity: 'info' })])).toBe('it has a finding of other itself')
})

describe('a candidate is not good', () => {
  test('when its finding is there still, with other SQL', () => {
    expect(objectionTo([], [finding('target', 4, { fingerprint: 'x' })])).toBe(
      'it has a finding of target itself',
    )
  })

  test('when it has a finding that the statement did not have', () => {
    expect(objectionTo([], [finding('other', 3)])).toBe('it has a finding of other itself')
  })

  test('when it leads to one elsewhere', () => {
    expect(objectionTo([], [finding('other', 9)], ['other'])).toBe('it leads to a finding of other itself')
    expect(objectionTo([], [finding('target', 9)])).toBe('it leads to a finding of target itself')
  })

  test('when a finding becomes worse, or is no longer accepted', () => {
    const other = finding('other', 9)
    expect(objectionTo([other], [{ ...other, severity: 'error' }])).toMatch(/other/)
    expect(objectionTo([other], [{ ...other, severity: 'info' }])).toBeUndefined()
    expect(objectionTo([{ ...other, allowed: { reason: 'x' } }], [other])).toMatch(/other/)
  })

  test('when a finding comes to stand for more statements', () => {
    const other = finding('other', 9)
    const more = { ...other, notes: ['One more statement of the transaction runs under it.'] }
    expect(objectionTo([other], [more])).toBe('it leads to a finding of other itself')
    expect(objectionTo([more], [more])).toBeUndefined()
    expect(objectionTo([more], [other])).toBeUndefined()
  })

  test('when one finding becomes two', () => {
    const other = finding('other', 9)
    expect(objectionTo([other], [other, { ...other, fingerprint: `${other.fingerprint}-2` }])).toMatch(
      /other/,
    )
  })
})

test('what is said once of a transaction may be said of each part into which a remedy cuts it, and no graver', () => {
  const of = (before: readonly Finding[], after: readonly Finding[], cuts = true) =>
    objectionIn({
      targets: [target],
      before: [target, ...before],
      after,
      wasHere: ({ span }) => span.start.line === 2,
      isHere: ({ span }) => span.start.line === 3,
      cuts,
      secondaryRules: new Set(),
      transactionRules: new Set(['whole']),
    })
  const parts = [finding('whole', 8), finding('whole', 9)]
  expect(of([finding('whole', 7)], parts)).toBeUndefined()
  expect(of([finding('whole', 7)], parts, false)).toBe('it leads to a finding of whole itself')
  expect(of([], parts)).toBe('it leads to a finding of whole itself')
  expect(of([finding('whole', 7, { severity: 'info' })], parts)).toBe('it leads to a finding of whole itself')
  expect(of([finding('other', 7)], [finding('other', 8)])).toBe('it leads to a finding of other itself')
})
