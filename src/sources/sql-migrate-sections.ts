import type { ScriptPart } from '../core/source.ts'
import { endsWithSemicolon, linesOf, type Line } from './go-lines.ts'

/** What sql-migrate makes of a file on the way up. Offsets are those of its text. */
export interface SqlMigrateSections {
  /** The statements of its up sections as sql-migrate sends them, one message each. */
  readonly parts: readonly ScriptPart[]
  readonly inTransaction: boolean
  /** Its down sections likewise. */
  readonly down: { readonly parts: readonly ScriptPart[]; readonly inTransaction: boolean }
  /** Its up sections as they were written. */
  readonly sections: readonly ScriptPart[]
  /** Why sql-migrate refuses the file, and how to mend it. */
  readonly refusal?: { readonly because: string; readonly remedy: string }
}

const prefix = '-- +migrate '

/**
 * As ParseMigration in sqlparse/sqlparse.go of rubenv/sql-migrate v1.8: a statement ends with a line whose last word
 * before a comment ends with a semicolon, or with StatementEnd. Lines that begin with `-- ` are dropped, also inside of
 * a statement.
 */
export function readSqlMigrateSections(text: string): SqlMigrateSections {
  const reader = new Reader()
  for (const line of linesOf(text)) reader.take(line)
  return reader.finish(text.length)
}

class Reader {
  private readonly parts: ScriptPart[] = []
  private readonly downParts: ScriptPart[] = []
  private readonly sections: ScriptPart[] = []
  private sectionStart = 0
  private inTransaction = true
  private downInTransaction = true
  private direction: 'none' | 'up' | 'down' = 'none'
  private begunOn = 0
  private lineNumber = 0
  private start = -1
  private end = -1
  private hasText = false
  private refusal: SqlMigrateSections['refusal']

  take(line: Line): void {
    this.lineNumber += 1
    const { text } = line
    const isMark = text.startsWith('-- +')
    if (text.startsWith('-- ') && !isMark) return
    const ended = text.startsWith(prefix) && this.takeCommand(text.slice(prefix.length), line)
    if (this.direction === 'none') return
    if (!isMark) {
      if (this.start < 0) this.start = line.start
      this.end = line.next
      this.hasText ||= text.trim() !== ''
    }
    if (ended || (this.begunOn === 0 && endsWithSemicolon(text))) this.endPart()
  }

  finish(end: number): SqlMigrateSections {
    this.checkEnd()
    this.endSection(end)
    const { parts, sections, inTransaction, refusal } = this
    const down = { parts: this.downParts, inTransaction: this.downInTransaction }
    return { parts, sections, inTransaction, down, ...(refusal === undefined ? {} : { refusal }) }
  }

  /** True when a statement ends here. */
  private takeCommand(command: string, line: Line): boolean {
    const [name, ...options] = command.trim().split(/\s+/)
    if (name === 'Up' || name === 'Down') this.turn(name === 'Up' ? 'up' : 'down', options, line)
    else if (name === '')
      this.refuse(
        'it has an incomplete "-- +migrate"',
        'Write Up, Down, StatementBegin or StatementEnd behind it.',
      )
    else if (this.direction !== 'none' && name === 'StatementBegin') this.begunOn = this.lineNumber
    else if (this.direction !== 'none' && name === 'StatementEnd') {
      const ended = this.begunOn > 0
      this.begunOn = 0
      return ended
    }
    return false
  }

  private turn(direction: 'up' | 'down', options: readonly string[], line: Line): void {
    if (this.hasText) this.refuseUnfinished()
    this.endSection(line.start)
    this.sectionStart = line.next
    this.direction = direction
    if (!options.includes('notransaction')) return
    if (direction === 'up') this.inTransaction = false
    else this.downInTransaction = false
  }

  private endSection(end: number): void {
    if (this.direction === 'up') this.sections.push({ start: this.sectionStart, end })
  }

  private endPart(): void {
    const parts = this.direction === 'up' ? this.parts : this.downParts
    if (this.start >= 0) parts.push({ start: this.start, end: this.end })
    this.start = -1
    this.hasText = false
  }

  private checkEnd(): void {
    if (this.begunOn > 0)
      this.refuse(
        `the StatementBegin of line ${this.begunOn} has no StatementEnd`,
        'Put "-- +migrate StatementEnd" after the statement.',
      )
    else if (this.direction === 'none')
      this.refuse('it has no "-- +migrate Up"', 'Put "-- +migrate Up" before the first statement.')
    else if (this.hasText) this.refuseUnfinished()
  }

  private refuseUnfinished(): void {
    this.refuse(
      'the last statement of a section has no semicolon at the end of a line',
      'End the statement with a semicolon, with nothing but a comment after it in its line.',
    )
  }

  private refuse(because: string, remedy: string): void {
    this.refusal ??= { because, remedy }
  }
}
