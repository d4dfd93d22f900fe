/** What a command sent, as scripts that can be replayed. */
import type { MigrationScript, ScriptPart } from '../core/source.ts'
import type { TransactionChoice } from '../core/model.ts'
import type { CandidateFile, RecordedStatement } from './model.ts'

/** A script and where in its text each of its statements stands. */
export interface Transcript {
  readonly script: MigrationScript
  readonly statements: readonly TranscribedStatement[]
}

export interface TranscribedStatement {
  readonly recorded: RecordedStatement
  /** Where the allow comments above it begin; UTF-16 offsets in the script's text. */
  readonly from: number
  readonly start: number
  readonly end: number
}

/** The migration that statements come from. */
export interface Origin {
  /** Absent: none of the project is known. */
  readonly file?: CandidateFile
  /** What the tool calls a migration that is no file of the project: `auth.0001_initial`. */
  readonly recordedAs?: string
}

/** Statements that belong to one migration, in order. */
export interface Chapter extends Origin {
  readonly statements: readonly RecordedStatement[]
  /** One transaction holds it as a whole, or it and its neighbours; its BEGIN and COMMIT are not among the statements. */
  readonly mode?: 'file' | 'run'
  /** Nothing but what the tool does for itself. */
  readonly isOwn?: true
}

export interface TranscriptOptions {
  /** The name of chapters without a file. */
  readonly title: string
  /** Allow comments that stand above a statement's place in its file, each a line that begins with `--`. */
  readonly allowsAbove?: (file: CandidateFile, statement: RecordedStatement) => readonly string[]
}

/**
 * One script per chapter. Each message of the client is a part of its script, so that statements that were one implicit
 * transaction are one again.
 */
export function transcribe(chapters: readonly Chapter[], options: TranscriptOptions): readonly Transcript[] {
  const seen = new Map<string, number>()
  const ends = new Map<string, number>()
  return chapters.map((chapter) => {
    const file =
      chapter.file?.path ??
      chapter.recordedAs ??
      (chapter.isOwn === true ? `${options.title}: its own` : options.title)
    const count = (seen.get(file) ?? 0) + 1
    seen.set(file, count)
    const id = count === 1 ? undefined : `${file} (${count})`
    const transcript = transcribeOne(chapter, { file, id, from: ends.get(file) ?? 0 }, options)
    ends.set(file, transcript.script.end)
    return transcript
  })
}

interface Name {
  readonly file: string
  readonly id: string | undefined
  /** Where its text begins. */
  readonly from: number
}

function transcribeOne(
  { file, statements, mode }: Chapter,
  { file: path, id, from: begin }: Name,
  { allowsAbove }: TranscriptOptions,
): Transcript {
  // no two statements of a file stand at the same place, in whichever of its transcripts they are
  let text = ' '.repeat(begin)
  const placed: TranscribedStatement[] = []
  const parts: ScriptPart[] = []
  let message: string | undefined
  for (const recorded of statements) {
    const from = text.length
    for (const line of file === undefined ? [] : (allowsAbove?.(file, recorded) ?? [])) text += `${line}\n`
    const start = text.length
    text += recorded.sql
    const end = text.length
    text += endOf(recorded)
    placed.push({ recorded, from, start, end })
    const own = `${recorded.session.id} ${recorded.sent.message}`
    const last = parts.at(-1)
    if (own === message && last !== undefined) parts[parts.length - 1] = { ...last, end: text.length }
    else parts.push({ start: parts.length === 0 ? begin : start, end: text.length })
    message = own
  }
  return {
    script: {
      source: 'recorded',
      file: path,
      ...(id === undefined ? {} : { id }),
      version: null,
      title: titleOf(path),
      text,
      start: begin,
      end: text.length,
      ...(mode === undefined ? { parts } : {}),
      transaction: mode === undefined ? modeOf(statements) : { mode, why },
      repeatable: false,
    },
    statements: placed,
  }
}

/** COPY has its rows behind it, as psql reads them. */
function endOf({ sql, sent }: RecordedStatement): string {
  const semicolon = /--[^\n]*$/.test(sql) ? '\n;\n' : ';\n'
  if (sent.copyData === undefined) return semicolon
  const data = sent.copyData
  return `${semicolon}${data}${data === '' || data.endsWith('\n') ? '' : '\n'}\\.\n`
}

const why = 'as the command did it'

function modeOf(statements: readonly RecordedStatement[]): TransactionChoice {
  const messages = new Set(statements.map(({ session, sent }) => `${session.id} ${sent.message}`))
  return { mode: messages.size < statements.length ? 'simple query' : 'statement', why }
}

function titleOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/**
 * What is left of a recording when it is replayed: the transactions that committed, in the order in which they did, without
 * what only reads and what was taken back to a savepoint; behind them the one that failed for good, if there is one.
 */
export function lastingStatements(
  statements: readonly RecordedStatement[],
  failed: RecordedStatement | undefined,
): readonly RecordedStatement[] {
  const transactions = new Map<number, RecordedStatement[]>()
  for (const statement of statements) {
    const own = transactions.get(statement.transaction) ?? []
    transactions.set(statement.transaction, [...own, statement])
  }
  const committed = [...transactions]
    .filter(([, [first]]) => first?.outcome === 'committed')
    .toSorted(([one], [other]) => one - other)
    .flatMap(([, own]) => withoutEmptyBlock(withoutTakenBack(own)))
  if (failed === undefined) return committed
  const last = transactions.get(failed.transaction) ?? []
  const upTo = last.slice(0, last.indexOf(failed) + 1)
  return [...committed, ...withoutTakenBack(upTo.slice(0, -1)), failed]
}

/** Without what failed or was rolled back to a savepoint, and without what only reads. */
function withoutTakenBack(statements: readonly RecordedStatement[]): readonly RecordedStatement[] {
  const kept: RecordedStatement[] = []
  for (const statement of statements) {
    const name = savepointOf(statement, 'TRANS_STMT_ROLLBACK_TO')
    if (name !== undefined) {
      const at = kept.findLastIndex((one) => savepointOf(one, 'TRANS_STMT_SAVEPOINT') === name)
      if (at >= 0) kept.length = at + 1
    } else if (statement.sent.error === undefined && statement.kind !== 'reading') kept.push(statement)
  }
  return kept
}

function savepointOf({ tag, node }: RecordedStatement, kind: string): string | undefined {
  if (tag !== 'TransactionStmt' || node?.['kind'] !== kind) return undefined
  return String(node['savepoint_name'] ?? '')
}

/** BEGIN and COMMIT around nothing. */
function withoutEmptyBlock(statements: readonly RecordedStatement[]): readonly RecordedStatement[] {
  return statements.every(({ tag }) => tag === 'TransactionStmt') ? [] : statements
}
