import type { Client } from 'pg'
import { installBroker } from '../postgres/broker.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import type { Limit, Migration, Statement } from '../core/model.ts'
import type { FailedStep } from './failed-step.ts'
import { applyHistory } from './history.ts'
import { namedRoles } from './roles.ts'
import { seedTables } from './seed.ts'
import { ReplaySession, type SessionOptions } from './session.ts'
import { connected, watchdogOf } from './stage.ts'
import { setSessionDefaults } from './session-defaults.ts'

/** The databases that a rehearsal starts from, and what was to be said while they were made. */
export interface PreparedHistory {
  /** Name of the database with the history and no row of ours. */
  readonly base: string
  /** Name of its copy with seeded tables. */
  readonly seeded: string
  /** Steps that did not replay; when there are any, objects may be missing. */
  readonly failedSteps: readonly FailedStep[]
  readonly seedLimits: readonly Limit[]
}

/** Databases that the server holds from an earlier run. */
export interface KeptHistory {
  readonly prepared: PreparedHistory
  /** How many migrations of the history are in them, from the first. */
  readonly applied: number
}

export interface HistoryContext {
  readonly server: PostgresServer
  readonly history: readonly Migration[]
  readonly sharesSession: boolean
  readonly settings: Readonly<Record<string, string>>
  readonly roles: readonly string[]
  readonly signal: AbortSignal
  readonly progress: (message: string) => void
  readonly sessionOptions: SessionOptions
  readonly prepare: (statement: Statement) => { readonly sql: string } | { readonly refused: string }
  /** Gives the database that the history is applied to; `server.createDatabase()` when absent. */
  readonly createEmpty?: () => Promise<string>
}

/** Applies the history, or what is missing of it, and seeds a copy. Afterwards nobody is connected to the server. */
export async function prepareHistory(
  context: HistoryContext,
  kept: KeptHistory | undefined,
): Promise<PreparedHistory> {
  const { server, history, progress } = context
  if (kept?.applied === history.length) {
    progress(`Taking ${migrations(history.length)} of the history from the cache`)
    return kept.prepared
  }
  if (kept !== undefined) await server.dropDatabase(kept.prepared.seeded)
  return seededCopy(context, await prepareBase(context, kept))
}

/** Seeds a copy of a database that has the history. */
export async function seededCopy(
  context: Omit<HistoryContext, 'sessionOptions' | 'prepare' | 'history' | 'sharesSession' | 'roles'>,
  { base, failedSteps }: Pick<PreparedHistory, 'base' | 'failedSteps'>,
): Promise<PreparedHistory> {
  const seeded = await copyBase(context, base)
  return { base, seeded, failedSteps, seedLimits: await seed(context, seeded) }
}

/** Applies the history, or what is missing of it, and seeds nothing. Afterwards nobody is connected to the server. */
export async function prepareBase(
  context: HistoryContext,
  kept: KeptHistory | undefined,
): Promise<Pick<PreparedHistory, 'base' | 'failedSteps'>> {
  const { server, history } = context
  if (kept?.applied === history.length) return kept.prepared
  await server.ensureRoles([...new Set([...context.roles, ...namedRoles(history)])])
  const base = kept?.prepared.base ?? (await createBase(context))
  const failed = await applyRest(context, base, kept?.applied ?? 0)
  return { base, failedSteps: [...(kept?.prepared.failedSteps ?? []), ...failed] }
}

/** A copy of the database with the history, with the settings that a session in production begins with. */
export async function copyBase(
  { server, settings }: Pick<HistoryContext, 'server' | 'settings'>,
  base: string,
): Promise<string> {
  const copy = await server.createDatabase({ template: base })
  // the settings of a database can be said from outside of it
  await using admin = await watchdogOf(server)
  await setDefaults(admin.client, copy, settings)
  return copy
}

async function createBase({ server, settings, createEmpty }: HistoryContext): Promise<string> {
  const base = await (createEmpty?.() ?? server.createDatabase())
  await using admin = await connected(server, base)
  await setDefaults(admin.client, base, settings)
  if (server.hasSuperuser) {
    await installBroker(admin.client, server.migrator)
  }
  // before, everybody may, and the schema is not the database owner's
  if (server.hasSuperuser || server.major >= 15) await admin.client.query(publicCreateSql)
  return base
}

/**
 * Scripts that begin with SET ROLE app_owner create objects as a role that production has long since granted it
 * to. From 15 on nobody but the owner may create in `public`; here everybody may, as before.
 */
const publicCreateSql = 'grant create on schema public to public'

async function setDefaults(
  client: Client,
  database: string,
  settings: HistoryContext['settings'],
): Promise<void> {
  await setSessionDefaults(client, database, settings)
  // for CREATE SCHEMA after SET ROLE; a copy of a database does not inherit its grants
  await client.query(`grant create on database ${client.escapeIdentifier(database)} to public`)
}

async function applyRest(
  context: HistoryContext,
  database: string,
  applied: number,
): Promise<readonly FailedStep[]> {
  const { server, sharesSession, prepare, sessionOptions, progress } = context
  const rest = context.history.slice(applied)
  if (rest.length === 0) return []
  const more = applied === 0 ? '' : `, on top of ${applied} from the cache`
  // a foundation is no migration
  const count = rest.filter(({ source }) => source !== '').length
  if (count > 0) progress(`Applying ${migrations(count)} of the history${more}`)
  await using watchdog = await watchdogOf(server)
  await using session = await ReplaySession.open(server, database, watchdog.client, sessionOptions)
  return await applyHistory(session, rest, { sharesSession, prepare })
}

async function seed(
  context: Pick<HistoryContext, 'server' | 'signal' | 'progress'>,
  database: string,
): Promise<readonly Limit[]> {
  const { server, signal, progress } = context
  progress('Seeding tables')
  await using admin = await connected(server, database)
  const { unseeded } = await seedTables(admin.client, {
    signal,
    connectMigrator: () => server.connectMigrator(database),
  })
  return unseeded.map(({ table, why }) => ({
    code: 'table-not-seeded',
    message: `${table} stayed empty: ${why}. Locks that only rows cause (foreign keys, triggers) may be missing.`,
  }))
}

function migrations(count: number): string {
  return count === 1 ? '1 migration' : `${count} migrations`
}
