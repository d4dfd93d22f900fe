import { describe, expect, it } from 'vitest'
import { judgeClone, type CloneVerdict } from '../../src/rehearsal/clone-verdict.ts'
import { cloneRelations } from '../../src/replay/clone-relations.ts'
import type { CloneFailure, CloneOutcome } from '../../src/replay/clone-replay.ts'
import type { Rehearsal } from '../../src/rehearsal/rehearse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'

await loadParser()
const text = 'SELECT 1;\nALTER TABLE users ALTER COLUMN email SET NOT NULL;\n'
const [parsed] = layOutTransactions(
  [
    parseScript({
      source: 'dbmate',
      file: 'db/2.sql',
      version: '2',
      title: '2',
      text,
      start: 0,
      end: text.length,
      transaction: { mode: 'file', why: 'dbmate default' },
      repeatable: false,
    }),
  ],
  false,
)
const migration = given(parsed)
const first = given(migration.statements[0])
const statement = given(migration.statements[1])

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it is missing')
  return value
}

function failing(sqlstate: string, more: Partial<CloneFailure> = {}): CloneFailure {
  const error = { sqlstate, message: 'it fails' }
  return {
    migration: migration,
    statement: statement,
    error,
    sqlstate,
    tooLong: false,
    durationMs: 1,
    ...more,
  }
}

function judged(more: Partial<CloneOutcome>, rehearsal?: Rehearsal): CloneVerdict {
  const ran = {
    migration: migration,
    statement: first,
    durationMs: 1,
    walBytes: 0,
    effects: [],
    rowsRead: [],
  }
  const relations = cloneRelations([])
  const outcome = {
    statements: [ran],
    relations,
    appliedBefore: [],
    missing: [],
    tempBytes: 0,
    limits: [],
    ...more,
  }
  return judgeClone(
    { clone: { version: '16.3', databaseBytes: 412 * 1024 ** 3 }, outcome, limits: [] },
    rehearsal,
  )
}

function briefly({ findings, limits, trials }: CloneVerdict): string {
  const told = [...findings.map(({ messageId }) => `finding ${messageId}`), ...limits.map(({ code }) => code)]
  return [...told, trials[0]?.outcome].join(', ')
}

describe('a statement that fails on a clone', () => {
  it.each([
    ['23502', {}, 'finding on clone, finding'],
    ['22P02', { missing: undefined }, 'finding on clone, finding'],
    ['P0001', {}, 'finding on clone, finding'],
    ['57014', {}, 'finding on clone, finding'],
    ['42703', {}, 'finding on clone, finding'],
    ['42703', { missing: undefined }, 'clone-not-run, not tried'],
    ['42501', {}, 'clone-not-run, not tried'],
    ['53100', {}, 'clone-not-run, not tried'],
    ['08006', {}, 'clone-not-run, not tried'],
    ['23502', { missing: [migration] }, 'clone-behind, clone-not-run, not tried'],
    [
      '23502',
      { limits: [{ code: 'statement-refused', message: 'left out' }] },
      'statement-refused, clone-not-run, not tried',
    ],
  ])('with %s and %o is: %s', (sqlstate, more, told) => {
    expect(briefly(judged({ failure: failing(sqlstate), ...more }))).toBe(told)
  })

  it('for our own limit of time is said once', () => {
    const failure = failing('57014', { tooLong: true })
    expect(briefly(judged({ failure, ended: 'too long' }))).toBe('clone-too-long, not tried')
  })

  it('as in the rehearsal is found there', () => {
    const migrations = [{ migration, outcome: 'failed', statements: [{ statement, effects: [] }] }]
    const rehearsal = { migrations } as unknown as Rehearsal
    expect(briefly(judged({ failure: failing('23502') }, rehearsal))).toBe('finding')
  })

  it('answers what the rehearsal left open', () => {
    const open = { code: 'depends-on-data', message: 'open', span: statement.span }
    expect(judged({ failure: failing('23502') }).answers(open)).toBe(true)
    expect(judged({ failure: failing('42501') }).answers(open)).toBe(false)
    expect(judged({}).answers({ ...open, span: first.span })).toBe(true)
    expect(judged({}).answers({ code: 'not-rehearsed', message: 'open', span: first.span })).toBe(false)
  })

  it('is told with what it ran on', () => {
    const { trials, findings } = judged({ failure: failing('23502'), tempBytes: 3 * 1024 ** 2 })
    expect(trials[0]).toEqual({
      kind: 'clone',
      about: '',
      outcome: 'finding',
      says: '1 statement ran on a clone of production (PostgreSQL 16.3, 410 GB); the next one failed.',
      lines: [
        'db/2.sql:1 SELECT 1: 1 ms',
        'db/2.sql:2 ALTER TABLE users ALTER COLUMN email SET NOT NULL: fails, it fails',
        '3 MB of temporary files in all',
      ],
    })
    expect(findings[0]).toMatchObject({
      message: 'The migration fails here on a clone of production: it fails (SQLSTATE 23502).',
      span: { start: { line: 2 } },
      remedy: { migrations: [] },
    })
  })
})

describe('a clone that has nothing to run', () => {
  it('is said', () => {
    const { trials } = judged({ statements: [], appliedBefore: [migration] })
    expect(trials[0]).toMatchObject({
      outcome: 'not tried',
      says: 'Nothing ran on the clone of production (PostgreSQL 16.3, 410 GB): it has the migrations under review already.',
      lines: ['db/2.sql was not run: the clone has it already'],
    })
  })

  it('and why there is none', () => {
    const limit = { code: 'clone-failed', message: 'no clone' }
    const { trials, limits } = judgeClone(
      { notRun: 'server.create ended with exit code 3', limits: [limit] },
      undefined,
    )
    expect(limits).toEqual([limit])
    expect(trials[0]?.says).toBe(
      'The migrations did not run on a clone of production, because server.create ended with exit code 3.',
    )
  })
})
