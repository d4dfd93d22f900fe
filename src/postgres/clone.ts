import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { EnvironmentError, ToolError, UsageError } from '../core/errors.ts'
import { adminOptions, connectClient } from './connect.ts'
import { passwordsOf } from './clone-command.ts'
import { parseServerUrl, type ServerAddress } from './server-url.ts'

/** A database with production's data in it that nobody else uses. */
export interface Clone {
  /** As `show server_version` prints it. */
  readonly version: string
  readonly major: number
  readonly database: string
  readonly databaseBytes: number
  /** As the URL says, with the settings that production's sessions begin with and none of ours. */
  connectMigrator(): Promise<Client>
  /** The same user, with settings that no database or role changes. */
  connectAdmin(): Promise<Client>
}

export interface CloneOptions {
  readonly url: string
  /** Others may be connected to it. */
  readonly shared: boolean
  readonly signal: AbortSignal
}

const oldestMajor = 14

/** For one question to the catalogue. */
const queryMs = 90_000

/** A server that has just been started refuses connections for a while. */
const startingMs = 30_000
const betweenTriesMs = 500

/**
 * Looks whether the URL names what a clone is, and not production itself.
 * @throws UsageError when it is a standby, or others use it (without `shared`); EnvironmentError when it cannot be
 * reached. Neither quotes the URL.
 */
export async function openClone({ url, shared, signal }: CloneOptions): Promise<Clone> {
  const address = parseCloneUrl(url)
  const admin = await connectWhenStarted(address, signal)
  try {
    const facts = await readFacts(admin)
    refuseUnsuitable(facts, shared)
    const { database } = address.config
    return {
      version: facts.version,
      major: facts.major,
      database,
      databaseBytes: Number(facts.bytes ?? 0),
      connectMigrator: () => connect(address, undefined),
      connectAdmin: () => connect(address, adminOptions(facts.major)),
    }
  } catch (error) {
    throw error instanceof ToolError ? error : unreachable(address, error)
  } finally {
    await admin.end().catch(() => undefined)
  }
}

function parseCloneUrl(url: string): ServerAddress {
  try {
    return parseServerUrl(url)
  } catch (error) {
    if (!(error instanceof ToolError)) throw error
    const message = `What server.create printed is no usable address: ${error.message}`
    throw new EnvironmentError(message, error.hint === undefined ? {} : { hint: error.hint })
  }
}

async function connectWhenStarted(address: ServerAddress, signal: AbortSignal): Promise<Client> {
  const until = performance.now() + startingMs
  for (;;) {
    signal.throwIfAborted()
    try {
      return await connectClient({
        ...address.config,
        application_name: 'pgrehearse',
        query_timeout: queryMs,
      })
    } catch (error) {
      const { code } = error as { code?: string }
      // cannot_connect_now, or nobody listens yet
      const isStarting = code === '57P03' || code === 'ECONNREFUSED'
      if (!isStarting || performance.now() > until) throw unreachable(address, error)
    }
    await sleep(betweenTriesMs, undefined, { signal }).catch(() => undefined)
  }
}

async function connect(address: ServerAddress, options: string | undefined): Promise<Client> {
  const more = {
    application_name: 'pgrehearse',
    query_timeout: queryMs,
    ...(options === undefined ? {} : { options }),
  }
  try {
    return await connectClient({ ...address.config, ...more })
  } catch (error) {
    throw unreachable(address, error)
  }
}

/** Code of production that runs when somebody connects (a login trigger) may quote what rows hold in its errors. */
function isAboutConnecting(code: string | undefined): boolean {
  const isSqlstate = code !== undefined && /^(?=.*\d)[0-9A-Z]{5}$/.test(code)
  return !isSqlstate || /^(?:08|28|3D|53|57|42501)/.test(code)
}

/** The cause is left out: node-pg's errors may carry the connection's parameters. */
function unreachable({ place, password }: ServerAddress, error: unknown): EnvironmentError {
  const { message, code } = error as { message?: string; code?: string }
  const reason = isAboutConnecting(code) ? message || code || String(error) : `it says SQLSTATE ${code}`
  const known = [password, ...passwordsOf(`postgres://:${password}@`)].filter((one) => one !== '')
  const safe = known.reduce((text, one) => text.replaceAll(one, '***'), reason)
  return new EnvironmentError(`The clone of production at ${place} cannot be used: ${safe}`, {
    hint: 'Let server.create print the URL when the clone accepts connections, with user, password and sslmode.',
  })
}

interface CloneFacts {
  readonly version: string
  readonly major: number
  readonly isStandby: boolean
  readonly others: readonly string[]
  readonly bytes: string | null
}

/**
 * Sessions of others in this database. What a role may not see of them is NULL (pg_stat_get_activity), so that a type
 * that is not shown counts. Left out are those of the platforms themselves: Neon, RDS and Aurora, Cloud SQL, Azure.
 */
const othersSql = `
  select coalesce(nullif(application_name, ''), 'a session of ' || usename) as name
    from pg_stat_activity
   where datname = current_database() and pid <> pg_backend_pid() and usename is not null
     and coalesce(backend_type, 'client backend') = 'client backend'
     and usename not in ('cloud_admin', 'rdsadmin', 'cloudsqladmin', 'azuresu')
     and coalesce(application_name, '') not like 'pgrehearse%'
   order by 1`

async function readFacts(admin: Client): Promise<CloneFacts> {
  const { rows } = await admin.query<Omit<CloneFacts, 'major' | 'others'>>(`
    select split_part(current_setting('server_version'), ' ', 1) as version,
           pg_is_in_recovery() as "isStandby",
           case when has_database_privilege(current_database(), 'connect')
                then pg_database_size(current_database()) end as bytes`)
  const [facts] = rows
  if (facts === undefined) throw new Error('the server did not tell its version')
  const others = await admin.query<{ name: string }>(othersSql)
  return { ...facts, major: Number.parseInt(facts.version, 10), others: others.rows.map(({ name }) => name) }
}

const shownSessions = 5

function refuseUnsuitable({ version, major, isStandby, others }: CloneFacts, shared: boolean): void {
  if (major < oldestMajor)
    throw new EnvironmentError(
      `The clone of production is Postgres ${version}; ${oldestMajor} or later is needed.`,
    )
  if (isStandby)
    throw new UsageError('The URL of server.create names a standby, which is no clone.', {
      hint: 'Never name production or its replicas: let server.create make a copy that can be written.',
    })
  if (shared || others.length === 0) return
  const names = [...new Set(others)].slice(0, shownSessions).join(', ')
  throw new UsageError(
    `Others are connected to the database that server.create names (${names}), so it may be production itself.`,
    {
      hint: 'Never name production. If it is a clone all the same, set `server: { shared: true }` or give --shared-server.',
    },
  )
}
