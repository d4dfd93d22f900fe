import type { ScriptPart } from '../core/source.ts'
import type { LiquibaseParameters } from './liquibase-parameters.ts'
import type { LiquibaseSplitting } from './liquibase-split.ts'

/** One changeset with what decides whether and how it runs. */
export interface LiquibaseChangeset extends LiquibaseSplitting, ScriptPart {
  /** How it is rolled back; absent: not, or by nothing. */
  readonly rollback?: LiquibaseRollback
  readonly author: string
  readonly id: string
  readonly runInTransaction: boolean
  readonly failOnError: boolean
  /** It runs again: on each change, or on every update. */
  readonly repeats: boolean
  readonly ignored: boolean
  readonly hasPreconditions: boolean
  readonly context?: string
  readonly labels?: string
  readonly dbms?: string
  readonly runWith?: string
  readonly logicalFilePath?: string
}

/** SQL of a rollback in a text of its own, in which it stands where it does in the file. */
export interface LiquibaseRollback extends LiquibaseSplitting, ScriptPart {
  readonly text: string
}

/** A formatted SQL changelog: its text with parameters filled in, in which the changesets have their places. */
export interface FormattedChangelog {
  readonly text: string
  readonly changesets: readonly LiquibaseChangeset[]
  /** What Liquibase refuses, each with its line and without its full stop. */
  readonly refused: readonly string[]
}

const firstLine = /^\s*--\s*liquibase\s*formatted/i
const changesetLine = /^\s*--\s*changeset\s+("[^"]+"|[^:]+):\s*("[^"]+"|\S+)(.*)$/i

/** Does Liquibase take the text for formatted SQL? Blank lines may come first. */
export function isFormattedSql(text: string): boolean {
  return firstLine.test(text.trimStart().slice(0, 200))
}

/** Reads a formatted SQL changelog line by line as AbstractFormattedChangeLogParser does (liquibase-core 4.31). */
export function readFormattedSql(
  text: string,
  file: string,
  parameters: LiquibaseParameters,
): FormattedChangelog {
  const reader = new Reader(file, parameters)
  for (const line of text.matchAll(/[^\n]+\n?|\n/g)) reader.take(line[0])
  reader.finish()
  return reader
}

type Head = Omit<LiquibaseChangeset, 'start' | 'end' | 'hasPreconditions'>

const rollbackLine = /^\s*--\s*rollback (.*)$/i

class Reader implements FormattedChangelog {
  text = ''
  readonly changesets: LiquibaseChangeset[] = []
  readonly refused: string[] = []
  private readonly file: string
  private readonly parameters: LiquibaseParameters
  private lineNumber = 0
  private logicalFilePath: string | undefined
  private head: Head | undefined
  private hasPreconditions = false
  private body = ''
  /** The lines of its rollback, with blanks for all others. */
  private rollback = ''
  private rollbackSplitting: LiquibaseSplitting = defaultSplitting
  /** Lines still to leave out; Infinity until `--ignoreLines:end`. */
  private ignoring = 0
  private inRollback = false

  constructor(file: string, parameters: LiquibaseParameters) {
    this.file = file
    this.parameters = parameters
  }

  take(line: string): void {
    this.lineNumber += 1
    const content = line.replace(/\r?\n$/, '')
    this.rollback += this.rollbackOf(content, line)
    if (this.ignoring > 0) this.body += this.leaveOut(content, line)
    else if (this.inRollback || this.beginsRollback(content)) this.body += this.leaveRollback(content, line)
    else if (content.trimStart().startsWith('-')) this.takeDirective(content, line)
    else this.body += line
  }

  finish(): void {
    this.endChangeset(true)
  }

  /** rollbackPattern and the block `/* liquibase rollback` of AbstractFormattedChangeLogParser. */
  private rollbackOf(content: string, line: string): string {
    if (this.ignoring > 0) return blanked(line)
    if (this.inRollback) return content.trimEnd().endsWith('*/') ? line.replace('*/', '  ') : line
    const [, sql] = rollbackLine.exec(content) ?? []
    if (sql === undefined) return blanked(line)
    return blanked(line.slice(0, content.length - sql.length)) + line.slice(content.length - sql.length)
  }

  private takeDirective(content: string, line: string): void {
    const match = changesetLine.exec(content)
    if (/^\s*--\s*property\s/i.test(content)) this.takeProperty(content)
    else if (match !== null) {
      this.endChangeset(false)
      this.text += line
      this.head = this.headOf(match, content)
      this.rollback = ''
      this.rollbackSplitting = rollbackSplittingOf(match[3] ?? '')
      return
    } else if (firstLine.test(content)) this.logicalFilePath = attribute(content, /logicalFilePath:(\S*)/gi)
    else if (/^--\s*ignoreLines:\w+$/i.test(content)) this.ignoring = this.ignoredLines(content)
    else if (/^\s*--\s*precondition/i.test(content)) this.hasPreconditions = true
    else this.checkSpelling(content)
    this.body += line
  }

  /** Forms that look like a directive and are none: Liquibase stops at them. */
  private checkSpelling(content: string): void {
    const inChangeset = this.head !== undefined
    const wrong =
      /^-\s*changeset\s|^\s*--\s*changeset/i.exec(content) ??
      /^\s*-+\s*property\s/i.exec(content) ??
      /^-\s*?ignoreLines:\w+|^--\s*ignore:\w+$/i.exec(content) ??
      (inChangeset
        ? /^\s*-\s*rollback\s|^-\s*comment:? |^--\s*comments:? |^\s*-\s*precondition/i
        : never
      ).exec(content)
    if (wrong !== null) this.refuse(`does not know \`${content.trim().slice(0, 60)}\``)
    else if (!inChangeset && /^--\s*comment:? /i.test(content))
      this.refuse('wants comments inside changesets')
  }

  private refuse(what: string): void {
    this.refused.push(`Liquibase ${what} (line ${this.lineNumber} of ${this.file})`)
  }

  private takeProperty(content: string): void {
    const value = (pattern: RegExp): string | undefined => attribute(content, pattern)
    const name = value(/name:\s*(\S+)/gi)
    const text = value(/value:\s*(\S+)/gi)
    if (name === undefined || text === undefined) return this.refuse('does not understand this property')
    if (!runsOnPostgres(value(/dbms:([^,][\w!,]+)/gi))) return
    const isLocal = /^false$/i.test(value(/global:(\S+)/gi) ?? '')
    this.parameters.set(name, this.expand(text), isLocal ? this.file : undefined)
  }

  private ignoredLines(content: string): number {
    const count = content.slice(content.indexOf(':') + 1)
    if (count === 'start') return Infinity
    if (/^\d{1,9}$/.test(count)) return Number(count)
    this.refuse(`does not know \`ignoreLines:${count.slice(0, 20)}\``)
    return 0
  }

  /** The line as blanks, so that the places of what follows stay. */
  private leaveOut(content: string, line: string): string {
    this.ignoring = /^--\s*ignoreLines:end$/i.test(content) ? 0 : this.ignoring - 1
    return blanked(line)
  }

  private beginsRollback(content: string): boolean {
    return this.head !== undefined && /^\s*\/\*\s*liquibase\s*rollback\s*$/i.test(content)
  }

  private leaveRollback(content: string, line: string): string {
    this.inRollback = !content.trimEnd().endsWith('*/')
    return blanked(line)
  }

  private headOf([, author = '', id = '', rest = '']: RegExpExecArray, content: string): Head {
    if (!content.includes(`${author}:${id}`)) this.refuse('allows no blank between author and id')
    if (unquote(id).replaceAll(/[: ]/g, '') === '') this.refuse('wants an id here')
    const value = (pattern: RegExp): string | undefined => {
      const found = attribute(rest, pattern)
      return found === undefined ? undefined : this.expand(unquote(found))
    }
    const says = (pattern: RegExp, otherwise: boolean): boolean => {
      const found = attribute(rest, pattern)
      return found === undefined ? otherwise : found.toLowerCase() === 'true'
    }
    return {
      author: this.expand(unquote(author)),
      id: this.expand(unquote(id)),
      runInTransaction: says(/runInTransaction:(\w+)/gi, true),
      failOnError: says(/failOnError:(\w+)/gi, true),
      repeats: says(/runOnChange:(\w+)/gi, false) || says(/runAlways:(\w+)/gi, false),
      ignored: says(/ignore:(\w*)/gi, false),
      splitStatements: says(/splitStatements:(\w+)/gi, true),
      stripComments: says(/stripComments:(\w+)/gi, true),
      ...given('endDelimiter', attribute(rest, /\bendDelimiter:(\S*)/gi)),
      ...given('context', value(/contextFilter:(".*?"|\S*)/gi) ?? value(/context:(".*?"|\S*)/gi)),
      ...given('labels', value(/labels:(".*?"|\S*)/gi)),
      ...given('dbms', value(/dbms:([^,][\w!,]+)/gi)),
      ...given('runWith', value(/runWith:([\w${}]+)/gi)),
      ...given('logicalFilePath', value(/logicalFilePath:(\S*)/gi) ?? this.logicalFilePath),
    }
  }

  private endChangeset(isLast: boolean): void {
    const start = this.text.length
    this.text += this.head === undefined ? this.body : this.expand(this.body)
    const { head, hasPreconditions, text } = this
    if (head !== undefined) {
      if (!isLast && !hasSql(this.body)) this.refuse(`finds no SQL in changeset ${head.author}:${head.id}`)
      const endsWithSlash = isLast && head.endDelimiter === undefined && text.trimEnd().endsWith('\n/')
      const endDelimiter = endsWithSlash ? { endDelimiter: String.raw`\n/$` } : {}
      const rollback = this.endRollback(start)
      this.changesets.push({
        ...{ ...head, ...endDelimiter, hasPreconditions, start, end: text.length },
        ...(rollback === undefined ? {} : { rollback }),
      })
    }
    this.head = undefined
    this.body = ''
    this.rollback = ''
    this.hasPreconditions = false
  }

  /** `not required` and `empty` say that nothing is to be done; another changeset's SQL is not looked for. */
  private endRollback(start: number): LiquibaseRollback | undefined {
    const said = this.rollback.trim()
    if (said === '' || /^(?:not required|empty\b)/i.test(said) || /\bchangeset(?:id|author):/i.test(said))
      return undefined
    const text = this.text.slice(0, start) + this.expand(this.rollback)
    return { ...this.rollbackSplitting, text, start, end: text.length }
  }

  private expand(text: string): string {
    return this.parameters.expand(text, this.file)
  }
}

const never = /(?!)/

const defaultSplitting: LiquibaseSplitting = { splitStatements: true, stripComments: false }

function rollbackSplittingOf(attributes: string): LiquibaseSplitting {
  const delimiter = attribute(attributes, /rollbackEndDelimiter:(\S*)/gi)
  const split = attribute(attributes, /rollbackSplitStatements:(\w+)/gi)
  return {
    ...defaultSplitting,
    splitStatements: split === undefined || split.toLowerCase() === 'true',
    ...given('endDelimiter', delimiter),
  }
}

function blanked(line: string): string {
  return line.replaceAll(/[^\r\n]/g, ' ')
}

/** Lines that the parser takes out before it asks whether anything is left; other comments count as SQL. */
function hasSql(body: string): boolean {
  return (
    body
      .replaceAll(
        /^[ \t]*--\s*(?:rollback |precondition|property |ignoreLines:|comment:? |validCheckSum:? ).*$/gim,
        '',
      )
      .trim() !== ''
  )
}

/** The last place that matches, as Java's greedy `.*name:(…).*` finds it. */
function attribute(text: string, pattern: RegExp): string | undefined {
  return [...text.matchAll(pattern)].at(-1)?.[1]
}

function given<Key extends string>(key: Key, value: string | undefined): Partial<Record<Key, string>> {
  return value === undefined || value === '' ? {} : ({ [key]: value } as Record<Key, string>)
}

function unquote(text: string): string {
  return text.replace(/^"(.*)"$/, '$1').trim()
}

/** DatabaseList.definitionMatches for Postgres. */
export function runsOnPostgres(dbms: string | undefined): boolean {
  const names = (dbms ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (names.length === 0 || names.includes('all')) return true
  if (names.includes('none') || names.includes('!postgresql')) return false
  const wanted = names.filter((name) => !name.startsWith('!'))
  return wanted.length === 0 || wanted.includes('postgresql')
}
