import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { spawn } from 'node:child_process'
import { inject } from 'vitest'
import { addFiles, ended, folderWith, type RunResult } from './run.ts'

/** Our command line, as a line of a hook. */
const command = ['exec', process.execPath, inject('commandLine')].join(' ')

/** A repository with a git hook that runs us, as a user writes it. */
export class HookedRepository {
  readonly dir: string
  private readonly env: Readonly<Record<string, string>>

  private constructor(dir: string, env: Readonly<Record<string, string>>) {
    this.dir = dir
    this.env = env
  }

  /** The files are committed on `main`, before the hook is there. */
  static async make(
    files: Readonly<Record<string, string>>,
    env: Readonly<Record<string, string>> = {},
  ): Promise<HookedRepository> {
    const repository = new HookedRepository(await folderWith(files), env)
    await repository.must('init', '--quiet', '--initial-branch=main')
    await repository.must('add', '--all')
    await repository.must('commit', '--quiet', '--message', 'production')
    return repository
  }

  /** Installs `.git/hooks/<name>`; `args` as a shell reads them, `folder` is where the hook runs us. */
  async hook(name: string, args: string, folder = '.'): Promise<void> {
    const hooks = path.join(this.dir, '.git/hooks')
    await mkdir(hooks, { recursive: true })
    await writeFile(path.join(hooks, name), `#!/bin/sh\ncd '${folder}' && ${command} ${args}\n`)
    await chmod(path.join(hooks, name), 0o755)
  }

  write(files: Readonly<Record<string, string>>): Promise<void> {
    return addFiles(this.dir, files)
  }

  /** Runs git; what the hook prints is in the output. `cwd` is relative to the repository. */
  git(args: readonly string[], cwd = '.'): Promise<RunResult> {
    const { PATH = '', HOME = '' } = process.env
    const identity = { NAME: 'a', EMAIL: 'a@example.com' }
    const people = Object.entries(identity).flatMap(([name, value]) => [
      [`GIT_AUTHOR_${name}`, value],
      [`GIT_COMMITTER_${name}`, value],
    ])
    const child = spawn('git', [...args], {
      cwd: path.join(this.dir, cwd),
      env: {
        PATH,
        HOME,
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_CONFIG_NOSYSTEM: '1',
        ...Object.fromEntries(people),
        ...this.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return ended(child)
  }

  /** A git command that has to work. Gives its output. */
  async must(...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.git(args)
    if (exitCode !== 0) throw new Error(`git ${args.join(' ')} failed:\n${stdout}${stderr}`)
    return stdout.trim()
  }

  /** Commits; gives everything that was printed, and whether git made the commit. */
  async commit(
    args: readonly string[] = [],
    cwd = '.',
  ): Promise<{ readonly committed: boolean; readonly said: string }> {
    const { exitCode, stdout, stderr } = await this.git(['commit', '--message', 'x', ...args], cwd)
    return { committed: exitCode === 0, said: stdout + stderr }
  }
}
