import { severities } from '../reporters/words.ts'
import { isOpen } from './gate.ts'
import type { Finding, Severity } from '../core/model.ts'
import type { AllowBy, ReviewedFinding } from './model.ts'

/** A sign before the word, never instead of it. */
export const severitySign: Readonly<Record<Severity, string>> = { error: '🔴', warning: '🟠', info: '🔵' }

/** What an author writes to accept a finding, as documented. */
export const allowReply = 'pgrehearse allow <reason>'

/** Who may accept. */
export function describeAllowBy(allowBy: AllowBy): string {
  switch (allowBy) {
    case 'developer':
      return 'Developers and above'
    case 'maintainer':
      return 'Maintainers and above'
    case 'not-the-author':
      return 'Developers and above, but not the author of the merge request'
  }
}

/** Larger is graver: error 3, warning 2, info 1. */
export function gravity({ severity }: Pick<Finding, 'severity'>): number {
  return severities.length - severities.indexOf(severity)
}

/** Open findings first, then by severity, else in the order of the report. */
export function gravestFirst(findings: readonly ReviewedFinding[]): readonly ReviewedFinding[] {
  const rank = (each: ReviewedFinding): number => (isOpen(each) ? gravity(each.finding) : 0)
  return findings.toSorted((a, b) => rank(b) - rank(a))
}

/** The last part of a file's path where that is enough to tell the files apart, else the whole path. */
export function shortNames(files: Iterable<string>): (file: string) => string {
  const byName = new Map<string, Set<string>>()
  for (const file of files) {
    const name = baseName(file)
    byName.set(name, (byName.get(name) ?? new Set()).add(file))
  }
  return (file) => (byName.get(baseName(file))?.size === 1 ? baseName(file) : file)
}

function baseName(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1) || file
}
