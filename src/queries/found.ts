import type { Limit, Query, QueryParameter, QueryStyle, Span } from '../core/model.ts'
import type { LineIndex } from '../sql/lines.ts'

/** Where to look, from the configuration. */
export interface QuerySettings {
  /** Globs; absent: what looks like queries by convention. */
  readonly files?: readonly string[]
  readonly exclude?: readonly string[]
  /** Tags of template literals; absent: the usual ones. */
  readonly tags?: readonly string[]
}

/** The queries of one revision, and what was found and could not be understood. */
export interface FoundQueries {
  /** In the order of files and lines. */
  readonly queries: readonly Query[]
  readonly limits: readonly Limit[]
}

/** A file that was read. */
export interface SourceFile {
  readonly file: string
  readonly text: string
  readonly lines: LineIndex
}

/** SQL as a file has it, its parameters turned into `$1`, `$2`, …; nobody has parsed it yet. */
export interface RawQuery {
  /** As the file calls it; absent: it has no name. */
  readonly name?: string
  readonly style: QueryStyle
  readonly sql: string
  readonly parameters: readonly QueryParameter[]
  /** UTF-16 offsets in the file. */
  readonly start: number
  readonly end: number
  readonly expects?: NonNullable<Query['expects']>
  /** Why it cannot be checked; completes `The query x is not checked: …`. */
  readonly problem?: string
}

/** What one file holds. */
export interface FileQueries {
  readonly raws: readonly RawQuery[]
  readonly limits: readonly Limit[]
}

/**
 * What is left for the SQL of a run: characters, and objects of parse trees, of which there may be a hundred bytes for
 * every character. A thousand usual queries take a million.
 */
export class Room {
  private left = 20_000_000

  get isOver(): boolean {
    return this.left <= 0
  }

  take(amount: number): void {
    this.left -= amount
  }
}

/** Why something of the application was not looked at. */
export function notChecked(message: string, span?: Span, hint?: string): Limit {
  return {
    code: 'query-not-checked',
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(span === undefined ? {} : { span }),
  }
}

/** A limit about a whole file, at its beginning. */
export function fileNotChecked(file: string, why: string, hint?: string): Limit {
  return notChecked(`${file} is not searched for queries: ${why}.`, beginningOf(file), hint)
}

function beginningOf(file: string): Span {
  const start = { line: 1, column: 1, offset: 0 }
  return { file, start, end: start }
}
