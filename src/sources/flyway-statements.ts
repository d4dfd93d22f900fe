/** What decides whether Flyway wraps a script in a transaction. */
export interface FlywayStatements {
  /** The first statement that Flyway knows cannot run in a transaction: its first words and its line from 1. */
  readonly nonTransactional: { readonly words: string; readonly line: number } | undefined
  readonly hasTransactional: boolean
}

/**
 * Leading keywords of the statements that Flyway runs outside a transaction (PostgreSQLParser.java,
 * detectCanExecuteInTransaction; ALTER TYPE … ADD VALUE only before Postgres 12). The list is Flyway's, not
 * Postgres': REINDEX TABLE CONCURRENTLY is missing, so Flyway runs it in a transaction, where it fails.
 */
const outsideTransaction = new RegExp(
  [
    '^(?:(?:CREATE|DROP) (?:DATABASE|TABLESPACE|SUBSCRIPTION)',
    'ALTER SYSTEM',
    '(?:CREATE|DROP)(?: UNIQUE)? INDEX CONCURRENTLY',
    'REINDEX(?: VERBOSE)? (?:SCHEMA|DATABASE|SYSTEM)',
    'VACUUM',
    'DISCARD ALL)$',
  ].join('|'),
)

/** Without one of these words no statement can match; most files are spared the scan. */
const worthScanning = /\b(?:CONCURRENTLY|VACUUM|REINDEX|DISCARD|DATABASE|TABLESPACE|SUBSCRIPTION|SYSTEM)\b/i

/** Flyway gives up after ten keywords (Parser.getTransactionalDetectionCutoff). */
const keywordLimit = 10

/** A doubled quote reads as two strings side by side, which is the same to us. */
const token =
  /--[^\n]*|\/\*|[eE]'(?:[^'\\]+|\\[^])*'?|'[^']*'?|"[^"]*"?|\$(?:[A-Za-z_]\w*)?\$|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\d+|[^\s]/g

/** Looks at the statements of a script the way Flyway's own parser does. */
export function scanFlywayStatements(text: string): FlywayStatements {
  if (!worthScanning.test(text)) return { nonTransactional: undefined, hasTransactional: true }
  const scanner = new Scanner(text)
  scanner.run()
  return scanner
}

class Scanner implements FlywayStatements {
  nonTransactional: { readonly words: string; readonly line: number } | undefined
  hasTransactional = false
  private readonly text: string
  private start = -1
  private words: string[] = []
  private lastWord = ''
  private offence: string | undefined
  private parens = 0
  private blocks = 0
  private afterDot = false

  constructor(text: string) {
    this.text = text
  }

  run(): void {
    const pattern = new RegExp(token)
    for (let match = pattern.exec(this.text); match !== null; match = pattern.exec(this.text)) {
      pattern.lastIndex = this.take(match[0], match.index)
    }
    this.endStatement()
  }

  /** Consumes one token; gives the offset where to go on. */
  private take(found: string, at: number): number {
    const end = at + found.length
    if (found.startsWith('--')) return end
    if (found === '/*') return this.commentEnd(end)
    if (found === ';' && this.parens === 0 && this.blocks === 0) {
      const next = this.isCopy() ? this.copyEnd(end) : end
      this.endStatement()
      return next
    }
    if (this.start < 0) this.start = at
    if (/^\$.*\$$/.test(found)) return this.after(found, end)
    if (found === '(') this.parens++
    else if (found === ')') this.parens--
    else if (/^[A-Za-z_]+$/.test(found)) this.takeWord(found.toUpperCase(), this.text[end] === '.')
    this.afterDot = found === '.'
    return end
  }

  private takeWord(word: string, beforeDot: boolean): void {
    if (this.parens !== 0 || beforeDot || this.afterDot) return
    this.followBlock(word)
    this.lastWord = word
    if (this.words.length >= keywordLimit) return
    this.words.push(word)
    const words = this.words.join(' ')
    if (outsideTransaction.test(words)) this.offence ??= words
  }

  /** Semicolons inside BEGIN ATOMIC … END do not end the statement (SQL-standard function bodies). */
  private followBlock(word: string): void {
    if (word === 'ATOMIC' && this.lastWord === 'BEGIN') this.blocks++
    else if (this.blocks > 0 && word === 'CASE') this.blocks++
    else if (this.blocks > 0 && word === 'END') this.blocks--
  }

  private endStatement(): void {
    if (this.start >= 0) {
      if (this.offence === undefined) this.hasTransactional = true
      else this.nonTransactional ??= { words: this.offence, line: this.lineOf(this.start) }
    }
    this.start = -1
    this.words = []
    this.parens = 0
    this.blocks = 0
    this.offence = undefined
    this.lastWord = ''
  }

  private isCopy(): boolean {
    return /^COPY(?: .*)? FROM STDIN/.test(this.words.join(' '))
  }

  private copyEnd(from: number): number {
    const end = this.text.slice(from).search(/^\\\.\s*$/m)
    return end < 0 ? this.text.length : from + end + 2
  }

  private after(mark: string, from: number): number {
    const at = this.text.indexOf(mark, from)
    return at < 0 ? this.text.length : at + mark.length
  }

  /** Block comments nest in Postgres. */
  private commentEnd(from: number): number {
    let depth = 1
    const marks = /\/\*|\*\//g
    marks.lastIndex = from
    for (let match = marks.exec(this.text); match !== null; match = marks.exec(this.text)) {
      depth += match[0] === '/*' ? 1 : -1
      if (depth === 0) return marks.lastIndex
    }
    return this.text.length
  }

  private lineOf(offset: number): number {
    return this.text.slice(0, offset).split('\n').length
  }
}
