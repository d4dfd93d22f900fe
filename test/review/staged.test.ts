import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { UsageError } from '../../src/core/errors.ts'
import type { ReviewSet } from '../../src/core/source.ts'
import { decideReviewSet, type ReviewRequest } from '../../src/review/review-set.ts'
import { cleanEnv, cloneOf, folderWith, repositoryWith, Workspace } from './repository.ts'

function staged(workspace: Workspace, request: Partial<ReviewRequest> = {}): Promise<ReviewSet> {
  return decideReviewSet({
    cwd: workspace.path,
    paths: [],
    all: false,
    staged: true,
    env: cleanEnv,
    ...request,
  })
}

/** Files and texts under review; a file that is only replayed has brackets. */
function judged(set: ReviewSet): Readonly<Record<string, string>> {
  const only = new Set(set.replayedOnly)
  return Object.fromEntries(
    set.underReview.map(({ file, text }) => [only.has(file) ? `[${file}]` : file, text]),
  )
}

const two = { 'migrations/001_a.sql': 'SELECT 1;\n', 'migrations/002_b.sql': 'SELECT 2;\n' }

describe('staged files', () => {
  test('are judged with the content of the index, without unstaged and untracked ones', async () => {
    const workspace = await repositoryWith(two)
    await workspace.write({ 'migrations/003_c.sql': 'SELECT 3;\n' })
    await workspace.git('add', 'migrations/003_c.sql')
    await workspace.write({
      'migrations/003_c.sql': 'DROP TABLE later;\n',
      'migrations/004_d.sql': 'SELECT 4;\n',
      'migrations/001_a.sql': 'edited\n',
    })
    const set = await staged(workspace)
    expect(judged(set)).toEqual({ 'migrations/003_c.sql': 'SELECT 3;\n' })
    expect(set.history.map(({ text }) => text)).toEqual(['SELECT 1;\n', 'SELECT 2;\n'])
    expect(set.edited).toEqual([])
    expect(set.base.description).toMatch(/^HEAD \([0-9a-f]{7}\), staged files only$/)
  })

  test('stand on new migrations of earlier commits, which are replayed and not judged', async () => {
    const clone = await cloneOf(await repositoryWith(two))
    await clone.commit({ 'migrations/003_c.sql': 'SELECT 3;\n', 'migrations/005_e.sql': 'SELECT 5;\n' })
    await clone.write({ 'migrations/004_d.sql': 'SELECT 4;\n' })
    await clone.git('add', '.')
    const set = await staged(clone)
    expect(judged(set)).toEqual({
      '[migrations/003_c.sql]': 'SELECT 3;\n',
      'migrations/004_d.sql': 'SELECT 4;\n',
    })
    expect(set.history).toHaveLength(2)
    expect(set.base.description).toMatch(/^origin\/main \([0-9a-f]{7}\), staged files only$/)
  })

  test('are told which of them is passed over, not which of an earlier commit was', async () => {
    const clone = await cloneOf(await repositoryWith(two))
    await clone.commit({ 'migrations/003_c.sql': 'SELECT 3;\n', 'migrations/003_c.down.sql': 'SELECT -3;\n' })
    await clone.write({ 'migrations/004_d.sql': 'SELECT 4;\n' })
    await clone.git('add', '.')
    expect((await staged(clone)).notChecked).toEqual([])
    await clone.write({ 'migrations/004_x.down.sql': 'SELECT -4;\n' })
    await clone.git('add', '.')
    expect((await staged(clone)).notChecked.map(({ message }) => message)).toEqual([
      'migrations/004_x.down.sql is not rehearsed: down migrations run only on a rollback.',
    ])
  })

  test('may mend a migration of an earlier commit of the branch, but not one that production has', async () => {
    const clone = await cloneOf(await repositoryWith(two))
    await clone.commit({ 'migrations/003_c.sql': 'SELECT 3;\n' })
    await clone.write({ 'migrations/003_c.sql': 'SELECT 33;\n', 'migrations/001_a.sql': 'SELECT 11;\n' })
    await clone.git('add', '.')
    const set = await staged(clone)
    expect(judged(set)).toEqual({ 'migrations/003_c.sql': 'SELECT 33;\n' })
    expect(set.edited.map(({ script, change }) => [script.file, change])).toEqual([
      ['migrations/001_a.sql', 'edited'],
    ])
  })

  test('do not answer for what an earlier commit edited', async () => {
    const clone = await cloneOf(await repositoryWith(two))
    await clone.commit({ 'migrations/001_a.sql': 'SELECT 11;\n' })
    await clone.write({ 'migrations/003_c.sql': 'SELECT 3;\n' })
    await clone.git('add', '.')
    const set = await staged(clone)
    expect(set.edited).toEqual([])
    expect(judged(set)).toEqual({ 'migrations/003_c.sql': 'SELECT 3;\n' })
  })

  test('answer for a version that they claim a second time, whichever file it is told at', async () => {
    const clone = await cloneOf(await repositoryWith(two))
    await clone.commit({ 'migrations/003_z.sql': 'SELECT 3;\n' })
    await clone.write({ 'migrations/003_c.sql': 'SELECT 3;\n' })
    await clone.git('add', '.')
    expect((await staged(clone)).problems).toMatchObject([
      { code: 'duplicate-version', file: 'migrations/003_z.sql' },
    ])
    await clone.commit()
    await clone.write({ 'migrations/004_d.sql': 'SELECT 4;\n' })
    await clone.git('add', '.')
    expect((await staged(clone)).problems).toEqual([])
  })

  test('that are deleted count as deleted even while they are still on disk', async () => {
    const workspace = await repositoryWith(two)
    await workspace.git('rm', '--quiet', '--cached', 'migrations/002_b.sql')
    const set = await staged(workspace)
    expect(set.edited.map(({ script, change }) => [script.file, change])).toEqual([
      ['migrations/002_b.sql', 'deleted'],
    ])
  })

  test('are not files that were only announced with git add -N', async () => {
    const workspace = await repositoryWith(two)
    await workspace.write({ 'migrations/003_c.sql': 'SELECT 3;\n', 'migrations/004_d.sql': '' })
    await workspace.git('add', '--intent-to-add', 'migrations/003_c.sql')
    await workspace.git('add', 'migrations/004_d.sql')
    expect(judged(await staged(workspace))).toEqual({ 'migrations/004_d.sql': '' })
  })

  test('are read through a staged link, not through the one on disk', async () => {
    const workspace = await repositoryWith({ ...two, 'sql/real.sql': 'SELECT 3;\n' })
    await promisify(execFile)('ln', ['-s', '../sql/real.sql', join(workspace.path, 'migrations/003_c.sql')])
    await workspace.git('add', '.')
    await workspace.write({ 'sql/real.sql': 'SELECT 33;\n' })
    expect(judged(await staged(workspace))).toEqual({ 'migrations/003_c.sql': 'SELECT 3;\n' })
  })

  test('are everything before the first commit', async () => {
    const workspace = await folderWith(two)
    await workspace.git('init', '--quiet')
    await workspace.git('add', '.')
    const set = await staged(workspace)
    expect(Object.keys(judged(set))).toEqual(Object.keys(two))
    expect(set.base).toEqual({ description: 'no commit yet, staged files only' })
  })

  test('are nothing to do without any, also where the remote has no known default branch', async () => {
    const clone = await cloneOf(await repositoryWith(two))
    await clone.git('remote', 'set-head', 'origin', '--delete')
    await clone.git('update-ref', 'refs/remotes/origin/trunk', 'HEAD')
    await clone.git('update-ref', '-d', 'refs/remotes/origin/main')
    await clone.git('branch', '--delete', '--force', 'main')
    await clone.write({ 'migrations/003_c.sql': 'SELECT 3;\n' })
    expect(await staged(clone)).toMatchObject({ underReview: [], edited: [], problems: [] })
    await clone.git('add', '.')
    const set = await staged(clone)
    expect(Object.keys(judged(set))).toEqual(['migrations/003_c.sql'])
    expect(set.base.description).toMatch(/^HEAD /)
  })

  test('that are no migrations pass where a project has none yet; SQL in no folder of migrations does not', async () => {
    const workspace = await repositoryWith({ 'readme.md': '' })
    await workspace.write({ 'main.go': 'package main\n' })
    await workspace.git('add', '.')
    expect((await staged(workspace)).underReview).toEqual([])
    await workspace.write({ 'query.sql': 'select 1\n' })
    await workspace.git('add', '.')
    await expect(staged(workspace)).rejects.toThrow('No migrations were found.')
  })

  test('of a merge leave out what the merged branch brings', async () => {
    const workspace = await repositoryWith({ ...two, 'notes.txt': 'one\n' })
    await workspace.git('checkout', '--quiet', '-b', 'feature')
    await workspace.commit({ 'migrations/004_ours.sql': 'SELECT 4;\n', 'notes.txt': 'ours\n' })
    await workspace.git('checkout', '--quiet', 'main')
    await workspace.commit({ 'migrations/003_theirs.sql': 'SELECT 3;\n', 'notes.txt': 'theirs\n' })
    await workspace.git('checkout', '--quiet', 'feature')
    await workspace.git('merge', '--quiet', 'main').catch(() => undefined)
    await expect(staged(workspace)).rejects.toThrow('unresolved conflicts in notes.txt')
    await workspace.write({ 'notes.txt': 'both\n', 'migrations/005_new.sql': 'SELECT 5;\n' })
    await workspace.git('add', '.')
    expect(judged(await staged(workspace))).toEqual({
      '[migrations/003_theirs.sql]': 'SELECT 3;\n',
      '[migrations/004_ours.sql]': 'SELECT 4;\n',
      'migrations/005_new.sql': 'SELECT 5;\n',
    })
  })
})

describe('paths beside --staged', () => {
  test('leave the staged ones among them', async () => {
    const workspace = await repositoryWith(two)
    await workspace.write({ 'migrations/003_c.sql': 'SELECT 3;\n', 'migrations/004_d.sql': 'SELECT 4;\n' })
    await workspace.git('add', '.')
    await workspace.write({ 'migrations/005_e.sql': 'SELECT 5;\n' })
    const paths = [
      'migrations/004_d.sql',
      join(workspace.path, 'migrations/005_e.sql'),
      'migrations/001_a.sql',
    ]
    expect(judged(await staged(workspace, { paths }))).toEqual({
      '[migrations/003_c.sql]': 'SELECT 3;\n',
      'migrations/004_d.sql': 'SELECT 4;\n',
    })
    expect(Object.keys(judged(await staged(workspace, { paths: ['migrations'] })))).toHaveLength(2)
    expect(Object.keys(judged(await staged(workspace, { paths: ['.'] })))).toHaveLength(2)
  })

  test('may be gone from disk, but must be known somewhere', async () => {
    const workspace = await repositoryWith(two)
    await workspace.write({ 'migrations/003_c.sql': 'SELECT 3;\n' })
    await workspace.git('add', '.')
    await workspace.remove('migrations/003_c.sql')
    const paths = ['migrations/003_c.sql']
    expect(judged(await staged(workspace, { paths }))).toEqual({ 'migrations/003_c.sql': 'SELECT 3;\n' })
    await expect(staged(workspace, { paths: ['migrations/999.sql'] })).rejects.toThrow(UsageError)
  })
})

describe('GIT_INDEX_FILE, which git sets in hooks', () => {
  const withIndex = (file: string) => ({ env: { ...cleanEnv, GIT_INDEX_FILE: file } })

  /** A repository whose own index has 003 staged, and another index file that has 004. */
  async function twoIndexes(): Promise<Workspace> {
    const workspace = await repositoryWith(two)
    await workspace.write({ 'migrations/003_c.sql': 'SELECT 3;\n', 'migrations/004_d.sql': 'SELECT 4;\n' })
    await workspace.git('add', 'migrations/004_d.sql')
    await workspace.move('.git/index', '.git/next-index.lock')
    await workspace.git('reset', '--quiet')
    await workspace.git('add', 'migrations/003_c.sql')
    return workspace
  }

  test('is the index that counts, named from the top of the working tree or absolutely', async () => {
    const workspace = await twoIndexes()
    const names = async (file: string): Promise<readonly string[]> =>
      Object.keys(judged(await staged(workspace, withIndex(file))))
    expect(await names('.git/next-index.lock')).toEqual(['migrations/004_d.sql'])
    expect(await names(join(workspace.path, '.git/next-index.lock'))).toEqual(['migrations/004_d.sql'])
    expect(await names('')).toEqual(['migrations/003_c.sql'])
    expect(await names('.git/gone.lock')).toEqual(['migrations/003_c.sql'])
  })

  test('counts in a project below the top of the repository, too', async () => {
    const workspace = await repositoryWith({ 'service/migrations/001_a.sql': 'SELECT 1;\n', 'other.sql': '' })
    await workspace.write({ 'service/migrations/002_b.sql': 'SELECT 2;\n', 'other.sql': 'SELECT 1;\n' })
    await workspace.git('add', '.')
    await workspace.move('.git/index', '.git/next-index.lock')
    await workspace.git('reset', '--quiet')
    const set = await staged(workspace, {
      ...withIndex('.git/next-index.lock'),
      cwd: join(workspace.path, 'service'),
    })
    expect(judged(set)).toEqual({ 'migrations/002_b.sql': 'SELECT 2;\n' })
  })

  test('of another repository is not looked at: its hook may run us in a submodule or a neighbour', async () => {
    const workspace = await twoIndexes()
    const other = await repositoryWith({ 'migrations/009_other.sql': 'SELECT 9;\n' })
    const set = await staged(workspace, withIndex(join(other.path, '.git/index')))
    expect(Object.keys(judged(set))).toEqual(['migrations/003_c.sql'])
  })

  test('works in a worktree, which has an index of its own', async () => {
    const workspace = await twoIndexes()
    await workspace.git('worktree', 'add', '--quiet', 'tree')
    const tree = new Workspace(join(workspace.path, 'tree'))
    await tree.write({ 'migrations/005_e.sql': 'SELECT 5;\n' })
    await tree.git('add', '.')
    const index = join(workspace.path, '.git/worktrees/tree/index')
    for (const env of [cleanEnv, { ...cleanEnv, GIT_INDEX_FILE: index }])
      expect(Object.keys(judged(await staged(tree, { env })))).toEqual(['migrations/005_e.sql'])
    const foreign = await staged(tree, withIndex(join(workspace.path, '.git/index')))
    expect(Object.keys(judged(foreign))).toEqual(['migrations/005_e.sql'])
  })
})
