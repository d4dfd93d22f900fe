import { describe, expect, test } from 'vitest'
import type { ReviewSet } from '../../src/core/source.ts'
import { decideReviewSet } from '../../src/review/review-set.ts'
import { jobEnv, runnerClone, runnerFetch } from './gitlab-runner.ts'
import { repositoryWith, type Workspace } from './repository.ts'

const two = { 'migrations/001_a.sql': 'SELECT 1;\n', 'migrations/002_b.sql': 'SELECT 2;\n' }
const ours = { 'migrations/010_ours.sql': 'SELECT 10;\n' }
const theirs = { 'migrations/003_theirs.sql': 'SELECT 3;\n' }
const ahead = { 'migrations/004_ahead.sql': 'SELECT 4;\n' }

function review(
  clone: Workspace,
  variables: Readonly<Record<string, string>>,
  settings = {},
): Promise<ReviewSet> {
  return decideReviewSet({ cwd: clone.path, paths: [], all: false, env: jobEnv(variables), settings })
}

const names = (scripts: readonly { readonly file: string }[]): readonly string[] =>
  scripts.map(({ file }) => file)

const short = (sha: string): string => sha.slice(0, 7)

/** A server where `feature` left main after `two`, with `theirs` merged to main since, and commits in between. */
async function serverWith(commitsBetween = 0): Promise<{
  readonly server: Workspace
  readonly base: string
  readonly feature: string
  readonly main: string
}> {
  const server = await repositoryWith(two)
  const base = await server.git('rev-parse', 'HEAD')
  await server.git('checkout', '--quiet', '-b', 'feature')
  const first = await server.commit(ours)
  for (let count = 0; count < commitsBetween; count++) await server.commit()
  const feature = commitsBetween === 0 ? first : await server.git('rev-parse', 'HEAD')
  await server.git('checkout', '--quiet', 'main')
  const main = await server.commit(theirs)
  return { server, base, feature, main }
}

/** GitLab's internal merge commit: first parent what is merged into, second parent the source branch. */
async function mergeCommit(server: Workspace, into: string, source: string): Promise<string> {
  await server.git('checkout', '--quiet', '--detach', into)
  await server.git('merge', '--quiet', '--no-ff', '--no-edit', source)
  const sha = await server.git('rev-parse', 'HEAD')
  await server.git('checkout', '--quiet', 'main')
  return sha
}

function mergeRequest(event: string, base: string, sha: string): Readonly<Record<string, string>> {
  return {
    CI_MERGE_REQUEST_IID: '3',
    CI_MERGE_REQUEST_EVENT_TYPE: event,
    CI_MERGE_REQUEST_DIFF_BASE_SHA: base,
    CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'main',
    CI_COMMIT_SHA: sha,
  }
}

describe('a detached merge request pipeline', () => {
  test('judges what the branch adds to its merge base', async () => {
    const { server, base, feature } = await serverWith()
    const set = await review(
      await runnerClone(server, { sha: feature }),
      mergeRequest('detached', base, feature),
    )
    expect(set.base).toEqual({ description: `merge request base (${short(base)})`, commit: base })
    expect(names(set.history)).toEqual(Object.keys(two))
    expect(names(set.underReview)).toEqual(Object.keys(ours))
    expect(set.edited).toEqual([])
  })

  test('fetches a base that is further away than the clone reaches', async () => {
    const { server, base, feature } = await serverWith(3)
    const clone = await runnerClone(server, { sha: feature, depth: 1 })
    const set = await review(clone, mergeRequest('detached', base, feature))
    expect(names(set.history)).toEqual(Object.keys(two))
    expect(names(set.underReview)).toEqual(Object.keys(ours))
    expect(await clone.git('rev-list', '--count', base)).toBe('1')
  })

  test('fails with the remedy when the server does not give the base', async () => {
    const { server, base, feature } = await serverWith(3)
    const clone = await runnerClone(server, { sha: feature, depth: 1 })
    await clone.git('remote', 'set-url', 'origin', 'file:///nonexistent')
    await expect(review(clone, mergeRequest('detached', base, feature))).rejects.toMatchObject({
      message: `The merge request's base commit ${short(base)} is not in this clone and could not be fetched.`,
      hint: expect.stringContaining('GIT_DEPTH: 0'),
      exitCode: 2,
    })
  })
})

describe('a pipeline for merged results', () => {
  test.each([20, 1])('judges the merged tree on top of the target branch (GIT_DEPTH %i)', async (depth) => {
    const { server, base, feature, main } = await serverWith()
    const merged = await mergeCommit(server, main, feature)
    const clone = await runnerClone(server, { sha: merged, depth })
    const set = await review(clone, {
      ...mergeRequest('merged_result', base, merged),
      CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: feature,
      CI_MERGE_REQUEST_TARGET_BRANCH_SHA: main,
    })
    expect(set.base).toEqual({ description: `main (${short(main)})`, commit: main })
    expect(names(set.history)).toEqual([...Object.keys(two), ...Object.keys(theirs)])
    expect(names(set.underReview)).toEqual(Object.keys(ours))
    expect(set.edited).toEqual([])
    expect(set.project?.commit).toBe(merged)
  })

  test('judges the source branch alone when the job has checked that out instead', async () => {
    const { server, base, feature, main } = await serverWith()
    const merged = await mergeCommit(server, main, feature)
    const clone = await runnerClone(server, { sha: merged })
    await clone.git('checkout', '--quiet', feature)
    const set = await review(clone, {
      ...mergeRequest('merged_result', base, merged),
      CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: feature,
      CI_MERGE_REQUEST_TARGET_BRANCH_SHA: main,
    })
    expect(set.base.commit).toBe(base)
    expect(names(set.underReview)).toEqual(Object.keys(ours))
    expect(set.edited).toEqual([])
  })

  test('fails with the remedy when the head of the target branch cannot be had', async () => {
    const { server, base, feature, main } = await serverWith()
    const merged = await mergeCommit(server, main, feature)
    const clone = await runnerClone(server, { sha: merged, depth: 1 })
    await clone.git('remote', 'set-url', 'origin', 'file:///nonexistent')
    const variables = {
      ...mergeRequest('merged_result', base, merged),
      CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: feature,
      CI_MERGE_REQUEST_TARGET_BRANCH_SHA: main,
    }
    await expect(review(clone, variables)).rejects.toMatchObject({
      message: `The target branch's commit ${short(main)} is not in this clone and could not be fetched.`,
      exitCode: 2,
    })
  })
})

describe('a merge train', () => {
  test.each([20, 1])('takes the merge requests ahead in it for history (GIT_DEPTH %i)', async (depth) => {
    const { server, base, feature, main } = await serverWith()
    await server.git('checkout', '--quiet', '-b', 'other', base)
    const other = await server.commit(ahead)
    const before = await mergeCommit(server, main, other)
    const merged = await mergeCommit(server, before, feature)
    const set = await review(await runnerClone(server, { sha: merged, depth }), {
      ...mergeRequest('merge_train', base, merged),
      CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: feature,
      CI_MERGE_REQUEST_TARGET_BRANCH_SHA: before,
    })
    expect(set.base).toEqual({
      description: `main with what is ahead in the merge train (${short(before)})`,
      commit: before,
    })
    expect(names(set.history)).toEqual([...Object.keys(two), ...Object.keys(theirs), ...Object.keys(ahead)])
    expect(names(set.underReview)).toEqual(Object.keys(ours))
  })

  test('of fast-forward merges has rebased commits on top of its base', async () => {
    const { server, base, feature, main } = await serverWith()
    await server.git('checkout', '--quiet', '--detach', main)
    await server.git('cherry-pick', '--allow-empty', feature)
    const rebased = await server.commit()
    const set = await review(await runnerClone(server, { sha: rebased, depth: 1 }), {
      ...mergeRequest('merge_train', base, rebased),
      CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: feature,
      CI_MERGE_REQUEST_TARGET_BRANCH_SHA: main,
    })
    expect(set.base.commit).toBe(main)
    expect(names(set.underReview)).toEqual(Object.keys(ours))
  })
})

describe('a branch pipeline', () => {
  const branch = (sha: string, name = 'feature'): Readonly<Record<string, string>> => ({
    CI_COMMIT_BRANCH: name,
    CI_COMMIT_SHA: sha,
    CI_OPEN_MERGE_REQUESTS: 'group/project!3',
  })

  test('fetches the default branch and finds where it was left', async () => {
    const { server, base, feature } = await serverWith()
    const clone = await runnerClone(server, { sha: feature, branch: 'feature' })
    await expect(clone.git('rev-parse', '--verify', 'origin/main')).rejects.toThrow(/fatal/)
    const set = await review(clone, branch(feature))
    expect(set.base).toEqual({ description: `merge base with origin/main (${short(base)})`, commit: base })
    expect(names(set.history)).toEqual(Object.keys(two))
    expect(names(set.underReview)).toEqual(Object.keys(ours))
    expect(set.edited).toEqual([])
  })

  test('gets as much history as it takes to find that place', async () => {
    const { server, base, feature } = await serverWith(4)
    const clone = await runnerClone(server, { sha: feature, branch: 'feature', depth: 2 })
    const set = await review(clone, branch(feature))
    expect(set.base.commit).toBe(base)
    expect(names(set.underReview)).toEqual(Object.keys(ours))
  })

  test('has all branches with GIT_DEPTH 0, so that it does not need the server', async () => {
    const { server, base, feature } = await serverWith()
    const clone = await runnerClone(server, { sha: feature, branch: 'feature', depth: 0 })
    await clone.git('remote', 'set-url', 'origin', 'file:///nonexistent')
    expect((await review(clone, branch(feature))).base.commit).toBe(base)
  })

  test('does not trust what an earlier job left of the default branch in the folder', async () => {
    const { server, base } = await serverWith()
    const clone = await runnerClone(server, { sha: base, branch: 'main' })
    await server.git('checkout', '--quiet', 'feature')
    await server.git('merge', '--quiet', '--no-edit', 'main')
    const feature = await server.git('rev-parse', 'HEAD')
    await runnerFetch(clone, server, { sha: feature, branch: 'feature' })
    await clone.git('update-ref', 'refs/remotes/origin/main', base)
    const set = await review(clone, branch(feature))
    expect(names(set.underReview)).toEqual(Object.keys(ours))
    expect(names(set.history)).toEqual([...Object.keys(two), ...Object.keys(theirs)])
  })

  test('fails with the remedy when the default branch cannot be had', async () => {
    const { server, feature } = await serverWith()
    const clone = await runnerClone(server, { sha: feature, branch: 'feature' })
    await clone.git('remote', 'set-url', 'origin', 'file:///nonexistent')
    await expect(review(clone, branch(feature))).rejects.toMatchObject({
      message:
        'The default branch main is not in this clone and could not be fetched, so nothing tells what is new.',
      hint: expect.stringContaining('GIT_DEPTH: 0'),
      exitCode: 2,
    })
  })

  test('fails with the remedy when it shares no commit with the default branch', async () => {
    const { server } = await serverWith()
    await server.git('checkout', '--quiet', '--orphan', 'lonely')
    const lonely = await server.commit(ahead)
    const clone = await runnerClone(server, { sha: lonely, branch: 'lonely' })
    await expect(review(clone, branch(lonely, 'lonely'))).rejects.toMatchObject({
      message: expect.stringContaining('HEAD and origin/main have no common commit here'),
      exitCode: 2,
    })
  })

  test('of the default branch has nothing under review', async () => {
    const { server, main } = await serverWith()
    const clone = await runnerClone(server, { sha: main, branch: 'main' })
    const set = await review(clone, branch(main, 'main'))
    expect(set.base.description).toBe(`HEAD (${short(main)}; this is the default branch, so nothing is new)`)
    expect(set).toMatchObject({ underReview: [], edited: [], problems: [], notChecked: [] })
  })

  test('whose default branch has a name that means more to git never reaches git', async () => {
    const { server, feature } = await serverWith()
    const clone = await runnerClone(server, { sha: feature, branch: 'feature' })
    await expect(
      review(clone, { ...branch(feature), CI_DEFAULT_BRANCH: 'main:refs/heads/evil' }),
    ).rejects.toMatchObject({ exitCode: 2 })
    expect(await clone.git('for-each-ref', '--format=%(refname)')).not.toContain('evil')
  })
})

describe('a merge request whose migrations were removed again', () => {
  const source = { 'src/main.ts': 'export {}\n' }
  const removed = async (): Promise<{ base: string; head: string; clone: Workspace }> => {
    const server = await repositoryWith(source)
    const base = await server.git('rev-parse', 'HEAD')
    await server.commit(ours)
    await server.remove('migrations')
    const head = await server.commit({ 'src/more.ts': '' })
    return { base, head, clone: await runnerClone(server, { sha: head }) }
  }

  test('has nothing under review, and says that it saw no migrations', async () => {
    const { base, head, clone } = await removed()
    const set = await review(clone, mergeRequest('detached', base, head))
    expect(set).toMatchObject({
      base: { commit: base },
      history: [],
      underReview: [],
      edited: [],
      problems: [],
      notChecked: [{ code: 'no-migrations' }],
    })
  })

  test('has nothing under review either where the configuration names the folder', async () => {
    const { base, head, clone } = await removed()
    const set = await review(clone, mergeRequest('detached', base, head), { dirs: ['migrations'] })
    expect(set.notChecked).toMatchObject([{ code: 'no-migrations' }])
  })

  test('and the default branch without migrations have nothing under review', async () => {
    const { head, clone } = await removed()
    const variables = { CI_COMMIT_BRANCH: 'main', CI_DEFAULT_BRANCH: 'main', CI_COMMIT_SHA: head }
    expect((await review(clone, variables)).notChecked).toMatchObject([{ code: 'no-migrations' }])
  })

  test('is a usage error on other branches', async () => {
    const { head, clone } = await removed()
    const variables = { CI_COMMIT_BRANCH: 'feature', CI_COMMIT_SHA: head }
    await expect(review(clone, variables)).rejects.toMatchObject({ message: 'No migrations were found.' })
  })

  test('stays an error when the migrations were there before', async () => {
    const server = await repositoryWith({ ...source, ...two })
    const base = await server.git('rev-parse', 'HEAD')
    await server.remove('migrations')
    const head = await server.commit()
    const clone = await runnerClone(server, { sha: head })
    await expect(review(clone, mergeRequest('detached', base, head))).rejects.toMatchObject({ exitCode: 2 })
  })

  test('stays an error when they are of a tool that is not supported', async () => {
    const server = await repositoryWith({ 'src/schema.ts': '' })
    const base = await server.git('rev-parse', 'HEAD')
    const head = await server.commit({ 'db/001.do.init.sql': 'select 1;' })
    const clone = await runnerClone(server, { sha: head })
    await expect(review(clone, mergeRequest('detached', base, head))).rejects.toMatchObject({
      message: expect.stringContaining('not supported yet'),
    })
  })
})
