import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  blocking,
  branchPipeline,
  file,
  first,
  gitlabWith,
  harmless,
  history,
  jobOf,
  notesOfKind,
  type Job,
  type JobOptions,
  type Server,
} from './review-job.ts'
import type { RunResult } from './run.ts'

const config = 'pgrehearse.config.yaml'

/** The first job, which has no token: writes report.json into the clone. */
async function check(job: Job, ...args: readonly string[]): Promise<void> {
  const { PGREHEARSE_GITLAB_TOKEN: _, ...env } = job.env
  const flags = ['--no-replay', '--fail-on', 'never', '--format', 'json:report.json', ...args]
  const result = await job.withEnv(env).pgrehearse('check', ...flags)
  expect(result, result.stderr).toMatchObject({ exitCode: 0 })
}

/** Both jobs of a pipeline, the second one with the bot's token. */
async function pipeline(
  server: Server,
  args: readonly string[] = [],
  { variables, ...options }: JobOptions = {},
): Promise<RunResult> {
  const token = { PGREHEARSE_GITLAB_TOKEN: server.botToken }
  const job = await jobOf(server, { ...options, variables: { ...token, ...variables } })
  await check(job)
  return job.pgrehearse('review', 'report.json', ...args)
}

describe('two jobs', () => {
  it('post the findings; the second one is the gate, and says nothing twice', async () => {
    const server = await gitlabWith()
    const job = await jobOf(server, { variables: { PGREHEARSE_GITLAB_TOKEN: server.botToken } })
    await check(job)
    const result = await job.pgrehearse('review', 'report.json')
    expect(result).toMatchObject({ exitCode: 1, stderr: `review: Posted: ${server.webUrl}\n` })
    expect(result.stdout).toContain('require-concurrent-index')
    expect(notesOfKind(server, 'finding')).toHaveLength(1)
    expect(notesOfKind(server, 'sticky')).toEqual([
      expect.stringContaining('### ❌ pgrehearse failed: 1 error'),
    ])
    server.clearRequests()
    const again = await job.pgrehearse('review', 'report.json')
    expect(again).toMatchObject({
      exitCode: 1,
      stderr: `review: Everything is up to date: ${server.webUrl}\n`,
    })
    expect(server.writes()).toEqual([])
  })

  it('pass when a comment accepts what was found, and the reports of the second one say so', async () => {
    const server = await gitlabWith()
    await pipeline(server)
    const thread = server.notes.find(({ position }) => position !== null)
    if (thread === undefined) throw new Error('there is no thread')
    server.as('colleague').reply(thread.discussionId, 'pgrehearse allow the table is small')
    const result = await pipeline(server, ['--format', 'json'])
    expect(result).toMatchObject({ exitCode: 0 })
    expect(result.stderr).toContain('review: 1 finding is accepted by comments on the merge request.\n')
    expect(JSON.parse(result.stdout)).toMatchObject({
      exitCode: 0,
      findings: [{ allowed: { reason: 'the table is small (accepted by colleague on the merge request)' } }],
    })
  })

  it('judge by the configuration of the target branch, and list what the merge request changes in it', async () => {
    const server = await gitlabWith({
      base: { ...history, [config]: 'failOn: error\nreview:\n  name: shop\n  maxThreads: 0\n' },
      change: { [file]: blocking, [config]: 'failOn: never\nrules:\n  require-timeout: off\n' },
    })
    const job = await jobOf(server, { variables: { PGREHEARSE_GITLAB_TOKEN: server.botToken } })
    const made = await job.pgrehearse('check', '--no-replay', '--no-config', '--format', 'json:report.json')
    expect(made).toMatchObject({ exitCode: 1 })
    const result = await job.pgrehearse('review', 'report.json')
    expect(result).toMatchObject({ exitCode: 1 })
    expect(notesOfKind(server, 'finding')).toEqual([])
    const [sticky] = notesOfKind(server, 'sticky')
    expect(sticky).toContain('k=sticky n=shop ')
    expect(sticky).toContain(config)
    expect(sticky).toContain('+failOn: never')
    const lenient = await job.pgrehearse(
      'review',
      'report.json',
      '--fail-on',
      'never',
      '--review-name',
      'shop',
    )
    expect(lenient).toMatchObject({ exitCode: 0 })
  })

  it('run no configuration that is code, of whatever branch', async () => {
    const code = "import { writeFileSync } from 'node:fs'\nwriteFileSync('ran', '')\nexport default {}\n"
    const server = await gitlabWith({ base: { ...history, 'pgrehearse.config.ts': code } })
    const job = await jobOf(server, { variables: { PGREHEARSE_GITLAB_TOKEN: server.botToken } })
    await check(job, '--no-config')
    const result = await job.pgrehearse('review', 'report.json')
    expect(result).toMatchObject({ exitCode: 1 })
    expect(result.stderr).toMatch(
      /pgrehearse\.config\.ts of the target branch .* is code and is not run here/,
    )
    await expect(readFile(path.join(job.cwd, 'ran'))).rejects.toThrow('ENOENT')
  })

  it('refuse a configuration of the target branch that is not valid, and say the way out', async () => {
    const server = await gitlabWith({ base: { ...history, [config]: 'review:\n  maxThreads: many\n' } })
    const job = await jobOf(server, { variables: { PGREHEARSE_GITLAB_TOKEN: server.botToken } })
    await check(job, '--no-config')
    const refused = await job.pgrehearse('review', 'report.json')
    expect(refused).toMatchObject({ exitCode: 2 })
    expect(refused.stderr).toContain('review.maxThreads')
    expect(refused.stderr).toContain('--no-config')
    expect(await job.pgrehearse('review', 'report.json', '--no-config')).toMatchObject({ exitCode: 1 })
  })

  it('post nothing on a dry run, and print everything that would be posted', async () => {
    const server = await gitlabWith()
    const result = await pipeline(server, ['--dry-run'])
    expect(result).toMatchObject({ exitCode: 1 })
    expect(result.stdout).toContain(
      `create: a thread at ${file}:2 (require-concurrent-index)\n    🔴 **Building`,
    )
    expect(result.stdout).toContain('create: the summary\n    ### ❌ pgrehearse failed: 1 error')
    expect(result.stdout).toContain('The job would fail.')
    expect(result.stderr).toBe('review: This is a dry run: nothing was sent.\n')
    expect(server.writes()).toEqual([])
    expect(server.requests.length).toBeGreaterThan(3)
  })
})

describe('a review that cannot be posted', () => {
  it.each([
    [
      'no token',
      { PGREHEARSE_GITLAB_TOKEN: undefined },
      'PGREHEARSE_GITLAB_TOKEN (or GITLAB_TOKEN) is not set',
    ],
    [
      'the job token',
      { PGREHEARSE_GITLAB_TOKEN: 'glcbt-1' },
      'holds a job token, which may not write comments',
    ],
    ['a wrong token', { PGREHEARSE_GITLAB_TOKEN: 'glpat-wrong' }, 'expired'],
    ['a fork', { PGREHEARSE_GITLAB_TOKEN: undefined, CI_PROJECT_ID: '7' }, 'this pipeline runs in a fork'],
    ['a server that is away', { CI_API_V4_URL: 'http://127.0.0.1:9/api/v4' }, '127.0.0.1:9'],
  ])('leaves the exit code to the findings, and says in a sentence why: %s', async (_, variables, reason) => {
    const server = await gitlabWith()
    const job = await jobOf(server, { variables: { PGREHEARSE_GITLAB_TOKEN: server.botToken, ...variables } })
    await check(job)
    const [found, passing, strict] = await Promise.all([
      job.pgrehearse('review', 'report.json', '--review-failure=error'),
      job.pgrehearse('review', 'report.json', '--fail-on=never'),
      job.pgrehearse(
        'review',
        'report.json',
        '--fail-on=never',
        '--review-failure=error',
        '--format',
        'json:out.json',
      ),
    ])
    expect([found.exitCode, passing.exitCode, strict.exitCode]).toEqual([1, 0, 3])
    expect(strict.stderr).toContain(reason)
    expect(strict.stderr).not.toContain('glpat-')
    expect(JSON.parse(await readFile(path.join(job.cwd, 'out.json'), 'utf8'))).toMatchObject({ exitCode: 0 })
    expect(server.writes()).toEqual([])
  })

  it('leaves it to the findings, too, when the token may only read', async () => {
    const server = await gitlabWith()
    const token = server.addToken({ username: 'bot', scopes: ['read_api'] })
    const result = await pipeline(server, [], { variables: { PGREHEARSE_GITLAB_TOKEN: token } })
    expect(result).toMatchObject({ exitCode: 1 })
    expect(result.stderr).toContain('scope')
    expect(notesOfKind(server, 'sticky')).toEqual([])
  })
})

describe('other kinds of pipelines', () => {
  it('place findings of a merged result on the lines of the source branch, if the file is the same there', async () => {
    const old = 'db/migrations/0001_orders.sql'
    const table = (begin: string, end: string): string =>
      `-- ${begin}\n${'--\n'.repeat(20)}${first}-- ${end}\n`
    const server = await gitlabWith({
      base: { [old]: table('a', 'z') },
      change: { [file]: blocking, [old]: table('edited', 'z') },
    })
    const target = server.advanceTarget({ [old]: table('a', 'edited elsewhere') })
    const head = server.version.headSha
    const merged = server.repository.merge('main', 'feature', 'Merge')
    const variables = {
      CI_MERGE_REQUEST_EVENT_TYPE: 'merged_result',
      CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: head,
      CI_MERGE_REQUEST_TARGET_BRANCH_SHA: target,
    }
    const result = await pipeline(server, [], { sha: merged, variables })
    expect(result.stderr).toContain('review: Posted:')
    const positions = server.notes.flatMap(({ position }) => position ?? [])
    expect(positions).toMatchObject([{ new_path: file, new_line: 2, head_sha: head }])
    const [sticky] = notesOfKind(server, 'sticky')
    expect(sticky).toContain('0001_orders.sql')
  })

  it('post nothing on a merge train, where comments still count', async () => {
    const server = await gitlabWith()
    await pipeline(server)
    const thread = server.notes.find(({ position }) => position !== null)
    server.as('colleague').reply(thread?.discussionId ?? '', 'pgrehearse allow the table is small')
    server.clearRequests()
    const result = await pipeline(server, [], { variables: { CI_MERGE_REQUEST_EVENT_TYPE: 'merge_train' } })
    expect(result).toMatchObject({ exitCode: 0 })
    expect(result.stderr).toContain('Nothing is posted from a merge train')
    expect(server.writes()).toEqual([])
  })

  it('review the open merge request of a branch', async () => {
    const server = await gitlabWith()
    const variables = branchPipeline('feature', `shop/backend!${server.iid}`)
    const result = await pipeline(server, [], { variables, depth: 0 })
    expect(result).toMatchObject({ exitCode: 1, stderr: `review: Posted: ${server.webUrl}\n` })
    expect(notesOfKind(server, 'finding')).toHaveLength(1)
  })

  it('are a plain gate on the default branch, even when a failed review is an error', async () => {
    const server = await gitlabWith()
    const sha = server.repository.head('main')
    const variables = { ...branchPipeline('main'), PGREHEARSE_GITLAB_TOKEN: undefined }
    const result = await pipeline(server, ['--review-failure=error'], { sha, variables, depth: 0 })
    expect(result).toMatchObject({ exitCode: 0 })
    expect(result.stderr).toContain('This is a pipeline of the default branch main')
    expect(server.requests).toEqual([])
  })

  it('leave a merge request alone that has moved on', async () => {
    const server = await gitlabWith()
    const sha = server.version.headSha
    const job = await jobOf(server, { sha, variables: { PGREHEARSE_GITLAB_TOKEN: server.botToken } })
    await check(job)
    server.push({ [file]: harmless })
    const result = await job.pgrehearse('review', 'report.json')
    expect(result).toMatchObject({ exitCode: 1 })
    expect(result.stderr).toContain('Nothing is posted: the merge request has moved on')
    expect(server.writes()).toEqual([])
  })
})

describe('a clone without the base commit', () => {
  it('gets it from the server', async () => {
    const server = await gitlabWith()
    expect(await pipeline(server, [], { depth: 1 })).toMatchObject({ exitCode: 1 })
    expect(notesOfKind(server, 'finding')).toHaveLength(1)
  })

  it('fails closed when the server does not give it; without configuration, the summary has all findings', async () => {
    const server = await gitlabWith()
    const complete = await jobOf(server)
    await check(complete)
    const job = await jobOf(server, { depth: 1, variables: { PGREHEARSE_GITLAB_TOKEN: server.botToken } })
    await writeFile(path.join(job.cwd, 'report.json'), await readFile(path.join(complete.cwd, 'report.json')))
    await job.git('remote', 'set-url', 'origin', '/nowhere')
    const closed = await job.pgrehearse('review', 'report.json')
    expect(closed).toMatchObject({ exitCode: 2 })
    expect(closed.stderr).toContain('GIT_DEPTH: 0')
    expect(server.writes()).toEqual([])
    expect(await job.pgrehearse('review', 'report.json', '--no-config')).toMatchObject({ exitCode: 1 })
    expect(notesOfKind(server, 'finding')).toEqual([])
    const [sticky] = notesOfKind(server, 'sticky')
    expect(sticky).toContain('could not be fetched, so findings stand here instead of on their lines')
  })
})

describe('a report that is not to be believed', () => {
  it('is refused, and nothing is posted', async () => {
    const server = await gitlabWith()
    const job = await jobOf(server, { variables: { PGREHEARSE_GITLAB_TOKEN: server.botToken } })
    await check(job)
    const report = path.join(job.cwd, 'report.json')
    const honest = await readFile(report, 'utf8')
    execFileSync('mkfifo', [path.join(job.cwd, 'pipe')])
    const changes: Readonly<Record<string, readonly [content: string, message: string]>> = {
      'other.json': [honest.replaceAll(server.version.headSha, 'f'.repeat(40)), 'is about commit ffffffffff'],
      'escape.json': [honest.replaceAll(file, '../../etc/passwd'), 'not in the repository'],
      'more.json': [honest.replace('"schemaVersion"', '"exec": "rm", "schemaVersion"'), 'exec'],
      'text.json': ['root:x:0:0', 'is not JSON'],
    }
    for (const [name, [content]] of Object.entries(changes))
      await writeFile(path.join(job.cwd, name), content)
    const names = [...Object.keys(changes), 'missing.json', 'pipe']
    const results = await Promise.all(names.map((name) => job.pgrehearse('review', name)))
    expect(results.map(({ exitCode }) => exitCode)).toEqual(names.map(() => 2))
    for (const [index, [, message]] of Object.values(changes).entries()) {
      expect(results[index]?.stderr).toContain(message)
    }
    expect(results.at(-1)?.stderr).toContain('pipe is not a file')
    expect(server.requests).toEqual([])
  })
})
