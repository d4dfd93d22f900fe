/** Commits with a git hook that runs us: what is judged, what is blocked, and what a budget does. */
import { chmod, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { branchWith } from '../replay/checked.ts'
import { HookedRepository } from './hooked.ts'
import { run } from './run.ts'
import { privateTemp } from './traces.ts'

const temp = privateTemp()
// the watchdog runs as the server's user and deletes a folder in here
beforeAll(() => chmod(temp.dir, 0o1777))

const production = {
  'migrations/001_users.sql': 'CREATE TABLE users (id bigint PRIMARY KEY, name text);\n',
}
const harmless = 'ALTER TABLE users ADD COLUMN nickname text;\n'
const harmful = 'CREATE INDEX users_name_idx ON users (name);\n'
const finding = /error +Building users_name_idx blocks every write to users/

async function linted(files: Readonly<Record<string, string>> = production): Promise<HookedRepository> {
  const repository = await HookedRepository.make(files)
  await repository.hook('pre-commit', 'lint --staged')
  return repository
}

describe('a pre-commit hook with lint --staged', () => {
  it('lets a harmless migration pass and blocks a harmful one with its finding', async () => {
    const repository = await linted()
    await repository.write({ 'migrations/002.sql': harmless })
    await repository.must('add', '--all')
    expect(await repository.commit()).toMatchObject({ committed: true })
    await repository.write({ 'migrations/003.sql': harmful })
    await repository.must('add', '--all')
    const { committed, said } = await repository.commit()
    expect(committed).toBe(false)
    expect(said).toMatch(finding)
    expect(said).toContain('migrations/003.sql:1:1')
    expect(said).not.toContain('002.sql')
  })

  it('judges the staged part of a file, not what was written since', async () => {
    const repository = await linted()
    await repository.must('switch', '--quiet', '--create', 'feature')
    await repository.write({ 'migrations/002.sql': harmless })
    await repository.must('add', '--all')
    await repository.write({ 'migrations/002.sql': harmful })
    expect(await repository.commit()).toMatchObject({ committed: true })
    expect(await repository.must('show', 'HEAD:migrations/002.sql')).toBe(harmless.trim())

    await repository.must('add', '--all')
    await repository.write({ 'migrations/002.sql': harmless })
    const { committed, said } = await repository.commit()
    expect({ committed, said }).toMatchObject({ committed: false, said: expect.stringMatching(finding) })
  })

  it('judges what commit -a takes, for which git makes an index of its own', async () => {
    const repository = await linted()
    await repository.must('switch', '--quiet', '--create', 'feature')
    await repository.write({ 'migrations/002.sql': harmless })
    await repository.must('add', '--all')
    await repository.must('commit', '--quiet', '--message', 'x')
    await repository.write({ 'migrations/002.sql': harmful })
    const { committed, said } = await repository.commit(['--all'])
    expect({ committed, said }).toMatchObject({ committed: false, said: expect.stringMatching(finding) })
    expect(await repository.must('diff', '--cached')).toBe('')
  })

  it('judges what commit <paths> takes, and not what else is staged', async () => {
    const repository = await linted()
    await repository.write({ 'migrations/002.sql': harmless, 'migrations/003.sql': harmful })
    await repository.must('add', '--all')
    expect(await repository.commit(['--', 'migrations/002.sql'])).toMatchObject({ committed: true })
    expect(await repository.commit(['--', 'migrations/003.sql'])).toMatchObject({ committed: false })
  })

  it('lets a commit without migrations pass with one line', async () => {
    const repository = await linted()
    await repository.write({ 'readme.md': 'text\n', 'migrations/002.sql': harmful })
    await repository.must('add', 'readme.md')
    const { committed, said } = await repository.commit()
    expect(committed).toBe(true)
    expect(said).toMatch(/^✓ Nothing under review\.$/m)
  })

  it('works in a worktree, in a subfolder and with --amend', async () => {
    const repository = await linted({
      'service/migrations/001_users.sql': production['migrations/001_users.sql'],
    })
    await repository.hook('pre-commit', 'lint --staged', 'service')
    await repository.must('worktree', 'add', '--quiet', '-b', 'feature', 'tree')
    await repository.write({ 'tree/service/migrations/002.sql': harmful })
    await repository.git(['add', '--all'], 'tree')
    expect(await repository.commit([], 'tree')).toMatchObject({
      committed: false,
      said: expect.stringMatching(finding),
    })
    await repository.write({ 'tree/service/migrations/002.sql': harmless })
    expect(await repository.commit(['--all'], 'tree')).toMatchObject({ committed: true })
    await repository.write({ 'tree/service/migrations/002.sql': harmful })
    expect(await repository.commit(['--all', '--amend'], 'tree')).toMatchObject({
      committed: false,
      said: expect.stringMatching(finding),
    })
  })

  it('judges a submodule when its superproject is committed and the hook goes there', async () => {
    const inner = await HookedRepository.make(production)
    const outer = await HookedRepository.make({ 'readme.md': '' })
    await outer.must('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner.dir, 'sub')
    await outer.write({ 'sub/migrations/002.sql': harmful })
    await outer.hook('pre-commit', 'lint --staged', 'sub')
    // staged in the superproject only: the submodule's own index has nothing
    expect(await outer.commit(['--all'])).toMatchObject({ committed: true })
    await outer.git(['add', '--all'], 'sub')
    const { committed, said } = await outer.commit(['--all', '--allow-empty'])
    expect({ committed, said }).toMatchObject({ committed: false, said: expect.stringMatching(finding) })
  })
})

describe('a pre-commit hook with check --staged --budget', () => {
  /** A history that is cached by a pre-push hook, and a feature branch. */
  async function budgeted(budget: string): Promise<HookedRepository> {
    const repository = await HookedRepository.make(production, { TMPDIR: temp.dir })
    await repository.hook('pre-commit', `check --staged --budget ${budget}`)
    await repository.hook('pre-push', 'check --cache')
    await repository.must('switch', '--quiet', '--create', 'feature')
    return repository
  }

  async function push(repository: HookedRepository): Promise<void> {
    const remote = path.join(repository.dir, 'remote.git')
    await mkdir(remote)
    await repository.must('init', '--quiet', '--bare', remote)
    await repository.must('push', '--quiet', remote, 'feature')
  }

  it('lints while the cache is cold, says how to warm it, and replays when it is warm', async () => {
    const repository = await budgeted('60s')
    await repository.write({ 'migrations/002.sql': harmless })
    await repository.must('add', '--all')
    const cold = await repository.commit()
    expect(cold).toMatchObject({ committed: true, said: expect.stringContaining('1 predicted') })
    expect(cold.said).toMatch(/^Judged by prediction .*`pgrehearse check --cache` once/m)
    expect(cold.said).not.toContain('Starting a throwaway Postgres')

    await push(repository)
    await repository.write({ 'migrations/003.sql': 'ALTER TABLE nobody ADD COLUMN x int;\n' })
    await repository.must('add', '--all')
    const warm = await repository.commit()
    expect(warm.said).toMatch(/^Replayed on PostgreSQL 18\.\S+ \(embedded\), within the budget/m)
    expect(warm).toMatchObject({ committed: false, said: expect.stringContaining('migration-fails') })
    expect(
      await repository.must('status', '--short', '--untracked-files=all', '--', '.', ':!remote.git'),
    ).toBe('A  migrations/003.sql')
    expect(await temp.left()).toEqual([])
  })

  it('gives a replay up when the budget is over, judges by prediction, and leaves nothing behind', async () => {
    const repository = await budgeted('6s')
    await repository.write({ 'migrations/002.sql': harmless })
    await repository.must('add', '--all')
    await repository.commit()
    await push(repository)
    await repository.write({ 'migrations/003.sql': `SELECT pg_sleep(3600);\n${harmful}` })
    await repository.must('add', '--all')
    const { committed, said } = await repository.commit()
    expect(said).toMatch(/^Judged by prediction .* does not fit in the budget of 6 s/m)
    expect({ committed, said }).toMatchObject({ committed: false, said: expect.stringMatching(finding) })
    expect(await temp.left()).toEqual([])
  })

  it('does not begin a replay for which there is no time', async () => {
    const repository = await budgeted('1ms')
    await repository.write({ 'migrations/002.sql': harmless })
    await repository.must('add', '--all')
    await repository.commit()
    await push(repository)
    await repository.write({ 'migrations/003.sql': harmless.replace('nickname', 'other') })
    await repository.must('add', '--all')
    const { committed, said } = await repository.commit(['--', 'migrations/003.sql'])
    expect(said).toMatch(/^Judged by prediction .* does not fit in the budget of 0\.001 s/m)
    expect(committed).toBe(true)
  })
})

describe('check --budget outside of hooks', () => {
  it.each([
    ['9s', true],
    ['10s', false],
  ])('%s without a cached history: judged by prediction without a try is %s', async (budget, isUntried) => {
    const { path: cwd } = await branchWith(
      { 'migrations/001.sql': 'CREATE TABLE t (id int);\n' },
      { 'migrations/002.sql': 'ALTER TABLE t ADD COLUMN x int;\n' },
    )
    const { stderr } = await run(['check', '--budget', budget], { cwd })
    expect(/no replayed history|no folder to cache/.test(stderr)).toBe(isUntried)
  })
})

describe('--staged and --budget', () => {
  it.each([
    [['check', '--staged', '--all'], /cannot be used with option/],
    [['lint', '--staged'], /What is new cannot be told: .* is not in a git working tree/],
    [['check', '--budget', 'soon'], /Expected a duration such as 3s/],
    [['check', '--budget', '3s', '--no-replay'], /--budget says when to replay/],
    [['check', '--budget', '3s', '--require-rehearsal'], /--require-rehearsal insists/],
    [['check', '--all', '--cache'], /--cache keeps the history in the git folder/],
  ])('%j is refused with a sentence', async (args, sentence) => {
    const { exitCode, stderr } = await run(args, { cwd: temp.dir })
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(sentence) })
  })
})
