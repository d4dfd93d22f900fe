import { beforeAll, describe, expect, it } from 'vitest'
import { branch, harmless, main, slower, withValues } from './big-app.ts'
import {
  effectsOf,
  findingsBy,
  judgeBranch,
  queriesUnder,
  queryNamed,
  type JudgedBranch,
} from './query-repository.ts'

let judged: JudgedBranch
beforeAll(async () => {
  judged = await judgeBranch(main, branch)
})

describe('check, of a branch that drops and adds indexes of large tables', () => {
  it('says that a query loses its index, with the plans', () => {
    const [effect] = effectsOf(judged.report, 'EventsOfUser', 'plan change')
    const types = effect?.changes.map(({ type }) => type)
    expect(types?.some((type) => type === 'new sequential scan' || type === 'lost index')).toBe(true)
    expect(effect?.before.text).toContain('events_user_id_idx')
    expect(effect?.after.text).toMatch(/Seq Scan on (?:public\.)?events/)
    expect(effect?.cause?.file).toBe('migrations/002_less.up.sql')
    expect(effect?.statistics).toBe('without value statistics')
    expect(queryNamed(judged.report, 'EventsOfUser').verdict).toBe('slower')
  })

  it('says so for a statement of production that no file has', () => {
    const orm = judged.report.queries?.list.find(({ style }) => style === 'pg_stat_statements')
    expect(orm).toMatchObject({ verdict: 'slower', callsPerSecond: 2 })
  })

  it('says that a query sorts on disk now', () => {
    const [effect] = effectsOf(judged.report, 'JobsInOrder', 'plan change')
    expect(effect?.changes).toContainEqual({ type: 'sort spills', rows: expect.any(Number) })
    expect(effect?.cause?.file).toBe('migrations/003_order.up.sql')
  })

  it('is a finding on the migration', () => {
    const names = queriesUnder(judged.report, 'avoid-slower-queries')
    expect(names).toEqual(expect.arrayContaining(['EventsOfUser', 'JobsInOrder']))
    expect(names).not.toContain('UserByEmail')
  })

  it('says that nobody uses a new index, and only of that one', () => {
    const unused = findingsBy(judged.report, 'avoid-unused-index')
    expect(unused.map(({ object, span }) => [object, span.file])).toEqual([
      ['users', 'migrations/004_more.up.sql'],
    ])
    expect(unused[0]?.message).toContain('users_created_at_idx')
  })

  it('recommends an index for a new query that reads a large table', () => {
    const finding = findingsBy(judged.report, 'require-index-for-query').find(
      ({ query }) => query?.name === 'EventsOfKind',
    )
    expect(finding?.span.file).toBe('queries/app.sql')
    const [effect] = effectsOf(judged.report, 'EventsOfKind', 'table read')
    expect(effect).toMatchObject({ table: 'public.events', tableRows: 50_000_000 })
    expect(effect?.advice?.columns[0]).toBe('kind')
    expect(effect?.advice?.sql).toMatch(/^CREATE INDEX CONCURRENTLY .*events.*\(kind/)
    expect(effect?.advice?.costAfter).toBeLessThan(effect?.advice?.costBefore ?? 0)
    expect(effect?.advice?.buildMs).toBeDefined()
  })

  it('is silent about what has an index', () => {
    expect(effectsOf(judged.report, 'ReadyJobs', 'table read')).toEqual([])
    expect(effectsOf(judged.report, 'Setting', 'plan change')).toEqual([])
  })
})

describe('check, with the values of a column', () => {
  it('plans with a rare value, and tells by how much it is slower', async () => {
    const { report } = await judgeBranch({ ...main, ...withValues }, slower)
    const [effect] = effectsOf(report, 'JobsInState', 'plan change')
    expect(effect).toMatchObject({ statistics: 'with value statistics', parameters: "state = 'ready'" })
    expect(effect?.changes).toContainEqual({ type: 'cost', ratio: expect.any(Number) })
    expect(report.queries?.statistics).toBe('with value statistics')
  })
})

describe('check, of a branch whose migration blocks', () => {
  it('names the queries that wait, for how long and how often', () => {
    const [finding] = findingsBy(judged.report, 'require-concurrent-index')
    const waiting = finding?.queries?.filter(({ what }) => what === 'waits') ?? []
    expect(waiting.map(({ name }) => name)).toEqual(['Rename'])
    expect(waiting[0]?.callsPerSecond).toBe(40)
    const [wait] = effectsOf(judged.report, 'Rename', 'wait')
    expect(wait).toMatchObject({
      lock: { mode: 'RowExclusiveLock', through: 'itself', relation: { name: 'users' } },
      held: 'ShareLock',
      cause: { file: 'migrations/006_names.up.sql' },
    })
    expect(wait?.ms?.expected).toBeGreaterThan(0)
    expect(queryNamed(judged.report, 'Rename').verdict).toBe('blocked')
  })

  it('does not name those that only read, or lock rows through a foreign key', () => {
    expect(effectsOf(judged.report, 'UserByEmail', 'wait')).toEqual([])
    // RowShareLock on users: not in conflict with ShareLock
    const waits = effectsOf(judged.report, 'AddEvent', 'wait').map(({ lock }) => lock.relation.name)
    expect(waits).not.toContain('users')
  })
})

describe('check, of new queries that hurt', () => {
  it('each by a rule of its own', () => {
    const rules = judged.report.findings
      .filter(({ span }) => span.file === 'queries/lint.sql')
      .map(({ ruleId, query }) => `${query?.name}: ${ruleId}`)
    expect(rules.toSorted()).toEqual([
      'AllEvents: avoid-unbounded-result',
      'EventsOfDay: avoid-function-on-indexed-column',
      'EventsPage: avoid-offset-pagination',
      'ForgetAll: ban-unfiltered-write',
      'Lucky: avoid-random-order',
      'NotOptedOut: avoid-not-in-nullable',
      'Pairs: avoid-implicit-cross-join',
      'SearchUsers: avoid-leading-wildcard',
      'SomeUsers: require-order-by-with-limit',
      'TakeJobs: require-skip-locked',
    ])
  })

  it('and of stored code that has SELECT *', () => {
    expect(findingsBy(judged.report, 'avoid-select-star').map(({ span }) => span.file)).toEqual([
      'migrations/007_view.up.sql',
    ])
  })
})

describe('check, of a branch that changes nothing for the application', () => {
  it('says nothing about queries', async () => {
    const { report } = await judgeBranch(main, harmless)
    expect(report.findings.filter(({ query, queries }) => query ?? queries)).toEqual([])
    const { counts } = report.queries ?? {}
    expect(counts).toMatchObject({ broken: 0, slower: 0, blocked: 0, 'other result': 0 })
    expect(counts?.unaffected).toBeGreaterThan(4)
    expect((report.queries?.list ?? []).flatMap(({ effects }) => effects)).toEqual([])
  })
})
