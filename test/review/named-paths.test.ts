import { symlink } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { ReviewSet } from '../../src/core/source.ts'
import { decideReviewSet, type ReviewRequest } from '../../src/review/review-set.ts'
import { cleanEnv, folderWith, repositoryWith, temporaryFolder, type Workspace } from './repository.ts'

function review(
  workspace: Workspace,
  paths: readonly string[],
  request: Partial<ReviewRequest> = {},
): Promise<ReviewSet> {
  return decideReviewSet({ cwd: workspace.path, paths, all: false, env: cleanEnv, ...request })
}

const names = (scripts: readonly { readonly file: string }[]): readonly string[] =>
  scripts.map(({ file }) => file.split('/').at(-1) ?? '')

const four = {
  'migrations/001_a.sql': 'a',
  'migrations/002_b.sql': 'b',
  'migrations/003_c.sql': 'c',
  'migrations/010_d.sql': 'd',
}

describe('without git', () => {
  test('what sorts before the first named script is history, what sorts after the last is left out', async () => {
    const set = await review(await folderWith(four), ['migrations/003_c.sql'])
    expect(set.base).toEqual({ description: 'paths' })
    expect(names(set.history)).toEqual(['001_a.sql', '002_b.sql'])
    expect(names(set.underReview)).toEqual(['003_c.sql'])
    expect(set.replayedOnly).toEqual([])
  })

  test('what stands between named scripts is replayed only', async () => {
    const set = await review(await folderWith(four), [
      'migrations/010_d.sql',
      './migrations/../migrations/002_b.sql',
    ])
    expect(names(set.history)).toEqual(['001_a.sql'])
    expect(names(set.underReview)).toEqual(['002_b.sql', '003_c.sql', '010_d.sql'])
    expect(set.replayedOnly).toEqual(['migrations/003_c.sql'])
  })

  test.each(['migrations', 'migrations/', '.', './'])(
    'the folder "%s" names all of its scripts',
    async (path) => {
      const set = await review(await folderWith(four), [path])
      expect(set.history).toEqual([])
      expect(names(set.underReview)).toHaveLength(4)
      expect(set.replayedOnly).toEqual([])
    },
  )

  test('absolute paths into the project are taken', async () => {
    const folder = await folderWith(four)
    expect(names((await review(folder, [`${folder.path}/migrations/001_a.sql`])).underReview)).toEqual([
      '001_a.sql',
    ])
  })

  test('--all with paths starts from an empty database and judges what comes before as well', async () => {
    const set = await review(await folderWith(four), ['migrations/003_c.sql'], { all: true })
    expect(set.base).toEqual({ description: '--all' })
    expect(set.history).toEqual([])
    expect(names(set.underReview)).toEqual(['001_a.sql', '002_b.sql', '003_c.sql'])
    expect(set.replayedOnly).toEqual([])
  })
})

describe('in git', () => {
  test('a new script runs on top of the whole base, as it was, and of the new ones before it', async () => {
    const repository = await repositoryWith(four)
    await repository.write({
      'migrations/001_a.sql': 'edited',
      'migrations/004_e.sql': 'e',
      'migrations/011_f.sql': 'f',
      'migrations/012_g.sql': 'g',
    })
    const set = await review(repository, ['migrations/011_f.sql'])
    expect(set.base.description).toMatch(/^paths, on top of HEAD /)
    expect(set.base.commit).toMatch(/^[0-9a-f]{40}$/)
    expect(set.history.map(({ text }) => text)).toEqual(['a', 'b', 'c', 'd'])
    expect(names(set.underReview)).toEqual(['004_e.sql', '011_f.sql'])
    expect(set.replayedOnly).toEqual(['migrations/004_e.sql'])
    expect(set.edited).toEqual([])
  })

  test('an old script is judged in its old place, and said to be edited when it is', async () => {
    const repository = await repositoryWith(four)
    await repository.write({ 'migrations/002_b.sql': 'edited' })
    const set = await review(repository, ['migrations/002_b.sql'])
    expect(names(set.history)).toEqual(['001_a.sql'])
    expect(set.underReview.map(({ text }) => text)).toEqual(['edited'])
    expect(set.edited).toEqual([])
    expect(set.notChecked).toHaveLength(1)
    expect(set.notChecked[0]?.message).toMatch(
      /^migrations\/002_b\.sql was edited since HEAD .*; it is judged as it stands\.$/,
    )
  })

  test('an old and a new script have everything between them replayed, in the version of the base', async () => {
    const repository = await repositoryWith(four)
    await repository.write({ 'migrations/003_c.sql': 'edited', 'migrations/011_f.sql': 'f' })
    const set = await review(repository, ['migrations/011_f.sql', 'migrations/002_b.sql'])
    expect(set.history.map(({ text }) => text)).toEqual(['a'])
    expect(set.underReview.map(({ text }) => text)).toEqual(['b', 'c', 'd', 'f'])
    expect(set.replayedOnly).toEqual(['migrations/003_c.sql', 'migrations/010_d.sql'])
  })

  test('an unchanged repeatable script runs again on top of everything', async () => {
    const repository = await repositoryWith({
      'sql/V1__a.sql': 'a',
      'sql/R__v.sql': 'v',
      'sql/R__w.sql': 'w',
    })
    const set = await review(repository, ['sql/R__v.sql'])
    expect(names(set.history)).toEqual(['V1__a.sql', 'R__v.sql', 'R__w.sql'])
    expect(names(set.underReview)).toEqual(['R__v.sql'])
  })

  test('a base that can not be told is done without, one that was asked for is not', async () => {
    const repository = await repositoryWith(four)
    await repository.git('branch', '--move', 'trunk')
    await repository.git('remote', 'add', 'origin', 'file:///nonexistent')
    const set = await review(repository, ['migrations/002_b.sql'])
    expect(set.base).toEqual({ description: 'paths' })
    expect(names(set.history)).toEqual(['001_a.sql'])
    await expect(review(repository, ['migrations/002_b.sql'], { base: 'nowhere' })).rejects.toThrow(
      'There is no commit "nowhere"',
    )
  })

  test('a file that git ignores is still taken when it is named', async () => {
    const repository = await repositoryWith({ ...four, '.gitignore': '011_*\n' })
    await repository.write({ 'migrations/011_f.sql': 'f' })
    expect(names((await review(repository, ['migrations/011_f.sql'])).underReview)).toEqual(['011_f.sql'])
  })

  test('a folder that git ignores is still taken when it is named', async () => {
    const repository = await repositoryWith({ '.gitignore': 'local\n', 'README.md': '' })
    await repository.write({ 'local/1_a.sql': 'a', 'local/2_b.sql': 'b' })
    expect(names((await review(repository, ['local'])).underReview)).toEqual(['1_a.sql', '2_b.sql'])
  })
})

describe('a .sql file that belongs to no migration folder', () => {
  test('is judged alone, as plain SQL', async () => {
    const set = await review(await folderWith({ ...four, 'scripts/fix.sql': 'SELECT 1;' }), [
      'scripts/fix.sql',
    ])
    expect(set.history).toEqual([])
    expect(set.underReview).toMatchObject([
      { file: 'scripts/fix.sql', source: 'plain-sql', version: null, title: 'fix', text: 'SELECT 1;' },
    ])
    expect(set.sharesSession).toBe(false)
    expect(set.notChecked).toEqual([
      {
        code: 'no-history',
        message: 'One file belongs to no migration folder and ran on an empty database, without a history.',
      },
    ])
  })

  test('may lie outside of the project, be a link, and begin with a dash', async () => {
    const project = await folderWith({ '-x.sql': 'dash' })
    const outside = await folderWith({ 'x.sql': 'outside' })
    await symlink(`${outside.path}/x.sql`, `${outside.path}/link.sql`)
    const set = await review(project, ['-x.sql', `${outside.path}/x.sql`])
    expect(set.underReview.map(({ text }) => text)).toEqual(['dash', 'outside'])
  })

  test('keeps the order of the command line', async () => {
    const folder = await folderWith({ 'z.sql': '', 'x/a.sql': '', 'm.sql': '' })
    expect(names((await review(folder, ['z.sql', 'x/a.sql', 'm.sql', 'z.sql'])).underReview)).toEqual([
      'z.sql',
      'a.sql',
      'm.sql',
    ])
  })

  test('takes the transaction of the configuration', async () => {
    const transaction = { mode: 'file', why: 'configuration' } as const
    const set = await review(await folderWith({ 'fix.sql': '' }), ['fix.sql'], { settings: { transaction } })
    expect(set.underReview[0]?.transaction).toEqual(transaction)
  })

  test('that is not text is a problem', async () => {
    const set = await review(await folderWith({ 'fix.sql': Buffer.of(0xff, 0xfe, 0x41, 0) }), ['fix.sql'])
    expect(set.problems).toEqual([
      {
        code: 'unreadable-file',
        file: 'fix.sql',
        message: 'fix.sql is UTF-16 (little endian); save it as UTF-8.',
      },
    ])
  })

  test('of a tool that keeps both directions in one file is refused', async () => {
    const folder = await folderWith({
      'migrations/001_a.sql': 'SELECT 1;\n---- create above / drop below ----\n',
    })
    await expect(review(folder, ['migrations/001_a.sql'])).rejects.toMatchObject({
      message: 'migrations/001_a.sql looks like tern, which is not supported yet.',
      exitCode: 2,
    })
    await expect(review(folder, ['migrations'])).rejects.toThrow(
      'This looks like tern in migrations (a comment in migrations/001_a.sql), which is not supported yet.',
    )
  })

  test('of another tool that is not supported yet runs as plain SQL, and that is said', async () => {
    const path = 'db/001.do.init.sql'
    const set = await review(await folderWith({ [path]: '' }), [path])
    expect(set.underReview).toHaveLength(1)
    expect(set.notChecked.map(({ code }) => code)).toEqual(['no-history', 'unsupported-tool'])
    expect(set.notChecked[1]?.message).toContain('so the named files ran as plain SQL')
  })
})

describe('a usage error', () => {
  test.each([
    [['migrations/404.sql'], /^There is no file or folder "migrations\/404.sql" in /],
    [['README.md/001_a.sql'], /^There is no file or folder "README.md\/001_a.sql" in /],
    [['nul\0.sql'], /^There is no file or folder /],
    [['README.md'], /^README.md is not a migration/],
    [['docs'], /^There are no migrations in docs\.$/],
    [['migrations/README.md'], /^There are no migrations in migrations\/README.md\.$/],
    [['migrations', 'other/migrations'], /^There is more than one folder of migrations to judge/],
  ])('is the answer to %j', async (paths, message) => {
    const folder = await folderWith({
      ...four,
      'README.md': '',
      'docs/x.md': '',
      'migrations/README.md': '',
      'other/migrations/001_x.sql': '',
    })
    await expect(review(folder, paths)).rejects.toMatchObject({
      message: expect.stringMatching(message) as string,
      exitCode: 2,
    })
  })
})

test('a down migration that is named is passed over and said', async () => {
  const set = await review(await folderWith({ ...four, 'migrations/001_a.down.sql': '' }), [
    'migrations/001_a.down.sql',
  ])
  expect(set.underReview).toEqual([])
  expect(set.notChecked).toEqual([
    {
      code: 'file-not-rehearsed',
      message: 'migrations/001_a.down.sql is not rehearsed: down migrations run only on a rollback.',
    },
  ])
})

test('a folder of scripts without numbers is taken in the order of their names when it is named', async () => {
  const set = await review(await folderWith({ 'odd/b.sql': '', 'odd/a.sql': '' }), ['odd'])
  expect(names(set.underReview)).toEqual(['a.sql', 'b.sql'])
})

test('a folder outside of the project is taken when it is named', async () => {
  const outside = await folderWith({ 'migrations/001_a.sql': 'a', 'migrations/002_b.sql': 'b' })
  const project = await folderWith({ 'x.txt': '' })
  const set = await review(project, [`${outside.path}/migrations`])
  expect(set.underReview.map(({ text }) => text)).toEqual(['a', 'b'])
})

test('an empty folder holds no migrations', async () => {
  const path = await temporaryFolder()
  await expect(decideReviewSet({ cwd: path, paths: ['.'], all: false, env: cleanEnv })).rejects.toThrow(
    'There are no migrations in',
  )
})
