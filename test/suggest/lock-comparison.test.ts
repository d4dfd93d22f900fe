import { describe, expect, test } from 'vitest'
import type {
  Effect,
  LockMode,
  Migration,
  MigrationResult,
  Relation,
  Statement,
} from '../../src/core/model.ts'
import { compareLocks, lockProfile } from '../../src/suggest/lock-comparison.ts'

const table = (name: string, existedBefore = true): Relation => ({
  kind: 'table',
  schema: 'public',
  name,
  existedBefore,
})
const lock = (name: string, mode: LockMode, until: 'commit' | 'statement' = 'commit'): Effect => ({
  kind: 'lock',
  relation: table(name),
  mode,
  until,
})
const scan = (name: string, existedBefore = true): Effect => ({
  kind: 'scan',
  relation: table(name, existedBefore),
  reason: 'validate',
})

/** Transactions of statements of effects. */
type Run = readonly (readonly (readonly Effect[])[])[]

function profile(run: Run, lockTimeoutMs = 0) {
  const statements = run.flatMap((transaction, number) =>
    transaction.map((effects) => ({
      statement: { transaction: number } as Statement,
      effects: effects.map((effect) => ({
        ...effect,
        evidence: { by: 'predicted' as const, source: 'test' },
      })),
      settings: { lockTimeoutMs, statementTimeoutMs: 0, timeZone: 'UTC' },
      measured: false,
    })),
  )
  const result: MigrationResult = { migration: {} as Migration, statements, outcome: 'rehearsed' }
  return lockProfile([result], () => true)
}

const compare = (before: Run, after: Run, about?: string) =>
  compareLocks(profile(before), profile(after), about)

const exclusive = lock('a', 'AccessExclusiveLock')
const weak = lock('a', 'ShareUpdateExclusiveLock')

describe('locks are less', () => {
  test('when they are weaker', () => {
    expect(compare([[[lock('a', 'ShareLock'), scan('a')]]], [[[weak, scan('a')]]])).toEqual({
      verdict: 'less',
      says: 'ShareUpdateExclusiveLock instead of ShareLock on a',
    })
  })

  test('when the work is done under a weaker one', () => {
    expect(compare([[[exclusive, scan('a')]]], [[[exclusive]], [[weak, scan('a')]]])).toEqual({
      verdict: 'less',
      says: 'ShareUpdateExclusiveLock instead of AccessExclusiveLock on a during the work, and AccessExclusiveLock for an instant',
    })
    expect(compare([[[exclusive], [scan('b')]]], [[[exclusive]], [[scan('b')]]])).toMatchObject({
      says: 'AccessExclusiveLock on a for an instant, without work under it',
    })
  })

  test('when fewer tables are locked at once, or none is waited for without end', () => {
    const [a, b] = [lock('a', 'AccessExclusiveLock'), lock('b', 'ShareLock')]
    expect(compare([[[a], [b]]], [[[a]], [[b]]])).toMatchObject({
      says: 'at most 1 table is locked at once instead of 2',
    })
    expect(compareLocks(profile([[[a]]]), profile([[[a]]], 2000))).toMatchObject({
      says: 'the same locks, each waited for at most 2 s',
    })
  })

  test('and it is said of the table that the finding is about', () => {
    const work = (mode: LockMode): Run => [[[lock('a', mode), lock('b', mode), scan('a')]]]
    const [before, after] = [work('AccessExclusiveLock'), work('ShareUpdateExclusiveLock')]
    expect(compare(before, after)).toMatchObject({ says: expect.stringContaining('on a and b') as string })
    const other: Run = [[[lock('a', 'ShareLock'), lock('b', 'RowExclusiveLock'), scan('a')]]]
    expect(compare(before, other, 'b.c')).toMatchObject({
      says: 'RowExclusiveLock instead of AccessExclusiveLock on b',
    })
  })
})

describe('locks are more', () => {
  test.each<[string, Run, Run]>([
    ['it works under AccessExclusiveLock on a', [[[exclusive]]], [[[exclusive, scan('a')]]]],
    ['it takes AccessExclusiveLock on a', [[[weak]]], [[[exclusive]]]],
    ['it takes ShareLock on b', [[[exclusive]]], [[[lock('b', 'ShareLock')]]]],
  ])('when %s', (why, before, after) => {
    expect(compare(before, after)).toEqual({ verdict: 'more', why })
  })
})

test('locks are the same when what differs makes nobody wait', () => {
  const same = { verdict: 'same', says: 'the same locks' }
  expect(
    compare([[[exclusive]]], [[[exclusive], [lock('b', 'RowExclusiveLock'), scan('c', false)]]]),
  ).toEqual(same)
  const created: Effect = {
    kind: 'lock',
    relation: table('n', false),
    mode: 'AccessExclusiveLock',
    until: 'commit',
  }
  expect(compare([[[exclusive]]], [[[exclusive], [created]]])).toEqual(same)
})
