import { describe, expect, it } from 'vitest'
import { harmlessChanges } from '../../src/gitlab/harmless.ts'
import { by, finding, known, lock, measured, migration, predicted, table } from '../reporters/sample-parts.ts'
import { cleanReport, sampleReport } from '../reporters/sample-report.ts'
import type { CatalogChange, Effect, EvidencedEffect, Report } from '../../src/core/model.ts'
import type { SampleStatement } from '../reporters/sample-parts.ts'

const users = table('users')
const fresh = table('fresh', { existedBefore: false })
const exclusive = lock(users, 'AccessExclusiveLock')
const widen = change({
  type: 'change type',
  column: 'name',
  from: 'character varying(50)',
  to: 'character varying(100)',
})
const createIndex = (of: string): Effect => ({
  kind: 'catalog',
  object: { kind: 'index', schema: 'public', name: `${of}_idx`, table: `public.${of}` },
  existedBefore: of === 'users',
  change: { type: 'create' },
})

function change(what: CatalogChange, existedBefore = true): Effect {
  const object = { kind: 'table', schema: 'public', name: existedBefore ? 'users' : 'fresh' }
  return { kind: 'catalog', object, existedBefore, change: what }
}

/** A report about one file whose statements, one per line, have these effects. */
function reportOf(...statements: readonly (readonly EvidencedEffect[] | Partial<SampleStatement>)[]): Report {
  const all = statements.map((each, index): SampleStatement => ({
    sql: `ALTER ${index};`,
    tag: 'AlterTableStmt',
    transaction: 1,
    ...('length' in each ? { effects: each } : each),
  }))
  const file = migration(
    {
      file: 'db/V18.sql',
      source: 'flyway',
      version: '18',
      title: 'x',
      transaction: { mode: 'file', why: 'Flyway default' },
      outcome: 'rehearsed',
      text: `${all.map(({ sql }) => sql).join('\n')}\n`,
    },
    all,
  )
  return { ...cleanReport, migrations: [file] }
}

const claims = (report: Report) =>
  harmlessChanges(report).map(({ line, what, why, evidence }) => `${line} ${what}: ${why}, ${evidence}`)

describe('what was found harmless', () => {
  it.each<[string, readonly Effect[], string]>([
    [
      'a wider type',
      [exclusive, widen],
      'changes column name of table users from varchar(50) to varchar(100): no rewrite, no scan',
    ],
    [
      'timestamps whose meaning depends on the time zone',
      [
        change({
          type: 'change type',
          column: 'at',
          from: 'timestamp(3) without time zone',
          to: 'timestamp(3) with time zone',
        }),
      ],
      'changes column at of table users from timestamp(3) to timestamptz(3): no rewrite, no scan, with TimeZone UTC',
    ],
    [
      'a column with a constant default',
      [
        exclusive,
        change({ type: 'add column', column: { name: 'a', type: 'integer', notNull: true, filled: true } }),
      ],
      'adds column a integer NOT NULL, filled by default to table users: no rewrite, no scan',
    ],
    [
      'a proven NOT NULL',
      [exclusive, change({ type: 'set not null', column: 'a' })],
      'makes column a of table users NOT NULL: no scan',
    ],
    [
      'an index on a table of this run',
      [
        lock(fresh, 'ShareLock'),
        { kind: 'scan', relation: fresh, reason: 'build index' },
        createIndex('fresh'),
      ],
      'creates index fresh_idx on fresh: nobody uses the table yet, this run creates it',
    ],
    [
      'an index that is built while queries go on',
      [
        lock(users, 'ShareUpdateExclusiveLock', 'statement'),
        { kind: 'scan', relation: users, reason: 'build index' },
        createIndex('users'),
      ],
      'creates index users_idx on users: reads and writes go on while it is built',
    ],
    [
      'a drop of what this run created',
      [change({ type: 'drop', cascaded: false }, false)],
      'drops table fresh: this run created it',
    ],
  ])('%s', (_, effects, sentence) => {
    expect(claims(reportOf(by(measured, ...effects)))).toEqual([`1 ${sentence}, measured on PostgreSQL 18.4`])
  })

  it('is called predicted when nothing was executed, and says what else is not measured', () => {
    expect(claims(reportOf({ measured: false, effects: by(predicted, exclusive, widen) }))).toEqual([
      expect.stringMatching(/no scan, predicted$/),
    ])
    expect(claims(reportOf([...by(known, exclusive), ...by(measured, widen)]))).toEqual([
      expect.stringMatching(/, measured on PostgreSQL 18\.4 and known \(CREATE INDEX CONCURRENTLY\)$/),
    ])
  })
})

describe('what is not called harmless', () => {
  it.each<[string, readonly Effect[]]>([
    ['a rewrite', [widen, { kind: 'rewrite', relation: users, cause: 'column type' }]],
    [
      'an index built anew',
      [
        widen,
        {
          kind: 'rewrite',
          relation: table('i', { kind: 'index', table: 'public.users' }),
          cause: 'index rebuild',
        },
      ],
    ],
    [
      'a scan under a lock that stops queries',
      [exclusive, widen, { kind: 'scan', relation: users, reason: 'validate' }],
    ],
    ['rows written', [widen, { kind: 'write', relation: users, command: 'UPDATE', reach: 'bounded' }]],
    ['something emptied', [widen, { kind: 'truncate', relation: users, cascaded: false }]],
    ['something others use that is gone', [widen, change({ type: 'drop column', column: 'b' })]],
    ['another name', [widen, change({ type: 'rename column', from: 'a', to: 'b' })]],
    ['a failure', [widen, { kind: 'error', sqlstate: '42P01', message: 'no' }]],
    [
      'what nobody asks about',
      [
        exclusive,
        change({ type: 'add column', column: { name: 'a', type: 'integer', notNull: false, filled: false } }),
      ],
    ],
    [
      'an index that is built under a lock on writes',
      [
        lock(users, 'ShareLock'),
        { kind: 'scan', relation: users, reason: 'build index' },
        createIndex('users'),
      ],
    ],
    [
      'the indexes of a new table',
      [
        change({ type: 'create' }, false),
        { kind: 'scan', relation: fresh, reason: 'build index' },
        createIndex('fresh'),
      ],
    ],
  ])('%s', (_, effects) => {
    expect(claims(reportOf(by(measured, ...effects)))).toEqual([])
  })

  it('a scan while an earlier statement of the transaction holds a lock, unlike after its commit', () => {
    const scan = by(
      measured,
      { kind: 'scan', relation: users, reason: 'validate' },
      change({ type: 'set not null', column: 'a' }),
    )
    const earlier = by(measured, exclusive)
    expect(claims(reportOf(earlier, scan))).toEqual([])
    expect(claims(reportOf(earlier, { effects: scan, transaction: 2 }))).toEqual([
      '2 makes column a of table users NOT NULL: rows are read while reads and writes go on, measured on PostgreSQL 18.4',
    ])
  })

  it('a statement with a finding, or whose lock is part of a finding elsewhere in the file', () => {
    const report = reportOf(by(measured, exclusive, widen), by(measured))
    const [file] = report.migrations
    const at = (piece: string, because: readonly EvidencedEffect[]) =>
      finding(
        { file: 'db/V18.sql', text: file?.text ?? '', piece },
        {
          ruleId: 'r',
          messageId: 'm',
          severity: 'warning',
          message: 'Waits.',
          object: 'users',
          evidence: 'measured',
          because,
        },
      )
    expect(claims(report)).toHaveLength(1)
    expect(claims({ ...report, findings: [at('ALTER 0', [])] })).toEqual([])
    expect(claims({ ...report, findings: [at('ALTER 1', by(measured, exclusive))] })).toEqual([])
    expect(
      claims({ ...report, findings: [at('ALTER 1', by(measured, lock(table('b'), 'ShareLock')))] }),
    ).toHaveLength(1)
  })

  it('anything of a migration that fails', () => {
    const report = reportOf(by(measured, exclusive, widen))
    const migrations = report.migrations.map((each) => ({ ...each, outcome: 'failed' as const }))
    expect(claims({ ...report, migrations })).toEqual([])
    expect(claims(sampleReport)).toEqual([])
  })
})
