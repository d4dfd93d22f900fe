import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { UsageError } from '../core/errors.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** What a git command did. `code` is null when a signal ended it. */
export interface GitResult {
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

/** A place to run git in. */
export interface GitPlace {
  readonly cwd: string
  readonly env: Environment
  /** Absolute path of the index to read instead of the repository's own; see stagedPlace(). */
  readonly indexFile?: string
}

/**
 * Variables of git that are the user's access and trust settings. All others are left out: inside a hook
 * GIT_DIR and GIT_INDEX_FILE point somewhere else than the folder we were asked to look at.
 */
const keptVariables =
  /^GIT_(?:SSH|SSH_COMMAND|SSH_VARIANT|ASKPASS|SSL_\w+|HTTP_\w+|PROXY_\w+|CONFIG_(?:COUNT|KEY_\d+|VALUE_\d+|GLOBAL|SYSTEM|NOSYSTEM)|TEST_ASSUME_DIFFERENT_OWNER)$/

/** The environment for git: no prompt, no pager, no lock taken for reading, paths never taken as patterns. */
export function gitEnvironment(env: Environment, indexFile?: string): Record<string, string> {
  const clean: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && (!name.startsWith('GIT_') || keptVariables.test(name))) clean[name] = value
  }
  return {
    ...clean,
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_PAGER: 'cat',
    LC_ALL: 'C',
    ...(indexFile === undefined ? {} : { GIT_INDEX_FILE: indexFile }),
  }
}

/** Settings of the repository that could start a program of its own while we only read. */
export const gitSafety: readonly string[] = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null']

/** Thrown when there is no git program. */
class GitMissing extends Error {}

/**
 * Runs git with an argument list, never through a shell. Output of more than `maxBytes` ends it: its `code` is null
 * then. Throws {@link GitMissing} without a git program.
 */
export function runGit(
  place: GitPlace,
  args: readonly string[],
  maxBytes: number = Number.POSITIVE_INFINITY,
): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', [...gitSafety, ...args], {
      cwd: place.cwd,
      env: gitEnvironment(place.env, place.indexFile),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    let size = 0
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= maxBytes) stdout.push(chunk)
      else child.kill('SIGKILL')
    })
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.on('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ENOENT' ? new GitMissing('git is not installed', { cause: error }) : error)
    })
    child.on('close', (code) => {
      resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() })
    })
  })
}

/** The trimmed output of a command that may fail; undefined when it does. */
export async function askGit(place: GitPlace, args: readonly string[]): Promise<string | undefined> {
  const { code, stdout } = await runGit(place, args)
  return code === 0 ? stdout.toString().trim() : undefined
}

/** The `\0`-separated output of a command that has no reason to fail. Throws UsageError with git's words. */
export async function listFromGit(place: GitPlace, args: readonly string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await runGit(place, args)
  if (code !== 0) {
    const firstLine = stderr.trim().split('\n')[0] ?? ''
    throw new UsageError(`git ${args[0] ?? ''} failed in ${place.cwd}: ${firstLine}`)
  }
  return stdout.toString().split('\0').slice(0, -1)
}

/** A working tree that git knows. */
export interface Repository extends GitPlace {
  /** Has it a first commit? */
  readonly hasHead: boolean
  /** The commit that is checked out; undefined without one. */
  readonly head: string | undefined
  /** `cwd` below the top of the working tree, with `/` at its end; empty when they are the same. */
  readonly prefix: string
  readonly isShallow: boolean
}

export type RepositorySearch =
  | { readonly repository: Repository }
  | { readonly repository: undefined; readonly reason: string }

/**
 * The repository around `cwd`; the project may be a subfolder of it, a worktree or a submodule. Throws
 * UsageError when git refuses the folder because it belongs to somebody else (safe.directory).
 */
export async function findRepository(cwd: string, env: Environment): Promise<RepositorySearch> {
  const place = { cwd, env }
  if (!isBelowGitFolder(cwd)) return { repository: undefined, reason: `${cwd} is not in a git working tree` }
  try {
    const args = ['rev-parse', '--is-inside-work-tree', '--is-shallow-repository', '--show-prefix']
    const { code, stdout, stderr } = await runGit(place, args)
    if (stderr.includes('dubious ownership')) throw untrustedFolder(cwd, stderr)
    const [isInside, isShallow, prefix = ''] = stdout.toString().split('\n')
    if (code !== 0 || isInside !== 'true')
      return { repository: undefined, reason: `${cwd} is not in a git working tree` }
    const head = await askGit(place, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'])
    return {
      repository: { ...place, hasHead: head !== undefined, head, prefix, isShallow: isShallow === 'true' },
    }
  } catch (error) {
    if (error instanceof GitMissing) return { repository: undefined, reason: 'git is not installed' }
    throw error
  }
}

/** Starting git only to hear that there is no repository would take a quarter of the time of `lint`. */
function isBelowGitFolder(folder: string): boolean {
  if (existsSync(path.join(folder, '.git'))) return true
  const parent = path.dirname(folder)
  return parent !== folder && isBelowGitFolder(parent)
}

function untrustedFolder(cwd: string, stderr: string): UsageError {
  const folder = /repository at '([^']+)'/.exec(stderr)?.[1] ?? cwd
  return new UsageError(`git refuses to read ${folder}, because the folder belongs to another user.`, {
    hint: `git config --global --add safe.directory ${folder}`,
  })
}
