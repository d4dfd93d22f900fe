/** What ended a command that failed. */
import { statusText } from '../postgres/run-command.ts'
import type { OutputLine, RecordedStatement, Recording } from './model.ts'

/**
 * The statement that a command failed at; undefined when it did not fail, or no statement did for it. Errors that the
 * command got over (a look whether a table is there) are none.
 */
export function failedStatement({ end, statements }: Recording): RecordedStatement | undefined {
  if (end.code === 0) return undefined
  const last = statements.findLast(({ sent }) => sent.error !== undefined)
  if (last === undefined || isOfClient(last)) return undefined
  // behind the first error of a transaction there are only complaints about that
  const first = statements.find((one) => one.transaction === last.transaction && one.sent.error !== undefined)
  const worksOn = statements
    .slice(statements.indexOf(last) + 1)
    .some(({ kind, outcome, tag }) => kind === 'work' && outcome === 'committed' && !quiet.has(tag))
  return worksOn ? undefined : first
}

/** It failed by its own decision, though the server had refused nothing: what it read in a table may be the reason. */
export function gaveUp(recording: Recording): boolean {
  const { code, signal, tooLong } = recording.end
  // a shell gives 128 and the signal for a program that was killed
  const byItself = code !== null && code > 0 && code <= 128 && signal === null && !tooLong
  return byItself && recording.connections > 0 && failedStatement(recording) === undefined
}

/** The command was killed, or gave up, while it ran, and not we stopped it: no fault of the statement (ProcessInterrupts(), SocketBackend(), postgres.c). */
function isOfClient({ sent: { error }, stoppedAfterMs }: RecordedStatement): boolean {
  if (stoppedAfterMs !== undefined) return false
  if (error?.code === '57014') return error.message.endsWith('due to user request')
  return error?.code === '08006' && error.message.startsWith('unexpected EOF on client connection')
}

/** Say nothing about whether a command went on. */
const quiet: ReadonlySet<string> = new Set([
  'TransactionStmt',
  'VariableSetStmt',
  'DiscardStmt',
  'DeallocateStmt',
  // Flyway gives search_path back by set_config() when a migration has failed
  'SelectStmt',
])

/** Statements of no tool's own that failed, though the command went on. */
export function gotOver(
  statements: readonly RecordedStatement[],
  failed: RecordedStatement | undefined,
): readonly RecordedStatement[] {
  return statements.filter(
    ({ sent, kind, tag, transaction }) =>
      sent.error !== undefined &&
      sent.error.code !== '25P02' &&
      kind === 'work' &&
      tag !== 'SelectStmt' &&
      transaction !== failed?.transaction,
  )
}

/** The last lines that a command printed, for an error message. */
export function lastLines(output: readonly OutputLine[]): string {
  const lines = output.map(({ text }) => text.trimEnd()).filter((text) => text !== '')
  return lines.slice(-shownLines).join('\n')
}

const shownLines = 8

/** Completes `the command … `. */
export function endText({ end }: Recording): string {
  if (end.tooLong) return 'took too long and was ended'
  if (end.signal !== null) return `was ended by ${end.signal}`
  return end.code === 0 ? 'ended well' : `failed with exit status ${statusText(end.code)}`
}
