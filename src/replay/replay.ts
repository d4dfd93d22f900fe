import type { Client } from 'pg'
import { lockStrength } from '../core/locks.ts'
import type { Effect, Limit, LockEffect, Migration } from '../core/model.ts'
import { decodeEvent, installEventTriggers } from '../postgres/event-triggers.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { discardsStatements, setsSessionDefaults } from './commands.ts'
import { classifyFailure, type FailureCause } from './failures.ts'
import { mayNeedGates, type GateContext, type GatedLocks } from './gate-pass.ts'
import type { MeasuredMigration, MeasuredStatement, MigrationFailure } from './measure.ts'
import { isUnfilledVariable, leavesOutSql } from './psql-parts.ts'
import { preflightSelect } from './preflight.ts'
import { copyBase, prepareHistory, type KeptHistory, type PreparedHistory } from './prepare-history.ts'
import { namedRoles } from './roles.ts'
import { newMarker, type SessionOptions } from './session.ts'
import { connected, isServerGone, Stage, type StageContext } from './stage.ts'
import { standIn } from './stand-in.ts'

/** What migrations run on and in, wherever they run. */
export interface Circumstances {
  readonly history: readonly Migration[]
  readonly review: readonly Migration[]
  readonly sharesSession: boolean
  /** Session defaults: production's TimeZone and what the migration runner sets by itself. */
  readonly settings: Readonly<Record<string, string>>
  /** Roles to create besides those that the SQL names. */
  readonly roles: readonly string[]
  readonly statementTimeoutMs: number
  readonly signal: AbortSignal
  readonly progress: (message: string) => void
}

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
  /** Something could not be replayed here, so later steps may miss objects. */
  private incompleteSchema = false
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
    this.incompleteSchema = prepared.historyLimits.length > 0 || leavesOutSql([...history, ...review])
    this.limits.push(...prepared.historyLimits, ...prepared.seedLimits)
    await server.ensureRoles(namedRoles([...history, ...review]))
    await this.request.onPrepared?.(prepared)
    await this.watch(prepared.seeded)
    await using admin = await connected(server)
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
      let stopped: string | undefined
      for (const [index, migration] of this.request.review.entries()) {
        if (stopped !== undefined) {
          results.push(this.notReached(migration, `${stopped} fails before it`, `Mend ${stopped} first.`))
          continue
        }
        this.request.progress(`Rehearsing ${migration.file}`)
        const result = await this.rehearseOne(rehearsal, index, migration)
        if (result.outcome === 'failed') stopped = migration.file
        results.push(result)
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
      this.limits.push(...measured.limits, ...(gated?.limits ?? []))
      return withGatedLocks(this.conclude(migration, measured), gated)
    } catch (error) {
      if (!isServerGone(error)) throw error
      const hint = 'Look for a full disk or too little memory on this machine, and run again.'
      return this.notReached(migration, 'the throwaway server went away before it', hint)
    }
  }

  /** Once on seeded tables, and once more without rows of ours when it may have failed for them. */
  private async measureOne(on: ReviewStage, index: number, migration: Migration): Promise<MeasuredMigration> {
    const measured = await on.stage.run(migration, this.endsRun(index))
    const { failure } = measured
    if (failure === undefined || this.causeOf(migration, failure, on.stage.seeded).whose !== 'data')
      return measured
    await on.stage[Symbol.asyncDispose]()
    on.stage = await this.unseededStage(on.base, on.admin, index)
    const again = await on.stage.run(migration, this.endsRun(index))
    if (again.failure === undefined && !breaksOnAnyRow(failure)) this.limits.push(dependsOnData(failure))
    return again
  }

  /** A copy that nobody touches, where the gate pass may need one. */
  private async gateContext(seeded: string): Promise<GateContext | undefined> {
    const { server, history, review, statementTimeoutMs, signal } = this.request
    if (!server.hasSuperuser || !mayNeedGates(history, review)) return undefined
    const pristine = await server.createDatabase({ template: seeded })
    const timeoutMs = Math.min(statementTimeoutMs, gateTimeoutMs)
    return { server, pristine, review, signal, timeoutMs, prepare: this.shared.prepare }
  }

  private conclude(migration: Migration, { failure, statements }: MeasuredMigration): ReplayedMigration {
    if (failure === undefined) return { migration, outcome: 'rehearsed', statements }
    const cause = this.causeOf(migration, failure, false)
    if (cause.whose !== 'ours') return { migration, outcome: 'failed', statements }
    this.incompleteSchema = true
    this.limits.push(notRehearsed(migration, failure, cause.why, cause.hint))
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
    if (isUnfilledVariable(migration, failure.error)) {
      return {
        whose: 'ours',
        why: 'a psql variable stands here, and only psql itself can fill it in',
        hint: 'Write the value into the file, or have your runner do it and name the files that it makes.',
      }
    }
    const { migratorIsSuperuser: superuser } = this.request.server
    return classifyFailure(failure.error, { superuser, incompleteSchema: this.incompleteSchema, seeded })
  }

  /**
   * The schema as it is before the migration, without any row of ours: whatever passes there failed for our rows.
   * The rest of the run stays on it.
   */
  private async unseededStage(base: string, admin: Client, index: number): Promise<Stage> {
    this.retries = true
    const copy = await copyBase(this.request, base)
    await this.watch(copy)
    const apply = this.request.review.slice(0, index)
    return Stage.open(this.stageContext(admin), copy, { seeded: false, apply })
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

  private notReached(migration: Migration, why: string, hint: string): ReplayedMigration {
    this.limits.push({
      code: 'not-rehearsed',
      message: `${migration.file} was not rehearsed, because ${why}; it is judged by prediction.`,
      hint,
    })
    return { migration, outcome: 'not rehearsed', statements: [] }
  }
}

function withoutError(statements: readonly MeasuredStatement[]): readonly MeasuredStatement[] {
  const last = statements.at(-1)
  if (last === undefined || !last.effects.some(({ kind }) => kind === 'error')) return statements
  // judged by prediction, like everything after it
  return statements.slice(0, -1)
}

function notRehearsed(migration: Migration, failure: MigrationFailure, why: string, hint: string): Limit {
  return {
    code: 'not-rehearsed',
    message: `${migration.file} could not be rehearsed from here on: ${why}. It is judged by prediction.`,
    hint,
    span: failure.statement.span,
  }
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

function dependsOnData(failure: MigrationFailure): Limit {
  const select = preflightSelect(failure.statement)
  return {
    code: 'depends-on-data',
    message: `Whether this statement succeeds depends on the rows in production (here: ${failure.error.message}, SQLSTATE ${failure.error.sqlstate}).`,
    ...(select === undefined
      ? { hint: 'Check the rows it concerns in production beforehand.' }
      : { hint: 'Run this in production beforehand:', sql: select }),
    span: failure.statement.span,
  }
}
