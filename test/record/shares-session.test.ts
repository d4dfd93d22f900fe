import { beforeAll, expect, test } from 'vitest'
import { sharesSession } from '../../src/record/book.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { recorded } from './made-up.ts'

beforeAll(loadParser)

/** Migrations, each with the sessions of its statements. */
function shares(...migrations: readonly (readonly number[])[]): boolean {
  const chapters = migrations.map((sessions) => ({
    statements: recorded(sessions.map((session) => ({ sql: 'create table t (a int)', session }))),
  }))
  return sharesSession({ chapters, own: new Set() })
}

test('migrations share a session where one goes on in that of the one before', () => {
  expect(shares([1], [1])).toBe(true)
  expect(shares([1], [2], [2])).toBe(true)
  expect(shares([1, 2], [2, 3])).toBe(true)
  expect(shares([1], [2], [3])).toBe(false)
  // a pool, or psql for each file
  expect(shares([1, 2], [3], [1])).toBe(false)
})

test('a single migration is taken to have others behind it in its session', () => {
  expect(shares([1])).toBe(true)
  expect(shares([1], [])).toBe(true)
})

test('what the tool sends for itself counts for nothing', () => {
  const one = recorded([{ sql: 'set role a', session: 1 }])
  const both = recorded([
    { sql: 'insert into books values (1)', session: 1 },
    { sql: 'create table t (a int)', session: 2 },
  ])
  const chapters = [{ statements: one }, { statements: both }]
  expect(sharesSession({ chapters, own: new Set() })).toBe(true)
  expect(sharesSession({ chapters, own: new Set(both.slice(0, 1)) })).toBe(false)
})
