import { statementOf } from '../reporters/effects.ts'
import { queryOf, sourceLines } from '../reporters/frame.ts'
import type { Finding, Report, ReportMigration, ReportQuery, Span, Suggestion } from '../core/model.ts'
import type { DiffLine, FileChange } from './diff.ts'
import type { ThreadPlace } from './model.ts'

/** GitLab refuses suggestions that reach further than this from their line. */
const maxSuggestionLines = 100

/**
 * Where a thread for each finding would hang, on the newest diff's new side. A finding goes to
 * 1. the first line that its suggestion replaces, when the diff shows all lines that it replaces;
 * 2. its own first line;
 * 3. the first added line of its statement or query;
 * 4. the line of its statement or query nearest to its own that a hunk shows.
 * Findings that no line can hold are missing, and so are those whose line reads differently in the diff than in the
 * report: then the two were made from different trees, and the place would be somewhere else.
 */
export function placeFindings(
  report: Report,
  changes: readonly FileChange[],
): ReadonlyMap<Finding, ThreadPlace> {
  const shown = shownFiles(report, changes)
  const places = new Map<Finding, ThreadPlace>()
  for (const finding of report.findings) {
    const file = shown.get(finding.span.file)
    if (file === undefined) continue
    const { change, byNumber, migration } = file
    const query = migration === undefined ? queryOf(report, finding) : undefined
    const lines = migration ?? (query === undefined ? new Map() : linesOfQuery(byNumber, query))
    const choice = suggestionPlace(finding.suggestion, lines) ?? nearestLine(report, finding, lines)
    if (choice === undefined) continue
    const { line, suggestion } = choice
    places.set(finding, {
      oldPath: change.oldPath,
      newPath: change.newPath,
      newLine: line.newLine,
      ...(line.oldLine === undefined ? {} : { oldLine: line.oldLine }),
      suggestion,
    })
  }
  return places
}

/** Files of the diff that the new side still has. */
function shownFiles(report: Report, changes: readonly FileChange[]): ReadonlyMap<string, ShownFile> {
  const migrations = new Map(
    [...(report.files ?? []), ...report.migrations].map((source) => [source.file, source]),
  )
  const shown = new Map<string, ShownFile>()
  for (const change of changes) {
    if (change.kind === 'deleted') continue
    const migration = migrations.get(change.newPath)
    const byNumber = new Map(change.lines.map((line) => [line.newLine, line]))
    shown.set(change.newPath, {
      change,
      byNumber,
      migration: migration === undefined ? undefined : linesThatAgree(byNumber, migration),
    })
  }
  return shown
}

function linesOfQuery(byNumber: LinesByNumber, query: ReportQuery): LinesByNumber {
  return query.span === undefined ? new Map() : linesThatAgree(byNumber, query, query.span.start.line)
}

interface Choice {
  readonly line: DiffLine
  readonly suggestion: boolean
}

type LinesByNumber = ReadonlyMap<number, DiffLine>

interface ShownFile {
  readonly change: FileChange
  readonly byNumber: LinesByNumber
  /** Undefined for files that are no migrations: of those the report has the lines of queries only. */
  readonly migration: LinesByNumber | undefined
}

/** The lines of the diff that read as the report has them. Line ends and a byte order mark are nobody's text. */
function linesThatAgree(
  byNumber: LinesByNumber,
  source: Pick<ReportMigration, 'text'>,
  firstLine = 1,
): LinesByNumber {
  const agreeing = new Map<number, DiffLine>()
  for (const [index, text] of sourceLines(source).entries()) {
    const line = byNumber.get(firstLine + index)
    if (line !== undefined && bare(line.text) === bare(text)) agreeing.set(line.newLine, line)
  }
  return agreeing
}

function bare(text: string | undefined): string | undefined {
  return text?.replace(/^\uFEFF/, '').replace(/\r$/, '')
}

function suggestionPlace(suggestion: Suggestion | undefined, lines: LinesByNumber): Choice | undefined {
  if (suggestion === undefined) return undefined
  const { startLine, endLine } = suggestion
  const count = endLine - startLine + 1
  const line = lines.get(startLine)
  if (line === undefined || count < 1 || count > maxSuggestionLines) return undefined
  for (let number = startLine; number <= endLine; number++) {
    if (!lines.has(number)) return undefined
  }
  return { line, suggestion: true }
}

function nearestLine(report: Report, finding: Finding, lines: LinesByNumber): Choice | undefined {
  const first = finding.span.start.line
  const own = lines.get(first)
  if (own !== undefined) return { line: own, suggestion: false }
  const span = statementOf(report, finding)?.span ?? queryOf(report, finding)?.span ?? finding.span
  const last = lastLine(span)
  const inside = linesBetween(lines, span.start.line, last)
  const added = inside.find(({ oldLine }) => oldLine === undefined)
  const line = added ?? inside.sort((a, b) => distance(a, first) - distance(b, first))[0]
  return line === undefined ? undefined : { line, suggestion: false }
}

/** Ascending. Asks for the lines of the statement or looks at those of the diff, whichever are fewer. */
function linesBetween(lines: LinesByNumber, from: number, to: number): DiffLine[] {
  if (to - from > lines.size)
    return [...lines.values()].filter(({ newLine }) => newLine >= from && newLine <= to)
  const inside: DiffLine[] = []
  for (let number = from; number <= to; number++) {
    const line = lines.get(number)
    if (line !== undefined) inside.push(line)
  }
  return inside
}

/** The end of a span is exclusive: one that ends before the first column ends on the line above. */
function lastLine({ start, end }: Span): number {
  return end.column === 1 && end.line > start.line ? end.line - 1 : end.line
}

function distance({ newLine }: DiffLine, line: number): number {
  return Math.abs(newLine - line)
}
