/** A finding as plain text of several lines, for formats with one text field. */

import { affectedLines } from './affected-queries.ts'
import { receipt } from './effects.ts'
import { printable, printableLine } from './printable.ts'
import { waitLines } from './wait-words.ts'
import { describeRemedyStep } from './words.ts'
import type { Finding, Report } from '../core/model.ts'

/** What lies under a finding: a line per effect, the evidence, the notes. */
export function plainReceipt(report: Report, finding: Finding): readonly string[] {
  const { effects, evidence, notes } = receipt(report, finding)
  return [...effects, ...(evidence === undefined ? [] : [evidence]), ...notes]
}

/** The remedy: its summary, then the SQL with a comment that says how to run it. */
export function plainRemedy({ remedy }: Finding): readonly string[] {
  if (remedy === undefined) return []
  const steps = remedy.migrations.flatMap((step, index) => {
    const note = describeRemedyStep(step, index, remedy.migrations.length)
    return [...(note === '' ? [] : [`-- ${note}`]), ...printable(step.sql.trim()).split('\n')]
  })
  return [printableLine(remedy.summary), ...steps]
}

/** The message, how long who waits, and which queries, a line each. */
export function plainMessage(report: Report, finding: Finding): readonly string[] {
  return [printableLine(finding.message), ...waitLines(report, finding), ...affectedLines(finding)]
}

/** Message, receipt and remedy, separated by blank lines. */
export function plainFinding(report: Report, finding: Finding): string {
  return [plainMessage(report, finding), plainReceipt(report, finding), plainRemedy(finding)]
    .filter((part) => part.length > 0)
    .map((part) => part.join('\n'))
    .join('\n\n')
}
