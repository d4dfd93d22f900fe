import { beforeAll, describe, expect, it } from 'vitest'
import { lastingStatements, transcribe } from '../../src/record/transcript.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { recorded, text, type MadeUp } from './made-up.ts'

beforeAll(loadParser)

function scriptOf(steps: readonly (string | MadeUp)[]) {
  const statements = lastingStatements(recorded(steps), undefined)
  const [transcript] = transcribe([{ statements }], { title: 'made up' })
  if (transcript === undefined) throw new Error('nothing is left')
  return transcript.script
}

describe('lastingStatements', () => {
  it('keeps what committed, in the order in which it did', () => {
    const statements = recorded([
      { sql: 'begin', session: 1 },
      { sql: 'create table a (id int)', session: 1 },
      { sql: 'create table b (id int)', session: 2 },
      { sql: 'commit', session: 1 },
    ])
    expect(lastingStatements(statements, undefined).map(({ sql }) => sql)).toEqual([
      'create table b (id int)',
      'begin',
      'create table a (id int)',
      'commit',
    ])
  })

  it('leaves out what was rolled back, what only reads, and transactions of nothing else', () => {
    const statements = recorded([
      'begin',
      'select 1 from pg_catalog.pg_class',
      'commit',
      'begin',
      'create table a (id int)',
      'rollback',
      'select pg_advisory_lock(1)',
      "select set_config('search_path', 'app', false)",
    ])
    expect(lastingStatements(statements, undefined).map(({ sql }) => sql)).toEqual([
      "select set_config('search_path', 'app', false)",
    ])
  })

  it('leaves out what was taken back to a savepoint', () => {
    const statements = recorded([
      'begin',
      'savepoint x',
      { sql: 'create table a (id int)', fails: '42P07' },
      'rollback to savepoint x',
      'create table b (id int)',
      'commit',
    ])
    expect(lastingStatements(statements, undefined).map(({ sql }) => sql)).toEqual([
      'begin',
      'savepoint x',
      'create table b (id int)',
      'commit',
    ])
  })

  it('ends with the statement that the command failed at', () => {
    const statements = recorded([
      'create table a (id int)',
      'begin',
      'alter table a add column b int',
      { sql: 'alter table nowhere add column b int', fails: '42P01' },
      'rollback',
    ])
    const failed = statements[3]
    expect(lastingStatements(statements, failed).map(({ sql }) => sql)).toEqual([
      'create table a (id int)',
      'begin',
      'alter table a add column b int',
      'alter table nowhere add column b int',
    ])
  })
})

describe('transcribe', () => {
  it('puts parameters into statements, and finds every statement again', () => {
    const script = scriptOf([
      { sql: 'insert into t (a, b) values ($1, $2)', parameters: [text("it's"), text('7', 23)] },
      'update t set a = null -- why not',
    ])
    expect(script.text).toBe(
      "insert into t (a, b) values ('it''s', 7);\nupdate t set a = null -- why not\n;\n",
    )
    expect(parseScript(script).statements.map(({ tag }) => tag)).toEqual(['InsertStmt', 'UpdateStmt'])
  })

  it('lays statements of one message out as one transaction, and those of several as several', () => {
    const together = scriptOf([
      { sql: 'create table a (id int)', message: 1 },
      { sql: 'create table b (id int)', message: 1 },
      'create table c (id int)',
    ])
    const [migration] = layOutTransactions([parseScript(together)], true)
    const [a, b, c] = migration?.statements ?? []
    expect(a?.transaction).toBe(b?.transaction)
    expect(a?.inTransactionBlock).toBe(true)
    expect(c?.transaction).not.toBe(b?.transaction)
    expect(c?.inTransactionBlock).toBe(false)
    const apart = scriptOf(['create table a (id int)', 'create table b (id int)'])
    expect(apart.transaction.mode).toBe('statement')
  })

  it('carries a transaction over from one file to the next', () => {
    const statements = recorded(['begin', 'create table a (id int)', 'create table b (id int)', 'commit'])
    const file = (path: string) => ({ path, text: '' })
    const transcripts = transcribe(
      [
        { file: file('a.py'), statements: statements.slice(0, 2) },
        { file: file('b.py'), statements: statements.slice(2) },
      ],
      { title: 'x' },
    )
    const migrations = layOutTransactions(
      transcripts.map(({ script }) => parseScript(script)),
      true,
    )
    const numbers = migrations.flatMap((one) => one.statements.map(({ transaction }) => transaction))
    expect(new Set(numbers).size).toBe(1)
    expect(migrations[1]?.statements[0]?.inTransactionBlock).toBe(true)
  })

  it('keeps the rows of COPY', () => {
    const script = scriptOf([{ sql: 'copy t from stdin', copyData: '1\tx\n' }])
    expect(parseScript(script).statements[0]?.copyData).toBe('1\tx\n')
  })
})
