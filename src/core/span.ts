/** A place in a file. Lines and columns count from 1, the offset from 0; all in UTF-16 code units. */
export interface Position {
  readonly line: number
  readonly column: number
  readonly offset: number
}

/** A stretch of a file; `end` is exclusive. `file` is relative to the project root, with `/`. */
export interface Span {
  readonly file: string
  readonly start: Position
  readonly end: Position
}
