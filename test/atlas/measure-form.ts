import type { Client } from 'pg'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { gateLocks } from '../../src/replay/gate.ts'
import { ReplaySession } from '../../src/replay/session.ts'
import { locksOf, newFiles, newLocksAndReads, relationsOf, type RelationRow } from './relations.ts'
import { summaryText, type Seen } from './summary.ts'

/** A form is given so long; the longest take half a second. */
const deadlineMs = 30_000

/** Our administrator's connections look at nothing but pg_catalog, unless told. */
const settings = `set search_path = public; set timezone = 'UTC'; set statement_timeout = ${deadlineMs}`

/**
 * Measures forms on a server: read from its own catalogue, lock table and counters, not by what the replay makes of
 * them. Only the locks of forms that commit by themselves, which are gone afterwards, come from our gate pass.
 */
export class AtlasLaboratory implements AsyncDisposable {
  private readonly server: PostgresServer
  private readonly template: string
  private readonly database: string
  private readonly session: Client

  private constructor(server: PostgresServer, template: string, database: string, session: Client) {
    this.server = server
    this.template = template
    this.database = database
    this.session = session
  }

  /** With a database that holds the schema. Forms run as superuser: some may only be run by one. */
  static async open(server: PostgresServer, setup: string): Promise<AtlasLaboratory> {
    const template = await server.createDatabase()
    const founder = await server.connectAdmin(template)
    await founder.query(settings)
    await founder.query('set allow_in_place_tablespaces = on')
    await founder.query("create tablespace other location ''")
    await founder.query(setup)
    await founder.end()
    const database = await server.createDatabase({ template })
    const session = await server.connectAdmin(database)
    await session.query(settings)
    return new AtlasLaboratory(server, template, database, session)
  }

  /** What {@link import('./forms.ts').Outcome} says. */
  async measure(form: string): Promise<string> {
    const statements = form.split(' ;; ')
    const inBlock = await this.inBlock(statements)
    return inBlock === 'fails 25001' ? this.alone(statements) : inBlock
  }

  private async inBlock(statements: readonly string[]): Promise<string> {
    const { session } = this
    await session.query('begin')
    try {
      for (const sql of statements.slice(0, -1)) await session.query(sql)
      const [before, held] = [await relationsOf(session), await locksOf(session)]
      const known = new Set((this.existing ??= await this.oids()))
      await session.query(statements.at(-1) ?? '')
      const [after, locks] = [await relationsOf(session), await locksOf(session)]
      const old = before.filter(({ oid }) => known.has(oid))
      const seen = [...newLocksAndReads(old, held, after, locks), ...newFiles(old, after)]
      // what TRUNCATE reads is the empty file that it has just made
      const isTruncate = statements.at(-1)?.startsWith('truncate') === true
      return summaryText(isTruncate ? seen.filter(({ what }) => what !== 'read') : seen, false)
    } catch (error) {
      return `fails ${(error as { code?: string }).code}`
    } finally {
      await session.query('rollback')
    }
  }

  private existing: readonly number[] | undefined

  /** Relations of the schema itself. */
  private async oids(): Promise<readonly number[]> {
    const observer = await this.server.connectAdmin(this.database)
    try {
      return (await relationsOf(observer)).map(({ oid }) => oid)
    } finally {
      await observer.end()
    }
  }

  /** A form that commits by itself: its locks by the gate pass, its scans and files on another copy. */
  private async alone(statements: readonly string[]): Promise<string> {
    const locks = await this.onCopy(statements, (database, before) =>
      this.gated(database, before, statements),
    )
    if (typeof locks === 'string') return locks
    // these are made once for the whole server
    const isClusterWide = /\b(database|tablespace|system)\b/i.test(statements.at(-1) ?? '')
    const seen = isClusterWide
      ? []
      : await this.onCopy(statements, (database, before) => this.counted(database, before, statements))
    return summaryText([...locks, ...seen], true)
  }

  private async gated(
    database: string,
    before: readonly RelationRow[],
    statements: readonly string[],
  ): Promise<readonly Seen[] | string> {
    const statement = statements.at(-1) ?? ''
    const result = await gateLocks({
      server: { connectAdmin: (name) => this.server.connectAdmin(name), connectMigrator: this.asSuperuser },
      database,
      prelude: async () => {},
      statement,
      tables: reached(before, statement).map(({ oid }) => oid),
      timeoutMs: deadlineMs,
    })
    if (result.error !== undefined) return `fails ${result.error.sqlstate}`
    if (!result.complete) throw new Error(`${statement}: ${result.why}`)
    return [...result.requests, ...result.held].flatMap(({ oid, mode }): Seen[] => {
      const relation = before.find((one) => one.oid === oid)
      return relation === undefined ? [] : [{ what: 'lock', relation, mode }]
    })
  }

  private readonly asSuperuser = async (database: string | undefined): Promise<Client> => {
    const client = await this.server.connectAdmin(database)
    await client.query(settings)
    return client
  }

  private async counted(
    database: string,
    before: readonly RelationRow[],
    statements: readonly string[],
  ): Promise<readonly Seen[]> {
    const watchdog = await this.server.connectAdmin(database)
    const asSuperuser = new Proxy(this.server, {
      get: (server, key): unknown =>
        key === 'connectMigrator' ? this.asSuperuser : Reflect.get(server, key),
    })
    try {
      await using session = await ReplaySession.open(asSuperuser, database, watchdog, {
        statementTimeoutMs: deadlineMs,
        signal: new AbortController().signal,
        scriptsDiscard: false,
        scriptsSetDefaults: false,
      })
      const sql = statements.at(-1) ?? ''
      const earlier = await session.read({ everyRelation: true })
      const { result, reading } = await session.runProbed({ sql }, { sync: true, everyRelation: true })
      if (result.error !== undefined) throw new Error(`${sql}: ${result.error.message}`)
      const isRead = ({ oid, kind }: RelationRow): boolean => {
        // since 15 the probe makes every commit flush its counters
        const flushed = this.server.major >= 15
        const last = flushed ? 0 : (earlier?.relations.get(oid)?.scans ?? 0)
        return /[rm]/.test(kind) && (reading?.relations.get(oid)?.scans ?? 0) > last
      }
      const read = before.filter(isRead).map((relation): Seen => ({ what: 'read', relation }))
      return [...read, ...newFiles(before, await relationsOf(watchdog))]
    } finally {
      await watchdog.end()
    }
  }

  private async onCopy<T>(
    statements: readonly string[],
    work: (database: string, before: readonly RelationRow[]) => Promise<T>,
  ): Promise<T> {
    const database = await this.server.createDatabase({ template: this.template })
    try {
      const admin = await this.asSuperuser(database)
      const before = await relationsOf(admin)
      for (const sql of statements.slice(0, -1)) await admin.query(sql)
      await admin.end()
      return await work(database, before)
    } finally {
      await this.server.dropDatabase(database)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.end()
    await this.server.dropDatabase(this.database)
    await this.server.dropDatabase(this.template)
  }
}

/** Tables that the statement names, by themselves, by an index or by their schema, and their partitions. */
function reached(relations: readonly RelationRow[], statement: string): readonly RelationRow[] {
  const words = new Set(statement.match(/\w+/g))
  const named = relations.filter(
    ({ name, schema }) => words.has(name) || statement.includes(`schema ${schema}`),
  )
  const ofIndexes = new Set(named.map(({ table }) => table))
  const chosen = new Set(
    relations.filter((one) => named.includes(one) || ofIndexes.has(`${one.schema}.${one.name}`)),
  )
  for (const one of chosen) {
    for (const below of relations) if (below.parent === one.oid) chosen.add(below)
  }
  return [...chosen].filter(({ kind }) => kind === 'r' || kind === 'p')
}
