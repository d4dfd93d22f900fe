/** The base revision as a folder of its own, for a command that runs there. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { EnvironmentError } from '../core/errors.ts'
import { askGit, listFromGit, runGit, type Repository } from '../review/git.ts'

/** Dispose it to remove the folder. */
export interface Checkout extends AsyncDisposable {
  /** The project's folder in it. */
  readonly cwd: string
  /** The temporary folder that holds everything. */
  readonly dir: string
  /** What was linked into it, relative to the top of the repository. */
  readonly linked: readonly string[]
}

/**
 * Writes a commit's files into a temporary folder, with the folders of dependencies that git does not know linked into it.
 * Output of builds is not linked: it holds what was built from the branch.
 */
export async function checkOut(repository: Repository, commit: string): Promise<Checkout> {
  const dir = await mkdtemp(path.join(tmpdir(), 'pgrehearse-base-'))
  const remove = (): Promise<void> => rm(dir, { recursive: true, force: true, maxRetries: 3 })
  try {
    const top = (await askGit(repository, ['rev-parse', '--show-toplevel'])) ?? repository.cwd
    const place = { cwd: top, env: repository.env, indexFile: path.join(dir, 'index') }
    const files = path.join(dir, 'files')
    await mkdir(files)
    for (const args of [
      ['read-tree', '--end-of-options', commit],
      ['checkout-index', '--all', '--force', `--prefix=${files}${path.sep}`],
    ]) {
      const { code, stderr } = await runGit(place, args)
      if (code !== 0) throw notCheckedOut(commit, stderr)
    }
    const linked = await linkDependencies(repository, top, files)
    return { cwd: path.join(files, repository.prefix), dir, linked, [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw error
  }
}

function notCheckedOut(commit: string, stderr: string): EnvironmentError {
  return new EnvironmentError(
    `The base revision ${commit.slice(0, 8)} could not be written to a folder: ${stderr.trim().split('\n')[0] ?? ''}`,
    { hint: 'Give the command that makes the history as `migrations: { history: … }`.' },
  )
}

/** What package managers put there, and local settings. */
const dependencies =
  /(?:^|\/)(?:node_modules|vendor|\.?venv|\.?env|\.bundle|deps|packages|\.yarn|\.pnp\.[\w.]+|\.env(?:\.\w+)*|\.npmrc|\.tool-versions)\/?$/

async function linkDependencies(
  repository: Repository,
  top: string,
  into: string,
): Promise<readonly string[]> {
  const args = ['ls-files', '-z', '--others', '--directory']
  const ignored = await listFromGit({ cwd: top, env: repository.env }, [
    ...args,
    '--ignored',
    '--exclude-standard',
  ]).catch(() => [])
  const untracked = await listFromGit({ cwd: top, env: repository.env }, [
    ...args,
    '--exclude-standard',
  ]).catch(() => [])
  const linked: string[] = []
  for (const name of new Set([...ignored, ...untracked])) {
    const target = path.join(into, name.replace(/\/$/, ''))
    if (!dependencies.test(name) || existsSync(target)) continue
    await mkdir(path.dirname(target), { recursive: true })
    await symlink(path.join(top, name.replace(/\/$/, '')), target)
    linked.push(name)
  }
  return linked
}
