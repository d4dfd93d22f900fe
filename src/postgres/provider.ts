import type { Client } from 'pg'
import type { ClusterImage } from './cluster-image.ts'
import type { DatabaseLocale } from './locale.ts'
import type { RelationFiles } from './relation-files.ts'
import type { SettingOverrides } from './settings.ts'
import type { WireSocket, WireStart } from './wire-login.ts'

/** How to get a server. */
export interface ServerOptions {
  /** Major version for the embedded server; default: the newest installed. */
  readonly pgVersion?: number
  /** Replay on this existing server instead of starting one. Never taken from DATABASE_URL or PG*. */
  readonly serverUrl?: string
  /** Start a container of this image, instead of the embedded server; not together with `serverUrl`. */
  readonly containerImage?: string
  /** Allow an existing server that holds other databases. */
  readonly sharedServer?: boolean
  /** Run migrations as superuser. */
  readonly superuser?: boolean
  /** Folder with bin/postgres and bin/initdb to use instead of the packaged binaries. */
  readonly binaries?: string
  /** Project folder: where additionally installed majors are looked for. */
  readonly projectDir: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Start the embedded server from this, made by a server of the same kind, instead of from nothing. */
  readonly image?: ClusterImage
  /** Extensions to offer stand-ins of, on an embedded server; absent: none. */
  readonly stubs?: readonly string[]
  /** Ends the start of a container that is under way; absent: it goes on to its end. */
  readonly signal?: AbortSignal
}

/**
 * A server we may do anything to (embedded, container), or a corner of one we were given (existing).
 * Disposing it leaves nothing behind: no process, no folder, no database, no role.
 */
export interface PostgresServer extends AsyncDisposable {
  /** As `show server_version` prints it, e.g. `18.4`. */
  readonly version: string
  readonly major: number
  readonly kind: 'embedded' | 'existing' | 'container'
  /** One line for reports, e.g. `PostgreSQL 18.4 (embedded)`. */
  readonly description: string
  /** Can we create event triggers, set session_replication_role, read every session? */
  readonly hasSuperuser: boolean
  /** True when the migrator itself is a superuser (--superuser). */
  readonly migratorIsSuperuser: boolean
  /** Name of the login role that runs migrations and owns the databases. */
  readonly migrator: string
  /** Extensions that are stand-ins of ours here, unless they are really installed; absent: none. */
  readonly stubs?: readonly string[]
  /** Roles that were there before us and are never altered; empty on a server of our own. */
  readonly foreignRoles: ReadonlySet<string>
  /** Connects as the administrator (superuser where we have one). The caller ends the client. */
  connectAdmin(database?: string): Promise<Client>
  /**
   * An administrator's connection to none of the databases, for short statements: cancelling, rights, statistics. It is
   * shared and the server ends it. Absent: whoever wants one connects.
   */
  watchdog?(): Promise<Client>
  /** Connects as the migrator. The caller ends the client. */
  connectMigrator(database: string): Promise<Client>
  /**
   * Connects as the migrator, for whoever speaks the protocol himself. The caller ends the socket.
   * @throws WireRefusal with the server's own words.
   */
  openWire(start: WireStart): Promise<WireSocket>
  /** Creates a uniquely named database owned by the migrator, optionally a copy of one without connections. */
  createDatabase(options?: { readonly template?: string }): Promise<string>
  dropDatabase(name: string): Promise<void>
  /** Creates the roles that the SQL names and that do not exist. Existing roles are never altered. */
  ensureRoles(names: readonly string[]): Promise<void>
  /**
   * Stops the server, packs all its databases and roles, and starts it again. Nobody may be connected. Only on an
   * embedded server.
   */
  save?(): Promise<SaveResult>
}

/** An embedded server whose settings can be changed. */
export interface ConfigurableServer extends PostgresServer {
  /**
   * Stops the server in good order and starts it with the replay's settings and these in their place. Connections
   * are cut off, and statistics forgotten.
   */
  reconfigure(overrides: SettingOverrides): Promise<void>
  /** Files of relations, while it runs: what it has read of them it does not read again. */
  readonly files: RelationFiles
  /**
   * Stops the server in good order, lets `work` change files of relations, and starts it again. Connections are cut
   * off.
   */
  whileStopped(work: (files: RelationFiles) => void): Promise<void>
  /** With a locale, from template0: an error where this server does not have the locale. */
  createDatabase(options?: { readonly template?: string; readonly locale?: DatabaseLocale }): Promise<string>
}

/** The image, or why there is none: completes `… because`. */
export type SaveResult = { readonly image: ClusterImage } | { readonly refused: string }
