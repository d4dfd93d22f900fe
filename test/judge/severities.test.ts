import { beforeAll, describe, expect, test } from 'vitest'
import { judge } from '../../src/judge/judge.ts'
import { ChosenSeverities } from '../../src/judge/severities.ts'
import { defineRule } from '../../src/rule.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { everyLock, judgeFiles, lines, lock, make } from './made.ts'

beforeAll(loadParser)

const files = ['db/old/a.sql', 'db/new/b.sql'].map((file) => ({
  file,
  sql: 'lock orders',
  effects: [[lock('orders')]],
}))

describe('the severity of a rule in a file', () => {
  const chosen = new ChosenSeverities({ a: 'warning', b: 'off' }, [
    { paths: ['db/**'], rules: { a: 'info' } },
    { paths: ['db/old', 'x/*.sql'], rules: { a: 'off', b: 'error' } },
  ])

  test.each([
    ['a', 'src/q.sql', 'warning'],
    ['a', 'db/new/b.sql', 'info'],
    ['a', 'db/old/a.sql', 'off'],
    ['b', 'db/new/b.sql', 'off'],
    ['b', 'x/y.sql', 'error'],
    ['c', 'db/old/a.sql', undefined],
  ])('%s in %s is %s', (rule, file, severity) => expect(chosen.of(rule, file)).toBe(severity))

  test('off everywhere is what no override switches on', () => {
    expect([chosen.isOffEverywhere('a'), chosen.isOffEverywhere('b')]).toEqual([false, false])
    const off = new ChosenSeverities({ b: 'off' }, [{ paths: ['x'], rules: { b: 'off', a: 'error' } }])
    expect([off.isOffEverywhere('a'), off.isOffEverywhere('b')]).toEqual([false, true])
  })
})

test('an override changes the severity in its files only', () => {
  const overrides = [{ paths: ['db/old/**'], rules: { 'ban-locks': 'info' } as const }]
  expect(judgeFiles(files, [everyLock], { overrides }).map(({ severity }) => severity)).toEqual([
    'info',
    'warning',
  ])
})

test('what a rule would say that is off is not told, and kept for the report', () => {
  const overrides = [{ paths: ['db/old/**'], rules: { 'ban-locks': 'off' } as const }]
  const { findings, off } = judge({ ...make(files), rules: [everyLock], today: '2026-11-21', overrides })
  expect(findings.map(({ span }) => span.file)).toEqual(['db/new/b.sql'])
  expect(off.map(({ span }) => span.file)).toEqual(['db/old/a.sql'])
})

test('an allow comment for a rule that is off in the file is neither needed nor needless', () => {
  const sql = '-- pgrehearse-allow ban-locks: ten rows\nselect 1'
  const overrides = [{ paths: ['db/old'], rules: { 'ban-locks': 'off' } as const }]
  expect(lines(judgeFiles([{ file: 'db/old/a.sql', sql }], [everyLock], { overrides }))).toEqual([])
})

test('a rule that is off everywhere may be broken', () => {
  const broken = defineRule({
    ...everyLock,
    id: 'ban-broken',
    messages: {},
    statement() {
      throw new Error('broken')
    },
  })
  expect(judgeFiles(files, [broken], { severities: { 'ban-broken': 'off' } })).toEqual([])
  expect(() => judgeFiles(files, [broken])).toThrow('broken')
})
