/** Does the merge request pass? */
import { isBlocking, severityRank } from '../reporters/words.ts'
import type { Report, ReportMigration, Severity } from '../core/model.ts'
import type { ReviewedFinding } from './model.ts'

/**
 * False when a finding at or above `report.settings.failOn` is neither allowed in the SQL nor accepted by a comment,
 * or when a rehearsal that the settings require could not be had. A thread that somebody resolved without a word
 * accepts nothing.
 */
export function gate(report: Report, findings: readonly ReviewedFinding[]): boolean {
  const { failOn, requireRehearsal } = report.settings
  if (requireRehearsal && unrehearsed(report).length > 0) return false
  return !findings.some((reviewed) => isOpen(reviewed) && isBlocking(reviewed.finding, failOn))
}

/** Migrations that ran on no server, because that failed or because nobody asked for it. */
export function unrehearsed({ migrations }: Report): readonly ReportMigration[] {
  return migrations.filter(({ outcome }) => outcome === 'not rehearsed' || outcome === 'predicted')
}

/** What is known without the merge request: for runs that cannot read it. */
export function reviewedWithoutServer(report: Report): readonly ReviewedFinding[] {
  return report.findings.map((finding) => ({
    finding,
    standing: finding.allowed === undefined ? 'summary' : 'allowed',
  }))
}

/** Does the finding still count for the gate? Resolving its thread does not accept it. */
export function isOpen({ finding, standing }: ReviewedFinding): boolean {
  return finding.allowed === undefined && standing !== 'allowed' && standing !== 'accepted'
}

/** The gravest first, otherwise in the order given. */
export function worstFirst<T>(values: readonly T[], severityOf: (value: T) => Severity): readonly T[] {
  return values.toSorted((a, b) => severityRank(severityOf(a)) - severityRank(severityOf(b)))
}
