import { UsageError } from '../core/errors.ts'
import type { SourceRoot } from '../core/source.ts'
import { decideBase } from './base-revision.ts'
import { rootsWithWork } from './changes.ts'
import { findRepository } from './git.ts'

import { fullRequest, type ReviewRequest } from './request.ts'
import { openRevision } from './revision.ts'
import { findRoots } from './roots.ts'
import { stagedRoots } from './staged-review.ts'
import { WorkingTree } from './working-tree.ts'

/**
 * The folders of migrations that a request without a configured folder is about: with `all` every one that counts,
 * else those in which something is new, edited or wrong. Judge one by one with `settings.dirs: [root.dir]` and
 * `settings.source: root.source`. Empty where there is nothing to do, with paths (they name their folder), and where
 * decideReviewSet() has to say why there is nothing to compare.
 */
export async function activeRoots(request: ReviewRequest): Promise<readonly SourceRoot[]> {
  const full = fullRequest(request)
  if (full.paths.length > 0 && full.staged !== true) return []
  const { repository } = await findRepository(full.cwd, full.env)
  if (full.staged === true) return repository === undefined ? [] : stagedRoots(full, repository)
  const tree = new WorkingTree(full.cwd, repository, full.settings.exclude)
  if (full.all) return (await findRoots(tree, full.sources, full.settings)).roots
  if (repository === undefined) return []
  try {
    const base = await decideBase(repository, full.base, full.env)
    await using revision = await openRevision(repository, base, full.settings.exclude)
    return await rootsWithWork(full, tree, revision)
  } catch (error) {
    // the review itself comes to the same end, or knows better
    if (error instanceof UsageError) return []
    throw error
  }
}
