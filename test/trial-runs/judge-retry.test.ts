import { beforeAll, expect, test } from 'vitest'
import type { Migration, TransactionMode } from '../../src/core/model.ts'
import {
  blameOf,
  retryTrial,
  unsafeRetry,
  type TriedCut,
  type TriedMigration,
} from '../../src/trial-runs/judge-retry.ts'
import type { Aftermath } from '../../src/replay/retry-ground.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { isLone, mayChange, type Changes } from '../../src/trials/retry-cuts.ts'
import { summaryOf } from '../../src/trial-runs/tell-retry.ts'
import { plannedCuts, wantsRetry } from '../../src/trial-runs/wants-retry.ts'
import { script } from '../sql/scripts.ts'

beforeAll(() => loadParser())

const changes: Changes = (statement) => mayChange(statement, () => false)

function migrationOf(text: string, mode: TransactionMode = 'simple query', why = 'test'): Migration {
  const parts = [...text.matchAll(/[^;]+;?/g)].map(({ index, 0: part }) => ({
    start: index,
    end: index + part.length,
  }))
  const one = { ...script(text, mode), parts, transaction: { mode, why } }
  const [migration] = layOutTransactions([parseScript(one)], false)
  if (migration === undefined) throw new Error('no migration')
  return migration
}

type Told = readonly [kind: 'after' | 'inside', at: number, aftermath: TriedCut['aftermath']]

function tried(migration: Migration, ...told: readonly Told[]): TriedMigration {
  const cuts = told.map(([kind, at, aftermath]): TriedCut => {
    const statement = migration.statements[at]
    if (statement === undefined) throw new Error('no such statement')
    return { cut: { kind, statement }, aftermath }
  })
  return {
    migration,
    whenFailed: { outcome: 'runs again', says: 'goose runs the file again' },
    tried: cuts,
    leftOut: 0,
    isLone: isLone(migration, changes),
    changes,
  }
}

const fails = (migration: Migration, index: number): Aftermath => {
  const at = migration.statements[index]
  if (at === undefined) throw new Error('no such statement')
  return { kind: 'fails', invalid: [], at, sqlstate: '42P07', message: 'it is there' }
}

const resumes: Aftermath = { kind: 'resumes', invalid: [] }
const otherwise: Aftermath = {
  kind: 'ends otherwise',
  invalid: [],
  schema: { equal: true, changes: [] },
  rows: [{ table: 'public.t', rows: { before: 1, after: 2 }, columns: [] }],
}

const twoIndexes = 'create index concurrently a on t (a); create index concurrently b on t (b)'

test('a statement that has a file of its own is no finding, and told', () => {
  const alone = migrationOf("set lock_timeout = '2s'; create index concurrently a on t (a)")
  const of = tried(alone, ['inside', 1, fails(alone, 1)])
  expect(blameOf(of)).toBeUndefined()
  expect(retryTrial(of, undefined, false)).toMatchObject({ outcome: 'holds', lines: [of.whenFailed.says] })
})

test('what stops the next run at the statement that failed is no finding, what stops it before is one', () => {
  const migration = migrationOf(twoIndexes)
  expect(blameOf(tried(migration, ['after', 0, resumes], ['inside', 1, fails(migration, 1)]))).toBeUndefined()
  const blame = blameOf(tried(migration, ['after', 0, fails(migration, 0)]))
  expect(blame).toMatchObject({ statement: { index: 0 }, isSilent: false })
})

test('steps of our own remedies in one file are no finding where every statement commits by itself', () => {
  const steps = 'alter table t add constraint c check (a > 0) not valid; alter table t validate constraint c'
  const suggested =
    'begin; alter table t add constraint c check (a > 0) not valid; commit; alter table t validate constraint c'
  const inSteps = migrationOf(suggested)
  expect(blameOf(tried(inSteps, ['after', 2, fails(inSteps, 1)]))).toBeUndefined()
  for (const text of [twoIndexes, steps]) {
    const byItself = migrationOf(text, 'statement')
    expect(blameOf(tried(byItself, ['after', 0, fails(byItself, 0)]))).toBeUndefined()
    const asked = migrationOf(text)
    expect(blameOf(tried(asked, ['after', 0, fails(asked, 0)]))?.statement.index).toBe(0)
  }
})

test('what ends otherwise without a word is worse, and stands at what was repeated', () => {
  const migration = migrationOf(
    'create table s (); insert into t select 1; comment on table s is $$x$$; drop table u',
  )
  const of = tried(
    migration,
    ['after', 0, fails(migration, 0)],
    ['after', 1, otherwise],
    ['after', 2, otherwise],
  )
  const blame = blameOf(of)
  expect(blame).toMatchObject({ statement: { index: 1 }, isSilent: true })
  if (blame === undefined) return
  const finding = unsafeRetry(of, blame, { summary: '', migrations: [] })
  expect(finding).toMatchObject({
    severity: 'warning',
    evidence: 'measured',
    message:
      'When statement 3 of 4 fails, the next run repeats this statement and says nothing, and ends otherwise: 2 rows instead of 1 in public.t.',
    notes: ['goose runs the file again.'],
  })
})

test('what REINDEX leaves, and an index that IF NOT EXISTS takes for done, are told elsewhere', () => {
  for (const text of ['reindex table concurrently t', 'create index concurrently if not exists a on t (a)']) {
    const migration = migrationOf(text)
    expect(blameOf(tried(migration, ['inside', 0, { ...otherwise, rows: [] }]))).toBeUndefined()
  }
})

test('a command that overlooks an error is worst of all, and what it gives up at is told', () => {
  const migration = migrationOf('create table s (); insert into t select 1; drop table u')
  const goesOn = { ...otherwise, kind: 'goes on' } as const
  const of = tried(migration, ['after', 0, otherwise], ['after', 1, goesOn])
  const blame = blameOf(of)
  expect(blame).toMatchObject({ statement: { index: 2 }, isSilent: true })
  if (blame === undefined) return
  const remedy = { summary: summaryOf(blame), migrations: [] }
  expect(unsafeRetry(of, blame, remedy)).toMatchObject({
    severity: 'warning',
    message:
      'When statement 3 of 3 fails, the command ends with exit status 0 all the same, and leaves something else: 2 rows instead of 1 in public.t.',
    notes: [],
    remedy: { summary: expect.stringContaining('ON_ERROR_STOP') as string },
  })
  const stuck = tried(migration, ['after', 0, { kind: 'gives up', invalid: [], says: 'ends with SIGTERM' }])
  expect(blameOf(stuck)).toBeUndefined()
  expect(retryTrial(stuck, undefined, false)).toMatchObject({
    outcome: 'holds',
    says: 'Broken off behind statement 1 of 3 (CREATE TABLE), the next run ends with SIGTERM.',
  })
})

test('steps that a command sent from code are a finding, those of a file of SQL are none', () => {
  const steps = migrationOf(
    'alter table t add column a int; create index concurrently b on t (a)',
    'statement',
  )
  const recorded = { command: 'rails', knownBy: 'its output' }
  for (const [file, count] of [
    ['db/1_steps.rb', 1],
    ['db/1_steps.sql', 0],
  ] as const) {
    const sent = { ...steps, file, recorded }
    const blame = blameOf(tried(sent, ['after', 0, fails(sent, 0)]))
    expect(blame === undefined ? 0 : 1).toBe(count)
  }
})

test('what the tool sends for itself is no place to break off, and does not count', () => {
  const text =
    'begin; insert into t select 1; commit; create index concurrently a on t (a); insert into books select 1'
  const migration = migrationOf(text)
  const own = new Set(migration.statements.slice(-1))
  const replayed = { migration, outcome: 'rehearsed', statements: [] } as const
  const run = { options: { config: {} }, reviewSet: {}, rehearsal: { migrations: [replayed] } }
  const cuts = plannedCuts({ ...run, byCommand: { own } }).planned.map(({ cut }) => cut)
  expect(cuts.map(({ kind, statement: { index, tag } }) => [kind, index, tag])).toEqual([
    ['after', 0, 'InsertStmt'],
    ['inside', 1, 'IndexStmt'],
  ])
})

test('a guess is not tried, nor what nobody asked to judge', () => {
  const run = (
    migration: Migration,
    replayedOnly: readonly string[] = [],
  ): Parameters<typeof plannedCuts>[0] => ({
    options: { config: {} },
    reviewSet: { replayedOnly },
    rehearsal: { migrations: [{ migration, outcome: 'rehearsed', statements: [] }] },
  })
  const known = migrationOf(twoIndexes, 'statement')
  expect(plannedCuts(run(known)).planned).toHaveLength(3)
  expect(plannedCuts(run(known, [known.file])).planned).toEqual([])
  const guessed = plannedCuts(run(migrationOf(twoIndexes, 'statement', 'assumed: psql -f')))
  expect(guessed.planned).toEqual([])
  expect(guessed.assumed).toContain('is assumed')
  expect(wantsRetry({ ...run(known), options: { config: { retry: false } } })).toBe(false)
  expect(wantsRetry({ ...run(known), options: { config: {}, prove: false } })).toBe(false)
  expect(wantsRetry(run(known))).toBe(true)
})
