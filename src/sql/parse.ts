import { loadModule, parseSync } from 'libpg-query'
import type { AstNode, Limit, Span } from '../core/model.ts'
import type { MigrationScript, ScriptPart } from '../core/source.ts'
import { LineIndex } from './lines.ts'
import { splitScript } from './split.ts'
import { tokenize } from './tokens.ts'

/** A statement before it is known which transaction it runs in. */
export interface ParsedStatement {
  readonly sql: string
  readonly span: Span
  readonly tag: string
  /** `location` fields are UTF-16 offsets into `sql`; libpg_query's own are bytes. */
  readonly node: AstNode | undefined
  readonly index: number
  readonly copyData?: string
  /** Which part of the script it stands in, from 0; absent: the first. */
  readonly part?: number
  /** Why our parser gave up, when it did. */
  readonly parseError?: string
}

export interface ParsedScript {
  readonly script: MigrationScript
  readonly lines: LineIndex
  readonly statements: readonly ParsedStatement[]
  /** Meta commands that are not run, unterminated literals. */
  readonly limits: readonly Limit[]
}

/**
 * Loads the parser's WebAssembly module; call once before {@link parseScript}. It is the one inside pgsql-parser,
 * without that package's deparser, which takes longer to load than a file takes to parse.
 */
export async function loadParser(): Promise<void> {
  await loadModule()
}

/**
 * Splits a script as psql does and parses every statement on its own, so that one that our parser does not
 * know (tag `Unparsed`) does not hide the others.
 */
export function parseScript(script: MigrationScript): ParsedScript {
  const reader = new ScriptReader(script)
  const parts = script.parts ?? [{ start: script.start, end: script.end }]
  for (const [index, part] of parts.entries()) reader.read(part, index)
  const { lines, statements } = reader
  return { script, lines, statements, limits: reader.limits() }
}

let latest: { readonly text: string; readonly lines: LineIndex } | undefined

/** Remembers the latest: the scripts of one file have its whole text each, and come one after the other. */
function linesOf(text: string): LineIndex {
  if (latest?.text !== text) latest = { text, lines: new LineIndex(text) }
  return latest.lines
}

class ScriptReader {
  readonly lines: LineIndex
  readonly statements: ParsedStatement[] = []
  private readonly unterminated: Limit[] = []
  private readonly metaCommands: MetaCommand[] = []
  private readonly script: MigrationScript

  constructor(script: MigrationScript) {
    this.script = script
    this.lines = linesOf(script.text)
  }

  read({ start, end }: ScriptPart, part: number): void {
    const { pieces, unterminated } = splitScript(this.script.text, start, end)
    for (const piece of pieces) {
      if (piece.kind === 'meta command') this.takeMetaCommand(piece)
      else this.takeStatement(piece, part)
    }
    if (unterminated === undefined) return
    this.unterminated.push({
      code: 'unterminated-literal',
      message: `A ${unterminated.what} that begins here never ends.`,
      hint: 'Close it; until then everything after it is part of it.',
      span: this.spanOf({ start: unterminated.start, end }),
    })
  }

  private takeStatement(piece: ScriptPart & { readonly copyData?: string }, part: number): void {
    const sql = this.script.text.slice(piece.start, piece.end)
    this.statements.push({
      sql,
      span: this.spanOf(piece),
      index: this.statements.length,
      ...parseStatement(sql),
      ...(piece.copyData === undefined ? {} : { copyData: piece.copyData }),
      ...(part === 0 ? {} : { part }),
    })
  }

  private takeMetaCommand(piece: ScriptPart): void {
    const text = this.script.text.slice(piece.start, piece.end)
    if (!isHarmless(text)) this.metaCommands.push({ name: metaCommandName(text), span: this.spanOf(piece) })
  }

  limits(): readonly Limit[] {
    return [...metaCommandLimit(this.metaCommands), ...this.unterminated]
  }

  private spanOf({ start, end }: ScriptPart): Span {
    return this.lines.span(this.script.file, start, end)
  }
}

/** One statement's tree, or why there is none. Never throws. */
export function parseStatement(sql: string): Pick<ParsedStatement, 'tag' | 'node' | 'parseError'> {
  const parsed = parseAsWritten(sql)
  if (parsed.parseError === undefined) return parsed
  const bare = withoutComments(sql)
  const again = bare === sql ? parsed : parseAsWritten(bare)
  return again.parseError === undefined ? again : parsed
}

function parseAsWritten(sql: string): Pick<ParsedStatement, 'tag' | 'node' | 'parseError'> {
  let parsed: { stmts?: { stmt?: Record<string, unknown> }[] }
  try {
    parsed = parseSync(sql) as typeof parsed
  } catch (error) {
    return {
      tag: 'Unparsed',
      node: undefined,
      parseError: error instanceof Error ? error.message : String(error),
    }
  }
  const first = parsed.stmts?.[0]?.stmt
  const tag = first === undefined ? undefined : Object.keys(first)[0]
  if (first === undefined || tag === undefined || parsed.stmts?.length !== 1) {
    return { tag: 'Unparsed', node: undefined, parseError: 'not exactly one statement' }
  }
  const node = first[tag] as Record<string, unknown>
  if (!isAscii(sql)) convertLocations(node, byteToUtf16(sql))
  return { tag, node }
}

/**
 * The statement with white space in the place of its comments, so that everything else stays where it is. libpg_query
 * gives comments to the parser's lookahead of one token: `NOT`, a comment and `IN` and `NULLS`, a comment and `LAST` fail there, though Postgres
 * reads them (base_yylex, parser.c).
 */
function withoutComments(sql: string): string {
  let bare = ''
  let at = 0
  for (const { start, end } of [...tokenize(sql), { start: sql.length, end: sql.length }]) {
    bare += sql.slice(at, start).replace(/\S/g, ' ') + sql.slice(start, end)
    at = end
  }
  return bare
}

/** The trees of a text of several statements, without their places; none when it cannot be parsed. */
export function parseStatements(sql: string): readonly { readonly tag: string; readonly value: object }[] {
  try {
    const { stmts = [] } = parseSync(sql) as { stmts?: { stmt?: Record<string, object> }[] }
    return stmts.flatMap(({ stmt = {} }) => Object.entries(stmt).map(([tag, value]) => ({ tag, value })))
  } catch {
    return []
  }
}

function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- the range is the definition of ASCII
  return !/[^\x00-\x7f]/.test(text)
}

/** Offsets of UTF-16 code units by byte offset, as libpg_query counts in UTF-8. */
function byteToUtf16(text: string): Uint32Array {
  const bytes = new TextEncoder().encode(text)
  const map = new Uint32Array(bytes.length + 1)
  let unit = 0
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0
    map[at] = unit
    if (byte < 0x80 || byte >= 0xc0) unit += byte >= 0xf0 ? 2 : 1
    else map[at] = unit - 1
  }
  map[bytes.length] = unit
  return map
}

function convertLocations(value: unknown, map: Uint32Array): void {
  if (Array.isArray(value)) {
    for (const item of value) convertLocations(item, map)
  } else if (typeof value === 'object' && value !== null) {
    const record = value as Record<string, unknown>
    for (const [key, child] of Object.entries(record)) {
      if (key === 'location' && typeof child === 'number') record[key] = map[child] ?? child
      else if (typeof child === 'object') convertLocations(child, map)
    }
  }
}

/** Meta commands that only change what psql prints, or that pg_dump writes around its output. */
const harmlessMetaCommands = new Set([
  'echo',
  'qecho',
  'warn',
  'timing',
  'pset',
  'x',
  'a',
  't',
  'encoding',
  'set',
  'unset',
  'prompt',
  'restrict',
  'unrestrict',
  'errverbose',
  'q',
])

interface MetaCommand {
  readonly name: string
  readonly span: Span
}

function metaCommandName(text: string): string {
  return /^\\([A-Za-z!?]+\+?)/.exec(text)?.[1] ?? text.slice(1, 2)
}

function isHarmless(text: string): boolean {
  const name = metaCommandName(text)
  if (name === 'set') return /^\\set\s+(on_error_stop|echo|verbosity|quiet)/i.test(text)
  return harmlessMetaCommands.has(name)
}

/** One for all of a script. */
function metaCommandLimit(commands: readonly MetaCommand[]): readonly Limit[] {
  const [first] = commands
  if (first === undefined) return []
  const names = [...new Set(commands.map(({ name }) => `\\${name}`))]
  const subject =
    names.length === 1
      ? `The psql command ${names[0] ?? ''} is`
      : `The psql commands ${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''} are`
  const branches = names.includes('\\if') ? ' The statements of all branches of \\if are run.' : ''
  return [
    {
      code: 'psql-meta-command',
      message: `${subject} not run: only psql itself understands ${names.length === 1 ? 'it' : 'them'}.`,
      hint: `What ${names.length === 1 ? 'it' : 'they'} would have done (include a file, set a variable, copy data, connect elsewhere) is missing from the rehearsal.${branches}`,
      span: first.span,
      ...(commands.length === 1
        ? {}
        : { steps: commands.map(({ name, span }) => ({ span, message: `\\${name} is not run` })) }),
    },
  ]
}
