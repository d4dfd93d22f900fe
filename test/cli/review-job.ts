import { onTestFinished } from 'vitest'
import { startFakeGitLab } from '../fake-gitlab/index.ts'
import type { FakeGitLabOptions } from '../fake-gitlab/options.ts'
import { runnerClone } from '../review/gitlab-runner.ts'
import { Workspace } from '../review/repository.ts'
import { run, type RunResult } from './run.ts'

export type Server = Awaited<ReturnType<typeof startFakeGitLab>>

export const first = 'CREATE TABLE orders (id bigint PRIMARY KEY, status text);\n'
/** What the target branch has unless a test says otherwise. */
export const history = { 'db/migrations/0001_orders.sql': first }
/** One error of lint, and a line before it. */
export const blocking = '-- faster lists\nCREATE INDEX orders_status_idx ON orders (status);\n'
export const harmless = 'CREATE TABLE customers (id bigint PRIMARY KEY);\n'
export const file = 'db/migrations/0002_index.sql'

/** A fake GitLab with one open merge request, gone when the test is done. */
export async function gitlabWith(options: FakeGitLabOptions = {}): Promise<Server> {
  const server = await startFakeGitLab({
    ...options,
    base: options.base ?? history,
    change: options.change ?? { [file]: blocking },
  })
  onTestFinished(() => server.close())
  return server
}

export interface JobOptions {
  /** Variables that are other than GitLab sets them in a detached merge request pipeline. */
  readonly variables?: Readonly<Record<string, string | undefined>>
  /** The commit that is checked out; default: the head of the source branch. */
  readonly sha?: string
  /** GIT_DEPTH. */
  readonly depth?: number
}

/** One job of a pipeline: a clone as the runner makes it, and the variables that GitLab gives. */
export interface Job {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly pgrehearse: (...args: readonly string[]) => Promise<RunResult>
  /** The same job with other variables. */
  readonly withEnv: (env: Job['env']) => Job
  readonly git: (...args: readonly string[]) => Promise<string>
}

let pipelines = 990

/** A job of a new pipeline for the merge request. The token is in no variable unless `variables` has it. */
export async function jobOf(server: Server, options: JobOptions = {}): Promise<Job> {
  const { version } = server
  const { sha = version.headSha, depth = 20 } = options
  const clone = await runnerClone(new Workspace(server.repository.path), { sha, depth })
  const variables: Readonly<Record<string, string | undefined>> = {
    ...quietGit,
    CI: 'true',
    GITLAB_CI: 'true',
    CI_API_V4_URL: server.apiUrl,
    CI_PROJECT_ID: server.projectId,
    CI_PROJECT_URL: `${server.url}/shop/backend`,
    CI_DEFAULT_BRANCH: 'main',
    CI_COMMIT_SHA: sha,
    CI_PIPELINE_ID: String(++pipelines),
    CI_PIPELINE_SOURCE: 'merge_request_event',
    CI_MERGE_REQUEST_IID: String(server.iid),
    CI_MERGE_REQUEST_PROJECT_ID: server.projectId,
    CI_MERGE_REQUEST_DIFF_ID: String(version.id),
    CI_MERGE_REQUEST_DIFF_BASE_SHA: version.baseSha,
    CI_MERGE_REQUEST_EVENT_TYPE: 'detached',
    CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'main',
    ...options.variables,
  }
  const env = Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
  return jobIn(clone, env)
}

function jobIn(clone: Workspace, env: Job['env']): Job {
  return {
    cwd: clone.path,
    env,
    pgrehearse: (...args) => run(args, { cwd: clone.path, env }),
    withEnv: (other) => jobIn(clone, other),
    git: (...args) => clone.git(...args),
  }
}

const quietGit = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' }

/** The pipeline of a branch, with an open merge request or without one. */
export function branchPipeline(branch: string, open = ''): Readonly<Record<string, string | undefined>> {
  return {
    CI_PIPELINE_SOURCE: 'push',
    CI_COMMIT_BRANCH: branch,
    CI_OPEN_MERGE_REQUESTS: open,
    CI_MERGE_REQUEST_IID: undefined,
    CI_MERGE_REQUEST_PROJECT_ID: undefined,
    CI_MERGE_REQUEST_DIFF_ID: undefined,
    CI_MERGE_REQUEST_DIFF_BASE_SHA: undefined,
    CI_MERGE_REQUEST_EVENT_TYPE: undefined,
    CI_MERGE_REQUEST_TARGET_BRANCH_NAME: undefined,
  }
}

/** The bodies that are on the merge request now, oldest first, without what people and the system wrote. */
export function botNotes(server: Server): readonly string[] {
  const bot = server.user('bot').id
  return server.notes.filter(({ authorId, system }) => authorId === bot && !system).map(({ body }) => body)
}

/** The bot's notes of one kind, by their hidden marker. */
export function notesOfKind(server: Server, kind: 'finding' | 'sticky'): readonly string[] {
  return botNotes(server).filter((body) => body.includes(`<!-- pgrehearse:1 k=${kind} `))
}
