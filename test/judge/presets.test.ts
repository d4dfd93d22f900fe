import { beforeAll, describe, expect, test } from 'vitest'
import { judge, type JudgeInput } from '../../src/judge/judge.ts'
import type { Rule } from '../../src/rule.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { everyLock, judgeFiles, lock, make } from './made.ts'

beforeAll(loadParser)

const strict: Rule = { ...everyLock, preset: 'strict' }
const today = '2026-11-21'

const files = [
  { file: 'a.sql', sql: 'lock orders', effects: [[lock('orders')]] },
  { file: 'b.sql', sql: 'lock orders', effects: [[lock('orders')]] },
]

describe('a rule of a preset', () => {
  test.each<[string, Partial<JudgeInput>, readonly string[]]>([
    ['is silent when nobody asks for it', {}, []],
    ['speaks with its preset', { presets: ['strict'] }, ['a.sql', 'b.sql']],
    ['not with another', { presets: ['security'] }, []],
    ['speaks with a severity of its own', { severities: { 'ban-locks': 'info' } }, ['a.sql', 'b.sql']],
    [
      'speaks only in the files that have one',
      { overrides: [{ paths: ['b.sql'], rules: { 'ban-locks': 'error' } }] },
      ['b.sql'],
    ],
    [
      'is silent where an override says off',
      { presets: ['strict'], overrides: [{ paths: ['b.sql'], rules: { 'ban-locks': 'off' } }] },
      ['a.sql'],
    ],
  ])('%s', (_, input, found) => {
    const findings = judgeFiles(files, [strict], input)
    expect(findings.map(({ span }) => span.file)).toEqual(found)
  })

  test('is not asked what it would say when it is off anyway', () => {
    const { migrations } = make(files)
    const off = judge({ migrations, rules: [strict], severities: { 'ban-locks': 'off' }, today })
    expect(off.off).toEqual([])
    const chosen = judge({
      migrations,
      rules: [strict],
      severities: { 'ban-locks': 'off' },
      presets: ['strict'],
      today,
    })
    expect(chosen.off).toHaveLength(2)
  })

  test('that is not asked for may be named by an allow comment: neither unknown nor needless', () => {
    const sql = '-- pgrehearse-allow ban-locks: not today\nCREATE TABLE x ()'
    const none = [{ file: 'a.sql', sql, effects: [[]] }]
    expect(judgeFiles(none, [strict])).toEqual([])
    expect(judgeFiles(none, [strict], { presets: ['strict'] }).map(({ ruleId }) => ruleId)).toEqual([
      'needless-allow',
    ])
  })

  test('that is not asked for may stand in the baseline', () => {
    const entry = {
      file: 'a.sql',
      rule: 'ban-locks',
      object: 'orders',
      message: 'orders is locked.',
      reason: 'old',
      date: today,
      run: 'review' as const,
      fingerprint: '0123456789abcdef',
      line: 3,
    }
    const baseline = { file: 'baseline.yaml', entries: [entry] }
    const rehearsed = [{ file: 'a.sql', sql: 'SELECT 1', effects: [[]], measured: true }]
    expect(judgeFiles(rehearsed, [strict], { baseline })).toEqual([])
    expect(
      judgeFiles(rehearsed, [strict], { baseline, presets: ['strict'] }).map(({ ruleId }) => ruleId),
    ).toEqual(['needless-baseline-entry'])
  })
})
