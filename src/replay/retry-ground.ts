/**
 * Migrations that break off in their middle and are run again, on copies of the database as it was before each of them,
 * compared with the same migration run to its end.
 */
import type { Migration, Statement } from '../core/model.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { breakInside, type Breaking } from './break-inside.ts'
import { diffSchema, readSchema, type SchemaDifference, type SchemaSnapshot } from './fingerprint.ts'
import { runScript, type ScriptError } from './run-script.ts'
import { ReplaySession, type SessionOptions } from './session.ts'
import { connected, watchdogOf } from './stage.ts'
import { standIn } from './stand-in.ts'
import {
  againstChance,
  diffContents,
  invalidIndexes,
  readContents,
  type Contents,
  type ContentsDifference,
  type NamedTable,
} from './table-contents.ts'

/** What is needed to try it. */
export interface RetryContext {
  readonly server: PostgresServer
  /** Database that the migrations under review began with, seeded. Nobody may change it. */
  readonly seeded: string
  /** The same without any row of ours. Nobody may change it. */
  readonly bare: string
  readonly sessionOptions: SessionOptions
  /** A copy of a database that nobody is in, with the settings of a session in production. */
  copy(database: string): Promise<string>
}

/** Where a migration breaks off. */
export interface Interruption {
  /** `after` the statement has committed, or `inside` of it. */
  readonly kind: 'after' | 'inside'
  readonly statement: Statement
  /** How, where that is inside. */
  readonly how?: Breaking
  /** The next run begins with this statement; absent: with the first. */
  readonly from?: number
}

/** What the next run comes to. */
export type Aftermath =
  | { readonly kind: 'not broken off' }
  /** It does not come to its end here anyway: for a row of ours, or a setting of an earlier file. */
  | { readonly kind: 'not comparable'; readonly message: string }
  | { readonly kind: 'resumes'; readonly invalid: readonly string[] }
  | {
      readonly kind: 'fails'
      readonly invalid: readonly string[]
      readonly at: Statement
      readonly sqlstate: string
      readonly message: string
    }
  | {
      readonly kind: 'ends otherwise'
      readonly invalid: readonly string[]
      /** From the end without the failure to the end with it. */
      readonly schema: SchemaDifference
      readonly rows: readonly ContentsDifference[]
    }

/** A migration run to its end. */
interface Reference {
  readonly database: string
  readonly schema: SchemaSnapshot
  readonly contents: Contents
  /** Of a second run to the end: values that are new in every run differ. Read when it is needed. */
  again?: Contents
}

/** What stands here is tried next. */
interface Current {
  readonly migration: Migration
  readonly tables: readonly NamedTable[]
  reference?: Reference | ScriptError
}

/** Stands before one migration after the other. */
export class RetryGround implements AsyncDisposable {
  private readonly context: RetryContext
  /** Ours once something was applied to it; till then one that nobody may change. */
  private before: { readonly database: string; readonly isOurs: boolean }
  private current: Current | undefined
  /** To be applied to what stands here. */
  private pending: Migration[] = []

  constructor(context: RetryContext) {
    this.context = context
    this.before = { database: context.seeded, isOurs: false }
  }

  /** Begins once more without rows of ours, with those given to be applied first. */
  async beginBare(migrations: readonly Migration[]): Promise<void> {
    await this.stand({ database: this.context.bare, isOurs: false })
    this.pending = [...migrations]
  }

  /** Goes on behind a migration, the chosen one or another; it is applied when the next one is chosen. */
  async pass(migration: Migration): Promise<void> {
    const { reference } = this.current?.migration === migration ? this.current : {}
    if (reference !== undefined && 'database' in reference) {
      this.current = undefined
      await this.stand({ database: reference.database, isOurs: true })
    } else this.pending.push(migration)
  }

  /** Chooses the migration that is broken off, and the tables whose rows count. The error that ends one before it. */
  async choose(migration: Migration, tables: readonly NamedTable[]): Promise<ScriptError | undefined> {
    await this.stand(this.before)
    const error = await this.applyPending()
    if (error === undefined) this.current = { migration, tables }
    return error
  }

  /**
   * Breaks the migration off and runs it again. `instead`: a migration to try in the place of the one that was chosen,
   * and to compare with it.
   */
  async breakOff(interruption: Interruption, instead?: Migration): Promise<Aftermath> {
    const { current } = this
    if (current === undefined) throw new Error('No migration was chosen.')
    const migration = instead ?? current.migration
    const database = await this.context.copy(this.before.database)
    try {
      if (!(await this.runUpTo(database, migration, interruption))) return { kind: 'not broken off' }
      const invalid = await this.invalidIndexes(database)
      const error = await this.run(database, migration, interruption.from)
      if (error !== undefined && isThereAlready.has(error.error.code)) return failure(error, invalid)
      const reference = await this.reach(current)
      if (!('database' in reference)) return { kind: 'not comparable', message: reference.error.message }
      if (error !== undefined) return failure(error, invalid)
      return await this.compare(current, reference, database, invalid)
    } finally {
      await this.context.server.dropDatabase(database)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stand({ database: this.context.seeded, isOurs: false })
  }

  private async applyPending(): Promise<ScriptError | undefined> {
    const { pending } = this
    if (pending.length === 0) return undefined
    this.pending = []
    if (!this.before.isOurs)
      await this.stand({ database: await this.context.copy(this.before.database), isOurs: true })
    await using watchdog = await watchdogOf(this.context.server)
    await using session = await this.open(this.before.database, watchdog.client)
    for (const migration of pending) {
      const error = await runScript(session, migration, { prepare: this.prepare })
      if (error !== undefined) return error
      await session.renew()
    }
    return undefined
  }

  /** Leaves what stood here. */
  private async stand(next: RetryGround['before']): Promise<void> {
    const { before, current } = this
    this.before = next
    this.current = undefined
    if (current?.reference !== undefined && 'database' in current.reference)
      await this.context.server.dropDatabase(current.reference.database)
    if (before.isOurs && before.database !== next.database)
      await this.context.server.dropDatabase(before.database)
  }

  /** Runs the migration to its end, on a copy: what broken off runs are compared with. The error that ends it. */
  private async reach(current: Current): Promise<Reference | ScriptError> {
    current.reference ??= await this.runToEnd(current)
    return current.reference
  }

  private async runToEnd({ migration, tables }: Current): Promise<Reference | ScriptError> {
    const database = await this.context.copy(this.before.database)
    const error = await this.run(database, migration)
    if (error === undefined) return { database, ...(await this.look(database, tables)) }
    await this.context.server.dropDatabase(database)
    return error
  }

  /** A session of its own: the tool was started anew. */
  private async run(database: string, migration: Migration, from = 0): Promise<ScriptError | undefined> {
    await using watchdog = await watchdogOf(this.context.server)
    await using session = await this.open(database, watchdog.client)
    return await runScript(session, migration, { from, prepare: this.prepare })
  }

  private async runUpTo(
    database: string,
    migration: Migration,
    { kind, statement, how = 'killed' }: Interruption,
  ): Promise<boolean> {
    await using watchdog = await watchdogOf(this.context.server)
    await using session = await this.open(database, watchdog.client)
    const to = kind === 'after' ? statement.index + 1 : statement.index
    const error = await runScript(session, migration, { to, prepare: this.prepare })
    if (error !== undefined) return false
    if (kind === 'after') return true
    const { server } = this.context
    const holder = await (server.hasSuperuser
      ? server.connectAdmin(database)
      : server.connectMigrator(database))
    try {
      return await breakInside(session, holder, statement, how)
    } finally {
      await holder.end()
    }
  }

  private async compare(
    { migration, tables }: Current,
    reference: Reference,
    database: string,
    invalid: readonly string[],
  ): Promise<Aftermath> {
    const { schema: after, contents } = await this.look(database, tables)
    const schema = diffSchema(reference.schema, after)
    let rows = diffContents(reference.contents, contents)
    if (rows.length > 0) {
      const again = (reference.again ??= await this.contentsAgain(migration, tables))
      rows = diffContents(reference.contents, contents, againstChance(reference.contents, again))
    }
    if (schema.equal && rows.length === 0) return { kind: 'resumes', invalid }
    return { kind: 'ends otherwise', invalid, schema, rows }
  }

  private async contentsAgain(migration: Migration, tables: readonly NamedTable[]): Promise<Contents> {
    const database = await this.context.copy(this.before.database)
    try {
      await this.run(database, migration)
      return (await this.look(database, tables)).contents
    } finally {
      await this.context.server.dropDatabase(database)
    }
  }

  private async look(
    database: string,
    tables: readonly NamedTable[],
  ): Promise<Pick<Reference, 'schema' | 'contents'>> {
    await using admin = await connected(this.context.server, database)
    const contents = await readContents(admin.client, tables)
    return { contents, schema: await readSchema(admin.client) }
  }

  private async invalidIndexes(database: string): Promise<readonly string[]> {
    await using admin = await connected(this.context.server, database)
    return await invalidIndexes(admin.client)
  }

  private open(database: string, watchdog: Parameters<typeof ReplaySession.open>[2]): Promise<ReplaySession> {
    const { server, sessionOptions } = this.context
    return ReplaySession.open(server, database, watchdog, sessionOptions)
  }

  private readonly prepare = (statement: Statement): ReturnType<typeof standIn> =>
    standIn(this.context.server, statement, true)
}

/** duplicate_table, _object, _column, _schema, _function: nothing but the first run can be the cause. */
const isThereAlready: ReadonlySet<string> = new Set(['42P07', '42710', '42701', '42P06', '42723'])

function failure(
  { statement: at, error: { code: sqlstate, message } }: ScriptError,
  invalid: readonly string[],
): Aftermath {
  return { kind: 'fails', invalid, at, sqlstate, message }
}
