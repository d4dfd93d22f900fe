import { execFileSync } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Report } from '../../src/core/model.ts'
import { snapshot, table } from '../production/snapshot-file.ts'
import { addFiles, folderWith, run, type RunResult } from './run.ts'

function git(cwd: string, ...args: readonly string[]): string {
  return execFileSync('git', ['-c', 'user.name=Ann', '-c', 'user.email=a@example.org', ...args], {
    cwd,
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim()
}

const history = {
  'db/migrations/001_users.sql': 'create table users (id bigint primary key, email text not null);\n',
}
const harmful = { 'db/migrations/002_index.sql': 'create index users_email_idx on users (email);\n' }

/** A repository whose main branch has the files, with a branch checked out on top. */
async function repositoryWith(files: Readonly<Record<string, string>>): Promise<string> {
  const cwd = await folderWith({ ...history, ...files })
  git(cwd, 'init', '--quiet', '--initial-branch', 'main')
  commit(cwd)
  git(cwd, 'switch', '--quiet', '--create', 'feature')
  return cwd
}

function commit(cwd: string): void {
  git(cwd, 'add', '--all')
  git(cwd, 'commit', '--quiet', '--message', 'x')
}

interface Lint extends RunResult {
  readonly report: Report
}

async function lint(
  cwd: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Lint> {
  const result = await run(['lint', '--format', 'json', ...args], { cwd, env })
  return { ...result, report: (result.stdout === '' ? {} : JSON.parse(result.stdout)) as Report }
}

function ruleIds({ report }: Lint): readonly string[] {
  return report.findings.map(({ ruleId, allowed }) => (allowed === undefined ? ruleId : `(${ruleId})`))
}

const strict = {
  'pgrehearse.config.yaml': 'policy: target-branch\nextends: ./shared/rules.yaml\n',
  'shared/rules.yaml': 'failOn: info\n',
}

describe('policy: target-branch', () => {
  it('holds when the branch removes it, and says so', async () => {
    const cwd = await repositoryWith(strict)
    await addFiles(cwd, {
      ...harmful,
      'pgrehearse.config.yaml': 'rules: { require-concurrent-index: off }\n',
    })
    commit(cwd)
    const judged = await lint(cwd)
    expect(judged).toMatchObject({ exitCode: 1 })
    expect(ruleIds(judged)).toContain('require-concurrent-index')
    expect(judged.report.settings).toMatchObject({ failOn: 'info', configExtends: ['shared/rules.yaml'] })
    expect(judged.report.policy).toEqual([
      `The configuration of main (${git(cwd, 'rev-parse', '--short=7', 'main')}) decides; this branch changes it, which holds once it is merged.`,
    ])
    const own = await lint(cwd, ['--policy', 'branch'])
    expect(ruleIds(own)).not.toContain('require-concurrent-index')
    expect(own.report.policy).toEqual([
      'By configuration, require-concurrent-index is off. It would have had a finding in db/migrations/002_index.sql:1.',
    ])
  })

  it('runs nothing of the branch, in whatever form the branch writes its configuration', async () => {
    const cwd = await repositoryWith(strict)
    await rm(path.join(cwd, 'pgrehearse.config.yaml'))
    await addFiles(cwd, { ...harmful, 'pgrehearse.config.mjs': "throw new Error('it was run')\n" })
    const env = { CI_MERGE_REQUEST_IID: '7', CI_MERGE_REQUEST_DIFF_BASE_SHA: git(cwd, 'rev-parse', 'main') }
    const judged = await lint(cwd, [], env)
    expect(judged.report.settings.failOn).toBe('info')
    expect((await lint(cwd, ['--policy', 'branch'], env)).stderr).toContain('it was run')
  })

  it('holds in any pipeline when the branch deletes the configuration', async () => {
    const cwd = await repositoryWith(strict)
    await rm(path.join(cwd, 'pgrehearse.config.yaml'))
    await addFiles(cwd, harmful)
    expect((await lint(cwd, [], { CI: 'true' })).report.settings.failOn).toBe('info')
  })

  it('says when it is not on the target branch yet, and when the target branch cannot say it', async () => {
    const cwd = await repositoryWith({})
    await addFiles(cwd, { ...harmful, 'pgrehearse.config.yaml': 'policy: target-branch\n' })
    expect((await lint(cwd)).report.policy).toEqual([
      '`policy: target-branch` is not on the target branch yet: until it is merged, this branch’s own configuration decides.',
    ])
    const asked = await lint(cwd, ['--policy', 'target-branch'])
    expect(asked.report.policy?.[0]).toMatch(
      /^main \([0-9a-f]{7}\) has no configuration, so the defaults decide\.$/,
    )
    const code = await repositoryWith({ 'pgrehearse.config.mjs': 'export default {}\n' })
    const refused = await lint(code, ['--policy', 'target-branch'])
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
    expect(refused.stderr).toMatch(
      /^error: pgrehearse\.config\.mjs of main \([0-9a-f]{7}\) is code, and code of another commit is not run\.\nhint: {2}Write the configuration as/,
    )
  })

  it('takes the baseline of the target branch, to which the branch can add nothing', async () => {
    const cwd = await repositoryWith({ 'pgrehearse.config.yaml': 'policy: target-branch\n' })
    await addFiles(cwd, harmful)
    const written = await run(['baseline', 'db/migrations/002_index.sql', '--reason', 'ten rows'], { cwd })
    expect(written).toMatchObject({ exitCode: 0 })
    commit(cwd)
    const judged = await lint(cwd)
    expect(ruleIds(judged)).toContain('require-concurrent-index')
    expect(judged.report.policy).toContain(
      'This branch changes the baseline .pgrehearse-baseline.yaml, which holds once it is merged.',
    )
    expect(ruleIds(await lint(cwd, ['--policy', 'branch']))).toContain('(require-concurrent-index)')
  })
})

describe('in a merge request pipeline', () => {
  it('the head of the target branch decides, also when the branch is older than its policy', async () => {
    const origin = await repositoryWith({})
    await addFiles(origin, { ...harmful, 'pgrehearse.config.yaml': 'policy: branch\n' })
    commit(origin)
    const old = git(origin, 'rev-parse', 'main')
    git(origin, 'switch', '--quiet', 'main')
    await addFiles(origin, { 'pgrehearse.config.yaml': 'policy: target-branch\nfailOn: info\n' })
    commit(origin)
    const cwd = await folderWith({})
    git(cwd, 'clone', '--quiet', '--branch', 'feature', '--single-branch', origin, '.')
    const env = {
      GITLAB_CI: 'true',
      CI_MERGE_REQUEST_IID: '7',
      CI_MERGE_REQUEST_DIFF_BASE_SHA: old,
      CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'main',
      CI_COMMIT_SHA: git(cwd, 'rev-parse', 'HEAD'),
    }
    const { report } = await lint(cwd, [], env)
    expect(report.settings.failOn).toBe('info')
    expect(report.policy?.[0]).toMatch(
      /^The configuration of origin\/main \([0-9a-f]{7}\) decides; this branch changes it/,
    )
  })

  it('production’s sizes are those of the target branch', async () => {
    const sizes = (rows: number): string =>
      JSON.stringify(snapshot({ tables: [table('users', { rows, pages: rows, bytes: rows * 8192 })] }))
    const cwd = await repositoryWith({
      'pgrehearse.config.yaml': 'policy: target-branch\nsnapshot: sizes.json\n',
      'sizes.json': sizes(48_000_000),
    })
    await addFiles(cwd, { ...harmful, 'sizes.json': sizes(10) })
    const judged = await lint(cwd)
    expect(ruleIds(judged), judged.stderr).toContain('require-concurrent-index')
    const own = await lint(cwd, ['--policy', 'branch'])
    expect(ruleIds(own), own.stderr).not.toContain('require-concurrent-index')
  })
})

it('the gate of `review` knows what the target branch’s configuration extends', async () => {
  const cwd = await repositoryWith({
    ...strict,
    'pgrehearse.config.yaml': 'extends: [./shared/rules.yaml, a-package]\n',
  })
  await addFiles(cwd, { 'db/migrations/002_x.sql': 'alter table users add column x int;\n' })
  commit(cwd)
  const checked = await run(['lint', '--no-config', '--format', 'json:report.json'], { cwd })
  expect(checked).toMatchObject({ exitCode: 0 })
  const { exitCode, stderr } = await run(['review', 'report.json'], { cwd })
  expect(exitCode).toBe(1)
  expect(stderr).toContain('extends "a-package", which is not a file of that commit; it is left out.')
})

describe('baseline', () => {
  it('says when it counts where the target branch decides', async () => {
    const cwd = await repositoryWith({ ...harmful, 'pgrehearse.config.yaml': 'policy: target-branch\n' })
    const { stdout } = await run(['baseline', 'db/migrations/002_index.sql'], { cwd })
    expect(stdout).toContain(
      'commit it: once the target branch has it, what it lists no longer fails `pgrehearse check`.',
    )
  })

  it('accepts what is found, keeps what people wrote, and tells what no longer matches', async () => {
    const cwd = await repositoryWith(harmful)
    const file = path.join(cwd, '.pgrehearse-baseline.yaml')
    const target = 'db/migrations/002_index.sql'
    git(cwd, 'config', 'user.name', 'Ann')
    const first = await run(['baseline', target], { cwd })
    expect(first).toMatchObject({
      exitCode: 0,
      stdout:
        'Wrote .pgrehearse-baseline.yaml: 1 accepted finding (1 new).\n' +
        'Review the file and commit it: what it lists no longer fails `pgrehearse check`.\n',
    })
    expect(await readFile(file, 'utf8')).toMatch(
      /reason: accepted when pgrehearse was adopted\n {4}author: Ann\n/,
    )
    const checked = await run(['check', target], { cwd })
    expect(checked).toMatchObject({ exitCode: 0 })
    expect(checked.stdout).toContain(
      'accepted by Ann in .pgrehearse-baseline.yaml: accepted when pgrehearse was adopted',
    )

    await addFiles(cwd, { [target]: 'create index on users (email, id);\n' })
    const changed = await run(['check', target], { cwd })
    expect(changed).toMatchObject({ exitCode: 1 })
    expect(changed.stdout).toContain('.pgrehearse-baseline.yaml:5:1  needless-baseline-entry')
    const unsaid = await run(['baseline', target, '--prune'], { cwd })
    expect(unsaid).toMatchObject({ exitCode: 2, stdout: '' })
    expect(unsaid.stderr).toContain('error: 1 finding is not in .pgrehearse-baseline.yaml yet')
    const again = await run(['baseline', target, '--prune', '--reason', 'small', '--out', '-'], { cwd })
    expect(again).toMatchObject({ exitCode: 0 })
    expect(again.stdout).toMatch(/reason: small\n/)
    expect(again.stdout).not.toContain('adopted')
  })

  it('that cannot be read ends the run with its place', async () => {
    const cwd = await repositoryWith({ '.pgrehearse-baseline.yaml': 'version: 1\nfindings:\n  - rule: x\n' })
    const { exitCode, stderr } = await run(['lint', '--all'], { cwd })
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/^error: \.pgrehearse-baseline\.yaml:3:5: the baseline cannot be read: /)
  })
})

describe('timeouts that production sets', () => {
  const sql = { 'db/migrations/002_x.sql': 'alter table users add column x int;\n' }

  it.each([
    ['nothing', '', true],
    ['runner.lockTimeout', 'runner: { lockTimeout: 5s }\n', false],
    ['settings.lock_timeout', "settings: { lock_timeout: '5s' }\n", false],
  ])('%s: require-lock-timeout is asked for only where none is set', async (_, config, isAsked) => {
    const cwd = await repositoryWith(config === '' ? {} : { 'pgrehearse.config.yaml': config })
    await addFiles(cwd, sql)
    expect(ruleIds(await lint(cwd)).includes('require-lock-timeout')).toBe(isAsked)
    if (!config.startsWith('settings')) return
    const rehearsed = await run(['check', '--format', 'json'], { cwd })
    const { findings } = JSON.parse(rehearsed.stdout) as Report
    expect(findings.map(({ ruleId }) => ruleId)).toEqual([])
  })

  it('search_path decides which table is meant, in the rehearsal and without', async () => {
    const cwd = await repositoryWith({
      'db/migrations/001_users.sql': 'create schema app;\ncreate table app.users (id bigint primary key);\n',
      'pgrehearse.config.yaml': 'settings: { search_path: "app, public" }\n',
    })
    await addFiles(cwd, { 'db/migrations/002_x.sql': 'create index users_x on users (id);\n' })
    const rehearsed = await run(['check', '--format', 'json'], { cwd })
    const objects = [(JSON.parse(rehearsed.stdout) as Report).findings, (await lint(cwd)).report.findings]
    expect(objects.map((findings) => findings[0]?.object)).toEqual(['app.users', 'app.users'])
  })

  it('a setting that Postgres does not have ends the run', async () => {
    const cwd = await repositoryWith({ 'pgrehearse.config.yaml': 'settings: { serch_path: app }\n' })
    await addFiles(cwd, harmful)
    const { exitCode, stderr } = await run(['check'], { cwd })
    expect(exitCode).toBe(2)
    expect(stderr).toContain(
      'error: The setting serch_path cannot be given to the rehearsal. This version of Postgres',
    )
  })
})
