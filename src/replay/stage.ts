import type { Client } from 'pg'
import type { Migration, Statement } from '../core/model.ts'
import type { DdlEvent } from '../postgres/event-triggers.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { gateMigration, type GateContext, type GatedLocks } from './gate-pass.ts'
import { CatalogWatch, structureJson } from './catalog-watch.ts'
import { applyHistory } from './history.ts'
import { Measurement, type MeasuredMigration, type MigrationFailure, type ScriptExtent } from './measure.ts'
import { RelationCatalog } from './relations.ts'
import { ReplaySession, type SessionOptions } from './session.ts'

export interface StageContext {
  readonly server: PostgresServer
  readonly admin: Client
  readonly sharesSession: boolean
  readonly sessionOptions: SessionOptions
  readonly prepare: (statement: Statement) => { readonly sql: string } | { readonly refused: string }
  readonly decodeEvent: ((message: string) => DdlEvent | undefined) | undefined
}

/** What of a migration is not run. */
export interface LeavingOut {
  /** Indexes of statements that are known to fail here for our reasons. */
  readonly without: ReadonlySet<number>
  /** May it go on without the statement that failed? */
  readonly excuses: (failure: MigrationFailure) => boolean
}

/** A copy of the database on which migrations are measured one after the other. */
export class Stage implements AsyncDisposable {
  private readonly context: StageContext
  readonly database: string
  /** The administrator's connection to the copy. */
  private readonly observer: Client
  private readonly catalog: RelationCatalog
  readonly seeded: boolean
  private session: ReplaySession | undefined
  private measurement: Measurement | undefined
  /** Of temporary files, since the statistics were forgotten. */
  private tempBytes = 0

  private constructor(
    context: StageContext,
    database: string,
    observer: Client,
    catalog: RelationCatalog,
    seeded: boolean,
  ) {
    this.context = context
    this.database = database
    this.observer = observer
    this.catalog = catalog
    this.seeded = seeded
  }

  static async open(
    context: StageContext,
    database: string,
    options: { readonly seeded: boolean; readonly apply?: readonly Migration[] },
  ): Promise<Stage> {
    const observer = await context.server.connectAdmin(database)
    const isWatched = context.decodeEvent === undefined
    const catalog = await RelationCatalog.read(observer, isWatched ? structureJson : undefined)
    const stage = new Stage(context, database, observer, catalog, options.seeded)
    try {
      if (context.server.kind === 'embedded') await forgetStatistics(context.admin)
      await stage.catchUp(options.apply ?? [])
      // The first look prunes and hints pages of our own catalogue: that WAL would be counted for the statement that
      // happens to come after it.
      if (context.server.kind === 'embedded') await stage.newTempBytes()
    } catch (error) {
      await stage[Symbol.asyncDispose]()
      throw error
    }
    return stage
  }

  /** Applies what comes before, unmeasured. */
  private async catchUp(before: readonly Migration[]): Promise<void> {
    if (before.length === 0) return
    const { server, admin, sessionOptions, sharesSession, prepare } = this.context
    await using session = await ReplaySession.open(server, this.database, admin, sessionOptions)
    await applyHistory(session, before, { sharesSession, prepare })
    await this.refreshCatalog()
  }

  /** What the gate pass sees of a migration that is about to be measured; see {@link gateMigration}. */
  async gate(context: GateContext, index: number): Promise<GatedLocks> {
    return gateMigration(context, index, this.observer, this.catalog)
  }

  /**
   * Measures one migration. `endsRun`: no further one shares its transaction. A statement whose failure is excused is
   * left out: its transaction is run again without it, unless that began in an earlier file, then the failure stands.
   */
  async run(
    migration: Migration,
    endsRun: boolean,
    { without, excuses }: LeavingOut,
  ): Promise<MeasuredMigration> {
    await this.enterScript()
    const leftOut = new Set(without)
    const committed: MeasuredMigration[] = []
    for (let from = 0; ;) {
      const measured = await this.attempt(migration, endsRun, { from, without: leftOut })
      const { failure } = measured
      if (failure === undefined || leftOut.has(failure.statement.index) || !excuses(failure))
        return joined([...committed, measured])
      const { statement } = failure
      const restart = migration.statements.findIndex(
        ({ transaction }) => transaction === statement.transaction,
      )
      if (this.session?.wire.isLost === true || (restart === 0 && migration.transaction.mode === 'run'))
        return joined([...committed, measured])
      leftOut.add(statement.index)
      committed.push(upTo(measured, migration.statements[restart] ?? statement))
      from = restart
    }
  }

  private async attempt(
    migration: Migration,
    endsRun: boolean,
    extent: ScriptExtent,
  ): Promise<MeasuredMigration> {
    this.session ??= await ReplaySession.open(
      this.context.server,
      this.database,
      this.context.admin,
      this.context.sessionOptions,
    )
    this.measurement ??= await Measurement.begin(this.session, this.catalog, {
      serverMajor: this.context.server.major,
      prepare: this.context.prepare,
      decodeEvent: this.context.decodeEvent,
      watch: this.context.decodeEvent === undefined ? new CatalogWatch(this.catalog) : undefined,
      newTempBytes: this.context.server.kind === 'embedded' ? () => this.newTempBytes() : undefined,
    })
    const measured = await this.measurement.run(migration, endsRun, extent)
    // what was seen of a transaction that rolled back is not so
    if (measured.failure !== undefined) {
      this.measurement = undefined
      await this.refreshCatalog()
    }
    return measured
  }

  /** A tool that connects anew for every file gets a session like new. */
  private async enterScript(): Promise<void> {
    if (this.session === undefined) return
    if (this.context.sharesSession && !this.session.wire.isLost) return
    await this.renewSession()
  }

  /** Forgets what the scripts so far have set. */
  async renewSession(): Promise<void> {
    if (this.session === undefined) return
    await this.session.renew()
    this.measurement = undefined
  }

  private async newTempBytes(): Promise<number> {
    const total = await readTempBytes(this.context.admin)
    const fresh = total - this.tempBytes
    this.tempBytes = total
    return fresh
  }

  private async refreshCatalog(): Promise<void> {
    try {
      await this.catalog.refresh(this.observer)
    } catch (error) {
      // the failure is known already; what follows will find the server gone by itself
      if (!isServerGone(error)) throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session?.[Symbol.asyncDispose]()
    await this.observer.end().catch(() => undefined)
  }
}

/** What had committed when the transaction began that this statement is the first of. */
function upTo({ statements, limits }: MeasuredMigration, { index, span }: Statement): MeasuredMigration {
  return {
    statements: statements.filter(({ statement }) => statement.index < index),
    limits: limits.filter((limit) => (limit.span?.start.offset ?? 0) < span.start.offset),
  }
}

/** Several stretches of one script; how the last ended counts. */
function joined(measured: readonly MeasuredMigration[]): MeasuredMigration {
  const failure = measured.at(-1)?.failure
  return {
    statements: measured.flatMap(({ statements }) => statements),
    limits: measured.flatMap(({ limits }) => limits),
    ...(failure === undefined ? {} : { failure }),
  }
}

/** Did the server itself go away (a full disk makes it end itself), and not only answer with an error? */
export function isServerGone(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as Error & { code?: unknown }
  return (
    goneCodes.has(String(code)) ||
    /connection terminated|not queryable|closed the connection/i.test(error.message)
  )
}

/** Of the socket; admin_shutdown, crash_shutdown, cannot_connect_now; connection_failure, connection_does_not_exist. */
const goneCodes: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ENOENT',
  '57P01',
  '57P02',
  '57P03',
  '08006',
  '08003',
])

/** Reading them takes as long as there are many, and those of the history are of no use any more. */
async function forgetStatistics(admin: Client): Promise<void> {
  await admin.query('select pgrehearse.pg_stat_statements_reset()')
}

async function readTempBytes(admin: Client): Promise<number> {
  const { rows } = await admin.query<{ bytes: string }>(
    'select coalesce(sum(temp_blks_written), 0) * 8192 as bytes from pgrehearse.pg_stat_statements(false)',
  )
  return Number(rows[0]?.bytes ?? 0)
}

/** An administrator's connection to none of the databases, for short statements. */
export async function watchdogOf(
  server: PostgresServer,
): Promise<AsyncDisposable & { readonly client: Client }> {
  if (server.watchdog === undefined) return connected(server)
  return { client: await server.watchdog(), [Symbol.asyncDispose]: () => Promise.resolve() }
}

/** An administrator's connection that ends with its scope. */
export async function connected(
  server: PostgresServer,
  database?: string,
): Promise<AsyncDisposable & { readonly client: Client }> {
  const client = await server.connectAdmin(database)
  return { client, [Symbol.asyncDispose]: () => client.end() }
}
