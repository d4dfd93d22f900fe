import { describe, expect, it } from 'vitest'
import type {
  DeploymentOrder,
  Finding,
  HarmlessFinding,
  QueryVerdict,
  Remedy,
  Report,
  ReportQueries,
  ReportQuery,
  ReportTrial,
} from '../../src/core/model.ts'
import { mergeReports } from '../../src/merged/merged-report.ts'
import { cleanReport } from '../reporters/sample-report.ts'

const file = 'db/migrations/V1__a.sql'

function finding(more: Partial<Finding> = {}): Finding {
  const start = { line: 1, column: 1, offset: 0 }
  return {
    ruleId: 'avoid-table-rewrite',
    messageId: 'rewrites',
    severity: 'warning',
    message: 'It rewrites the table.',
    span: { file, start, end: start },
    object: 'public.orders',
    evidence: 'measured',
    because: [],
    notes: [],
    fingerprint: 'one',
    ...more,
  }
}

/** Reports of 14 and 18. */
function merged(
  old: Partial<Report>,
  young: Partial<Report>,
  production?: number,
): Pick<Report, 'findings' | 'harmless' | 'notChecked' | 'trials' | 'queries' | 'exitCode' | 'server'> &
  Report {
  const of = (version: string, more: Partial<Report>): Report => ({
    ...cleanReport,
    server: { version, kind: 'embedded' },
    notChecked: [],
    ...more,
  })
  return mergeReports(
    [
      { major: 14, value: of('14.23', old) },
      { major: 18, value: of('18.4', young) },
    ],
    production,
  )
}

describe('findings of several versions', () => {
  it('names the versions only where not all have it', () => {
    const only = finding({ fingerprint: 'two', ruleId: 'ban-truncate' })
    const { findings } = merged({ findings: [finding(), only] }, { findings: [finding()] })
    expect(findings.map(({ fingerprint, majors }) => [fingerprint, majors])).toEqual([
      ['one', undefined],
      ['two', [14]],
    ])
  })

  it('takes the gravest severity and the receipt of the newest version', () => {
    const { findings, exitCode } = merged(
      { findings: [finding({ severity: 'error', message: 'Old words.', notes: ['old'] })] },
      { findings: [finding({ severity: 'info', message: 'New words.', notes: ['new'] })] },
    )
    expect(findings).toMatchObject([{ severity: 'error', message: 'New words.', notes: ['new'] }])
    expect(exitCode).toBe(1)
  })

  it('is one at one place, though Postgres calls its object differently', () => {
    const { findings } = merged(
      { findings: [finding({ fingerprint: 'a', object: 'public.old_idx', message: 'Old name.' })] },
      { findings: [finding({ fingerprint: 'b', object: 'public.new_idx' })] },
    )
    expect(findings).toMatchObject([{ fingerprint: 'b', notes: ['On Postgres 14: Old name.'] }])
    expect(findings[0]).not.toHaveProperty('majors')
  })

  it('keeps two at one place apart that a version has both', () => {
    const both = [finding({ fingerprint: 'a', object: 'a' }), finding({ fingerprint: 'b', object: 'b' })]
    const { findings } = merged(
      { findings: both },
      { findings: [finding({ fingerprint: 'c', object: 'c' })] },
    )
    expect(findings.map(({ fingerprint, majors }) => [fingerprint, majors])).toEqual([
      ['a', [14]],
      ['b', [14]],
      ['c', [18]],
    ])
  })

  it('calls needless only what no version needs', () => {
    const needless = finding({ ruleId: 'needless-allow', fingerprint: 'n' })
    expect(merged({ findings: [] }, { findings: [needless] }).findings).toEqual([])
    expect(merged({ findings: [needless] }, { findings: [needless] }).findings).toHaveLength(1)
  })

  it('is accepted where all versions that have it accept it', () => {
    const allowed = { reason: 'small table' }
    const { findings } = merged({ findings: [finding()] }, { findings: [finding({ allowed })] })
    expect(findings[0]).not.toHaveProperty('allowed')
    expect(merged({ findings: [] }, { findings: [finding({ allowed })] }).findings[0]).toMatchObject({
      allowed,
    })
  })

  it('offers a suggestion only where it is proven on all versions', () => {
    const suggestion = { startLine: 1, endLine: 1, lines: ['select 1;'] }
    const suggests = finding({ suggestion })
    expect(merged({ findings: [suggests] }, { findings: [suggests] }).findings[0]).toMatchObject({
      suggestion,
    })
    expect(merged({ findings: [] }, { findings: [suggests] }).findings[0]).not.toHaveProperty('suggestion')
    expect(merged({ findings: [finding()] }, { findings: [suggests] }).findings[0]).not.toHaveProperty(
      'suggestion',
    )
  })

  it('says where a remedy is not proven', () => {
    const remedy = (outcome: 'proven' | 'not equal'): Remedy => ({
      summary: 'Do it otherwise.',
      migrations: [{ sql: 'select 1', transaction: true }],
      proof: { outcome, says: 'it fails with a syntax error' },
    })
    const proven = finding({ remedy: remedy('proven') })
    const { findings } = merged(
      { findings: [finding({ remedy: remedy('not equal') })] },
      { findings: [proven] },
    )
    expect(findings[0]?.notes).toEqual([
      'The remedy is not proven on Postgres 14: it fails with a syntax error',
    ])
    expect(merged({ findings: [] }, { findings: [proven] }).findings[0]?.notes).toEqual([
      'The remedy was not replayed on Postgres 14, where this was not found.',
    ])
  })

  it('is harmless only where it is a finding on no version', () => {
    const harmless: HarmlessFinding = { ...finding(), harmless: 'orders has 3 rows' }
    const both = merged({ findings: [finding()] }, { findings: [], harmless: [harmless] })
    expect(both.harmless).toEqual([])
    expect(both.findings).toMatchObject([{ majors: [14] }])
    expect(merged({ findings: [] }, { findings: [], harmless: [harmless] }).harmless).toMatchObject([
      { majors: [18] },
    ])
  })
})

describe('the report of several versions', () => {
  it('shows the effects of production’s version, else of the newest', () => {
    expect(merged({}, {}, 14).server).toEqual({ version: '14.23', kind: 'embedded' })
    expect(merged({}, {}, 16).server).toEqual({ version: '18.4', kind: 'embedded' })
    expect(merged({}, {}).servers).toEqual([
      { version: '14.23', kind: 'embedded' },
      { version: '18.4', kind: 'embedded' },
    ])
  })

  it('names the versions of limits and trials that not all have', () => {
    const limit = { code: 'a', message: 'All say this.' }
    const holds = { kind: 'way down', about: file, outcome: 'holds', says: 'It holds.', lines: [] } as const
    const fails = { ...holds, outcome: 'finding', says: 'It fails.' } as const
    const { notChecked, trials } = merged(
      { notChecked: [limit, { code: 'b', message: 'Old only.' }], trials: [holds] },
      { notChecked: [limit], trials: [fails] },
    )
    expect(notChecked.map(({ message }) => message)).toEqual(['All say this.', 'On Postgres 14: Old only.'])
    expect(trials?.map(({ says }) => says)).toEqual([
      'On Postgres 14: It holds.',
      'On Postgres 18: It fails.',
    ])
  })

  it('fails where a rehearsal is required that one version did not have', () => {
    const [migration] = cleanReport.migrations
    if (migration === undefined) throw new Error('the sample has no migration')
    const settings = { ...cleanReport.settings, requireRehearsal: true }
    const missed = { settings, migrations: [{ ...migration, outcome: 'not rehearsed' as const }] }
    expect(merged(missed, { settings }).exitCode).toBe(1)
    expect(merged({ settings }, { settings }).exitCode).toBe(0)
  })

  it('lists each query with its worst verdict', () => {
    const { queries } = merged(
      { queries: queriesOf({ a: 'broken', b: 'not checkable' }, 'migrations first') },
      { queries: queriesOf({ a: 'unaffected', b: 'unaffected', c: 'slower' }, 'code first') },
    )
    expect(queries?.list.map(({ id, verdict, notCheckable }) => [id, verdict, notCheckable])).toEqual([
      ['a', 'broken', undefined],
      ['c', 'slower', undefined],
      ['b', 'not checkable', 'on Postgres 14: it fails already'],
    ])
    expect(queries?.counts).toMatchObject({
      broken: 1,
      slower: 1,
      unaffected: 0,
      'not checkable': 1,
      checked: 2,
    })
    expect(queries?.deployment?.order).toBe('none')
  })
})

function queriesOf(
  verdicts: Readonly<Record<string, QueryVerdict>>,
  order: DeploymentOrder['order'],
): ReportQueries {
  const list = Object.entries(verdicts).map(([id, verdict]): ReportQuery => ({
    id,
    name: id,
    style: 'plain SQL',
    state: 'unchanged',
    verdict,
    text: '',
    effects: [],
    ...(verdict === 'not checkable' ? { notCheckable: 'it fails already' } : {}),
  }))
  const count = (verdict: QueryVerdict): number => list.filter((query) => query.verdict === verdict).length
  return {
    list,
    counts: {
      broken: count('broken'),
      'other result': count('other result'),
      slower: count('slower'),
      blocked: count('blocked'),
      unaffected: count('unaffected'),
      'not checkable': count('not checkable'),
      checked: list.length - count('not checkable'),
    },
    deployment: { order, because: [] },
  }
}

it('a clone of production is one for all versions: it is told once, with the lines that not all have', () => {
  const trial = (outcome: ReportTrial['outcome'], ...lines: readonly string[]): ReportTrial => ({
    kind: 'clone',
    about: '',
    outcome,
    says: '2 statements ran on a clone of production.',
    lines,
  })
  const behind = { code: 'clone-behind', message: 'The clone lacks migrations.' }
  const { trials, notChecked } = merged(
    {
      trials: [trial('holds', 'unlike in the rehearsal, it rewrites users', 'a.sql:1: 2 s')],
      notChecked: [behind],
    },
    { trials: [trial('finding', 'a.sql:1: 2 s')] },
  )
  expect(trials).toEqual([
    trial('finding', 'On Postgres 14: unlike in the rehearsal, it rewrites users', 'a.sql:1: 2 s'),
  ])
  expect(notChecked).toEqual([behind])
})
