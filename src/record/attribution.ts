/** Which file a statement comes from: by the tool's own records, by what it printed, or because there is only one. */
import { failingOrigin } from './failing-origin.ts'
import { fileOf, namesOf, namesSeveral, type FileNames } from './file-names.ts'
import type { CandidateFile, OutputLine, RecordedStatement } from './model.ts'
import type { Chapter, Origin } from './transcript.ts'
import { recordsIn, type VersionRecord } from './version-records.ts'

export interface Attribution {
  readonly chapters: readonly AttributedChapter[]
}

export interface AttributedChapter extends Chapter {
  /** Absent where nothing tells where it comes from. */
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
    marksOfText(statements, context) ??
    marksOfNames(statements, names, context)
  const chapters: (Partial<Mark> & { statements: RecordedStatement[] })[] = []
  for (const [index, statement] of statements.entries()) {
    const mark = typeof marks === 'function' ? marks(index) : undefined
    const last = chapters.at(-1)
    if (last !== undefined && (isEnd(statement) || isSame(last, mark))) last.statements.push(statement)
    else chapters.push({ ...mark, statements: [statement] })
  }
  return chapters
}

/** It belongs to what it ends. */
function isEnd({ tag, node }: RecordedStatement): boolean {
  return tag === 'TransactionStmt' && /_(?:COMMIT|ROLLBACK|RELEASE)/.test(String(node?.['kind']))
}

interface Mark extends Origin {
  readonly knownBy: string
}

type MarkOf = (index: number) => Mark | undefined

function isSame(one: Origin, other: Origin = {}): boolean {
  return one.file?.path === other.file?.path && one.recordedAs === other.recordedAs
}

/** Most tools write down what they have run behind it; golang-migrate and Prisma before it as well. */
function marksOfRecords(
  statements: readonly RecordedStatement[],
  names: readonly FileNames[],
  context: AttributionContext,
): MarkOf | undefined {
  const records = recordsIn(statements, names, context.direction)
  return records.some(({ file }) => file !== undefined)
    ? marksBy(records, statements, names, context)
    : undefined
}

/** Migrations of which no file is the project's, by the names that the tool has for them. */
function marksOfNames(
  statements: readonly RecordedStatement[],
  names: readonly FileNames[],
  context: AttributionContext,
): MarkOf | undefined {
  const records = recordsIn(statements, names, context.direction)
  return records.length === 0 ? undefined : marksBy(records, statements, names, context)
}

function marksBy(
  records: readonly VersionRecord[],
  statements: readonly RecordedStatement[],
  names: readonly FileNames[],
  context: AttributionContext,
): MarkOf {
  const { failed } = context
  const isWork = (index: number): boolean =>
    statements[index]?.kind === 'work' && !isTransaction(statements[index])
  const indexes = [...statements.keys()].filter(isWork)
  const before =
    indexes.every((index) => index > (records[0]?.index ?? 0)) &&
    indexes.some((index) => index > (records.at(-1)?.index ?? 0)) &&
    failed === undefined
  const failing = failed === undefined ? undefined : failingOrigin(records, names, context)
  const originOf = ({ file, recordedAs, table }: VersionRecord): Mark | undefined => {
    const knownBy = `recorded in ${table}`
    if (file !== undefined) return { file, knownBy }
    return recordedAs === undefined ? undefined : { recordedAs, knownBy }
  }
  return (index) => {
    const earlier = records.findLast((record) => record.index < index)
    const later = records.find((record) => record.index >= index)
    const isWithin = earlier?.file === later?.file && earlier?.recordedAs === later?.recordedAs
    if (earlier !== undefined && (before || isWithin)) return originOf(earlier)
    if (later !== undefined) return originOf(later)
    if (failing !== undefined) return failing
    return earlier === undefined || indexes.some((one) => one > earlier.index) ? undefined : originOf(earlier)
  }
}

function isTransaction(statement: RecordedStatement | undefined): boolean {
  return statement?.tag === 'TransactionStmt' || statement?.tag === 'VariableSetStmt'
}

interface NamingLine {
  readonly atMs: number
  /** Absent where files of several folders are called so. */
  readonly file?: CandidateFile
}

/** Lines that name a file, before its statements or behind them. */
function marksOfOutput(
  statements: readonly RecordedStatement[],
  names: readonly FileNames[],
  { output, underReview, direction }: AttributionContext,
): MarkOf | undefined {
  const lines = output.flatMap(({ text, atMs }): readonly NamingLine[] => {
    const words = wordsOf(text)
    const file = fileOf(words, names)
    // what comes with this line is no file's that another line names
    if (file === undefined) return namesSeveral(words, names) ? [{ atMs }] : []
    // who goes back says where to as well
    const isOther = direction === 'down' && !underReview.includes(file.path)
    return isOther ? [] : [{ atMs, file }]
  })
  if (lines.every(({ file }) => file === undefined)) return undefined
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
    return line?.file === undefined ? undefined : { file: line.file, knownBy }
  }
}

function wordsOf(line: string): readonly string[] {
  return line
    .split(/[\s"'`=:,()[\]<>]+/)
    .filter((word) => word.length > 2)
    .flatMap((word) => {
      // Django: `Unapplying shop.0003_note...`
      const [, app, name] = /^(\w+)\.(\d+_\w+)\.*$/.exec(word) ?? []
      return app === undefined || name === undefined ? [word] : [app, name]
    })
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
