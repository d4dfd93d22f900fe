import { beforeAll, describe, expect, test } from 'vitest'
import type { Statement } from '../../src/core/model.ts'
import { batchedStatement } from '../../src/sql/batched-statement.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { script } from './scripts.ts'

beforeAll(loadParser)

const users = { kind: 'table', schema: 'public', name: 'users' }

function batched(sql: string, relation = users): string | undefined {
  const [migration] = layOutTransactions([parseScript(script(sql, 'statement'))], false)
  return batchedStatement(migration?.statements[0] as Statement, relation)
}

/** What stands behind the range of blocks. */
function condition(sql: string): readonly string[] {
  return [...(batched(sql) ?? '').matchAll(/^ {8}AND (?!ctid|users\.ctid|u\.ctid)(.*?);?$/gm)].map(
    (match) => match[1] ?? '',
  )
}

describe('an UPDATE', () => {
  test.each([
    ["update users set state = 'new'", ["state IS DISTINCT FROM 'new'"]],
    ['update users set nick = 1, size = 1.5', ["(nick IS DISTINCT FROM '1' OR size IS DISTINCT FROM '1.5')"]],
    ['update users set nick = null', ['nick IS NOT NULL']],
    [
      'update users set flag = a is distinct from b where c is distinct from d',
      ['c is distinct from d', 'flag IS DISTINCT FROM (a is distinct from b)'],
    ],
    [
      'update users set a = b + 1, c = lower(d)',
      ['(a IS DISTINCT FROM (b + 1) OR c IS DISTINCT FROM (lower(d)))'],
    ],
    ["update users set state = 'new' where id > 7", ['id > 7', "state IS DISTINCT FROM 'new'"]],
    ['update users set token = gen_random_uuid() where token is null', ['token is null']],
    [
      'update users set token = gen_random_uuid(), visits = visits + 1 where id > 7 and token is null',
      ['id > 7 and token is null'],
    ],
    // other may be NULL itself: token IS NULL would hold for ever
    ['update users set token = other where token is null', ['token is null', 'token IS DISTINCT FROM other']],
    [
      'update users set a = o.a from o where o.id = users.id',
      ['o.id = users.id', 'users.a IS DISTINCT FROM (o.a)'],
    ],
    [
      "update users set state = 'new', changed = now() where id > 7",
      ['id > 7', "state IS DISTINCT FROM 'new'"],
    ],
  ])('%s is done where %s', (sql, expected) => {
    expect(condition(sql)).toEqual(expected)
  })

  test.each([
    ['counts on from itself', 'update users set visits = visits + 1'],
    ['swaps columns', 'update users set a = b, b = a'],
    ['has a new value each time', 'update users set token = gen_random_uuid()'],
    ['joins its own values', 'update users set a = users.a + o.b from o where o.id = users.id'],
    ['returns rows', "update users set a = 'x' returning id"],
    ['assigns several at once', 'update users set (a, b) = (select 1, 2)'],
    ['assigns the default', 'update users set a = default'],
  ])('that %s is not split', (_why, sql) => {
    expect(batched(sql)).toBeUndefined()
  })
})

test('a DELETE ends by itself', () => {
  expect(condition("delete from users as u where u.at < now() - interval '1 day'")).toEqual([
    "u.at < now() - interval '1 day'",
  ])
  expect(condition('delete from users')).toEqual([])
  expect(condition('delete from users using o where o.id = users.id')).toEqual(['o.id = users.id'])
})

test('the blocks of all partitions are counted', () => {
  const sql = batched('delete from users where x', { ...users, kind: 'partitioned table' })
  expect(sql).toContain("FROM pg_partition_tree('users') WHERE isleaf")
})
