import type { ScriptPart } from '../core/source.ts'

/** A literal or comment that a part of a script begins and does not end. */
export interface OpenLiteral {
  readonly what: 'string' | 'quoted name' | 'dollar-quoted string' | 'comment'
  /** Offset of its first character. */
  readonly start: number
}

/** The beginning of everything in which a semicolon means nothing; `$1` is a parameter, `a$b$` a name. */
const opening =
  /--[^\n]*|\/\*|[eE]'|'|"|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/g

/** What is still open where the part ends: the server refuses such a piece, whoever cut it. */
export function openLiteralIn(text: string, { start, end }: ScriptPart): OpenLiteral | undefined {
  const pattern = new RegExp(opening)
  const piece = text.slice(0, end)
  pattern.lastIndex = start
  for (let match = pattern.exec(piece); match !== null; match = pattern.exec(piece)) {
    const next = endOf(match[0], piece, pattern.lastIndex)
    if (next < 0) return { what: kindOf(match[0]), start: match.index }
    pattern.lastIndex = next
  }
  return undefined
}

/** Where what was opened ends; -1 when it does not. */
function endOf(opened: string, text: string, from: number): number {
  if (opened === '/*') return commentEnd(text, from)
  if (opened === "'" || opened === '"') return after(opened, text, from)
  if (opened === "e'" || opened === "E'") return escapedEnd(text, from)
  return opened.startsWith('$') ? after(opened, text, from) : from
}

function after(mark: string, text: string, from: number): number {
  const at = text.indexOf(mark, from)
  return at < 0 ? -1 : at + mark.length
}

function escapedEnd(text: string, from: number): number {
  const marks = /\\[^]|'/g
  marks.lastIndex = from
  for (let match = marks.exec(text); match !== null; match = marks.exec(text)) {
    if (match[0] === "'") return marks.lastIndex
  }
  return -1
}

/** Block comments nest in Postgres. */
function commentEnd(text: string, from: number): number {
  let depth = 1
  const marks = /\/\*|\*\//g
  marks.lastIndex = from
  for (let match = marks.exec(text); match !== null; match = marks.exec(text)) {
    depth += match[0] === '/*' ? 1 : -1
    if (depth === 0) return marks.lastIndex
  }
  return -1
}

function kindOf(opened: string): OpenLiteral['what'] {
  if (opened === '/*') return 'comment'
  if (opened.startsWith('$')) return 'dollar-quoted string'
  return opened === '"' ? 'quoted name' : 'string'
}
