import type { ChildProcess } from 'node:child_process'
import process from 'node:process'
import type { Client } from 'pg'
import { EnvironmentError, ToolError, UsageError } from '../core/errors.ts'
import { findInstallation } from './binaries.ts'
import { packCluster, unpackCluster, type ClusterImage } from './cluster-image.ts'
import { cleanUp, cleanUpSync, removeAbandoned, startWatchdog, type Watchdog } from './cleanup.ts'
import { adminOptions, connectClient } from './connect.ts'
import { createDatabase, dropDatabase } from './databases.ts'
import { serverUser, withRightsOf, type OsUser } from './os-user.ts'
import {
  initialize,
  shutDownPostmaster,
  startPostmaster,
  stopPostmaster,
  superuserName,
  type StartContext,
} from './postmaster.ts'
import { localeSql, type DatabaseLocale } from './locale.ts'
import { connectAgain, loginSql } from './locked-out.ts'
import type { ConfigurableServer, SaveResult, ServerOptions } from './provider.ts'
import { RelationFiles } from './relation-files.ts'
import {
  disarmFileRolesSql,
  ensureRoles,
  migratorSql,
  newPassword,
  parameterGrantSql,
  passwordSql,
} from './roles.ts'
import { prepareRuntime } from './runtime.ts'
import { scramVerifier } from './scram.ts'
import { socketPort, writeConfiguration, type SettingOverrides } from './settings.ts'
import { mustCopyForStubs, stubPlace, writeStubs } from './stubs.ts'
import { openWire, type WireSocket, type WireStart } from './wire-login.ts'
import { createWorkFolder, isReachable, type WorkFolder } from './work-folder.ts'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const migratorName = 'pgrehearse_migrator'
const maintenanceDatabase = 'postgres'

/** Statistics of the whole server, kept out of the databases under rehearsal, which may create them too. */
const statisticsSql = 'create schema pgrehearse; create extension pg_stat_statements schema pgrehearse'

/**
 * Starts a throwaway Postgres from binaries on this machine. It has `pgrehearse.pg_stat_statements`
 * in the database `postgres`, and listens on a Unix socket in a private folder only.
 * @param overrides settings in place of those that a replay has, or what gives them for the server's major
 * @throws EnvironmentError when it cannot be started here; nothing is left behind.
 */
export async function startEmbedded(
  options: ServerOptions,
  overrides: SettingOverrides | ((major: number) => SettingOverrides) = {},
): Promise<ConfigurableServer> {
  const user = await serverUser()
  refuseSharedAccount(options, user)
  await removeAbandoned(user, options.env)
  const installation = await findInstallation(options)
  const { stubs = [] } = options
  const copyForStubs = stubs.length > 0 && mustCopyForStubs(installation)
  const mustCopy = copyForStubs || !(await isReachable(installation.bin, user))
  const folder = await createWorkFolder(user, options.env, mustCopy)
  const life = new ServerLife(folder, user)
  try {
    const runtime = await prepareRuntime(installation, user, folder.dir, copyForStubs)
    const place = stubs.length > 0 ? stubPlace(installation, folder.dir) : undefined
    if (place !== undefined) await writeStubs(stubs, place.dir, user)
    const context = { runtime, user, folder, watchdog: life.watchdog }
    const { image } = options
    const superuserPassword = image === undefined ? await initialize(context) : unpack(image, context)
    const { major } = installation
    const settings = typeof overrides === 'function' ? overrides(major) : overrides
    await life.start(context, major, { ...settings, ...place?.settings })
    return await EmbeddedServer.open(life, superuserPassword, options)
  } catch (error) {
    await life.end()
    throw error instanceof ToolError ? error : startError(error)
  }
}

/**
 * A superuser's COPY … FROM PROGRAM runs as the server's account. In our image, where jobs have CI's variables, that must
 * not be the account of this process, whose environment it could read.
 */
function refuseSharedAccount({ superuser, env }: ServerOptions, { dropped }: OsUser): void {
  if (superuser !== true || dropped || env['PGREHEARSE_IMAGE'] === undefined) return
  throw new UsageError(
    'Migrations cannot run as superuser here: the job does not run as root, so the server shares its account and could read its variables.',
    { hint: 'Run the container as root, as it is by default, or leave out --superuser.' },
  )
}

function dataDir(folder: WorkFolder): string {
  return join(folder.dir, 'data')
}

/** Takes the place of initdb; gives the superuser's old password. */
function unpack(image: ClusterImage, { user, folder }: StartContext): string {
  withRightsOf(user, () => {
    unpackCluster(image.bytes, dataDir(folder))
    // ALTER SYSTEM opens what it replaces for writing (durable_rename(), fd.c), so it has to be the server's own
    writeFileSync(join(dataDir(folder), 'postgresql.auto.conf'), '', { mode: 0o600 })
  })
  return image.password
}

function startError(cause: unknown): EnvironmentError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new EnvironmentError(`The embedded Postgres could not be started: ${reason}`, { cause })
}

/** The processes and folders of one server, and their end, whichever way it comes. */
class ServerLife {
  readonly folder: WorkFolder
  readonly watchdog: Watchdog
  /** Of the server that was started. */
  major: number | undefined
  #postmaster: ChildProcess | undefined
  /** Starts the server as it was started before, with other settings. */
  #restart: ((overrides?: SettingOverrides) => Promise<void>) | undefined
  readonly #user: OsUser
  #ended: Promise<void> | undefined
  readonly #onExit: () => void

  constructor(folder: WorkFolder, user: OsUser) {
    this.folder = folder
    this.#user = user
    this.watchdog = startWatchdog(folder, user)
    this.#onExit = () => {
      cleanUpSync(folder, user)
      this.watchdog.releaseNow()
    }
    process.once('exit', this.#onExit)
  }

  /** With settings of this major, and the overrides in their place. */
  async start(context: StartContext, major: number, overrides: SettingOverrides): Promise<void> {
    this.#restart = (others = overrides) => this.start(context, major, others)
    this.major = major
    await writeConfiguration(dataDir(this.folder), this.folder.socketDir, major, overrides)
    this.#postmaster = await startPostmaster(context)
  }

  async reconfigure(overrides: SettingOverrides): Promise<void> {
    if (this.#postmaster === undefined) throw new Error('no server runs')
    await shutDownPostmaster(this.#postmaster)
    await this.#restart?.(overrides)
  }

  get files(): RelationFiles {
    return new RelationFiles(dataDir(this.folder), this.#user)
  }

  /** Stops the server in good order, works on its files, and starts it again. */
  async whileStopped(work: () => void): Promise<void> {
    if (this.#postmaster === undefined) throw new Error('no server runs')
    await shutDownPostmaster(this.#postmaster)
    work()
    await this.#restart?.()
  }

  /** Packs the data of the server, which is stopped meanwhile; gives the error instead when that goes wrong. */
  async pack(): Promise<Buffer | Error> {
    if (this.#postmaster === undefined) throw new Error('no server runs')
    await shutDownPostmaster(this.#postmaster)
    const packed = attempt(() => withRightsOf(this.#user, () => packCluster(dataDir(this.folder))))
    await this.#restart?.()
    return packed
  }

  end(): Promise<void> {
    this.#ended ??= this.#end()
    return this.#ended
  }

  async #end(): Promise<void> {
    if (this.#postmaster !== undefined) await stopPostmaster(this.#postmaster)
    await cleanUp(this.folder, this.#user)
    await this.watchdog.release()
    process.off('exit', this.#onExit)
  }
}

class EmbeddedServer implements ConfigurableServer {
  readonly kind = 'embedded'
  readonly hasSuperuser = true
  readonly migrator = migratorName
  readonly foreignRoles: ReadonlySet<string> = new Set()
  readonly migratorIsSuperuser: boolean
  readonly version: string
  readonly major: number
  readonly stubs: readonly string[]
  readonly #life: ServerLife
  #maintenance: Client
  #watchdog: Promise<Client> | undefined
  #superuserPassword: string
  readonly #migratorPassword: string

  static async open(
    life: ServerLife,
    superuserPassword: string,
    options: ServerOptions,
  ): Promise<EmbeddedServer> {
    const maintenance = await connectClient(adminConfig(life, superuserPassword, maintenanceDatabase))
    const shown = await maintenance.query<{ server_version: string }>('show server_version')
    const version = shown.rows[0]?.server_version.split(' ')[0] ?? ''
    const server = new EmbeddedServer(life, maintenance, superuserPassword, version, options)
    await (options.image === undefined ? server.#prepare() : server.#takeOver())
    return server
  }

  private constructor(
    life: ServerLife,
    maintenance: Client,
    superuserPassword: string,
    version: string,
    options: ServerOptions,
  ) {
    this.#life = life
    this.#maintenance = maintenance
    this.#superuserPassword = superuserPassword
    this.#migratorPassword = newPassword()
    this.version = version
    this.major = Number.parseInt(version, 10)
    this.migratorIsSuperuser = options.superuser === true
    this.stubs = options.stubs ?? []
  }

  get description(): string {
    return `PostgreSQL ${this.version} (embedded)`
  }

  async #prepare(): Promise<void> {
    const attributes = { superuser: this.migratorIsSuperuser, createDb: true, createRole: true }
    await this.#maintenance.query(statisticsSql)
    await this.#maintenance.query(passwordSql(superuserName, scramVerifier(this.#superuserPassword)))
    await this.#maintenance.query(
      migratorSql(this.migrator, scramVerifier(this.#migratorPassword), attributes),
    )
    if (this.major >= 15) await this.#maintenance.query(parameterGrantSql(this.migrator))
    if (this.major < 16 && !this.migratorIsSuperuser) await this.#maintenance.query(disarmFileRolesSql)
    if (this.major < 15) await this.#ownPublicSchema()
  }

  /** Passwords in an image are known to whoever can read it: they end before anything else happens. */
  async #takeOver(): Promise<void> {
    const password = newPassword()
    await this.#maintenance.query(passwordSql(superuserName, scramVerifier(password)))
    this.#superuserPassword = password
    await this.#maintenance.query(passwordSql(this.migrator, scramVerifier(this.#migratorPassword)))
  }

  /** From PG 15 on the schema `public` belongs to the database's owner; before, to the superuser. */
  async #ownPublicSchema(database = 'template1'): Promise<void> {
    const template = await this.connectAdmin(database)
    try {
      await template.query(`alter schema public owner to ${this.migrator}`)
    } finally {
      await template.end()
    }
  }

  connectAdmin(database: string = maintenanceDatabase): Promise<Client> {
    return connectClient(adminConfig(this.#life, this.#superuserPassword, database))
  }

  watchdog(): Promise<Client> {
    const forget = (): void => void (this.#watchdog = undefined)
    this.#watchdog ??= this.connectAdmin().then((client) => client.once('end', forget))
    this.#watchdog.catch(forget)
    return this.#watchdog
  }

  /** Ends the connections of the server's own. */
  async #disconnect(): Promise<void> {
    const watchdog = await this.#watchdog?.catch(() => undefined)
    await Promise.all([this.#maintenance.end(), watchdog?.end()])
  }

  connectMigrator(database: string): Promise<Client> {
    const config = {
      ...socketConfig(this.#life),
      user: this.migrator,
      password: this.#migratorPassword,
      database,
      options: '-c application_name=pgrehearse',
    }
    return this.#asMigrator(() => connectClient(config))
  }

  #asMigrator<T>(connect: () => Promise<T>): Promise<T> {
    return connectAgain(connect, () =>
      this.#maintenance.query(loginSql(this.migrator, scramVerifier(this.#migratorPassword))),
    )
  }

  openWire(start: WireStart): Promise<WireSocket> {
    const { host, port } = socketConfig(this.#life)
    const login = { user: this.migrator, password: this.#migratorPassword }
    return this.#asMigrator(() => openWire({ host, port, tls: false, ...login }, start))
  }

  async createDatabase(
    options: { readonly template?: string; readonly locale?: DatabaseLocale } = {},
  ): Promise<string> {
    const { template, locale } = options
    const name = await createDatabase(this.#maintenance, {
      owner: this.migrator,
      template,
      locale: locale === undefined ? undefined : localeSql(locale, this.major),
      copyFiles: this.major >= 15,
    })
    // it is a copy of template0, which nobody can change
    if (locale !== undefined && this.major < 15) await this.#ownPublicSchema(name)
    return name
  }

  dropDatabase(name: string): Promise<void> {
    return dropDatabase(this.#maintenance, name)
  }

  async ensureRoles(names: readonly string[]): Promise<void> {
    const { migrator, major } = this
    await ensureRoles(this.#maintenance, names, { migrator, major, adoptExisting: true })
  }

  async save(): Promise<SaveResult> {
    await this.#disconnect()
    const packed = await this.#life.pack()
    this.#maintenance = await this.connectAdmin()
    if (packed instanceof Error) return { refused: packed.message }
    const password = this.#superuserPassword
    // as whoever starts from the image: not even positions in the WAL tell the two servers apart
    await this.#takeOver()
    return { image: { password, bytes: packed } }
  }

  async reconfigure(overrides: SettingOverrides): Promise<void> {
    await this.#disconnect()
    await this.#life.reconfigure(overrides)
    this.#maintenance = await this.connectAdmin()
  }

  get files(): RelationFiles {
    return this.#life.files
  }

  async whileStopped(work: (files: RelationFiles) => void): Promise<void> {
    await this.#disconnect()
    await this.#life.whileStopped(() => work(this.files))
    this.#maintenance = await this.connectAdmin()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#disconnect().catch(() => undefined)
    await this.#life.end()
  }
}

function attempt<T>(work: () => T): T | Error {
  try {
    return work()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** Every value that node-pg would otherwise take from PG* variables is given. */
function socketConfig(life: ServerLife) {
  return { host: life.folder.socketDir, port: socketPort, ssl: false, client_encoding: 'UTF8' }
}

function adminConfig(life: ServerLife, password: string, database: string) {
  return { ...socketConfig(life), user: superuserName, password, database, options: adminOptions(life.major) }
}
