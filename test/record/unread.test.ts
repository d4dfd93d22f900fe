import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import type { CheckOptions } from '../../src/check-options.ts'
import { rehearseOnClone } from '../../src/rehearsal/clone.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { bookOf, unreadStatement } from '../../src/record/book.ts'
import { causeOf } from '../../src/record/replayed.ts'
import { watchStatements } from '../../src/record/watchdog.ts'
import { withoutBooks } from '../../src/by-command/check-recorded.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { recorded, text } from './made-up.ts'

beforeAll(loadParser)

const context = { files: [], underReview: [], failed: undefined, title: 'tool' }

describe('what a transcript cannot hold', () => {
  it('is a parameter of a type that nobody reads in binary, or rows that were too many', () => {
    const point = { value: new Uint8Array(16), format: 'binary', type: 600 } as const
    const statements = recorded([
      { sql: 'insert into t values ($1, $2)', parameters: [text('a'), { ...point, value: null }] },
      { sql: 'copy t from stdin', copyData: '' },
      { sql: 'insert into t values ($1)', parameters: [point] },
      'copy u from stdin',
    ])
    expect(statements.map(({ unread }) => unread)).toEqual([
      undefined,
      undefined,
      'a binary parameter of the type with OID 600',
      'the rows that it copies in',
    ])
    const end = { code: 0, signal: null, tooLong: false }
    const recording = { command: 'tool', end, output: [], statements, connections: 1, limits: [] }
    expect(unreadStatement(bookOf(recording, context))).toBe(statements[2])
  })

  it('does not run on a clone of production, and no clone is made for it', async () => {
    const options = {
      config: { server: { create: 'false' } },
      env: {},
      all: false,
    } as unknown as CheckOptions
    const scripts = { history: [], review: [], sharesSession: true, notReplayable: 'a row could not be read' }
    const { notRun, limits } = await rehearseOnClone(options, scripts)
    expect(notRun).toBe('a row could not be read')
    expect(limits.map(({ code }) => code)).toEqual(['clone-failed'])
  })
})

it('leaves the books of the tool out of what runs on a clone', () => {
  const script = {
    source: 'recorded',
    file: 'a.rb',
    version: null,
    title: 'a',
    start: 0,
    repeatable: false,
  } as const
  const sql = 'create table t (id int);\ninsert into schema_migrations values (1);\n'
  const transaction = { mode: 'file', why: '' } as const
  const migrations = layOutTransactions(
    [parseScript({ ...script, text: sql, end: sql.length, transaction })],
    true,
  )
  const books = new Set(migrations[0]?.statements.filter(({ tag }) => tag === 'InsertStmt'))
  const [left, ...others] = withoutBooks(migrations, books)
  expect(left?.statements.map(({ tag }) => tag)).toEqual(['CreateStmt'])
  expect(others).toEqual([])
})

it('cancels what runs too long, and calls it no mistake of the author', async () => {
  const asked: string[] = []
  const admin = {
    on: () => admin,
    end: async () => {},
    query: async (sql: string) => {
      asked.push(sql)
      return { rows: sql.includes('pg_stat_activity') ? [{ pid: 7, ms: 400 }] : [] }
    },
  }
  const server = { connectAdmin: async () => admin } as unknown as PostgresServer
  const watchdog = await watchStatements(server, 'shop', 200)
  while (asked.length < 2) await sleep(5)
  await watchdog[Symbol.asyncDispose]()
  expect(asked[1]).toContain('pg_cancel_backend')
  expect([watchdog.hasStopped(7), watchdog.hasStopped(7), watchdog.hasStopped(8)]).toEqual([
    true,
    false,
    false,
  ])
  const [statement] = recorded([{ sql: 'update t set a = 1', fails: '57014' }])
  if (statement === undefined) throw new Error('Nothing was recorded.')
  expect(causeOf({ ...statement, stoppedAfterMs: 200 }, true, server)).toMatchObject({
    whose: 'ours',
    why: 'it ran longer than 0.2 s on nearly empty tables and was cancelled',
  })
})
