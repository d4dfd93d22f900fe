import type { Migration, Position, Span, Statement } from '../core/model.ts'
import { isPreparation } from './units.ts'

/**
 * The migration with the places of its statements in the file as it is written: tools fill in placeholders, blank out
 * what does not run, and add statements of their own, which are left out here. Undefined where a statement begins or
 * ends in a line that the tool changes before.
 */
export function writtenMigration(migration: Migration, written: string): Migration | undefined {
  if (migration.text === written) return migration
  const places = new Places(migration.text, written)
  const statements: Statement[] = []
  for (const statement of migration.statements) {
    if (statement.span.end.line > places.lineCount) break
    const span = places.spanOf(statement.span)
    if (span === undefined) return undefined
    // settings are repeated in other files, as they were written
    const sql = isPreparation(statement.sql)
      ? written.slice(span.start.offset, span.end.offset)
      : statement.sql
    statements.push({ ...statement, sql, span })
  }
  return { ...migration, text: written, statements }
}

/** A stretch of the text that the tool runs, in the file as it is written; undefined as above. */
export function writtenRegion(
  { text, start, end }: { readonly text: string; readonly start: number; readonly end: number },
  written: string,
): { readonly start: number; readonly end: number } | undefined {
  if (text === written) return { start, end }
  const places = new Places(text, written)
  const offsetOf = (offset: number): number | undefined => {
    const before = text.slice(0, offset).split('\n')
    const column = (before.at(-1)?.length ?? 0) + 1
    return places.positionOf({ line: before.length, column, offset })?.offset
  }
  const from = start === 0 ? 0 : offsetOf(start)
  const to = end === text.length ? written.length : offsetOf(end)
  return from === undefined || to === undefined ? undefined : { start: from, end: to }
}

/** Does the statement stand in the file letter by letter as it runs? */
export function isAsWritten({ text }: Migration, { sql, span }: Statement): boolean {
  return text.slice(span.start.offset, span.end.offset) === sql
}

class Places {
  readonly lineCount: number
  private readonly run: readonly string[]
  private readonly written: readonly string[]
  private readonly starts: readonly number[]

  constructor(run: string, written: string) {
    this.run = run.split('\n')
    this.written = written.split('\n')
    this.lineCount = this.written.length
    const starts: number[] = []
    let at = 0
    for (const line of this.written) {
      starts.push(at)
      at += line.length + 1
    }
    this.starts = starts
  }

  spanOf({ file, start, end }: Span): Span | undefined {
    const [from, to] = [this.positionOf(start), this.positionOf(end)]
    return from === undefined || to === undefined ? undefined : { file, start: from, end: to }
  }

  /** By what stands before it in its line, or behind it: a placeholder may be on the other side. */
  positionOf({ line, column }: Position): Position | undefined {
    const [run, written, start] = [this.run[line - 1], this.written[line - 1], this.starts[line - 1]]
    if (run === undefined || written === undefined || start === undefined) return undefined
    const isSame = run.slice(0, column - 1) === written.slice(0, column - 1)
    const behind = run.slice(column - 1)
    const isEnd = isSame || (behind !== '' && written.endsWith(behind))
    if (!isEnd) return undefined
    const at = isSame ? column - 1 : written.length - behind.length
    return { line, column: at + 1, offset: start + at }
  }
}
