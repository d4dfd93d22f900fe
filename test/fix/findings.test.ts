import { expect, test } from 'vitest'
import type { Finding, Severity } from '../../src/core/model.ts'
import { setback } from '../../src/fix/findings.ts'

function finding(ruleId: string, object: string, severity: Severity = 'error', file = 'a.sql'): Finding {
  const at = { line: 1, column: 1, offset: 0 }
  return {
    ruleId,
    messageId: 'm',
    severity,
    message: '',
    span: { file, start: at, end: at },
    object,
    evidence: 'measured',
    because: [],
    notes: [],
    fingerprint: `${ruleId} ${object} ${file}`,
  }
}

const mended = finding('rule', 't')
const other = finding('other', 't', 'warning')

test('a finding that was mended must be gone, whatever file it would stand in', () => {
  expect(setback([mended, other], [other], [mended], new Set())).toBeUndefined()
  const moved = finding('rule', 't', 'error', 'b.sql')
  expect(setback([mended, other], [other, moved], [mended], new Set())).toBe(moved)
})

test('others may stay or go, and must be neither new nor worse', () => {
  expect(setback([mended, other], [], [mended], new Set())).toBeUndefined()
  const worse = finding('other', 't', 'error')
  expect(setback([mended, other], [worse], [mended], new Set())).toBe(worse)
  const fresh = finding('other', 'u', 'info')
  expect(setback([mended, other], [other, fresh], [mended], new Set())).toBe(fresh)
})

test('of a rule that tells one statement of several, another one comes to light', () => {
  const next = finding('rule', 'u')
  expect(setback([mended], [next], [mended], new Set(['rule']))).toBeUndefined()
  expect(setback([mended], [next], [mended], new Set(['other']))).toBe(next)
})
