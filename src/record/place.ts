/** Where in a migration file a statement comes from. */
import type { AstNode, Span } from '../core/model.ts'
import { LineIndex } from '../sql/lines.ts'
import { tokenize } from '../sql/tokens.ts'
import type { CandidateFile, RecordedStatement } from './model.ts'

type Sent = Pick<RecordedStatement, 'sql' | 'node'>

/** Finds places in one file, for statements in the order in which they were sent. */
export class Places {
  readonly #file: CandidateFile
  readonly #lines: LineIndex
  readonly #rows: readonly Row[]
  readonly #up: Stretch
  /** Where the last statement was found that stands there word for word. */
  #verbatimEnd = 0
  #lastRow: number

  constructor(file: CandidateFile) {
    this.#file = file
    this.#lines = new LineIndex(file.text)
    this.#rows = rowsOf(file.text)
    this.#up = wayUp(file.text)
    this.#lastRow = -1
  }

  /** The statement's own text where it stands there; else the line that names most of what it is about. */
  place(statement: Sent): Span {
    const exact = this.#verbatim(statement.sql)
    if (exact !== undefined) {
      this.#verbatimEnd = exact.end
      this.#lastRow = this.#lines.position(exact.start).line - 1
      return this.#lines.span(this.#file.path, exact.start, exact.end)
    }
    const row = this.#rowNaming(statement) ?? this.#firstRow()
    return this.#lines.span(this.#file.path, row.start, row.end)
  }

  /** White space may differ, quoting of the language around may not. */
  #verbatim(sql: string): Stretch | undefined {
    const words = sql.split(/\s+/).filter((word) => word !== '')
    if (words.length === 0 || words.length > mostWords) return undefined
    const pattern = new RegExp(words.map(escaped).join('\\s+'), 'gi')
    const from = (at: number): Stretch | undefined => {
      pattern.lastIndex = at
      const match = pattern.exec(this.#file.text)
      return match === null ? undefined : { start: match.index, end: match.index + match[0].length }
    }
    // the same statement may stand there twice
    return from(this.#verbatimEnd) ?? from(0)
  }

  #rowNaming({ node, sql }: Sent): Row | undefined {
    const names = namesIn(node, sql)
    const verbs = verbsIn(sql)
    let best: { readonly row: Row; readonly score: number; readonly index: number } | undefined
    for (const [index, row] of this.#rows.entries()) {
      if (row.end <= this.#up.start || row.start >= this.#up.end || row.isComment) continue
      const named = scoreOf(row.text, names)
      if (named === 0) continue
      const score = named + wordsInCommon(row.text, verbs)
      // code comes in the order in which it runs
      const isLater = best !== undefined && best.index <= this.#lastRow && index > this.#lastRow
      if (best === undefined || score > best.score || (score === best.score && isLater))
        best = { row, score, index }
    }
    if (best === undefined) return undefined
    this.#lastRow = best.index
    return best.row
  }

  /** The first line of the way up. */
  #firstRow(): Row {
    const at = this.#lines.position(this.#up.start).line - 1
    return this.#rows[at] ?? { text: '', start: 0, end: 0, isComment: false }
  }
}

interface Stretch {
  readonly start: number
  readonly end: number
}

interface Row extends Stretch {
  readonly text: string
  readonly isComment: boolean
}

/** Regular expressions of more words cost more than they tell. */
const mostWords = 2000

function escaped(word: string): string {
  return word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

function rowsOf(text: string): readonly Row[] {
  let start = 0
  return text.split('\n').map((line) => {
    const bare = line.trim()
    const at = start + (line.length - line.trimStart().length)
    start += line.length + 1
    return { text: bare, start: at, end: at + bare.length, isComment: /^(?:#|\/\/|--|\*|\/\*)/.test(bare) }
  })
}

/** From `up`, `change`, `upgrade` to `down`, `downgrade`, as far as there are such words; else everything. */
function wayUp(text: string): Stretch {
  const start = upWords.exec(text)?.index ?? 0
  downWords.lastIndex = start
  const end = downWords.exec(text)?.index ?? text.length
  return { start, end: end > start ? end : text.length }
}

const upWords =
  /(?<=^|\n)[^\n#]*\b(?:(?:def|function|void|fun|async|public|exports\.|export\s+(?:const|async|function)[^\n]*?)\s*)(?:up|change|upgrade|forwards?|Up|safe_up|safeUp)\b|(?<=^|\n)\s*(?:async\s+)?(?:up|change)\s*[(:=]|(?<=^|\n)\s*operations\s*=|(?<=^|\n)--\s*(?:\+goose\s+Up|migrate:up|\+micrate\s+Up)/
const downWords =
  /(?<=\n)[^\n#]*\b(?:def|function|void|fun|async|public|exports\.|export\s+(?:const|async|function)[^\n]*?)\s*(?:down|downgrade|backwards?|Down|safe_down|safeDown)\b|(?<=\n)\s*(?:async\s+)?down\s*[(:=]|(?<=\n)--\s*(?:\+goose\s+Down|migrate:down|\+micrate\s+Down)/g

interface Named {
  readonly name: string
  /** Columns, indexes and constraints tell more than tables, which many lines name. */
  readonly weight: number
}

function scoreOf(line: string, names: readonly Named[]): number {
  const words = new Set(line.split(/[^\w]+/).flatMap((word) => [word.toLowerCase(), snakeCase(word)]))
  let score = 0
  for (const { name, weight } of names) if (words.has(name)) score += weight
  return score
}

/** What a statement does, in the words that it shares with the code that made it: `drop`, `column`, `index`. */
function verbsIn(sql: string): ReadonlySet<string> {
  const words = tokenize(sql, 40).filter(({ kind }) => kind === 'word')
  return new Set(words.map(({ text }) => text.toLowerCase()))
}

/** Less than any name counts. */
function wordsInCommon(line: string, verbs: ReadonlySet<string>): number {
  const words = new Set(line.split(/[^\w]+/).flatMap((word) => snakeCase(word).split('_')))
  return [...words].filter((word) => verbs.has(word)).length / 100
}

/** `addUserEmail` as databases have it. */
function snakeCase(word: string): string {
  return word.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase()
}

/** The names in a statement's tree, in lower case. */
function namesIn(node: AstNode | undefined, sql: string): readonly Named[] {
  const weights = new Map<string, number>()
  const add = (name: string, weight: number): void => {
    const lower = name.toLowerCase()
    if (lower.length > 1) weights.set(lower, Math.max(weight, weights.get(lower) ?? 0))
  }
  if (node === undefined) {
    for (const { kind, text } of tokenize(sql, 200))
      if (kind === 'quoted identifier') add(text.slice(1, -1), 2)
      else if (kind === 'word') add(text, 1)
  } else collect(node, add, 0)
  return [...weights].map(([name, weight]) => ({ name, weight }))
}

const deepest = 40

function collect(value: unknown, add: (name: string, weight: number) => void, depth: number): void {
  if (depth > deepest || typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const item of value) collect(item, add, depth + 1)
    return
  }
  for (const [key, child] of Object.entries(value)) {
    // names of built-in types are everywhere
    if (key === 'typeName' || key === 'TypeName') continue
    if (typeof child === 'string') {
      if (key === 'relname') addTable(child, add)
      else if (nameKeys.has(key)) add(child, 3)
      else if (key === 'sval') add(child, 2)
    } else collect(child, add, depth + 1)
  }
}

/** Frameworks put an application's name before a model's, and write models in the singular. */
function addTable(name: string, add: (name: string, weight: number) => void): void {
  add(name, 2)
  if (name.includes('_')) add(name.slice(name.indexOf('_') + 1), 1)
  if (name.endsWith('s')) add(name.slice(0, -1), 1)
}

const nameKeys: ReadonlySet<string> = new Set([
  'colname',
  'name',
  'idxname',
  'indexname',
  'conname',
  'newname',
  'subname',
  'trigname',
  'rolename',
  'policy_name',
  'extname',
  'schemaname',
])

/** Allow comments in the lines directly above a place, as SQL comments. */
export function allowsAbove({ text }: CandidateFile, { start }: Span): readonly string[] {
  if (!text.includes('pgrehearse-allow')) return []
  const lines = text.split('\n').slice(0, start.line - 1)
  const found: string[] = []
  for (const line of lines.toReversed()) {
    const comment = /^\s*(?:--|\/\/|#|\/?\*)\s*(.*?)\s*(?:\*\/)?\s*$/.exec(line)?.[1]
    if (comment === undefined) break
    if (comment.startsWith('pgrehearse-allow')) found.unshift(`-- ${comment}`)
  }
  return found
}
