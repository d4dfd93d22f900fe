import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'

const run = promisify(execFile)

/** The environment of the tests without the variables that change what git or GitLab would say. */
export const cleanEnv: Readonly<Record<string, string | undefined>> = Object.fromEntries(
  Object.entries({
    ...process.env,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    // A commit of thousands of files would leave a garbage collection behind that still writes while the folder is removed.
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'maintenance.auto',
    GIT_CONFIG_VALUE_0: 'false',
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@example.com',
  }).filter(([name]) => !name.startsWith('CI') && !name.startsWith('GITLAB')),
)

/** A folder that goes when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'pgrehearse-review-')))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

/** A folder with files in it, and real git to work with. */
export class Workspace {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  async git(...args: readonly string[]): Promise<string> {
    const { stdout } = await run('git', [...args], { cwd: this.path, env: cleanEnv })
    return stdout.trim()
  }

  async write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
    await Promise.all(
      Object.entries(files).map(async ([name, content]) => {
        const path = join(this.path, name)
        await mkdir(dirname(path), { recursive: true })
        await writeFile(path, content)
      }),
    )
  }

  async move(from: string, to: string): Promise<void> {
    await mkdir(dirname(join(this.path, to)), { recursive: true })
    await rename(join(this.path, from), join(this.path, to))
  }

  remove(name: string): Promise<void> {
    return rm(join(this.path, name), { recursive: true })
  }

  /** Commits everything; gives the commit's id. */
  async commit(files: Readonly<Record<string, string | Uint8Array>> = {}): Promise<string> {
    await this.write(files)
    await this.git('add', '--all')
    await this.git('commit', '--quiet', '--allow-empty', '--message', 'x')
    return this.git('rev-parse', 'HEAD')
  }
}

/** A folder without git. */
export async function folderWith(files: Readonly<Record<string, string | Uint8Array>>): Promise<Workspace> {
  const workspace = new Workspace(await temporaryFolder())
  await workspace.write(files)
  return workspace
}

/** A repository on branch `main` with one commit of these files. */
export async function repositoryWith(
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<Workspace> {
  const workspace = new Workspace(await temporaryFolder())
  await workspace.git('init', '--quiet', '--initial-branch=main')
  await workspace.commit(files)
  return workspace
}

/** A clone of `origin` with a branch `feature` checked out. `options` go to git clone. */
export async function cloneOf(origin: Workspace, ...options: readonly string[]): Promise<Workspace> {
  const clone = new Workspace(await temporaryFolder())
  await clone.git('clone', '--quiet', ...options, `file://${origin.path}`, '.')
  await clone.git('checkout', '--quiet', '-b', 'feature')
  return clone
}
