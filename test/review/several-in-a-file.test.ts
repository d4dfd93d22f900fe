import { expect, test } from 'vitest'
import type { ReviewSet } from '../../src/core/source.ts'
import { editedMigration } from '../../src/judge/reserved.ts'
import { decideReviewSet, type ReviewRequest } from '../../src/review/review-set.ts'
import { changelogSource } from './changelog-source.ts'
import { cleanEnv, repositoryWith, type Workspace } from './repository.ts'

const file = 'db/changelog.sql'

const log = (...changes: readonly (readonly [id: string, sql: string])[]): string =>
  `-- our changes\n${changes.map(([id, sql]) => `--change ${id}\n${sql}\n`).join('\n')}`

function review(workspace: Workspace, request: Partial<ReviewRequest> = {}): Promise<ReviewSet> {
  return decideReviewSet({
    cwd: workspace.path,
    paths: [],
    all: false,
    env: cleanEnv,
    sources: [changelogSource],
    ...request,
  })
}

const ids = (scripts: readonly { readonly id?: string }[]): readonly (string | undefined)[] =>
  scripts.map(({ id }) => id)

test('a change that an old file gains is under review, the others are history', async () => {
  const repository = await repositoryWith({ [file]: log(['a:1', 'select 1;'], ['a:2', 'select 2;']) })
  await repository.write({ [file]: log(['a:1', 'select 1;'], ['a:2', 'select 2;'], ['b:3', 'select 3;']) })
  const set = await review(repository)
  expect(ids(set.history)).toEqual(['a:1', 'a:2'])
  expect(ids(set.underReview)).toEqual(['b:3'])
  expect(set.edited).toEqual([])
  expect(set.problems).toEqual([])
})

test('a change that was edited is named with its place, and what the tool does', async () => {
  const repository = await repositoryWith({ [file]: log(['a:1', 'select 1;'], ['a:2', 'select 2;']) })
  await repository.write({ [file]: log(['a:1', 'select 1;'], ['a:2', 'select 20;']) })
  const set = await review(repository)
  expect(set.underReview).toEqual([])
  expect(set.edited.map(editedMigration)).toMatchObject([
    {
      severity: 'error',
      message:
        'db/changelog.sql (a:2) has already been merged: the tool refuses to run, and databases that ran it never see this change.',
      span: { file, start: { line: 6, column: 1 } },
    },
  ])
})

test('a change that is gone is deleted, one with another id runs a second time', async () => {
  const repository = await repositoryWith({ [file]: log(['a:1', 'select 1;'], ['a:2', 'select 2;']) })
  await repository.write({ [file]: log(['b:1', 'select 1;']) })
  const set = await review(repository)
  expect(ids(set.underReview)).toEqual(['b:1'])
  const findings = set.edited.map(editedMigration)
  expect(findings.map(({ messageId }) => messageId)).toEqual(['renamed', 'deleted'])
  expect(findings[1]?.message).toMatch(
    /^db\/changelog.sql \(a:2\) has already been merged and is now missing/,
  )
})

test('a change that moved to another file is the same', async () => {
  const text = log(['a:1', 'select 1;'], ['a:2', 'select 2;'])
  const repository = await repositoryWith({ [file]: text })
  await repository.write({ [file]: `\n\n${text}` })
  expect(await review(repository)).toMatchObject({ underReview: [], edited: [] })
})

test('one that is put between old ones is said to come late', async () => {
  const repository = await repositoryWith({ [file]: log(['a:1', 'select 1;'], ['a:2', 'select 2;']) })
  await repository.write({ [file]: log(['a:1', 'select 1;'], ['b:3', 'select 3;'], ['a:2', 'select 2;']) })
  const set = await review(repository)
  expect(ids(set.underReview)).toEqual(['b:3'])
  expect(set.problems).toMatchObject([
    {
      code: 'out-of-order-migration',
      severity: 'info',
      message:
        'db/changelog.sql (b:3) sorts before db/changelog.sql (a:2), which has already been merged: the tool runs it, but only a new database runs it in this order.',
      place: { start: { line: 6 } },
    },
  ])
})

test('with --staged, changes of the file that are committed are replayed and not judged', async () => {
  const repository = await repositoryWith({ [file]: log(['a:1', 'select 1;']) })
  await repository.git('checkout', '--quiet', '-b', 'feature')
  await repository.commit({ [file]: log(['a:1', 'select 1;'], ['b:2', 'select 2;']) })
  await repository.write({ [file]: log(['a:1', 'select 1;'], ['b:2', 'select 2;'], ['b:3', 'select 3;']) })
  await repository.git('add', '--all')
  const set = await review(repository, { staged: true })
  expect(ids(set.history)).toEqual(['a:1'])
  expect(ids(set.underReview)).toEqual(['b:2', 'b:3'])
  expect(set.replayedOnly).toEqual([`${file}\0b:2`])
})

test('naming the file judges every change of it, in its old place or as a new one', async () => {
  const repository = await repositoryWith({ [file]: log(['a:1', 'select 1;'], ['a:2', 'select 2;']) })
  await repository.write({ [file]: log(['a:1', 'select 1;'], ['a:2', 'select 2;'], ['b:3', 'select 3;']) })
  const set = await review(repository, { paths: [file] })
  expect(ids(set.history)).toEqual([])
  expect(ids(set.underReview)).toEqual(['a:1', 'a:2', 'b:3'])
  expect(set.replayedOnly).toEqual([])
})

test('a draft is judged when it changed, and never part of the history', async () => {
  const text = log(['a:1', 'select 1;'])
  const repository = await repositoryWith({ [file]: text, 'db/draft.sql': 'select 2;' })
  const unchanged = await review(repository, { paths: [file] })
  expect(unchanged.underReview.map((script) => script.file)).toEqual([file])
  await repository.write({ 'db/draft.sql': 'select 20;' })
  const set = await review(repository)
  expect(ids(set.history)).toEqual(['a:1'])
  expect(set.underReview).toMatchObject([{ file: 'db/draft.sql', draft: true }])
  expect(set.edited).toEqual([])
})

test('a draft that became a migration leaves an empty one, which is nothing', async () => {
  const text = log(['a:1', 'select 1;'])
  const repository = await repositoryWith({ [file]: text, 'db/draft.sql': 'select 2;' })
  await repository.write({
    [file]: log(['a:1', 'select 1;'], ['a:2', 'select 2;']),
    'db/draft.sql': '-- Enter migration here\n',
  })
  const set = await review(repository)
  expect(ids(set.underReview)).toEqual(['a:2'])
  expect(set.edited).toEqual([])
  expect(set.problems).toEqual([])
})
