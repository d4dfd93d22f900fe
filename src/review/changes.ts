import type { FileTree, ReviewSet, SourceRoot } from '../core/source.ts'
import type { BaseRevision } from './base-revision.ts'
import { mayLackMigrations } from './gitlab-pipeline.ts'
import { noMigrations, onlyRoot, otherRoots, unsupportedLimits } from './limits.ts'
import { isWithoutMigrations, noMigrationsLimit } from './no-migrations.ts'
import type { FullRequest } from './request.ts'
import type { Revision } from './revision.ts'
import { reviewRoot, rootHasChanges, type RootReview } from './root-review.ts'
import { findRoots, type FoundRoots } from './roots.ts'
import { surroundingsOf } from './surroundings.ts'

/** What of a tree is asked for. */
export interface ReviewScope {
  /** Roots for which it says no are left alone. */
  readonly concerns: (root: SourceRoot) => boolean
  /** Other files are not said to be passed over, unless that changes what the migrations do. */
  readonly isJudged: (file: string) => boolean
}

const everything: ReviewScope = { concerns: () => true, isJudged: () => true }

/**
 * What is new in a tree since a base revision, on top of the history as it was there. Throws UsageError without migrations (except in pipelines that may lack them), and with changes in more than one folder of them.
 */
export async function reviewChanges(
  request: FullRequest,
  tree: FileTree,
  revision: Revision,
  scope: ReviewScope = everything,
): Promise<ReviewSet> {
  if (mayLackMigrations(request.env) && (await isWithoutMigrations(request, [tree, revision.tree]))) {
    return { ...outcome(undefined, revision.base), notChecked: [noMigrationsLimit()] }
  }
  const { found, isChanged, reviews, active } = await reviewRoots(request, tree, revision, scope)
  const chosen = active[0] ?? reviews[0]
  if (active.length > 1)
    onlyRoot(
      active.map(({ root }) => root),
      found,
    )
  const left = [...found.roots, ...found.minor].filter((root) => root !== chosen?.root)
  return {
    ...outcome(chosen, revision.base),
    notChecked: [
      ...(chosen?.comparison.notChecked ?? []),
      ...otherRoots(left.filter(isChanged), 'changed files'),
      ...unsupportedLimits(found.unsupported.filter(({ dir }) => isChangedBelow(dir))),
    ],
  }

  function isChangedBelow(dir: string): boolean {
    return isChanged({ source: '', dir, found: 'layout' })
  }
}

interface RootReviews {
  readonly found: FoundRoots
  readonly isChanged: (root: SourceRoot) => boolean
  readonly reviews: readonly RootReview[]
  readonly active: readonly RootReview[]
}

async function reviewRoots(
  request: FullRequest,
  tree: FileTree,
  revision: Revision,
  { concerns, isJudged }: ReviewScope,
): Promise<RootReviews> {
  const found = await findRoots(tree, request.sources, request.settings)
  if (found.roots.length === 0) throw noMigrations(found)
  const headFiles = new Set(await tree.list())
  const isChanged = (root: SourceRoot): boolean => concerns(root) && rootHasChanges(root, headFiles, revision)
  const changes = found.roots.filter(isChanged)
  const isOnly = changes.length === 0 && found.roots.length === 1
  const changed = request.withHistory === true && isOnly ? found.roots : changes
  const reviews = await Promise.all(
    changed.map((root) => reviewRoot(request, tree, root, revision, isJudged)),
  )
  return { found, isChanged, reviews, active: reviews.filter(hasWork) }
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
    ...(review === undefined ? {} : { origin: review.origin }),
    edited: review?.comparison.edited ?? [],
    ...(review === undefined ? { sharesSession: false } : surroundingsOf(review.head, review.base)),
    problems: review?.comparison.problems ?? [],
  }
}
