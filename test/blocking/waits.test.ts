import { beforeAll, describe, expect, test } from 'vitest'
import { waitsOf } from '../../src/blocking/waits.ts'
import type { EvidencedEffect, LockMode, QueryLock, Relation } from '../../src/core/model.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { about, heldLock, lock, make, predicted, table, type MadeFile } from '../judge/made.ts'

beforeAll(loadParser)

function wants(name: string, mode: LockMode, more: Partial<QueryLock> = {}): QueryLock {
  return { relation: { schema: 'public', name, kind: 'table' }, mode, through: 'itself', ...more }
}

function rename(from: string, to: string, existedBefore = true): EvidencedEffect {
  const object = { kind: 'table', schema: 'public', name: from }
  return { kind: 'catalog', object, existedBefore, change: { type: 'rename', from, to }, evidence: predicted }
}

/** `<statement> <wanted> <held>` */
function waits(files: readonly MadeFile[], ...locks: readonly QueryLock[]): readonly string[] {
  return waitsOf(locks, make(files).migrations).map(
    ({ cause, lock: { relation }, held }) => `${cause.index} ${relation.name} ${held}`,
  )
}

const read = wants('orders', 'AccessShareLock')
const write = wants('orders', 'RowExclusiveLock')

describe('waitsOf', () => {
  test('who waits is decided by the table of conflicts', () => {
    const files = [
      { sql: 'a; b; c', effects: [[lock('orders', 'ShareLock')], [lock('users')], [lock('orders')]] },
    ]
    expect(waits(files, read)).toEqual(['2 orders AccessExclusiveLock'])
    expect(waits(files, write)).toEqual(['2 orders AccessExclusiveLock', '0 orders ShareLock'])
    expect(waits(files, wants('carts', 'RowExclusiveLock'))).toEqual([])
  })

  test('the longest comes first, an unknown time before all', () => {
    const effects = [
      [heldLock('orders', 'AccessExclusiveLock', about(5))],
      [heldLock('orders', 'ShareLock', about(900))],
      [lock('orders', 'ShareLock')],
    ]
    const found = waitsOf([write], make([{ sql: 'a; b; c', effects }]).migrations)
    expect(found.map(({ cause, ms }) => [cause.index, ms?.expected])).toEqual([
      [2, undefined],
      [1, 900],
      [0, 5],
    ])
  })

  test('one effect per statement: its strongest lock, its longest time', () => {
    const effects = [
      [heldLock('orders', 'ShareLock', about(900)), heldLock('orders', 'AccessExclusiveLock', about(5))],
    ]
    const found = waitsOf([write], make([{ sql: 'a', effects }]).migrations)
    expect(found.map(({ held, ms }) => [held, ms?.expected])).toEqual([['AccessExclusiveLock', 900]])
  })

  test('a table comes before an index that a later statement of the same transaction locks', () => {
    const index: Relation = { ...table('orders_at_idx'), kind: 'index', table: 'public.orders' }
    const lockedIndex: EvidencedEffect = {
      ...{ kind: 'lock', relation: index, mode: 'AccessExclusiveLock', until: 'commit' },
      evidence: predicted,
    }
    const files = [{ sql: 'a; b', effects: [[lock('orders')], [lockedIndex]] }]
    expect(waits(files, { ...read, relation: index }, read)).toEqual([
      '0 orders AccessExclusiveLock',
      '1 orders_at_idx AccessExclusiveLock',
    ])
  })

  test('nobody waits for what the run made', () => {
    const relation = table('orders', false)
    const made: EvidencedEffect = {
      kind: 'lock',
      relation,
      mode: 'AccessExclusiveLock',
      until: 'commit',
      evidence: predicted,
    }
    expect(waits([{ sql: 'a', effects: [[made]] }], read)).toEqual([])
  })

  test('tables are followed through renames, also when two change places', () => {
    const swap = {
      sql: 'a; b; c; d',
      effects: [
        [lock('orders'), rename('orders', 'orders_old')],
        [lock('orders_new'), rename('orders_new', 'orders')],
        [lock('orders_old')],
        [lock('orders')],
      ],
    }
    const isOld = ['0 orders AccessExclusiveLock', '2 orders AccessExclusiveLock']
    expect(waits([swap], read)).toEqual(isOld)
    expect(waits([swap], wants('orders_new', 'AccessShareLock'))).toEqual([
      '1 orders_new AccessExclusiveLock',
      '3 orders_new AccessExclusiveLock',
    ])
  })

  test('a schema that is renamed takes its tables along', () => {
    const object = { kind: 'schema', schema: '', name: 'public' }
    const change = { type: 'rename', from: 'public', to: 'old' } as const
    const moved: Relation = { ...table('orders'), schema: 'old' }
    const effects: EvidencedEffect[][] = [
      [{ kind: 'catalog', object, existedBefore: true, change, evidence: predicted }],
      [{ ...heldLock('orders', 'AccessExclusiveLock', about(1)), relation: moved }],
    ]
    expect(waits([{ sql: 'a; b', effects }], read)).toEqual(['1 orders AccessExclusiveLock'])
  })

  test('indexes and partitions are not told apart from the table that is waited for anyway', () => {
    const index: Relation = { ...table('orders_idx'), kind: 'index', table: 'public.orders' }
    const onIndex: EvidencedEffect = {
      kind: 'lock',
      relation: index,
      mode: 'AccessExclusiveLock',
      until: 'commit',
      evidence: predicted,
    }
    const wantsIndex = wants('orders_idx', 'AccessShareLock', {
      relation: { schema: 'public', name: 'orders_idx', kind: 'index' },
    })
    const wantsPart = wants('orders_2025', 'AccessShareLock', { through: 'partition', name: 'public.orders' })
    const both = [{ sql: 'a', effects: [[lock('orders'), onIndex, lock('orders_2025')]] }]
    expect(waits(both, read, wantsIndex, wantsPart)).toEqual(['0 orders AccessExclusiveLock'])
    const reindex = [{ sql: 'a', effects: [[lock('orders', 'ShareLock'), onIndex]] }]
    expect(waits(reindex, read, wantsIndex)).toEqual(['0 orders_idx AccessExclusiveLock'])
    const onePart = [{ sql: 'a', effects: [[lock('orders_2025')]] }]
    expect(waits(onePart, read, wantsPart)).toEqual(['0 orders_2025 AccessExclusiveLock'])
    const dropped = [{ sql: 'drop index concurrently orders_idx', effects: [[onIndex]] }]
    expect(waits(dropped, read, wantsIndex)).toEqual([])
  })

  test('a lock that a transaction brings or takes away counts after it, or until then', () => {
    const files = [
      { file: 'a.sql', sql: 'a', effects: [[lock('orders')]] },
      { file: 'b.sql', sql: 'b', effects: [[lock('orders')]] },
    ]
    const [first, second] = make(files).migrations.flatMap(({ migration }) => migration.statements)
    const transaction = first?.transaction ?? 0
    expect(second?.transaction).toBeGreaterThan(transaction)
    const found = (transactions: QueryLock['transactions']): readonly string[] =>
      waitsOf(
        [wants('orders', 'RowShareLock', { ...(transactions && { transactions }) })],
        make(files).migrations,
      ).map(({ cause }) => cause.file)
    expect(found(undefined)).toEqual(['a.sql', 'b.sql'])
    expect(found({ after: transaction })).toEqual(['b.sql'])
    expect(found({ upTo: transaction })).toEqual(['a.sql'])
  })
})
