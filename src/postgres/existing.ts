import { randomBytes } from 'node:crypto'
import type { Client, ClientConfig } from 'pg'
import { EnvironmentError, ToolError, UsageError } from '../core/errors.ts'
import { adminOptions, connectClient } from './connect.ts'
import { createDatabase, dropDatabase, uniqueName } from './databases.ts'
import { dropRoles, markDatabaseSql, markRoleSql, removeDeadRuns, runMark } from './existing-leftovers.ts'
import { connectAgain, loginSql } from './locked-out.ts'
import type { PostgresServer, ServerOptions } from './provider.ts'
import { disarmFileRolesSql, ensureRoles, migratorSql, parameterGrantSql } from './roles.ts'
import { parseServerUrl, safeReason, type ServerAddress } from './server-url.ts'
import { openWire, type WireSocket, type WireStart } from './wire-login.ts'

const oldestMajor = 14

/**
 * Uses the server of `options.serverUrl`: databases and roles of our own on it, nothing else.
 * @throws UsageError when it is a standby or holds data that is not ours (without `sharedServer`);
 * EnvironmentError when it cannot be reached or refuses us what we need.
 */
export async function connectExisting(options: ServerOptions): Promise<PostgresServer> {
  return useAddress(parseServerUrl(options.serverUrl ?? ''), options)
}

/** A server that was started for this run alone, and that nobody else can reach. */
export interface OwnServer {
  /** In parentheses behind the version, for instance `container postgres:17`. */
  readonly description: string
  /** Called as superuser, before anything else happens there. */
  prepare(admin: Client, major: number): Promise<void>
  /** Ends it, and everything on it. */
  end(): Promise<void>
}

/**
 * The same for a server whose address is known otherwise. What is `own` is used as the embedded server is: its roles
 * are there for the migrations, and what changes the whole server may run. The caller ends it when this fails.
 */
export async function useAddress(
  address: ServerAddress,
  options: ServerOptions,
  own?: OwnServer,
): Promise<PostgresServer> {
  const runId = randomBytes(6).toString('hex')
  const admin = await connectTo(address, { application_name: runMark(runId), options: adminOptions() })
  try {
    await refuseUnsuitable(admin, await readFacts(admin), { ...options, own })
    if (own === undefined) await removeDeadRuns(admin)
    const server = new ExistingServer(address, admin, await readFacts(admin), runId, { ...options, own })
    await server.open()
    return server
  } catch (error) {
    await admin.end().catch(() => undefined)
    throw error instanceof ToolError ? error : unreachable(address, error)
  }
}

async function connectTo(address: ServerAddress, more: ClientConfig): Promise<Client> {
  try {
    return await connectClient({ ...address.config, ...more })
  } catch (error) {
    throw unreachable(address, error)
  }
}

function unreachable(address: ServerAddress, cause: unknown): EnvironmentError {
  return new EnvironmentError(
    `The server at ${address.place} cannot be used: ${safeReason(address, cause)}`,
    {
      hint: 'Check host, port, user and password of --server-url, or leave it out to start a throwaway server.',
    },
  )
}

/** What the server and our user on it are like. */
interface ServerFacts {
  readonly version: string
  readonly major: number
  readonly isStandby: boolean
  readonly user: string
  readonly superuser: boolean
  readonly createDb: boolean
  readonly createRole: boolean
  readonly roles: readonly string[]
}

async function readFacts(admin: Client): Promise<ServerFacts> {
  const { rows } = await admin.query<Omit<ServerFacts, 'major'>>(`
    select split_part(current_setting('server_version'), ' ', 1) as version,
           pg_is_in_recovery() as "isStandby", current_user::text as user, rolsuper as superuser,
           rolcreatedb as "createDb", rolcreaterole as "createRole",
           (select json_agg(rolname) from pg_roles) as roles
      from pg_roles where rolname = current_user`)
  const [facts] = rows
  if (facts === undefined) throw new Error('pg_roles does not list the current user')
  return { ...facts, major: Number.parseInt(facts.version, 10) }
}

/** What was asked for, and whose server it is. */
type UseOptions = ServerOptions & { readonly own: OwnServer | undefined }

async function refuseUnsuitable(admin: Client, facts: ServerFacts, options: UseOptions): Promise<void> {
  if (facts.major < oldestMajor) {
    throw new EnvironmentError(`The server is Postgres ${facts.version}; ${oldestMajor} or later is needed.`)
  }
  if (options.pgVersion !== undefined && options.pgVersion !== facts.major) {
    const what = options.own === undefined ? 'The server' : `The ${options.own.description}`
    const option = options.own === undefined ? '--server-url' : '--image'
    throw new UsageError(
      `${what} is Postgres ${facts.version}, but Postgres ${options.pgVersion} was asked for.`,
      { hint: `Leave out one of ${option} and --pg-version.` },
    )
  }
  if (options.own !== undefined) {
    if (facts.superuser) return options.own.prepare(admin, facts.major)
    throw new EnvironmentError(`The user ${facts.user} of the ${options.own.description} is no superuser.`, {
      hint: 'Name an image whose POSTGRES_USER is a superuser, as in the official one.',
    })
  }
  if (facts.isStandby) {
    throw new UsageError('The server is a standby, on which nothing can be rehearsed.', {
      hint: 'Give a server of its own, never production or its replicas.',
    })
  }
  if (options.sharedServer !== true) await refuseForeignData(admin)
  if (!facts.superuser && !facts.createDb) {
    throw new EnvironmentError(`The user ${facts.user} may not create databases on the server.`, {
      hint: `Run ALTER ROLE "${facts.user}" CREATEDB there, or give another user.`,
    })
  }
  if (options.superuser === true && !facts.superuser) {
    throw new EnvironmentError(`--superuser was given, but ${facts.user} is not a superuser on the server.`)
  }
}

const shownDatabases = 5

/** Data that is not ours means that the URL may point to a server that matters. */
async function refuseForeignData(admin: Client): Promise<void> {
  const databases = await admin.query<{ datname: string }>(
    `select datname from pg_database
      where not datistemplate and datname not in ('postgres', current_database())
        and datname !~ '^pgrehearse_[0-9a-f]{12}$' order by 1`,
  )
  const hint = 'Give a server that nobody else uses, or add --shared-server if rehearsing there is fine.'
  if (databases.rows.length > 0) {
    const names = databases.rows.map((row) => row.datname)
    const more = names.length > shownDatabases ? ` and ${names.length - shownDatabases} more` : ''
    const shown = names.slice(0, shownDatabases).join(', ')
    throw new UsageError(`The server holds other databases: ${shown}${more}.`, { hint })
  }
  const tables = await admin.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'f', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        and not exists (select from pg_depend d
                         where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
      order by 1 limit 1`,
  )
  const [table] = tables.rows
  if (table !== undefined) {
    throw new UsageError(`The database of the server URL is not empty: it holds ${table.name}.`, { hint })
  }
}

class ExistingServer implements PostgresServer {
  readonly kind: 'existing' | 'container'
  readonly version: string
  readonly major: number
  readonly hasSuperuser: boolean
  readonly migratorIsSuperuser: boolean
  readonly migrator: string
  readonly foreignRoles: ReadonlySet<string>
  readonly #address: ServerAddress
  readonly #admin: Client
  readonly #facts: ServerFacts
  readonly #runId: string
  readonly #isShared: boolean
  readonly #own: OwnServer | undefined
  readonly #migratorPassword = randomBytes(24).toString('hex')
  readonly #databases = new Set<string>()
  readonly #createdRoles = new Set<string>()
  #ended: Promise<void> | undefined

  constructor(address: ServerAddress, admin: Client, facts: ServerFacts, runId: string, options: UseOptions) {
    this.#address = address
    this.#admin = admin
    this.#facts = facts
    this.#runId = runId
    this.#isShared = options.sharedServer === true
    this.#own = options.own
    this.kind = options.own === undefined ? 'existing' : 'container'
    this.version = facts.version
    this.major = facts.major
    this.hasSuperuser = facts.superuser
    this.migratorIsSuperuser = facts.superuser && options.superuser === true
    this.migrator = facts.superuser ? uniqueName('pgrehearse_migrator_') : facts.user
    this.foreignRoles = new Set(options.own === undefined ? facts.roles : [])
  }

  get description(): string {
    const what = this.#own?.description ?? `existing server ${this.#address.place}`
    return `PostgreSQL ${this.version} (${what})`
  }

  /** Creates the migrator and sees whether it can log in. */
  async open(): Promise<void> {
    if (!this.hasSuperuser) return
    const superuser = this.migratorIsSuperuser
    try {
      // Before PG 16, CREATEROLE is as good as superuser: it may grant itself roles that run programs.
      const isOwn = this.#own !== undefined
      if (isOwn && this.major < 16 && !superuser) await this.#admin.query(disarmFileRolesSql)
      const attributes = { superuser, createDb: isOwn, createRole: isOwn || this.major >= 16 }
      await this.#admin.query(migratorSql(this.migrator, this.#migratorPassword, attributes))
      this.#createdRoles.add(this.migrator)
      await this.#admin.query(markRoleSql(this.migrator, this.#runId))
      if (this.major >= 15) await this.#admin.query(parameterGrantSql(this.migrator))
      const client = await this.connectMigrator(this.#address.config.database)
      await client.end()
    } catch (error) {
      await dropRoles(this.#admin, [...this.#createdRoles])
      throw error
    }
  }

  connectAdmin(database: string = this.#address.config.database): Promise<Client> {
    return connectTo(this.#address, {
      database,
      options: adminOptions(this.major),
      application_name: 'pgrehearse',
    })
  }

  connectMigrator(database: string): Promise<Client> {
    const login = this.hasSuperuser ? { user: this.migrator, password: this.#migratorPassword } : {}
    const options = this.#migratorOptions
    return this.#asMigrator(() =>
      connectTo(this.#address, { ...login, database, options, application_name: 'pgrehearse' }),
    )
  }

  /** A role that was given to us is not ours to let in again. */
  #asMigrator<T>(connect: () => Promise<T>): Promise<T> {
    if (!this.hasSuperuser) return connect()
    return connectAgain(connect, () => this.#admin.query(loginSql(this.migrator, this.#migratorPassword)))
  }

  /** As on our own server (settings.ts): CREATE ROLE makes its creator a member. */
  get #migratorOptions(): string {
    return this.major >= 16 ? '-c createrole_self_grant=set,inherit' : '-c jit=off'
  }

  openWire(start: WireStart): Promise<WireSocket> {
    const { config, password } = this.#address
    const { host = 'localhost', port = 5432, ssl = false } = config
    const login = this.hasSuperuser
      ? { user: this.migrator, password: this.#migratorPassword }
      : { user: config.user, password }
    const tls = ssl === true ? {} : ssl
    const options = [this.#migratorOptions, start.parameters['options'] ?? ''].join(' ').trim()
    return this.#asMigrator(() =>
      openWire({ host, port, tls, ...login }, { ...start, parameters: { ...start.parameters, options } }),
    )
  }

  async createDatabase(options: { readonly template?: string } = {}): Promise<string> {
    const { template } = options
    const copyFiles = this.#own !== undefined && this.major >= 15
    const name = await createDatabase(this.#admin, { owner: this.migrator, template, copyFiles })
    this.#databases.add(name)
    await this.#admin.query(markDatabaseSql(name, this.#runId))
    if (this.hasSuperuser && this.major < 15 && template === undefined) await this.#ownPublicSchema(name)
    return name
  }

  /** From PG 15 on the schema `public` belongs to the database's owner; before, to the superuser. */
  async #ownPublicSchema(database: string): Promise<void> {
    const admin = await this.connectAdmin(database)
    try {
      await admin.query(`alter schema public owner to ${this.migrator}`)
    } finally {
      await admin.end()
    }
  }

  async dropDatabase(name: string): Promise<void> {
    await dropDatabase(this.#admin, name)
    this.#databases.delete(name)
  }

  async ensureRoles(names: readonly string[]): Promise<void> {
    if (!this.hasSuperuser && !this.#facts.createRole) return
    const { migrator, major } = this
    const created = await ensureRoles(this.#admin, names, {
      migrator,
      major,
      adoptExisting: this.#own !== undefined,
      migratorCreates: !this.hasSuperuser,
    })
    for (const name of created) {
      this.#createdRoles.add(name)
      await this.#admin.query(markRoleSql(name, this.#runId))
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#ended ??= this.#end()
    return this.#ended
  }

  async #end(): Promise<void> {
    if (this.#own !== undefined) {
      await this.#admin.end().catch(() => undefined)
      return this.#own.end()
    }
    try {
      const made = await this.#rolesMadeByMigrations()
      for (const name of this.#databases) await dropDatabase(this.#admin, name).catch(() => undefined)
      await dropRoles(this.#admin, [...made, ...this.#createdRoles])
    } catch {
      // The server is gone: the next run on it removes what is marked as ours.
    } finally {
      await this.#admin.end().catch(() => undefined)
    }
  }

  /**
   * New roles are those of our migrations when nobody else uses the server. On a shared one only those count
   * that the migrator administers, which PG 16+ notes for the creator.
   */
  async #rolesMadeByMigrations(): Promise<readonly string[]> {
    const { rows } = await this.#admin.query<{ rolname: string }>(
      `select r.rolname from pg_roles r
        where r.rolname <> all ($1) and r.rolname !~ '^pgrehearse_migrator_'
          and coalesce(shobj_description(r.oid, 'pg_authid'), '') not like 'pgrehearse run %'
          and (not $2 or exists (select from pg_auth_members m
                                  where m.roleid = r.oid and m.admin_option and m.member = $3::regrole))`,
      [[...this.foreignRoles], this.#isShared, `"${this.migrator.replaceAll('"', '""')}"`],
    )
    return rows.map((row) => row.rolname)
  }
}
