import { describe, expect, it } from 'vitest'
import { lockChart, migrationToDraw } from '../../src/gitlab/lock-chart.ts'
import { by, lock, measured, migration, table } from '../reporters/sample-parts.ts'
import { loyalty, status } from '../reporters/sample-migrations.ts'
import { pricedReport } from '../reporters/sample-costs.ts'
import { cleanReport, sampleReport } from '../reporters/sample-report.ts'
import type { Effect, Report } from '../../src/core/model.ts'

/** A report about one file in one transaction, with these effects per statement. */
function reportOf(file: string, ...statements: readonly (readonly Effect[])[]): Report {
  const sql = statements.map((_, index) => `SELECT ${index};`)
  const made = migration(
    {
      file,
      source: 'flyway',
      version: '1',
      title: 'x',
      transaction: { mode: 'file', why: 'Flyway default' },
      outcome: 'rehearsed',
      text: sql.join('\n'),
    },
    statements.map((effects, index) => ({
      sql: sql[index] ?? '',
      tag: 'SelectStmt',
      transaction: 1,
      effects: by(measured, ...effects),
    })),
  )
  return { ...cleanReport, migrations: [made] }
}

const only = (report: Report) => {
  const [first] = report.migrations
  if (first === undefined) throw new Error('the report has no migration')
  return first
}

describe('the migration whose locks are drawn', () => {
  it('is the one with the gravest finding, then with the longest held locks', () => {
    expect(migrationToDraw(sampleReport)).toBe(loyalty)
    const findings = sampleReport.findings.filter(({ span }) => span.file !== loyalty.file)
    expect(migrationToDraw({ ...sampleReport, findings })).toBe(status)
  })

  it('is none when a picture would not help: one statement, weak locks, or new tables only', () => {
    const strong = lock(table('orders'), 'AccessExclusiveLock')
    expect(migrationToDraw(reportOf('a.sql', [strong]))).toBeUndefined()
    expect(
      migrationToDraw(reportOf('a.sql', [lock(table('orders'), 'RowExclusiveLock')], [])),
    ).toBeUndefined()
    expect(
      migrationToDraw(
        reportOf('a.sql', [lock(table('new', { existedBefore: false }), 'AccessExclusiveLock')], []),
      ),
    ).toBeUndefined()
    expect(migrationToDraw(reportOf('a.sql', [strong], []))).toBeDefined()
    expect(
      migrationToDraw(reportOf('a.sql', [strong], ...Array.from({ length: 300 }, () => []))),
    ).toBeUndefined()
  })
})

describe('the chart', () => {
  it('shows which table is locked how strongly from which statement to which commit', () => {
    expect(lockChart(sampleReport, loyalty).slice(1)).toEqual([
      [
        '```mermaid',
        '%%{init: {"gantt": {"displayMode": "compact", "leftPadding": 128}}}%%',
        'gantt',
        '    dateFormat YYYY-MM-DD',
        '    axisFormat ·',
        '    tickInterval 1day',
        '    todayMarker off',
        '    section statement',
        '        1 :done, 2000-01-01, 2000-01-02',
        '        2 :done, 2000-01-02, 2000-01-03',
        '        3 :done, 2000-01-03, 2000-01-04',
        '        4 :done, 2000-01-04, 2000-01-05',
        '        5 :done, 2000-01-05, 2000-01-06',
        '    section commit',
        '        after 5 :milestone, 2000-01-06, 0d',
        '    section customers',
        '        AccessExclusiveLock until commit :crit, 2000-01-01, 2000-01-06',
        '    section billing.invoices',
        '        AccessExclusiveLock until commit :crit, 2000-01-02, 2000-01-06',
        '```',
      ].join('\n'),
      '- `customers`: AccessExclusiveLock from statement 1 (line 1) to the commit after statement 5: reads and writes wait\n' +
        '- `billing.invoices`: AccessExclusiveLock from statement 2 (line 2) to the commit after statement 5: reads and writes wait',
    ])
  })

  it('is as wide as statements take long in production, where that is known of all', () => {
    const first = pricedReport.migrations.find(({ file }) => file === loyalty.file)
    if (first === undefined) throw new Error('the report has no such migration')
    const [lead, chart] = lockChart(pricedReport, first)
    expect(lead).toContain('as wide as its estimated time in production')
    expect(chart).toContain('    axisFormat ·\n    tickInterval 12month\n')
    expect(chart).toContain(
      '        1 :done, 2000-01-01, 2000-01-21\n' +
        '        2 :done, 2000-01-21, 2000-02-10\n' +
        '        3 (about 14 s) :done, 2000-02-10, 2000-09-17\n' +
        '        4 :done, 2000-09-17, 2000-10-07\n',
    )
    expect(chart).toContain('        AccessExclusiveLock until commit :crit, 2000-01-21, 2000-10-27\n')
    const [untimed] = first.statements
    const { cost: _, ...without } = untimed ?? {}
    const partly = {
      ...first,
      statements: [without as typeof untimed & object, ...first.statements.slice(1)],
    }
    expect(lockChart({ ...pricedReport, migrations: [partly] }, partly)[1]).toContain('tickInterval 1day')
  })

  it('tells locks that are given back from those that are kept, and weak from strong', () => {
    const orders = table('orders')
    const report = reportOf(
      'a.sql',
      [lock(orders, 'ShareUpdateExclusiveLock', 'statement')],
      [lock(orders, 'ShareLock')],
      [lock(orders, 'AccessExclusiveLock')],
    )
    const [, chart, list] = lockChart(report, only(report))
    expect(chart).toContain(
      '    section orders\n        ShareUpdateExclusiveLock given back :done, 2000-01-01, 2000-01-02\n' +
        '    section orders (2)\n        ShareLock :active, 2000-01-02, 2000-01-03\n' +
        '    section orders (3)\n        AccessExclusiveLock until commit :crit, 2000-01-03, 2000-01-04\n',
    )
    expect(list).toBe(
      '- `orders`: ShareUpdateExclusiveLock during statement 1 (line 1): schema changes and vacuum wait, reads and writes go on;' +
        ' ShareLock from statement 2 (line 2) to the end of statement 2: writes wait;' +
        ' AccessExclusiveLock from statement 3 (line 3) to the commit after statement 3: reads and writes wait',
    )
  })

  it('says once what is true of several relations', () => {
    const locks = ['a', 'b'].map((name) => lock(table(name), 'ShareLock'))
    const report = reportOf('a.sql', [...locks, lock(table('c'), 'AccessExclusiveLock')], [])
    const to = 'from statement 1 (line 1) to the commit after statement 2'
    expect(lockChart(report, only(report))[2]).toBe(
      `- \`c\`: AccessExclusiveLock ${to}: reads and writes wait\n- \`a\` and \`b\`: ShareLock ${to}: writes wait`,
    )
  })

  it('leaves room for the names, but not more than half of the chart', () => {
    const padding = (name: string): number => {
      const report = reportOf('a.sql', [lock(table(name), 'ShareLock')], [])
      return Number(/"leftPadding": (\d+)/.exec(lockChart(report, only(report))[1] ?? '')?.[1])
    }
    expect(padding('a')).toBe(padding('statement'))
    expect(padding('customer_addresses')).toBeGreaterThan(padding('customers'))
    expect(padding('x'.repeat(1000))).toBeLessThanOrEqual(280)
  })

  it('marks commits as long as they can be told apart', () => {
    const commitsOf = (count: number): number => {
      const report = reportOf(
        'a.sql',
        ...Array.from({ length: count }, () => [lock(table('a'), 'ShareLock')]),
      )
      const [made] = report.migrations.map((each) => ({
        ...each,
        statements: each.statements.map((statement, index) => ({ ...statement, transaction: index })),
      }))
      const chart = made === undefined ? '' : lockChart({ ...report, migrations: [made] }, made)[1]
      return chart?.match(/ :milestone, /g)?.length ?? 0
    }
    expect(commitsOf(6)).toBe(6)
    expect(commitsOf(7)).toBe(0)
  })

  it('shows ten relations at most, and leaves the numbers of many statements to Mermaid', () => {
    const locks = Array.from({ length: 12 }, (_, number) => lock(table(`t${number}`), 'ShareLock'))
    const report = reportOf('a.sql', locks, ...Array.from({ length: 50 }, () => []))
    const [, chart, list] = lockChart(report, only(report))
    expect(chart?.match(/section/g)).toHaveLength(12)
    expect(chart).toContain('    section statement\n        1 to 51 :done, 2000-01-01, 2000-02-21\n')
    expect(chart).toContain('axisFormat %-j')
    expect(chart).not.toContain('tickInterval')
    expect(chart).toContain(', 2000-01-01, 2000-02-21')
    expect(list).toMatch(/\n- … and 2 more relations$/)
  })

  it('gives names that are only names to Mermaid', () => {
    const report = reportOf('a.sql', [lock(table('x;#:%%{init}\nclick task1 "js"'), 'ShareLock')], [])
    expect(lockChart(report, only(report))[1]).toContain('    section x______init__click task1 _js_\n')
  })
})
