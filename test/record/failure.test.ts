import { describe, expect, it } from 'vitest'
import type { Recording } from '../../src/record/model.ts'
import { bookOf } from '../../src/record/book.ts'
import { failedStatement, gaveUp } from '../../src/record/failure.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { recorded } from './made-up.ts'

// what tests are given is made before beforeAll()
await loadParser()

/** A command that fails behind the last statement, which Postgres answers like this. */
function failing(sql: string, code: string, message: string): Recording {
  const statements = recorded(['create table a (id int)', { sql, fails: code }]).map((one) =>
    one.sent.error === undefined ? one : { ...one, sent: { ...one.sent, error: { code, message } } },
  )
  return {
    command: 'migrate',
    end: { code: 1, signal: null, tooLong: false },
    output: [],
    statements,
    connections: 1,
    limits: [],
  }
}

describe('files that were run', () => {
  const book = (...statements: readonly string[]): ReturnType<typeof bookOf> =>
    bookOf(
      { ...failing('select 1', '', ''), statements: recorded(statements) },
      {
        files: [{ path: 'db/20250401_a.rb', text: 'change' }],
        underReview: ['db/20250401_a.rb'],
        failed: undefined,
        title: 'migrate',
      },
    )

  it('are also those that changed nothing', () => {
    const { ran, chapters } = book("insert into schema_migrations values ('20250401')")
    expect(ran).toEqual(['db/20250401_a.rb'])
    expect(chapters.map(({ file }) => file)).toEqual([undefined])
  })

  it('are not those that the tool passed over', () => {
    expect(book('create table if not exists schema_migrations (version text)').ran).toEqual([])
  })
})

describe('what a command fails at', () => {
  it.each([
    ['57014', 'canceling statement due to user request'],
    ['08006', 'unexpected EOF on client connection with an open transaction'],
  ])('is no statement when it was killed itself (%s)', (code, message) => {
    expect(failedStatement(failing('select pg_sleep(60)', code, message))).toBeUndefined()
  })

  it('is the statement that ran into a timeout', () => {
    const timedOut = failing('select pg_sleep(60)', '57014', 'canceling statement due to statement timeout')
    expect(failedStatement(timedOut)?.sql).toBe('select pg_sleep(60)')
  })

  it('is never taken for something of the tool’s own, of which nothing is said', () => {
    const recording = failing('select 1/0', '22012', 'division by zero')
    const failed = failedStatement(recording)
    const files = [{ path: 'db/1.sql', text: 'create table a (id int); select 1/0;' }]
    const book = bookOf(recording, { files, underReview: ['db/1.sql'], failed, title: 'migrate' })
    expect(failed?.sql).toBe('select 1/0')
    expect([...book.own]).not.toContain(failed)
    expect(book.transcripts.flatMap(({ statements }) => statements.map((one) => one.recorded))).toContain(
      failed,
    )
  })
})

describe('a program that gives up though no statement failed', () => {
  const ended = (end: Partial<Recording['end']>, connections = 1): Recording => ({
    command: 'migrate',
    end: { code: 1, signal: null, tooLong: false, ...end },
    output: [],
    statements: recorded(['create table a (id int)', 'select * from a']),
    connections,
    limits: [],
  })

  it('may have done so for the rows it read', () => {
    expect(gaveUp(ended({}))).toBe(true)
  })

  it.each([
    ['ended well', ended({ code: 0 })],
    ['was killed', ended({ code: null, signal: 'SIGKILL' })],
    ['was killed below a shell', ended({ code: 137 })],
    ['took too long', ended({ tooLong: true })],
    ['never connected', ended({}, 0)],
    ['failed at a statement', failing('select 1/0', '22012', 'division by zero')],
  ])('and not where it %s', (_, recording) => {
    expect(gaveUp(recording)).toBe(false)
  })
})
