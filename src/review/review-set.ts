import { UsageError } from '../core/errors.ts'
import type { FileTree, ReviewSet } from '../core/source.ts'
import { sources as allSources } from '../sources/index.ts'
import { decideBase, type BaseRevision } from './base-revision.ts'
import { skippedLimits } from './compare.ts'
import { findRepository, type Repository, type RepositorySearch } from './git.ts'
import { noMigrations, nothingToCompareWith, onlyRoot, otherRoots, unsupportedLimits } from './limits.ts'
import { reviewNamed } from './named-paths.ts'
import { sourceOf, type FullRequest, type ReviewRequest } from './request.ts'
import { openRevision } from './revision.ts'
import { reviewRoot, rootHasChanges, type RootReview } from './root-review.ts'
import { findRoots } from './roots.ts'
import { WorkingTree } from './working-tree.ts'

export type { ReviewRequest } from './request.ts'

/**
 * Decides what is judged and what it stands on.
 *
 * - `paths`: those files, on top of what comes before them.
 * - `all`: every migration, on an empty database.
 * - else what is new since the base revision (see decideBase), staged, unstaged and untracked files included,
 *   on top of the history as it was at the base revision.
 *
 * An empty `underReview` with empty `edited` and `problems` means that there is nothing to do. Throws
 * UsageError when the question itself cannot be answered: no migrations, no base, more than one folder.
 */
export async function decideReviewSet(request: ReviewRequest): Promise<ReviewSet> {
  const full: FullRequest = {
    ...request,
    settings: request.settings ?? {},
    sources: request.sources ?? allSources,
  }
  if (full.all && full.base !== undefined) {
    throw new UsageError('--all judges every migration, so there is nothing for --base to compare with.')
  }
  const search = await findRepository(full.cwd, full.env)
  return { ...(await reviewSetIn(full, search)), ...projectOf(search.repository) }
}

function projectOf(repository: Repository | undefined): Pick<ReviewSet, 'project'> {
  if (repository?.head === undefined) return {}
  return { project: { prefix: repository.prefix, commit: repository.head } }
}

async function reviewSetIn(full: FullRequest, search: RepositorySearch): Promise<ReviewSet> {
  const tree = new WorkingTree(full.cwd, search.repository, full.settings.exclude)
  if (search.repository === undefined && full.base !== undefined) throw nothingToCompareWith(search.reason)
  if (full.paths.length > 0) return reviewNamed(full, tree, search.repository)
  if (full.all) return reviewAll(full, tree)
  if (search.repository === undefined) throw nothingToCompareWith(search.reason)
  return reviewChanges(full, tree, search.repository)
}

async function reviewAll(request: FullRequest, tree: FileTree): Promise<ReviewSet> {
  const found = await findRoots(tree, request.sources, request.settings)
  const root = onlyRoot(found.roots, found)
  const set = await sourceOf(request, root.source).load(root, tree, request.settings)
  return {
    base: { description: '--all' },
    history: [],
    underReview: set.scripts,
    edited: [],
    sharesSession: set.sharesSession,
    problems: set.problems,
    notChecked: [
      ...skippedLimits(set.skipped ?? []),
      ...otherRoots(found.minor, 'migrations'),
      ...unsupportedLimits(found.unsupported),
    ],
  }
}

async function reviewChanges(
  request: FullRequest,
  tree: FileTree,
  repository: Repository,
): Promise<ReviewSet> {
  const base = await decideBase(repository, request.base, request.env)
  await using revision = await openRevision(repository, base, request.settings.exclude)
  const found = await findRoots(tree, request.sources, request.settings)
  if (found.roots.length === 0) throw noMigrations(found)
  const headFiles = new Set(await tree.list())
  const changed = found.roots.filter((root) => rootHasChanges(root, headFiles, revision))
  const reviews = await Promise.all(changed.map((root) => reviewRoot(request, tree, root, revision)))
  const active = reviews.filter(hasWork)
  const chosen = active[0] ?? reviews[0]
  if (active.length > 1)
    onlyRoot(
      active.map(({ root }) => root),
      found,
    )
  const left = [...found.roots, ...found.minor].filter((root) => root !== chosen?.root)
  return {
    ...outcome(chosen, base),
    notChecked: [
      ...(chosen?.comparison.notChecked ?? []),
      ...otherRoots(
        left.filter((root) => rootHasChanges(root, headFiles, revision)),
        'changed files',
      ),
      ...unsupportedLimits(found.unsupported.filter(({ dir }) => hasChangesBelow(dir))),
    ],
  }

  function hasChangesBelow(dir: string): boolean {
    return rootHasChanges({ source: '', dir, found: 'layout' }, headFiles, revision)
  }
}

function hasWork({ comparison }: RootReview): boolean {
  return comparison.underReview.length + comparison.edited.length + comparison.problems.length > 0
}

function outcome(review: RootReview | undefined, base: BaseRevision): Omit<ReviewSet, 'notChecked'> {
  const { description, commit } = base
  return {
    base: commit === undefined ? { description } : { description, commit },
    history: review?.base.scripts ?? [],
    underReview: review?.comparison.underReview ?? [],
    edited: review?.comparison.edited ?? [],
    sharesSession: review?.head.sharesSession ?? false,
    problems: review?.comparison.problems ?? [],
  }
}
