import { UsageError } from '../core/errors.ts'
import { askGit, runGit, type Repository } from './git.ts'

/** The commit that a ref or an id names; undefined when this clone does not have it. */
export function commitOf(repository: Repository, ref: string): Promise<string | undefined> {
  return askGit(repository, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`])
}

export function isObjectId(text: string): boolean {
  return /^[0-9a-f]{7,64}$/.test(text)
}

export function short(commit: string): string {
  return commit.slice(0, 7)
}

/**
 * Fetches a commit by its id unless it is here: GitLab's default clone has 20 commits, and its server gives any
 * commit of a branch. Only the tree is needed, so a shallow clone gets no history with it. `what` names the commit
 * for the UsageError when it cannot be had.
 */
export async function haveCommit(repository: Repository, sha: string, what: string): Promise<void> {
  if ((await commitOf(repository, sha)) !== undefined) return
  // --depth would turn a complete clone into a shallow one
  const depth = repository.isShallow ? ['--depth=1'] : []
  const fetched = await fetchFrom(repository, 'origin', [...depth], [sha])
  if (fetched && (await commitOf(repository, sha)) !== undefined) return
  throw new UsageError(`${what} ${short(sha)} is not in this clone and could not be fetched.`, {
    hint: 'Set GIT_DEPTH: 0 under variables of this job in .gitlab-ci.yml, so that GitLab clones the whole history.',
  })
}

/** Brings `<remote>/<branch>` up to date. False when the server does not give it. */
export function fetchBranch(repository: Repository, remote: string, branch: string): Promise<boolean> {
  const depth = repository.isShallow ? ['--depth=1'] : []
  return fetchFrom(repository, remote, depth, [refspec(remote, branch)])
}

/** Commits of history that a shallow clone gets more of, until both sides are seen to meet. */
const steps = ['--deepen=100', '--deepen=1000', '--unshallow'] as const

/**
 * Where HEAD left `<remote>/<branch>`. A shallow clone gets as much more of both histories as it takes, which for
 * most branches is the first step. Undefined when they have no common commit, or the server gives no more.
 */
export async function fetchedMergeBase(
  repository: Repository,
  remote: string,
  branch: string,
): Promise<string | undefined> {
  const head = repository.head ?? 'HEAD'
  const ask = (): Promise<string | undefined> =>
    askGit(repository, ['merge-base', '--end-of-options', `${remote}/${branch}`, head])
  let found = await ask()
  if (!repository.isShallow) return found
  for (const step of steps) {
    if (found !== undefined) break
    // the server deepens what is asked for, so both ends are
    if (!(await fetchFrom(repository, remote, [step], [refspec(remote, branch), head]))) break
    found = await ask()
  }
  return found
}

/** Can the name stand in a refspec? Names come from variables of the pipeline. */
export function isBranchName(name: string): boolean {
  // oxlint-disable-next-line no-control-regex -- git refuses them in names (git check-ref-format)
  return name !== '' && !/[\u0000-\u0020\u007f:?*[\\^~]|\.\.|@\{/.test(name)
}

function refspec(remote: string, branch: string): string {
  return `+refs/heads/${branch}:refs/remotes/${remote}/${branch}`
}

async function fetchFrom(
  repository: Repository,
  remote: string,
  options: readonly string[],
  wanted: readonly string[],
): Promise<boolean> {
  const args = ['fetch', '--quiet', '--no-tags', '--no-recurse-submodules', ...options]
  const { code } = await runGit(repository, [...args, '--end-of-options', remote, ...wanted])
  return code === 0
}
