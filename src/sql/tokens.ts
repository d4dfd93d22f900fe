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
 * What scan.l distinguishes, as far as cutting and comparing text needs it: white space and line comments,
 * literals, the opening of a dollar quote, quoted identifiers, words; every other character is its own
 * punctuation. Numbers and parameters count as words. Numbered groups, because named ones make an object each.
 */
const lexeme = new RegExp(
  [
    String.raw`(\s+|--[^\r\n]*)`,
    String.raw`([eE]'(?:[^'\\]|\\[\s\S]|'')*'?|[bBxXnN]?'(?:[^']|'')*'?|[uU]&'(?:[^']|'')*'?)`,
    String.raw`(\$(?:[A-Za-z_\x80-\uffff][A-Za-z0-9_\x80-\uffff]*)?\$)`,
    String.raw`((?:[uU]&)?"(?:[^"]|"")*"?)`,
    String.raw`([A-Za-z0-9_\x80-\uffff$]+)`,
    String.raw`[\s\S]`,
  ].join('|'),
  'y',
)

/**
 * The tokens of a statement, in order, at most `most` of them. Never throws; what never ends is one token to the
 * end of the text.
 */
export function tokenize(sql: string, most = Number.POSITIVE_INFINITY): readonly Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < sql.length && tokens.length < most) {
    if (sql.startsWith('/*', at)) {
      at = endOfBlockComment(sql, at)
      continue
    }
    lexeme.lastIndex = at
    const [, space, literal, dollar, quoted, word] = lexeme.exec(sql) ?? []
    const start = at
    at = dollar === undefined ? lexeme.lastIndex : endOfDollarQuote(sql, at, dollar)
    if (space !== undefined) continue
    const isLiteral = literal !== undefined || dollar !== undefined
    const kind =
      word !== undefined
        ? 'word'
        : quoted !== undefined
          ? 'quoted identifier'
          : isLiteral
            ? 'literal'
            : 'punctuation'
    tokens.push({ kind, text: sql.slice(start, at), start, end: at })
  }
  return tokens
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
