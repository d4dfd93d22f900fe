import { describe, expect, it } from 'vitest'
import { describeEffect, isMetadataOnly } from '../../src/reporters/effects.ts'
import { printable, printableLine } from '../../src/reporters/printable.ts'
import {
  countFindings,
  describeScope,
  describeTransaction,
  groupByFile,
  verdict,
} from '../../src/reporters/words.ts'
import { lock, measured, table } from './sample-parts.ts'
import { orders, ordersPkey } from './sample-migrations.ts'
import { cleanReport, emptyReport, sampleReport } from './sample-report.ts'
import type { Effect, Report } from '../../src/core/model.ts'

const withFailOn = (failOn: Report['settings']['failOn'], exitCode: number): Report => ({
  ...sampleReport,
  migrations: cleanReport.migrations,
  settings: { ...sampleReport.settings, failOn },
  exitCode,
})

describe('the verdict', () => {
  it.each([
    [emptyReport, 'Nothing under review.'],
    [cleanReport, 'Passed: nothing found.'],
    [withFailOn('error', 1), 'Failed: 6 errors (exit code 1).'],
    [withFailOn('warning', 1), 'Failed: 9 findings at warning or above (exit code 1).'],
    [withFailOn('never', 0), 'Passed: findings never fail this run (--fail-on never).'],
    [{ ...withFailOn('error', 0), findings: sampleReport.findings.slice(0, 1) }, 'Passed: no errors.'],
    [
      { ...withFailOn('warning', 0), findings: sampleReport.findings.slice(0, 1) },
      'Passed: nothing at warning or above.',
    ],
    [{ ...withFailOn('error', 0), findings: sampleReport.findings.slice(5, 6) }, 'Passed: nothing found.'],
    [
      { ...sampleReport, findings: [], exitCode: 0 },
      'Passed: nothing found, but 1 migration could not be rehearsed.',
    ],
    [
      { ...sampleReport, findings: [], exitCode: 1 },
      'Failed: 1 migration could not be rehearsed (exit code 1).',
    ],
  ])('says why the run ends as it does (%#)', (report, text) => {
    expect(verdict(report)).toEqual({ passed: report.exitCode === 0, text })
  })
})

describe('what was looked at', () => {
  it.each([
    ['main (123)', 'compared with main (123)'],
    ['--all', 'all are judged (--all)'],
    ['paths', 'the paths were named'],
  ])('names the base %s', (description, text) => {
    const lines = describeScope({ ...sampleReport, base: { description } })
    expect(lines.some((line) => line.startsWith('on top of') && line.endsWith(text))).toBe(true)
  })

  it('says why remedies were not replayed, where they were not', () => {
    const remedy = { summary: 'Do it.', migrations: [{ sql: 'select 1', transaction: false }] }
    const findings = sampleReport.findings.slice(0, 1).map((finding) => ({ ...finding, remedy }))
    const lines = (more: Partial<Report>): readonly string[] =>
      describeScope({ ...sampleReport, findings, ...more }).filter((line) => line.includes('remedies'))
    expect(lines({})).toEqual(['remedies were not replayed'])
    expect(lines({ remediesNotReplayed: 'nothing was rehearsed' })).toEqual([
      'remedies were not replayed: nothing was rehearsed',
    ])
    expect(lines({ remediesNotReplayed: 'nothing was rehearsed', findings: [] })).toEqual([])
  })

  it('calls a single statement that is sent without BEGIN no transaction of a whole file', () => {
    const [migration] = sampleReport.migrations
    const [one] = migration?.statements ?? []
    if (one === undefined) throw new Error('the sample has no statement')
    const transaction = { mode: 'simple query', why: 'goose' } as const
    expect(describeTransaction({ transaction, statements: [one] })).toBe(
      'its one statement commits by itself (goose)',
    )
    expect(describeTransaction({ transaction, statements: [one, one] })).toMatch(
      /^the whole file is sent at once/,
    )
  })
})

describe('counting and grouping', () => {
  it('counts by severity and allowed ones apart', () => {
    expect(countFindings(sampleReport.findings)).toBe('6 errors, 3 warnings and 1 info; 1 allowed')
    expect(countFindings([])).toBe('no findings')
    expect(countFindings(sampleReport.findings.slice(5, 6))).toBe('no findings; 1 allowed')
  })

  it('loses no finding, also of files that are not under review', () => {
    const groups = groupByFile(sampleReport)
    expect(groups.flatMap(({ findings }) => findings)).toHaveLength(sampleReport.findings.length)
    expect(groups.at(-1)).toMatchObject({ file: 'migrations/20260101000000_init.sql', migration: undefined })
  })
})

it('says that a file is sent at once only where it makes one transaction', () => {
  const transaction = { mode: 'simple query', why: 'the file says so' } as const
  const statements = cleanReport.migrations.flatMap((migration) => migration.statements).slice(0, 1)
  const numbered = (number: number): typeof statements =>
    statements.map((statement) => ({ ...statement, transaction: number }))
  expect(describeTransaction({ transaction, statements: [...numbered(1), ...numbered(1)] })).toBe(
    'the whole file is sent at once, one implicit transaction (the file says so)',
  )
  expect(describeTransaction({ transaction, statements: [...numbered(1), ...numbered(2)] })).toBe(
    'the file runs in several transactions (the file says so)',
  )
})

describe('an effect in words', () => {
  it.each<[Effect, string | undefined]>([
    [
      lock(orders, 'AccessExclusiveLock'),
      'AccessExclusiveLock on orders (reads and writes wait), held until commit',
    ],
    [
      lock(orders, 'ShareUpdateExclusiveLock', 'statement'),
      'ShareUpdateExclusiveLock on orders (schema changes and vacuum wait, reads and writes go on), given back when the statement ends',
    ],
    [
      lock(orders, 'RowExclusiveLock'),
      'RowExclusiveLock on orders (reads and writes go on), held until commit',
    ],
    [
      lock(ordersPkey, 'AccessExclusiveLock'),
      'AccessExclusiveLock on index orders_pkey of orders (reads and writes wait), held until commit',
    ],
    [
      lock(table('t', { schema: 'billing', existedBefore: false }), 'ShareLock'),
      'ShareLock on billing.t, created in this run (writes wait), held until commit',
    ],
    [
      { kind: 'scan', relation: orders, reason: 'validate' },
      'reads every row of orders to validate the constraint',
    ],
    [{ kind: 'rewrite', relation: orders, cause: 'unknown' }, 'rewrites orders'],
    [
      { kind: 'rewrite', relation: ordersPkey, cause: 'index rebuild' },
      'builds index orders_pkey of orders anew',
    ],
    [
      { kind: 'write', relation: orders, command: 'DELETE', reach: 'bounded' },
      'DELETE of orders: a bounded number of rows',
    ],
    [
      { kind: 'write', relation: orders, command: 'INSERT', reach: 'all rows' },
      'INSERT into orders, as many rows as its source gives',
    ],
    [{ kind: 'wal', bytes: 1 }, undefined],
    [{ kind: 'temp', bytes: 1 }, undefined],
  ])('%j', (effect, text) => {
    expect(describeEffect(effect)).toBe(text)
  })

  const change = (kind: string, type: 'create' | 'alter' | 'drop'): Effect => ({
    kind: 'catalog',
    object: { kind, schema: 'public', name: 'orders' },
    existedBefore: true,
    change: type === 'drop' ? { type, cascaded: false } : { type },
  })

  function isMetadata(effects: readonly Effect[], tag = 'AlterTableStmt'): boolean {
    return isMetadataOnly({ effects: effects.map((effect) => ({ ...effect, evidence: measured })), tag })
  }

  it('is metadata only when the catalogue changes and no row is touched', () => {
    expect(isMetadata([lock(orders, 'AccessExclusiveLock'), change('table', 'alter')])).toBe(true)
    expect(
      isMetadata([change('table', 'alter'), { kind: 'scan', relation: orders, reason: 'validate' }]),
    ).toBe(false)
    expect(isMetadata([change('table', 'drop')])).toBe(false)
    expect(isMetadata([change('index', 'create')])).toBe(false)
    expect(isMetadata([lock(orders, 'AccessExclusiveLock')])).toBe(false)
    expect(isMetadata([])).toBe(false)
  })

  it('is not metadata only when a query fills what it creates', () => {
    const created = [lock(orders, 'AccessShareLock'), change('table', 'create')]
    expect(isMetadata(created, 'CreateStmt')).toBe(true)
    expect(isMetadata(created, 'CreateTableAsStmt')).toBe(false)
    expect(isMetadata(created, 'DoStmt')).toBe(false)
  })
})

describe('printable', () => {
  it('spells out what a terminal obeys or an eye cannot see', () => {
    expect(printable('a\u001b[31m\u0007\u009b\u202eb\u200b\ufeff\ud800')).toBe(
      'a\\u001b[31m\\u0007\\u009b\\u202eb\\u200b\\ufeff\\ud800',
    )
    expect(printable('\u{e0041}')).toBe('\\u{e0041}')
  })

  it('keeps every line end, as a newline, and ordinary text of any script', () => {
    expect(printable('a\r\nb\rc\nd\te 🐘 größe 注文 заказ')).toBe('a\nb\nc\nd\te 🐘 größe 注文 заказ')
    expect(printableLine('a\r\n\n\tb')).toBe('a b')
  })
})
