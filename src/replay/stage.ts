import type { Client } from 'pg'
import type { Migration, Statement } from '../core/model.ts'
import type { DdlEvent } from '../postgres/event-triggers.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { gateMigration, type GateContext, type GatedLocks } from './gate-pass.ts'
import { applyHistory } from './history.ts'
import { Measurement, type MeasuredMigration } from './measure.ts'
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

/** A copy of the database on which migrations are measured one after the other. */
export class Stage implements AsyncDisposable {
  private readonly context: StageContext
  private readonly database: string
  private readonly catalog: RelationCatalog
  readonly seeded: boolean
  private session: ReplaySession | undefined
  private measurement: Measurement | undefined

  private constructor(context: StageContext, database: string, catalog: RelationCatalog, seeded: boolean) {
    this.context = context
    this.database = database
    this.catalog = catalog
    this.seeded = seeded
  }

  static async open(
    context: StageContext,
    database: string,
    options: { readonly seeded: boolean; readonly apply?: readonly Migration[] },
  ): Promise<Stage> {
    const catalog = await readCatalog(context.server, database)
    const stage = new Stage(context, database, catalog, options.seeded)
    if (options.apply !== undefined && options.apply.length > 0) {
      const { server, admin, sessionOptions, sharesSession, prepare } = context
      await using session = await ReplaySession.open(server, database, admin, sessionOptions)
      await applyHistory(session, options.apply, { sharesSession, prepare })
      await stage.refreshCatalog()
    }
    return stage
  }

  /** What the gate pass sees of a migration that is about to be measured; see {@link gateMigration}. */
  async gate(context: GateContext, index: number): Promise<GatedLocks> {
    await using admin = await connected(this.context.server, this.database)
    return await gateMigration(context, index, admin.client, this.catalog)
  }

  /** Measures one migration. `endsRun`: no further one shares its transaction. */
  async run(migration: Migration, endsRun: boolean): Promise<MeasuredMigration> {
    if (this.session?.wire.isLost === true || !this.context.sharesSession) await this.leaveSession()
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
      readTempBytes:
        this.context.server.kind === 'embedded' ? () => readTempBytes(this.context.admin) : undefined,
    })
    const measured = await this.measurement.run(migration, endsRun)
    // what was seen of a transaction that rolled back is not so
    if (measured.failure !== undefined) await this.refreshCatalog()
    return measured
  }

  private async refreshCatalog(): Promise<void> {
    await using admin = await connected(this.context.server, this.database)
    await this.catalog.refresh(admin.client)
  }

  private async leaveSession(): Promise<void> {
    await this.session?.[Symbol.asyncDispose]()
    this.session = undefined
    this.measurement = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leaveSession()
  }
}

async function readCatalog(server: PostgresServer, database: string): Promise<RelationCatalog> {
  await using admin = await connected(server, database)
  return await RelationCatalog.read(admin.client)
}

async function readTempBytes(admin: Client): Promise<number> {
  const { rows } = await admin.query<{ bytes: string }>(
    'select coalesce(sum(temp_blks_written), 0) * 8192 as bytes from pgrehearse.pg_stat_statements',
  )
  return Number(rows[0]?.bytes ?? 0)
}

/** An administrator's connection that ends with its scope. */
export async function connected(
  server: PostgresServer,
  database?: string,
): Promise<AsyncDisposable & { readonly client: Client }> {
  const client = await server.connectAdmin(database)
  return { client, [Symbol.asyncDispose]: () => client.end() }
}
