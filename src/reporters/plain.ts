/** A finding as plain text of several lines, for formats with one text field. */

import { affectedLines } from './affected-queries.ts'
import { receipt } from './effects.ts'
import { cutText } from './markdown-text.ts'
import { askFirst, maxProof, proofWords, speedWords } from './preflight-words.ts'
import { printable, printableLine } from './printable.ts'
import { majorsWords } from './trial-words.ts'
import { waitLines } from './wait-words.ts'
import { describeRemedyStep } from './words.ts'
import type { Finding, Remedy, Report } from '../core/model.ts'

/** What lies under a finding: a line per effect, the evidence, the notes. */
export function plainReceipt(report: Report, finding: Finding): readonly string[] {
  const { effects, evidence, notes } = receipt(report, finding)
  return [...effects, ...(evidence === undefined ? [] : [evidence]), ...notes]
}

/** The remedy: its summary, then the SQL with a comment that says how to run it. */
export function plainRemedy({ remedy }: Finding): readonly string[] {
  if (remedy === undefined) return []
  const steps = remedy.migrations.flatMap((step, index) => {
    const how = describeRemedyStep(step, index, remedy.migrations.length)
    return [
      ...[how, step.note ?? ''].filter((text) => text !== '').map((text) => `-- ${printableLine(text)}`),
      ...printable(step.sql.trim()).split('\n'),
    ]
  })
  return [printableLine(remedy.summary), ...plainProof(remedy), ...steps]
}

/** Whether it was tried, in one line; nothing when nobody did. */
export function plainProof(remedy: Remedy): readonly string[] {
  const words = proofWords(remedy)
  return words === undefined ? [] : [printableLine(cutText(words, maxProof))]
}

/** What to ask production: question, SQL and what its answer means. */
export function plainPreflight({ preflight = [] }: Finding): readonly string[] {
  return preflight.flatMap((one) => [
    printableLine(`${askFirst}: ${one.question} (${speedWords(one)})`),
    ...printable(one.sql.trim()).split('\n'),
    printableLine(one.reading),
  ])
}

/** Characters of a statement that was recorded. */
const maxSent = 500

/** The message, how long who waits, and which queries, a line each. */
export function plainMessage(report: Report, finding: Finding): readonly string[] {
  const majors = majorsWords(finding)
  return [
    printableLine(finding.message),
    ...(majors === undefined ? [] : [`${majors}.`]),
    ...waitLines(report, finding),
    ...affectedLines(finding),
    ...(finding.sent === undefined
      ? []
      : [`It sends: ${cutText(printableLine(finding.sent.trim()), maxSent)}`]),
  ]
}

/** Message, receipt, remedy and preflight, separated by blank lines. */
export function plainFinding(report: Report, finding: Finding): string {
  return [
    plainMessage(report, finding),
    plainReceipt(report, finding),
    plainRemedy(finding),
    plainPreflight(finding),
  ]
    .filter((part) => part.length > 0)
    .map((part) => part.join('\n'))
    .join('\n\n')
}
