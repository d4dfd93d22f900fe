import { beforeAll, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { everyLock, judgeFiles, lines, lock, type MadeFile } from './made.ts'

beforeAll(loadParser)

function judgeComment(comment: string, more: Partial<MadeFile> = {}): readonly string[] {
  const sql = `${comment}\nlock orders;`
  return lines(judgeFiles([{ sql, effects: [[lock('orders')]], ...more }], [everyLock]))
}

test('an allow comment accepts the finding of its rule at the statement below', () => {
  expect(judgeComment('-- pgrehearse-allow ban-locks: ten rows')).toEqual([
    'ban-locks 2 orders is locked. (ten rows)',
  ])
})

test('an accepted finding keeps reason and date for the report', () => {
  const sql = '-- pgrehearse-allow ban-locks until 2027-01-31: ten rows\nlock orders'
  const [finding] = judgeFiles([{ sql, effects: [[lock('orders')]] }], [everyLock])
  expect(finding?.allowed).toEqual({ reason: 'ten rows', until: '2027-01-31' })
})

test('a comment reaches its own statement only', () => {
  const sql = '-- pgrehearse-allow ban-locks: ten rows\nlock orders;\nlock users;'
  const effects = [[lock('orders')], [lock('users')]]
  expect(lines(judgeFiles([{ sql, effects }], [everyLock]))).toEqual([
    'ban-locks 2 orders is locked. (ten rows)',
    'ban-locks 3 users is locked.',
  ])
})

test('several comments may stand above a statement', () => {
  const again = { ...everyLock, id: 'ban-again' }
  const sql = '-- pgrehearse-allow ban-locks: ten rows\n-- pgrehearse-allow ban-again: ten rows\nlock orders;'
  const findings = judgeFiles([{ sql, effects: [[lock('orders')]] }], [everyLock, again])
  expect(findings.map(({ allowed }) => allowed?.reason)).toEqual(['ten rows', 'ten rows'])
})

test('a comment without a reason has no effect and is an error', () => {
  expect(judgeComment('-- pgrehearse-allow ban-locks')).toEqual([
    'allow-without-reason 1 The allow comment for ban-locks gives no reason, so it has no effect.',
    'ban-locks 2 orders is locked.',
  ])
})

test('a comment counts through its last day', () => {
  expect(judgeComment('-- pgrehearse-allow ban-locks until 2026-11-21: ten rows')).toEqual([
    'ban-locks 2 orders is locked. (ten rows)',
  ])
  expect(judgeComment('-- pgrehearse-allow ban-locks until 2026-11-20: ten rows')).toEqual([
    'expired-allow 1 The allow comment for ban-locks expired on 2026-11-20, so the finding below it counts again.',
    'ban-locks 2 orders is locked.',
  ])
})

test('a comment that accepts nothing is needless', () => {
  expect(judgeComment('-- pgrehearse-allow ban-locks: ten rows', { effects: [[]] })).toEqual([
    'needless-allow 1 The allow comment for ban-locks accepts nothing: the statement below it has no finding of ban-locks.',
  ])
  expect(
    lines(judgeFiles([{ sql: 'select 1;\n-- pgrehearse-allow ban-locks: ten rows' }], [everyLock])),
  ).toEqual([
    'needless-allow 2 The allow comment for ban-locks accepts nothing: no statement stands below it.',
  ])
})

test('a comment above code that nobody executed may have its use', () => {
  const sql = '-- pgrehearse-allow ban-locks: ten rows\ndo $$ begin end $$'
  expect(judgeFiles([{ sql }], [everyLock])).toEqual([])
  expect(judgeFiles([{ sql, measured: true }], [everyLock]).map(({ ruleId }) => ruleId)).toEqual([
    'needless-allow',
  ])
})

test('a comment is not needless where everything is new', () => {
  const files = [{ sql: '-- pgrehearse-allow ban-locks: ten rows\nlock orders', effects: [[]] }]
  expect(judgeFiles(files, [everyLock], { onEmptyDatabase: true })).toEqual([])
})

test('a comment for a rule that is off is neither needed nor needless', () => {
  const files = [{ sql: '-- pgrehearse-allow ban-locks: ten rows\nlock orders', effects: [[lock('orders')]] }]
  expect(judgeFiles(files, [everyLock], { severities: { 'ban-locks': 'off' } })).toEqual([])
})

test('an unknown rule is a warning with a suggestion', () => {
  const findings = judgeFiles([{ sql: '-- pgrehearse-allow ban-lokcs: ten rows\nselect 1' }], [everyLock])
  expect(lines(findings)).toEqual([
    'unknown-rule-in-allow 1 The allow comment names the rule ban-lokcs, which does not exist, so it has no effect.',
  ])
  expect(findings[0]?.remedy?.summary).toBe('Did you mean ban-locks?')
})

test('a comment of another form is a warning', () => {
  expect(judgeComment('-- pgrehearse-allow ban-locks, ban-more because I say so')).toEqual([
    'malformed-allow 1 This allow comment cannot be read, so it has no effect: pgrehearse-allow ban-locks, ban-more because I say so',
    'ban-locks 2 orders is locked.',
  ])
})
