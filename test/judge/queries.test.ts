import { beforeAll, describe, expect, test } from 'vitest'
import type {
  AffectedQuery,
  BreakEffect,
  Finding,
  QueriesOutcome,
  Query,
  QueryAllow,
  QueryEffect,
  QueryResult,
  ReviewedQuery,
  Span,
} from '../../src/core/model.ts'
import type { JudgeInput } from '../../src/judge/judge.ts'
import { defineRule, type Rule } from '../../src/rule.ts'
import { loadParser, parseStatement } from '../../src/sql/parse.ts'
import { everyLock, judgeFiles, lines, lock } from './made.ts'

beforeAll(loadParser)

function at(line: number, file = 'queries.sql'): Span {
  const start = { line, column: 1, offset: line * 100 }
  return { file, start, end: { ...start, offset: start.offset + 50 } }
}

function query(name: string, sql: string, line = 2, allows: readonly QueryAllow[] = []): Query {
  return {
    name,
    style: 'sqlc',
    span: at(line),
    text: sql,
    sql,
    parameters: [],
    ...parseStatement(sql),
    ...(allows.length === 0 ? {} : { allows }),
  }
}

function outcome(results: readonly Partial<QueryResult>[]): QueriesOutcome {
  return {
    results: results.map((result) => ({ effects: [], locks: [], ...result }) as QueryResult),
    catalog: { tables: [], searchPath: ['public'] },
    indexes: [],
    statistics: undefined,
  }
}

function isNew(one: Query): ReviewedQuery {
  return { id: `queries.sql#${one.name}`, new: one }
}

/** Reports every query by its name. */
const everyQuery: Rule = defineRule({
  id: 'avoid-queries',
  title: 'Avoid queries',
  severity: 'warning',
  since: '0.1.0',
  messages: { found: ({ name }: { name: string }) => `${name} is a query.` },
  query({ query: { name }, state, report }) {
    report('found', { name: `${name} (${state})` }, { on: name })
  },
})

function judgeQueries(
  results: readonly Partial<QueryResult>[],
  more: Partial<JudgeInput> = {},
  rules: readonly Rule[] = [everyQuery],
): readonly Finding[] {
  return judgeFiles([], rules, { queries: outcome(results), ...more })
}

describe('findings on queries', () => {
  const one = query('one', 'SELECT 1')
  const other = query('one', 'SELECT 2')

  test('new and changed queries are judged, others with everyQuery only', () => {
    const results = [
      { reviewed: isNew(one) },
      { reviewed: { id: 'b', old: query('two', 'SELECT 1', 3), new: query('two', 'SELECT 2', 3) } },
      { reviewed: { id: 'c', old: query('three', 'SELECT 1', 4), new: query('three', 'SELECT 1', 4) } },
      { reviewed: { id: 'd', old: query('four', 'SELECT 1', 5) } },
    ]
    expect(lines(judgeQueries(results))).toEqual([
      'avoid-queries 2 one (new) is a query.',
      'avoid-queries 3 two (changed) is a query.',
    ])
    expect(lines(judgeQueries(results, { everyQuery: true }))).toHaveLength(3)
  })

  test('what could not be checked, or stands in no file, is not judged', () => {
    const { span: _, ...nowhere } = one
    const results = [
      { reviewed: isNew(one), notCheckable: 'it fails already' },
      { reviewed: { id: 'x', old: nowhere, new: nowhere } },
    ]
    expect(judgeQueries(results, { everyQuery: true })).toEqual([])
  })

  test('a query that never runs has no findings but of rules that say so', () => {
    const never: BreakEffect = {
      kind: 'break',
      when: 'new code on new schema',
      reason: 'missing column',
      sqlstate: '42703',
      message: 'column "nope" does not exist',
      evidence: 'measured',
    }
    const shown = { ...everyQuery, id: 'avoid-failures', brokenCode: 'shown' as const }
    const results = [
      { reviewed: isNew(one), effects: [never] },
      { reviewed: isNew(query('two', 'SELECT 2', 5)) },
    ]
    expect(lines(judgeQueries(results, {}, [everyQuery, shown]))).toEqual([
      'avoid-failures 2 one (new) is a query.',
      'avoid-failures 5 two (new) is a query.',
      'avoid-queries 5 two (new) is a query.',
    ])
  })

  test('a finding names its query, is sorted behind those of migrations, and has a fingerprint without the line', () => {
    const files = [{ file: 'z.sql', sql: 'lock orders', effects: [[lock('orders')]] }]
    const queries = outcome([{ reviewed: isNew(query('b', 'SELECT 1', 9)) }, { reviewed: isNew(one) }])
    const findings = judgeFiles(files, [everyQuery, everyLock], { queries })
    expect(lines(findings)).toEqual([
      'ban-locks 1 orders is locked.',
      'avoid-queries 2 one (new) is a query.',
      'avoid-queries 9 b (new) is a query.',
    ])
    expect(findings[1]?.query).toMatchObject({ id: 'queries.sql#one', file: 'queries.sql', line: 2 })
    const moved = judgeQueries([{ reviewed: isNew(query('one', 'SELECT  1 -- moved', 70)) }])
    expect(moved[0]?.fingerprint).toBe(findings[1]?.fingerprint)
    expect(judgeQueries([{ reviewed: isNew(other) }])[0]?.fingerprint).not.toBe(findings[1]?.fingerprint)
  })

  test('the configuration gives severities, also off', () => {
    const results = [{ reviewed: isNew(one) }]
    expect(judgeQueries(results, { severities: { 'avoid-queries': 'error' } })[0]?.severity).toBe('error')
    expect(judgeQueries(results, { severities: { 'avoid-queries': 'off' } })).toEqual([])
  })
})

describe('allow comments above queries', () => {
  function allowed(allow: Partial<QueryAllow>): readonly string[] {
    const allows = [{ ruleId: 'avoid-queries', reason: 'is fine', span: at(1), ...allow }]
    return lines(
      judgeQueries([{ reviewed: isNew(query('one', 'SELECT 1', 2, allows)) }], {}, [everyQuery, everyLock]),
    )
  }

  test('accept a finding through their last day', () => {
    expect(allowed({})).toEqual(['avoid-queries 2 one (new) is a query. (is fine)'])
    expect(allowed({ until: '2026-11-21' })).toEqual(['avoid-queries 2 one (new) is a query. (is fine)'])
    expect(allowed({ until: '2026-11-20' })).toEqual([
      'expired-allow 1 The allow comment for avoid-queries expired on 2026-11-20, so the finding below it counts again.',
      'avoid-queries 2 one (new) is a query.',
    ])
  })

  test('need a reason and a rule that speaks about queries', () => {
    expect(allowed({ reason: '' })[0]).toMatch(/^allow-without-reason 1 /)
    expect(allowed({ ruleId: 'avoid-querys' })[0]).toMatch(/^unknown-rule-in-allow 1 /)
    expect(allowed({ ruleId: 'ban-locks' })[0]).toBe(
      'needless-allow 1 The allow comment for ban-locks accepts nothing: ban-locks judges migrations, not queries.',
    )
  })

  test('reach their own query only', () => {
    const allows = [{ ruleId: 'avoid-queries', reason: 'is fine', span: at(1) }]
    const findings = judgeQueries([
      { reviewed: isNew(query('one', 'SELECT 1', 2, allows)) },
      { reviewed: isNew(query('two', 'SELECT 1', 5)) },
    ])
    expect(findings.map((finding) => finding.allowed?.reason)).toEqual(['is fine', undefined])
  })
})

describe('what statements do to queries', () => {
  const old = query('orders', 'SELECT note FROM orders')
  const running: ReviewedQuery = { id: 'queries.sql#orders', old, new: old }

  function broken(more: Partial<BreakEffect> = {}): BreakEffect {
    return {
      kind: 'break',
      when: 'old code on new schema',
      reason: 'missing column',
      sqlstate: '42703',
      message: 'column "note" does not exist',
      evidence: 'measured',
      ...more,
    }
  }

  /** Lines of the statements, each with the kinds of its impacts. */
  function impacts(effects: readonly QueryEffect[]): readonly string[] {
    const told: string[] = []
    const listen = defineRule({
      ...everyLock,
      statement: ({ statement, queries }) => {
        const kinds = queries?.impacts.map(({ effect, query: { name } }) => `${name} ${effect.kind}`)
        told.push(`${statement.span.start.line} ${kinds?.join(', ')}`)
      },
    })
    const queries = outcome([{ reviewed: running, effects }])
    judgeFiles([{ sql: 'BEGIN;\nlock a;\nlock b;\nCOMMIT;', mode: 'statement' }], [listen], { queries })
    return told
  }

  test('each statement has the effects that it causes; what none is known to cause has the last one', () => {
    const cause = { file: 'a.sql', index: 1, span: at(2, 'a.sql') }
    expect(impacts([broken({ cause })])).toEqual(['1 ', '2 orders break', '3 ', '4 '])
    expect(impacts([broken()])).toEqual(['1 ', '2 ', '3 orders break', '4 '])
    expect(impacts([broken({ when: 'new code on new schema' })])).toEqual(['1 ', '2 ', '3 ', '4 '])
  })

  test('without queries nothing is said of them', () => {
    const told: unknown[] = []
    const listen = defineRule({ ...everyLock, statement: ({ queries }) => told.push(queries) })
    judgeFiles([{ sql: 'lock a' }], [listen])
    expect(told).toEqual([undefined])
  })

  const dropsColumn: Rule = defineRule({
    ...everyLock,
    id: 'ban-drops',
    severity: 'error',
    brokenCode: 'assumed',
    statement: ({ report }) =>
      report('locks', { name: 'note' }, { on: 'orders.note', because: [], notes: ['A.'] }),
  })
  const showsBroken: Rule = defineRule({
    id: 'avoid-broken',
    title: 'Avoid broken queries',
    severity: 'error',
    since: '0.1.0',
    brokenCode: 'shown',
    messages: { breaks: () => 'A query fails.' },
    statement: ({ queries, report }) => {
      const affected = (queries?.impacts ?? []).map(({ query: ref }): AffectedQuery => ({
        ...ref,
        what: 'fails',
        detail: '42703',
      }))
      if (affected.length > 0) {
        report('breaks', undefined, { because: [], notes: ['B.'], queries: affected })
      }
    },
  })

  function merged(sql: string, more: Partial<JudgeInput> = {}): readonly Finding[] {
    const queries = outcome([{ reviewed: running, effects: [broken()] }])
    return judgeFiles([{ sql }], [dropsColumn, showsBroken], { queries, ...more })
  }

  test('an assumed break takes over the queries that are shown to break', () => {
    const findings = merged('drop note')
    expect(findings).toHaveLength(1)
    expect(findings[0]).toMatchObject({
      ruleId: 'ban-drops',
      severity: 'error',
      notes: ['A.', 'B.', 'Postgres refuses orders with SQLSTATE 42703.'],
      queries: [{ name: 'orders', what: 'fails' }],
    })
  })

  test('the louder severity counts, but for one that the configuration gives', () => {
    expect(merged('drop note', { severities: { 'ban-drops': 'info' } })[0]?.severity).toBe('info')
    const quiet = { ...dropsColumn, severity: 'warning' as const }
    const queries = outcome([{ reviewed: running, effects: [broken()] }])
    const [finding] = judgeFiles([{ sql: 'drop note' }], [quiet, showsBroken], { queries })
    expect(finding?.severity).toBe('error')
  })

  test('an accepted assumption is contradicted', () => {
    const findings = merged('-- pgrehearse-allow ban-drops: nobody reads it\ndrop note')
    expect(findings.map(({ ruleId, allowed }) => [ruleId, allowed?.reason])).toEqual([
      ['avoid-broken', undefined],
      ['ban-drops', 'nobody reads it'],
    ])
    expect(findings[0]?.notes).toEqual([
      'B.',
      'An allow comment accepts ban-drops here (nobody reads it), but these queries fail.',
    ])
  })

  test('who accepts the broken queries keeps both', () => {
    const findings = merged('-- pgrehearse-allow avoid-broken: is off tonight\ndrop note')
    expect(findings.map(({ ruleId, queries }) => [ruleId, queries?.length])).toEqual([
      ['avoid-broken', 1],
      ['ban-drops', undefined],
    ])
  })
})
