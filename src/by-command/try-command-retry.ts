/** Makes a command fail in the middle of what it sends, and runs it again, on copies of the database that it began with. */
import type { CheckOptions } from '../check-options.ts'
import { configDefaults } from '../config/defaults.ts'
import type { Limit, ReportTrial, Statement } from '../core/model.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { failedStatement } from '../record/failure.ts'
import { interruptionAt, type Interruption } from '../record/interruption.ts'
import type { RecordedStatement, Recording } from '../record/model.ts'
import { record, type RecordRequest } from '../record/record.ts'
import { causeOf } from '../record/replayed.ts'
import { sessionDefaults } from '../rehearsal/session-defaults.ts'
import { copyBase } from '../replay/prepare-history.ts'
import type { ReplayedMigration } from '../replay/replay.ts'
import { failing, type TriedCut } from '../trial-runs/judge-retry.ts'
import { summaryOf, told } from '../trial-runs/tell-retry.ts'
import type { TrialOutcome, TrialRun } from '../trial-runs/trials.ts'
import { changesIn, plannedCuts, type PlannedCut } from '../trial-runs/wants-retry.ts'
import { workOnly } from '../trial-runs/work-only.ts'
import { tablesOf } from '../trial-runs/written-tables.ts'
import { chosenCuts, isLone, type Cut } from '../trials/retry-cuts.ts'
import { gaveUpText, waitsForLock, waitsText } from './gave-up.ts'
import type { RecordCommands } from './review.ts'
import { UndisturbedEnd } from './undisturbed-end.ts'

/** What the command under review did, and where. */
export interface CommandRetryGround {
  readonly server: PostgresServer
  readonly options: CheckOptions
  readonly commands: RecordCommands
  readonly recording: Recording
  /** How long that took, in milliseconds. */
  readonly tookMs: number
  /** Where its statements stand in the transcripts. */
  readonly placed: ReadonlyMap<RecordedStatement, Statement>
  /** Databases: what it began with, which nobody may change, and what it left. */
  readonly pristine: string
  readonly left: string
}

/** Places at which the command is made to fail; each takes a copy and two runs. */
const mostRounds = 6
/** Milliseconds that all of them may take, as far as the first run tells. */
const mostMs = 120_000
/** For a copy of the database, and for looking at it. */
const roundMs = 1000

/** Each migration that is not one transaction, at the places that tell most. */
export async function tryCommandRetry(
  ground: CommandRetryGround,
  run: TrialRun,
  signal: AbortSignal,
): Promise<TrialOutcome> {
  const { planned } = plannedCuts(run)
  if (run.rehearsal.migrations.some(({ outcome }) => outcome !== 'rehearsed'))
    return notTried(
      'Failures in the middle were not tried, because the migrations do not come to their end here.',
    )
  const all = run.rehearsal.migrations.map((one) => workOnly(one, run.byCommand?.own ?? new Set()))
  const end = new UndisturbedEnd({ ...ground, tables: all.flatMap(tablesOf) }, (database) =>
    runAgain(ground, database, signal),
  )
  return new CommandRetry(ground, run, end, signal).try(planned, all)
}

interface Round {
  readonly cut: Cut
  readonly isKilled: boolean
}

/** A database on which the command was broken off, and maybe run again. */
interface Ended {
  readonly database: string
  readonly invalid: readonly string[]
  /** `behind statement 2 of db/1.rb` */
  readonly where: string
}

class CommandRetry {
  readonly #ground: CommandRetryGround
  readonly #run: TrialRun
  readonly #end: UndisturbedEnd
  readonly #signal: AbortSignal
  readonly #limits: Limit[] = []
  readonly #begun = performance.now()

  constructor(ground: CommandRetryGround, run: TrialRun, end: UndisturbedEnd, signal: AbortSignal) {
    this.#ground = ground
    this.#run = run
    this.#end = end
    this.#signal = signal
  }

  async try(planned: readonly PlannedCut[], all: readonly ReplayedMigration[]): Promise<TrialOutcome> {
    const trials: ReportTrial[] = []
    const findings: TrialOutcome['findings'][number][] = []
    const rounds = Math.min(mostRounds, Math.max(1, Math.floor(mostMs / (2 * this.#ground.tookMs + roundMs))))
    const chosen = new Set(chosenCuts(planned, Math.max(1, rounds - 1)))
    // what a tool cannot clear up behind a killed session is the same wherever that was
    const [killed] = rounds === 1 ? [] : chosenCuts([...chosen], 1)
    for (const [index, replayed] of all.entries()) {
      const cuts = planned.filter((one) => one.index === index)
      const own = cuts.filter((one) => chosen.has(one))
      if (own.length === 0) continue
      const shown = own.map(({ cut }): Round => ({ cut, isKilled: false }))
      const more = killed?.index === index ? [{ cut: killed.cut, isKilled: true }] : []
      const tried = await this.#tryAll(replayed, [...shown, ...more])
      if (tried.length === 0) continue
      const result = await this.#tell(replayed, tried, cuts.length - own.length)
      trials.push(result.trial)
      findings.push(...result.findings)
    }
    return { trials, findings, limits: this.#limits }
  }

  #tell(replayed: ReplayedMigration, tried: readonly TriedCut[], leftOut: number): ReturnType<typeof told> {
    const { migration } = replayed
    const changes = changesIn(replayed)
    const whenFailed = { outcome: 'runs again', says: 'the next run is the same command once more' } as const
    return told(
      this.#run,
      { migration, whenFailed, tried, leftOut, changes, isLone: isLone(migration, changes) },
      async (blame) => ({ summary: summaryOf(blame), migrations: [] }),
    )
  }

  async #tryAll(replayed: ReplayedMigration, rounds: readonly Round[]): Promise<readonly TriedCut[]> {
    const tried: TriedCut[] = []
    for (const { cut, isKilled } of rounds) {
      const where = `${cut.kind === 'after' ? 'behind' : 'in'} statement ${cut.statement.index + 1} of ${replayed.migration.file}`
      if (performance.now() - this.#begun > mostMs) {
        this.#limited(`A failure ${where} was not tried, because the time for that was over.`)
        continue
      }
      this.#run.options.progress(`Trying a ${isKilled ? 'killed session' : 'failure'} ${where}`)
      const aftermath = await this.#tryOne(replayed, { cut, isKilled }, where)
      if (aftermath !== undefined) tried.push({ cut, aftermath, ...(isKilled ? { isKilled } : {}) })
    }
    return tried
  }

  async #tryOne(
    replayed: ReplayedMigration,
    round: Round,
    where: string,
  ): Promise<TriedCut['aftermath'] | undefined> {
    const interruption = this.#interruption(replayed, round)
    if (interruption === undefined) return undefined
    const { server, options, pristine } = this.#ground
    const database = await copyBase({ server, settings: sessionDefaults(options) }, pristine)
    try {
      const broken = await runAgain(this.#ground, database, this.#signal, interruption)
      if (broken.wasInterrupted !== true) {
        this.#limited(
          `A failure ${where} was not tried: the command did not send it a second time as it did the first time, or it could not be broken off.`,
        )
        return undefined
      }
      if (broken.end.tooLong)
        this.#limited(`Behind a failure ${where} the command did not end by itself, and was ended.`)
      const invalid = await this.#end.invalidIn(database)
      const ended = { database, invalid, where }
      if (broken.end.code === 0 && !broken.end.tooLong) return await this.#compared('goes on', ended)
      const next = await runAgain(this.#ground, database, this.#signal)
      return await this.#judged(replayed, next, ended)
    } finally {
      await server.dropDatabase(database)
    }
  }

  async #judged(
    { migration }: ReplayedMigration,
    next: Recording,
    ended: Ended,
  ): Promise<TriedCut['aftermath'] | undefined> {
    const { invalid, where } = ended
    if (next.end.tooLong) {
      if (waitsForLock(next)) {
        this.#run.options.progress('It waits for a lock that the run before has left, and was ended')
        return { kind: 'gives up', invalid, says: waitsText }
      }
      this.#limited(
        `What the next run makes of a failure ${where} is not known: it took too long and was ended.`,
        'What it printed is in the log of the job.',
      )
      return undefined
    }
    if (next.end.code === 0) return this.#compared('ends otherwise', ended)
    const failed = failedStatement(next)
    if (failed?.sent.error === undefined) return { kind: 'gives up', invalid, says: gaveUpText(next) }
    const cause = causeOf(failed, false, this.#ground.server)
    if (cause.whose === 'ours') {
      this.#limited(`What the next run makes of a failure ${where} is not known, because ${cause.why}.`)
      return undefined
    }
    const { message, code: sqlstate } = failed.sent.error
    const at = this.#statementOf(failed, migration.statements)
    if (at !== undefined) return { kind: 'fails', invalid, at, sqlstate, message }
    const whose = failed.kind === 'work' ? 'another statement' : 'a statement of the tool’s own'
    return { kind: 'gives up', invalid, says: `stops at ${whose}: ${message}` }
  }

  /** `kind`: what it is where the end is another. */
  async #compared(
    kind: 'goes on' | 'ends otherwise',
    { database, invalid, where }: Ended,
  ): Promise<TriedCut['aftermath'] | undefined> {
    const difference = await this.#end.differenceOf(database)
    if (difference !== 'unsteady')
      return difference === undefined ? { kind: 'resumes', invalid } : { kind, invalid, ...difference }
    this.#limited(
      `What the next run makes of a failure ${where} is not known: the command leaves another schema after every run.`,
    )
    return undefined
  }

  #interruption(replayed: ReplayedMigration, { cut, isKilled }: Round): Interruption | undefined {
    const { recording } = this.#ground
    const statement = failing(cut, replayed.migration, changesIn(replayed))
    const at = this.#recordedOf(statement)
    if (at === undefined) return undefined
    const isInside = cut.kind === 'inside'
    const isOfCode = statement.tag === 'DoStmt' || statement.tag === 'CallStmt'
    if (isInside && isKilled && isOfCode) return undefined
    const how = isInside
      ? isKilled
        ? 'killed inside'
        : 'cancelled inside'
      : isKilled
        ? 'killed before'
        : 'refused'
    return interruptionAt(at, recording.statements, how)
  }

  #recordedOf({ span }: Statement): RecordedStatement | undefined {
    return [...this.#ground.placed].find(([, one]) => one.span === span)?.[0]
  }

  /** Which of these it is, by its text. */
  #statementOf({ sql }: RecordedStatement, statements: readonly Statement[]): Statement | undefined {
    return statements.find((one) => this.#recordedOf(one)?.sql === sql)
  }

  #limited(message: string, hint?: string): void {
    this.#limits.push({ code: 'not-tried', message, ...(hint === undefined ? {} : { hint }) })
  }
}

/** On a database of its own, as the first time. */
function runAgain(
  { server, options, commands, tookMs }: CommandRetryGround,
  database: string,
  signal: AbortSignal,
  interruption?: Interruption,
): Promise<Recording> {
  const { cwd, env, config } = options
  const request: RecordRequest = {
    server,
    database,
    measure: false,
    again: true,
    command: { run: commands.migrate, cwd, env },
    timeoutMs: Math.min(commands.timeoutMs, Math.max(leastRunMs, tookMs * 3)),
    statementTimeoutMs: config.statementTimeout ?? configDefaults.statementTimeout,
    signal,
    print: commands.print,
    ...(interruption === undefined ? { endsWaiting: true } : { interruption }),
  }
  return record(request)
}

/** A tool may wait for a lock that the run before has left. */
const leastRunMs = 30_000

function notTried(says: string): TrialOutcome {
  return {
    trials: [{ kind: 'retry', about: '', outcome: 'not tried', says, lines: [] }],
    findings: [],
    limits: [],
  }
}
