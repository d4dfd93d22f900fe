import type { Migration, Position, Span, Statement } from '../core/model.ts'

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
    statements.push({ ...statement, span })
  }
  return { ...migration, text: written, statements }
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

  private positionOf({ line, column }: Position): Position | undefined {
    const before = (lines: readonly string[]): string | undefined => lines[line - 1]?.slice(0, column - 1)
    const start = this.starts[line - 1]
    if (start === undefined || before(this.run) !== before(this.written)) return undefined
    return { line, column, offset: start + column - 1 }
  }
}
