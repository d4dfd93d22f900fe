/**
 * One store of git objects for all fakes of a process. Objects are named by their content, so what was once asked about
 * them is true for ever, and a history that was made before is made again without starting git.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const prefix = 'fake-gitlab-of-'
let shared: string | undefined
const answers = new Map<string, string>()

/**
 * Path of the bare repository that holds the objects; removed when the process ends. Test runners end their workers by a
 * signal, so what earlier processes left behind is removed here too.
 */
export function objectStore(): string {
  if (shared === undefined) {
    removeLeftovers()
    const room = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`))
    process.once('exit', () => rmSync(room, { recursive: true, force: true }))
    shared = join(room, 'objects.git')
    makeBareRepository(shared)
  }
  return shared
}

function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN
    if (pid > 0 && !isRunning(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // somebody else's process
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** What `git init --bare` writes, without the process. */
export function makeBareRepository(path: string): void {
  for (const folder of ['objects/info', 'objects/pack', 'refs/heads'])
    mkdirSync(join(path, folder), { recursive: true })
  writeFileSync(join(path, 'HEAD'), 'ref: refs/heads/main\n')
  writeFileSync(join(path, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = true\n')
}

/** Runs git on the store, without the configuration of whoever runs the tests. */
export function runGit(args: readonly string[], input?: string, env: NodeJS.ProcessEnv = {}): string {
  return execFileSync('git', ['--git-dir', objectStore(), ...args], {
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'],
      HOME: tmpdir(),
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_SYSTEM: '/dev/null',
      LC_ALL: 'C',
      ...env,
    },
    maxBuffer: 256 * 1024 * 1024,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(input === undefined ? {} : { input }),
  })
}

/** The same, remembered: only for questions whose answer follows from the arguments, so with full commit ids. */
export function askGit(args: readonly string[], input?: string, env?: NodeJS.ProcessEnv): string {
  const key = JSON.stringify([args, input, env])
  const known = answers.get(key)
  if (known !== undefined) return known
  const answer = runGit(args, input, env)
  answers.set(key, answer)
  return answer
}
