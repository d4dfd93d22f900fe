import { printable } from './printable.ts'
import { statementOf } from './effects.ts'
import { migrationOf } from './migration-of.ts'
import type { Finding, Report, ReportMigration, ReportQuery, Span } from '../core/model.ts'

/** One line of a migration, made harmless to print. */
export interface FrameLine {
  /** From 1, as everywhere. */
  readonly number: number
  readonly text: string
  /** The line the finding points to. */
  readonly marked: boolean
  /** On the marked line, when the finding points inside the statement: the text before that place. */
  readonly before: string | undefined
}

/** The lines of the statement around a finding. */
export interface Frame {
  readonly lines: readonly FrameLine[]
  /** Lines of the statement left out before and after. */
  readonly before: number
  readonly after: number
}

/** Lines shown of one statement; the marked one is always among them. */
const maxLines = 7

/** Characters shown of one line; a longer one ends with `…`. */
const maxColumns = 400

/**
 * The source lines of the statement or query that a finding points into, cut to a readable number.
 * Undefined when the report does not have them.
 */
export function codeFrame(report: Report, finding: Finding): Frame | undefined {
  const source = sourceOf(report, finding)
  if (source === undefined) return undefined
  const { start } = finding.span
  const { span } = source
  const isInside = start.offset > span.start.offset && start.column <= maxColumns
  const first = Math.max(source.firstLine, Math.min(span.start.line, start.line))
  const end = source.firstLine + source.lines.length - 1
  const last = Math.min(end, Math.max(lastLine(span), start.line))
  if (first > end) return undefined
  const from = Math.max(first, Math.min(start.line - 2, last - maxLines + 1))
  const to = Math.min(last, from + maxLines - 1)
  const lines = source.lines.slice(from - source.firstLine, to - source.firstLine + 1).map((text, index) => ({
    number: from + index,
    text: cut(text, maxColumns),
    marked: from + index === start.line,
    before:
      isInside && from + index === start.line ? cut(text.slice(0, start.column - 1), maxColumns) : undefined,
  }))
  return { lines, before: from - first, after: last - to }
}

/** The lines that a report has of what a finding points into. */
export interface Source {
  /** Without their ends. */
  readonly lines: readonly string[]
  /** The number of the first of them, from 1. */
  readonly firstLine: number
  /** What they are of: the migration's text, or the lines of the query. */
  readonly text: string
  /** Of the first character of the text in its file. */
  readonly offset: number
  /** Of the statement or the query. */
  readonly span: Span
}

/** Undefined when the finding is about a file whose text the report does not have. */
export function sourceOf(report: Report, finding: Finding): Source | undefined {
  const { span } = finding
  const migration = migrationOf(report, finding)
  if (migration !== undefined) {
    const of = statementOf(report, finding)?.span ?? span
    return { lines: sourceLines(migration), firstLine: 1, text: migration.text, offset: 0, span: of }
  }
  const other = report.files?.find(({ file }) => file === span.file)
  if (other !== undefined)
    return { lines: sourceLines(other), firstLine: 1, text: other.text, offset: 0, span }
  const query = queryOf(report, finding)
  if (query?.span === undefined || query.text === '') return undefined
  const { start } = query.span
  return {
    lines: sourceLines(query),
    firstLine: start.line,
    text: query.text,
    offset: start.offset - (start.column - 1),
    span: query.span,
  }
}

const queriesOf = new WeakMap<Report, ReadonlyMap<string, ReportQuery>>()

/** The query that a finding is about, as the report lists it; undefined for findings about migrations. */
export function queryOf(report: Report, { query, span }: Finding): ReportQuery | undefined {
  if (query === undefined) return undefined
  const found = queriesById(report).get(query.id)
  return found?.span?.file === span.file ? found : undefined
}

/** The queries that the report lists, by their ids; remembered, because every finding asks. */
export function queriesById(report: Report): ReadonlyMap<string, ReportQuery> {
  const known = queriesOf.get(report)
  if (known !== undefined) return known
  const byId = new Map((report.queries?.list ?? []).map((query) => [query.id, query]))
  queriesOf.set(report, byId)
  return byId
}

const linesOf = new WeakMap<object, readonly string[]>()

/**
 * The lines of a migration or a query without their ends; as everywhere, only `\n` ends a line. Remembered,
 * because every finding asks and a file can be large.
 */
export function sourceLines(source: Pick<ReportMigration, 'text'>): readonly string[] {
  const known = linesOf.get(source)
  if (known !== undefined) return known
  const lines = source.text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
  linesOf.set(source, lines)
  return lines
}

/** The last line that holds a character of the span (its end is exclusive). */
function lastLine({ start, end }: Span): number {
  return end.column === 1 && end.line > start.line ? end.line - 1 : end.line
}

/** A carriage return inside a line would be taken for a line end: it is drawn instead. */
function cut(line: string, length: number): string {
  const text = printable(
    line
      .slice(0, length + 1)
      .replaceAll('\t', '  ')
      .replaceAll('\r', '\u240d'),
  )
  return text.length > length ? `${text.slice(0, length).replace(/\p{Cs}$/u, '')}…` : text
}
