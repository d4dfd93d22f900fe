import { UsageError } from '../core/errors.ts'
import { askGit, runGit, type Environment, type Repository } from './git.ts'

/** What the working tree is compared with. */
export interface BaseRevision {
  /** Undefined when the repository has no commit yet: everything is new. */
  readonly commit: string | undefined
  /** e.g. `origin/main (1a2b3c4)`. */
  readonly description: string
  /**
   * False when base and HEAD have no known common ancestor: a file that is missing here may simply have been
   * added there, so nothing can be called deleted.
   */
  readonly knowsDeletions: boolean
}

/**
 * The first of: `--base`; the merge request's base in GitLab CI; the merge base with the remote's default
 * branch; without a remote, with a local default branch other than the current one; HEAD, so that only what
 * is not committed yet counts. Throws UsageError when a named base cannot be had.
 */
export async function decideBase(
  repository: Repository,
  base: string | undefined,
  env: Environment,
): Promise<BaseRevision> {
  if (base !== undefined) return namedBase(repository, base)
  if (!repository.hasHead) return { commit: undefined, description: 'no commit yet', knowsDeletions: true }
  return (await mergeRequestBase(repository, env)) ?? (await defaultBranchBase(repository, env))
}

/** `--base <ref>`: where HEAD left that ref, or the ref itself when there is no common ancestor to be seen. */
async function namedBase(repository: Repository, ref: string): Promise<BaseRevision> {
  const commit = await commitOf(repository, ref)
  if (commit === undefined) {
    const isShallow = repository.isShallow ? ' The clone is shallow.' : ''
    throw new UsageError(`There is no commit "${ref}" in this repository.${isShallow}`, {
      hint: 'Fetch it first (git fetch origin <branch>; in GitLab CI set GIT_DEPTH: 0), or name another --base.',
    })
  }
  return sinceBranching(repository, ref, commit)
}

async function sinceBranching(repository: Repository, ref: string, tip: string): Promise<BaseRevision> {
  const ancestor = await askGit(repository, ['merge-base', '--end-of-options', tip, 'HEAD'])
  if (ancestor === undefined)
    return { commit: tip, description: `${ref} (${short(tip)})`, knowsDeletions: false }
  const description =
    ancestor === tip ? `${ref} (${short(tip)})` : `merge base with ${ref} (${short(ancestor)})`
  return { commit: ancestor, description, knowsDeletions: true }
}

/**
 * CI_MERGE_REQUEST_DIFF_BASE_SHA. In pipelines for merged results HEAD is a merge of the target branch, whose
 * head is then the base: what the target got since the branch left it is not under review.
 *
 * @see https://docs.gitlab.com/ci/variables/predefined_variables/#predefined-variables-for-merge-request-pipelines
 */
async function mergeRequestBase(repository: Repository, env: Environment): Promise<BaseRevision | undefined> {
  const diffBase = env['CI_MERGE_REQUEST_DIFF_BASE_SHA']
  if (diffBase === undefined || diffBase === '') return undefined
  const target = await mergedTarget(repository, env)
  if (target !== undefined) return target
  if (!isObjectId(diffBase))
    throw new UsageError(`CI_MERGE_REQUEST_DIFF_BASE_SHA is not a commit id: "${diffBase}".`)
  const description = `merge request base (${short(diffBase)})`
  if ((await commitOf(repository, diffBase)) === undefined) await fetchCommit(repository, diffBase)
  return { commit: diffBase, description, knowsDeletions: true }
}

async function mergedTarget(repository: Repository, env: Environment): Promise<BaseRevision | undefined> {
  const sha = env['CI_MERGE_REQUEST_TARGET_BRANCH_SHA'] ?? ''
  if (!isObjectId(sha) || (await commitOf(repository, sha)) === undefined) return undefined
  const { code } = await runGit(repository, ['merge-base', '--is-ancestor', sha, 'HEAD'])
  if (code !== 0) return undefined
  const branch = env['CI_MERGE_REQUEST_TARGET_BRANCH_NAME'] ?? 'target branch'
  return { commit: sha, description: `${branch} (${short(sha)})`, knowsDeletions: true }
}

/** GitLab's default clone has 20 commits; the server gives any commit of a branch by its id. */
async function fetchCommit(repository: Repository, sha: string): Promise<void> {
  // --depth would turn a complete clone into a shallow one
  const depth = repository.isShallow ? ['--depth=1'] : []
  const fetched = await runGit(repository, ['fetch', '--quiet', '--no-tags', ...depth, 'origin', sha])
  if (fetched.code === 0 && (await commitOf(repository, sha)) !== undefined) return
  throw new UsageError(
    `The merge request's base commit ${short(sha)} is not in this clone and could not be fetched.`,
    {
      hint: 'Set GIT_DEPTH: 0 under variables of this job in .gitlab-ci.yml, so that GitLab clones the whole history.',
    },
  )
}

async function defaultBranchBase(repository: Repository, env: Environment): Promise<BaseRevision> {
  const current = await askGit(repository, ['symbolic-ref', '--quiet', '--short', 'HEAD'])
  const remote = await remoteName(repository)
  for (const branch of await candidateBranches(repository, remote, env)) {
    if (branch === current) continue
    const commit = await commitOf(repository, branch)
    if (commit === undefined) continue
    const base = await sinceBranching(repository, branch, commit)
    if (base.knowsDeletions) return base
    throw noCommonAncestor(repository, branch)
  }
  const isOnDefault =
    current !== undefined && ['main', 'master', await initialBranch(repository)].includes(current)
  if (remote !== undefined && !isOnDefault) throw unknownDefaultBranch(remote)
  const head = (await commitOf(repository, 'HEAD')) ?? ''
  const description = `HEAD (${short(head)}; there is no other branch to compare with, so only uncommitted files count)`
  return { commit: head, description, knowsDeletions: true }
}

async function remoteName(repository: Repository): Promise<string | undefined> {
  const remotes = ((await askGit(repository, ['remote'])) ?? '').split('\n').filter((name) => name !== '')
  return remotes.includes('origin') ? 'origin' : remotes[0]
}

/** The remote's own word first, then GitLab's, then the usual names. */
async function candidateBranches(
  repository: Repository,
  remote: string | undefined,
  env: Environment,
): Promise<readonly string[]> {
  const told = [env['CI_DEFAULT_BRANCH'], 'main', 'master', await initialBranch(repository)]
  const names = told.filter((name): name is string => name !== undefined && name !== '')
  if (remote === undefined) return names
  const head = await askGit(repository, ['symbolic-ref', '--quiet', '--short', `refs/remotes/${remote}/HEAD`])
  return [...(head === undefined ? [] : [head]), ...names.map((name) => `${remote}/${name}`), ...names]
}

function initialBranch(repository: Repository): Promise<string | undefined> {
  return askGit(repository, ['config', '--get', 'init.defaultBranch'])
}

function noCommonAncestor(repository: Repository, branch: string): UsageError {
  const why = repository.isShallow ? ', because the clone is shallow' : ''
  return new UsageError(
    `HEAD and ${branch} have no common commit here${why}, so nothing tells what is new.`,
    {
      hint: 'Clone with the whole history (GIT_DEPTH: 0 in GitLab CI, fetch-depth: 0 on GitHub), or name a --base.',
    },
  )
}

function unknownDefaultBranch(remote: string): UsageError {
  return new UsageError(`The default branch of the remote "${remote}" is not known here.`, {
    hint: `Run git remote set-head ${remote} --auto, or name a --base, migration files or --all.`,
  })
}

function commitOf(repository: Repository, ref: string): Promise<string | undefined> {
  return askGit(repository, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`])
}

function isObjectId(text: string): boolean {
  return /^[0-9a-f]{7,64}$/.test(text)
}

function short(commit: string): string {
  return commit.slice(0, 7)
}
