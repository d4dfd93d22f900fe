import { describe, expect, test } from 'vitest'
import type { MigrationSource, SourceRoot } from '../../src/core/source.ts'
import { plainSql } from '../../src/sources/plain-sql.ts'
import { activeRoots } from '../../src/review/active-roots.ts'
import { decideReviewSet, type ReviewRequest } from '../../src/review/review-set.ts'
import { cleanEnv, folderWith, repositoryWith, type Workspace } from './repository.ts'

const ask = ({ path }: Workspace, request: Partial<ReviewRequest> = {}): ReviewRequest => ({
  cwd: path,
  paths: [],
  all: false,
  env: cleanEnv,
  ...request,
})

const dirs = (roots: readonly SourceRoot[]): readonly string[] => roots.map(({ dir }) => dir)

const two = { 'a/migrations/001_a.sql': 'select 1;', 'b/migrations/001_b.sql': 'select 1;' }

describe('the folders of a request', () => {
  test('are those in which something is new, edited or wrong', async () => {
    const repository = await repositoryWith({ ...two, 'c/migrations/001_c.sql': '', 'a/migrations/x.md': '' })
    expect(await activeRoots(ask(repository))).toEqual([])
    await repository.write({ 'b/migrations/002_b.sql': '', 'a/migrations/x.md': 'changed' })
    expect(dirs(await activeRoots(ask(repository)))).toEqual(['b/migrations'])
    await repository.write({ 'c/migrations/001_c.sql': 'select 2;' })
    expect(dirs(await activeRoots(ask(repository)))).toEqual(['b/migrations', 'c/migrations'])
  })

  test('are all that count with --all, without git too', async () => {
    const folder = await folderWith({ ...two, 'test/migrations/001_x.sql': '' })
    expect(dirs(await activeRoots(ask(folder, { all: true })))).toEqual(['a/migrations', 'b/migrations'])
  })

  test('are those in which something is staged with --staged', async () => {
    const repository = await repositoryWith(two)
    await repository.write({ 'a/migrations/002_a.sql': '', 'b/migrations/002_b.sql': '' })
    await repository.git('add', 'a')
    expect(dirs(await activeRoots(ask(repository, { staged: true })))).toEqual(['a/migrations'])
    await repository.git('add', 'b')
    expect(dirs(await activeRoots(ask(repository, { staged: true })))).toHaveLength(2)
  })

  test('are none with paths, without git and where there is no base to compare with', async () => {
    const folder = await folderWith(two)
    expect(await activeRoots(ask(folder, { paths: ['a/migrations'] }))).toEqual([])
    expect(await activeRoots(ask(folder))).toEqual([])
    expect(await activeRoots(ask(await repositoryWith(two), { base: 'nowhere' }))).toEqual([])
  })
})

test('a folder that is configured as it was detected gives the same review', async () => {
  const files = {
    'flyway.conf': 'flyway.locations=filesystem:db/common,filesystem:db/postgresql\n',
    'db/common/V1__a.sql': 'select 1;',
    'db/postgresql/V2__b.sql': 'select 2;',
    'migrations/001_a.sql': '',
  }
  const repository = await repositoryWith(files)
  await repository.write({ 'db/postgresql/V3__c.sql': '', 'migrations/002_b.sql': '' })
  const [flyway, plain] = await activeRoots(ask(repository))
  expect(flyway).toMatchObject({
    source: 'flyway',
    dir: 'db/common',
    otherDirs: ['db/postgresql'],
    configFile: 'flyway.conf',
  })
  for (const [root, history, review] of [
    [flyway, ['db/common/V1__a.sql', 'db/postgresql/V2__b.sql'], ['db/postgresql/V3__c.sql']],
    [plain, ['migrations/001_a.sql'], ['migrations/002_b.sql']],
  ] as const) {
    const settings = { dirs: [root?.dir ?? ''], source: root?.source ?? '' }
    const set = await decideReviewSet(ask(repository, { settings }))
    expect(set.origin?.root).toEqual(root)
    expect(set.history.map(({ file }) => file)).toEqual(history)
    expect(set.underReview.map(({ file }) => file)).toEqual(review)
  }
})

/** Plain files, with migrations in code between them. */
const withCode: MigrationSource = {
  ...plainSql,
  load: async (root, files, options) => ({
    ...(await plainSql.load(root, files, options)),
    skipped: (await files.list())
      .filter((file) => file.endsWith('.ts'))
      .map((file) => ({ file, reason: 'it is code', affectsOthers: true })),
  }),
}

test('code migrations are left out of the history they were in, and of what is new', async () => {
  const repository = await repositoryWith({
    'db/migrations/1_a.sql': '',
    'db/migrations/2_code.ts': '',
    'db/migrations/3_gone.ts': '',
  })
  await repository.remove('db/migrations/3_gone.ts')
  await repository.write({ 'db/migrations/4_d.sql': '', 'db/migrations/5_more.ts': '' })
  const left = async (request: Partial<ReviewRequest>): Promise<readonly string[]> => {
    const set = await decideReviewSet(ask(repository, { sources: [withCode], ...request }))
    return (set.leftOut ?? []).map(({ file }) => file)
  }
  const [code, gone, more] = ['2_code', '3_gone', '5_more'].map((name) => `db/migrations/${name}.ts`)
  expect(await left({})).toEqual([code, gone, more])
  expect(await left({ paths: ['db/migrations/4_d.sql'] })).toEqual([code, gone, more])
  expect(await left({ all: true })).toEqual([code, more])
  await repository.git('add', 'db/migrations/4_d.sql')
  expect(await left({ staged: true })).toEqual([code, gone])
})
