/** The database that a recorded command is rehearsed on. */
import type { CheckOptions } from '../check-options.ts'
import { configDefaults } from '../config/defaults.ts'
import { EnvironmentError } from '../core/errors.ts'
import { readScripts } from '../judge-run.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { checkOut } from './checkout.ts'
import type { RecordCommands, RecordedReview } from './review.ts'
import { bookOf, type Book } from '../record/book.ts'
import { endText, failedStatement, lastLines } from '../record/failure.ts'
import type { Recording } from '../record/model.ts'
import { record } from '../record/record.ts'
import { clearVersionTables, emptyVersionTables } from '../record/version-rows.ts'
import {
  prepareBase,
  seededCopy,
  type HistoryContext,
  type PreparedHistory,
} from '../replay/prepare-history.ts'
import { connected } from '../replay/stage.ts'
import { standIn } from '../replay/stand-in.ts'
import { sessionDefaults } from '../rehearsal/session-defaults.ts'

export interface PreparedCommand {
  readonly prepared: PreparedHistory
  /** What made it; undefined where nothing did. */
  readonly history: Book | undefined
}

/** Makes the history by its command, or by the command under review in the base revision, and seeds a copy. */
export async function prepareRecorded(
  server: PostgresServer,
  options: CheckOptions,
  commands: RecordCommands,
  review: RecordedReview,
): Promise<PreparedCommand> {
  const { config, signal, progress } = options
  const before = await readScripts(review.reviewSet, true, config.extensions?.create)
  const context: HistoryContext = {
    server,
    history: before.history,
    sharesSession: true,
    settings: sessionDefaults(options),
    roles: config.roles ?? [],
    signal,
    progress,
    sessionOptions: {
      statementTimeoutMs: config.statementTimeout ?? configDefaults.statementTimeout,
      signal,
      scriptsDiscard: false,
      scriptsSetDefaults: false,
    },
    prepare: (statement) => standIn(server, statement, false),
  }
  const { base, failedSteps } = await prepareBase(context, undefined)
  const recording = await recordHistory(server, base, options, commands, review)
  const empty = await emptyIn(server, base)
  const prepared = await seededCopy(context, { base, failedSteps })
  if (empty.length > 0) {
    await using seeded = await connected(server, prepared.seeded)
    await clearVersionTables(seeded.client, empty)
  }
  const title = `history (${recording?.command ?? ''})`
  // also those that are gone now
  const gone = (review.old ?? []).filter(({ path }) => review.files.every((file) => file.path !== path))
  const files = [...review.files, ...gone]
  return {
    prepared,
    history:
      recording === undefined
        ? undefined
        : bookOf(recording, { files, underReview: [], failed: undefined, title }),
  }
}

/** Nobody of ours is connected to the database afterwards. */
async function emptyIn(server: PostgresServer, database: string): ReturnType<typeof emptyVersionTables> {
  await using admin = await connected(server, database)
  return await emptyVersionTables(admin.client)
}

async function recordHistory(
  server: PostgresServer,
  database: string,
  options: CheckOptions,
  commands: RecordCommands,
  { base }: RecordedReview,
): Promise<Recording | undefined> {
  const { history, migrate, timeoutMs, print } = commands
  const { cwd, env, signal, progress } = options
  const shared = {
    server,
    database,
    measure: false,
    again: false,
    timeoutMs,
    signal,
    print,
  }
  if (history !== undefined) {
    progress(`Making the history: ${history}`)
    return wellEnded(server, await record({ ...shared, command: { run: history, cwd, env } }), '')
  }
  if (base === undefined) return undefined
  await using checkout = await checkOut(base.repository, base.commit)
  progress(`Making the history in ${base.commit.slice(0, 8)}`)
  const where = ` in the base revision ${base.commit.slice(0, 8)}`
  const command = {
    run: migrate,
    cwd: checkout.cwd,
    env: { ...env, PWD: checkout.cwd },
    folders: [checkout.dir],
  }
  return await wellEnded(server, await record({ ...shared, command }), where)
}

/** A history that is not whole is none. @throws the error of the server where that has gone */
async function wellEnded(server: PostgresServer, recording: Recording, where: string): Promise<Recording> {
  const { end, command, connections, output } = recording
  if (end.code === 0 && connections > 0) return recording
  const admin = await server.connectAdmin()
  await admin.end()
  const error = failedStatement(recording)?.sent.error
  const why =
    error !== undefined
      ? `: ${error.message} (SQLSTATE ${error.code})`
      : end.code === 0
        ? ', and did not connect to the throwaway server'
        : ''
  const last = lastLines(output)
  throw new EnvironmentError(
    `The command \`${command}\` that makes the history ${endText(recording)}${where}${why}.`,
    {
      hint: `${last === '' ? 'It printed nothing.' : `It printed last:\n${last}`}\n${connections === 0 ? 'Does it read DATABASE_URL? ' : ''}${historyHint}`,
    },
  )
}

const historyHint =
  'Where the base revision cannot be run as it is (dependencies, a build), give a command as `migrations: { history: … }`.'
