import { describe, expect, it } from 'vitest'
import { reportQueries } from '../src/report-queries.ts'
import type {
  AffectedQuery,
  Finding,
  PlanSummary,
  Query,
  QueriesOutcome,
  QueryEffect,
  QueryResult,
  StatementRef,
} from '../src/core/model.ts'

const start = { line: 3, column: 1, offset: 40 }
const span = { file: 'q.sql', start, end: { line: 3, column: 9, offset: 48 } }
const cause: StatementRef = { file: 'm.sql', index: 0, span: { ...span, file: 'm.sql' } }
const plan: PlanSummary = { cost: 1, rows: 1, text: 'Seq Scan on t', shape: ['Seq Scan on t'] }

const broken: QueryEffect = {
  kind: 'break',
  when: 'old code on new schema',
  reason: 'missing column',
  sqlstate: '42703',
  message: 'column "a" does not exist',
  cause,
  evidence: 'measured',
}
const otherResult: QueryEffect = {
  kind: 'result change',
  changes: [{ type: 'nullable now', column: 'a' }],
  star: false,
}
const slower: QueryEffect = {
  kind: 'plan change',
  before: plan,
  after: plan,
  changes: [{ type: 'cost', ratio: 4 }],
  statistics: 'with value statistics',
  parameters: 'a = 1',
}
const wait = (expected: number): QueryEffect => ({
  kind: 'wait',
  lock: {
    relation: { schema: 'public', name: 't', kind: 'table' },
    mode: 'AccessShareLock',
    through: 'itself',
  },
  held: 'AccessExclusiveLock',
  cause,
  ms: { low: expected, expected, high: expected },
})

function query(name: string, more: Partial<Query> = {}): Query {
  const sql = more.sql ?? 'SELECT 1'
  return { name, style: 'sqlc', span, text: sql, sql, parameters: [], tag: 'SelectStmt', node: {}, ...more }
}

function result(name: string, effects: readonly QueryEffect[] = [], more: Partial<Query> = {}): QueryResult {
  const one = query(name, more)
  return { reviewed: { id: `q.sql#${name}`, old: one, new: one }, effects, locks: [] }
}

function outcome(...results: readonly QueryResult[]): QueriesOutcome {
  return { results, catalog: { tables: [], searchPath: [] }, indexes: [], statistics: undefined }
}

function naming(name: string, what: AffectedQuery['what'], more: Partial<Finding> = {}): Finding {
  return {
    ...{ ruleId: 'r', messageId: 'm', severity: 'error', message: 'x', span, object: '', evidence: 'known' },
    ...{ because: [], notes: [], fingerprint: 'f' },
    queries: [{ id: `q.sql#${name}`, name, style: 'sqlc', what }],
    ...more,
  }
}

const verdictOf = (of: QueryResult, findings: readonly Finding[] = []) =>
  reportQueries(outcome(of), findings, undefined).list[0]?.verdict

describe('the verdict on a query', () => {
  it('is that of its worst effect', () => {
    expect(verdictOf(result('a', [wait(1), slower, otherResult, broken]))).toBe('broken')
    expect(verdictOf(result('a', [wait(1), slower, otherResult]))).toBe('other result')
    expect(verdictOf(result('a', [wait(1), slower]))).toBe('slower')
    expect(verdictOf(result('a'))).toBe('unaffected')
  })

  it('is broken when it never works on the new schema, and not when it only needs the migrations', () => {
    const when = (value: 'new code on new schema' | 'new code on old schema') =>
      verdictOf(result('a', [{ ...broken, when: value } as QueryEffect]))
    expect(when('new code on new schema')).toBe('broken')
    expect(when('new code on old schema')).toBe('unaffected')
  })

  it('is blocked only where an open finding names it as waiting', () => {
    const waiting = result('a', [wait(90_000)])
    expect(verdictOf(waiting)).toBe('unaffected')
    expect(verdictOf(waiting, [naming('a', 'waits')])).toBe('blocked')
    expect(verdictOf(waiting, [naming('a', 'slower'), naming('b', 'waits')])).toBe('unaffected')
    const allowed = naming('a', 'waits', { allowed: { reason: 'at night' } })
    expect(verdictOf(waiting, [allowed])).toBe('unaffected')
  })

  it('is not changed by a column that is never NULL any more, nor by a plan that must be made again', () => {
    const never: QueryEffect = {
      ...otherResult,
      changes: [{ type: 'never null now', column: 'a' }],
    } as QueryEffect
    expect(verdictOf(result('a', [never, { kind: 'cached plan' }]))).toBe('unaffected')
  })

  it('is not that nothing happens where queries were not tried', () => {
    const untried = { ...outcome(result('a'), result('b')), untried: 'they were only read' }
    const { list, counts } = reportQueries(untried, [naming('b', 'waits')], undefined)
    expect(list.map(({ name, verdict, notCheckable }) => [name, verdict, notCheckable])).toEqual([
      ['b', 'blocked', undefined],
      ['a', 'not checkable', 'they were only read'],
    ])
    expect(counts).toMatchObject({ checked: 1, blocked: 1, unaffected: 0, 'not checkable': 1 })
  })

  it('is that it cannot be checked, whatever else is known', () => {
    expect(verdictOf({ ...result('a', [broken]), notCheckable: 'it fails already' })).toBe('not checkable')
  })
})

describe('the section', () => {
  it('counts every query, and checks none that cannot be checked', () => {
    const { counts } = reportQueries(
      outcome(result('a', [broken]), result('b', [slower]), result('c'), result('d'), {
        ...result('e'),
        notCheckable: 'no',
      }),
      [naming('d', 'waits')],
      undefined,
    )
    expect(counts).toEqual({
      ...{ checked: 4, broken: 1, 'other result': 0, slower: 1, blocked: 1, unaffected: 1 },
      'not checkable': 1,
    })
  })

  it('lists the worst first, then the most frequent, then by name', () => {
    const rate = (callsPerSecond: number) => ({ rate: { callsPerSecond, meanMs: 1 } })
    const { list } = reportQueries(
      outcome(
        result('quiet', [], rate(9000)),
        { ...result('unknown', [], rate(9000)), notCheckable: 'no' },
        result('b', [slower]),
        result('a', [slower]),
        result('often', [slower], rate(4)),
        result('broken', [broken]),
        result('other', [otherResult]),
      ),
      [],
      undefined,
    )
    expect(list.map(({ name }) => name)).toEqual(['broken', 'other', 'often', 'a', 'b', 'unknown', 'quiet'])
  })

  it('says of each query where it is, what it is in this merge request, and how often it runs', () => {
    const old = query('a', { sql: 'SELECT 1' })
    const current = query('a', { sql: 'SELECT 2', rate: { callsPerSecond: 2, meanMs: 1 } })
    const statement: Query = { ...query('s', { style: 'pg_stat_statements' }) }
    const { span: _, ...withoutSpan } = statement
    const { list } = reportQueries(
      outcome(
        { reviewed: { id: '1', old, new: current }, effects: [], locks: [] },
        { reviewed: { id: '2', old }, effects: [], locks: [] },
        { reviewed: { id: '3', old: withoutSpan, new: withoutSpan }, effects: [], locks: [] },
      ),
      [],
      undefined,
    )
    const found = { file: 'q.sql', line: 3, span, text: expect.stringMatching(/^SELECT/) as string }
    expect(list).toEqual([
      {
        id: '1',
        name: 'a',
        style: 'sqlc',
        ...found,
        callsPerSecond: 2,
        state: 'changed',
        verdict: 'unaffected',
        effects: [],
      },
      { id: '2', name: 'a', style: 'sqlc', ...found, state: 'removed', verdict: 'unaffected', effects: [] },
      {
        id: '3',
        name: 's',
        style: 'pg_stat_statements',
        text: 'SELECT 1',
        state: 'unchanged',
        verdict: 'unaffected',
        effects: [],
      },
    ])
  })

  it('hands on the order of deployment and what plans rest on, and says nothing where nothing is known', () => {
    const order = { order: 'any', because: [] } as const
    const known = reportQueries({ ...outcome(), statistics: 'sizes only' }, [], order)
    expect(known).toMatchObject({ deployment: order, statistics: 'sizes only' })
    expect(reportQueries(outcome(), [], undefined)).toEqual({
      list: [],
      counts: expect.objectContaining({ checked: 0 }) as object,
    })
  })

  it('leaves out in which transactions a lock is taken: the finding says when', () => {
    const one = wait(5)
    if (one.kind !== 'wait') throw new Error('no wait')
    const during = { ...one, lock: { ...one.lock, transactions: { upTo: 3 } } }
    const { list } = reportQueries(outcome(result('a', [during])), [], undefined)
    expect(list[0]?.effects).toEqual([one])
  })

  it('puts the gravest effect of a query first, and the longest wait before shorter ones', () => {
    const late = { ...broken, when: 'new code on old schema' } as QueryEffect
    const { list } = reportQueries(
      outcome(result('a', [wait(1), late, wait(500), slower, broken])),
      [],
      undefined,
    )
    expect(list[0]?.effects).toEqual([broken, late, slower, wait(500), wait(1)])
  })
})

describe('a large application', () => {
  const many = (count: number, more: Partial<Query> = {}) =>
    Array.from({ length: count }, (_, index) => result(`q${index}`, [], more))

  it('has all its queries counted, and the worst and those with findings listed', () => {
    const results = [...many(6000), result('worst', [broken])]
    const about: Finding = {
      ...naming('x', 'waits'),
      query: { id: 'q.sql#q5999', name: 'q5999', style: 'sqlc', file: 'q.sql', line: 3 },
    }
    const { list, counts } = reportQueries(outcome(...results), [about], undefined)
    expect(counts.unaffected).toBe(6000)
    expect(list).toHaveLength(5000)
    expect(list[0]?.name).toBe('worst')
    expect(list.map(({ name }) => name)).toContain('q5999')
  })

  it('keeps the details of what findings are about and of the worst, as long as there is room', () => {
    const long = 'SELECT 1\n'.repeat(2000)
    const results = [...many(1000, { text: long }), result('worst', [broken], { text: long })]
    const about: Finding = {
      ...naming('x', 'waits'),
      query: { id: 'q.sql#q999', name: 'q999', style: 'sqlc' },
    }
    const { list } = reportQueries(outcome(...results), [about], undefined)
    const kept = list.filter(({ text }) => text !== '').map(({ name }) => name)
    expect(kept).toContain('q999')
    expect(kept).toContain('worst')
    expect(kept.length).toBeLessThan(1001)
    expect(JSON.stringify(list).length).toBeLessThan(10_000_000)
  })

  it('has long SQL and plans cut between lines, and of hundreds of waits the longest', () => {
    const text = `SELECT ${'x'.repeat(15_000)}\n${'y'.repeat(15_000)}`
    const plans = { ...slower, after: { ...plan, text } } as QueryEffect
    const waits = Array.from({ length: 300 }, (_, index) => wait(index))
    const { list } = reportQueries(outcome(result('a', [...waits, plans], { text })), [], undefined)
    const [only] = list
    expect(only?.text).toBe(text.split('\n')[0])
    expect(only?.effects).toHaveLength(20)
    expect(only?.effects[0]).toMatchObject({ after: { text: text.split('\n')[0] } })
    expect(only?.effects[1]).toEqual(wait(299))
  })
})
