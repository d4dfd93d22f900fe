import { configDefaults } from './config/defaults.ts'
import type { Limit, Migration } from './core/model.ts'
import { openServer } from './postgres/server.ts'
import { replay, type ReplayedMigration } from './replay/replay.ts'
import { timeZoneOf, type CheckOptions } from './check.ts'

export interface Rehearsal {
  /** One per migration under review, in order. */
  readonly migrations: readonly ReplayedMigration[]
  readonly limits: readonly Limit[]
  /** Server version, e.g. `18.4`. */
  readonly server: string
  readonly serverKind: string
}

/** Opens a server, replays, and leaves nothing behind. */
export async function rehearse(
  options: CheckOptions,
  scripts: {
    readonly history: readonly Migration[]
    readonly review: readonly Migration[]
    readonly sharesSession: boolean
  },
): Promise<Rehearsal> {
  const { config, cwd, env, pgVersion, serverUrl } = options
  options.progress(serverUrl === undefined ? 'Starting a throwaway Postgres' : 'Connecting to the server')
  await using server = await openServer({
    projectDir: cwd,
    env,
    sharedServer: options.sharedServer,
    superuser: options.superuser,
    ...(pgVersion === undefined ? {} : { pgVersion }),
    ...(serverUrl === undefined ? {} : { serverUrl }),
    ...(config.server?.binaries === undefined ? {} : { binaries: config.server.binaries }),
  })
  options.signal.throwIfAborted()
  const outcome = await replay({
    server,
    ...scripts,
    settings: sessionDefaults(options),
    roles: config.roles ?? [],
    statementTimeoutMs: config.statementTimeout ?? configDefaults.statementTimeout,
    signal: options.signal,
    progress: options.progress,
  })
  return { ...outcome, server: server.version, serverKind: server.kind }
}

/** What a session in production begins with: its TimeZone and the timeouts that the migration runner sets. */
function sessionDefaults(options: CheckOptions): Readonly<Record<string, string>> {
  const { runner } = options.config
  return {
    TimeZone: timeZoneOf(options),
    ...(runner?.lockTimeout === undefined ? {} : { lock_timeout: `${runner.lockTimeout}ms` }),
    ...(runner?.statementTimeout === undefined ? {} : { statement_timeout: `${runner.statementTimeout}ms` }),
  }
}
