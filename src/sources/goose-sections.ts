import type { ScriptPart } from '../core/source.ts'
import { endsWithSemicolon, linesOf, type Line } from './go-lines.ts'
import { expandLine } from './goose-environment.ts'

/** What goose makes of a file on the way up. */
export interface GooseSections {
  /** The file's text, with variables filled in where it asks for that. */
  readonly text: string
  /** The up section. */
  readonly start: number
  readonly end: number
  /** The statements of the up section as goose sends them, one message each. */
  readonly parts: readonly ScriptPart[]
  readonly inTransaction: boolean
  /** The down section and its statements; absent where there is none. */
  readonly down?: { readonly start: number; readonly end: number; readonly parts: readonly ScriptPart[] }
  /** Variables of the up section that have no value. */
  readonly unknown: readonly string[]
  /** Why goose refuses the file, and how to mend it. */
  readonly refusal?: GooseRefusal
}

export interface GooseRefusal {
  /** Completes `goose refuses <file>: `. */
  readonly because: string
  readonly remedy: string
}

type State = 'start' | 'up' | 'begun up' | 'ended up' | 'down' | 'begun down' | 'ended down'

const annotations = [
  'UP',
  'DOWN',
  'STATEMENTBEGIN',
  'STATEMENTEND',
  'NO TRANSACTION',
  'ENVSUB ON',
  'ENVSUB OFF',
]

/**
 * Reads a file as ParseSQLMigration does (internal/sqlparser/parser.go of pressly/goose v3): line by line, a
 * statement ends with a line whose last word before a comment ends with a semicolon, or with StatementEnd. Comments
 * and empty lines before a statement are no part of it.
 */
export function readGooseSections(
  text: string,
  values: Readonly<Record<string, string>> = {},
): GooseSections {
  const reader = new GooseReader(values)
  for (const line of linesOf(text)) {
    if (!reader.take(line, text.slice(line.start, line.next))) return reader.giveUp(text.slice(line.next))
  }
  return reader.finish()
}

class GooseReader {
  private readonly values: Readonly<Record<string, string>>
  private readonly written: string[] = []
  private length = 0
  private state: State = 'start'
  private inTransaction = true
  private substitutes = false
  private start = -1
  private end = -1
  private partStart = -1
  private partEnd = -1
  /** More than white space: a comment counts once something stands before it. */
  private partHasText = false
  private lineNumber = 0
  private begunOn = 0
  private readonly parts: ScriptPart[] = []
  private readonly downParts: ScriptPart[] = []
  private downStart = -1
  /** Some of its variables have no value. */
  private downIsUnknown = false
  private readonly unknown: string[] = []
  private refusal: GooseRefusal | undefined

  constructor(values: Readonly<Record<string, string>>) {
    this.values = values
  }

  /** False when goose gives up here. */
  take(line: Line, raw: string): boolean {
    this.lineNumber += 1
    const trimmed = line.text.trim()
    const isAnnotation = trimmed.startsWith('--') && line.text.includes('+goose')
    if (!isAnnotation) this.takeText(line.text, raw, trimmed)
    else if (this.takeAnnotation(line.text, this.length + raw.length)) this.write(raw)
    return this.refusal === undefined
  }

  /** What a refused file means: its up section in one piece. */
  giveUp(rest: string): GooseSections {
    const down = rest.search(/^--\s*\+goose\s+down\b/im)
    if (this.end < 0 && down >= 0) this.end = this.length + down
    this.write(rest)
    return this.result()
  }

  finish(): GooseSections {
    this.checkEnd()
    return this.result()
  }

  private result(): GooseSections {
    const end = this.end < 0 ? this.length : this.end
    const { parts, inTransaction, unknown, refusal, downStart, downParts } = this
    const hasDown = downStart >= 0 && refusal === undefined && !this.downIsUnknown
    return {
      text: this.written.join(''),
      start: Math.max(this.start, 0),
      end: this.start < 0 ? 0 : end,
      parts,
      inTransaction,
      unknown,
      ...(hasDown ? { down: { start: downStart, end: this.length, parts: downParts } } : {}),
      ...(refusal === undefined ? {} : { refusal }),
    }
  }

  private write(raw: string): void {
    this.written.push(raw)
    this.length += raw.length
  }

  /** `next` is where the annotation's line ends. */
  private takeAnnotation(line: string, next: number): boolean {
    const name = line.replaceAll('--', '').replace('+goose', '').trim().toUpperCase()
    if (/^[ \t]/.test(line))
      return this.refuse('its annotation is indented', 'Begin the line with the two dashes.')
    if (!annotations.includes(name))
      return this.refuse(`it does not know the annotation "${line.trim()}"`, 'Correct the annotation.')
    switch (name) {
      case 'UP':
        return this.takeUp(next)
      case 'DOWN':
        return this.takeDown(next)
      case 'STATEMENTBEGIN':
        return this.takeBegin()
      case 'STATEMENTEND':
        return this.takeEnd()
      default:
        if (name === 'NO TRANSACTION') this.inTransaction = false
        else this.substitutes = name === 'ENVSUB ON'
        return true
    }
  }

  private takeUp(next: number): boolean {
    if (this.state !== 'start')
      return this.refuse('it has more than one "-- +goose Up"', 'Keep one up section in the file.')
    this.state = 'up'
    this.start = next
    return true
  }

  private takeDown(next: number): boolean {
    if (this.state === 'begun up') return this.refuseOpenStatement()
    if (this.state !== 'up' && this.state !== 'ended up')
      return this.refuse(
        '"-- +goose Down" has no Up before it',
        'Put the annotations in the order Up, Down, each once.',
      )
    if (this.partHasText) return this.refuseUnfinished()
    this.state = 'down'
    this.partStart = -1
    this.end = this.length
    this.downStart = next
    return true
  }

  private takeBegin(): boolean {
    if (this.state === 'up' || this.state === 'ended up') this.state = 'begun up'
    else if (this.state === 'down' || this.state === 'ended down') this.state = 'begun down'
    else return this.refuse('its StatementBegin stands in no section', 'Put it behind "-- +goose Up".')
    this.begunOn = this.lineNumber
    return true
  }

  private takeEnd(): boolean {
    if (this.state === 'begun up') this.state = this.partStart < 0 ? 'ended up' : 'up'
    else if (this.state === 'begun down') this.state = this.partStart < 0 ? 'ended down' : 'down'
    else
      return this.refuse(
        'its StatementEnd has no StatementBegin',
        'Put a StatementBegin before the statement.',
      )
    if (this.state === 'up' || this.state === 'down') this.endPart()
    return true
  }

  private takeText(line: string, raw: string, trimmed: string): void {
    const begins = this.partStart < 0
    if (begins && (trimmed.startsWith('--') || line === '' || (this.state === 'start' && trimmed === ''))) {
      this.write(raw)
      return
    }
    if (this.state === 'start') {
      this.refuse(
        `line ${this.lineNumber} stands before "-- +goose Up"`,
        'Put "-- +goose Up" before the first statement.',
      )
      return
    }
    // After an empty StatementBegin … StatementEnd goose loses the next line, whatever it holds.
    if (this.state === 'ended up' || this.state === 'ended down') {
      this.state = this.state === 'ended up' ? 'up' : 'down'
      this.write(raw)
      return
    }
    this.takeStatementLine(raw)
  }

  private takeStatementLine(raw: string): void {
    const at = this.length
    const line = this.substitutes ? this.expand(raw) : raw
    this.write(line)
    if (this.partStart < 0) this.partStart = at
    this.partEnd = this.length
    this.partHasText ||= line.trim() !== ''
    if ((this.state === 'up' || this.state === 'down') && endsWithSemicolon(line)) this.endPart()
  }

  private expand(raw: string): string {
    const { text, unknown, error } = expandLine(raw, this.values)
    if (this.downStart < 0) this.unknown.push(...unknown)
    else this.downIsUnknown ||= unknown.length > 0
    if (error !== undefined)
      this.refuse(
        `in line ${this.lineNumber} ${error}`,
        'Put "-- +goose ENVSUB OFF" before the statement, or write $$ for a dollar sign.',
      )
    return text
  }

  private endPart(): void {
    const parts = this.downStart < 0 ? this.parts : this.downParts
    parts.push({ start: this.partStart, end: this.partEnd })
    this.partStart = -1
    this.partHasText = false
  }

  private checkEnd(): void {
    if (this.state === 'start')
      this.refuse('it has no "-- +goose Up"', 'Put "-- +goose Up" before the first statement.')
    else if (this.state === 'begun up' || this.state === 'begun down') this.refuseOpenStatement()
    else if (this.downStart >= 0) this.endDown()
    else if (this.partHasText) this.refuseUnfinished()
  }

  /** goose refuses what has no end only when it goes down; it is taken as its author meant it. */
  private endDown(): void {
    if (this.partHasText) this.endPart()
  }

  private refuseOpenStatement(): false {
    return this.refuse(
      `the StatementBegin of line ${this.begunOn} has no StatementEnd`,
      'Put "-- +goose StatementEnd" after the statement.',
    )
  }

  private refuseUnfinished(): false {
    return this.refuse(
      'the last statement of its up section has no semicolon at the end of a line',
      'End the statement with a semicolon, with nothing but a comment after it in its line.',
    )
  }

  private refuse(because: string, remedy: string): false {
    this.refusal = { because, remedy }
    return false
  }
}
