import { parseStatement } from '../sql/parse.ts'
import { textMatching } from './seed-regex.ts'

/** What an expression compares its columns with: material for values that may satisfy it. */
export interface Hints {
  /** String constants, also those that were cast to another type. */
  readonly texts: readonly string[]
  readonly numbers: readonly string[]
  readonly patterns: readonly string[]
  readonly likes: readonly string[]
  /** Numbers that a length is compared with. */
  readonly lengths: readonly number[]
  /** Does a row have to fall into a hash partition? Then many different values are needed. */
  readonly hashed: boolean
}

/** A condition that a row has to meet, and the columns it reads. */
export interface Predicate {
  readonly sql: string
  readonly columns: readonly string[]
  /** By column. */
  readonly hints: ReadonlyMap<string, Hints>
}

type Node = Readonly<Record<string, unknown>>

/**
 * Reads a CHECK expression or a partition's bounds, as pg_get_expr() prints them. Undefined when our parser does
 * not follow or the expression reads the whole row: then only inserting tells.
 */
export function readPredicate(sql: string): Predicate | undefined {
  const { node } = parseStatement(`select ${sql}`)
  if (node === undefined) return undefined
  const units = conditions(node)
  const columns = new Set(units.flatMap(columnNames))
  if (columns.has('*')) return undefined
  const hints = new Map([...columns].map((column) => [column, collect(units, column)]))
  return { sql, columns: [...columns], hints }
}

/** Hints of several predicates about one column (by the name that each calls it), as one. */
export function mergedHints(hints: readonly (Hints | undefined)[]): Hints {
  const given = hints.filter((one) => one !== undefined)
  return {
    texts: [...new Set(given.flatMap(({ texts }) => texts))],
    numbers: [...new Set(given.flatMap(({ numbers }) => numbers))],
    patterns: [...new Set(given.flatMap(({ patterns }) => patterns))],
    likes: [...new Set(given.flatMap(({ likes }) => likes))],
    lengths: [...new Set(given.flatMap(({ lengths }) => lengths))],
    hashed: given.some(({ hashed }) => hashed),
  }
}

/**
 * Literals that the hints suggest for a column of this type category (pg_type.typcategory), the constants
 * themselves and their neighbours. None is certain to fit: the server judges them.
 */
export function hintedValues(hints: Hints, category: string, row: number): readonly string[] {
  const { texts, numbers, lengths } = hints
  // All labels and both truth values are candidates already.
  if (category === 'E' || category === 'B') return []
  if (category === 'N') return [...numbers, ...texts].flatMap(neighbours)
  if (category === 'D') return texts.flatMap(neighbouringDays)
  if (category === 'A')
    return [...texts.map((text) => `{"${text}"}`), ...numbers.map((n) => `{${n}}`), ...texts]
  if (category === 'S' || category === 'U') return hintedTexts(hints, row)
  return [...texts, ...numbers, ...lengths.map(String)]
}

function hintedTexts({ texts, patterns, likes, lengths }: Hints, row: number): readonly string[] {
  const matching = patterns.map((pattern) => textMatching(pattern, row)).filter((text) => text !== undefined)
  const alike = likes.map((pattern) => pattern.replaceAll('%', String(row)).replaceAll('_', 'a'))
  const long = lengths
    .flatMap((length) => [length, length + 1, length - 1])
    .filter((length) => length > 0 && length <= 10_000)
    .map((length) => 'pgrehearse-'.repeat(Math.ceil(length / 11)).slice(0, length - 1) + row.toString(36))
  const document = JSON.stringify(Object.fromEntries(texts.map((text) => [text, text])))
  return [...matching, ...alike, ...long, ...texts, ...texts.map((text) => `${text}${row}`), document]
}

function neighbours(text: string): readonly string[] {
  if (!/^-?\d{1,18}$/.test(text)) return /^-?\d+\.\d+$/.test(text) ? [text] : []
  const n = BigInt(text)
  return [text, String(n + 1n), String(n - 1n)]
}

function neighbouringDays(text: string): readonly string[] {
  const at = Date.parse(text.replace(/([+-]\d\d)$/, '$1:00'))
  if (Number.isNaN(at)) return [text]
  const shifted = (days: number): string => new Date(at + days * 86_400_000).toISOString()
  return [text, shifted(1), shifted(-1)]
}

/** The operands of AND, OR and NOT, however deep. */
function conditions(node: unknown): readonly Node[] {
  if (Array.isArray(node)) return node.flatMap(conditions)
  if (typeof node !== 'object' || node === null) return []
  const entries = Object.entries(node as Node)
  return entries.flatMap(([tag, child]) => {
    if (tag === 'A_Expr' || tag === 'FuncCall' || tag === 'ColumnRef' || tag === 'CaseExpr')
      return [node as Node]
    return conditions(child)
  })
}

function collect(units: readonly Node[], column: string): Hints {
  const found = units.filter((unit) => columnNames(unit).includes(column)).map((unit) => unitHints(unit))
  return mergedHints(found)
}

const lengthFunctions = new Set([
  'length',
  'char_length',
  'character_length',
  'octet_length',
  'array_length',
  'cardinality',
])

function unitHints(unit: Node): Hints {
  const constants: { texts: string[]; numbers: string[] } = { texts: [], numbers: [] }
  const functions = new Set<string>()
  const operators = new Set<string>()
  visit(unit, (tag, node) => {
    if (tag === 'A_Const') addConstant(node, constants)
    else if (tag === 'FuncCall') functions.add(names(node['funcname']).at(-1) ?? '')
    else if (tag === 'A_Expr') operators.add(names(node['name']).at(-1) ?? '')
  })
  const isPattern = [...operators].some((operator) => /^!?~\*?$/.test(operator))
  const isLike = [...operators].some((operator) => /^!?~~\*?$/.test(operator))
  const isLength = [...functions].some((name) => lengthFunctions.has(name))
  return {
    texts: isPattern || isLike ? [] : constants.texts,
    numbers: constants.numbers,
    patterns: isPattern ? constants.texts : [],
    likes: isLike ? constants.texts : [],
    lengths: isLength ? constants.numbers.map(Number).filter(Number.isSafeInteger) : [],
    hashed: functions.has('satisfies_hash_partition'),
  }
}

function addConstant(node: Node, constants: { texts: string[]; numbers: string[] }): void {
  const value = (key: string, field: string): string | undefined => {
    const holder = node[key] as Node | undefined
    return holder === undefined ? undefined : String(holder[field] ?? 0)
  }
  const number = value('ival', 'ival') ?? value('fval', 'fval')
  if (number !== undefined) constants.numbers.push(number)
  const holder = node['sval'] as Node | undefined
  if (holder === undefined) return
  const text = String(holder['sval'] ?? '')
  // A folded array constant, e.g. '{a,b}'::text[]
  if (/^\{.*\}$/s.test(text))
    constants.texts.push(
      ...text
        .slice(1, -1)
        .split(',')
        .map((item) => item.replaceAll('"', '')),
    )
  else constants.texts.push(text)
}

function columnNames(node: Node): readonly string[] {
  const found: string[] = []
  visit(node, (tag, child) => {
    if (tag !== 'ColumnRef') return
    const fields = child['fields']
    const isWhole = Array.isArray(fields) && fields.some((field: Node) => 'A_Star' in field)
    found.push(isWhole ? '*' : (names(fields).at(-1) ?? '*'))
  })
  return found
}

function names(list: unknown): readonly string[] {
  if (!Array.isArray(list)) return []
  return list.map((item: Node) => String((item['String'] as Node | undefined)?.['sval'] ?? ''))
}

/** Calls back for every tagged node, the outermost first. */
function visit(value: unknown, callback: (tag: string, node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, callback)
  } else if (typeof value === 'object' && value !== null) {
    for (const [tag, child] of Object.entries(value)) {
      if (typeof child === 'object' && child !== null && !Array.isArray(child)) callback(tag, child as Node)
      visit(child, callback)
    }
  }
}

/**
 * Can the default be used without side effects? Built-in functions other than those of sequences have none;
 * users' functions may call nextval().
 */
export function isSafeDefault(sql: string): boolean {
  // Most defaults are constants and need no parser.
  if (!sql.includes('(')) return true
  const { node } = parseStatement(`select ${sql}`)
  if (node === undefined) return false
  let safe = true
  visit(node, (tag, child) => {
    if (tag !== 'FuncCall') return
    const name = names(child['funcname'])
    // Printed under search_path = pg_catalog: a name without a schema is built in.
    if (name.length !== 1 || /^(nextval|setval|lo_|pg_|set_config|dblink)/.test(name[0] ?? '')) safe = false
  })
  return safe
}
