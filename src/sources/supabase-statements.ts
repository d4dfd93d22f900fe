import type { ScriptPart } from '../core/source.ts'

/**
 * Cuts a script as the Supabase CLI does (pkg/parser/state.go of supabase/cli until version 2, the same machine in
 * TypeScript since): at semicolons outside of strings, quoted names, comments, dollar quotes, parentheses and bodies
 * after BEGIN ATOMIC; a backslash outside of strings hides the character after it. Semicolons and white space around
 * a statement are not sent.
 */
export function supabaseStatements(text: string): readonly ScriptPart[] {
  const statements: ScriptPart[] = []
  let start = 0
  for (const end of [...cuts(text), text.length]) {
    const statement = trimmed(text, start, end)
    if (statement.end > statement.start) statements.push(statement)
    start = end
  }
  return statements
}

function trimmed(text: string, start: number, end: number): ScriptPart {
  let from = start
  let to = end
  while (to > from && text[to - 1] === ';') to -= 1
  while (to > from && isSpace(text[to - 1])) to -= 1
  while (from < to && isSpace(text[from])) from += 1
  return { start: from, end: to }
}

/** Offsets just after each semicolon that ends a statement. */
function cuts(text: string): readonly number[] {
  const found: number[] = []
  const token =
    /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|--[^\n\r]*|\/\*|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|['"\\();]/g
  let parentheses = 0
  let body: 'none' | 'at statement' | 'in statement' = 'none'
  let before = ''
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [word] = match
    token.lastIndex = endOfToken(text, match.index, word, before)
    if (word === ';' && parentheses === 0) {
      if (body === 'none') found.push(token.lastIndex)
      else body = 'at statement'
    } else if (word === '(') parentheses += 1
    else if (word === ')') parentheses = Math.max(parentheses - 1, 0)
    else if (body === 'none' && /^atomic$/i.test(word) && /^begin$/i.test(before)) body = 'at statement'
    else if (body === 'at statement' && !word.startsWith('--') && word !== '/*')
      body = /^end$/i.test(word) ? 'none' : 'in statement'
    before = word
  }
  return found
}

/** Where the token that begins at `at` with `opening` ends. */
function endOfToken(text: string, at: number, opening: string, before: string): number {
  const after = at + opening.length
  if (opening === "'") {
    const escapes = /^e$/i.test(before) && /e/i.test(text[at - 1] ?? '')
    return after + quotedLength(text, after, "'", escapes)
  }
  if (opening === '"') return after + quotedLength(text, after, '"', false)
  if (opening === '/*') return endOfBlock(text, at)
  if (opening === '\\') return after + 1
  if (!opening.startsWith('$')) return after
  const closing = text.indexOf(opening, after)
  return closing < 0 ? text.length : closing + opening.length
}

function quotedLength(text: string, from: number, quote: string, escapes: boolean): number {
  for (let at = from; at < text.length; at++) {
    if (escapes && text[at] === '\\') at += 1
    else if (text[at] === quote) {
      if (text[at + 1] !== quote) return at + 1 - from
      at += 1
    }
  }
  return text.length - from
}

function endOfBlock(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    if (text.startsWith('/*', at)) depth += 1
    else if (text.startsWith('*/', at)) depth -= 1
    else continue
    at += 1
    if (depth === 0) return at + 1
  }
  return text.length
}

/** Drops white space and comments before the first word of a statement. */
export function fromFirstWord(sql: string): string {
  let at = 0
  for (;;) {
    if (isSpace(sql[at])) at += 1
    else if (sql.startsWith('--', at)) {
      const line = sql.slice(at).search(/[\n\r]/)
      if (line < 0) return ''
      at += line
    } else if (sql.startsWith('/*', at)) at = endOfBlock(sql, at)
    else return sql.slice(at)
  }
}

function isSpace(character: string | undefined): boolean {
  return character !== undefined && character.trim() === ''
}
