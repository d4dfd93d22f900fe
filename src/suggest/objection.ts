import type { Finding, Severity } from '../core/model.ts'
import type { Candidate } from './candidate.ts'

/** What was found before and with the candidate in its place. */
export interface Comparison {
  readonly candidate: Candidate
  readonly before: readonly Finding[]
  readonly after: readonly Finding[]
  /** Rules that tell one statement of several: another one comes to light when that is mended. */
  readonly secondaryRules: ReadonlySet<string>
}

/**
 * Why the candidate does not mend its finding, or makes another; undefined when it does what it should. Statements
 * that it leaves alone are recognised by their fingerprints wherever they stand now; what takes the place of the
 * statement may have the other findings that the statement had, and no more.
 */
export function objection({ candidate, before, after, secondaryRules }: Comparison): string | undefined {
  const { finding: target, block, lastLine } = candidate
  const { file } = target.span
  const isHere = ({ span }: Finding, from: number, to: number): boolean =>
    span.file === file && span.start.line >= from && span.start.line <= to
  const wasHere = (finding: Finding): boolean => isHere(finding, target.span.start.line, lastLine)
  const expectedHere = before.filter((finding) => finding !== target && wasHere(finding))
  const expectedElsewhere = before.filter((finding) => !wasHere(finding))
  for (const finding of after) {
    const here = isHere(finding, block.startLine, block.endLine)
    const expected = here ? expectedHere : expectedElsewhere
    const identity = here ? kindOf : withoutOrdinal
    const index = expected.findIndex(
      (known) =>
        identity(known) === identity(finding) &&
        isNoWorse(finding, known) &&
        (here || saysNothingNew(finding, known)),
    )
    if (index >= 0) expected.splice(index, 1)
    else if (here || !secondaryRules.has(finding.ruleId) || finding.ruleId !== target.ruleId)
      return `${here ? 'it has' : 'it leads to'} a finding of ${finding.ruleId} itself`
  }
  return undefined
}

/** The fingerprint without what tells equal findings apart by their order. */
function withoutOrdinal({ fingerprint }: Finding): string {
  return fingerprint.replace(/-\d+$/, '')
}

function kindOf({ ruleId, messageId, object }: Finding): string {
  return [ruleId, messageId, object].join('\0')
}

/**
 * A finding may stand for several statements and count them in a note: one that has come to be among them would
 * otherwise be seen nowhere.
 */
function saysNothingNew(finding: Finding, known: Finding): boolean {
  return finding.notes.every((note) => known.notes.includes(note))
}

const weight: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 }

function isNoWorse(finding: Finding, known: Finding): boolean {
  if (known.allowed !== undefined && finding.allowed === undefined) return false
  return weight[finding.severity] >= weight[known.severity]
}
