import type { SourceRoot } from '../core/source.ts'
import { findRepository } from './git.ts'
import { openIndex, stagedPlace } from './index-tree.ts'
import { refuseLostRoots } from './lost-roots.ts'
import { fullRequest, type ReviewRequest } from './request.ts'
import { findRoots } from './roots.ts'
import { WorkingTree } from './working-tree.ts'

/**
 * The folders of migrations that count, in the working tree or, with `staged`, in the index. Judge one by one with
 * `settings.dirs: [root.dir]` and `settings.source: root.source`. Reads names and a few files.
 * @throws {UsageError} where the branch hides a folder that it changes, see refuseLostRoots()
 */
export async function migrationRoots(request: ReviewRequest): Promise<readonly SourceRoot[]> {
  const full = fullRequest(request)
  const { repository } = await findRepository(full.cwd, full.env)
  if (full.staged !== true || repository === undefined) {
    const tree = new WorkingTree(full.cwd, repository, full.settings.exclude)
    const found = await findRoots(tree, full.sources, full.settings)
    if (repository !== undefined) await refuseLostRoots(full, repository, tree, found)
    return found.roots
  }
  await using index = await openIndex(await stagedPlace(repository), full.settings.exclude)
  return (await findRoots(index.tree, full.sources, full.settings)).roots
}
