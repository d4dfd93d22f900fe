import type { Client } from 'pg'
import { lockStrength } from '../core/locks.ts'
import type { Effect, Limit, LockEffect, Migration } from '../core/model.ts'
import { decodeEvent, installEventTriggers } from '../postgres/event-triggers.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { discardsStatements, setsSessionDefaults } from './commands.ts'
import { failedStep } from './failed-step.ts'
import { classifyFailure, dependsOnRows, type FailureCause } from './failures.ts'
import { GateTime, mayNeedGates, type GateContext, type GatedLocks } from './gate-pass.ts'
import { historyLimits } from './history-limits.ts'
import { LeftOutStatements, type LeftOut } from './left-out.ts'
import { lostObjects, LostObjects } from './lost-objects.ts'
import type { MeasuredMigration, MeasuredStatement, MigrationFailure } from './measure.ts'
import type { Circumstances } from './circumstances.ts'
import { isUnfilledVariable, psqlDecides } from './psql-parts.ts'
import { copyBase, prepareHistory, type KeptHistory, type PreparedHistory } from './prepare-history.ts'
import { dependsOnData, leftOutLimits, notReached, notRehearsed } from './review-limits.ts'
import { namedRoles } from './roles.ts'
import { newMarker, type SessionOptions } from './session.ts'
import { connected, isServerGone, Stage, type StageContext, watchdogOf } from './stage.ts'
import { standIn } from './stand-in.ts'
import { withoutSuperuser } from './without-superuser.ts'

export type { Circumstances } from './circumstances.ts'

export interface ReplayRequest extends Circumstances {
  readonly server: PostgresServer
  /** What an earlier run left of the same history in the server. */
  readonly kept?: KeptHistory
  /** Called when the history had to be applied, with nobody connected to the server. */
  readonly keep?: (prepared: PreparedHistory) => Promise<void>
  /** Called before the migrations under review run, with nobody connected to the databases. */
  readonly onPrepared?: (prepared: PreparedHistory) => Promise<void>
  /** Called with the database that the migrations under review have left, when nobody of ours is in it any more. */
  readonly onDone?: (database: string) => Promise<void>
  /** Another replay has run on this server before: what belongs to the whole server may be there already. */
  readonly again?: boolean
  /** Positions in `review` at which the tool is called anew, and so begins a session; absent: none. */
  readonly callsAt?: ReadonlySet<number>
  /** Called with the database after each migration under review, with its position; it may still be in a transaction. */
  readonly onMigration?: (database: string, index: number) => Promise<void>
}

export interface ReplayedMigration {
  readonly migration: Migration
  readonly outcome: 'rehearsed' | 'failed' | 'not rehearsed'
  /** Those that were executed; the last may carry the error. */
  readonly statements: readonly MeasuredStatement[]
}

export interface ReplayOutcome {
  readonly migrations: readonly ReplayedMigration[]
  readonly limits: readonly Limit[]
}

/**
 * Applies the history to a fresh database, then runs the migrations under review on a seeded copy of it and
 * measures every statement. See docs/replay.md for the whole story.
 */
export async function replay(request: ReplayRequest): Promise<ReplayOutcome> {
  return new Replay(request).run()
}

/** What sessions of a replay have to know. */
export function sessionOptionsOf(request: ReplayRequest): SessionOptions {
  const { history, review, statementTimeoutMs, signal } = request
  const texts = [...history, ...review].map(({ text }) => text)
  return {
    statementTimeoutMs,
    signal,
    scriptsDiscard: discardsStatements(texts),
    scriptsSetDefaults: setsSessionDefaults(texts),
  }
}

/** What the migrations under review are rehearsed on; the stage is replaced when rows of ours stood in the way. */
interface ReviewStage {
  readonly base: string
  readonly admin: Client
  readonly gates: GateContext | undefined
  stage: Stage
}

class Replay {
  private readonly request: ReplayRequest
  private readonly limits: Limit[] = []
  private readonly shared: Pick<StageContext, 'sessionOptions' | 'prepare'>
  private readonly marker = newMarker()
  /** What could not be replayed here, so that later steps may miss objects. */
  private lost = new LostObjects([], undefined)
  private leftOut = new LeftOutStatements(this.lost)
  private retries: boolean

  constructor(request: ReplayRequest) {
    this.request = request
    this.retries = request.again ?? false
    this.shared = {
      sessionOptions: sessionOptionsOf(request),
      prepare: (statement) => standIn(request.server, statement, this.retries),
    }
  }

  async run(): Promise<ReplayOutcome> {
    const { server, history, review, kept, keep } = this.request
    const context = { ...this.request, ...this.shared }
    const prepared = await prepareHistory(context, kept)
    if (kept?.applied !== history.length) await keep?.(prepared)
    this.lost = lostObjects(prepared.failedSteps, this.request)
    this.leftOut = new LeftOutStatements(this.lost)
    this.limits.push(
      ...historyLimits(prepared.failedSteps, { ...this.request, unknown: this.lost.whyUnknown }),
      ...prepared.seedLimits,
    )
    await server.ensureRoles(namedRoles([...history, ...review]))
    await this.request.onPrepared?.(prepared)
    await this.watch(prepared.seeded)
    await using admin = await watchdogOf(server)
    this.limits.push(...(await withoutSuperuser(server, this.request, admin.client)))
    const migrations = await this.review(prepared, admin.client)
    return { migrations, limits: this.limits }
  }

  /** Lets our event triggers report what happens in the database. */
  private async watch(database: string): Promise<void> {
    const { server } = this.request
    if (!server.hasSuperuser) return
    await using admin = await connected(server, database)
    await installEventTriggers(admin.client, this.marker)
  }

  private async review(
    { base, seeded }: PreparedHistory,
    admin: Client,
  ): Promise<readonly ReplayedMigration[]> {
    const results: ReplayedMigration[] = []
    const gates = await this.gateContext(seeded)
    const stage = await Stage.open(this.stageContext(admin), seeded, { seeded: true })
    const rehearsal = { base, admin, gates, stage }
    try {
      for (const [index, migration] of this.request.review.entries()) {
        this.request.progress(`Rehearsing ${migration.file}`)
        if (this.request.callsAt?.has(index) === true) await rehearsal.stage.renewSession()
        const result = await this.rehearseOne(rehearsal, index, migration)
        results.push(result)
        await this.request.onMigration?.(rehearsal.stage.database, index)
        if (result.outcome !== 'failed') continue
        results.push(...this.behind(index))
        break
      }
    } finally {
      await rehearsal.stage[Symbol.asyncDispose]()
    }
    await this.request.onDone?.(rehearsal.stage.database)
    return results
  }

  private async rehearseOne(
    on: ReviewStage,
    index: number,
    migration: Migration,
  ): Promise<ReplayedMigration> {
    try {
      const gated = on.gates === undefined ? undefined : await on.stage.gate(on.gates, index)
      const measured = await this.measureOne(on, index, migration)
      const leftOut = this.leftOut.of(migration)
      this.limits.push(...measured.limits, ...leftOutLimits(migration, leftOut))
      this.limits.push(...(gated?.limits ?? []).filter((limit) => !isAbout(limit, leftOut)))
      return withGatedLocks(this.conclude(migration, measured), gated)
    } catch (error) {
      if (!isServerGone(error)) throw error
      const hint = 'Look for a full disk or too little memory on this machine, and run again.'
      this.limits.push(notReached([migration], 'the throwaway server went away before it', hint))
      return { migration, outcome: 'not rehearsed', statements: [] }
    }
  }

  /** Once on seeded tables, and once more without rows of ours when it may have failed for them. */
  private async measureOne(on: ReviewStage, index: number, migration: Migration): Promise<MeasuredMigration> {
    const measured = await this.measureWithout(on, index, migration)
    const { failure } = measured
    if (failure === undefined || this.causeOf(migration, failure, on.stage.seeded).whose !== 'data')
      return measured
    await this.replaceStage(on, index)
    const again = await this.measureWithout(on, index, migration)
    if (
      again.failure === undefined &&
      !breaksOnAnyRow(failure) &&
      !this.leftOut.has(migration, failure.statement)
    )
      this.limits.push(dependsOnData(failure))
    return again
  }

  /** Leaves out what cannot be run here for reasons of ours, and goes on with the rest. */
  private async measureWithout(
    on: ReviewStage,
    index: number,
    migration: Migration,
  ): Promise<MeasuredMigration> {
    for (;;) {
      const before = this.leftOut.of(migration)
      const measured = await on.stage.run(migration, this.endsRun(index), {
        without: new Set(before.map(({ failure }) => failure.statement.index)),
        excuses: (failure) => this.excuses(migration, failure, on.stage.seeded),
      })
      const { failure } = measured
      const leftOut = this.leftOut.of(migration)
      if (failure === undefined || leftOut.length === before.length) return measured
      if (failure.sessionLost || leftOut.at(-1)?.failure !== failure) return measured
      // the stage could not take its transaction back, because that began in an earlier file
      await this.replaceStage(on, index)
    }
  }

  private excuses(migration: Migration, failure: MigrationFailure, seeded: boolean): boolean {
    const cause = this.causeOf(migration, failure, seeded)
    if (cause.whose === 'ours') return cause.final !== true && this.leftOut.add(migration, failure, cause)
    if (cause.whose === 'data') return false
    const { statement, error } = failure
    const rowsDecide = dependsOnRows(error, statement.sql, (table) => this.isMadeInReview(table))
    return rowsDecide && this.leftOut.add(migration, failure, { whose: 'data' })
  }

  private isMadeInReview(table: string): boolean {
    return this.request.review.some(({ statements }) =>
      statements.some(({ tag, node }) => {
        const relation = node?.['relation'] as { relname?: unknown } | undefined
        return tag === 'CreateStmt' && relation?.relname === table
      }),
    )
  }

  /** A copy that nobody touches, where the gate pass may need one. */
  private async gateContext(seeded: string): Promise<GateContext | undefined> {
    const { server, history, review, statementTimeoutMs, signal } = this.request
    if (!server.hasSuperuser || !mayNeedGates(history, review)) return undefined
    const pristine = await server.createDatabase({ template: seeded })
    const timeoutMs = Math.min(statementTimeoutMs, gateTimeoutMs)
    const prepare: GateContext['prepare'] = (statement) =>
      this.leftOut.includes(statement) ? { refused: 'it could not be run' } : this.shared.prepare(statement)
    return { server, pristine, review, signal, timeoutMs, time: new GateTime(), prepare }
  }

  private conclude(migration: Migration, { failure, statements }: MeasuredMigration): ReplayedMigration {
    const isWhole = this.leftOut.of(migration).length === 0
    if (failure === undefined)
      return { migration, outcome: isWhole ? 'rehearsed' : 'not rehearsed', statements }
    const cause = this.causeOf(migration, failure, false)
    if (cause.whose !== 'ours') return { migration, outcome: 'failed', statements }
    const { sqlstate, message } = failure.error
    for (const statement of migration.statements.slice(failure.statement.index))
      this.lost.add(failedStep(migration, statement, { sqlstate, message, reason: 'error' }))
    this.limits.push(notRehearsed(migration, failure, cause))
    return { migration, outcome: 'not rehearsed', statements: withoutError(statements) }
  }

  /** Is the next migration, if any, outside of this one's transaction? */
  private endsRun(index: number): boolean {
    return this.request.review[index + 1]?.transaction.mode !== 'run'
  }

  private causeOf(migration: Migration, failure: MigrationFailure, seeded: boolean): FailureCause {
    if (failure.tooLong) {
      return {
        whose: 'ours',
        why: `it ran longer than ${this.request.statementTimeoutMs / 1000} s on nearly empty tables and was cancelled`,
        hint: 'If that is intended, raise statementTimeout in the configuration.',
      }
    }
    const { shortTimeoutMs: limitMs } = failure
    if (limitMs !== undefined && failure.error.message.endsWith('due to statement timeout')) {
      return {
        whose: 'ours',
        why: `a statement_timeout of ${limitMs} ms leaves no time for measuring it`,
        hint: 'Raise the timeout for this migration. One that ALTER ROLE or ALTER DATABASE sets holds in its sessions as well.',
      }
    }
    if (isUnfilledVariable(migration, failure.error)) {
      return {
        whose: 'ours',
        why: 'a psql variable stands here, and only psql itself can fill it in',
        hint: 'Give its value as `migrations: { placeholders: … }` in the configuration.',
      }
    }
    if (psqlDecides(migration, failure.statement, failure.error.sqlstate)) {
      return {
        whose: 'ours',
        why: `psql decides by \\if or \\connect whether it runs in this database (${failure.error.message})`,
      }
    }
    const { server } = this.request
    const lost = this.lost.explain(migration, failure.statement, failure.error)
    return classifyFailure(failure.error, { superuser: server.migratorIsSuperuser, lost, seeded, server })
  }

  /**
   * The schema as it is before the migration, without any row of ours: whatever passes there failed for our rows.
   * The rest of the run stays on it.
   */
  private async replaceStage(on: ReviewStage, index: number): Promise<void> {
    await on.stage[Symbol.asyncDispose]()
    this.retries = true
    const copy = await copyBase(this.request, on.base)
    await this.watch(copy)
    const apply = this.request.review.slice(0, index).map((migration) => this.leftOut.without(migration))
    on.stage = await Stage.open(this.stageContext(on.admin), copy, { seeded: false, apply })
  }

  private stageContext(admin: Client): StageContext {
    const { server, sharesSession } = this.request
    return {
      server,
      admin,
      sharesSession,
      ...this.shared,
      decodeEvent: server.hasSuperuser ? (message) => decodeEvent(this.marker, message) : undefined,
    }
  }

  /** What comes behind a migration that fails. */
  private behind(index: number): readonly ReplayedMigration[] {
    const { review } = this.request
    const rest = review.slice(index + 1)
    const { file = '' } = review[index] ?? {}
    if (rest.length > 0) this.limits.push(notReached(rest, `${file} fails before`, `Mend ${file} first.`))
    return rest.map((migration) => ({ migration, outcome: 'not rehearsed', statements: [] }))
  }
}

function isAbout({ span }: Limit, leftOut: readonly LeftOut[]): boolean {
  return leftOut.some(({ failure }) => failure.statement.span.start.offset === span?.start.offset)
}

function withoutError(statements: readonly MeasuredStatement[]): readonly MeasuredStatement[] {
  const last = statements.at(-1)
  if (last === undefined || !last.effects.some(({ kind }) => kind === 'error')) return statements
  // judged by prediction, like everything after it
  return statements.slice(0, -1)
}

/** A gate pass takes milliseconds; what takes longer waits for something that no gate holds. */
const gateTimeoutMs = 10_000

/** Adds what only the gate pass saw to the statements it saw it in. */
function withGatedLocks(result: ReplayedMigration, gated: GatedLocks | undefined): ReplayedMigration {
  if (gated === undefined || gated.byStatement.size === 0) return result
  const statements = result.statements.map((measured) => {
    const seen = result.statements
      .filter(({ statement }) => statement.transaction === measured.statement.transaction)
      .filter(({ statement }) => statement.index <= measured.statement.index)
      .flatMap(({ effects }) => effects)
    const early = (gated.byStatement.get(measured.statement.index) ?? []).filter(
      (lock) => !seen.some((effect) => covers(effect, lock)),
    )
    return early.length === 0 ? measured : { ...measured, gated: early }
  })
  return { ...result, statements }
}

function covers(effect: Effect, { relation, mode }: LockEffect): boolean {
  if (effect.kind !== 'lock' || lockStrength(effect.mode) < lockStrength(mode)) return false
  return effect.relation.name === relation.name && effect.relation.schema === relation.schema
}

/** ADD COLUMN … NOT NULL without a default fails on any row: that is the column's fault, and a rule says so. */
function breaksOnAnyRow({ statement, error }: MigrationFailure): boolean {
  return error.sqlstate === '23502' && statement.tag === 'AlterTableStmt' && /\badd\b/i.test(statement.sql)
}
