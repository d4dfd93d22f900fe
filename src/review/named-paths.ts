import { statSync } from 'node:fs'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { UsageError } from '../core/errors.ts'
import type { Limit } from '../core/model.ts'
import type {
  FileTree,
  MigrationScript,
  ReviewSet,
  ScriptOrigin,
  SourceProblem,
  SourceRoot,
} from '../core/source.ts'
import { compareText, isInside, joinPath } from '../sources/paths.ts'
import { loadSingleFile } from '../sources/plain-sql.ts'
import { markerIn, unsupportedFolders } from '../sources/owners.ts'
import { decideBase, type BaseRevision } from './base-revision.ts'
import type { Repository } from './git.ts'
import { onlyRoot, unsupportedLimits } from './limits.ts'
import { orderNamed, type NamedOrder } from './named-order.ts'
import { sourceOf, type FullRequest } from './request.ts'
import { openRevision } from './revision.ts'
import { reviewRoot } from './root-review.ts'
import { configuredRoot, findRoots, rootHolds, unsupportedTool } from './roots.ts'
import { WorkingTree } from './working-tree.ts'

/** Paths of the command line, sorted out. All are relative to the project root, with `/`. */
interface Named {
  readonly files: readonly string[]
  readonly folders: readonly string[]
  /** The working tree with the named files that it does not list (ignored by git, outside of the project). */
  readonly tree: FileTree
}

/**
 * The review of files and folders on the command line. A named script is judged as it stands in the working
 * tree, on top of every script that runs before it: those of the base revision in git, else the files'.
 * What stands between two named scripts is replayed but not judged. A `.sql` file that belongs to no
 * migration folder is judged alone, as plain SQL.
 */
export async function reviewNamed(
  request: FullRequest,
  workingTree: WorkingTree,
  repository: Repository | undefined,
): Promise<ReviewSet> {
  const named = await sortOut(request, workingTree)
  const { root, singles } = await chooseRoot(request, named)
  const alone = await Promise.all(singles.map((file) => reviewSingle(file, named.tree, request)))
  const order = root === undefined ? undefined : await reviewInRoot(request, named, root, repository)
  if (order !== undefined && alone.length === 0 && order.isEmpty) throw noMigrationsIn(request.paths)
  const foreign = (await unsupportedFolders(named.tree)).filter(({ dir }) =>
    singles.some((file) => isInside(file, dir)),
  )
  return {
    base: order?.base ?? { description: 'paths' },
    history: order?.history ?? [],
    underReview: [...(order?.underReview ?? []), ...alone.flatMap(({ script }) => script ?? [])],
    ...(order === undefined ? {} : { origin: order.origin }),
    edited: [],
    replayedOnly: order?.replayedOnly ?? [],
    sharesSession: order?.sharesSession ?? false,
    ...(order?.foundation === undefined ? {} : { foundation: order.foundation }),
    ...(order?.whenFailed === undefined ? {} : { whenFailed: order.whenFailed }),
    ...(order?.leftOut === undefined ? {} : { leftOut: order.leftOut }),
    problems: [...(order?.problems ?? []), ...alone.flatMap(({ problem }) => problem ?? [])],
    notChecked: [
      ...(order?.notChecked ?? []),
      ...aloneLimits(alone.length, order),
      ...unsupportedLimits(foreign, 'the named files ran as plain SQL'),
    ],
  }
}

async function sortOut(request: FullRequest, workingTree: WorkingTree): Promise<Named> {
  const files = new Set<string>()
  const folders = new Set<string>()
  for (const given of request.paths) {
    const path = resolve(request.cwd, given)
    const kind = kindOf(path)
    if (kind === undefined) throw new UsageError(`There is no file or folder "${given}" in ${request.cwd}.`)
    const group = kind === 'folder' ? folders : files
    group.add(toTreePath(relative(request.cwd, path), given))
  }
  const listed = await workingTree.list()
  const known = new Set(listed)
  const extra = [...files].filter((file) => !known.has(file))
  for (const folder of folders) {
    if (!listed.some((path) => isInside(path, folder)))
      extra.push(...(await listUnlisted(request.cwd, folder)))
  }
  const all = extra.length === 0 ? listed : [...listed, ...extra].sort(compareText)
  const tree: FileTree = { list: () => Promise.resolve(all), read: (path) => workingTree.read(path) }
  return { files: [...files], folders: [...folders], tree }
}

function kindOf(path: string): 'file' | 'folder' | undefined {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file'
  } catch {
    return undefined
  }
}

/** Windows may answer with another drive, which has no relative path. */
function toTreePath(path: string, given: string): string {
  if (isAbsolute(path)) throw new UsageError(`"${given}" is on another drive than the project.`)
  return path.split(sep).join('/')
}

/** A folder that git ignores, or that lies outside of the project. */
async function listUnlisted(cwd: string, folder: string): Promise<readonly string[]> {
  const paths = await new WorkingTree(join(cwd, folder), undefined).list()
  return paths.map((path) => joinPath(folder, path))
}

interface Choice {
  readonly root: SourceRoot | undefined
  /** Named files that belong to no root. */
  readonly singles: readonly string[]
}

async function chooseRoot(request: FullRequest, named: Named): Promise<Choice> {
  const found = await findRoots(named.tree, request.sources, request.settings)
  const every = [...found.roots, ...found.minor]
  const roots = new Set<SourceRoot>()
  const singles: string[] = []
  for (const file of named.files) {
    const root = every.find((candidate) => rootHolds(candidate, file))
    if (root !== undefined) roots.add(root)
    else if (file.endsWith('.sql')) singles.push(file)
    else
      throw new UsageError(`${file} is not a migration: it lies in no migration folder and is no .sql file.`)
  }
  for (const folder of named.folders) {
    const around = every.find((candidate) => rootHolds(candidate, folder))
    const below = (candidates: readonly SourceRoot[]): readonly SourceRoot[] =>
      candidates.filter(({ dir }) => isInside(dir, folder))
    const inside = below(found.roots).length > 0 ? below(found.roots) : below(found.minor)
    if (around !== undefined) roots.add(around)
    else if (inside.length > 0) for (const root of inside) roots.add(root)
    else roots.add(await rootOfFolder(request, named, folder))
  }
  if (roots.size > 1) onlyRoot([...roots], found)
  return { root: [...roots][0], singles }
}

/** A folder in which no migrations were detected counts when it directly holds .sql files. */
async function rootOfFolder(request: FullRequest, { tree }: Named, folder: string): Promise<SourceRoot> {
  const foreign = (await unsupportedFolders(tree)).filter(
    ({ dir }) => isInside(folder, dir) || isInside(dir, folder),
  )
  if (foreign.length > 0) throw unsupportedTool(foreign)
  const holdsSql = (await tree.list()).some((path) => path.endsWith('.sql') && isInside(path, folder))
  if (!holdsSql) throw noMigrationsIn([folder])
  if (folder.startsWith('..')) return { source: 'plain-sql', dir: folder, found: 'configured' }
  return configuredRoot(tree, request.sources, folder, request.settings)
}

async function reviewInRoot(
  request: FullRequest,
  named: Named,
  root: SourceRoot,
  repository: Repository | undefined,
): Promise<NamedOrder & { readonly origin: ScriptOrigin }> {
  const isNamed = namedPredicate(named, root)
  const base = request.all ? undefined : await optionalBase(request, repository)
  if (base === undefined || repository === undefined) {
    const source = sourceOf(request, root.source)
    const set = await source.load(root, named.tree, request.settings)
    const origin = { source, root, files: named.tree, options: request.settings }
    return { ...orderNamed({ head: set, isNamed, all: request.all }), origin }
  }
  await using revision = await openRevision(repository, base, request.settings.exclude)
  const review = await reviewRoot(request, named.tree, root, revision, () => true)
  return { ...orderNamed({ head: review.head, isNamed, all: false, review }), origin: review.origin }
}

/** Naming a folder around the root names all of its scripts. */
function namedPredicate(named: Named, root: SourceRoot): (file: string) => boolean {
  const files = new Set(named.files)
  return (file) =>
    files.has(file) || named.folders.some((folder) => isInside(file, folder) || isInside(root.dir, folder))
}

/** A base that was asked for must be had; one that would only be convenient may be missing. */
async function optionalBase(
  request: FullRequest,
  repository: Repository | undefined,
): Promise<BaseRevision | undefined> {
  if (repository === undefined) return undefined
  const isAskedFor =
    request.base !== undefined || (request.env['CI_MERGE_REQUEST_DIFF_BASE_SHA'] ?? '') !== ''
  try {
    return await decideBase(repository, request.base, request.env)
  } catch (error) {
    if (isAskedFor || !(error instanceof UsageError)) throw error
    return undefined
  }
}

interface SingleFile {
  readonly script?: MigrationScript
  readonly problem?: SourceProblem
}

async function reviewSingle(file: string, tree: FileTree, request: FullRequest): Promise<SingleFile> {
  const loaded = await loadSingleFile(file, tree, request.settings)
  if (!('text' in loaded)) return { problem: loaded }
  const marker = markerIn(loaded.text)
  if (marker?.mixesDirections !== true) return { script: loaded }
  const why =
    marker.source === undefined ? 'which is not supported yet' : 'but lies in no folder of that tool'
  throw new UsageError(`${file} looks like ${marker.tool}, ${why}.`, {
    hint: 'Run from top to bottom it would undo its own changes, so it is not taken as plain SQL.',
  })
}

function aloneLimits(count: number, order: NamedOrder | undefined): readonly Limit[] {
  if (count === 0) return []
  const what = count === 1 ? 'One file belongs' : `${count} files belong`
  const on = order === undefined ? 'on an empty database' : 'after the others'
  return [{ code: 'no-history', message: `${what} to no migration folder and ran ${on}, without a history.` }]
}

function noMigrationsIn(paths: readonly string[]): UsageError {
  const named = paths.slice(0, 3).map((path) => (path === '' ? '.' : path))
  const more = paths.length > 3 ? ` and ${paths.length - 3} more` : ''
  return new UsageError(`There are no migrations in ${named.join(', ')}${more}.`)
}
