import { describe, expect, test } from 'vitest'
import type { MigrationSource, ReviewSet, SourceProblem } from '../../src/core/source.ts'
import { decideReviewSet, type ReviewRequest } from '../../src/review/review-set.ts'
import { golangMigrate } from '../../src/sources/golang-migrate.ts'
import { jobEnv, runnerClone } from './gitlab-runner.ts'
import { cleanEnv, cloneOf, repositoryWith, type Workspace } from './repository.ts'

function review(workspace: Workspace, request: Partial<ReviewRequest> = {}): Promise<ReviewSet> {
  return decideReviewSet({ cwd: workspace.path, paths: [], all: false, env: cleanEnv, ...request })
}

const told = (problems: readonly SourceProblem[]): readonly unknown[] =>
  problems.map(({ code, severity, file }) => [code, severity, file])

const codes = ({ notChecked }: ReviewSet): readonly string[] => notChecked.map(({ code }) => code)

describe('a new script that sorts before one of the history', () => {
  test('is an error where the tool skips it', async () => {
    const repository = await repositoryWith({ 'db/1_a.up.sql': '', 'db/5_e.up.sql': '' })
    await repository.write({ 'db/3_c.up.sql': '', 'db/6_f.up.sql': '' })
    const set = await review(repository)
    expect(set.underReview.map(({ file }) => file)).toEqual(['db/3_c.up.sql', 'db/6_f.up.sql'])
    expect(set.problems).toEqual([
      {
        code: 'out-of-order-migration',
        file: 'db/3_c.up.sql',
        severity: 'error',
        message:
          'db/3_c.up.sql sorts before db/5_e.up.sql, which has already been merged: golang-migrate never runs it on a database that is already at a later version.',
        remedy: 'Give it a version after that of db/5_e.up.sql.',
        notes: ['It was rehearsed as the next one to run.'],
      },
    ])
    expect(set.notChecked).toEqual([])
  })

  test('is an error where the tool refuses it, an info where it is told to run it', async () => {
    const repository = await repositoryWith({
      'db/migration/V1__a.sql': '',
      'db/migration/V3__c.sql': '',
      'db/migration/R__view.sql': 'select 1',
    })
    await repository.write({ 'db/migration/V2__b.sql': '', 'db/migration/R__view.sql': 'select 2' })
    expect(told((await review(repository)).problems)).toEqual([
      ['out-of-order-migration', 'error', 'db/migration/V2__b.sql'],
    ])
    await repository.write({
      'flyway.conf': 'flyway.locations=filesystem:db/migration\nflyway.outOfOrder=true\n',
    })
    expect(told((await review(repository)).problems)).toEqual([
      ['out-of-order-migration', 'info', 'db/migration/V2__b.sql'],
    ])
  })

  test('and does no harm is told once for all of them', async () => {
    const repository = await repositoryWith({
      'db/V1__a.sql': '',
      'db/V9__z.sql': '',
      'flyway.conf': 'flyway.locations=filesystem:db\nflyway.outOfOrder=true\n',
    })
    await repository.write({
      'db/V2__b.sql': '',
      'db/V3__c.sql': '',
      'db/V4__d.sql': '',
      'db/V10__e.sql': '',
    })
    const { problems } = await review(repository)
    expect(told(problems)).toEqual([['out-of-order-migration', 'info', 'db/V2__b.sql']])
    expect(problems[0]?.message).toBe(
      'db/V2__b.sql and 2 more sort before db/V9__z.sql, which has already been merged: Flyway runs it, because outOfOrder is set, but only a new database runs it in this order.',
    )
  })

  test('is a warning where nobody knows what runs the files', async () => {
    const repository = await repositoryWith({ 'migrations/001_a.sql': '', 'migrations/003_c.sql': '' })
    await repository.write({ 'migrations/002_b.sql': '' })
    const { problems } = await review(repository)
    expect(told(problems)).toEqual([['out-of-order-migration', 'warning', 'migrations/002_b.sql']])
    expect(problems[0]?.message).toContain('is up to the tool')
  })

  test('is not late where names have no versions', async () => {
    const repository = await repositoryWith({ 'migrations/a.sql': '', 'migrations/c.sql': '' })
    await repository.write({ 'migrations/b.sql': '' })
    const settings = { dirs: ['migrations'], source: 'plain-sql' }
    expect((await review(repository, { settings })).problems).toEqual([])
  })

  test('with the version of an old one is a duplicate and nothing else', async () => {
    const repository = await repositoryWith({ 'db/1_a.up.sql': '', 'db/2_b.up.sql': '' })
    await repository.write({ 'db/2_a.up.sql': '' })
    expect(told((await review(repository)).problems)).toEqual([
      ['duplicate-version', undefined, 'db/2_b.up.sql'],
    ])
  })

  test('is told also of a named file', async () => {
    const repository = await repositoryWith({ 'db/1_a.up.sql': '', 'db/5_e.up.sql': '' })
    await repository.write({ 'db/3_c.up.sql': '', 'db/4_d.up.sql': '' })
    const set = await review(repository, { paths: ['db/3_c.up.sql'] })
    expect(told(set.problems)).toEqual([['out-of-order-migration', 'error', 'db/3_c.up.sql']])
  })
})

describe('what others have merged to the target branch since', () => {
  const old = { 'db/1_a.up.sql': 'select 1;', 'db/2_b.up.sql': 'select 2;' }

  /** A branch `feature` with these files, and a main branch that went on with those. */
  async function diverged(
    ours: Readonly<Record<string, string>>,
    theirs: Readonly<Record<string, string>>,
  ): Promise<{ origin: Workspace; clone: Workspace; base: string; head: string }> {
    const origin = await repositoryWith(old)
    const base = await origin.git('rev-parse', 'HEAD')
    const clone = await cloneOf(origin)
    const head = await clone.commit(ours)
    await origin.commit(theirs)
    await clone.git('fetch', '--quiet')
    return { origin, clone, base, head }
  }

  test('is compared with, not replayed, and counted', async () => {
    const { clone } = await diverged(
      { 'db/3_c.up.sql': '' },
      { 'db/4_d.up.sql': '', 'db/5_e.up.sql': '', 'db/5_e.down.sql': '' },
    )
    const set = await review(clone)
    expect(set.history).toHaveLength(2)
    expect(set.underReview.map(({ file }) => file)).toEqual(['db/3_c.up.sql'])
    expect(set.problems).toMatchObject([
      {
        code: 'out-of-order-migration',
        severity: 'error',
        message:
          'db/3_c.up.sql sorts before db/5_e.up.sql, which was merged to origin/main meanwhile: golang-migrate never runs it on a database that is already at a later version.',
      },
    ])
    expect(set.notChecked).toEqual([
      {
        code: 'others-migrations',
        message:
          '2 migrations were merged to origin/main since this branch began; the rehearsal does without.',
        hint: 'Rebase, or merge origin/main, to rehearse on top of what others have merged.',
      },
    ])
  })

  test('may have taken the same version', async () => {
    const { clone } = await diverged({ 'db/3_ours.up.sql': '' }, { 'db/3_theirs.up.sql': '' })
    const { problems } = await review(clone)
    expect(problems).toEqual([
      {
        code: 'duplicate-version',
        file: 'db/3_ours.up.sql',
        message:
          'Version 3 is claimed by db/3_ours.up.sql and db/3_theirs.up.sql; golang-migrate refuses to run at all. db/3_theirs.up.sql was merged to origin/main after this branch left it.',
        remedy: 'Give the migration of this branch the next free version.',
      },
    ])
  })

  test('may sort before ours, and then is only counted', async () => {
    const { clone } = await diverged({ 'db/4_d.up.sql': '' }, { 'db/3_c.up.sql': '' })
    const set = await review(clone)
    expect(set.problems).toEqual([])
    expect(codes(set)).toEqual(['others-migrations'])
  })

  test('is of no interest when it is no migration, or when nothing new is here', async () => {
    const { clone } = await diverged({ 'db/3_c.up.sql': '' }, { 'README.md': '' })
    expect(codes(await review(clone))).toEqual([])
    const other = await diverged({ 'db/2_b.up.sql': 'select 20;' }, { 'db/3_c.up.sql': '' })
    expect(codes(await review(other.clone))).toEqual([])
  })

  test('may be an old script under another name, which is not new', async () => {
    const { origin, clone } = await diverged({ 'db/3_c.up.sql': '' }, {})
    await origin.move('db/2_b.up.sql', 'db/2_better.up.sql')
    await origin.commit()
    await clone.git('fetch', '--quiet')
    const set = await review(clone)
    expect(set.problems).toEqual([])
    expect(codes(set)).toEqual([])
  })

  test('is that of the ref which --base names', async () => {
    const { clone } = await diverged({ 'db/3_c.up.sql': '' }, { 'db/4_d.up.sql': '' })
    await clone.git('branch', 'release', 'origin/main')
    expect((await review(clone, { base: 'release' })).problems[0]?.message).toContain('merged to release')
  })

  test('is fetched in the pipeline of a merge request', async () => {
    const { origin, clone, base, head } = await diverged({ 'db/3_c.up.sql': '' }, { 'db/4_d.up.sql': '' })
    await clone.git('push', '--quiet', 'origin', 'feature')
    const job = await runnerClone(origin, { sha: head, depth: 1 })
    await origin.git('config', 'uploadpack.allowAnySHA1InWant', 'true')
    const env = jobEnv({
      CI_MERGE_REQUEST_IID: '3',
      CI_MERGE_REQUEST_DIFF_BASE_SHA: base,
      CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'main',
      CI_COMMIT_SHA: head,
    })
    const set = await review(job, { env })
    expect(set.base.commit).toBe(base)
    expect(set.problems[0]?.message).toContain('merged to origin/main meanwhile')
    await job.git('update-ref', '-d', 'refs/remotes/origin/main')
    await job.git('remote', 'set-url', 'origin', 'file:///nonexistent')
    expect((await review(job, { env })).notChecked).toEqual([
      {
        code: 'order-not-compared',
        message:
          'origin/main could not be fetched, so versions and order were compared with the merge base only.',
        hint: 'What others have merged meanwhile may have taken the same version, or a later one.',
      },
    ])
  })

  test('is not looked for in a fork, whose branch of that name may be an old one', async () => {
    const { clone, base, head } = await diverged({ 'db/3_c.up.sql': '' }, { 'db/4_d.up.sql': '' })
    const env = jobEnv({
      CI_MERGE_REQUEST_IID: '3',
      CI_MERGE_REQUEST_PROJECT_ID: '42',
      CI_PROJECT_ID: '77',
      CI_MERGE_REQUEST_DIFF_BASE_SHA: base,
      CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'main',
      CI_COMMIT_SHA: head,
    })
    const set = await review(clone, { env })
    expect(set.problems).toEqual([])
    expect(set.notChecked[0]?.message).toMatch(/^main of the target project could not be fetched/)
  })

  test('may hold the number that this branch seems to lack', async () => {
    const withoutHoles: MigrationSource = {
      ...golangMigrate,
      load: async (root, files, options) => {
        const set = await golangMigrate.load(root, files, options)
        const problems = set.scripts.flatMap(({ file, version }, index): readonly SourceProblem[] =>
          Number(version) === index + 1
            ? []
            : [{ code: 'missing-version', file, message: `${index + 1} is missing before ${file}.` }],
        )
        return { ...set, problems }
      },
    }
    const { clone } = await diverged({ 'db/4_d.up.sql': '' }, { 'db/3_c.up.sql': '' })
    expect((await review(clone, { sources: [withoutHoles] })).problems).toEqual([])
    await clone.move('db/4_d.up.sql', 'db/5_e.up.sql')
    expect(told((await review(clone, { sources: [withoutHoles] })).problems)).toEqual([
      ['missing-version', undefined, 'db/5_e.up.sql'],
    ])
  })

  test('may conflict with a file that holds the order, and that is said', async () => {
    const { clone } = await diverged(
      { 'db/3_c.up.sql': '', 'db/order.txt': 'c' },
      { 'db/4_d.up.sql': '', 'db/order.txt': 'd' },
    )
    expect((await review(clone)).notChecked.at(-1)).toEqual({
      code: 'order-not-compared',
      message:
        'db/order.txt was changed here and on origin/main, so the order was compared with the merge base only.',
      hint: 'Rebase, or merge origin/main.',
    })
  })
})
