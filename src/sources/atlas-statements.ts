import type { ScriptPart } from '../core/source.ts'

/** The statements of a file as Atlas sends them, or why it cannot tell them apart. */
export interface AtlasStatements {
  readonly parts: readonly ScriptPart[]
  /** What stopped the scanner, and at which offset. */
  readonly error?: { readonly what: string; readonly at: number }
}

/**
 * Cuts a file as Scanner in sql/migrate/lex.go of ariga/atlas does, with the options of its Postgres driver (ScanStmts
 * in sql/postgres/driver_oss.go): at semicolons outside of parentheses, quotes and comments, or at the delimiter that
 * the first line names; BEGIN … END and BEGIN ATOMIC … END hold together. Backslashes escape nothing.
 */
export function splitAtlasStatements(text: string): AtlasStatements {
  const directive = /^-- atlas:delimiter(?: +(.+))?/.exec(text)
  if (directive === null) return new Scanner(text, 0, ';').run()
  const delimiter = unescape(directive[1] ?? '')
  if (delimiter === '') return { parts: [], error: { what: 'an empty delimiter', at: 0 } }
  const newline = text.indexOf('\n')
  if (newline < 0) return { parts: [], error: { what: 'a delimiter, and no input after it', at: 0 } }
  return new Scanner(text, newline + 1, delimiter).run()
}

function unescape(delimiter: string): string {
  return delimiter.replaceAll('\\n', '\n').replaceAll('\\r', '\r').replaceAll('\\t', '\t')
}

class ScanError extends Error {
  readonly at: number

  constructor(what: string, at: number) {
    super(what)
    this.at = at
  }
}

/** Where the block that begins at an offset ends; undefined when there is none. */
type Blocks = Map<number, number | undefined>

/** Deeper than any block that people write; each level reads the rest of the text once more. */
const maxDepth = 20

const spaces = /\s*/y
const beginWord = /BEGIN\s/iy
const beginAtomic = /\s*BEGIN\s+ATOMIC\s+/iy
const beginBlock = /\s*BEGIN\s+/iy

class Scanner {
  private readonly text: string
  private readonly delimiter: string
  private readonly blocks: Blocks
  private readonly depth: number
  /** First character of the statement. */
  private base: number
  private at: number
  private parentheses = 0
  private readonly endless = new Set<string>()

  constructor(text: string, start: number, delimiter: string, blocks: Blocks = new Map(), depth = 0) {
    this.text = text
    this.base = start
    this.at = start
    this.delimiter = delimiter
    this.blocks = blocks
    this.depth = depth
  }

  run(): AtlasStatements {
    const parts: ScriptPart[] = []
    try {
      for (let part = this.statement(); part !== undefined; part = this.statement()) parts.push(part)
      return { parts }
    } catch (error) {
      if (!(error instanceof ScanError)) throw error
      return { parts, error: { what: error.message, at: error.at } }
    }
  }

  /** The next statement; undefined at the end. Throws ScanError. */
  private statement(): ScriptPart | undefined {
    this.parentheses = 0
    this.skipSpaces()
    let opened = this.at
    while (this.at < this.text.length) {
      const char = this.text.charAt(this.at)
      if (char === '(' && this.parentheses === 0) opened = this.at
      if (this.step(char)) return this.emit()
    }
    if (this.parentheses > 0) throw new ScanError('a parenthesis without its end', opened)
    if (this.at === this.base) return undefined
    return { start: this.base, end: (this.base = this.at) }
  }

  /** True when the statement ends here. */
  private step(char: string): boolean {
    if (char === "'" || char === '"' || char === '`') return this.skipQuote(char)
    if (char === '(' || char === ')') return this.countParenthesis(char)
    if (this.parentheses === 0 && this.text.startsWith(this.delimiter, this.at)) {
      this.at += this.delimiter.length
      return true
    }
    if (char === '$' && this.skipDollarQuote()) return false
    if (this.text.startsWith('--', this.at)) return this.skipComment('\n')
    if (this.text.startsWith('/*', this.at)) return this.skipComment('*/')
    if (this.delimiter === ';' && /[\sbB]/.test(char) && this.skipBlock()) return true
    this.at += 1
    return false
  }

  private emit(): ScriptPart {
    const end = this.delimiter === ';' ? this.at : this.at - this.delimiter.length
    const part = { start: this.base, end: Math.max(end, this.base) }
    this.base = this.at
    return part
  }

  private skipSpaces(): void {
    const space = /\s*/y
    space.lastIndex = this.at
    space.exec(this.text)
    this.at = space.lastIndex
    this.base = this.at
  }

  private skipQuote(quote: string): false {
    const end = this.text.indexOf(quote, this.at + 1)
    if (end < 0) throw new ScanError(`a quote (${quote}) without its end`, this.at)
    this.at = end + 1
    return false
  }

  private countParenthesis(char: string): false {
    if (char === ')' && this.parentheses === 0) throw new ScanError('a closing parenthesis too many', this.at)
    this.parentheses += char === '(' ? 1 : -1
    this.at += 1
    return false
  }

  /** One that never ends goes to the end of the file. */
  private skipDollarQuote(): boolean {
    const quote = /\$(?:[A-Za-zÈ-ÿ_][\wÈ-ÿ]*)?\$/y
    quote.lastIndex = this.at
    const mark = quote.exec(this.text)?.[0]
    if (mark === undefined) return false
    const end = this.text.indexOf(mark, this.at + mark.length)
    this.at = end < 0 ? this.text.length : end + mark.length
    return true
  }

  /** What stands before a statement is no part of it; a comment without end is none. */
  private skipComment(mark: string): false {
    const end = this.endless.has(mark) ? -1 : this.text.indexOf(mark, this.at + 2)
    if (end < 0) {
      // what has no end here has none further on
      this.endless.add(mark)
      this.at += 2
      return false
    }
    const isBefore = this.at === this.base
    this.at = end + mark.length
    if (isBefore) this.skipSpaces()
    return false
  }

  /** BEGIN … END; what only looks like one (BEGIN ISOLATION LEVEL …) is scanned on behind its first words. */
  private skipBlock(): boolean {
    const word = this.at + matchAt(spaces, this.text, this.at)
    if (matchAt(beginWord, this.text, word) === 0) {
      // nothing of the kind behind these spaces; the caller steps over the last of them
      this.at = Math.max(word - 1, this.at)
      return false
    }
    const atomic = matchAt(beginAtomic, this.text, this.at)
    if (atomic > 0) return this.skipBlockFrom(this.at + atomic, true)
    const begin = matchAt(beginBlock, this.text, this.at)
    const standsAlone = this.at === this.base || matchAt(beginBlock, this.text, this.at - 1) > 0
    return begin > 0 && standsAlone && this.skipBlockFrom(this.at + begin, false)
  }

  private skipBlockFrom(body: number, isAtomic: boolean): boolean {
    const end = this.blockEnd(body, isAtomic)
    this.at = end ?? body - 1
    return end !== undefined
  }

  private blockEnd(body: number, isAtomic: boolean): number | undefined {
    const key = isAtomic ? -body - 1 : body
    if (!this.blocks.has(key)) this.blocks.set(key, this.scanBlock(body, isAtomic))
    return this.blocks.get(key)
  }

  private scanBlock(body: number, isAtomic: boolean): number | undefined {
    if (this.depth >= maxDepth) return undefined
    const inner = new Scanner(this.text, body, ';', this.blocks, this.depth + 1)
    const isEnd = isAtomic ? /^\s*END\s*/i : /^\s*END\s*;?$/i
    try {
      for (let part = inner.statement(); part !== undefined; part = inner.statement()) {
        if (isEnd.test(this.text.slice(part.start, part.end).trim())) return inner.at
      }
    } catch (error) {
      if (!(error instanceof ScanError)) throw error
    }
    return undefined
  }
}

/** Length of the match at an offset; 0 when there is none. */
function matchAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0].length ?? 0
}
