import { beforeAll, describe, expect, test } from 'vitest'
import type {
  EvidencedEffect,
  LockMode,
  Query,
  QueryLock,
  QueryResult,
  Relation,
} from '../../src/core/model.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { everyLock, judgeFiles, lock, predicted, table } from './made.ts'

beforeAll(loadParser)

function result(name: string, locks: readonly QueryLock[], callsPerSecond?: number): QueryResult {
  const query: Query = {
    name,
    style: 'sqlc',
    text: '',
    sql: 'select 1',
    parameters: [],
    tag: 'SelectStmt',
    node: {},
    ...(callsPerSecond === undefined ? {} : { rate: { callsPerSecond, meanMs: 1 } }),
  }
  return { reviewed: { id: name, old: query, new: query }, effects: [], locks }
}

function wants(mode: LockMode, more: Partial<QueryLock> = {}): QueryLock {
  return { relation: { schema: 'public', name: 'orders', kind: 'table' }, mode, through: 'itself', ...more }
}

/** `name: detail` of the queries under the finding on the first statement. */
function named(effect: EvidencedEffect, ...results: readonly QueryResult[]): readonly string[] | undefined {
  const queries = { results, catalog: { tables: [], searchPath: [] }, indexes: [], statistics: undefined }
  const [finding] = judgeFiles([{ sql: 'a', effects: [[effect]] }], [everyLock], { queries })
  expect(finding).toBeDefined()
  expect(finding?.queries?.every(({ what }) => what === 'waits') ?? true).toBe(true)
  return finding?.queries?.map(({ name, detail }) => `${name}: ${detail}`)
}

describe('queries that wait are named under findings about locks', () => {
  test('by conflict, most called first, then by name', () => {
    const results = [
      result('write', [wants('RowExclusiveLock')]),
      result('rare', [wants('AccessShareLock')], 0.1),
      result('often', [wants('AccessShareLock')], 250),
      result('another', [wants('RowShareLock')]),
      result('elsewhere', [wants('AccessShareLock', { relation: { ...table('users') } })], 900),
    ]
    expect(named(lock('orders'), ...results)).toEqual([
      'often: reads orders',
      'rare: reads orders',
      'another: locks rows of orders',
      'write: writes to orders',
    ])
    expect(named(lock('orders', 'ShareLock'), ...results)).toEqual(['write: writes to orders'])
    expect(named(lock('orders', 'ShareUpdateExclusiveLock'), ...results)).toBeUndefined()
  })

  test.each<readonly [Partial<QueryLock>, string]>([
    [{ through: 'foreign key', name: 'items_fkey' }, 'writes to orders through the foreign key items_fkey'],
    [{ through: 'trigger', name: 'items_count' }, 'writes to orders through the trigger items_count'],
    [{ through: 'function', name: 'touch' }, 'writes to orders through the function touch()'],
    [{ through: 'partition', name: 'public.sales' }, 'writes to orders, a partition of sales'],
  ])('through %o', (more, detail) => {
    expect(named(lock('orders'), result('q', [wants('RowExclusiveLock', more)]))).toEqual([`q: ${detail}`])
  })

  test('what the query names itself is said rather than what it sets off', () => {
    const locks = [
      wants('RowExclusiveLock', { through: 'trigger', name: 'orders_audit' }),
      wants('AccessShareLock'),
    ]
    expect(named(lock('orders'), result('q', locks))).toEqual(['q: reads orders'])
  })

  test('an index makes wait who plans with it', () => {
    const relation: Relation = { ...table('orders_idx'), kind: 'index', table: 'public.orders' }
    const effect: EvidencedEffect = {
      kind: 'lock',
      relation,
      mode: 'AccessExclusiveLock',
      until: 'commit',
      evidence: predicted,
    }
    const wanted = wants('AccessShareLock', {
      relation: { schema: 'public', name: 'orders_idx', kind: 'index' },
    })
    expect(named(effect, result('q', [wanted]))).toEqual([
      'q: is planned with the index orders_idx of orders',
    ])
  })

  test('nobody waits for a table that the run made', () => {
    const made: EvidencedEffect = { ...lock('orders'), relation: table('orders', false) } as EvidencedEffect
    expect(named(made, result('q', [wants('AccessShareLock')]))).toBeUndefined()
  })
})
