import type { FileTree } from '../core/source.ts'
import type { BaseRevision } from './base-revision.ts'
import { withoutExcluded } from './exclude.ts'
import { listFromGit, type Repository } from './git.ts'
import { GitTree } from './git-tree.ts'
import { openTarget, type FoundTarget } from './target-branch.ts'

/** The base revision's files, and which paths differ from it in the working tree or in the index. */
export interface Revision extends AsyncDisposable {
  readonly base: BaseRevision
  readonly tree: FileTree
  readonly files: ReadonlySet<string>
  readonly touched: ReadonlySet<string>
  /** The target branch as it is now; opened, and perhaps fetched, when it is asked for. */
  readonly target: () => Promise<FoundTarget>
}

/**
 * Opens a base revision, without the paths that `exclude` matches; without a commit it is empty. `staged`: it is
 * compared with the index. Dispose it.
 */
export async function openRevision(
  repository: Repository,
  base: BaseRevision,
  exclude: readonly string[] = [],
  staged = false,
): Promise<Revision> {
  if (base.commit === undefined) return emptyRevision(base)
  const [tree, touched] = await Promise.all([
    GitTree.open(repository, base.commit),
    touchedPaths(repository, base.commit, staged),
  ])
  const files = withoutExcluded(await tree.list(), exclude)
  const { commit, target } = base
  let opened: Promise<FoundTarget> | undefined
  return {
    base,
    tree: { list: () => Promise.resolve(files), read: (path) => tree.read(path) },
    files: new Set(files),
    touched: new Set(withoutExcluded([...touched], exclude)),
    target: () => {
      opened ??=
        target === undefined ? Promise.resolve(undefined) : openTarget(repository, commit, target, exclude)
      return opened
    },
    [Symbol.asyncDispose]: async () => {
      await tree[Symbol.asyncDispose]()
      const found = await opened?.catch(() => undefined)
      if (typeof found === 'object') await found[Symbol.asyncDispose]()
    },
  }
}

/** Tracked paths whose content differs from the commit, committed since, staged or not. Untracked ones are not among them. */
async function touchedPaths(
  repository: Repository,
  commit: string,
  staged: boolean,
): Promise<ReadonlySet<string>> {
  const options = [
    '--name-only',
    '-z',
    '--no-renames',
    '--no-ext-diff',
    '--no-textconv',
    '--ignore-submodules=all',
  ]
  const what = staged ? ['--cached'] : []
  return new Set(await listFromGit(repository, ['diff', ...what, ...options, '--relative', commit, '--']))
}

function emptyRevision(base: BaseRevision): Revision {
  const tree = { list: () => Promise.resolve([]), read: () => Promise.resolve(undefined) }
  const nothing = new Set<string>()
  return {
    base,
    tree,
    files: nothing,
    touched: nothing,
    target: () => Promise.resolve(undefined),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
