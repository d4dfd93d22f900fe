/** Records what commands do on a throwaway server, and makes of it what the replay of files gives. */
import type { CheckOptions } from '../check-options.ts'
import { configDefaults } from '../config/defaults.ts'
import { EnvironmentError, UsageError } from '../core/errors.ts'
import type { Limit, Statement } from '../core/model.ts'
import type { ReviewSet } from '../core/source.ts'
import { readScripts, type Scripts } from '../judge-run.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { openServer } from '../postgres/server.ts'
import { serverTrouble } from '../postgres/trouble.ts'
import { addressHint, timeoutHint } from './down-words.ts'
import { bookLimits, notSeen, withRecorded } from './limits.ts'
import { prepareRecorded } from './history.ts'
import type { UpRecording } from './down-back.ts'
import { editedMigrations } from './edited.ts'
import type { RecordCommands, RecordedReview } from './review.ts'
import { measureCommand, type MeasuredCommand } from '../record/attempt.ts'
import {
  bookOf,
  realMigrations,
  sharesSession,
  unreadStatement,
  withUnreached,
  type Book,
} from '../record/book.ts'
import { endText, failedStatement, gaveUp, lastLines } from '../record/failure.ts'
import type { RecordedStatement, Recording } from '../record/model.ts'
import { measuredStatements } from '../record/measured.ts'
import type { RealMigration } from '../record/real-places.ts'
import { causeOf, failsOnRows, givesUpOnRows, replayedMigrations } from '../record/replayed.ts'
import { openingServer, serverOptions, type Afterwards, type Rehearsal } from '../rehearsal/rehearse.ts'
import { leftoversOf } from '../replay/alternatives.ts'
import { copyBase } from '../replay/prepare-history.ts'
import type { ReplayOutcome, ReplayRequest } from '../replay/replay.ts'
import { SchemaCatalogsSeen } from '../replay/schema-catalogs-seen.ts'
import { sessionDefaults } from '../rehearsal/session-defaults.ts'
import { standInLimits } from '../rehearsal/stand-in-notes.ts'
import { StandInsSeen } from '../rehearsal/stand-ins-seen.ts'
import type { TrialsByCommand } from '../trial-runs/trials.ts'

/** A recorded run, as far as judging needs it. */
export interface RecordedRun {
  readonly reviewSet: ReviewSet
  readonly scripts: Scripts
  readonly real: readonly RealMigration[]
  /** Statements that the tool sent for its own books. */
  readonly own: ReadonlySet<Statement>
  /** A statement of which not all could be read, so that nothing may replay it. */
  readonly unread?: string
  /** Those of `own` that write into the tool's books. */
  readonly books: ReadonlySet<Statement>
  /** What is tried with the commands themselves; absent where there was no room for a copy. */
  readonly byCommand?: TrialsByCommand
}

/** What trials begin with. */
interface Attempted {
  readonly measured: MeasuredCommand & { readonly rowsFailed?: MeasuredCommand }
  readonly own: ReadonlySet<Statement>
  /** The database without rows of ours. */
  readonly bare: string
}

/** Told when everything is recorded, before the rehearsal is handed on. */
export type OnRecorded = (run: RecordedRun) => void

/**
 * Opens a server, makes the history, runs the command under review, and leaves nothing behind.
 * Throws ToolError where a command cannot be run, or ends badly though no statement failed.
 */
export async function rehearseCommand(
  options: CheckOptions,
  commands: RecordCommands,
  review: RecordedReview,
  onRecorded: OnRecorded,
  afterwards: Afterwards,
): Promise<Rehearsal> {
  options.progress(openingServer(options))
  await using server = await openServer(serverOptions(options))
  options.signal.throwIfAborted()
  try {
    return await new CommandRehearsal(server, options, commands, review).run(onRecorded, afterwards)
  } catch (error) {
    options.signal.throwIfAborted()
    throw serverTrouble(error) ?? error
  }
}

class CommandRehearsal {
  readonly #server: PostgresServer
  readonly #options: CheckOptions
  readonly #commands: RecordCommands
  readonly #review: RecordedReview

  constructor(
    server: PostgresServer,
    options: CheckOptions,
    commands: RecordCommands,
    review: RecordedReview,
  ) {
    this.#server = server
    this.#options = options
    this.#commands = commands
    this.#review = review
  }

  async run(onRecorded: OnRecorded, afterwards: Afterwards): Promise<Rehearsal> {
    const server = this.#server
    const options = this.#options
    const { prepared, history } = await prepareRecorded(server, options, this.#commands, this.#review)
    const seen = new StandInsSeen(server)
    const schemas = new SchemaCatalogsSeen(server, options.debug)
    await seen.lookAt(prepared.seeded)
    await schemas.lookBefore(prepared.seeded)
    // without room for a copy there are no alternatives
    const pristine = await server.createDatabase({ template: prepared.seeded }).catch(() => undefined)
    const measured = await this.#measure(prepared.base, prepared.seeded)
    const read = this.#bookOf(measured.recording, this.#commandTitle())
    const edited = editedMigrations(this.#review, history, read)
    const book = this.#withUnreached(read, measured.recording, edited)
    const scripts = await this.#scriptsOf(history, book, edited)
    const { outcome, own, placed } = this.#outcomeOf(scripts, book, measured)
    const unread = unreadStatement(book)?.unread
    const up = { book, ranBefore: history?.ran ?? [], catalog: measured.catalog, placed }
    const byCommand = this.#trials(up, { measured, own, bare: prepared.base, pristine })
    onRecorded({
      ...scripts,
      real: realMigrations(book),
      own,
      books: new Set([...placed].flatMap(([{ kind }, one]) => (kind === 'bookkeeping' ? [one] : []))),
      ...(unread === undefined ? {} : { unread }),
      ...(byCommand === undefined ? {} : { byCommand }),
    })
    await seen.lookAt(measured.database)
    await schemas.lookAfter(measured.database)
    const schema = schemas.catalogs(outcome.migrations)
    const rehearsal: Rehearsal = {
      ...outcome,
      limits: [...prepared.seedLimits, ...outcome.limits, ...standInLimits(seen.standIns)],
      standIns: seen.standIns,
      server: server.version,
      serverKind: server.kind === 'container' ? `container ${options.containerImage}` : server.kind,
      ...(schema === undefined ? {} : { schema }),
    }
    // what is not whole is not replayed
    const left = { prepared, pristine: unread === undefined ? pristine : undefined, left: measured.database }
    await afterwards(
      rehearsal,
      leftoversOf(this.#requestOf(scripts.scripts, scripts.reviewSet), left, outcome),
    )
    return rehearsal
  }

  #trials(
    up: UpRecording,
    { measured, own, bare, pristine }: Attempted & { readonly pristine: string | undefined },
  ): TrialsByCommand | undefined {
    const commands = this.#commands
    const { down, timeoutMs } = commands
    if (pristine === undefined) return undefined
    const [server, options, review] = [this.#server, this.#options, this.#review]
    const { database: left, recording, tookMs, rowsFailed } = measured
    const shared = { server, options, commands, left }
    return {
      timeoutMs,
      own,
      ...(down === undefined
        ? {}
        : {
            tryDown: async (run, signal) => {
              const { tryCommandDown } = await import('./try-command-down.ts')
              return tryCommandDown({ ...shared, down, review, up, pristine }, run, signal)
            },
          }),
      tryRetry: async (run, signal) => {
        const { tryCommandRetry } = await import('./try-command-retry.ts')
        const begin = rowsFailed === undefined ? pristine : bare
        const { placed } = up
        return tryCommandRetry({ ...shared, recording, tookMs, placed, pristine: begin }, run, signal)
      },
    }
  }

  /** On seeded tables, and once more without rows of ours when it may have failed for them. */
  async #measure(
    base: string,
    seeded: string,
  ): Promise<MeasuredCommand & { readonly rowsFailed?: MeasuredCommand }> {
    const first = await this.#attempt(seeded, false)
    const failed = failedStatement(first.recording)
    const ofRows =
      failed === undefined ? gaveUp(first.recording) : causeOf(failed, true, this.#server).whose === 'data'
    if (!ofRows) return this.#usable(first)
    this.#options.progress('Running it again without rows of ours')
    const settings = sessionDefaults(this.#options)
    const copy = await copyBase({ server: this.#server, settings }, base)
    const again = this.#usable(await this.#attempt(copy, true))
    return failedStatement(again.recording) === undefined ? { ...again, rowsFailed: first } : again
  }

  #attempt(database: string, again: boolean): Promise<MeasuredCommand> {
    const { cwd, env, signal, progress } = this.#options
    const { migrate, timeoutMs, print } = this.#commands
    progress(`Running ${this.#commandTitle()}`)
    return measureCommand({
      server: this.#server,
      database,
      again,
      command: { run: migrate, cwd, env },
      timeoutMs,
      statementTimeoutMs: this.#options.config.statementTimeout ?? configDefaults.statementTimeout,
      signal,
      print,
    })
  }

  #commandTitle(): string {
    const { migrate } = this.#commands
    return typeof migrate === 'string' ? migrate : migrate.join(' ')
  }

  /** A command that came to its end, or failed at a statement. */
  #usable(measured: MeasuredCommand): MeasuredCommand {
    const { recording } = measured
    const says = `The command \`${recording.command}\` ${endText(recording)}`
    const last = lastLines(recording.output)
    const printed = last === '' ? 'It printed nothing.' : `It printed last:\n${last}`
    if (recording.end.tooLong) {
      const hint = `${printed}\n${timeoutHint}`
      throw new EnvironmentError(`${says} (after ${this.#commands.timeoutMs / 1000} s).`, { hint })
    }
    if (recording.connections === 0) {
      const hint = `${printed}\n${addressHint}`
      throw new UsageError(`${says}, and did not connect to the throwaway server.`, { hint })
    }
    if (recording.end.code !== 0 && failedStatement(recording) === undefined)
      throw new UsageError(`${says}, though no statement failed for it.`, { hint: printed })
    return measured
  }

  #bookOf(recording: Recording, title: string): Book {
    const { files, underReview } = this.#review
    const fromNothing = this.#review.base === undefined && this.#commands.history === undefined
    return bookOf(recording, { files, underReview, failed: failedStatement(recording), title, fromNothing })
  }

  #withUnreached(book: Book, recording: Recording, edited: ReviewSet['edited']): Book {
    if (failedStatement(recording) === undefined) return book
    const paths = notSeen(book, this.#withoutEdited(edited))
    return withUnreached(
      book,
      this.#review.files.filter(({ path }) => paths.includes(path)),
    )
  }

  async #scriptsOf(
    history: Book | undefined,
    book: Book,
    edited: ReviewSet['edited'],
  ): Promise<{ readonly reviewSet: ReviewSet; readonly scripts: Scripts }> {
    const { reviewSet } = this.#review
    const set: ReviewSet = {
      ...reviewSet,
      history: history?.transcripts.map(({ script }) => script) ?? [],
      underReview: book.transcripts.map(({ script }) => script),
      sharesSession: sharesSession(book),
    }
    const scripts = await readScripts(set, true, this.#options.config.extensions?.create)
    return {
      // what the tool does for itself is no migration
      reviewSet: {
        ...set,
        history: history === undefined ? [] : migrationsOf(history),
        edited,
      },
      scripts: { ...scripts, review: withRecorded(scripts.review, book) },
    }
  }

  #outcomeOf(
    { scripts, reviewSet }: { readonly scripts: Scripts; readonly reviewSet: ReviewSet },
    book: Book,
    measured: MeasuredCommand & { readonly rowsFailed?: MeasuredCommand },
  ): {
    readonly outcome: ReplayOutcome
    readonly own: ReadonlySet<Statement>
    readonly placed: UpRecording['placed']
  } {
    const { recording } = measured
    const transcribed = scripts.review.map((migration, index) => ({
      migration,
      statements: book.transcripts[index]?.statements ?? [],
    }))
    const { statements, placed } = measuredStatements(recording.statements, transcribed, {
      serverMajor: this.#server.major,
      ...measured,
    })
    const failed = failedStatement(recording)
    const at = failed === undefined ? undefined : placed.get(failed)
    if (failed !== undefined && at === undefined) throw failedOutside(recording, failed)
    const replayed = replayedMigrations(
      scripts.review,
      statements,
      failed === undefined || at === undefined
        ? undefined
        : { statement: at, cause: causeOf(failed, false, this.#server) },
    )
    const own = [...placed].flatMap(([one, statement]) => (book.own.has(one) ? [statement] : []))
    const limits: readonly Limit[] = [
      ...replayed.limits,
      ...bookLimits(recording, book, this.#withoutEdited(reviewSet.edited), failed),
      ...rowLimits(measured, placed),
    ]
    return { outcome: { migrations: replayed.migrations, limits }, own: new Set(own), placed }
  }

  /** A finding says it of these. */
  #withoutEdited(edited: ReviewSet['edited']): RecordedReview {
    const told = new Set(edited.map(({ script }) => script.file))
    return { ...this.#review, underReview: this.#review.underReview.filter((path) => !told.has(path)) }
  }

  /** As if the transcripts had been replayed: for whatever is tried on copies. */
  #requestOf(
    { history, review, roles, settings }: Scripts,
    { sharesSession: shared }: ReviewSet,
  ): ReplayRequest {
    const { config, signal, progress } = this.#options
    return {
      server: this.#server,
      history,
      review,
      sharesSession: shared,
      settings: sessionDefaults(this.#options, settings),
      roles: [...(config.roles ?? []), ...(roles ?? [])],
      statementTimeoutMs: config.statementTimeout ?? configDefaults.statementTimeout,
      signal,
      progress,
    }
  }
}

/** It failed at what stands in no migration: the COMMIT that the tool puts behind one, say. */
function failedOutside(recording: Recording, { sql, sent }: RecordedStatement): UsageError {
  const { code = '', message = '' } = sent.error ?? {}
  const what = sql.length > 80 ? `${sql.slice(0, 80)}…` : sql
  return new UsageError(
    `The command \`${recording.command}\` ${endText(recording)}, at \`${what}\`: ${message} (SQLSTATE ${code}).`,
    { hint: `It printed last:\n${lastLines(recording.output)}` },
  )
}

function migrationsOf({ chapters, transcripts }: Book): ReviewSet['history'] {
  return transcripts.flatMap(({ script }, index) => (chapters[index]?.isOwn === true ? [] : [script]))
}

/** It failed on rows of ours, and without them it did not. */
function rowLimits(
  { rowsFailed, recording }: MeasuredCommand & { readonly rowsFailed?: MeasuredCommand },
  placed: ReadonlyMap<Recording['statements'][number], Statement>,
): readonly Limit[] {
  if (rowsFailed === undefined) return []
  const failed = failedStatement(rowsFailed.recording)
  if (failed?.sent.error === undefined) return [givesUpOnRows(recording.command)]
  const same = recording.statements.find(({ sql }) => sql === failed.sql)
  const statement = same === undefined ? undefined : placed.get(same)
  const { code, message } = failed.sent.error
  if (statement === undefined) return [givesUpOnRows(recording.command, message)]
  return [failsOnRows(statement, { kind: 'error', sqlstate: code, message })]
}
