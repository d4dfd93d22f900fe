import { describe, expect, test } from 'vitest'
import { UsageError } from '../../src/core/errors.ts'
import type { ReviewSet } from '../../src/core/source.ts'
import { decideReviewSet, type ReviewRequest } from '../../src/review/review-set.ts'
import { cleanEnv, cloneOf, folderWith, repositoryWith, type Workspace } from './repository.ts'

export function review(workspace: Workspace, request: Partial<ReviewRequest> = {}): Promise<ReviewSet> {
  return decideReviewSet({ cwd: workspace.path, paths: [], all: false, env: cleanEnv, ...request })
}

const names = (scripts: readonly { readonly file: string }[]): readonly string[] =>
  scripts.map(({ file }) => file)

const two = { 'migrations/001_a.sql': 'SELECT 1;\n', 'migrations/002_b.sql': 'SELECT 2;\n' }
const third = { 'migrations/003_c.sql': 'SELECT 3;\n' }

describe('the base revision', () => {
  test('is the merge base with the head of the remote', async () => {
    const origin = await repositoryWith(two)
    const clone = await cloneOf(origin)
    const base = await clone.git('rev-parse', 'origin/main')
    await clone.commit(third)
    await origin.commit({ 'migrations/004_elsewhere.sql': '' })
    await clone.git('fetch', '--quiet')
    const set = await review(clone)
    expect(set.base).toEqual({
      description: `merge base with origin/main (${base.slice(0, 7)})`,
      commit: base,
    })
    expect(names(set.history)).toEqual(['migrations/001_a.sql', 'migrations/002_b.sql'])
    expect(names(set.underReview)).toEqual(['migrations/003_c.sql'])
    expect(set.edited).toEqual([])
  })

  test.each(['main', 'master'])('is found on origin/%s when origin/HEAD is not known', async (branch) => {
    const origin = await repositoryWith(two)
    await origin.git('branch', '--move', branch)
    const clone = await cloneOf(origin)
    await clone.git('remote', 'set-head', 'origin', '--delete')
    await clone.commit(third)
    const set = await review(clone)
    expect(set.base.description).toMatch(new RegExp(`^origin/${branch} \\([0-9a-f]{7}\\)$`))
    expect(names(set.underReview)).toEqual(['migrations/003_c.sql'])
  })

  test('follows a default branch of another name', async () => {
    const origin = await repositoryWith(two)
    await origin.git('branch', '--move', 'trunk')
    const clone = await cloneOf(origin)
    await clone.commit(third)
    expect((await review(clone)).base.description).toMatch(/^origin\/trunk /)
  })

  test('is the head of the remote for commits on the default branch itself', async () => {
    const clone = await cloneOf(await repositoryWith(two))
    await clone.git('checkout', '--quiet', 'main')
    await clone.commit(third)
    const set = await review(clone)
    expect(set.base.description).toMatch(/^origin\/main /)
    expect(names(set.underReview)).toEqual(['migrations/003_c.sql'])
  })

  test('is the local main branch without a remote', async () => {
    const repository = await repositoryWith(two)
    await repository.git('checkout', '--quiet', '-b', 'feature')
    await repository.commit(third)
    const set = await review(repository)
    expect(set.base.description).toMatch(/^main /)
    expect(names(set.underReview)).toEqual(['migrations/003_c.sql'])
  })

  test('is HEAD on main without a remote, and the description says so', async () => {
    const repository = await repositoryWith(two)
    await repository.write(third)
    const set = await review(repository)
    expect(set.base.description).toMatch(/^HEAD \([0-9a-f]{7}; .* only uncommitted files count\)$/)
    expect(names(set.underReview)).toEqual(['migrations/003_c.sql'])
  })

  test('is empty before the first commit', async () => {
    const repository = await folderWith(two)
    await repository.git('init', '--quiet')
    const set = await review(repository)
    expect(set.base).toEqual({ description: 'no commit yet' })
    expect(set.history).toEqual([])
    expect(names(set.underReview)).toEqual(['migrations/001_a.sql', 'migrations/002_b.sql'])
  })

  test('cannot be told when the remote has no branch that we know', async () => {
    const origin = await repositoryWith(two)
    await origin.git('branch', '--move', 'trunk')
    const clone = await cloneOf(origin)
    await clone.git('remote', 'set-head', 'origin', '--delete')
    await expect(review(clone)).rejects.toMatchObject({
      message: 'The default branch of the remote "origin" is not known here.',
      hint: 'Run git remote set-head origin --auto, or name a --base, migration files or --all.',
      exitCode: 2,
    })
    const told = await review(clone, { env: { ...cleanEnv, CI_DEFAULT_BRANCH: 'trunk' } })
    expect(told.base.description).toMatch(/^origin\/trunk /)
  })

  test('is the one that --base names, where HEAD left it', async () => {
    const repository = await repositoryWith(two)
    await repository.git('checkout', '--quiet', '-b', 'release')
    await repository.commit(third)
    await repository.git('checkout', '--quiet', '-b', 'feature')
    await repository.commit({ 'migrations/004_d.sql': '' })
    const set = await review(repository, { base: 'release' })
    expect(names(set.history)).toHaveLength(3)
    expect(names(set.underReview)).toEqual(['migrations/004_d.sql'])
    expect(names((await review(repository, { base: 'HEAD~2' })).underReview)).toHaveLength(2)
  })

  test.each(['nowhere', '-n', '--all', 'main; rm -rf /', ''])(
    'that does not exist is a usage error: "%s"',
    async (base) => {
      const error = await review(await repositoryWith(two), { base }).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(UsageError)
      expect(error).toMatchObject({ message: `There is no commit "${base}" in this repository.` })
    },
  )

  test('finds no file deleted when the histories have nothing in common', async () => {
    const repository = await repositoryWith(two)
    await repository.git('checkout', '--quiet', '--orphan', 'other')
    await repository.remove('migrations/002_b.sql')
    await repository.commit(third)
    const set = await review(repository, { base: 'main' })
    expect(set.edited).toEqual([])
    expect(names(set.history)).toHaveLength(2)
    expect(names(set.underReview)).toEqual(['migrations/003_c.sql'])
  })

  test('is a usage error together with --all', async () => {
    await expect(review(await repositoryWith(two), { all: true, base: 'main' })).rejects.toThrow(
      /^--all judges/,
    )
  })
})

describe('in GitLab CI', () => {
  const ci = (variables: Readonly<Record<string, string>>): Partial<ReviewRequest> => ({
    env: { ...cleanEnv, ...variables },
  })

  test("the merge request's base is taken", async () => {
    const repository = await repositoryWith(two)
    const base = await repository.git('rev-parse', 'HEAD')
    await repository.commit(third)
    const set = await review(repository, ci({ CI_MERGE_REQUEST_DIFF_BASE_SHA: base }))
    expect(set.base).toEqual({ description: `merge request base (${base.slice(0, 7)})`, commit: base })
    expect(names(set.underReview)).toEqual(['migrations/003_c.sql'])
  })

  test('--base goes before it', async () => {
    const repository = await repositoryWith(two)
    const base = await repository.git('rev-parse', 'HEAD')
    await repository.commit(third)
    const set = await review(repository, { ...ci({ CI_MERGE_REQUEST_DIFF_BASE_SHA: base }), base: 'HEAD' })
    expect(set.underReview).toEqual([])
  })

  test('a base that the shallow clone lacks is fetched', async () => {
    const origin = await repositoryWith(two)
    const base = await origin.git('rev-parse', 'HEAD')
    await origin.git('config', 'uploadpack.allowReachableSHA1InWant', 'true')
    await origin.commit(third)
    await origin.commit({ 'migrations/004_d.sql': '' })
    const clone = await cloneOf(origin, '--depth=1')
    const set = await review(clone, ci({ CI_MERGE_REQUEST_DIFF_BASE_SHA: base }))
    expect(names(set.history)).toEqual(['migrations/001_a.sql', 'migrations/002_b.sql'])
    expect(names(set.underReview)).toEqual(['migrations/003_c.sql', 'migrations/004_d.sql'])
  })

  test('a base that cannot be fetched is a usage error with the remedy', async () => {
    const clone = await cloneOf(await repositoryWith(two), '--depth=1')
    const base = '0123456789012345678901234567890123456789'
    await expect(review(clone, ci({ CI_MERGE_REQUEST_DIFF_BASE_SHA: base }))).rejects.toMatchObject({
      message: "The merge request's base commit 0123456 is not in this clone and could not be fetched.",
      hint: 'Set GIT_DEPTH: 0 under variables of this job in .gitlab-ci.yml, so that GitLab clones the whole history.',
      exitCode: 2,
    })
  })

  test('a base that is no commit id never reaches git', async () => {
    const request = ci({ CI_MERGE_REQUEST_DIFF_BASE_SHA: '--upload-pack=touch /tmp/x' })
    await expect(review(await repositoryWith(two), request)).rejects.toThrow(/is not a commit id/)
  })

  test('what the target branch got in the meantime is not under review in a pipeline for merged results', async () => {
    const repository = await repositoryWith(two)
    const base = await repository.git('rev-parse', 'HEAD')
    await repository.git('checkout', '--quiet', '-b', 'feature')
    await repository.commit({ 'migrations/004_d.sql': '' })
    await repository.git('checkout', '--quiet', 'main')
    const target = await repository.commit(third)
    await repository.git('merge', '--quiet', '--no-ff', '--no-edit', 'feature')
    const set = await review(
      repository,
      ci({
        CI_MERGE_REQUEST_DIFF_BASE_SHA: base,
        CI_MERGE_REQUEST_TARGET_BRANCH_SHA: target,
        CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'main',
      }),
    )
    expect(set.base).toEqual({ description: `main (${target.slice(0, 7)})`, commit: target })
    expect(names(set.underReview)).toEqual(['migrations/004_d.sql'])
  })

  test('a shallow clone without the merge base is a usage error with the remedy', async () => {
    const origin = await repositoryWith(two)
    await origin.git('checkout', '--quiet', '-b', 'feature')
    await origin.commit(third)
    await origin.git('checkout', '--quiet', 'main')
    await origin.commit()
    const clone = await cloneOf(origin, '--depth=1', '--no-single-branch')
    await clone.git('checkout', '--quiet', '-B', 'feature', 'origin/feature')
    await expect(review(clone)).rejects.toMatchObject({
      message:
        'HEAD and origin/main have no common commit here, because the clone is shallow, so nothing tells what is new.',
      hint: 'Clone with the whole history (GIT_DEPTH: 0 in GitLab CI, fetch-depth: 0 on GitHub), or name a --base.',
    })
  })
})

describe('without git', () => {
  test('a usage error names the ways', async () => {
    const folder = await folderWith(two)
    await expect(review(folder)).rejects.toMatchObject({
      message: `What is new cannot be told: ${folder.path} is not in a git working tree.`,
      hint: 'Name the new migration files or their folder on the command line, or judge every migration with --all.',
      exitCode: 2,
    })
  })

  test('a missing git program is said to be missing', async () => {
    const folder = await repositoryWith(two)
    await expect(review(folder, { env: { PATH: '/nonexistent' } })).rejects.toThrow(
      'What is new cannot be told: git is not installed.',
    )
  })

  test('--base has nothing to name', async () => {
    await expect(review(await folderWith(two), { base: 'main', paths: ['migrations'] })).rejects.toThrow(
      /is not in a git working tree/,
    )
  })

  test('--all judges everything on an empty database', async () => {
    const set = await review(
      await folderWith({ ...two, 'migrations/001_a.down.sql': '', 'migrations/000_z.down.sql': '' }),
      {
        all: true,
      },
    )
    expect(set.base).toEqual({ description: '--all' })
    expect(set.history).toEqual([])
    expect(names(set.underReview)).toEqual(['migrations/001_a.sql', 'migrations/002_b.sql'])
    expect(set.notChecked).toEqual([
      {
        code: 'file-not-rehearsed',
        message: 'migrations/000_z.down.sql is not rehearsed: down migrations run only on a rollback.',
      },
    ])
    expect(set.underReview.map(({ down }) => down?.file)).toEqual(['migrations/001_a.down.sql', undefined])
  })
})

describe('what is new', () => {
  test('includes committed, staged, unstaged and untracked files, not ignored ones', async () => {
    const repository = await repositoryWith({ ...two, '.gitignore': '*_ignored.sql\n' })
    await repository.git('checkout', '--quiet', '-b', 'feature')
    await repository.commit({ 'migrations/003_committed.sql': '' })
    await repository.write({ 'migrations/004_staged.sql': '', 'migrations/005_added.sql': '' })
    await repository.git('add', 'migrations/004_staged.sql')
    await repository.git('add', '--intent-to-add', 'migrations/005_added.sql')
    await repository.write({ 'migrations/006_untracked.sql': '', 'migrations/007_ignored.sql': '' })
    expect(names((await review(repository)).underReview)).toEqual([
      'migrations/003_committed.sql',
      'migrations/004_staged.sql',
      'migrations/005_added.sql',
      'migrations/006_untracked.sql',
    ])
  })

  test('is judged as it stands in the working tree, not in the index', async () => {
    const repository = await repositoryWith(two)
    await repository.write({ 'migrations/003_c.sql': 'staged' })
    await repository.git('add', '--all')
    await repository.write({ 'migrations/003_c.sql': 'unstaged' })
    expect((await review(repository)).underReview[0]?.text).toBe('unstaged')
  })

  test('is nothing when nothing changed, and then no file is read', async () => {
    const repository = await repositoryWith({ ...two, 'README.md': '' })
    await repository.write({ 'README.md': 'changed' })
    expect(await review(repository)).toMatchObject({
      underReview: [],
      edited: [],
      problems: [],
      notChecked: [],
    })
  })

  test('stands on the history as it was, not as it is', async () => {
    const repository = await repositoryWith(two)
    await repository.write({ 'migrations/001_a.sql': 'SELECT 100;\n', ...third })
    const set = await review(repository)
    expect(set.history.map(({ text }) => text)).toEqual(['SELECT 1;\n', 'SELECT 2;\n'])
    expect(names(set.underReview)).toEqual(['migrations/003_c.sql'])
    expect(set.edited).toMatchObject([
      { change: 'edited', script: { file: 'migrations/001_a.sql', text: 'SELECT 1;\n' } },
    ])
  })

  test('does not count line ends, modes and files that came back the same', async () => {
    const repository = await repositoryWith(two)
    await repository.write({ 'migrations/001_a.sql': 'SELECT 1;\r\n' })
    await repository.git('rm', '--quiet', '--cached', 'migrations/002_b.sql')
    expect(await review(repository)).toMatchObject({ underReview: [], edited: [] })
  })

  test('names deleted scripts and keeps them in the history', async () => {
    const repository = await repositoryWith(two)
    await repository.remove('migrations/001_a.sql')
    const set = await review(repository)
    expect(names(set.history)).toHaveLength(2)
    expect(set.edited).toEqual([{ change: 'deleted', script: set.history[0] }])
  })

  test('takes a new name under the same version for an edited migration, which does not run again', async () => {
    const repository = await repositoryWith(two)
    await repository.move('migrations/002_b.sql', 'migrations/002_better.sql')
    const set = await review(repository)
    expect(set.underReview).toEqual([])
    expect(set.edited).toEqual([
      { change: 'edited', script: set.history[1], renamedTo: 'migrations/002_better.sql' },
    ])
  })

  test('takes a new version for a migration that runs a second time', async () => {
    const repository = await repositoryWith(two)
    await repository.move('migrations/002_b.sql', 'migrations/005_b.sql')
    const set = await review(repository)
    expect(names(set.underReview)).toEqual(['migrations/005_b.sql'])
    expect(set.edited).toEqual([
      { change: 'deleted', script: set.history[1], renamedTo: 'migrations/005_b.sql' },
    ])
  })

  test('does not mind that the whole folder was renamed', async () => {
    const repository = await repositoryWith(two)
    await repository.move('migrations', 'db/migrations')
    await repository.write({ 'db/migrations/003_c.sql': '' })
    const set = await review(repository)
    expect(names(set.history)).toEqual(['migrations/001_a.sql', 'migrations/002_b.sql'])
    expect(names(set.underReview)).toEqual(['db/migrations/003_c.sql'])
    expect(set.edited).toEqual([])
  })

  test('sees edits in a folder that was renamed', async () => {
    const repository = await repositoryWith(two)
    await repository.move('migrations', 'db/migrations')
    await repository.write({ 'db/migrations/002_b.sql': 'SELECT 20;\n' })
    expect((await review(repository)).edited).toMatchObject([{ change: 'edited', script: { version: '2' } }])
  })

  test('keeps what a sparse checkout leaves out', async () => {
    const repository = await repositoryWith({ ...two, 'app/x': '' })
    await repository.git('update-index', '--skip-worktree', 'migrations/001_a.sql')
    await repository.remove('migrations/001_a.sql')
    await repository.write(third)
    const set = await review(repository)
    expect(set.edited).toEqual([])
    expect(set.problems).toEqual([])
    expect(names(set.history)).toHaveLength(2)
  })
})

describe('Flyway', () => {
  const location = 'src/main/resources/db/migration'
  const files = { [`${location}/V1__a.sql`]: 'SELECT 1;', [`${location}/R__view.sql`]: 'SELECT 2;' }

  test('runs a changed repeatable migration again, on top of its old version', async () => {
    const repository = await repositoryWith(files)
    await repository.write({ [`${location}/R__view.sql`]: 'SELECT 3;', [`${location}/V2__b.sql`]: '' })
    const set = await review(repository)
    expect(set.history.map(({ text }) => text)).toEqual(['SELECT 1;', 'SELECT 2;'])
    expect(names(set.underReview)).toEqual([`${location}/V2__b.sql`, `${location}/R__view.sql`])
    expect(set.underReview[1]?.text).toBe('SELECT 3;')
    expect(set.edited).toEqual([])
    expect(set.sharesSession).toBe(true)
  })

  test('does not care when a script only moves to another folder', async () => {
    const repository = await repositoryWith(files)
    await repository.move(`${location}/V1__a.sql`, `${location}/2024/V1__a.sql`)
    expect(await review(repository)).toMatchObject({ underReview: [], edited: [] })
  })

  test('would not run a new baseline on an existing database, but the versions it replaces', async () => {
    const repository = await repositoryWith(files)
    await repository.write({ [`${location}/V2__b.sql`]: '', [`${location}/B2__all.sql`]: 'SELECT 1;' })
    const set = await review(repository)
    expect(names(set.history)).toHaveLength(2)
    expect(names(set.underReview)).toEqual([`${location}/V2__b.sql`])
    expect(set.notChecked).toMatchObject([
      {
        message: `${location}/B2__all.sql is not rehearsed: a baseline migration runs only on a database without migrations.`,
      },
    ])
  })

  test('says in every run which callbacks are left out', async () => {
    const repository = await repositoryWith({ ...files, [`${location}/afterEachMigrate.sql`]: '' })
    await repository.write({ [`${location}/V2__b.sql`]: '' })
    expect((await review(repository)).notChecked).toEqual([
      {
        code: 'file-not-rehearsed',
        message: `${location}/afterEachMigrate.sql is not rehearsed: Flyway runs it in the transaction of every migration, and we do not.`,
      },
    ])
  })

  test('judges a callback of the whole run when it changes', async () => {
    const callback = `${location}/afterMigrate.sql`
    const repository = await repositoryWith({ ...files, [callback]: 'ANALYZE;' })
    await repository.write({ [`${location}/V2__b.sql`]: '' })
    expect((await review(repository)).history.map(({ file }) => file)).toContain(callback)
    await repository.write({ [callback]: 'VACUUM;' })
    expect((await review(repository)).underReview.at(-1)?.file).toBe(callback)
  })

  test('gets its placeholders from the settings', async () => {
    const repository = await repositoryWith(files)
    await repository.write({ [`${location}/V2__b.sql`]: 'GRANT ${role};' })
    const set = await review(repository, { settings: { placeholders: { role: 'reader' } } })
    expect(set.underReview[0]?.text).toBe('GRANT reader;')
  })
})

describe('defects of the files', () => {
  test('are problems when they are new', async () => {
    const repository = await repositoryWith(two)
    await repository.write({ 'migrations/002_c.sql': '', 'migrations/003_d.sql': Buffer.of(0xff) })
    const { problems } = await review(repository)
    expect(problems.map(({ code, file }) => [code, file])).toEqual([
      ['duplicate-version', 'migrations/002_c.sql'],
      ['unreadable-file', 'migrations/003_d.sql'],
    ])
  })

  test('are only said when they were there before', async () => {
    const repository = await repositoryWith({ ...two, 'migrations/002_c.sql': '' })
    await repository.write(third)
    const set = await review(repository)
    expect(set.problems).toEqual([])
    expect(set.notChecked).toMatchObject([{ code: 'duplicate-version' }])
  })

  test('that were mended make the file new, because the history has nothing of it', async () => {
    const repository = await repositoryWith({ ...two, 'migrations/003_c.sql': Buffer.of(0xff) })
    await repository.write(third)
    const set = await review(repository)
    expect(names(set.history)).toHaveLength(2)
    expect(names(set.underReview)).toEqual(['migrations/003_c.sql'])
  })

  test('include a link that leads out of the project', async () => {
    const repository = await repositoryWith(two)
    const { symlink } = await import('node:fs/promises')
    await symlink('/etc/hostname', `${repository.path}/migrations/003_c.sql`)
    const set = await review(repository)
    expect(set.underReview).toEqual([])
    expect(set.problems).toMatchObject([{ code: 'unreadable-file', file: 'migrations/003_c.sql' }])
  })
})

test('a new title changes nothing for golang-migrate, a new content does', async () => {
  const repository = await repositoryWith({ 'db/1_a.up.sql': 'SELECT 1;', 'db/2_b.up.sql': 'SELECT 2;' })
  await repository.move('db/2_b.up.sql', 'db/2_better.up.sql')
  expect(await review(repository)).toMatchObject({ underReview: [], edited: [] })
  await repository.write({ 'db/2_better.up.sql': 'SELECT 20;' })
  expect((await review(repository)).edited).toMatchObject([
    { change: 'edited', script: { version: '2' }, renamedTo: 'db/2_better.up.sql' },
  ])
})

describe('where the migrations are', () => {
  test('nowhere is a usage error that says what was looked for', async () => {
    await expect(review(await repositoryWith({ 'README.md': '' }))).rejects.toMatchObject({
      message: 'No migrations were found.',
      exitCode: 2,
    })
  })

  test('in code is a usage error that names the command to run', async () => {
    await expect(review(await repositoryWith({ 'manage.py': '' }))).rejects.toMatchObject({
      message:
        'No migrations in SQL were found. This looks like Django (manage.py), whose migrations are code.',
      hint: expect.stringContaining('-- python manage.py migrate --no-input`') as string,
    })
  })

  test('in a tool that is not supported yet is a usage error that names it', async () => {
    const repository = await repositoryWith({ 'db/001.do.init.sql': '' })
    await expect(review(repository)).rejects.toThrow(
      'This looks like Postgrator in db (db/001.do.init.sql), which is not supported yet.',
    )
  })

  test('in a tool that is not supported yet, beside a folder that is, is said when something changed there', async () => {
    const repository = await repositoryWith({ ...two, 'db/001.do.init.sql': '' })
    await repository.write(third)
    expect((await review(repository)).notChecked).toEqual([])
    await repository.write({ 'db/002.do.more.sql': '' })
    expect((await review(repository)).notChecked).toEqual([
      {
        code: 'unsupported-tool',
        message:
          'db looks like Postgrator (db/001.do.init.sql), which is not supported yet, so it was not looked at.',
      },
    ])
  })

  test('in a project below the root of the repository, paths are relative to the project', async () => {
    const repository = await repositoryWith({
      'services/shop/migrations/001_a.sql': 'SELECT 1;',
      'other/migrations/001_x.sql': '',
    })
    await repository.write({ 'services/shop/migrations/002_b.sql': '', 'other/migrations/002_y.sql': '' })
    await repository.write({ 'services/shop/migrations/001_a.sql': 'SELECT 2;' })
    const set = await review(repository, { cwd: `${repository.path}/services/shop` })
    expect(set.history).toMatchObject([{ file: 'migrations/001_a.sql', text: 'SELECT 1;' }])
    expect(names(set.underReview)).toEqual(['migrations/002_b.sql'])
    expect(set.edited).toMatchObject([{ change: 'edited', script: { file: 'migrations/001_a.sql' } }])
  })

  test('in a subfolder that the base revision does not have yet, everything is new', async () => {
    const repository = await repositoryWith({ 'README.md': '' })
    await repository.write({ 'new/migrations/001_a.sql': '' })
    const set = await review(repository, { cwd: `${repository.path}/new` })
    expect(set.history).toEqual([])
    expect(names(set.underReview)).toEqual(['migrations/001_a.sql'])
  })

  test('in a worktree works like in the repository', async () => {
    const repository = await repositoryWith(two)
    await repository.git('worktree', 'add', '--quiet', '-b', 'feature', `${repository.path}/tree`)
    await repository.write({ 'tree/migrations/003_c.sql': '' })
    const set = await review(repository, { cwd: `${repository.path}/tree` })
    expect(names(set.underReview)).toEqual(['migrations/003_c.sql'])
  })

  test('in two folders with changes is a usage error, in one of two is not', async () => {
    const repository = await repositoryWith({ 'a/migrations/001_a.sql': '', 'b/migrations/001_b.sql': '' })
    await repository.write({ 'b/migrations/002_c.sql': '' })
    expect(names((await review(repository)).history)).toEqual(['b/migrations/001_b.sql'])
    await repository.write({ 'a/migrations/002_d.sql': '' })
    await expect(review(repository)).rejects.toMatchObject({
      message:
        'There is more than one folder of migrations to judge: a/migrations (plain-sql), b/migrations (plain-sql).',
      hint: 'Run pgrehearse once for each, in a folder that holds only that one, or name one as migrations.dir in the configuration.',
    })
    const configured = await review(repository, { settings: { dirs: ['a/migrations'] } })
    expect(names(configured.underReview)).toEqual(['a/migrations/002_d.sql'])
  })

  test('in test data is said, and gives way to the real folder', async () => {
    const repository = await repositoryWith({ ...two, 'test/migrations/001_x.sql': '' })
    await repository.write({ ...third, 'test/migrations/002_y.sql': '' })
    const set = await review(repository)
    expect(names(set.underReview)).toEqual(['migrations/003_c.sql'])
    expect(set.notChecked).toMatchObject([
      { message: 'There are changed files in test/migrations (plain-sql), which were not looked at.' },
    ])
  })

  test('is told by the configuration: folder, source and transaction', async () => {
    const repository = await repositoryWith({ 'odd/a.sql': '', 'migrations/001_x.sql': '' })
    await repository.write({ 'odd/b.sql': '' })
    const transaction = { mode: 'file', why: 'configuration' } as const
    const set = await review(repository, { settings: { dirs: ['./odd/'], source: 'plain-sql', transaction } })
    expect(names(set.history)).toEqual(['odd/a.sql'])
    expect(set.underReview).toMatchObject([{ file: 'odd/b.sql', transaction }])
  })

  test.each([
    [{ dirs: ['nowhere'] }, 'There are no files in the migration folder "nowhere".'],
    [{ dirs: ['../..'] }, 'There are no files in the migration folder "../..".'],
    [{ source: 'ferry' }, 'There is no migration source "ferry"; there are '],
  ])('a configuration that leads nowhere is a usage error: %j', async (settings, message) => {
    await expect(review(await repositoryWith(two), { settings })).rejects.toThrow(message)
  })
})

test('file names may hold anything: spaces, line feeds, quotes, a leading dash, other scripts', async () => {
  const odd = [
    '001_a b.sql',
    '002_a\nb.sql',
    '003_"quoted\'.sql',
    '004_größe_表.sql',
    '005_*.sql',
    '006_\\.sql',
  ]
  const contents = Object.fromEntries(odd.map((name, index) => [`migrations/${name}`, `SELECT ${index};`]))
  const repository = await repositoryWith({ ...contents, '-rf/x': '' })
  await repository.write({
    'migrations/007_new\nline.sql': 'SELECT 7;',
    'migrations/001_a b.sql': 'SELECT 10;',
  })
  const set = await review(repository)
  expect(set.history.map(({ file, text }) => [file, text])).toEqual(Object.entries(contents))
  expect(names(set.underReview)).toEqual(['migrations/007_new\nline.sql'])
  expect(set.edited).toMatchObject([{ script: { file: 'migrations/001_a b.sql' } }])
})

test('variables of a hook do not lead git astray', async () => {
  const [repository, other] = [
    await repositoryWith(two),
    await repositoryWith({ 'migrations/009_x.sql': '' }),
  ]
  await repository.write(third)
  const env = {
    ...cleanEnv,
    GIT_DIR: `${other.path}/.git`,
    GIT_INDEX_FILE: '/nonexistent',
    GIT_WORK_TREE: other.path,
  }
  expect(names((await review(repository, { env })).history)).toHaveLength(2)
})

test('a folder of somebody else is a usage error with the way out', async () => {
  const repository = await repositoryWith(two)
  const env = { ...cleanEnv, GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' }
  await expect(review(repository, { env })).rejects.toMatchObject({
    message: `git refuses to read ${repository.path}, because the folder belongs to another user.`,
    hint: `git config --global --add safe.directory ${repository.path}`,
    exitCode: 2,
  })
})

test('eight thousand files are read from the base and from disk', async () => {
  const files: Record<string, string> = {}
  for (let number = 1; number <= 8000; number++) {
    files[`migrations/${String(number).padStart(5, '0')}_m.sql`] = `SELECT ${number};\n`
  }
  const repository = await repositoryWith(files)
  await repository.write({ 'migrations/08001_new.sql': 'SELECT 8001;' })
  const set = await review(repository)
  expect(set.history).toHaveLength(8000)
  expect(set.history.map(({ text }) => text).join('')).toBe(Object.values(files).join(''))
  expect(names(set.underReview)).toEqual(['migrations/08001_new.sql'])
}, 120_000)
