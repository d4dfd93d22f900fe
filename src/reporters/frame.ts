import { printable } from './printable.ts'
import { statementOf } from './effects.ts'
import type { Finding, Report, ReportMigration, Span } from '../core/model.ts'

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
 * The source lines of the statement that a finding points into, cut to a readable number.
 * Undefined when the file is not among the migrations of the report.
 */
export function codeFrame(report: Report, finding: Finding): Frame | undefined {
  const migration = report.migrations.find(({ file }) => file === finding.span.file)
  if (migration === undefined) return undefined
  const source = sourceLines(migration)
  const { start } = finding.span
  const span = statementOf(report, finding)?.span ?? finding.span
  const isInside = start.offset > span.start.offset && start.column <= maxColumns
  const first = Math.max(1, Math.min(span.start.line, start.line))
  const last = Math.min(source.length, Math.max(lastLine(span), start.line))
  if (first > source.length) return undefined
  const from = Math.max(first, Math.min(start.line - 2, last - maxLines + 1))
  const to = Math.min(last, from + maxLines - 1)
  const lines = source.slice(from - 1, to).map((text, index) => ({
    number: from + index,
    text: cut(text, maxColumns),
    marked: from + index === start.line,
    before:
      isInside && from + index === start.line ? cut(text.slice(0, start.column - 1), maxColumns) : undefined,
  }))
  return { lines, before: from - first, after: last - to }
}

const linesOf = new WeakMap<ReportMigration, readonly string[]>()

/**
 * The lines of a migration without their ends; as everywhere, only `\n` ends a line. Remembered per
 * migration, because every finding asks and a file can be large.
 */
export function sourceLines(migration: ReportMigration): readonly string[] {
  const known = linesOf.get(migration)
  if (known !== undefined) return known
  const lines = migration.text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
  linesOf.set(migration, lines)
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
