import { existsSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { UsageError } from '../core/errors.ts'
import type { FileTree } from '../core/source.ts'
import { withoutExcluded } from './exclude.ts'
import { askGit, listFromGit, type GitPlace, type Repository } from './git.ts'
import { entriesOf, GitTree, type TreeEntry } from './git-tree.ts'

/** What `git commit` would commit now. Dispose it. */
export interface StagedFiles extends AsyncDisposable {
  /** The files as the next commit has them. */
  readonly tree: FileTree
  /** Paths that differ from HEAD in it, deleted ones included; in a merge, from the merged commit as well. */
  readonly staged: ReadonlySet<string>
  /** Paths of HEAD. */
  readonly committed: ReadonlySet<string>
}

/**
 * Opens the index, as HEAD with the staged changes on top: files that were only announced (`git add -N`) are not
 * part of the next commit, and `git ls-files` does not tell them from empty ones.
 * Throws UsageError where conflicts are not resolved, because the index holds several contents then.
 */
export async function openIndex(
  repository: Repository,
  exclude: readonly string[] = [],
): Promise<StagedFiles> {
  const head = repository.head ?? (await emptyTree(repository))
  const [committed, changes, merged] = await Promise.all([
    entriesOf(repository, head),
    stagedChanges(repository, head),
    mergedEntries(repository),
  ])
  const entries = new Map(committed)
  for (const [file, entry] of changes) {
    if (entry === undefined) entries.delete(file)
    else entries.set(file, entry)
  }
  const tree = GitTree.of(repository, entries)
  const files = withoutExcluded(await tree.list(), exclude)
  return {
    tree: { list: () => Promise.resolve(files), read: (file) => tree.read(file) },
    staged: new Set(withoutExcluded(ownChanges(changes, merged), exclude)),
    committed: new Set(committed.keys()),
    [Symbol.asyncDispose]: () => tree[Symbol.asyncDispose](),
  }
}

/** Path and new entry of everything that differs between the commit and the index; undefined for deleted files. */
async function stagedChanges(
  place: GitPlace,
  commit: string,
): Promise<ReadonlyMap<string, TreeEntry | undefined>> {
  const options = ['--raw', '-z', '--no-abbrev', '--no-renames', '--no-ext-diff', '--no-textconv']
  const args = ['diff', '--cached', ...options, '--ignore-submodules=all', '--relative', commit, '--']
  const changes = new Map<string, TreeEntry | undefined>()
  const unresolved: string[] = []
  const fields = await listFromGit(place, args)
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, mode = '', , object = '', status] = (fields[at] ?? '').split(' ')
    const file = fields[at + 1] ?? ''
    if (status === 'U') unresolved.push(file)
    changes.set(file, status === 'D' ? undefined : { mode, object })
  }
  if (unresolved.length > 0) throw unresolvedConflicts(unresolved)
  return changes
}

/** Those of the commit that is being merged (a commit that ends a merge with conflicts); undefined without a merge. */
async function mergedEntries(place: GitPlace): Promise<ReadonlyMap<string, TreeEntry> | undefined> {
  const commit = await askGit(place, ['rev-parse', '--verify', '--quiet', 'MERGE_HEAD^{commit}'])
  return commit === undefined ? undefined : entriesOf(place, commit)
}

/** What the merged branch brings was judged there. */
function ownChanges(
  changes: ReadonlyMap<string, TreeEntry | undefined>,
  merged: ReadonlyMap<string, TreeEntry> | undefined,
): readonly string[] {
  const files = [...changes.keys()]
  if (merged === undefined) return files
  return files.filter((file) => changes.get(file)?.object !== merged.get(file)?.object)
}

function unresolvedConflicts(files: readonly string[]): UsageError {
  const more = files.length > 1 ? ` and ${files.length - 1} more` : ''
  return new UsageError(`The index holds unresolved conflicts in ${files[0] ?? ''}${more}.`, {
    hint: 'Resolve them and git add the result; --staged judges what the next commit would hold.',
  })
}

/** Its id depends on the repository's hash function; nothing is written. */
async function emptyTree(place: GitPlace): Promise<string> {
  const id = await askGit(place, ['hash-object', '-t', 'tree', '--stdin'])
  if (id === undefined) throw new UsageError(`git hash-object failed in ${place.cwd}.`)
  return id
}

/**
 * The repository with the index that the commit at hand is made from. `git commit -a` and `git commit <paths>`
 * give their hooks an index of their own in GIT_INDEX_FILE. One that lies in another repository's git folder
 * (a hook there that runs us here) is not ours.
 */
export async function stagedPlace(repository: Repository): Promise<Repository> {
  const named = repository.env['GIT_INDEX_FILE']
  if (named === undefined || named === '') return repository
  const [top, gitDir] = await Promise.all([
    askGit(repository, ['rev-parse', '--show-toplevel']),
    askGit(repository, ['rev-parse', '--absolute-git-dir']),
  ])
  if (top === undefined || gitDir === undefined) return repository
  // git itself takes a relative one from the top of the working tree
  const indexFile = path.resolve(top, named)
  if (!existsSync(indexFile) || isForeign(path.dirname(indexFile), gitDir)) return repository
  return { ...repository, indexFile }
}

/** Is the folder the git folder of another working tree? */
function isForeign(folder: string, gitDir: string): boolean {
  return existsSync(path.join(folder, 'HEAD')) && realpathSync(folder) !== realpathSync(gitDir)
}
