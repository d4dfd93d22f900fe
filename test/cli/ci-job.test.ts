/** The jobs that users copy, run line by line in clones as GitLab's runner makes them, against a fake GitLab. */
import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { gitlabJobs, gitlabOneJob } from '../../src/cli/init-gitlab.ts'
import {
  artifactsOf,
  handOver,
  isRunBy,
  readComponent,
  readJobs,
  runScript,
  type CiJob,
  type RunnerOptions,
} from './ci-job.ts'
import {
  blocking,
  botNotes,
  branchPipeline,
  gitlabWith,
  jobOf,
  notesOfKind,
  type Server,
} from './review-job.ts'
import type { RunResult } from './run.ts'

const component = readComponent(
  await readFile(new URL('../../templates/pgrehearse.yml', import.meta.url), 'utf8'),
)
const documented = { version: '0.1' }

/** A CI/CD variable of the project, which GitLab gives to jobs of one environment. */
interface ScopedVariable {
  readonly name: string
  readonly value: string
  readonly environment: string
}

interface PipelineOptions {
  readonly token?: ScopedVariable
  readonly variables?: Readonly<Record<string, string | undefined>>
  readonly depth?: number
}

/** Runs the pipeline's jobs in order, each in a clone of its own; a job that fails stops those that need it. */
async function pipeline(
  server: Server,
  jobs: ReadonlyMap<string, CiJob>,
  { token, ...options }: PipelineOptions = {},
): Promise<ReadonlyMap<string, RunResult & { readonly artifacts: Readonly<Record<string, string>> }>> {
  const results = new Map<string, RunResult & { readonly artifacts: Readonly<Record<string, string>> }>()
  const folders = new Map<string, string>()
  const pipelineId = String(1000 + server.requests.length)
  for (const [name, job] of jobs) {
    const clone = await jobOf(server, {
      ...options,
      variables: { CI_PIPELINE_ID: pipelineId, ...options.variables },
    })
    if (!isRunBy(job, clone.env)) continue
    if (job.needs?.some((needed) => results.get(needed)?.exitCode !== 0)) continue
    for (const needed of job.needs ?? []) {
      const [before, from] = [jobs.get(needed), folders.get(needed)]
      if (before === undefined || from === undefined)
        throw new Error(`${name} needs ${needed}, which is not there`)
      await handOver(before, from, clone.cwd)
    }
    const isGiven = token !== undefined && token.environment === job.environment?.name
    const variables: RunnerOptions['variables'] = isGiven
      ? { ...clone.env, [token.name]: token.value }
      : clone.env
    const result = await runScript(job, { cwd: clone.cwd, variables })
    folders.set(name, clone.cwd)
    results.set(name, { ...result, artifacts: await artifactsOf(job, clone.cwd) })
  }
  return results
}

function exitCodes(results: Awaited<ReturnType<typeof pipeline>>): Readonly<Record<string, number | null>> {
  return Object.fromEntries([...results].map(([name, { exitCode }]) => [name, exitCode]))
}

const scoped = (server: Server): ScopedVariable => ({
  name: 'PGREHEARSE_GITLAB_TOKEN',
  value: server.botToken,
  environment: 'pgrehearse',
})

describe.each([
  ['that init writes', readJobs(gitlabJobs(documented))],
  ['of the component', component.jobs()],
])('the two jobs %s', (_, jobs) => {
  it('post a summary and a thread, fail for the error, and say nothing twice', async () => {
    const server = await gitlabWith()
    const results = await pipeline(server, jobs, { token: scoped(server) })
    const review = results.get('pgrehearse-review')
    expect(exitCodes(results), review?.stderr).toEqual({ pgrehearse: 0, 'pgrehearse-review': 1 })
    expect(notesOfKind(server, 'sticky')).toEqual([expect.stringContaining('failed: 1 error')])
    expect(notesOfKind(server, 'finding')).toHaveLength(1)
    expect(botNotes(server)).toHaveLength(2)
    const { codequality = '' } = jobs.get('pgrehearse')?.artifacts.reports ?? {}
    expect(JSON.parse(results.get('pgrehearse')?.artifacts[codequality] ?? '')).toMatchObject([
      { check_name: 'require-concurrent-index', location: { path: 'db/migrations/0002_index.sql' } },
    ])
    const output = JSON.stringify([...results.values()])
    expect(output).not.toContain(server.botToken)

    server.clearRequests()
    await pipeline(server, jobs, { token: scoped(server) })
    expect(notesOfKind(server, 'finding')).toHaveLength(1)
    expect(server.writes().filter(({ method }) => method === 'POST')).toEqual([])
  })

  it('resolve and say all clear once the migration is mended', async () => {
    const server = await gitlabWith()
    await pipeline(server, jobs, { token: scoped(server) })
    server.push({
      'db/migrations/0002_index.sql': 'CREATE TABLE customers (id bigint PRIMARY KEY);\n',
    })
    const results = await pipeline(server, jobs, { token: scoped(server) })
    expect(exitCodes(results)).toEqual({ pgrehearse: 0, 'pgrehearse-review': 0 })
    const thread = server.notes.find(({ position, system }) => position !== null && !system)
    expect(thread?.resolvedById).toBe(server.user('bot').id)
    expect(notesOfKind(server, 'sticky')).toEqual([expect.stringContaining('pgrehearse: all clear')])
  })

  it('are a gate without a token, in a clone of one commit', async () => {
    const server = await gitlabWith()
    const results = await pipeline(server, jobs, { depth: 1 })
    expect(exitCodes(results)).toEqual({ pgrehearse: 0, 'pgrehearse-review': 1 })
    expect(results.get('pgrehearse-review')?.stderr).toContain('No token for the review')
    expect(server.requests).toEqual([])
  })

  it('leave on the default branch what the code quality widget compares with, and no review', async () => {
    const server = await gitlabWith()
    server.merge()
    const head = await (await jobOf(server)).git('ls-remote', 'origin', 'refs/heads/main')
    const [sha = ''] = head.split('\t')
    const results = new Map<string, string>()
    for (const [name, job] of jobs) {
      const clone = await jobOf(server, { sha, variables: { ...branchPipeline('main'), CI_COMMIT_SHA: sha } })
      if (!isRunBy(job, clone.env)) continue
      const { exitCode, stderr } = await runScript(job, { cwd: clone.cwd, variables: clone.env })
      expect(exitCode, stderr).toBe(0)
      results.set(name, (await artifactsOf(job, clone.cwd))[job.artifacts.reports?.codequality ?? ''] ?? '')
    }
    expect([...results]).toEqual([['pgrehearse', expect.stringMatching(/^\[\]\s*$/)]])
  })

  it('hold the token in the second one only, which runs one at a time', () => {
    const [first, second] = jobs.values()
    expect(first?.environment).toBeUndefined()
    expect(first?.script.join('\n')).not.toMatch(/token|review/i)
    expect(second).toMatchObject({
      needs: ['pgrehearse'],
      environment: { name: 'pgrehearse' },
      resource_group: 'pgrehearse-$CI_MERGE_REQUEST_IID',
    })
    // GitLab takes no variables and no globs here, and no ./ in front
    for (const file of second?.artifacts.paths ?? []) expect(file).toMatch(/^[\w-]+\.html$/)
  })
})

it('the one job posts the same, and takes the token out of what the check sees', async () => {
  const server = await gitlabWith({
    base: {
      'db/migrations/0001_orders.sql': 'CREATE TABLE orders (id bigint, status text);\n',
      'pgrehearse.config.js': `console.error('tokens:', Object.keys(process.env).filter((n) => n.includes('TOKEN')))\nexport default {}\n`,
    },
  })
  const jobs = readJobs(gitlabOneJob(documented))
  const results = await pipeline(server, jobs, {
    variables: { PGREHEARSE_GITLAB_TOKEN: server.botToken },
  })
  const job = results.get('pgrehearse')
  expect(exitCodes(results), job?.stderr).toEqual({ pgrehearse: 1 })
  expect(job?.stderr).toContain('tokens: []')
  expect(notesOfKind(server, 'sticky')).toHaveLength(1)
  const rules = notesOfKind(server, 'finding').map((body) => /· `([\w-]+)` ·/.exec(body)?.[1])
  expect(rules).toEqual(['require-concurrent-index'])
})

it('a project in a subfolder is judged there, and reviewed on paths of the repository', async () => {
  const server = await gitlabWith({
    base: { 'billing/db/migrations/0001_orders.sql': 'CREATE TABLE orders (id bigint, status text);\n' },
    change: { 'billing/db/migrations/0002_index.sql': blocking },
  })
  const variants = [
    readJobs(gitlabJobs({ ...documented, folder: 'billing' })),
    component.jobs({ project_dir: 'billing', fail_on: 'never', check_options: '--pg-version 18' }),
  ]
  for (const [index, jobs] of variants.entries()) {
    const results = await pipeline(server, jobs, { token: scoped(server) })
    expect(exitCodes(results)).toEqual({ pgrehearse: 0, 'pgrehearse-review': 1 - index })
  }
  expect(server.notes.flatMap(({ position }) => position ?? [])).toMatchObject([
    { new_path: 'billing/db/migrations/0002_index.sql' },
  ])
})

describe('the component', () => {
  it('keeps two databases apart by names of their own', () => {
    const jobs = component.jobs({ job_name: 'billing', review_name: 'billing', token_variable: 'BOT_TOKEN' })
    expect([...jobs.keys()]).toEqual(['billing', 'billing-review'])
    expect(jobs.get('billing-review')).toMatchObject({ needs: ['billing'] })
    expect(jobs.get('billing-review')?.script.join(' ')).toContain(
      '--review-name "billing" --token-env "BOT_TOKEN"',
    )
  })

  it.each([
    ['token_variable', 'A; curl evil'],
    ['review_name', '$(id)'],
    ['version', '0.1"; id'],
    ['fail_on', 'sometimes'],
  ])('refuses %s: %s', (name, value) => {
    expect(() => component.jobs({ [name]: value })).toThrow(name)
  })

  it('has every input in docs/gitlab.md with its default', async () => {
    const page = await readFile(new URL('../../docs/gitlab.md', import.meta.url), 'utf8')
    for (const [name, input] of Object.entries(component.inputs)) {
      const shown = input.default === '' ? '' : ` \`${input.default}\``
      expect(page).toContain(`| \`${name}\` |${shown} |`)
    }
  })
})

it('init leaves a folder to the user that a shell would read otherwise', () => {
  expect(gitlabJobs({ ...documented, folder: 'a b; rm -rf .' })).toContain('- cd path/to/this/project\n')
  expect(gitlabJobs({ ...documented, folder: 'services/billing' })).toContain('- cd services/billing\n')
})
