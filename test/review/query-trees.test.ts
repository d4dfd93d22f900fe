import { describe, expect, it } from 'vitest'
import type { FileTree, ReviewSet } from '../../src/core/source.ts'
import { openQueryTrees, type QueryTreesRequest } from '../../src/review/query-trees.ts'
import { cleanEnv, folderWith, repositoryWith, type Workspace } from './repository.ts'

async function contents(tree: FileTree | undefined): Promise<Record<string, string | undefined> | undefined> {
  if (tree === undefined) return undefined
  const paths = await tree.list()
  const texts = await Promise.all(
    paths.map(async (path) => {
      const bytes = await tree.read(path)
      return bytes === undefined ? undefined : Buffer.from(bytes).toString()
    }),
  )
  return Object.fromEntries(paths.map((path, at) => [path, texts[at]]))
}

async function treesOf(
  workspace: Workspace,
  base: string | undefined,
  options: Partial<QueryTreesRequest> = {},
) {
  const request = { cwd: workspace.path, paths: [], all: false, env: cleanEnv, ...options }
  const set: ReviewSet['base'] = { description: 'x', ...(base === undefined ? {} : { commit: base }) }
  await using trees = await openQueryTrees(request, set)
  return { old: await contents(trees.old), current: await contents(trees.current) }
}

async function sample(): Promise<{ workspace: Workspace; base: string }> {
  const workspace = await repositoryWith({ 'a.sql': 'a', 'b.sql': 'b', 'c.sql': 'c', 'd.sql': 'd' })
  const base = await workspace.git('rev-parse', 'HEAD')
  await workspace.commit({ 'a.sql': 'committed since' })
  await workspace.write({ 'b.sql': 'on disk', 'new.sql': 'untracked', 'staged.sql': 'staged' })
  await workspace.remove('d.sql')
  await workspace.git('add', 'staged.sql')
  await workspace.write({ 'staged.sql': 'on disk' })
  return { workspace, base }
}

describe('the files of both revisions', () => {
  it('are those of the base and of the working tree', async () => {
    const { workspace, base } = await sample()
    expect(await treesOf(workspace, base)).toEqual({
      old: { 'a.sql': 'a', 'b.sql': 'b', 'c.sql': 'c', 'd.sql': 'd' },
      current: {
        'a.sql': 'committed since',
        'b.sql': 'on disk',
        'c.sql': 'c',
        'new.sql': 'untracked',
        'staged.sql': 'on disk',
      },
    })
  })

  it('are those of the base and of the index with --staged', async () => {
    const { workspace, base } = await sample()
    const current = {
      'a.sql': 'committed since',
      'b.sql': 'b',
      'c.sql': 'c',
      'd.sql': 'd',
      'staged.sql': 'staged',
    }
    const old = { 'a.sql': 'a', 'b.sql': 'b', 'c.sql': 'c', 'd.sql': 'd' }
    expect(await treesOf(workspace, base, { staged: true })).toEqual({ old, current })
    expect(await treesOf(workspace, base, { staged: true, paths: ['a.sql'] })).toEqual({ old, current })
    expect(await treesOf(workspace, undefined, { staged: true })).toEqual({ old: undefined, current })
  })

  it.each([
    ['everything is judged', { all: true }],
    ['files are named', { paths: ['a.sql'] }],
  ])('have no old one where %s', async (_, options) => {
    const { workspace, base } = await sample()
    const { old, current } = await treesOf(workspace, base, options)
    expect(old).toBeUndefined()
    expect(current?.['b.sql']).toBe('on disk')
  })

  it('have no old one outside of git', async () => {
    const folder = await folderWith({ 'a.sql': 'a' })
    expect(await treesOf(folder, undefined)).toEqual({ old: undefined, current: { 'a.sql': 'a' } })
  })

  it('are those below a project in a subfolder', async () => {
    const workspace = await repositoryWith({ 'shop/a.sql': 'a', 'other/b.sql': 'b' })
    const base = await workspace.git('rev-parse', 'HEAD')
    await workspace.write({ 'shop/a.sql': 'new' })
    const { old, current } = await treesOf(workspace, base, { cwd: `${workspace.path}/shop` })
    expect(old).toEqual({ 'a.sql': 'a' })
    expect(current).toEqual({ 'a.sql': 'new' })
  })
})
