import { escapeLiteral, type Client } from 'pg'
import type { Limit, Migration, Statement } from '../core/model.ts'
import { installBroker } from '../postgres/broker.ts'
import { decodeEvent, installEventTriggers } from '../postgres/event-triggers.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { brokered, isClusterWide } from './broker.ts'
import { discardsStatements } from './commands.ts'
import { classifyFailure } from './failures.ts'
import { applyHistory } from './history.ts'
import type { MeasuredMigration, MeasuredStatement, MigrationFailure } from './measure.ts'
import { preflightSelect } from './preflight.ts'
import { namedRoles } from './roles.ts'
import { seedTables } from './seed.ts'
import { newMarker, ReplaySession, type SessionOptions } from './session.ts'
import { connected, Stage, type StageContext } from './stage.ts'

export interface ReplayRequest {
  readonly server: PostgresServer
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

class Replay {
  private readonly request: ReplayRequest
  private readonly limits: Limit[] = []
  private readonly sessionOptions: SessionOptions
  private readonly marker = newMarker()
  /** Something could not be replayed here, so later steps may miss objects. */
  private incompleteSchema = false
  private retries = false

  constructor(request: ReplayRequest) {
    this.request = request
    const { history, review, statementTimeoutMs, signal } = request
    const texts = [...history, ...review].map(({ text }) => text)
    this.sessionOptions = { statementTimeoutMs, signal, scriptsDiscard: discardsStatements(texts) }
  }

  async run(): Promise<ReplayOutcome> {
    const { server, history, review } = this.request
    await server.ensureRoles([...new Set([...this.request.roles, ...namedRoles([...history, ...review])])])
    const admin = await server.connectAdmin()
    try {
      const base = await this.createBase(admin)
      await this.applyHistory(base, admin, history)
      const copy = await this.createCopy(base, { seeded: true })
      const migrations = await this.review(base, copy, admin)
      return { migrations, limits: this.limits }
    } finally {
      await admin.end()
    }
  }

  private async createBase(admin: Client): Promise<string> {
    const { server } = this.request
    const base = await server.createDatabase()
    await this.setDefaults(base, admin)
    if (server.hasSuperuser) {
      await using client = await connected(server, base)
      await installBroker(client.client, server.migrator)
    }
    return base
  }

  /** As database defaults they survive RESET ALL and DISCARD ALL in a script. */
  private async setDefaults(database: string, admin: Client): Promise<void> {
    for (const [name, value] of Object.entries(this.request.settings)) {
      await admin.query(
        `alter database ${admin.escapeIdentifier(database)} set ${admin.escapeIdentifier(name)} to ${admin.escapeLiteral(value)}`,
      )
    }
  }

  private async applyHistory(database: string, admin: Client, history: readonly Migration[]): Promise<void> {
    if (history.length === 0) return
    this.request.progress(`Applying ${history.length} migrations of the history`)
    await using session = await ReplaySession.open(this.request.server, database, admin, this.sessionOptions)
    const failed = await applyHistory(session, history, {
      sharesSession: this.request.sharesSession,
      prepare: (statement) => this.prepare(statement),
    })
    if (failed.length > 0) this.incompleteSchema = true
    this.limits.push(...failed)
  }

  /** A copy of the database after the history, watched by our event triggers. */
  private async createCopy(base: string, options: { readonly seeded: boolean }): Promise<string> {
    const { server } = this.request
    const copy = await server.createDatabase({ template: base })
    await using admin = await connected(server, copy)
    await this.setDefaults(copy, admin.client)
    if (server.hasSuperuser) await installEventTriggers(admin.client, this.marker)
    if (options.seeded) {
      this.request.progress('Seeding tables')
      const { unseeded } = await seedTables(admin.client, {
        signal: this.request.signal,
        connectMigrator: () => server.connectMigrator(copy),
      })
      this.limits.push(...unseeded.map(seedLimit))
    }
    return copy
  }

  private async review(base: string, copy: string, admin: Client): Promise<readonly ReplayedMigration[]> {
    const results: ReplayedMigration[] = []
    let stage = await Stage.open(this.stageContext(admin), copy, { seeded: true })
    try {
      let stopped: string | undefined
      for (const [index, migration] of this.request.review.entries()) {
        if (stopped !== undefined) {
          results.push(this.notReached(migration, stopped))
          continue
        }
        this.request.progress(`Rehearsing ${migration.file}`)
        let measured = await stage.run(migration, this.endsRun(index))
        if (measured.failure !== undefined && this.causeOf(measured.failure, stage.seeded).whose === 'data') {
          const onSeeds = measured.failure
          await stage[Symbol.asyncDispose]()
          stage = await this.unseededStage(base, admin, index)
          measured = await stage.run(migration, this.endsRun(index))
          if (measured.failure === undefined && !breaksOnAnyRow(onSeeds))
            this.limits.push(dependsOnData(onSeeds))
        }
        this.limits.push(...measured.limits)
        const result = this.conclude(migration, measured)
        if (result.outcome === 'failed') stopped = migration.file
        results.push(result)
      }
    } finally {
      await stage[Symbol.asyncDispose]()
    }
    return results
  }

  private conclude(migration: Migration, { failure, statements }: MeasuredMigration): ReplayedMigration {
    if (failure === undefined) return { migration, outcome: 'rehearsed', statements }
    const cause = this.causeOf(failure, false)
    if (cause.whose !== 'ours') return { migration, outcome: 'failed', statements }
    this.incompleteSchema = true
    this.limits.push(notRehearsed(migration, failure, cause.why, cause.hint))
    return { migration, outcome: 'not rehearsed', statements: withoutError(statements) }
  }

  /** Is the next migration, if any, outside of this one's transaction? */
  private endsRun(index: number): boolean {
    return this.request.review[index + 1]?.transaction.mode !== 'run'
  }

  private causeOf(failure: MigrationFailure, seeded: boolean): ReturnType<typeof classifyFailure> {
    if (failure.tooLong) {
      return {
        whose: 'ours',
        why: `it ran longer than ${this.request.statementTimeoutMs / 1000} s on nearly empty tables and was cancelled`,
        hint: 'If that is intended, raise statementTimeout in the configuration.',
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
    const copy = await this.createCopy(base, { seeded: false })
    const apply = this.request.review.slice(0, index)
    return Stage.open(this.stageContext(admin), copy, { seeded: false, apply })
  }

  private stageContext(admin: Client): StageContext {
    const { server, sharesSession } = this.request
    return {
      server,
      admin,
      sharesSession,
      sessionOptions: this.sessionOptions,
      prepare: (statement) => this.prepare(statement),
      decodeEvent: server.hasSuperuser ? (message) => decodeEvent(this.marker, message) : undefined,
    }
  }

  private prepare(statement: Statement): { readonly sql: string } | { readonly refused: string } {
    const { server } = this.request
    if (server.kind === 'existing' && isClusterWide(statement)) {
      return {
        refused: 'A statement that changes the whole server is not run on a server that was given to us.',
      }
    }
    // roles belong to the whole server: a second attempt finds those of the first
    if (this.retries && statement.tag === 'CreateRoleStmt') return { sql: unlessItExists(statement.sql) }
    const detour = server.hasSuperuser && !server.migratorIsSuperuser ? brokered(statement) : undefined
    return { sql: detour ?? statement.sql }
  }

  private notReached(migration: Migration, stopped: string): ReplayedMigration {
    this.limits.push({
      code: 'not-rehearsed',
      message: `${migration.file} was not rehearsed, because ${stopped} fails before it; it is judged by prediction.`,
      hint: `Mend ${stopped} first.`,
    })
    return { migration, outcome: 'not rehearsed', statements: [] }
  }
}

function unlessItExists(sql: string): string {
  return `do ${escapeLiteral(`begin execute ${escapeLiteral(sql)}; exception when duplicate_object then null; end`)}`
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

/** ADD COLUMN … NOT NULL without a default fails on any row: that is the column's fault, and a rule says so. */
function breaksOnAnyRow({ statement, error }: MigrationFailure): boolean {
  return error.sqlstate === '23502' && statement.tag === 'AlterTableStmt' && /\badd\b/i.test(statement.sql)
}

function dependsOnData(failure: MigrationFailure): Limit {
  const select = preflightSelect(failure.statement)
  return {
    code: 'depends-on-data',
    message: `Whether this statement succeeds depends on the rows in production (here: ${failure.error.message}, SQLSTATE ${failure.error.sqlstate}).`,
    hint:
      select === undefined
        ? 'Check the rows it concerns in production beforehand.'
        : `Run this in production beforehand: ${select}`,
    span: failure.statement.span,
  }
}

function seedLimit({ table, why }: { readonly table: string; readonly why: string }): Limit {
  return {
    code: 'table-not-seeded',
    message: `${table} stayed empty: ${why}. Locks that only rows cause (foreign keys, triggers) may be missing.`,
  }
}
