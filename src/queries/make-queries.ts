import type { Limit, Query, QueryAllow, Span } from '../core/model.ts'
import { parseStatement } from '../sql/parse.ts'
import { allowComments } from './allow-comments.ts'
import {
  notChecked,
  type FileQueries,
  type FoundQueries,
  type RawQuery,
  type Room,
  type SourceFile,
} from './found.ts'
import { isPutTogether, treeSize } from './trees.ts'

/** What the application runs; other statements are for migrations and psql. */
const queryTags: ReadonlySet<string> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CallStmt',
])

/** Parses what a file holds. Each query is for itself: one that fails becomes a limit. Needs loadParser(). */
export function makeQueries(source: SourceFile, found: FileQueries, room: Room): FoundQueries {
  const queries: Query[] = []
  const limits: Limit[] = [...found.limits]
  const others: RawQuery[] = []
  const named = withNames(source, found.raws)
  const { allows, malformed } = allowComments(source, named)
  for (const [at, { raw, name }] of named.entries()) {
    const made = makeQuery(source, raw, name, room, allows.get(at))
    if (made === 'no query') others.push(raw)
    else if ('code' in made) limits.push(made)
    else queries.push(made)
  }
  limits.push(...malformed, ...otherStatements(source, others))
  return { queries, limits: limits.toSorted((a, b) => offsetOf(a) - offsetOf(b)) }
}

function offsetOf({ span }: Limit): number {
  return span?.start.offset ?? 0
}

interface NamedRaw {
  readonly raw: RawQuery
  readonly name: string
}

/** Names are unique in a file: what is there twice gets `#2`. */
function withNames({ file, lines }: SourceFile, raws: readonly RawQuery[]): readonly NamedRaw[] {
  const counts = new Map<string, number>()
  return raws.map((raw) => {
    const name = raw.name ?? `${file}:${lines.position(raw.start).line}`
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    return { raw, name: count === 1 ? name : `${name}#${count}` }
  })
}

function makeQuery(
  source: SourceFile,
  raw: RawQuery,
  name: string,
  room: Room,
  allows: readonly QueryAllow[] = [],
): Query | Limit | 'no query' {
  const { style, sql, parameters, expects, problem } = raw
  const span = source.lines.span(source.file, raw.start, raw.end)
  if (problem !== undefined) return refused(name, problem, span)
  const parsed = parse(sql, room)
  if ('problem' in parsed) return refused(name, parsed.problem, span, hintFor(raw))
  const { tag, node } = parsed
  if (!isQuery(tag, node)) return 'no query'
  if (style === 'tagged template' && isPutTogether(tag, node))
    return refused(name, 'it is put together at run time', span, templateHint)
  return {
    name,
    style,
    span,
    text: linesOf(source, raw),
    sql,
    parameters,
    tag,
    node,
    ...(expects === undefined ? {} : { expects }),
    ...(allows.length === 0 ? {} : { allows }),
  }
}

/** SELECT INTO makes a table. */
export function isQuery(tag: string, node: Readonly<Record<string, unknown>>): boolean {
  return queryTags.has(tag) && !('intoClause' in node)
}

/** The tree, unless it is too deep for everybody who walks it, or those before it have taken all the room. */
export function parse(
  sql: string,
  room?: Room,
): { readonly tag: string; readonly node: Readonly<Record<string, unknown>> } | { readonly problem: string } {
  if (room?.isOver === true) return { problem: 'there is too much SQL before it' }
  room?.take(sql.length)
  try {
    const { tag, node, parseError } = parseStatement(sql)
    if (node === undefined) return { problem: shortened(parseError ?? 'it is not one statement') }
    const size = treeSize(node)
    room?.take(size ?? 0)
    return size === undefined ? { problem: 'it is nested too deeply' } : { tag, node }
  } catch (error) {
    if (error instanceof RangeError) return { problem: 'it is nested too deeply' }
    throw error
  }
}

function shortened(message: string): string {
  if (message.includes('call stack')) return 'it is nested too deeply'
  return message.length > 300 ? `${message.slice(0, 300)}…` : message
}

function refused(name: string, why: string, span: Span, hint?: string): Limit {
  return notChecked(`The query ${name} is not checked: ${why}.`, span, hint)
}

const templateHint =
  'An expression of the template stands for a part of the SQL: write that part into the template, or as a nested template.'

function hintFor({ style, parameters }: RawQuery): string | undefined {
  return style === 'tagged template' && parameters.length > 0 ? templateHint : undefined
}

/** Of one line of a minified file, nobody shows more. */
const mostText = 20_000

function linesOf({ text, lines }: SourceFile, { start, end }: RawQuery): string {
  const from = start + 1 - lines.position(start).column
  const shown = text.slice(from, from + mostText)
  const to = shown.indexOf('\n', end - from)
  return (to < 0 ? shown : shown.slice(0, to)).replace(/\r$/, '')
}

function otherStatements({ file, lines }: SourceFile, others: readonly RawQuery[]): readonly Limit[] {
  const [first] = others
  if (first === undefined) return []
  const kinds = [...new Set(others.map(({ sql }) => commandOf(sql)))]
  const shown = kinds.length > 5 ? [...kinds.slice(0, 5), '…'] : kinds
  const what =
    others.length === 1
      ? `a statement that is no query (${shown.join(', ')}); it is`
      : `${others.length} statements that are no queries (${shown.join(', ')}); they are`
  return [notChecked(`${file} holds ${what} not checked.`, lines.span(file, first.start, first.end))]
}

/** `CREATE TABLE`, `SET`, `SELECT INTO` */
function commandOf(sql: string): string {
  const [first = '', second = ''] = sql.toUpperCase().match(/[A-Z]+/g) ?? []
  if (first === 'SELECT' || first === 'WITH' || first === 'TABLE') return `${first} … INTO`
  return /^(?:CREATE|ALTER|DROP|START|REFRESH)$/.test(first) ? `${first} ${second}` : first
}
