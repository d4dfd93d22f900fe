import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { printable } from '../../src/reporters/printable.ts'
import { terminal } from '../../src/reporters/terminal.ts'
import { colour, controlCharacter } from './control-characters.ts'
import { cleanReport, emptyReport, sampleReport } from './sample-report.ts'
import type { Report } from '../../src/core/model.ts'

const plain = { color: false, width: 100 }

describe('terminal', () => {
  it('says the consequence before anything else about a finding', () => {
    const lines = terminal(sampleReport, { color: false, width: 400 }).split('\n')
    for (const { message } of sampleReport.findings.filter(({ evidence }) => evidence === 'measured')) {
      const at = lines.findIndex((line) => line.includes(message))
      expect(lines[at]).toMatch(/^ {2}(error|warning|info|allowed) +\S/)
      expect(lines[at + 1]).toMatch(/:\d+:\d+ {2}[a-z-]+$/)
    }
  })

  it('lets no control character through but newlines', () => {
    expect(terminal(sampleReport, plain)).not.toMatch(controlCharacter)
  })

  it('writes no escape sequence with colours but colours', () => {
    const text = terminal(sampleReport, { ...plain, color: true })
    const withoutColours = text.replaceAll(colour, '')
    expect(text).not.toBe(withoutColours)
    expect(withoutColours).not.toContain('\u001b')
    expect(withoutColours).toBe(terminal(sampleReport, plain))
  })

  it.each([40, 60, 100])('stays within %i columns, but for SQL to paste and paths', (width) => {
    const wide = terminal(sampleReport, { color: false, width })
      .split('\n')
      .filter((line) => stringWidth(line) > width)
    const sql = sampleReport.findings
      .flatMap(({ remedy, preflight = [] }) => [...(remedy?.migrations ?? []), ...preflight])
      .map((step) => printable(step.sql))
    for (const line of wide) {
      expect(
        [...sql, 'migrations/', 'db/'].some((part) => part.includes(line.trim()) || line.startsWith(part)),
      ).toBe(true)
    }
  })

  it('gives no duration, size or row count measured on sample tables', () => {
    expect(terminal(sampleReport, plain)).not.toMatch(/\d ?(ms|kB|MB|bytes)\b|1\.25|2720|8192/)
  })

  it('points a caret at the place inside the statement that failed', () => {
    const lines = terminal(sampleReport, plain).split('\n')
    const caret = lines.findIndex((line) => /^ +│ +\^$/.test(line))
    expect(lines[caret - 1]?.slice(lines[caret]?.indexOf('^'))).toMatch(/^ordres/)
  })

  it('cuts a long statement and says by how much', () => {
    expect(terminal(sampleReport, plain)).toContain('⋮ │ … 84 more lines')
  })

  it('shows thirty lines of a step of a remedy, and says how many there are', () => {
    const [finding] = sampleReport.findings
    if (finding === undefined) throw new Error('the sample has no finding')
    const sql = Array.from({ length: 33 }, (_, at) => `select ${at};`).join('\n')
    const remedy = { summary: 'Do it otherwise.', migrations: [{ sql, transaction: true }] }
    const text = terminal({ ...sampleReport, findings: [{ ...finding, remedy }] }, plain)
    expect(text).toContain('select 29;\n           … 3 more lines (--format markdown has all)\n')
    expect(text).not.toContain('select 30;')
  })

  it('leaves one empty line below a finding without a receipt', () => {
    const [finding] = sampleReport.findings
    if (finding === undefined) throw new Error('the sample has no finding')
    const { remedy: _, ...bare } = { ...finding, because: [], notes: [], queries: [] }
    const text = terminal({ ...sampleReport, findings: [bare, finding] }, plain)
    expect(text).not.toContain('\n\n\n')
  })

  it('keeps the SQL of a remedy unbroken, at any width', () => {
    const text = terminal(sampleReport, { color: false, width: 40 })
    expect(text).toContain('WHERE id IN (SELECT id FROM orders WHERE total_new IS NULL LIMIT 1000);\n')
  })

  it('gives the mode and why, the outcome, what was not checked and the verdict', () => {
    const text = terminal(sampleReport, plain)
    expect(text).toContain('each statement commits by itself (assumed: psql -f) · rehearsed')
    expect(text).toContain('the whole file is one transaction (Flyway default)')
    expect(text).toContain('  • No sample row could be made for audit_log')
    expect(text).toContain('Replay on a server that has it: --server-url')
    expect(text).toContain('TimeZone UTC (assumed)')
    expect(text).toMatch(/\n✗ Failed: 6 errors \(exit code 1\)\.\n$/)
  })

  it('lists a migration without findings in one line', () => {
    expect(terminal(cleanReport, plain)).toMatch(
      /^✓ migrations\/\d+_widen\.sql {2}2 statements, nothing found\n/,
    )
  })

  it('does not call a migration clean that could not be rehearsed', () => {
    const migrations = cleanReport.migrations.map((each) => ({ ...each, outcome: 'not rehearsed' as const }))
    const text = terminal({ ...cleanReport, migrations }, { ...plain, width: 200 })
    expect(text).toMatch(/^\? .*could not be rehearsed, judged by prediction: nothing found\n/)
    expect(text).toMatch(/Passed: nothing found, but 1 migration could not be rehearsed\.\n$/)
  })

  it('says so in one line when nothing is under review', () => {
    expect(terminal(emptyReport, plain)).toBe('✓ Nothing under review.\n')
  })

  it('does not claim anything about sample rows when nothing was executed', () => {
    const migrations = cleanReport.migrations.map((each) => ({
      ...each,
      outcome: 'predicted' as const,
      statements: each.statements.map((statement) => ({ ...statement, measured: false })),
    }))
    const { server: _, ...rest } = cleanReport
    const report: Report = { ...rest, evidence: 'predicted', migrations }
    const text = terminal(report, plain)
    expect(text).toContain('1 migration with 2 statements: 2 predicted\n')
    expect(text).not.toMatch(/sample row|PostgreSQL/)
  })
})
