/** What the run costs at production size, statement by statement, in markdown. */

import { sourceLines } from './frame.ts'
import { codeElement, codeSpan, markdownText } from './markdown-text.ts'
import { migrationName } from './migration-of.ts'
import { tableNames } from './object-names.ts'
import { runLines, totalMs } from './production-words.ts'
import { timeWords } from '../core/time-words.ts'
import { costLines, samplingLimits } from './cost-words.ts'
import { count } from './words.ts'
import type { Report, ReportMigration, ReportStatement } from '../core/model.ts'

/** Statements listed of one migration. */
const maxStatements = 60

/** Totals, and with `details` a folded list per migration; nothing when nothing is known of production. */
export function costSection(report: Report, details: boolean): readonly string[] {
  const totals = runLines(report)
  if (totals.length === 0) return []
  return [
    "### Cost at production's size",
    totals.map((line) => `- ${markdownText(line)}`).join('\n'),
    ...(details ? report.migrations.flatMap((migration) => migrationCosts(report, migration)) : []),
  ]
}

function migrationCosts(report: Report, migration: ReportMigration): readonly string[] {
  const { statements } = migration
  const known = statements.filter(({ cost }) => cost !== undefined)
  if (known.length === 0) return []
  const total = totalMs(statements)
  const about = [count(statements.length, 'statement'), ...(total === undefined ? [] : [timeWords(total)])]
  const left = known.length - maxStatements
  return [
    `<details><summary>${codeElement(migrationName(report, migration))}: ${about.join(', ')}</summary>`,
    [
      ...known.slice(0, maxStatements).map((statement) => statementItem(report, migration, statement)),
      ...(left > 0 ? [`- … and ${count(left, 'more statement')}`] : []),
    ].join('\n'),
    '</details>',
  ]
}

function statementItem(report: Report, migration: ReportMigration, { span, cost }: ReportStatement): string {
  const line = (sourceLines(migration)[span.start.line - 1] ?? '').slice(span.start.column - 1).trim()
  const code = codeSpan(line.length > 80 ? `${line.slice(0, 80)}…` : line)
  const names = tableNames(cost?.tables.map(({ table }) => table) ?? [])
  const lines = costLines(cost, { notes: samplingLimits(report) })
  const said = [...lines.cost, ...lines.notes].map((text) => markdownText(text, names))
  return [`- line ${span.start.line}: ${code}`, ...said.map((text) => `  - ${text}`)].join('\n')
}
