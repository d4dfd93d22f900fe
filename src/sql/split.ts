/**
 * Cuts a script into statements exactly where psql does, without understanding them: so that a script with
 * syntax newer than our parser, psql meta commands or COPY data can still be replayed.
 *
 * The rules are those of psqlscan.l (src/fe_utils): a semicolon ends a statement unless it stands in a
 * literal, a comment, parentheses, or a BEGIN ATOMIC body of CREATE FUNCTION / PROCEDURE.
 */

/** A piece of a script. Offsets are UTF-16 code units in the text that was split; `end` is exclusive. */
export type ScriptPiece =
  | {
      readonly kind: 'statement'
      /** First character of the statement's first token. */
      readonly start: number
      /** Just after the last token; the semicolon is not part of the statement. */
      readonly end: number
      /** Lines of COPY … FROM STDIN data up to, without, the `\.` line. */
      readonly copyData?: string
    }
  /** A psql backslash command with its arguments, to the end of its line. */
  | { readonly kind: 'meta command'; readonly start: number; readonly end: number }

/** A literal or comment that never ends: the server would wait for more, psql would run nothing of it. */
export interface UnterminatedPiece {
  readonly what: 'string literal' | 'quoted identifier' | 'dollar-quoted string' | 'comment'
  readonly start: number
}

export interface SplitScript {
  readonly pieces: readonly ScriptPiece[]
  readonly unterminated: UnterminatedPiece | undefined
}

/**
 * Splits `text.slice(start, end)`; offsets in the result are those of `text`. Without `takesCopyData`, as in a message to
 * the server, what follows COPY … FROM STDIN are statements, too.
 */
export function splitScript(
  text: string,
  start = 0,
  end: number = text.length,
  { takesCopyData = true }: { readonly takesCopyData?: boolean } = {},
): SplitScript {
  return new Splitter(text, start, end, takesCopyData).run()
}

class Splitter {
  private readonly text: string
  private readonly end: number
  private at: number
  private readonly pieces: ScriptPiece[] = []
  private unterminated: UnterminatedPiece | undefined
  private statementStart = -1
  private lastTokenEnd = -1
  private parentheses = 0
  private atomicDepth = 0
  /** The first words of the statement, upper case: enough to know CREATE [OR REPLACE] FUNCTION. */
  private words: string[] = []

  private readonly takesCopyData: boolean

  constructor(text: string, start: number, end: number, takesCopyData: boolean) {
    this.text = text
    this.at = start
    this.end = end
    this.takesCopyData = takesCopyData
  }

  run(): SplitScript {
    while (this.at < this.end) this.step()
    this.finishStatement()
    return { pieces: this.pieces, unterminated: this.unterminated }
  }

  private step(): void {
    const code = this.text.charCodeAt(this.at)
    if (isSpace(code)) {
      this.at += 1
    } else if (code === DASH && this.text.charCodeAt(this.at + 1) === DASH) {
      this.at = this.endOfLine(this.at)
    } else if (code === SLASH && this.text.charCodeAt(this.at + 1) === STAR) {
      this.skipBlockComment()
    } else if (code === BACKSLASH) {
      this.metaCommand()
    } else if (code === SEMICOLON && this.parentheses === 0 && this.atomicDepth === 0) {
      this.at += 1
      this.finishStatement()
    } else {
      this.token(code)
    }
  }

  private token(code: number): void {
    if (this.statementStart < 0) this.statementStart = this.at
    if (code === SINGLE_QUOTE) this.skipQuoted(SINGLE_QUOTE, 'string literal', false)
    else if (code === DOUBLE_QUOTE) this.skipQuoted(DOUBLE_QUOTE, 'quoted identifier', false)
    else if (code === DOLLAR) this.dollar()
    else if (isIdentifierStart(code)) this.word()
    else {
      if (code === OPEN) this.parentheses += 1
      else if (code === CLOSE && this.parentheses > 0) this.parentheses -= 1
      this.at += 1
    }
    this.lastTokenEnd = this.at
  }

  private word(): void {
    const start = this.at
    while (this.at < this.end && isIdentifierPart(this.text.charCodeAt(this.at))) this.at += 1
    const word = this.text.slice(start, this.at)
    const next = this.text.charCodeAt(this.at)
    // E'…' has backslash escapes; B, X, N and U& prefixes need nothing special
    if (next === SINGLE_QUOTE && this.at < this.end && (word === 'E' || word === 'e')) {
      this.skipQuoted(SINGLE_QUOTE, 'string literal', true)
      return
    }
    if (this.words.length < 4) this.words.push(word.toUpperCase())
    this.trackAtomicBody(word)
  }

  /** psqlscan.l counts BEGIN/CASE and END only in CREATE [OR REPLACE] {FUNCTION|PROCEDURE}. */
  private trackAtomicBody(word: string): void {
    if (word.length > 5 || this.parentheses > 0 || this.words[0] !== 'CREATE') return
    const kind = this.words[1] === 'OR' ? this.words[3] : this.words[1]
    if (kind !== 'FUNCTION' && kind !== 'PROCEDURE') return
    const upper = word.toUpperCase()
    if (upper === 'BEGIN' || (upper === 'CASE' && this.atomicDepth > 0)) this.atomicDepth += 1
    else if (upper === 'END' && this.atomicDepth > 0) this.atomicDepth -= 1
  }

  private skipQuoted(quote: number, what: UnterminatedPiece['what'], backslashEscapes: boolean): void {
    const start = this.at
    this.at += 1
    while (this.at < this.end) {
      const code = this.text.charCodeAt(this.at)
      if (backslashEscapes && code === BACKSLASH) {
        this.at += 2
      } else if (code === quote) {
        if (this.text.charCodeAt(this.at + 1) !== quote || this.at + 1 >= this.end) {
          this.at += 1
          return
        }
        this.at += 2
      } else {
        this.at += 1
      }
    }
    this.at = this.end
    this.unterminated ??= { what, start }
  }

  private dollar(): void {
    const start = this.at
    let close = start + 1
    if (isIdentifierStart(this.text.charCodeAt(close))) {
      while (close < this.end && isTagPart(this.text.charCodeAt(close))) close += 1
    }
    if (this.text.charCodeAt(close) !== DOLLAR || close >= this.end) {
      this.at += 1 // a parameter such as $1, or a lone dollar
      return
    }
    const tag = this.text.slice(start, close + 1)
    const closing = this.text.indexOf(tag, close + 1)
    if (closing < 0 || closing + tag.length > this.end) {
      this.at = this.end
      this.unterminated ??= { what: 'dollar-quoted string', start }
    } else {
      this.at = closing + tag.length
    }
  }

  private skipBlockComment(): void {
    const start = this.at
    let depth = 0
    while (this.at < this.end) {
      const code = this.text.charCodeAt(this.at)
      const next = this.text.charCodeAt(this.at + 1)
      if (code === SLASH && next === STAR) {
        depth += 1
        this.at += 2
      } else if (code === STAR && next === SLASH) {
        depth -= 1
        this.at += 2
        if (depth === 0) return
      } else {
        this.at += 1
      }
    }
    this.at = this.end
    this.unterminated ??= { what: 'comment', start }
  }

  private metaCommand(): void {
    const lineEnd = this.endOfLine(this.at)
    // `\;` is psql's way to send several statements at once; for us it separates like `;`
    if (this.text.charCodeAt(this.at + 1) === SEMICOLON) {
      this.at += 2
      this.finishStatement()
      return
    }
    const start = this.at
    // a meta command inside a statement, such as `select 1 \gset`, sends what stands before it
    this.finishStatement()
    this.pieces.push({ kind: 'meta command', start, end: trimEnd(this.text, start, lineEnd) })
    this.at = lineEnd
  }

  private finishStatement(): void {
    if (this.statementStart >= 0) {
      const { statementStart: start, lastTokenEnd: end } = this
      const copyData =
        this.takesCopyData && isCopyFromStdin(this.words, this.text.slice(start, end))
          ? this.takeCopyData()
          : undefined
      this.pieces.push({ kind: 'statement', start, end, ...(copyData === undefined ? {} : { copyData }) })
    }
    this.statementStart = -1
    this.lastTokenEnd = -1
    this.parentheses = 0
    this.atomicDepth = 0
    this.words = []
  }

  /** Data starts on the line after the command and ends with a line `\.` or the end of the script. */
  private takeCopyData(): string {
    const from = Math.min(this.endOfLine(this.at) + 1, this.end)
    let line = from
    while (line < this.end) {
      const lineEnd = this.endOfLine(line)
      const dotEnd = this.text.charCodeAt(lineEnd - 1) === CARRIAGE_RETURN ? lineEnd - 1 : lineEnd
      if (dotEnd - line === 2 && this.text.startsWith('\\.', line)) {
        this.at = lineEnd
        return this.text.slice(from, line)
      }
      line = lineEnd + 1
    }
    this.at = this.end
    return this.text.slice(from, this.end)
  }

  private endOfLine(from: number): number {
    const newline = this.text.indexOf('\n', from)
    return newline < 0 || newline > this.end ? this.end : newline
  }
}

function isCopyFromStdin(words: readonly string[], sql: string): boolean {
  return words[0] === 'COPY' && /\bfrom\s+stdin\b/i.test(sql)
}

function trimEnd(text: string, start: number, end: number): number {
  let at = end
  while (at > start && isSpace(text.charCodeAt(at - 1))) at -= 1
  return at
}

const SINGLE_QUOTE = 39
const DOUBLE_QUOTE = 34
const DOLLAR = 36
const OPEN = 40
const CLOSE = 41
const STAR = 42
const DASH = 45
const SLASH = 47
const SEMICOLON = 59
const BACKSLASH = 92
const CARRIAGE_RETURN = 13

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13)
}

/** [A-Za-z\200-\377_] of scan.l; everything above ASCII counts as a letter there. */
function isIdentifierStart(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code >= 128
}

function isIdentifierPart(code: number): boolean {
  return isTagPart(code) || code === DOLLAR
}

function isTagPart(code: number): boolean {
  return isIdentifierStart(code) || (code >= 48 && code <= 57)
}
