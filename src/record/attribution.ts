/** Which file a statement comes from: by the tool's own records, by what it printed, or because there is only one. */
import type { AstNode } from '../core/model.ts'
import { tokenize } from '../sql/tokens.ts'
import { fileOf, namesOf, type FileNames } from './file-names.ts'
import type { CandidateFile, OutputLine, RecordedStatement } from './model.ts'
import type { Chapter } from './transcript.ts'

export interface Attribution {
  readonly chapters: readonly AttributedChapter[]
}

export interface AttributedChapter extends Chapter {
  /** Absent without a file. */
  readonly knownBy?: string
}

export interface AttributionContext {
  /** Files under review, and others of the same folders. */
  readonly files: readonly CandidateFile[]
  /** Paths of those under review, in their order. */
  readonly underReview: readonly string[]
  readonly output: readonly OutputLine[]
  /** It was not the last to be run: the command failed at it. */
  readonly failed: RecordedStatement | undefined
  /** Which way the command goes; absent: up. */
  readonly direction?: 'up' | 'down'
}

/** Cuts what was recorded into chapters, one for each stretch that comes from one file. */
export function attribute(
  statements: readonly RecordedStatement[],
  context: AttributionContext,
): readonly AttributedChapter[] {
  if (statements.length === 0) return []
  const names = context.files.map(namesOf)
  const marks =
    marksOfRecords(statements, names, context) ??
    marksOfOutput(statements, names, context) ??
    onlyFile(context) ??
    marksOfText(statements, context)
  const chapters: { file?: CandidateFile; knownBy?: string; statements: RecordedStatement[] }[] = []
  for (const [index, statement] of statements.entries()) {
    const mark = typeof marks === 'function' ? marks(index) : undefined
    const last = chapters.at(-1)
    if (last !== undefined && (isEnd(statement) || last.file?.path === mark?.file.path))
      last.statements.push(statement)
    else chapters.push({ ...mark, statements: [statement] })
  }
  return chapters
}

/** It belongs to what it ends. */
function isEnd({ tag, node }: RecordedStatement): boolean {
  return tag === 'TransactionStmt' && /_(?:COMMIT|ROLLBACK|RELEASE)/.test(String(node?.['kind']))
}

interface Mark {
  readonly file: CandidateFile
  readonly knownBy: string
}

type MarkOf = (index: number) => Mark | undefined

interface Record {
  readonly index: number
  readonly file: CandidateFile | undefined
  readonly table: string
}

/** Most tools write down what they have run behind it; golang-migrate and Prisma before it as well. */
function marksOfRecords(
  statements: readonly RecordedStatement[],
  names: readonly FileNames[],
  { failed, underReview, files, direction }: AttributionContext,
): MarkOf | undefined {
  const records = recordsIn(statements, names, direction)
  const known = records.filter(({ file }) => file !== undefined)
  if (known.length === 0) return undefined
  const isWork = (index: number): boolean =>
    statements[index]?.kind === 'work' && !isTransaction(statements[index])
  const indexes = [...statements.keys()].filter(isWork)
  const before =
    indexes.every((index) => index > (known[0]?.index ?? 0)) &&
    indexes.some((index) => index > (known.at(-1)?.index ?? 0)) &&
    failed === undefined
  const done = new Set(known.map(({ file }) => file?.path))
  const inOrder = direction === 'down' ? underReview.toReversed() : underReview
  const next = failed === undefined ? undefined : inOrder.find((path) => !done.has(path))
  const failing = files.find(({ path }) => path === next)
  return (index) => {
    const earlier = records.findLast((record) => record.index < index)
    const later = records.find((record) => record.index >= index)
    const knownBy = `recorded in ${(later ?? earlier)?.table ?? ''}`
    if (earlier?.file !== undefined && earlier.file === later?.file) return { file: earlier.file, knownBy }
    if (before && earlier?.file !== undefined) return { file: earlier.file, knownBy }
    if (later !== undefined) return later.file === undefined ? undefined : { file: later.file, knownBy }
    if (failing !== undefined)
      return { file: failing, knownBy: 'the first file under review that is not recorded as run' }
    const trailing = earlier?.file
    return trailing === undefined || (indexes.some((one) => one > (earlier?.index ?? 0)) && !before)
      ? undefined
      : { file: trailing, knownBy }
  }
}

function isTransaction(statement: RecordedStatement | undefined): boolean {
  return statement?.tag === 'TransactionStmt' || statement?.tag === 'VariableSetStmt'
}

function recordsIn(
  statements: readonly RecordedStatement[],
  names: readonly FileNames[],
  direction: AttributionContext['direction'],
): readonly Record[] {
  const byId = new Map<string, CandidateFile>()
  return statements.flatMap((statement, index): readonly Record[] => {
    if (statement.kind !== 'bookkeeping' || !writesRows.has(statement.tag)) return []
    const table = tableName(statement.node)
    if (isLock.test(table)) return []
    const values = valuesOf(statement.sql)
    const file =
      fileOf(valuesOf(written(statement, direction)), names) ??
      fileOf(values, names) ??
      values.map((value) => byId.get(value)).find((one) => one !== undefined)
    // Prisma's second word names only the id of the first
    if (file !== undefined) for (const value of values) if (isId(value)) byId.set(value, file)
    if (file === undefined && (statement.tag === 'DeleteStmt' || !values.some(looksLikeName))) return []
    return [{ index, file, table }]
  })
}

const writesRows: ReadonlySet<string> = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt'])

/** databasechangeloglock, knex_migrations_lock, bun_migration_locks: the number of their row is no version. */
const isLock = /locks?$/i

/**
 * Without the row that it looks for: Alembic puts a revision in the place of the one before. On the way down that row is
 * what is taken back.
 */
function written({ sql, tag }: RecordedStatement, direction: AttributionContext['direction']): string {
  const where =
    tag === 'UpdateStmt'
      ? tokenize(sql).find(({ kind, text }) => kind === 'word' && text.toLowerCase() === 'where')
      : undefined
  if (where === undefined) return sql
  return direction === 'down' ? sql.slice(where.start) : sql.slice(0, where.start)
}

function isId(value: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(value)
}

/** A version or a name, and not a lock's flag, a number of a batch or a time. */
function looksLikeName(value: string): boolean {
  return /^\d{8,17}$/.test(value) || /^[\w.-]*\d[\w.-]*_[\w.-]+$/.test(value)
}

/** Literals and numbers of a statement; parameters are in it already. */
function valuesOf(sql: string): readonly string[] {
  return tokenize(sql).flatMap(({ kind, text }) => {
    if (kind === 'word') return /^\d+$/.test(text) ? [text] : []
    if (kind !== 'literal') return []
    const inner = /^[A-Za-z]?'([\s\S]*)'$/.exec(text)?.[1]
    return inner === undefined ? [] : [inner.replaceAll("''", "'")]
  })
}

function tableName(node: AstNode | undefined): string {
  const relation = node?.['relation'] as { readonly relname?: string } | undefined
  return relation?.relname ?? 'the tool’s own table'
}

/** Lines that name a file, before its statements or behind them. */
function marksOfOutput(
  statements: readonly RecordedStatement[],
  names: readonly FileNames[],
  { output }: AttributionContext,
): MarkOf | undefined {
  const lines = output.flatMap(({ text, atMs }) => {
    const words = text.split(/[\s"'`=:,()[\]<>]+/).filter((word) => word.length > 2)
    const file = fileOf(words, names)
    return file === undefined ? [] : [{ atMs, file }]
  })
  const [first] = lines
  const isWork = ({ kind, tag }: RecordedStatement): boolean => kind === 'work' && tag !== 'TransactionStmt'
  const begins = statements.find(isWork)?.sent.startedAtMs ?? 0
  if (first === undefined) return undefined
  const before = first.atMs <= begins + clockSlackMs
  const knownBy = 'named in the output'
  return (index) => {
    const at = statements[index]?.sent.startedAtMs ?? 0
    const line = before
      ? (lines.findLast(({ atMs }) => atMs <= at + clockSlackMs) ?? first)
      : (lines.find(({ atMs }) => atMs >= at) ?? lines.at(-1))
    return line === undefined ? undefined : { file: line.file, knownBy }
  }
}

/** A line that was printed before a statement may reach us after it. */
const clockSlackMs = 2

/** Files of SQL in which the statements stand word for word; what stands nowhere belongs to what came before it. */
function marksOfText(
  statements: readonly RecordedStatement[],
  { files, underReview }: AttributionContext,
): MarkOf | undefined {
  const texts = files
    .filter(({ path }) => path.endsWith('.sql') && underReview.includes(path))
    .map((file) => ({ file, words: spaced(file.text) }))
  if (texts.length === 0) return undefined
  let latest: CandidateFile | undefined
  const found = statements.map(({ sql, kind, tag }) => {
    const words = spaced(sql)
    const holding =
      kind === 'work' && tag !== 'TransactionStmt' ? texts.filter((one) => one.words.includes(words)) : []
    latest = holding.find(({ file }) => file === latest)?.file ?? holding[0]?.file ?? latest
    return latest
  })
  if (latest === undefined) return undefined
  return (index) => {
    const file = found[index] ?? found.find((one) => one !== undefined)
    return file === undefined ? undefined : { file, knownBy: 'it stands in the file word for word' }
  }
}

function spaced(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().toLowerCase()
}

function onlyFile({ files, underReview }: AttributionContext): MarkOf | undefined {
  const [path, ...others] = underReview
  const file = files.find((one) => one.path === path)
  if (file === undefined || others.length > 0) return undefined
  return () => ({ file, knownBy: 'the only file under review' })
}
