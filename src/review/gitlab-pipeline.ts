/**
 * What a GitLab pipeline is compared with. The runner's clone is a detached HEAD with 20 commits of it; a pipeline
 * for a merge request has no branch of origin at all, one for a branch has that branch alone.
 *
 * @see https://docs.gitlab.com/ci/variables/predefined_variables/
 * @see https://gitlab.com/gitlab-org/gitlab/-/blob/master/app/presenters/ci/build_runner_presenter.rb (refspecs)
 */
import { UsageError } from '../core/errors.ts'
import type { BaseRevision } from './base-revision.ts'
import {
  commitOf,
  fetchBranch,
  fetchedMergeBase,
  haveCommit,
  isBranchName,
  isObjectId,
  short,
} from './fetch.ts'
import { askGit, runGit, type Environment, type Repository } from './git.ts'
import { aheadOf } from './target-branch.ts'

/** Is this a pipeline for a merge request? */
function isMergeRequestPipeline(env: Environment): boolean {
  return (env['CI_MERGE_REQUEST_IID'] ?? '') !== ''
}

/** Is this a pipeline of GitLab for the default branch? */
function isDefaultBranchPipeline(env: Environment): boolean {
  return (env['CI_COMMIT_BRANCH'] ?? '') !== '' && env['CI_COMMIT_BRANCH'] === env['CI_DEFAULT_BRANCH']
}

/**
 * A merge request may have removed its migrations again, and the job may be on the default branch before the first
 * migration is: there it is nobody's mistake that none are found.
 */
export function mayLackMigrations(env: Environment): boolean {
  return isMergeRequestPipeline(env) || isDefaultBranchPipeline(env)
}

/** The base that the pipeline's variables give; undefined outside of GitLab CI. */
export async function pipelineBase(
  repository: Repository,
  env: Environment,
): Promise<BaseRevision | undefined> {
  return (await mergeRequestBase(repository, env)) ?? branchBase(repository, env)
}

/**
 * CI_MERGE_REQUEST_DIFF_BASE_SHA, the merge base. In pipelines for merged results and on merge trains HEAD holds the
 * target branch (and the merge requests before this one in the train), whose head is then the base: what the target
 * got since the branch left it is not under review.
 */
async function mergeRequestBase(repository: Repository, env: Environment): Promise<BaseRevision | undefined> {
  const diffBase = env['CI_MERGE_REQUEST_DIFF_BASE_SHA'] ?? ''
  if (diffBase === '') return undefined
  const target = await mergedTarget(repository, env)
  if (target !== undefined) return target
  if (!isObjectId(diffBase))
    throw new UsageError(`CI_MERGE_REQUEST_DIFF_BASE_SHA is not a commit id: "${diffBase}".`)
  await haveCommit(repository, diffBase, "The merge request's base commit")
  return {
    commit: diffBase,
    description: `merge request base (${short(diffBase)})`,
    knowsDeletions: true,
    ...targetBranch(repository, env),
  }
}

/** The branch that the merge request is for, fetched when it is asked for: the runner's clone does not have it. */
function targetBranch(repository: Repository, env: Environment): Pick<BaseRevision, 'target'> {
  const branch = env['CI_MERGE_REQUEST_TARGET_BRANCH_NAME']
  if (branch === undefined || !isBranchName(branch)) return {}
  const name = `origin/${branch}`
  const project = env['CI_MERGE_REQUEST_PROJECT_ID']
  // in a fork, origin is the fork, whose branch of that name may be years behind
  if (project !== undefined && project !== env['CI_PROJECT_ID'])
    return { target: { name: `${branch} of the target project`, find: () => Promise.resolve(undefined) } }
  const find = async (): Promise<string | undefined> => {
    // what an earlier job left in the folder may be old, but is better than nothing
    await fetchBranch(repository, 'origin', branch)
    return commitOf(repository, `refs/remotes/${name}`)
  }
  return { target: { name, find } }
}

async function mergedTarget(repository: Repository, env: Environment): Promise<BaseRevision | undefined> {
  const sha = env['CI_MERGE_REQUEST_TARGET_BRANCH_SHA'] ?? ''
  if (!isObjectId(sha) || !(await holdsTarget(repository, env, sha))) return undefined
  await haveCommit(repository, sha, "The target branch's commit")
  const branch = env['CI_MERGE_REQUEST_TARGET_BRANCH_NAME'] || 'target branch'
  const train = isOnTrain(env) ? ' with what is ahead in the merge train' : ''
  return { commit: sha, description: `${branch}${train} (${short(sha)})`, knowsDeletions: true }
}

/**
 * Is HEAD the target branch with the merge request merged into it? GitLab makes it a merge commit whose first parent
 * is CI_MERGE_REQUEST_TARGET_BRANCH_SHA, on a train the commit of the merge request before; where merges are
 * fast-forward it is rebased commits on top. A job may also have checked out the source branch instead.
 *
 * @see https://gitlab.com/gitlab-org/gitlab/-/blob/master/app/services/merge_requests/merge_to_ref_service.rb
 */
async function holdsTarget(repository: Repository, env: Environment, target: string): Promise<boolean> {
  const { head } = repository
  if (head === undefined || head === env['CI_MERGE_REQUEST_SOURCE_BRANCH_SHA']) return false
  if ((await parentsOf(repository, head)).includes(target)) return true
  const { code } = await runGit(repository, ['merge-base', '--is-ancestor', target, head])
  if (code === 0) return true
  // a shallow clone may end before the target branch; the commit that GitLab made for the pipeline holds it
  const isMerged = env['CI_MERGE_REQUEST_EVENT_TYPE'] === 'merged_result' || isOnTrain(env)
  return isMerged && repository.isShallow && head === env['CI_COMMIT_SHA']
}

function isOnTrain(env: Environment): boolean {
  return env['CI_MERGE_REQUEST_EVENT_TYPE'] === 'merge_train'
}

/** As the commit itself names them: a shallow clone hides those that it lacks from every other command. */
async function parentsOf(repository: Repository, commit: string): Promise<readonly string[]> {
  const text = (await askGit(repository, ['cat-file', 'commit', commit])) ?? ''
  const [header = ''] = text.split('\n\n', 1)
  return [...header.matchAll(/^parent ([0-9a-f]+)$/gm)].flatMap(([, parent]) => parent ?? [])
}

/** A pipeline for a branch: nothing new on the default branch itself, elsewhere what is new since it left that. */
async function branchBase(repository: Repository, env: Environment): Promise<BaseRevision | undefined> {
  const branch = env['CI_MERGE_REQUEST_TARGET_BRANCH_NAME'] || env['CI_DEFAULT_BRANCH']
  const { head } = repository
  if (env['GITLAB_CI'] === undefined || branch === undefined || !isBranchName(branch) || head === undefined)
    return undefined
  if ((await askGit(repository, ['remote', 'get-url', 'origin'])) === undefined) return undefined
  if (head === env['CI_COMMIT_SHA'] && env['CI_COMMIT_BRANCH'] === branch) return onDefaultBranch(head)
  const upstream = `origin/${branch}`
  // always, because a runner that uses its folder again may have an old one
  const isFetched = await fetchBranch(repository, 'origin', branch)
  const tip = await commitOf(repository, upstream)
  if (tip === undefined) throw unreachable(`The default branch ${branch} is not in this clone`)
  const ancestor = await fetchedMergeBase(repository, 'origin', branch)
  if (ancestor === undefined && !isFetched)
    throw unreachable(`The default branch ${branch} is out of date here`)
  if (ancestor === undefined) return undefined
  const where = ancestor === tip ? upstream : `merge base with ${upstream}`
  return {
    commit: ancestor,
    description: `${where} (${short(ancestor)})`,
    knowsDeletions: true,
    ...aheadOf(ancestor, upstream, tip),
  }
}

function onDefaultBranch(head: string): BaseRevision {
  const description = `HEAD (${short(head)}; this is the default branch, so nothing is new)`
  return { commit: head, description, knowsDeletions: true }
}

function unreachable(what: string): UsageError {
  return new UsageError(`${what} and could not be fetched, so nothing tells what is new.`, {
    hint: 'Set GIT_DEPTH: 0 under variables of this job in .gitlab-ci.yml, or run it in merge request pipelines.',
  })
}
