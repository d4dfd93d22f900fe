import type { ScriptPart } from '../core/source.ts'

/** How a changeset wants its SQL cut. */
export interface LiquibaseSplitting {
  readonly splitStatements: boolean
  readonly stripComments: boolean
  /** As written in the changeset line; absent: `;`, and `/` or `GO` alone on a line. */
  readonly endDelimiter?: string
}

interface Token extends ScriptPart {
  readonly text: string
  readonly isComment: boolean
}

/**
 * The token kinds of SimpleSqlGrammar, which knows no dollar quotes: the longest match wins. What matches nothing is
 * a token of one character.
 */
const tokens: readonly TokenKind[] = [
  { pattern: /[ \t\r\n\f]+/y },
  { pattern: /--[^\r\n]*/y, isComment: true },
  { pattern: /\/\*[^]*?\*\//y, isComment: true, begins: '/*' },
  { pattern: /(?:[\p{L}_$#@][\p{L}\d_$#@]*)(?:\s*\.\s*[\p{L}_$#@][\p{L}\d_$#@]*)*/uy },
  { pattern: /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y },
  { pattern: /[eEnNuU]?'(?:''|\\[^]|[^'\\])*'/y, begins: "'" },
  { pattern: /[eEnNuU]?'(?:''|[^'])*'/y, begins: "'" },
  { pattern: /"(?:""|\\[^]|[^"\\])*"/y, begins: '"' },
  { pattern: /"(?:""|[^"])*"/y, begins: '"' },
  { pattern: /`[^\n\r`]{1,1000}`/y },
  { pattern: /\[[^\d\]][^\n\r\]]{0,1000}\]/y },
]

interface TokenKind {
  readonly pattern: RegExp
  readonly isComment?: true
  /** What once has no end has none further on either: then it is not looked for again, or a long text takes for ever. */
  readonly begins?: string
}

/**
 * Cuts the SQL of a changeset as Liquibase does (StringUtil.processMultiLineSQL on the tokens of SimpleSqlGrammar,
 * liquibase-core 4.31), and gives the pieces that it sends, each in a message of its own.
 *
 * Its splitter knows no dollar quotes: it only counts BEGIN and END, so that a function body with DECLARE, or one
 * with END IF in it, is cut in the middle, as it is by Liquibase.
 */
export function splitLiquibase(
  text: string,
  start: number,
  end: number,
  options: LiquibaseSplitting,
): readonly ScriptPart[] {
  const { endDelimiter } = options
  const kept = tokenize(text, start, end).filter((token) => !(token.isComment && options.stripComments))
  return collect(endDelimiter === undefined ? kept : mergeTokens(kept, endDelimiter), options)
}

function tokenize(text: string, start: number, end: number): Token[] {
  const source = end === text.length ? text : text.slice(0, end)
  const found: Token[] = []
  const endless = new Set<TokenKind>()
  let at = start
  while (at < end) {
    let next = at + 1
    let isComment = false
    for (const kind of tokens) {
      if (endless.has(kind)) continue
      kind.pattern.lastIndex = at
      if (!kind.pattern.test(source)) {
        if (kind.begins !== undefined && source.startsWith(kind.begins, at)) endless.add(kind)
        continue
      }
      if (kind.pattern.lastIndex <= next) continue
      next = kind.pattern.lastIndex
      isComment = kind.isComment ?? false
    }
    found.push({ start: at, end: next, text: source.slice(at, next), isComment })
    at = next
  }
  return found
}

/** Several tokens that together are the delimiter become one (StringUtil.mergeTokens, its loss at the end included). */
function mergeTokens(all: readonly Token[], delimiter: string): Token[] {
  const merged: Token[] = []
  let open: Token[] = []
  for (const token of all) {
    if (open.length === 0) {
      if (delimiter.startsWith(token.text)) open.push(token)
      else merged.push(token)
      continue
    }
    const text = open.map((part) => part.text).join('') + token.text
    if (text === delimiter) {
      merged.push({ ...token, start: open[0]?.start ?? token.start, text })
      open = []
    } else if (delimiter.startsWith(text)) {
      open.push(token)
    } else {
      merged.push(...open, token)
      open = []
    }
  }
  return merged
}

/** Words after BEGIN that make it SQL Server's, and after END that make it a COMMIT. */
const transactionWords = /^(?:transaction|trans|tran)$/i
const serverWords = /^(?:transaction|trans|tran|dialog|conversation|distributed)$/i

function collect(all: readonly Token[], { splitStatements, endDelimiter }: LiquibaseSplitting): ScriptPart[] {
  const isDelimiter = delimiterTest(endDelimiter)
  const parts: ScriptPart[] = []
  let open: { start: number; end: number } | undefined
  let clauses = 0
  let previous: string | undefined
  all.forEach((token, index) => {
    if (/^begin$/i.test(token.text) && !serverWords.test(nextWord(all, index))) clauses += 1
    else if (/^end$/i.test(token.text) && clauses > 0 && !transactionWords.test(nextWord(all, index)))
      clauses -= 1
    if (clauses === 0 && splitStatements && isDelimiter(token.text, previous)) {
      if (open !== undefined) parts.push(open)
      open = undefined
    } else if (token.text.trim() !== '') {
      open = { start: open?.start ?? token.start, end: token.end }
    }
    previous = token.text
  })
  if (open !== undefined) parts.push(open)
  return parts
}

function nextWord(all: readonly Token[], index: number): string {
  for (let at = index + 1; at < all.length; at += 1) {
    const text = all[at]?.text.trim() ?? ''
    if (text !== '') return text
  }
  return ''
}

type DelimiterTest = (piece: string, previous: string | undefined) => boolean

/** StringUtil.isDelimiter; a delimiter of several characters is a regular expression for it, so it is for us. */
function delimiterTest(delimiter: string | undefined): DelimiterTest {
  if (delimiter === undefined) {
    return (piece, previous) =>
      piece === ';' || ((piece === '/' || /^go$/i.test(piece)) && (previous?.endsWith('\n') ?? true))
  }
  const wanted = delimiter.toLowerCase()
  if (delimiter.length === 1) {
    return (piece, previous) =>
      piece.toLowerCase() === wanted && (delimiter !== '/' || (previous?.endsWith('\n') ?? true))
  }
  const pattern = delimiterPattern(wanted)
  return (piece, previous = 'null') => {
    if (piece.toLowerCase() === wanted) return true
    const both = (previous + piece).toLowerCase()
    return both.length <= longestDelimiter && pattern !== undefined && pattern.test(both)
  }
}

/** Together with {@link delimiterPattern}: the expression comes from a merge request and must not be able to hang us. */
const longestDelimiter = 64

function delimiterPattern(wanted: string): RegExp | undefined {
  const quantifiers = wanted.match(/[*+?]/g)?.length ?? 0
  if (wanted.length > longestDelimiter || quantifiers > 2 || /[()[\]{}]/.test(wanted)) return undefined
  try {
    return new RegExp(`^(?:[\\s\\n\\r]*${wanted})$`)
  } catch {
    return undefined
  }
}
