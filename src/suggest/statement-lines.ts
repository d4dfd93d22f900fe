import type { Span } from '../core/model.ts'

/** The lines that a statement has for itself, its semicolon included. */
export interface StatementLines {
  /** From 1, both inclusive. */
  readonly startLine: number
  readonly endLine: number
  /** White space in front of the statement. */
  readonly indent: string
}

/** Undefined when anything else stands in those lines: another statement, a comment, a psql command. */
export function statementLines(text: string, { start, end }: Span): StatementLines | undefined {
  const lineStart = text.lastIndexOf('\n', start.offset - 1) + 1
  const indent = text.slice(lineStart, start.offset)
  if (!/^[ \t]*$/.test(indent)) return undefined
  const rest = text.slice(end.offset)
  const after = /^\s*;[ \t]*\r?(?=\n|$)/.exec(rest)?.[0] ?? /^\s*$/.exec(rest)?.[0]
  if (after === undefined) return undefined
  const toSemicolon = after.includes(';') ? after.slice(0, after.indexOf(';')) : ''
  return { startLine: start.line, endLine: end.line + toSemicolon.split('\n').length - 1, indent }
}
