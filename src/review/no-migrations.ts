import type { Limit } from '../core/model.ts'
import type { FileTree } from '../core/source.ts'
import { isInside, normalisePath } from '../sources/paths.ts'
import { whatWasLookedFor } from './limits.ts'
import type { FullRequest } from './request.ts'
import { findRoots } from './roots.ts'

/**
 * Is there no migration in any of the trees, nor a folder of a tool that we do not know? A merge request whose SQL
 * was removed again is such a case; the review of it says all clear. A configured folder may be missing then.
 */
export async function isWithoutMigrations(
  request: FullRequest,
  trees: readonly FileTree[],
): Promise<boolean> {
  for (const tree of trees) {
    const paths = await tree.list()
    const named = (request.settings.dirs ?? []).map(normalisePath)
    if (named.some((dir) => dir !== undefined && paths.some((path) => isInside(path, dir)))) return false
    const { dirs: _, ...detecting } = request.settings
    const { roots, unsupported } = await findRoots(tree, request.sources, detecting)
    if (unsupported.length > 0 || (named.length === 0 && roots.length > 0)) return false
  }
  return true
}

/** Said out loud, because a job that looks in the wrong place finds nothing either. */
export function noMigrationsLimit(): Limit {
  return {
    code: 'no-migrations',
    message: 'There are no migrations here, neither at the base revision nor now.',
    hint: whatWasLookedFor,
  }
}
