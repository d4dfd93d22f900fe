import { UsageError } from '../core/errors.ts'
import { commitOf, short } from './fetch.ts'
import { askGit, type Environment, type Repository } from './git.ts'
import { pipelineBase } from './gitlab-pipeline.ts'
import { aheadOf, type TargetHead } from './target-branch.ts'

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
  /** The branch that it will be merged into, where that may have gone on since. */
  readonly target?: TargetHead
}

/**
 * The first of: `--base`; what a GitLab pipeline is for (see pipelineBase); the merge base with the remote's default
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
  return (await pipelineBase(repository, env)) ?? (await defaultBranchBase(repository, env))
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
  return { commit: ancestor, description, knowsDeletions: true, ...aheadOf(ancestor, ref, tip) }
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
