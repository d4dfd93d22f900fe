import { cleanEnv, temporaryFolder, Workspace } from './repository.ts'

/** A pipeline as GitLab makes it: a commit under refs/pipelines on the server. */
export interface Pipeline {
  readonly sha: string
  /** Of a branch pipeline; a pipeline for a merge request has none. */
  readonly branch?: string
  /** GIT_DEPTH; GitLab's default is 20, 0 means the whole history. */
  readonly depth?: number
}

/**
 * A clone made with the commands of GitLab's runner (shells/abstract.go: writeRefspecFetchCmd) and the refspecs that
 * GitLab gives it (build_runner_presenter.rb).
 */
export async function runnerClone(
  server: Workspace,
  { sha, branch, depth = 20 }: Pipeline,
): Promise<Workspace> {
  const clone = new Workspace(await temporaryFolder())
  await clone.git('init', '--quiet')
  await clone.git('remote', 'add', 'origin', `file://${server.path}`)
  await runnerFetch(clone, server, { sha, depth, ...(branch === undefined ? {} : { branch }) })
  return clone
}

/** What the runner does in a folder that it uses again (GIT_STRATEGY: fetch). */
export async function runnerFetch(clone: Workspace, server: Workspace, pipeline: Pipeline): Promise<void> {
  const { sha, branch, depth = 20 } = pipeline
  await server.git('update-ref', 'refs/pipelines/7', sha)
  const refspecs = ['+refs/pipelines/7:refs/pipelines/7']
  if (depth === 0) refspecs.push('+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*')
  else if (branch !== undefined) refspecs.push(`+refs/heads/${branch}:refs/remotes/origin/${branch}`)
  const depthFlags = depth === 0 ? [] : ['--depth', String(depth)]
  await clone.git(
    'fetch',
    'origin',
    '--no-recurse-submodules',
    ...depthFlags,
    '--prune',
    '--quiet',
    ...refspecs,
  )
  await clone.git('checkout', '--force', '--quiet', sha)
}

/** The environment of a job, with these variables. */
export function jobEnv(
  variables: Readonly<Record<string, string>>,
): Readonly<Record<string, string | undefined>> {
  return { ...cleanEnv, CI: 'true', GITLAB_CI: 'true', CI_DEFAULT_BRANCH: 'main', ...variables }
}
