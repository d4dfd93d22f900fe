import { plainMessage, plainPreflight, plainReceipt, plainRemedy } from './plain.ts'
import { formatJson } from './json.ts'
import { sourceOf } from './frame.ts'
import { printable, printableLine, wellFormed } from './printable.ts'
import { repositoryPath } from './repository-path.ts'
import { ofDatabase, policyLines } from './words.ts'
import type { Finding, Limit, Report, Severity, Span, Suggestion } from '../core/model.ts'
import type { Reporter, ReporterOptions } from './reporter.ts'

const levels: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
}

/**
 * SARIF 2.1.0, for code scanning. Allowed findings are there, suppressed with their reason; what was not
 * checked are notifications of the invocation.
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export const sarif: Reporter = (report: Report, options: ReporterOptions): string => {
  const ruleIds = [...new Set(report.findings.map(({ ruleId }) => ruleId))].toSorted()
  const codes = [...new Set(report.notChecked.map(({ code }) => code))].toSorted()
  const { toolUrl } = options
  return formatJson({
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: report.tool.name,
            version: report.tool.version,
            ...(toolUrl === undefined ? {} : { informationUri: toolUrl }),
            rules: ruleIds.map((id) => rule(id, options)),
            notifications: codes.map((id) => ({ id })),
          },
        },
        // Ours count UTF-16 code units, as SARIF does unless told otherwise; said for the strict.
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { PROJECTROOT: { description: { text: rootText(report) } } },
        invocations: [invocation(report)],
        results: report.findings.map((finding) => result(report, finding, ruleIds)),
      },
    ],
  })
}

/** Consumers resolve against the top of their checkout. */
function rootText({ project }: Report): string {
  return project === undefined ? 'The root of the checked project.' : 'The top of the repository.'
}

function rule(id: string, options: ReporterOptions): object {
  const title = options.ruleTitle?.(id)
  const url = options.ruleUrl?.(id)
  return {
    id,
    ...(title === undefined ? {} : { shortDescription: { text: title } }),
    ...(url === undefined ? {} : { helpUri: url }),
  }
}

function invocation(report: Report): object {
  return {
    executionSuccessful: report.exitCode <= 1,
    exitCode: report.exitCode,
    endTimeUtc: report.createdAt,
    toolExecutionNotifications: report.notChecked.map((limit) => notification(report, limit)),
    ...configurationNotifications(report),
  }
}

/** What the configuration decides (SARIF 3.20.20). */
function configurationNotifications(report: Report): object {
  const lines = policyLines(report)
  if (lines.length === 0) return {}
  return {
    toolConfigurationNotifications: lines.map((line) => ({
      level: 'note',
      message: { text: plainText(line) },
    })),
  }
}

function notification(report: Report, limit: Limit): object {
  const text = [limit.message, ...(limit.hint === undefined ? [] : [limit.hint])].map(plainText).join('\n')
  return {
    descriptor: { id: limit.code },
    level: 'warning',
    message: { text },
    ...(limit.span === undefined ? {} : { locations: [{ physicalLocation: location(report, limit.span) }] }),
  }
}

function result(report: Report, finding: Finding, ruleIds: readonly string[]): object {
  const remedy = plainRemedy(finding)
  const preflight = plainPreflight(finding)
  return {
    ruleId: finding.ruleId,
    ruleIndex: ruleIds.indexOf(finding.ruleId),
    level: levels[finding.severity],
    message: { text: plainMessage(report, finding).map(plainText).join('\n') },
    locations: [
      {
        physicalLocation: location(report, finding.span, snippetOf(report, finding)),
        ...(finding.object === ''
          ? {}
          : { logicalLocations: [{ fullyQualifiedName: printableLine(finding.object) }] }),
      },
    ],
    ...relatedQueries(report, finding),
    partialFingerprints: { 'pgrehearse/v1': ofDatabase(report, finding.fingerprint) },
    ...(finding.suggestion === undefined ? {} : { fixes: [fix(report, finding, finding.suggestion)] }),
    // An empty list says "not suppressed"; without it viewers may not tell.
    suppressions: finding.allowed === undefined ? [] : [suppression(finding.allowed)],
    properties: {
      evidence: finding.evidence,
      receipt: plainReceipt(report, finding),
      ...(remedy.length === 0 ? {} : { remedy: remedy.join('\n') }),
      ...(preflight.length === 0 ? {} : { preflight: preflight.join('\n') }),
    },
  }
}

/** Regions without columns are whole lines, without the end of the last. */
function fix(report: Report, { span, remedy }: Finding, { startLine, endLine, lines }: Suggestion): object {
  return {
    ...(remedy === undefined ? {} : { description: { text: plainText(remedy.summary) } }),
    artifactChanges: [
      {
        artifactLocation: artifact(report, span.file),
        replacements: [
          { deletedRegion: { startLine, endLine }, insertedContent: { text: lines.join('\n') } },
        ],
      },
    ],
  }
}

function suppression({ reason, until, author, baseline }: NonNullable<Finding['allowed']>): object {
  const properties = {
    ...(until === undefined ? {} : { until }),
    ...(author === undefined ? {} : { author: printableLine(author) }),
    ...(baseline === undefined ? {} : { baseline: printableLine(baseline) }),
  }
  return {
    kind: baseline === undefined ? 'inSource' : 'external',
    status: 'accepted',
    justification: printableLine(reason),
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
  }
}

/** Queries of files that the finding names, where they stand. */
function relatedQueries(report: Report, { queries = [] }: Finding): object {
  const related = queries.slice(0, maxRelated).flatMap((query) => {
    const { file, line, name, what, detail } = query
    if (file === undefined || line === undefined) return []
    const text = `${name}: ${what}${detail === undefined ? '' : ` (${detail})`}`
    return [
      {
        message: { text: plainText(text) },
        physicalLocation: { artifactLocation: artifact(report, file), region: { startLine: line } },
      },
    ]
  })
  return related.length === 0 ? {} : { relatedLocations: related }
}

function snippetOf(report: Report, finding: Finding): string | undefined {
  const { start, end } = finding.span
  const source = sourceOf(report, finding)
  if (source === undefined) return undefined
  const from = Math.max(0, start.offset - source.offset)
  return source.text.slice(from, Math.min(end.offset - source.offset, from + maxSnippet))
}

function location(report: Report, { file, start, end }: Span, snippet?: string): object {
  return {
    artifactLocation: artifact(report, file),
    region: {
      startLine: start.line,
      startColumn: start.column,
      endLine: end.line,
      endColumn: end.column,
      charOffset: start.offset,
      charLength: end.offset - start.offset,
      ...(snippet === undefined ? {} : { snippet: { text: printable(snippet) } }),
    },
  }
}

function artifact(report: Report, file: string): object {
  return { uri: uri(repositoryPath(report, file)), uriBaseId: 'PROJECTROOT' }
}

/** Characters of source that a region carries along. */
const maxSnippet = 1000

/** Queries named with their place. */
const maxRelated = 100

/** A relative URI reference: each segment percent-encoded, so that no name reads as a scheme or a fragment. */
function uri(file: string): string {
  return wellFormed(file).split('/').map(encodeURIComponent).join('/')
}

/** One line; what would read as an embedded link (SARIF 3.11.6) is escaped. */
function plainText(text: string): string {
  return printableLine(text).replaceAll(/\[(?=[^\]]*\]\()/g, '\\[')
}
