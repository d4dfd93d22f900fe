import type { Client } from 'pg'
import type { Limit, MigrationResult, Statement } from '../core/model.ts'
import { EnvironmentError } from '../core/errors.ts'
import type { Production } from '../core/production.ts'
import { startEmbedded } from '../postgres/embedded.ts'
import type { ClusterImage } from '../postgres/cluster-image.ts'
import type { ConfigurableServer, ServerOptions } from '../postgres/provider.ts'
import { discardsStatements, setsSessionDefaults } from '../replay/commands.ts'
import { applyHistory } from '../replay/history.ts'
import { copyBase, prepareBase, type KeptHistory } from '../replay/prepare-history.ts'
import type { Circumstances } from '../replay/replay.ts'
import { namedRoles } from '../replay/roles.ts'
import { ReplaySession, type SessionOptions } from '../replay/session.ts'
import { connected, watchdogOf } from '../replay/stage.ts'
import { standIn } from '../replay/stand-in.ts'
import { databaseLocale, localeLimit } from './database-locale.ts'
import { emptiedTables } from './emptied-tables.ts'
import { figuresAfter, type SizedSide } from './figures-after.ts'
import { inflate } from './inflate.ts'
import { knownTables } from './known-tables.ts'
import { planningServerSettings } from './planner-settings.ts'
import type { Side } from './planning-copy.ts'
import { readSideCatalog } from './side-catalog.ts'
import { figuresBefore } from './side-facts.ts'
import { writeSizes, writeStatistics } from './write-statistics.ts'

/** What a planning server is made of. */
export interface PlanningServerRequest extends Circumstances {
  readonly serverOptions: Omit<ServerOptions, 'serverUrl' | 'sharedServer' | 'image'>
  /** What the rehearsal found, one for each migration of the review. */
  readonly results: readonly MigrationResult[]
  readonly production: Production
  readonly debug?: (message: string) => void
  /** The history, kept by a server of the same kind. */
  readonly kept?: KeptHistory & { readonly image: ClusterImage }
}

/** A database with production's statistics and sizes and no rows. */
export interface PlanningSide extends SizedSide {
  readonly database: string
}

/**
 * A server of its own with two databases, before and after the review, that hold production's statistics and sizes and
 * no rows. Used for planning and nothing else: a copy of such a database, or of its files, would take the room that it
 * only seems to take, so it is never cached.
 */
export class PlanningServer implements AsyncDisposable {
  readonly server: ConfigurableServer
  readonly sides: Readonly<Record<Side, PlanningSide>>
  /** What keeps its plans from being production's. */
  readonly limits: readonly Limit[]

  constructor(
    server: ConfigurableServer,
    sides: Readonly<Record<Side, PlanningSide>>,
    limits: readonly Limit[],
  ) {
    this.server = server
    this.sides = sides
    this.limits = limits
  }

  /**
   * @throws EnvironmentError when no embedded server can be had, the review does not apply to tables without rows, or
   * time is over
   */
  static async open(request: PlanningServerRequest, endsAt: number): Promise<PlanningServer> {
    const { serverOptions, kept, signal } = request
    const server = await startEmbedded(
      { ...serverOptions, ...(kept === undefined ? {} : { image: kept.image }) },
      planningServerSettings,
    )
    try {
      signal.throwIfAborted()
      return await build(request, server, endsAt)
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]()
  }
}

async function build(
  request: PlanningServerRequest,
  server: ConfigurableServer,
  endsAt: number,
): Promise<PlanningServer> {
  const deadline = AbortSignal.timeout(Math.max(0, Math.floor(endsAt - performance.now())))
  const signal = AbortSignal.any([request.signal, deadline])
  try {
    const made = await databases({ ...request, signal }, server)
    const sides = await fillSides(request, server, made)
    return new PlanningServer(server, sides, made.isExactLocale ? [] : localeLimit(request.production))
  } catch (error) {
    request.signal.throwIfAborted()
    if (deadline.aborted) throw new EnvironmentError('the time for planning was over', { cause: error })
    throw error
  }
}

/** Gives both databases production's statistics and sizes; afterwards the server has been started anew. */
async function fillSides(
  { production, results, debug }: PlanningServerRequest,
  server: ConfigurableServer,
  { before, after, isExactLocale }: Databases,
): Promise<PlanningServer['sides']> {
  const begun = performance.now()
  await using beforeAdmin = await connected(server, before)
  await using afterAdmin = await connected(server, after)
  const [oldCatalog, catalog] = await Promise.all([
    readSideCatalog(beforeAdmin.client),
    readSideCatalog(afterAdmin.client),
  ])
  const oldFigures = figuresBefore(oldCatalog, knownTables(production))
  const old: PlanningSide = { database: before, catalog: oldCatalog, figures: oldFigures }
  const figures = figuresAfter(old, catalog, emptiedTables(results, oldCatalog))
  const fresh: PlanningSide = { database: after, catalog, figures }
  await Promise.all([
    writeFigures(beforeAdmin.client, old, !isExactLocale),
    writeFigures(afterAdmin.client, fresh, !isExactLocale),
  ])
  const written = performance.now()
  await server.whileStopped((files) => {
    inflate(files, old)
    inflate(files, fresh)
  })
  const inflated = performance.now()
  debug?.(
    `plans: statistics in ${Math.round(written - begun)} ms, files in ${Math.round(inflated - written)} ms`,
  )
  return { before: old, after: fresh }
}

async function writeFigures(admin: Client, side: PlanningSide, sorts: boolean): Promise<void> {
  await writeSizes(admin, side)
  await writeStatistics(admin, side, sorts)
}

interface Databases {
  readonly before: string
  readonly after: string
  readonly isExactLocale: boolean
}

async function databases(request: PlanningServerRequest, server: ConfigurableServer): Promise<Databases> {
  const { history, review, production, signal } = request
  const texts = [...history, ...review].map(({ text }) => text)
  const sessionOptions: SessionOptions = {
    statementTimeoutMs: request.statementTimeoutMs,
    signal,
    scriptsDiscard: discardsStatements(texts),
    scriptsSetDefaults: setsSessionDefaults(texts),
  }
  const locale = databaseLocale(production, server.major)
  const own =
    locale === undefined ? undefined : await server.createDatabase({ locale }).catch(() => undefined)
  const context = {
    ...request,
    server,
    sessionOptions,
    prepare: (statement: Statement) => standIn(server, statement, false),
    ...(own === undefined ? {} : { createEmpty: () => Promise.resolve(own) }),
  }
  await server.ensureRoles([...new Set([...request.roles, ...namedRoles([...history, ...review])])])
  const { base: before } = await prepareBase(context, own === undefined ? request.kept : undefined)
  const after = await copyBase(context, before)
  await applyReview(server, after, request, sessionOptions)
  return { before, after, isExactLocale: locale === undefined || own !== undefined }
}

async function applyReview(
  server: ConfigurableServer,
  database: string,
  { review, sharesSession }: PlanningServerRequest,
  sessionOptions: SessionOptions,
): Promise<void> {
  await using watchdog = await watchdogOf(server)
  await using session = await ReplaySession.open(server, database, watchdog.client, sessionOptions)
  const steps = await applyHistory(session, review, {
    sharesSession,
    prepare: (statement) => standIn(server, statement, true),
  })
  const failed = steps.find(({ reason }) => reason === 'error' || reason === 'too long')
  if (failed === undefined) return
  const { message, sqlstate } = failed
  const why = sqlstate === '' ? message : `${message} (SQLSTATE ${sqlstate})`
  throw new EnvironmentError(`the migrations under review did not apply to tables without rows: ${why}`)
}
