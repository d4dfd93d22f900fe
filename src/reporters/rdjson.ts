import { formatJson } from './json.ts'
import { sourceOf, type Source } from './frame.ts'
import { markdownText } from './markdown-text.ts'
import { plainMessage, plainProof, plainReceipt } from './plain.ts'
import { repositoryPath } from './repository-path.ts'
import { openFindings } from './words.ts'
import type { Finding, Position, Report, Severity, Suggestion } from '../core/model.ts'
import type { Reporter, ReporterOptions } from './reporter.ts'

const severityNames: Readonly<Record<Severity, 'ERROR' | 'WARNING' | 'INFO'>> = {
  error: 'ERROR',
  warning: 'WARNING',
  info: 'INFO',
}

/**
 * Reviewdog Diagnostic Format (a `DiagnosticResult`). reviewdog posts the message as markdown, so names
 * that could mention, link or command are in code spans. Suggestions are those that a replay has proven; they replace
 * whole lines, which have no columns there.
 * @see https://github.com/reviewdog/reviewdog/tree/master/proto/rdf
 */
export const rdjson: Reporter = (report: Report, options: ReporterOptions): string => {
  const { toolUrl } = options
  return formatJson({
    source: { name: report.tool.name, ...(toolUrl === undefined ? {} : { url: toolUrl }) },
    diagnostics: openFindings(report.findings).map((finding) => diagnostic(report, finding, options)),
  })
}

function diagnostic(report: Report, finding: Finding, { ruleUrl }: ReporterOptions): object {
  const url = ruleUrl?.(finding.ruleId)
  return {
    message: message(report, finding),
    location: { path: repositoryPath(report, finding.span.file), range: range(report, finding) },
    severity: severityNames[finding.severity],
    code: { value: finding.ruleId, ...(url === undefined ? {} : { url }) },
    ...(finding.suggestion === undefined ? {} : { suggestions: [edit(finding.suggestion)] }),
  }
}

function edit({ startLine, endLine, lines }: Suggestion): object {
  return { range: { start: { line: startLine }, end: { line: endLine } }, text: lines.join('\n') }
}

function message(report: Report, finding: Finding): string {
  const remedy =
    finding.remedy === undefined
      ? []
      : [
          '',
          ...[`Remedy: ${finding.remedy.summary}`, ...plainProof(finding.remedy)].map((line) =>
            markdownText(line),
          ),
        ]
  const lines = plainReceipt(report, finding).map((line) => `- ${markdownText(line)}`)
  const said = plainMessage(report, finding).map((line) => markdownText(line))
  return [said.join('\n\n'), ...(lines.length > 0 ? ['', ...lines] : []), ...remedy].join('\n')
}

/** Columns are bytes of UTF-8 there; without the text only lines can be given, and are then inclusive. */
function range(report: Report, finding: Finding): object {
  const { start, end } = finding.span
  const source = sourceOf(report, finding)
  if (source === undefined) return { start: { line: start.line }, end: { line: end.line } }
  return { start: bytePosition(source, start), end: bytePosition(source, end) }
}

function bytePosition({ lines, firstLine }: Source, { line, column }: Position): object {
  const before = (lines[line - firstLine] ?? '').slice(0, column - 1)
  return { line, column: new TextEncoder().encode(before).length + 1 }
}
