import { beforeAll, expect, it } from 'vitest'
import type { Migration } from '../../src/core/model.ts'
import { bookOf, withUnreached } from '../../src/record/book.ts'
import { replayedMigrations } from '../../src/record/replayed.ts'
import { describeOutcome } from '../../src/reporters/words.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { recorded } from '../record/made-up.ts'

beforeAll(loadParser)

it('counts what a command that fails did not come to, as it does where files are read', () => {
  const files = ['db/1_a.sql', 'db/2_b.sql'].map((path) => ({ path, text: 'create table a (id int);' }))
  const statements = recorded([{ sql: 'create table a (id int)', fails: '42501' }])
  const recording = {
    command: 'migrate',
    end: { code: 1, signal: null, tooLong: false },
    output: [{ text: 'applying db/1_a.sql', atMs: 0 }],
    statements,
    connections: 1,
    limits: [],
  }
  const context = {
    files,
    underReview: files.map(({ path }) => path),
    failed: statements[0],
    title: 'migrate',
  }
  const book = withUnreached(bookOf(recording, context), files.slice(1))
  expect(book.ran).toEqual(['db/1_a.sql'])
  expect(book.transcripts.map((one) => `${one.script.file} ${one.statements.length}`)).toEqual([
    'db/1_a.sql 1',
    'db/2_b.sql 0',
  ])
  const unreached = { file: 'db/2_b.sql', statements: [] } as unknown as Migration
  const { migrations } = replayedMigrations([unreached], new Map(), undefined)
  expect(migrations.map(({ outcome }) => outcome)).toEqual(['not rehearsed'])
  const told = {
    outcome: 'not rehearsed',
    statements: [],
    recorded: { command: 'migrate', knownBy: '' },
  } as const
  expect(describeOutcome(told)).toBe('not rehearsed, because the command did not come to it')
})
