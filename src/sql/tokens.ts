/** A lexical piece of one statement; comments and white space are left out. */
export interface Token {
  readonly kind: 'word' | 'quoted identifier' | 'literal' | 'punctuation'
  /** As written. */
  readonly text: string
  /** UTF-16 offsets in the statement; `end` is exclusive. */
  readonly start: number
  readonly end: number
}

/**
 * What scan.l distinguishes, as far as cutting and comparing text needs it. Numbers and parameters count as
 * words, every other character is its own punctuation.
 */
const lexeme = new RegExp(
  [
    String.raw`(?<space>\s+|--[^\r\n]*)`,
    String.raw`(?<literal>[eE]'(?:[^'\\]|\\[\s\S]|'')*'?|[bBxXnN]?'(?:[^']|'')*'?|[uU]&'(?:[^']|'')*'?)`,
    String.raw`(?<dollar>\$(?:[A-Za-z_\x80-\uffff][A-Za-z0-9_\x80-\uffff]*)?\$)`,
    String.raw`(?<quoted>(?:[uU]&)?"(?:[^"]|"")*"?)`,
    String.raw`(?<word>[A-Za-z0-9_\x80-\uffff$]+)`,
    String.raw`(?<other>[\s\S])`,
  ].join('|'),
  'y',
)

/** The tokens of a statement, in order. Never throws; what never ends is one token to the end of the text. */
export function tokenize(sql: string): readonly Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < sql.length) {
    if (sql.startsWith('/*', at)) {
      at = endOfBlockComment(sql, at)
      continue
    }
    lexeme.lastIndex = at
    const groups = lexeme.exec(sql)?.groups ?? {}
    const start = at
    at = groups['dollar'] === undefined ? lexeme.lastIndex : endOfDollarQuote(sql, at, groups['dollar'])
    if (groups['space'] === undefined) {
      tokens.push({ kind: kindOf(groups), text: sql.slice(start, at), start, end: at })
    }
  }
  return tokens
}

function kindOf(groups: Readonly<Record<string, string | undefined>>): Token['kind'] {
  if (groups['word'] !== undefined) return 'word'
  if (groups['quoted'] !== undefined) return 'quoted identifier'
  return groups['other'] === undefined ? 'literal' : 'punctuation'
}

/** Block comments nest (scan.l, xcdepth). */
function endOfBlockComment(sql: string, start: number): number {
  const edge = /\/\*|\*\//g
  edge.lastIndex = start
  let depth = 0
  for (let match = edge.exec(sql); match !== null; match = edge.exec(sql)) {
    depth += match[0] === '/*' ? 1 : -1
    if (depth === 0) return edge.lastIndex
  }
  return sql.length
}

function endOfDollarQuote(sql: string, start: number, tag: string): number {
  const closing = sql.indexOf(tag, start + tag.length)
  return closing < 0 ? sql.length : closing + tag.length
}

/** Is the token this keyword, in any case? */
export function isWord(token: Token | undefined, keyword: string): boolean {
  return token?.kind === 'word' && token.text.toUpperCase() === keyword
}

/**
 * The statement without what does not change its meaning: comments, white space and a final semicolon go,
 * keywords and unquoted names are folded to lower case.
 */
export function normalizeSql(sql: string): string {
  const parts = tokenize(sql).map(({ kind, text }) => (kind === 'word' ? text.toLowerCase() : text))
  if (parts.at(-1) === ';') parts.pop()
  return parts.join(' ')
}

/** Cuts `text` at the commas that stand in no parentheses or brackets. Pieces are trimmed. */
export function splitAtCommas(text: string): readonly string[] {
  const pieces: string[] = []
  let depth = 0
  let start = 0
  for (const token of tokenize(text)) {
    if (token.kind !== 'punctuation') continue
    if (token.text === '(' || token.text === '[') depth += 1
    else if (token.text === ')' || token.text === ']') depth -= 1
    else if (token.text === ',' && depth === 0) {
      pieces.push(text.slice(start, token.start).trim())
      start = token.end
    }
  }
  pieces.push(text.slice(start).trim())
  return pieces
}
