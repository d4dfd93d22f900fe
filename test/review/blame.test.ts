import { expect, it } from 'vitest'
import { authorsOf } from '../../src/review/blame.ts'
import { findRepository } from '../../src/review/git.ts'
import { cleanEnv, cloneOf, repositoryWith, type Workspace } from './repository.ts'

async function authors(cwd: string, ...lines: readonly number[]): Promise<ReadonlyMap<number, string>> {
  const { repository } = await findRepository(cwd, cleanEnv)
  if (repository === undefined) throw new Error('no repository')
  return authorsOf(repository, 'a.sql', lines)
}

/** Line 1 is Ann's and line 2 Ben's. */
async function twoAuthors(): Promise<Workspace> {
  const workspace = await repositoryWith({ 'a.sql': 'one\n' })
  await workspace.git('commit', '--quiet', '--amend', '--no-edit', '--author', 'Ann <a@example.com>')
  await workspace.write({ 'a.sql': 'one\ntwo\n' })
  await workspace.git('commit', '--quiet', '--all', '--message', 'two', '--author', 'Ben <b@example.com>')
  return workspace
}

it('names who wrote a line, and nobody for one that is not committed', async () => {
  const workspace = await twoAuthors()
  await workspace.write({ 'a.sql': 'one\ntwo\nthree\n' })
  expect([...(await authors(workspace.path, 1, 2, 3))]).toEqual([
    [1, 'Ann'],
    [2, 'Ben'],
  ])
})

it('names nobody for lines that are older than a shallow clone', async () => {
  const workspace = await twoAuthors()
  await workspace.commit({ 'b.sql': '' })
  const clone = await cloneOf(workspace, '--depth', '2')
  expect([...(await authors(clone.path, 1, 2))]).toEqual([])
})

it('knows nothing of files and lines that are not there', async () => {
  const workspace = await twoAuthors()
  expect([...(await authors(workspace.path, 7))]).toEqual([])
  await workspace.remove('a.sql')
  expect([...(await authors(workspace.path, 1))]).toEqual([])
})
