import type { FileTree, ReviewSet } from '../core/source.ts'
import { findRepository, type Repository } from './git.ts'
import { openIndex, stagedPlace } from './index-tree.ts'
import type { ReviewRequest } from './request.ts'
import { openRevision } from './revision.ts'
import { WorkingTree } from './working-tree.ts'

/** The files that queries are looked for in. Dispose it. */
export interface QueryTrees extends AsyncDisposable {
  /** The base revision: what production runs. Undefined where there is nothing to compare with. */
  readonly old?: FileTree
  /** What is under review: the working tree, or the index. */
  readonly current: FileTree
}

/** What of a request decides where its queries are. */
export type QueryTreesRequest = Pick<ReviewRequest, 'cwd' | 'paths' | 'all' | 'staged' | 'env'>

/**
 * Opens both revisions of the application's code. `base` is that of the review set, so that queries and migrations
 * are compared with the same commit. There is no old one with `--all`, with paths, outside of git and without a commit.
 *
 * `migrations.exclude` has no say here: it leaves out migrations, and the caller leaves those out anyway.
 * @throws {UsageError} when git refuses
 */
export async function openQueryTrees(
  request: QueryTreesRequest,
  base: ReviewSet['base'],
): Promise<QueryTrees> {
  const { repository } = await findRepository(request.cwd, request.env)
  if (request.staged === true && repository !== undefined) return openStaged(request, repository, base)
  const current = new WorkingTree(request.cwd, repository)
  const old = comparesWith(request, base)
  if (repository === undefined || old === undefined) return { current, ...nothingToClose }
  const revision = await openRevision(repository, old)
  return {
    old: overlay(revision, current),
    current,
    [Symbol.asyncDispose]: () => revision[Symbol.asyncDispose](),
  }
}

async function openStaged(
  request: QueryTreesRequest,
  found: Repository,
  base: ReviewSet['base'],
): Promise<QueryTrees> {
  const repository = await stagedPlace(found)
  const old = comparesWith(request, base)
  // neither has a process before it is read
  const index = await openIndex(repository)
  const revision = old === undefined ? undefined : await openRevision(repository, old, [], true)
  return {
    ...(revision === undefined ? {} : { old: overlay(revision, index.tree) }),
    current: index.tree,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([index[Symbol.asyncDispose](), revision?.[Symbol.asyncDispose]()])
    },
  }
}

type Revision = Awaited<ReturnType<typeof openRevision>>

function comparesWith(
  { all, paths, staged }: QueryTreesRequest,
  { commit, description }: ReviewSet['base'],
): Revision['base'] | undefined {
  // with --staged, paths only leave fewer of the staged migrations
  if (commit === undefined || all || (paths.length > 0 && staged !== true)) return undefined
  return { commit, description, knowsDeletions: true }
}

/** The base revision; files that are the same in both are read from the current one, which is faster than git. */
function overlay({ tree, touched, files }: Revision, current: FileTree): FileTree {
  return {
    list: () => tree.list(),
    read: (path) => (files.has(path) && !touched.has(path) ? current.read(path) : tree.read(path)),
  }
}

const nothingToClose = { [Symbol.asyncDispose]: () => Promise.resolve() }
