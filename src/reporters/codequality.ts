import { affectedLines } from './affected-queries.ts'
import { formatJson } from './json.ts'
import { printableLine } from './printable.ts'
import { repositoryPath } from './repository-path.ts'
import { majorsWords } from './trial-words.ts'
import { waitLines } from './wait-words.ts'
import { ofDatabase, openFindings } from './words.ts'
import type { Finding, Report, Severity } from '../core/model.ts'
import type { Reporter } from './reporter.ts'

/**
 * How GitLab shows our severities. `blocker` is left for what a tool knows to be an outage; even with production's
 * sizes a duration is an estimate. `minor` would hide between the others.
 */
const severityNames: Readonly<Record<Severity, 'critical' | 'major' | 'info'>> = {
  error: 'critical',
  warning: 'major',
  info: 'info',
}

/**
 * GitLab Code Quality (`artifacts:reports:codequality`): an array, `[]` when there is nothing. Findings
 * that an allow comment accepts are left out, as GitLab has no word for them.
 * @see https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
 */
export const codequality: Reporter = (report: Report): string => {
  const findings = openFindings(report.findings)
  const fingerprints = uniqueFingerprints(findings).map((one) => ofDatabase(report, one))
  return formatJson(
    findings.map((finding, index) => ({
      description: described(report, finding),
      check_name: finding.ruleId,
      fingerprint: fingerprints[index],
      severity: severityNames[finding.severity],
      location: {
        // GitLab compares it with the paths of the diff, which have no `./`.
        path: repositoryPath(report, finding.span.file),
        lines: { begin: finding.span.start.line, end: finding.span.end.line },
      },
    })),
  )
}

/** In one line, which is all that GitLab shows; how many sessions wait stands in the other formats. */
function described(report: Report, finding: Finding): string {
  const wait = waitLines(report, finding).slice(0, 1)
  const queries = affectedLines(finding, { named: 3 }).map((line) => `${line}.`)
  const majors = majorsWords(finding)
  const where = majors === undefined ? [] : [`${majors}.`]
  return [printableLine(finding.message), ...where, ...wait, ...queries].join(' ')
}

/** GitLab shows findings with equal fingerprints once; the second of two equal statements gets a suffix. */
function uniqueFingerprints(findings: readonly Finding[]): readonly string[] {
  const seen = new Map<string, number>()
  return findings.map(({ fingerprint }) => {
    const times = (seen.get(fingerprint) ?? 0) + 1
    seen.set(fingerprint, times)
    return times === 1 ? fingerprint : `${fingerprint}-${times}`
  })
}
