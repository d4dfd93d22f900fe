/** A line of a migration file. Offsets are those of the text it was read from. */
export interface Line {
  /** Without its line end, as Go's bufio.ScanLines gives it. */
  readonly text: string
  readonly start: number
  /** Just after the line end. */
  readonly next: number
}

/** The lines of a text; a `\r` before the `\n` belongs to the line end. */
export function* linesOf(text: string): Generator<Line> {
  let start = 0
  while (start < text.length) {
    const newline = text.indexOf('\n', start)
    const next = newline < 0 ? text.length : newline + 1
    const end = newline < 0 ? next : newline
    yield { text: text.slice(start, text[end - 1] === '\r' && end > start ? end - 1 : end), start, next }
    start = next
  }
}

/**
 * Does the last word before a comment end with a semicolon? So goose and sql-migrate find the end of a statement,
 * whatever literal the line stands in (endsWithSemicolon in goose's internal/sqlparser/parser.go and sql-migrate's
 * sqlparse/sqlparse.go).
 */
export function endsWithSemicolon(line: string): boolean {
  let last = ''
  for (const word of line.split(/\s+/)) {
    if (word.startsWith('--')) break
    if (word !== '') last = word
  }
  return last.endsWith(';')
}
