import { UsageError } from '../core/errors.ts'
import type { MergeRequestRef, PipelineEvent, PipelineFacts } from './model.ts'

/** Environment variables, handed in. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The merge request that a CI job belongs to, or why there is none. */
export type PipelineReading =
  | {
      readonly kind: 'merge request'
      readonly ref: MergeRequestRef
      readonly pipeline: PipelineFacts
      /** A sentence about a choice that was made, e.g. among several open merge requests of a branch. */
      readonly remark: string | undefined
    }
  | { readonly kind: 'none'; readonly reason: string }

export interface EnvironmentOptions {
  /** `--gitlab-url`: the server's address, with or without `/api/v4`; wins over CI_API_V4_URL. */
  readonly gitlabUrl?: string | undefined
}

/**
 * Reads GitLab's predefined variables: which merge request this job belongs to, and what was judged.
 * Variables that do not look as GitLab writes them give `none`, with the variable's name in the reason.
 * @throws {UsageError} when `gitlabUrl` is no address.
 * @see https://docs.gitlab.com/ci/variables/predefined_variables/
 */
export function readPipeline(env: Environment, options: EnvironmentOptions = {}): PipelineReading {
  if (!env['GITLAB_CI']) return none('This is not a GitLab CI job (GITLAB_CI is not set).')
  const apiUrl = readApiUrl(env, options)
  if (apiUrl === undefined) return none('CI_API_V4_URL is missing or is not an http(s) address.')
  const judgedSha = readSha(env['CI_COMMIT_SHA'])
  if (judgedSha === undefined) return none('CI_COMMIT_SHA is missing or is not a commit.')
  return env['CI_MERGE_REQUEST_IID']
    ? mergeRequestPipeline(env, apiUrl, judgedSha)
    : branchPipeline(env, apiUrl, judgedSha)
}

/**
 * `https://host[:port][/relative]/api/v4` of the server that the job belongs to; undefined when unknown. Never guessed
 * from other variables: the token is sent there.
 * @throws {UsageError} when `gitlabUrl` is no address.
 */
export function readApiUrl(env: Environment, options: EnvironmentOptions = {}): string | undefined {
  if (options.gitlabUrl === undefined) return apiAddress(env['CI_API_V4_URL'] ?? '')
  const address = readAddress(options.gitlabUrl)
  if (address === undefined) {
    throw new UsageError('The GitLab URL must be an http(s) address without a user, a query or a fragment.', {
      hint: 'For example: --gitlab-url https://gitlab.example.com',
    })
  }
  return address.endsWith('/api/v4') ? address : `${address}/api/v4`
}

/** The project that merge requests of this job belong to, numeric or a full path; undefined when unknown. */
export function readProject(env: Environment): string | undefined {
  return (
    readId(env['CI_MERGE_REQUEST_PROJECT_ID'])?.toString() ??
    readProjectPath(env['CI_MERGE_REQUEST_PROJECT_PATH']) ??
    readId(env['CI_PROJECT_ID'])?.toString()
  )
}

/**
 * Does the pipeline run in a fork of the merge request's project? GitLab gives it none of the project's variables then.
 * A pipeline of a fork's merge request that somebody started in the parent project does not count.
 */
export function runsInFork(env: Environment): boolean {
  const [target, here] = [env['CI_MERGE_REQUEST_PROJECT_ID'], env['CI_PROJECT_ID']]
  return Boolean(target) && Boolean(here) && target !== here
}

function mergeRequestPipeline(env: Environment, apiUrl: string, judgedSha: string): PipelineReading {
  const iid = readId(env['CI_MERGE_REQUEST_IID'])
  if (iid === undefined) return none('CI_MERGE_REQUEST_IID is not a number.')
  const projectId =
    readId(env['CI_MERGE_REQUEST_PROJECT_ID'])?.toString() ??
    readProjectPath(env['CI_MERGE_REQUEST_PROJECT_PATH'])
  if (projectId === undefined) return none('CI_MERGE_REQUEST_PROJECT_ID is missing or is not a number.')
  // empty in detached pipelines, where the commit that was checked out is the head itself
  const sourceSha = env['CI_MERGE_REQUEST_SOURCE_BRANCH_SHA']
  const headSha = sourceSha ? readSha(sourceSha) : judgedSha
  if (headSha === undefined) return none('CI_MERGE_REQUEST_SOURCE_BRANCH_SHA is not a commit.')
  return {
    kind: 'merge request',
    ref: { apiUrl, projectId, iid },
    pipeline: {
      event: mergeRequestEvent(env, Boolean(sourceSha)),
      headSha,
      judgedSha,
      diffVersion: readId(env['CI_MERGE_REQUEST_DIFF_ID']),
      ...commonFacts(env),
      sourceProjectUrl: readAddress(
        env['CI_MERGE_REQUEST_SOURCE_PROJECT_URL'] || (env['CI_PROJECT_URL'] ?? ''),
      ),
    },
    remark: undefined,
  }
}

/** CI_MERGE_REQUEST_EVENT_TYPE is there since GitLab 12.3; only merged results have a source branch's commit. */
function mergeRequestEvent(env: Environment, hasSourceSha: boolean): PipelineEvent {
  switch (env['CI_MERGE_REQUEST_EVENT_TYPE']) {
    case 'merge_train':
      return 'merge train'
    case 'merged_result':
      return 'merged result'
    case 'detached':
      return 'detached'
    default:
      return hasSourceSha ? 'merged result' : 'detached'
  }
}

function branchPipeline(env: Environment, apiUrl: string, judgedSha: string): PipelineReading {
  const branch = env['CI_COMMIT_BRANCH']
  if (!branch) return none('This pipeline belongs to no branch and to no merge request.')
  if (branch === env['CI_DEFAULT_BRANCH']) {
    return none(`This is a pipeline of the default branch ${branch}, not of a merge request.`)
  }
  const open = (env['CI_OPEN_MERGE_REQUESTS'] ?? '').split(',').flatMap(readReference)
  const [first] = open
  if (first === undefined) {
    return none(`The branch ${branch} has no open merge request (CI_OPEN_MERGE_REQUESTS is empty).`)
  }
  const names = open.map(({ projectId, iid }) => `${projectId}!${iid}`)
  return {
    kind: 'merge request',
    ref: { apiUrl, ...first },
    pipeline: {
      event: 'branch',
      headSha: judgedSha,
      judgedSha,
      diffVersion: undefined,
      ...commonFacts(env),
      sourceProjectUrl: readAddress(env['CI_PROJECT_URL'] ?? ''),
    },
    remark:
      names.length > 1
        ? `The branch has ${names.length} open merge requests (${names.join(', ')}): the first one is reviewed.`
        : undefined,
  }
}

function commonFacts(env: Environment): Pick<PipelineFacts, 'pipelineId' | 'pipelineUrl'> {
  return {
    pipelineId: readId(env['CI_PIPELINE_ID']) ?? 0,
    pipelineUrl: readAddress(env['CI_PIPELINE_URL'] ?? ''),
  }
}

/** `group/project!3`. */
function readReference(reference: string): readonly Pick<MergeRequestRef, 'projectId' | 'iid'>[] {
  const [path, number, ...rest] = reference.trim().split('!')
  const projectId = readProjectPath(path)
  const iid = readId(number)
  return projectId === undefined || iid === undefined || rest.length > 0 ? [] : [{ projectId, iid }]
}

function apiAddress(text: string): string | undefined {
  const address = readAddress(text)
  return address?.endsWith('/api/v4') ? address : undefined
}

/** An http(s) URL without credentials, query, fragment and slashes at the end. */
function readAddress(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  const isWeb = url.protocol === 'https:' || url.protocol === 'http:'
  const isPlain = url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  return isWeb && isPlain ? url.href.replace(/\/+$/, '') : undefined
}

/** A positive number as GitLab counts ids. */
function readId(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined
}

/** A full commit id, SHA-1 or SHA-256. */
function readSha(text: string | undefined): string | undefined {
  return text !== undefined && /^(?:[\da-f]{40}|[\da-f]{64})$/.test(text) ? text : undefined
}

/** `group/subgroup/project`, in the characters that GitLab allows, so that no `..` gets into an address. */
function readProjectPath(text: string | undefined): string | undefined {
  const isPath =
    text !== undefined && /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*(?:\/[\p{L}\p{N}_][\p{L}\p{N}_.-]*)+$/u.test(text)
  return isPath ? text : undefined
}

function none(reason: string): PipelineReading {
  return { kind: 'none', reason }
}
