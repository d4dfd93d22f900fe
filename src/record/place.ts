/** Where in a migration file a statement comes from. */
import type { AstNode, Span } from '../core/model.ts'
import { LineIndex } from '../sql/lines.ts'
import { tokenize } from '../sql/tokens.ts'
import { constantsOf, isConstant, type CodeConstants } from './code-constants.ts'
import { functionsThatRun, type Runs } from './code-functions.ts'
import { unitsOf, wayDown, wayUp, withoutLongLines, type CodeUnit, type Stretch } from './code-lines.ts'
import type { CandidateFile, RecordedStatement } from './model.ts'

type Sent = Pick<RecordedStatement, 'sql' | 'node'>

/** Finds places in one file, for statements in the order in which they were sent. */
export class Places {
  readonly #file: CandidateFile
  readonly #lines: LineIndex
  readonly #units: readonly CodeUnit[]
  readonly #constants: CodeConstants
  /** The part of the file that runs. */
  readonly #part: Stretch
  readonly #runs: Runs
  /** Django's way up is a list, and its functions are about rows. */
  readonly #isList: boolean
  /** Where the last statement was found that stands there word for word. */
  #verbatimEnd = 0
  #lastRow = -1
  #lastUnit: CodeUnit | undefined

  constructor(file: CandidateFile, direction: 'up' | 'down' = 'up') {
    this.#file = file
    this.#lines = new LineIndex(file.text)
    const code = withoutLongLines(file.text)
    this.#units = unitsOf(code)
    this.#constants = constantsOf(code)
    const [up, down] = [wayUp(code), wayDown(code)]
    this.#part = direction === 'up' ? up : down
    const other = up.start === down.start ? undefined : direction === 'up' ? down : up
    this.#isList = /^\s*operations\b/.test(code.slice(this.#part.start))
    this.#runs = functionsThatRun(code, this.#part, other, direction)
    if (direction === 'down') this.#verbatimEnd = this.#part.start
  }

  #goOnFrom(unit: CodeUnit): void {
    this.#lastUnit = unit
    this.#lastRow = unit.index
  }

  /** The statement's own text where it stands there; else the line or call that names most of what it is about. */
  place(statement: Sent): Span {
    const exact = this.#verbatim(statement.sql)
    if (exact !== undefined) {
      this.#verbatimEnd = exact.end
      this.#lastRow = this.#lines.position(exact.start).line - 1
      return this.#lines.span(this.#file.path, exact.start, exact.end)
    }
    const unit = this.#unitNaming(statement)
    if (unit !== undefined) this.#goOnFrom(unit)
    const { start, end } = unit ?? this.#firstRow()
    return this.#lines.span(this.#file.path, start, end)
  }

  /** White space may differ, quoting of the language around may not. */
  #verbatim(sql: string): Stretch | undefined {
    const words = sql.split(/\s+/).filter((word) => word !== '')
    if (words.length === 0 || words.length > mostWords) return undefined
    const pattern = new RegExp(words.map(escaped).join(betweenWords), 'gi')
    const from = (at: number): Stretch | undefined => {
      pattern.lastIndex = at
      const match = pattern.exec(this.#file.text)
      return match === null ? undefined : { start: match.index, end: match.index + match[0].length }
    }
    // the same statement may stand there twice
    return from(this.#verbatimEnd) ?? from(this.#part.start) ?? from(0)
  }

  /** The unit that names most of what the statement is about; of several the first behind the last one. */
  #unitNaming({ node, sql }: Sent): CodeUnit | undefined {
    const first = /^\W*(\w+)/.exec(sql)?.[1]?.toLowerCase() ?? ''
    // they name nothing but the cursor
    if (cursorWords.has(first)) return this.#lastUnit
    const names = namesIn(node, sql)
    const verbs = verbsIn(sql)
    const words = new Set(names.map(({ name }) => name))
    let best: { readonly unit: CodeUnit; readonly score: number } | undefined
    for (const unit of this.#units) {
      if (!this.#mayHold(unit, first, verbs) || isAboutAnother(unit.block, words)) continue
      const named = scoreOf(unit.text, names, this.#constants)
      if (named === 0) continue
      const around = dataWords.has(first) ? 0 : scoreOf(unit.block, names, this.#constants) / 2
      const score = named + around + wordsInCommon(unit.head, verbs)
      const isLater = best !== undefined && best.unit.index <= this.#lastRow && unit.index > this.#lastRow
      if (best === undefined || score > best.score || (score === best.score && isLater))
        best = { unit, score }
    }
    return best?.unit
  }

  #mayHold({ start, end, head, text }: CodeUnit, first: string, verbs: ReadonlySet<string>): boolean {
    const isData = dataWords.has(first)
    const runs = this.#runs(start)
    if (runs === 'no') return false
    // functions that fill tables stand in front of the list of Django's operations
    const isInFront = end <= this.#part.start && (!isData || notCalled.test(head))
    if (runs === 'unknown' && (start >= this.#part.end || isInFront)) return false
    if (start < this.#part.start && !isData && this.#isList && !sendsSql.test(text)) return false
    if (!isData && describesRows.test(head)) return false
    if (aboutIndexes.test(head) && !verbs.has('index')) return false
    const only = onlyVerb.exec(head)?.[1]?.toLowerCase()
    if (only !== undefined && !verbs.has(sqlVerbs.get(only) ?? only)) return false
    if (isData ? buildsSchema.test(head) || isConstant(head) : changesRows.test(head)) return false
    if (quotedAsInMysql.test(text)) return false
    const written = sqlInQuotes.exec(text)?.[1]?.toLowerCase()
    return written === undefined || written === first
  }

  /** The first line of the way up, or down. */
  #firstRow(): Stretch {
    return this.#units.find(({ end }) => end > this.#part.start) ?? { start: 0, end: 0 }
  }
}

/** `with op.batch_alter_table("users") as batch:` */
function isAboutAnother(block: string, names: ReadonlySet<string>): boolean {
  const table = /\b(?:batch_alter_table|change_table|alterTable)\(?\s*(?:["']|:)(\w+)\b/.exec(block)?.[1]
  return table !== undefined && !names.has(table.toLowerCase())
}

const sendsSql = /\bexecute\(|\bschema_editor\./
/** SQLAlchemy's `table("users", column("id"))`, for queries only. */
const describesRows = /(?<![\w.])(?:sa\.|sql\.|sqlalchemy\.)?(?:table|column)\(\s*(?:["']|$)/
const aboutIndexes = /\b\w*(?:create|add|drop|remove|rename)_?index(?:es)?\(/i
/** Liquibase begins each line of a way down anew, and code each string of a text that runs over several lines. */
const betweenWords = `(?:\\s+(?:--\\s*rollback\\s+)?|\\s*['"][^\\S\\n]*(?:\\+[^\\S\\n]*)?\\n\\s*(?:\\+\\s*)?[a-z]?['"]\\s*)`
/** Regular expressions of more words cost more than they tell. */
const mostWords = 2000

const cursorWords: ReadonlySet<string> = new Set(['fetch', 'move', 'close'])
const dataWords: ReadonlySet<string> = new Set([
  'select',
  'insert',
  'update',
  'delete',
  'merge',
  'declare',
  'copy',
  'with',
  'values',
])
const notCalled = /^(?:import|from|export|class|dependencies|revision|down_revision|const\s.*\brequire)\b/
const buildsSchema =
  /(?:add|create|alter|drop|remove|rename|change)_?(?:field|column|table|model|index|constraint|reference|foreign|enum|type)/i
/** `renameColumn(`, `remove_index `, `DropTable(` say nothing else in SQL. */
const onlyVerb = /\b(rename|drop|remove)_?(?:field|column|table|model|index|constraint|reference|foreign)/i
/** `<update …>`, `knex('users').update(…)`, and not the builder of a table or of a partial index. */
const changesRows =
  /^<(?:insert|update|delete|loadData)\b|^(?!.*\b(?:t|table|schema|op|queryInterface|migrationBuilder)\s*\.).*\.(?:insert|update|upsert|del|delete|select|where\w*)\s*\(/
/** A statement that stands there in words holds no other. */
const sqlInQuotes =
  /['"`]\s*(select|insert|update|delete|merge|alter|create|drop|comment|grant|revoke|truncate|copy)\s/i
/** Of programs that run on several databases: what is written for MySQL was not sent here. */
const quotedAsInMysql = /(['"])\s*(?:alter|update|insert|delete|create|drop|select)\s(?:(?!\1).)*`\w+`/i

function escaped(word: string): string {
  return word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

interface Named {
  readonly name: string
  /** Columns, indexes and constraints tell more than tables, which many lines name. */
  readonly weight: number
}

function scoreOf(line: string, names: readonly Named[], constants: CodeConstants): number {
  const called = line.split(/[^\w$]+/).flatMap((word) => [word, constants.get(word) ?? word])
  const words = new Set(called.flatMap((word) => [word.toLowerCase(), snakeCase(word)]))
  let score = 0
  for (const { name, weight } of names) if (words.has(name)) score += weight
  return score
}

/** What a statement does, in the words that it shares with the code that made it: `drop`, `column`, `index`. */
function verbsIn(sql: string): ReadonlySet<string> {
  const words = tokenize(sql, 40).filter(({ kind }) => kind === 'word')
  return new Set(words.map(({ text }) => text.toLowerCase()))
}

/** What code calls otherwise than SQL. */
const sqlVerbs: ReadonlyMap<string, string> = new Map([
  ['del', 'delete'],
  ['destroy', 'delete'],
  ['remove', 'drop'],
])

/** Less than any name counts. */
function wordsInCommon(line: string, verbs: ReadonlySet<string>): number {
  const words = new Set(line.split(/[^\w]+/).flatMap((word) => snakeCase(word).split('_')))
  return [...words].filter((word) => verbs.has(sqlVerbs.get(word) ?? word)).length / 100
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
  } else {
    collect(node, add, 0)
    const created = createdTable(node)
    // its columns have lines of their own
    if (created !== undefined) addTable(created, (name) => weights.set(name.toLowerCase(), 50))
  }
  return [...weights].map(([name, weight]) => ({ name, weight }))
}

/** `CREATE TABLE` */
function createdTable(node: AstNode): string | undefined {
  const { relation } = node
  if (!('tableElts' in node) || typeof relation !== 'object' || relation === null) return undefined
  return 'relname' in relation && typeof relation.relname === 'string' ? relation.relname : undefined
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
      else if (nameKeys.has(key)) addName(child, add)
      else if (key === 'sval') add(child, 2)
    } else collect(child, add, depth + 1)
  }
}

/** `author_id` is the column of what models call `author`. */
function addName(name: string, add: (name: string, weight: number) => void): void {
  add(name, 3)
  const bare = /^(\w{2,})_?id$/i.exec(name)?.[1]?.replace(/_$/, '')
  if (bare !== undefined) add(bare, 2)
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
  // the string begins in a line above its first word, and the call in front of that
  while (opensText.test(lines.at(-1) ?? '')) lines.pop()
  const found: string[] = []
  for (const line of lines.toReversed()) {
    const comment = /^\s*(?:--|\/\/|#|\/?\*)\s*(.*?)\s*(?:\*\/)?\s*$/.exec(line)?.[1]
    if (comment === undefined) break
    if (comment.startsWith('pgrehearse-allow') && !aboutWayDown.test(comment)) found.unshift(`-- ${comment}`)
  }
  return found
}

/** `await query.query(\``, `execute <<~SQL`, and nothing behind it. */
const opensText = /^(?!\s*(?:--|\/\/|#|\/?\*)).*(?:[`'"(]|<<[-~]?['"]?\w+['"]?\)?)\s*$/

/** What is found in the way down is accepted there. */
const aboutWayDown = /^pgrehearse-allow\s+down-(?:fails|leaves-differences)\b/
