import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Report } from '../../src/core/model.ts'
import { runnerClone } from '../review/gitlab-runner.ts'
import { repositoryWith, type Workspace } from '../review/repository.ts'
import { run, type RunResult } from './run.ts'

const history = {
  'shop/db/migrations/001_users.sql': 'create table users (id bigint primary key, email text not null);\n',
}
const harmful = { 'shop/db/migrations/002_index.sql': 'create index users_email_idx on users (email);\n' }
/** Any attempt to start a server ends with exit code 3. */
const noServer = { 'shop/pgrehearse.config.yaml': 'server: { binaries: no/such/folder }\n' }

function check(
  clone: Workspace,
  variables: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<RunResult> {
  const env = { CI: 'true', GITLAB_CI: 'true', CI_DEFAULT_BRANCH: 'main', NO_COLOR: '1', ...variables }
  const formats = ['--format', 'json:report.json', '--format', 'codequality:quality.json']
  return run(['check', ...args, ...formats], { cwd: path.join(clone.path, 'shop'), env })
}

async function written(clone: Workspace): Promise<{ readonly report: Report; readonly quality: string }> {
  const read = (name: string): Promise<string> => readFile(path.join(clone.path, 'shop', name), 'utf8')
  return { report: JSON.parse(await read('report.json')) as Report, quality: await read('quality.json') }
}

describe('a pipeline of the default branch', () => {
  it('writes the empty code quality report without which GitLab shows none in merge requests', async () => {
    const server = await repositoryWith({ ...history, ...noServer })
    const sha = await server.git('rev-parse', 'HEAD')
    const clone = await runnerClone(server, { sha, branch: 'main' })
    const { exitCode, stdout } = await check(clone, { CI_COMMIT_BRANCH: 'main', CI_COMMIT_SHA: sha })
    expect(stdout.trim().split('\n')).toHaveLength(1)
    expect(exitCode).toBe(0)
    const { report, quality } = await written(clone)
    expect(quality).toBe('[]\n')
    expect(report).toMatchObject({ findings: [], notChecked: [], project: { prefix: 'shop/', commit: sha } })
  })
})

describe('a pipeline for a merge request', () => {
  const mergeRequest = (base: string, sha: string): Readonly<Record<string, string>> => ({
    CI_MERGE_REQUEST_IID: '3',
    CI_MERGE_REQUEST_EVENT_TYPE: 'detached',
    CI_MERGE_REQUEST_DIFF_BASE_SHA: base,
    CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'main',
    CI_COMMIT_SHA: sha,
  })

  it('whose migrations were removed again ends well, without a server, and says what it did not see', async () => {
    const server = await repositoryWith({ ...noServer, 'shop/README.md': '' })
    const base = await server.git('rev-parse', 'HEAD')
    await server.commit({ ...history, ...harmful })
    await server.remove('shop/db')
    const sha = await server.commit({ 'shop/README.md': 'more' })
    const clone = await runnerClone(server, { sha })
    const { exitCode, stdout, stderr } = await check(clone, mergeRequest(base, sha))
    expect({ exitCode, errors: /error/i.test(stderr) }).toEqual({ exitCode: 0, errors: false })
    expect(stdout).toContain('There are no migrations here, neither at the base revision nor now.')
    const { report, quality } = await written(clone)
    expect(report).toMatchObject({ migrations: [], findings: [], notChecked: [{ code: 'no-migrations' }] })
    expect(quality).toBe('[]\n')
  })

  it('has suggestions without being asked, and names files from the top of the repository', async () => {
    const server = await repositoryWith(history)
    const base = await server.git('rev-parse', 'HEAD')
    const sha = await server.commit(harmful)
    const clone = await runnerClone(server, { sha })
    const { exitCode, stderr } = await check(clone, mergeRequest(base, sha))
    expect(exitCode).toBe(1)
    expect(stderr).toContain('Trying out 1 suggestion\n')
    const { report, quality } = await written(clone)
    expect(report.findings).toMatchObject([
      {
        span: { file: 'db/migrations/002_index.sql' },
        suggestion: { lines: ['CREATE INDEX CONCURRENTLY users_email_idx ON users (email);'] },
      },
    ])
    expect(JSON.parse(quality)).toMatchObject([{ location: { path: 'shop/db/migrations/002_index.sql' } }])
    await check(clone, mergeRequest(base, sha), ['--no-suggestions'])
    expect((await written(clone)).report.findings[0]).not.toHaveProperty('suggestion')
  })

  it('whose version was taken on the target branch meanwhile fails, and says what others have merged', async () => {
    const up = 'shop/db/migrations/1_users.up.sql'
    const server = await repositoryWith({ [up]: history['shop/db/migrations/001_users.sql'] })
    const base = await server.git('rev-parse', 'HEAD')
    await server.git('checkout', '--quiet', '-b', 'feature')
    const sha = await server.commit({ 'shop/db/migrations/2_ours.up.sql': 'select 1;\n' })
    await server.git('checkout', '--quiet', 'main')
    await server.commit({
      'shop/db/migrations/2_theirs.up.sql': 'select 2;\n',
      'shop/db/migrations/3_theirs.up.sql': 'select 3;\n',
    })
    const clone = await runnerClone(server, { sha, depth: 1 })
    const { exitCode } = await check(clone, mergeRequest(base, sha), ['--no-replay'])
    expect(exitCode).toBe(1)
    const { report } = await written(clone)
    expect(report.findings).toMatchObject([
      {
        ruleId: 'duplicate-version',
        span: { file: 'db/migrations/2_ours.up.sql' },
        message: expect.stringContaining(
          'db/migrations/2_theirs.up.sql was merged to origin/main after this branch left it.',
        ),
      },
      { ruleId: 'out-of-order-migration', severity: 'error' },
    ])
    expect(report.notChecked).toMatchObject([
      {
        code: 'others-migrations',
        message: expect.stringMatching(/^2 migrations were merged to origin\/main/),
      },
    ])
  })
})

describe('--suggestions', () => {
  it.each([['--no-replay'], ['--budget', '3s']])('contradicts %s', async (...others) => {
    const server = await repositoryWith({ ...history, ...harmful })
    const { exitCode, stderr } = await check(server, {}, ['--suggestions', ...others])
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/^error: --suggestions takes replays/m)
  })
})
