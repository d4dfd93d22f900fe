import { UsageError } from '../core/errors.ts'
import type { FileTree, ReviewSet } from '../core/source.ts'

import { decideBase } from './base-revision.ts'
import { changedTree } from './changed-tree.ts'
import { reviewChanges } from './changes.ts'
import { skippedLimits, withoutWaysDown } from './compare.ts'
import { findRepository, type Repository, type RepositorySearch } from './git.ts'
import { withoutHeld } from './held.ts'
import { nothingToCompareWith, onlyRoot, otherRoots, unsupportedLimits } from './limits.ts'
import { reviewNamed } from './named-paths.ts'
import { fullRequest, sourceOf, type FullRequest, type ReviewRequest } from './request.ts'
import { openRevision } from './revision.ts'
import { findRoots } from './roots.ts'
import { surroundingsOf } from './surroundings.ts'
import { reviewStaged } from './staged-review.ts'
import { WorkingTree } from './working-tree.ts'

export type { ReviewRequest } from './request.ts'

/**
 * Decides what is judged and what it stands on.
 *
 * - `paths`: those files, on top of what comes before them.
 * - `all`: every migration, on an empty database.
 * - `staged`: what the next commit changes, as the index holds it; see reviewStaged().
 * - else what is new since the base revision (see decideBase), staged, unstaged and untracked files included,
 *   on top of the history as it was at the base revision.
 *
 * An empty `underReview` with empty `edited` and `problems` means that there is nothing to do. Throws
 * UsageError when the question itself cannot be answered: no migrations, no base, more than one folder.
 */
export async function decideReviewSet(request: ReviewRequest): Promise<ReviewSet> {
  const full = fullRequest(request)
  if (full.all && full.base !== undefined) {
    throw new UsageError('--all judges every migration, so there is nothing for --base to compare with.')
  }
  if (full.all && full.staged === true) {
    throw new UsageError('--all judges every migration on disk, and --staged what is staged in git.')
  }
  const search = await findRepository(full.cwd, full.env)
  return { ...withoutHeld(await reviewSetIn(full, search)), ...projectOf(search.repository) }
}

function projectOf(repository: Repository | undefined): Pick<ReviewSet, 'project'> {
  if (repository?.head === undefined) return {}
  return { project: { prefix: repository.prefix, commit: repository.head } }
}

async function reviewSetIn(full: FullRequest, search: RepositorySearch): Promise<ReviewSet> {
  if (full.staged === true) {
    if (search.repository === undefined) throw nothingToCompareWith(search.reason)
    // the index is closed by now
    const { origin: _, ...staged } = await reviewStaged(full, search.repository)
    return staged
  }
  const tree = new WorkingTree(full.cwd, search.repository, full.settings.exclude)
  if (search.repository === undefined && full.base !== undefined) throw nothingToCompareWith(search.reason)
  if (full.paths.length > 0) return reviewNamed(full, tree, search.repository)
  const judged = full.changed === undefined ? tree : changedTree(tree, full.changed)
  if (full.all) return reviewAll(full, judged)
  if (search.repository === undefined) throw nothingToCompareWith(search.reason)
  return reviewWorkingTree(full, judged, search.repository)
}

async function reviewAll(request: FullRequest, tree: FileTree): Promise<ReviewSet> {
  const found = await findRoots(tree, request.sources, request.settings)
  const root = onlyRoot(found.roots, found)
  const origin = { source: sourceOf(request, root.source), root, files: tree, options: request.settings }
  const set = await origin.source.load(root, tree, request.settings)
  return {
    base: { description: '--all' },
    history: [],
    underReview: set.scripts,
    origin,
    edited: [],
    ...surroundingsOf(set),
    problems: set.problems,
    notChecked: [
      ...skippedLimits(withoutWaysDown(set.skipped, set.scripts)),
      ...(set.limits ?? []),
      ...otherRoots(found.minor, 'migrations'),
      ...unsupportedLimits(found.unsupported),
    ],
  }
}

async function reviewWorkingTree(
  request: FullRequest,
  tree: FileTree,
  repository: Repository,
): Promise<ReviewSet> {
  const base = await decideBase(repository, request.base, request.env)
  await using revision = await openRevision(repository, base, request.settings.exclude)
  return await reviewChanges(request, tree, revision)
}
