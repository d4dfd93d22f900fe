import type { Finding, Severity } from '../core/model.ts'
import type { Candidate } from './candidate.ts'

/** What was found before and with the candidate in its place. */
export interface Comparison {
  readonly candidate: Candidate
  readonly before: readonly Finding[]
  readonly after: readonly Finding[]
  /** Rules that tell one statement of several: another one comes to light when that is mended. */
  readonly secondaryRules: ReadonlySet<string>
  /** Rules of house style: what a statement has of them, the statements in its place may have each. */
  readonly styleRules?: ReadonlySet<string>
  /** Rules that say something once of a transaction: cut in parts, each part may have it. */
  readonly transactionRules?: ReadonlySet<string>
}

/** The same for remedies wherever they stand. */
export interface PlacesComparison extends Omit<Comparison, 'candidate'> {
  /** What is to be gone. */
  readonly targets: readonly Finding[]
  /** Is it about a statement that is replaced? */
  readonly wasHere: (finding: Finding) => boolean
  /** Is it about what stands in the place of these? */
  readonly isHere: (finding: Finding) => boolean
  /** Migrations are cut, so that advice given once for each of them, or told by a finding that is gone, is given anew. */
  readonly cuts?: boolean
}

/**
 * Why the candidate does not mend its finding, or makes another; undefined when it does what it should. Statements
 * that it leaves alone are recognised by their fingerprints wherever they stand now; what takes the place of the
 * statement may have the other findings that the statement had, and no more.
 */
export function objection({ candidate, ...findings }: Comparison): string | undefined {
  const { finding: target, block, lastLine } = candidate
  const isBetween = ({ span }: Finding, from: number, to: number): boolean =>
    span.file === target.span.file && span.start.line >= from && span.start.line <= to
  return objectionIn({
    ...findings,
    targets: [target],
    wasHere: (finding) => isBetween(finding, target.span.start.line, lastLine),
    isHere: (finding) => isBetween(finding, block.startLine, block.endLine),
  })
}

/** As {@link objection}, for several at once. */
export function objectionIn(comparison: PlacesComparison): string | undefined {
  const { targets, before, after, wasHere, isHere } = comparison
  const targeted = new Set(targets)
  const expectedHere = before.filter((finding) => !targeted.has(finding) && wasHere(finding))
  const expectedElsewhere = before.filter((finding) => !wasHere(finding))
  for (const finding of after) {
    const here = isHere(finding)
    const expected = here ? expectedHere : expectedElsewhere
    const identity = here ? kindOf : withoutOrdinal
    const index = expected.findIndex(
      (known) =>
        identity(known) === identity(finding) &&
        isNoWorse(finding, known) &&
        (here || saysNothingNew(finding, known)),
    )
    if (index >= 0) expected.splice(index, 1)
    else if (here && (isKnownStyle(finding, comparison) || isWhatIsLeft(finding, comparison))) continue
    else if (!here && isOfPart(finding, comparison)) continue
    else if (here || !isRepeatedAdvice(finding, comparison))
      return `${here ? 'it has' : 'it leads to'} a finding of ${finding.ruleId} itself`
  }
  return undefined
}

/** What cannot be done without a lock stays an info of the rule that warned of more. */
function isWhatIsLeft({ ruleId, severity }: Finding, { targets, cuts = false }: PlacesComparison): boolean {
  return (
    cuts &&
    severity === 'info' &&
    targets.every((target) => target.severity !== 'info') &&
    targets.some((target) => target.ruleId === ruleId)
  )
}

function isKnownStyle({ ruleId }: Finding, { styleRules, before, wasHere }: PlacesComparison): boolean {
  return styleRules?.has(ruleId) === true && before.some((known) => known.ruleId === ruleId && wasHere(known))
}

function isRepeatedAdvice(
  { ruleId }: Finding,
  { targets, secondaryRules, cuts = false }: PlacesComparison,
): boolean {
  return secondaryRules.has(ruleId) && (cuts || targets.some((target) => target.ruleId === ruleId))
}

/** Advice about a transaction as a whole is about each of the parts into which it is cut; none is more than the whole. */
function isOfPart(finding: Finding, { transactionRules, before, cuts = false }: PlacesComparison): boolean {
  const isWhole = (known: Finding): boolean => known.ruleId === finding.ruleId && isNoWorse(finding, known)
  return cuts && transactionRules?.has(finding.ruleId) === true && before.some(isWhole)
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
