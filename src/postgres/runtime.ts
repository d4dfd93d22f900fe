import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, copyFile, link, lstat, mkdir, readFile, readdir, symlink } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { platform } from 'node:process'
import { EnvironmentError } from '../core/errors.ts'
import type { Installation } from './binaries.ts'
import { otherServerHint, spawnIdentity, type OsUser } from './os-user.ts'

/** Binaries that the chosen user can run, with the environment they need. */
export interface Runtime {
  readonly bin: string
  /** The whole environment of server processes: none of the job's own variables, which may be secrets. */
  readonly env: Readonly<Record<string, string>>
}

/**
 * Makes an installation runnable by `user`: makes the package's library links if its install script did
 * not run, and copies the package to `scratch` if the user cannot reach it (node_modules below a 0700
 * folder) or must not be changed. `scratch` must be reachable by the user and is the caller's to remove.
 * @throws EnvironmentError with the loader's own words when the binaries do not run at all.
 */
export async function prepareRuntime(
  installation: Installation,
  user: OsUser,
  scratch: string,
  mustCopy: boolean = false,
): Promise<Runtime> {
  const first = await linkLibraries(installation, user, scratch)
  const attempt = tryRuntime(first, user)
  if (attempt !== undefined && (attempt.code !== 'EACCES' || installation.packageDir === undefined)) {
    throw cannotRun(first, attempt)
  }
  if (installation.packageDir === undefined || (attempt === undefined && !mustCopy)) return first
  const packageDir = join(scratch, 'package')
  await openFolder(packageDir, user)
  await copyReachable(join(installation.packageDir, 'native'), join(packageDir, 'native'), user)
  const copy = { ...installation, packageDir, bin: join(packageDir, 'native', 'bin') }
  const second = await linkLibraries(copy, user, scratch)
  const failure = tryRuntime(second, user)
  if (failure !== undefined) throw cannotRun(second, failure)
  return second
}

interface LibraryLink {
  readonly source: string
  readonly target: string
}

async function linkLibraries(installation: Installation, user: OsUser, scratch: string): Promise<Runtime> {
  const { packageDir, bin } = installation
  const list = packageDir === undefined ? undefined : join(packageDir, 'native', 'pg-symlinks.json')
  if (packageDir === undefined || list === undefined || !existsSync(list)) return { bin, env: serverEnv() }
  const links = JSON.parse(await readFile(list, 'utf8')) as readonly LibraryLink[]
  const refused: LibraryLink[] = []
  for (const one of links) {
    const target = join(packageDir, one.target)
    if (existsSync(target)) continue
    const made = await makeLink(relative(dirname(one.target), one.source), target)
    if (!made) refused.push(one)
  }
  if (refused.length === 0) return { bin, env: serverEnv() }
  const linkDir = join(scratch, 'lib')
  await openFolder(linkDir, user)
  for (const one of refused) {
    await makeLink(resolve(packageDir, one.source), join(linkDir, basename(one.target)))
  }
  // The package's own lib must be named too: RUNPATH does not reach the libraries of a library.
  return { bin, env: serverEnv([linkDir, join(packageDir, 'native', 'lib')]) }
}

/** False when the folder does not let us write; a link that a parallel run made first counts as made. */
async function makeLink(content: string, path: string): Promise<boolean> {
  try {
    await symlink(content, path)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return true
    if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') return false
    throw error
  }
}

function serverEnv(libraryPath: readonly string[] = []): Record<string, string> {
  const variable = platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH'
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: '/',
    LC_ALL: 'C',
    TZ: 'UTC',
    ...(libraryPath.length === 0 ? {} : { [variable]: libraryPath.join(':') }),
  }
}

interface RunFailure {
  /** `EACCES`, `ENOENT`, … when it could not be started. */
  readonly code: string | undefined
  readonly text: string
}

/** `postgres --version` needs every shared library, unlike pg_ctl's. */
function tryRuntime(runtime: Runtime, user: OsUser): RunFailure | undefined {
  const result = spawnSync(join(runtime.bin, 'postgres'), ['--version'], {
    ...spawnIdentity(user),
    cwd: '/',
    env: runtime.env,
    encoding: 'utf8',
  })
  if (result.status === 0) return undefined
  const { code, message } = (result.error ?? {}) as NodeJS.ErrnoException
  return { code, text: (result.stderr || message || `exit status ${result.status}`).trim() }
}

function cannotRun(runtime: Runtime, failure: RunFailure): EnvironmentError {
  const who = failure.code === 'EPERM' ? ' as an unprivileged user' : ''
  return new EnvironmentError(
    `The Postgres binaries in ${runtime.bin} cannot be run${who}: ${failure.text}`,
    { hint: otherServerHint },
  )
}

/** Copies a folder so that everybody can read it; hard links where the files already let everybody. */
async function copyReachable(from: string, to: string, user: OsUser): Promise<void> {
  await openFolder(to, user)
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name)
    const target = join(to, entry.name)
    if (entry.isDirectory()) await copyReachable(source, target, user)
    else if (entry.isFile()) await copyReachableFile(source, target)
    // Links are left out: they are made again from pg-symlinks.json.
  }
}

/** A folder that everybody can read and that the server's user can remove again. */
async function openFolder(dir: string, user: OsUser): Promise<void> {
  await mkdir(dir, { recursive: true })
  await chmod(dir, 0o755)
  if (user.dropped) await chown(dir, user.uid, user.gid)
}

async function copyReachableFile(source: string, target: string): Promise<void> {
  const { mode } = await lstat(source)
  const executable = (mode & 0o100) !== 0
  const needed = executable ? 0o005 : 0o004
  const linked = (mode & needed) === needed && (await hardLink(source, target))
  if (linked) return
  await copyFile(source, target)
  await chmod(target, executable ? 0o755 : 0o644)
}

async function hardLink(source: string, target: string): Promise<boolean> {
  return link(source, target).then(
    () => true,
    () => false,
  )
}
