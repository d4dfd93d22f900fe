import type { FileTree } from '../core/source.ts'
import type { BaseRevision } from './base-revision.ts'
import { listFromGit, type Repository } from './git.ts'
import { GitTree } from './git-tree.ts'

/** The base revision's files, and which paths differ from it in the working tree. */
export interface Revision extends AsyncDisposable {
  readonly base: BaseRevision
  readonly tree: FileTree
  readonly files: ReadonlySet<string>
  readonly touched: ReadonlySet<string>
}

/** Opens a base revision; without a commit it is empty. Dispose it. */
export async function openRevision(repository: Repository, base: BaseRevision): Promise<Revision> {
  if (base.commit === undefined) return emptyRevision(base)
  const [tree, touched] = await Promise.all([
    GitTree.open(repository, base.commit),
    touchedPaths(repository, base.commit),
  ])
  return {
    base,
    tree,
    files: new Set(await tree.list()),
    touched,
    [Symbol.asyncDispose]: () => tree[Symbol.asyncDispose](),
  }
}

/** Tracked paths whose content differs from the commit, committed since, staged or not. Untracked ones are not among them. */
async function touchedPaths(repository: Repository, commit: string): Promise<ReadonlySet<string>> {
  const options = [
    '--name-only',
    '-z',
    '--no-renames',
    '--no-ext-diff',
    '--no-textconv',
    '--ignore-submodules=all',
  ]
  return new Set(await listFromGit(repository, ['diff', ...options, '--relative', commit, '--']))
}

function emptyRevision(base: BaseRevision): Revision {
  const tree = { list: () => Promise.resolve([]), read: () => Promise.resolve(undefined) }
  const nothing = new Set<string>()
  return { base, tree, files: nothing, touched: nothing, [Symbol.asyncDispose]: () => Promise.resolve() }
}
