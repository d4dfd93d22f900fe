import type { Query, QueryStyle } from '../core/model.ts'
import type { ParameterForm } from './numbering.ts'
import type { ParameterSyntax } from './parameters.ts'

/** A comment that gives the SQL below it a name. */
export interface Marker {
  readonly style: QueryStyle
  /** Undefined: below it is no query (a snippet of HugSQL). */
  readonly name?: string
  readonly expects?: NonNullable<Query['expects']>
  readonly syntax: ParameterSyntax
  /** Offset of the comment. */
  readonly start: number
  /** Where the SQL may begin. */
  readonly end: number
}

/** Does the text hold markers? Case counts: pg_dump writes `-- Name: users; Type: TABLE`. */
export function hasMarkers(text: string): boolean {
  return text.includes('name') && findMarkers(text).length > 0
}

/** All markers, in order. As in the tools themselves, a line in a string that looks like one is one. */
export function findMarkers(text: string): readonly Marker[] {
  const closing = closings(text)
  const found = [...text.matchAll(lineMarker)].flatMap((match) => lineMarkerOf(match, closing))
  const typed = text.includes('@name')
    ? [...text.matchAll(pgTypedMarker)].flatMap((match) => pgTypedMarkerOf(text, match, closing))
    : []
  return typed.length === 0 ? found : [...found, ...typed].toSorted((a, b) => a.start - b.start)
}

/** Where a block comment ends; undefined when it never does. A text of nothing but openings is read to its end once. */
type ClosingAfter = (offset: number) => number | undefined

function closings(text: string): ClosingAfter {
  let none = false
  return (offset) => {
    const at = none ? -1 : text.indexOf('*/', offset)
    if (at >= 0) return at + 2
    none = true
    return undefined
  }
}

const lineMarker = /(?<![^\r\n])[ \t]*(--|\/\*)[ \t]*(name[ \t]*:|:(?:name|snip)-?(?=[ \t]))[ \t]*([^\r\n]*)/g

function lineMarkerOf(match: RegExpMatchArray, closingAfter: ClosingAfter): readonly Marker[] {
  const [whole, opening, keyword = '', rest = ''] = match
  const start = match.index ?? 0
  const closing = opening === '/*' ? closingAfter(start) : undefined
  const place = { start, end: closing ?? start + whole.length }
  const header = rest.replace(/\*\/[^]*$/, '').trim()
  const marker = keyword.startsWith(':') ? hugsqlMarker(keyword, header) : nameMarker(header)
  return marker === undefined ? [] : [{ ...marker, ...place }]
}

type Header = Omit<Marker, 'start' | 'end'>

/** sqlc has a command behind the name; yesql and aiosql put a mark at its end, and aiosql may list parameters. */
function nameMarker(header: string): Header | undefined {
  const match =
    /^([A-Za-z_][\w./-]*)(?:[ \t]*\([^()]*\))?(?:[ \t]*(<!|\*!|[!^$#?]))?(?:[ \t]*:([a-z]+)(?:[ \t].*)?)?$/.exec(
      header,
    )
  if (match === null) return undefined
  const [, name = '', mark, command] = match
  if (command === undefined) {
    return { name, style: 'named SQL', syntax: colonSyntax, expects: marks[mark ?? ''] ?? 'rows' }
  }
  return { name, style: 'sqlc', syntax: { sqlc: true }, ...expecting(commands[command]) }
}

const colonSyntax: ParameterSyntax = { colon: 'named', question: true }

type Expects = NonNullable<Query['expects']>

/** https://docs.sqlc.dev/en/stable/reference/query-annotations.html */
const commands: Readonly<Record<string, Expects>> = {
  one: 'one row',
  many: 'rows',
  exec: 'nothing',
  execrows: 'count',
  execresult: 'count',
  execlastid: 'one row',
  batchone: 'one row',
  batchmany: 'rows',
  batchexec: 'nothing',
  copyfrom: 'nothing',
}

/** https://nackjicholson.github.io/aiosql/defining-sql-queries.html, and yesql's README. */
const marks: Readonly<Record<string, Expects>> = {
  '!': 'count',
  '*!': 'count',
  '<!': 'one row',
  '^': 'one row',
  $: 'one row',
  '#': 'nothing',
}

function expecting(expects: Expects | undefined): Pick<Header, 'expects'> {
  return expects === undefined ? {} : { expects }
}

/** https://www.hugsql.org/hugsql-in-detail/command */
function hugsqlMarker(keyword: string, header: string): Header | undefined {
  const syntax: ParameterSyntax = { colon: 'hugsql', question: true }
  const [name, ...words] = header.split(/\s+/)
  if (name === undefined || name === '') return undefined
  if (keyword.startsWith(':snip')) return { style: 'named SQL', syntax }
  return { name, style: 'named SQL', syntax, expects: hugsqlResult(words) }
}

function hugsqlResult(words: readonly string[]): Expects {
  const has = (...some: readonly string[]): boolean => some.some((word) => words.includes(word))
  if (has(':1', ':one')) return 'one row'
  if (has(':n', ':affected')) return 'count'
  if (has(':*', ':many')) return 'rows'
  return has(':!', ':execute', ':i!', ':insert') ? 'count' : 'rows'
}

const pgTypedMarker = /\/\*[\s*]*@name[ \t]+([A-Za-z_$][\w$]*)/g

function pgTypedMarkerOf(
  text: string,
  match: RegExpMatchArray,
  closingAfter: ClosingAfter,
): readonly Marker[] {
  const [whole, name = ''] = match
  const start = match.index ?? 0
  const end = closingAfter(start)
  if (end === undefined) return []
  const forms = parameterForms(text.slice(start + whole.length, end))
  return [{ name, style: 'PgTyped', syntax: { colon: 'pgtyped', forms }, start, end }]
}

/** `@param ids -> (...)`, `@param user -> (name, age!)`, `@param users -> ((name, age)...)`; see pgtyped.dev/docs/sql-file. */
function parameterForms(comment: string): ReadonlyMap<string, ParameterForm> {
  const forms = new Map<string, ParameterForm>()
  const declared = /@param\s+([A-Za-z_]\w*)\s*->\s*\(((?:\s*\([\w\s,!]*\))?[\w\s,.!]*)\)/g
  for (const [, name = '', inner = ''] of comment.matchAll(declared)) forms.set(name, formOf(inner))
  return forms
}

/** What stands between the parentheses of a PgTyped parameter. */
export function formOf(inner: string): ParameterForm {
  return { picked: inner.match(/[A-Za-z_]\w*/g) ?? [], isList: inner.includes('...') }
}
