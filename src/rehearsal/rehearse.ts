import { realpath } from 'node:fs/promises'
import path from 'node:path'
import { configDefaults } from '../config/defaults.ts'
import type { Limit, Migration, SchemaCatalogs } from '../core/model.ts'
import type { SkippedFile } from '../core/source.ts'
import { serverIdentity } from '../postgres/identity.ts'
import type { PostgresServer, ServerOptions } from '../postgres/provider.ts'
import { openServer } from '../postgres/server.ts'
import { serverTrouble } from '../postgres/trouble.ts'
import { HistoryCache, type FoundHistory } from '../replay/history-cache.ts'
import { historyKey } from '../replay/history-key.ts'
import type { PastRehearsal } from '../replay/past-rehearsals.ts'
import type { KeptHistory, PreparedHistory } from '../replay/prepare-history.ts'
import { replayWithLeftovers, type Leftovers } from '../replay/alternatives.ts'
import { replay, type ReplayedMigration, type ReplayOutcome, type ReplayRequest } from '../replay/replay.ts'
import { toolVersion } from '../report.ts'
import { SchemaCatalogsSeen } from '../replay/schema-catalogs-seen.ts'
import type { SampleRequest } from '../sampling/sample-run.ts'
import { askGit } from '../review/git.ts'
import { sessionDefaults } from './session-defaults.ts'
import { StandInsSeen } from './stand-ins-seen.ts'
import { standInLimits, type StandIns } from './stand-in-notes.ts'
import type { CheckOptions } from '../check-options.ts'

export interface Rehearsal {
  /** One per migration under review, in order. */
  readonly migrations: readonly ReplayedMigration[]
  readonly limits: readonly Limit[]
  /** Server version, e.g. `18.4`. */
  readonly server: string
  readonly serverKind: string
  /** Extensions that were stand-ins of ours, and what uses them. */
  readonly standIns: StandIns
  /** The schema before and after; absent where the migrations did not come to their end, or it could not be read. */
  readonly schema?: SchemaCatalogs
}

export interface Scripts {
  readonly history: readonly Migration[]
  readonly review: readonly Migration[]
  readonly sharesSession: boolean
  /** Roles that the tool's platform has, and settings that its sessions begin with. */
  readonly roles?: readonly string[]
  readonly settings?: Readonly<Record<string, string>>
  /** What the tool runs and we cannot. */
  readonly leftOut?: readonly SkippedFile[]
}

/** Goes on with the server of a rehearsal before it is gone. */
export type Afterwards = (rehearsal: Rehearsal, leftovers: Leftovers) => Promise<void>

/** Opens a server, replays, and leaves nothing behind but the cache. */
export async function rehearse(
  options: CheckOptions,
  scripts: Scripts,
  afterwards?: Afterwards,
): Promise<Rehearsal> {
  await using cache = await openHistoryCache(options, scripts)
  return await rehearseFrom(await cache?.find(), cache, options, scripts, afterwards)
}

/** The same, with what the cache has of the history; notes in the cache how long it took. */
export async function rehearseFrom(
  found: FoundHistory | undefined,
  cache: HistoryCache | undefined,
  options: CheckOptions,
  scripts: Scripts,
  afterwards?: Afterwards,
): Promise<Rehearsal> {
  const begun = performance.now()
  let extraMs = 0
  const timed: Afterwards | undefined =
    afterwards === undefined
      ? undefined
      : async (...args) => {
          const rehearsed = performance.now()
          await afterwards(...args)
          extraMs = performance.now() - rehearsed
        }
  const rehearsal = await onServer(found, cache, options, scripts, timed)
  const ms = Math.round(performance.now() - begun - extraMs)
  if (found !== undefined) await cache?.past.add({ kept: partKept(found, scripts), ms })
  return rehearsal
}

/** How much of the history a run begins with. */
export function partKept({ applied }: FoundHistory, { history }: Scripts): PastRehearsal['kept'] {
  return applied === history.length ? 'all' : 'beginning'
}

async function onServer(
  found: FoundHistory | undefined,
  cache: HistoryCache | undefined,
  options: CheckOptions,
  scripts: Scripts,
  afterwards: Afterwards | undefined,
): Promise<Rehearsal> {
  const opened = await open(options, cache, found)
  await using server = opened.server
  options.signal.throwIfAborted()
  try {
    return await rehearseOn(server, options, scripts, opened.kept, cache, afterwards)
  } catch (error) {
    options.signal.throwIfAborted()
    throw serverTrouble(error) ?? error
  }
}

async function rehearseOn(
  server: PostgresServer,
  options: CheckOptions,
  scripts: Scripts,
  kept: KeptHistory | undefined,
  cache: HistoryCache | undefined,
  afterwards: Afterwards | undefined,
): Promise<Rehearsal> {
  const { config } = options
  const seen = new StandInsSeen(server)
  const schemas = new SchemaCatalogsSeen(server, options.debug)
  const request: ReplayRequest = {
    server,
    onPrepared: async ({ seeded }) => {
      await seen.lookAt(seeded)
      await schemas.lookBefore(seeded)
    },
    onDone: async (database) => {
      await seen.lookAt(database)
      await schemas.lookAfter(database)
    },
    ...scripts,
    settings: sessionDefaults(options, scripts.settings),
    roles: [...(config.roles ?? []), ...(scripts.roles ?? [])],
    statementTimeoutMs: config.statementTimeout ?? configDefaults.statementTimeout,
    signal: options.signal,
    progress: options.progress,
    ...(kept === undefined ? {} : { kept }),
    ...(cache === undefined ? {} : { keep: (prepared) => keep(server, cache, prepared) }),
  }
  const rehearsalOf = (outcome: ReplayOutcome): Rehearsal => {
    const schema = schemas.catalogs(outcome.migrations)
    return {
      ...outcome,
      limits: [...outcome.limits, ...standInLimits(seen.standIns)],
      standIns: seen.standIns,
      server: server.version,
      serverKind: server.kind === 'container' ? `container ${options.containerImage}` : server.kind,
      ...(schema === undefined ? {} : { schema }),
    }
  }
  if (afterwards === undefined) return rehearsalOf(await replay(request))
  return rehearsalOf(
    await replayWithLeftovers(request, (outcome, leftovers) => afterwards(rehearsalOf(outcome), leftovers)),
  )
}

/** The server, with what the cache has of the history in it. */
async function open(
  options: CheckOptions,
  cache: HistoryCache | undefined,
  found: FoundHistory | undefined,
): Promise<{ readonly server: PostgresServer; readonly kept?: KeptHistory }> {
  options.progress(openingServer(options))
  if (found !== undefined) {
    try {
      return { server: await openServer({ ...serverOptions(options), image: found.image }), kept: found }
    } catch (error) {
      // when it was not the image's fault, starting without it fails for the same reason and says so
      cache?.unusable(error instanceof Error ? error.message : String(error))
    }
  }
  return { server: await openServer(serverOptions(options)) }
}

/** What is told while it is got. */
export function openingServer({ serverUrl, containerImage }: CheckOptions): string {
  if (containerImage !== undefined) return `Starting a container of ${containerImage}`
  return serverUrl === undefined ? 'Starting a throwaway Postgres' : 'Connecting to the server'
}

async function keep(server: PostgresServer, cache: HistoryCache, prepared: PreparedHistory): Promise<void> {
  const saved = await server.save?.()
  if (saved !== undefined) cache.keep(saved, prepared)
}

/** How to get the server of a rehearsal. */
export function serverOptions(options: CheckOptions): ServerOptions {
  const { config, cwd, env, pgVersion, serverUrl, containerImage, sharedServer, superuser, signal } = options
  return {
    projectDir: cwd,
    env,
    sharedServer,
    superuser,
    signal,
    ...(config.extensions?.stub === undefined ? {} : { stubs: config.extensions.stub }),
    ...(containerImage === undefined ? {} : { containerImage }),
    ...(pgVersion === undefined ? {} : { pgVersion }),
    ...(serverUrl === undefined ? {} : { serverUrl }),
    ...(config.server?.binaries === undefined ? {} : { binaries: config.server.binaries }),
  }
}

/** What sampling has to know besides the scripts: it starts a server of its own, never one that was given to us. */
export async function samplingCircumstances(
  options: CheckOptions,
  scripts: Scripts,
): Promise<Omit<SampleRequest, 'results' | 'production' | 'budgetMs'>> {
  const { config, signal, progress, debug } = options
  const { serverUrl: _, containerImage: _image, sharedServer: _shared, ...withStubs } = serverOptions(options)
  // rows and plans of stand-ins would say nothing, so there they are missing, and what they leave unknown is said
  const { stubs, ...ownServer } = withStubs
  // what is wrong with the cache the rehearsal has said
  const silent = { ...options, progress: () => {} }
  await using cache = await openHistoryCache(silent, scripts)
  const kept = stubs === undefined ? await cache?.find() : undefined
  const cacheDir = await usableCacheDir(silent)
  return {
    history: scripts.history,
    review: scripts.review,
    sharesSession: scripts.sharesSession,
    serverOptions: ownServer,
    settings: sessionDefaults(options, scripts.settings),
    roles: [...(config.roles ?? []), ...(scripts.roles ?? [])],
    statementTimeoutMs: config.statementTimeout ?? configDefaults.statementTimeout,
    signal,
    progress,
    tool: toolVersion(),
    ...(debug === undefined ? {} : { debug }),
    ...(cacheDir === undefined ? {} : { cacheDir }),
    ...(kept === undefined ? {} : { kept }),
  }
}

/** The folder that may keep something between runs; undefined when none is wanted, or none may be used. */
async function usableCacheDir({ cacheDir, cwd, env, progress }: CheckOptions): Promise<string | undefined> {
  if (cacheDir === undefined) return undefined
  const dir = path.resolve(cwd, cacheDir)
  if (!(await isCommitted(dir, { cwd, env }))) return dir
  progress(
    `Cache unusable: ${cacheDir} holds files that are committed to git, so they may be the branch's own`,
  )
  return undefined
}

/** Undefined when none is wanted, or none may be used. */
export async function openHistoryCache(
  options: CheckOptions,
  { history, sharesSession, roles = [], settings }: Scripts,
): Promise<HistoryCache | undefined> {
  const { config, progress } = options
  // what a server that was given to us holds is not ours to copy, and the files of one in a container are not at hand
  if (options.serverUrl !== undefined || options.containerImage !== undefined) return undefined
  const dir = await usableCacheDir(options)
  if (dir === undefined) return undefined
  const circumstances = {
    tool: toolVersion(),
    server: await serverIdentity(serverOptions(options)),
    settings: sessionDefaults(options, settings),
    roles: [...(config.roles ?? []), ...roles].toSorted(),
    statementTimeout: config.statementTimeout ?? configDefaults.statementTimeout,
    sharesSession,
  }
  return new HistoryCache({
    dir,
    key: historyKey(circumstances, history),
    mayContinue: !sharesSession,
    progress,
  })
}

/**
 * Whoever can commit to the branch could plant a cluster, and what is in a cluster can run programs; migrations
 * cannot. So a folder with files of the repository is no cache. The project's repository is asked as well as the one
 * around the folder, because a folder can be committed that looks like a bare repository. Into its git folder
 * nothing can be committed, and `git ls-files` there lists everything.
 */
async function isCommitted(dir: string, { cwd, env }: Pick<CheckOptions, 'cwd' | 'env'>): Promise<boolean> {
  const real = await realpath(dir).catch(() => undefined)
  if (real === undefined) return false
  const ask = (place: string, args: readonly string[]): Promise<string | undefined> =>
    askGit({ cwd: place, env }, args).catch(() => undefined)
  const gitFolder = await ask(cwd, ['rev-parse', '--git-common-dir'])
  if (gitFolder !== undefined) {
    const realGitFolder = await realpath(path.resolve(cwd, gitFolder)).catch(() => undefined)
    if (realGitFolder !== undefined && real.startsWith(realGitFolder + path.sep)) return false
  }
  for (const place of [cwd, real]) if (await ask(place, ['ls-files', '-z', '--', real])) return true
  return false
}
