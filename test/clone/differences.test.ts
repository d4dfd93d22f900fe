import { describe, expect, it } from 'vitest'
import type { Effect, Finding, LockMode, Relation, RelationKind } from '../../src/core/model.ts'
import {
  differenceWords,
  effectsOnClone,
  withoutOnClone,
} from '../../src/rehearsal/clone-difference-words.ts'
import { cloneDifferences, type CloneDifference } from '../../src/rehearsal/clone-differences.ts'
import type { Rehearsal } from '../../src/rehearsal/rehearse.ts'
import { cloneRelations } from '../../src/replay/clone-relations.ts'
import type { CloneEffect, CloneStatement } from '../../src/replay/clone-replay.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'

await loadParser()

const relations = cloneRelations([
  ['public.users', undefined],
  ['public.audit', undefined],
  ['app.users', undefined],
  ['public.events', undefined],
  ['public.events_1', 'public.events'],
  ['public.events_2', 'public.events'],
])

function relation(name: string, kind: RelationKind = 'table', table?: string): Relation {
  const [schema = '', own = ''] = name.includes('.') ? name.split('.') : ['public', name]
  return { kind, schema, name: own, existedBefore: true, ...(table === undefined ? {} : { table }) }
}

function lock(mode: LockMode, ...of: Parameters<typeof relation>): CloneEffect {
  return { kind: 'lock', relation: relation(...of), mode, until: 'commit' }
}

function rewrite(...of: Parameters<typeof relation>): CloneEffect {
  return { kind: 'rewrite', relation: relation(...of), cause: 'column type' }
}

function scan(name: string): CloneEffect {
  return { kind: 'scan', relation: relation(name), reason: 'validate' }
}

interface Did {
  readonly here?: readonly Effect[]
  readonly there?: readonly CloneEffect[]
  readonly rows?: readonly string[]
}

/** Differences of statements of one transaction, all of them ALTER TABLE. */
function compared(...all: readonly Did[]): readonly CloneDifference[] {
  const text = 'ALTER TABLE users ADD COLUMN a int;\n'.repeat(all.length)
  const [migration] = layOutTransactions(
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
  if (migration === undefined) throw new Error('nothing was parsed')
  const ran = all.map(({ there = [], rows = [] }, index) => ({
    migration,
    statement: migration.statements[index],
    durationMs: 1,
    walBytes: 0,
    effects: there,
    rowsRead: rows.map((name) => ({ relation: relation(name), rows: 1000 })),
  }))
  const seen = all.map(({ here = [] }, index) => ({ statement: migration.statements[index], effects: here }))
  const rehearsal = { migrations: [{ migration, outcome: 'rehearsed', statements: seen }] }
  return cloneDifferences(
    { statements: ran as unknown as readonly CloneStatement[], relations },
    rehearsal as unknown as Rehearsal,
  )
}

const told = (...all: readonly Did[]): readonly string[] => compared(...all).map(differenceWords)

const exclusive = 'AccessExclusiveLock'
const onUsers = lock(exclusive, 'users')

describe('what a statement does on the clone alone', () => {
  it.each<[string, Did, readonly string[]]>([
    [
      'another table locked',
      { here: [onUsers], there: [onUsers, lock(exclusive, 'audit')] },
      ['takes AccessExclusiveLock on audit (reads and writes wait)'],
    ],
    [
      'a stronger lock',
      { here: [lock('ShareLock', 'users')], there: [onUsers] },
      ['takes AccessExclusiveLock on users (reads and writes wait)'],
    ],
    [
      'a rewrite',
      { here: [onUsers], there: [onUsers, rewrite('users')] },
      ['rewrites users to change a column type'],
    ],
    [
      'the partitions of a table that has none in the rehearsal',
      { here: [onUsers], there: [onUsers, rewrite('events_1'), rewrite('events_2')] },
      ['rewrites events_1 and events_2 to change a column type'],
    ],
    [
      'rows read',
      { here: [onUsers], there: [onUsers, scan('users')], rows: ['users'] },
      ['reads every row of users to validate the constraint'],
    ],
    [
      'an index that stops the planner',
      { there: [lock(exclusive, 'audit_pkey', 'index', 'public.audit')] },
      ['takes AccessExclusiveLock on index audit_pkey of audit (reads and writes wait)'],
    ],
  ])('%s is told', (_, did, words) => {
    expect(told(did)).toEqual(words)
  })

  it.each<[string, Did]>([
    [
      'a lock that makes the same wait',
      { here: [lock('ShareLock', 'users')], there: [lock('ShareRowExclusiveLock', 'users')] },
    ],
    [
      'a lock of queries',
      { there: [lock('RowExclusiveLock', 'audit'), lock('ShareUpdateExclusiveLock', 'users')] },
    ],
    [
      'partitions',
      { here: [lock(exclusive, 'events')], there: [lock(exclusive, 'events'), lock(exclusive, 'events_1')] },
    ],
    [
      'other partitions rewritten',
      { here: [rewrite('events_9')], there: [rewrite('events_1'), scan('events_1')], rows: ['events_1'] },
    ],
    [
      'indexes and TOAST of a table that is locked',
      {
        here: [onUsers],
        there: [
          onUsers,
          lock(exclusive, 'users_lower', 'index', 'public.users'),
          lock(exclusive, 'pg_toast.t', 'toast table', 'public.users'),
        ],
      },
    ],
    [
      'an index of a table that is rewritten',
      {
        here: [rewrite('users')],
        there: [rewrite('users'), rewrite('users_lower', 'index', 'public.users')],
      },
    ],
    [
      'a schema of another name',
      { here: [onUsers, rewrite('users')], there: [lock(exclusive, 'app.users'), rewrite('app.users')] },
    ],
    ['a table without rows', { here: [onUsers], there: [onUsers, scan('users')] }],
    [
      'the other table of a foreign key',
      {
        here: [scan('users'), lock('ShareRowExclusiveLock', 'audit')],
        there: [scan('users'), scan('audit')],
        rows: ['users', 'audit'],
      },
    ],
    ['a view that nobody waits for', { there: [lock('AccessShareLock', 'user_view', 'view')] }],
  ])('%s: no difference', (_, did) => {
    expect(compared(did).flatMap(({ more }) => more)).toEqual([])
  })

  it('is what its transaction has not locked before', () => {
    expect(told({ here: [onUsers], there: [onUsers] }, { there: [onUsers] })).toEqual([])
    expect(told({ there: [lock('ShareLock', 'users')] }, { here: [onUsers], there: [] })).toEqual([
      'takes ShareLock on users (writes wait)',
      'does not take AccessExclusiveLock on users (reads and writes wait)',
    ])
  })

  it('is for rules to judge, as measured there', () => {
    const differences = compared({ here: [onUsers], there: [onUsers, rewrite('users')] })
    const of = effectsOnClone(differences, '16.3')
    const judged = differences.flatMap(({ statement: { migration, statement } }) =>
      // as another run reads them
      of({ ...migration }, { ...statement }),
    )
    expect(judged).toMatchObject([
      { kind: 'rewrite', evidence: { by: 'measured', probe: 'clone', server: '16.3' } },
    ])
  })
})

describe('what a statement does in the rehearsal alone', () => {
  const did = { here: [onUsers, rewrite('users')], there: [onUsers] }

  it('is told, and at the finding that rests on it', () => {
    const differences = compared(did)
    expect(differences.map(differenceWords)).toEqual(['does not rewrite users'])
    const [{ statement: { statement } } = { statement: { statement: undefined } }] = differences
    const finding = {
      span: statement?.span,
      because: [rewrite('users')],
      notes: ['first'],
    } as unknown as Finding
    expect(withoutOnClone(finding, differences).notes).toEqual([
      'first',
      'On the clone of production this statement does not rewrite users.',
    ])
    expect(withoutOnClone({ ...finding, because: [] }, differences).notes).toEqual(['first'])
  })

  it.each<[string, Did]>([
    ['a table that the clone lacks', { here: [lock(exclusive, 'gone'), rewrite('gone')] }],
    [
      'partitions',
      { here: [lock(exclusive, 'events'), lock(exclusive, 'events_1')], there: [lock(exclusive, 'events')] },
    ],
  ])('%s: no difference', (_, one) => {
    expect(told(one)).toEqual([])
  })
})
