import { beforeAll, expect, test } from 'vitest'
import { fingerprint } from '../../src/judge/fingerprint.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { everyLock, judgeFiles, lock } from './made.ts'

beforeAll(loadParser)

const identity = { ruleId: 'ban-locks', messageId: 'locks', object: 'orders' }

function of(sql: string): string {
  return fingerprint({ ...identity, sql })
}

test('is short and hexadecimal', () => {
  expect(of('lock orders')).toMatch(/^[0-9a-f]{20}$/)
})

test('does not change with comments, white space, case of keywords or a semicolon', () => {
  const same = of('ALTER TABLE orders ADD note text')
  expect(of('alter table orders\n\tadd note text;')).toBe(same)
  expect(of('alter /* really /* nested */ */ table orders -- now\n add note text')).toBe(same)
})

test('changes with what the statement says', () => {
  const texts = [
    'alter table orders add note text',
    'alter table "Orders" add note text',
    "insert into orders values ('A')",
    "insert into orders values ('a')",
    'do $$ begin /* a */ end $$',
    'do $$ begin /* b */ end $$',
  ]
  expect(new Set(texts.map(of)).size).toBe(texts.length)
})

test('changes with rule, message and object', () => {
  const sql = 'lock orders'
  const prints = [
    of(sql),
    fingerprint({ ...identity, ruleId: 'ban-more', sql }),
    fingerprint({ ...identity, messageId: 'more', sql }),
    fingerprint({ ...identity, object: 'users', sql }),
  ]
  expect(new Set(prints).size).toBe(4)
})

test('tells equal findings apart, and stays when lines move', () => {
  const effects = [[lock('orders')], [lock('orders')]]
  const prints = (sql: string): readonly string[] =>
    judgeFiles([{ sql, effects, mode: 'statement' }], [everyLock]).map((finding) => finding.fingerprint)
  const [first, second] = prints('lock orders; lock orders')
  expect(second).toBe(`${first}-2`)
  expect(prints('-- moved\n\nLOCK orders;\n\nlock\torders;')).toEqual([first, second])
})
