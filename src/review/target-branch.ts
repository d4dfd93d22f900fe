/**
 * The branch that the migrations will be merged into, as it is now: others may have merged migrations to it since this
 * one was begun.
 */
import type { FileTree } from '../core/source.ts'
import { compareText } from '../sources/paths.ts'
import { withoutExcluded } from './exclude.ts'
import { listFromGit, type Repository } from './git.ts'
import { GitTree } from './git-tree.ts'

/** Where the target branch is now, when that is not the base revision itself. */
export interface TargetHead {
  /** As people call it: `origin/main`. */
  readonly name: string
  /** Its commit, which may have to be fetched first; undefined when it cannot be had. */
  readonly find: () => Promise<string | undefined>
}

/** The target branch, where it has gone on since `ancestor`. */
export function aheadOf(ancestor: string, name: string, tip: string): { readonly target?: TargetHead } {
  return ancestor === tip ? {} : { target: { name, find: () => Promise.resolve(tip) } }
}

/** The target branch's files. */
export interface TargetBranch {
  readonly name: string
  readonly tree: FileTree
  readonly files: ReadonlySet<string>
  /** Paths that differ between the base revision and the target branch, deleted ones included. */
  readonly changed: ReadonlySet<string>
}

/** `unreachable`: there is one, but it could not be fetched. */
export type FoundTarget = (TargetBranch & AsyncDisposable) | 'unreachable' | undefined

/** Opens the target branch, without the paths that `exclude` matches. Undefined where nothing was merged to it. */
export async function openTarget(
  repository: Repository,
  base: string,
  { name, find }: TargetHead,
  exclude: readonly string[],
): Promise<FoundTarget> {
  const commit = await find()
  if (commit === undefined) return 'unreachable'
  if (commit === base) return undefined
  const options = ['--name-only', '-z', '--no-renames', '--no-ext-diff', '--no-textconv']
  const [tree, changed] = await Promise.all([
    GitTree.open(repository, commit),
    listFromGit(repository, [
      'diff',
      ...options,
      '--ignore-submodules=all',
      '--relative',
      base,
      commit,
      '--',
    ]),
  ])
  const files = withoutExcluded(await tree.list(), exclude)
  return {
    name,
    tree: { list: () => Promise.resolve(files), read: (path) => tree.read(path) },
    files: new Set(files),
    changed: new Set(withoutExcluded(changed, exclude)),
    [Symbol.asyncDispose]: () => tree[Symbol.asyncDispose](),
  }
}

/** The three trees of a merge. */
export interface MergeInput {
  readonly head: FileTree
  readonly headFiles: ReadonlySet<string>
  readonly baseFiles: ReadonlySet<string>
  /** Does head's file differ from the base revision's? */
  readonly isTouched: (path: string) => boolean
  readonly target: TargetBranch
}

/**
 * The files as a merge would leave them, whole files only: what both sides changed stays as head has it. Nothing is
 * written.
 */
export function mergedTree(input: MergeInput): FileTree {
  const { head, headFiles, baseFiles, isTouched, target } = input
  const theirs = new Set<string>()
  const gone = new Set<string>()
  for (const path of target.changed) {
    if (headFiles.has(path) ? isTouched(path) : baseFiles.has(path)) continue
    if (target.files.has(path)) theirs.add(path)
    else gone.add(path)
  }
  const list = async (): Promise<readonly string[]> =>
    [...new Set([...(await head.list()), ...theirs])].filter((path) => !gone.has(path)).sort(compareText)
  return {
    list,
    read: (path) => {
      if (gone.has(path)) return Promise.resolve(undefined)
      return theirs.has(path) ? target.tree.read(path) : head.read(path)
    },
  }
}
