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
import { connected } from './stage.ts'
import { standIn } from './stand-in.ts'
import {
  diffContents,
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

interface Reference {
  readonly migration: Migration
  readonly tables: readonly NamedTable[]
  readonly database: string
  readonly schema: SchemaSnapshot
  readonly contents: Contents
  /** Of a second run to the end: values that are new in every run differ. Read when it is needed. */
  again?: Contents
}

/** Stands before one migration after the other. */
export class RetryGround implements AsyncDisposable {
  private readonly context: RetryContext
  private before: string
  private reference: Reference | undefined

  private constructor(context: RetryContext, before: string) {
    this.context = context
    this.before = before
  }

  static async open(context: RetryContext): Promise<RetryGround> {
    return new RetryGround(context, await context.copy(context.seeded))
  }

  /** Begins once more without rows of ours; those given have been applied then. The error that ends these. */
  async beginBare(migrations: readonly Migration[]): Promise<ScriptError | undefined> {
    const { before } = this
    this.before = await this.context.copy(this.context.bare)
    await this.context.server.dropDatabase(before)
    for (const migration of migrations) {
      const error = await this.pass(migration)
      if (error !== undefined) return error
    }
    return undefined
  }

  /** Applies a migration that is not tried; the error that ends it. */
  pass(migration: Migration): Promise<ScriptError | undefined> {
    return this.run(this.before, migration)
  }

  /** Runs the migration to its end, on a copy: what broken off runs are compared with. The error that ends it. */
  async reach(migration: Migration, tables: readonly NamedTable[]): Promise<ScriptError | undefined> {
    const database = await this.context.copy(this.before)
    const error = await this.run(database, migration)
    if (error !== undefined) {
      await this.context.server.dropDatabase(database)
      return error
    }
    const { schema, contents } = await this.look(database, tables)
    this.reference = { migration, tables, database, schema, contents }
    return undefined
  }

  /**
   * Breaks the migration off and runs it again. `instead`: a migration to try in the place of the one that was run to its
   * end.
   */
  async breakOff(interruption: Interruption, instead?: Migration): Promise<Aftermath> {
    const { reference } = this
    if (reference === undefined) throw new Error('Nothing was run to its end.')
    const migration = instead ?? reference.migration
    const database = await this.context.copy(this.before)
    try {
      if (!(await this.runUpTo(database, migration, interruption))) return { kind: 'not broken off' }
      const invalid = await this.invalidIndexes(database)
      const error = await this.run(database, migration, interruption.from)
      if (error !== undefined) {
        const { statement: at, error: cause } = error
        return { kind: 'fails', invalid, at, sqlstate: cause.code, message: cause.message }
      }
      return await this.compare(reference, database, invalid)
    } finally {
      await this.context.server.dropDatabase(database)
    }
  }

  /** Goes on behind the migration that was run to its end. */
  async goOn(): Promise<void> {
    if (this.reference === undefined) return
    const { before } = this
    this.before = this.reference.database
    this.reference = undefined
    await this.context.server.dropDatabase(before)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { server } = this.context
    if (this.reference !== undefined) await server.dropDatabase(this.reference.database)
    await server.dropDatabase(this.before)
  }

  /** A session of its own: the tool was started anew. */
  private async run(database: string, migration: Migration, from = 0): Promise<ScriptError | undefined> {
    await using watchdog = await connected(this.context.server)
    await using session = await this.open(database, watchdog.client)
    return await runScript(session, migration, { from, prepare: this.prepare })
  }

  private async runUpTo(
    database: string,
    migration: Migration,
    { kind, statement, how = 'killed' }: Interruption,
  ): Promise<boolean> {
    await using watchdog = await connected(this.context.server)
    await using session = await this.open(database, watchdog.client)
    const to = kind === 'after' ? statement.index + 1 : statement.index
    const error = await runScript(session, migration, { to, prepare: this.prepare })
    if (error !== undefined) return false
    if (kind === 'after') return true
    await using holder = await connected(this.context.server, database)
    return await breakInside(session, holder.client, statement, how)
  }

  private async compare(
    reference: Reference,
    database: string,
    invalid: readonly string[],
  ): Promise<Aftermath> {
    const { schema: current, contents } = await this.look(database, reference.tables)
    const schema = diffSchema(reference.schema, current)
    let rows = diffContents(reference.contents, contents)
    if (rows.some(({ columns }) => columns.length > 0)) {
      reference.again ??= await this.contentsAgain(reference)
      const { again } = reference
      const isSteady = (table: string, column: string): boolean =>
        again.get(table)?.columns.get(column) === reference.contents.get(table)?.columns.get(column)
      rows = diffContents(reference.contents, contents, isSteady)
    }
    if (schema.equal && rows.length === 0) return { kind: 'resumes', invalid }
    return { kind: 'ends otherwise', invalid, schema, rows }
  }

  private async contentsAgain({ migration, tables }: Reference): Promise<Contents> {
    const database = await this.context.copy(this.before)
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
    const { rows } = await admin.client.query<{ name: string }>(
      `select c.relname as name from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
       where not i.indisvalid and c.relkind = 'i' order by 1`,
    )
    return rows.map(({ name }) => name)
  }

  private open(database: string, watchdog: Parameters<typeof ReplaySession.open>[2]): Promise<ReplaySession> {
    const { server, sessionOptions } = this.context
    return ReplaySession.open(server, database, watchdog, sessionOptions)
  }

  private readonly prepare = (statement: Statement): ReturnType<typeof standIn> =>
    standIn(this.context.server, statement, true)
}
