import { ToolError, UsageError } from '../core/errors.ts'
import type { FileTree, SourceRoot } from '../core/source.ts'
import type { UnsupportedFolder } from '../sources/owners.ts'
import { decideBase } from './base-revision.ts'
import type { Repository } from './git.ts'
import { sourceOf, type FullRequest } from './request.ts'
import { openRevision, type Revision } from './revision.ts'
import { rootHasChanges } from './root-review.ts'
import { findRoots, type FoundRoots } from './roots.ts'

/**
 * Refuses a branch that takes a folder of migrations out of the judgement while it changes what is in it: by a file that
 * makes it look like another tool's, or another database's, or by a folder elsewhere that looks more like migrations. A
 * merge request could get by with one line otherwise, as long as any other folder is left.
 * @throws {UsageError}
 */
export async function refuseLostRoots(
  request: FullRequest,
  repository: Repository,
  tree: FileTree,
  { roots, minor, unsupported }: FoundRoots,
): Promise<void> {
  const { dirs = [], source, exclude } = request.settings
  const passedOver = [...unsupported, ...minor]
  if (request.all || dirs.length > 0 || roots.length === 0 || passedOver.length === 0) return
  await using revision = await revisionOf(request, repository)
  if (revision === undefined) return
  const headFiles = new Set(await tree.list())
  const lost = passedOver.filter(({ dir }) =>
    rootHasChanges({ source: '', dir, found: 'layout' }, headFiles, revision),
  )
  if (lost.length === 0) return
  const settings = {
    ...(source === undefined ? {} : { source }),
    ...(exclude === undefined ? {} : { exclude }),
  }
  const before = (await findRoots(revision.tree, request.sources, settings)).roots
  for (const folder of lost) {
    const root = before.find(({ dir }) => dir === folder.dir)
    if (root !== undefined) throw lostRoot(request, root, folder, revision.base.description)
  }
}

/** Undefined where there is nothing to compare with, which the review itself will say. */
async function revisionOf(request: FullRequest, repository: Repository): Promise<Revision | undefined> {
  try {
    const base = await decideBase(repository, request.base, request.env)
    return await openRevision(repository, base, request.settings.exclude)
  } catch (error) {
    if (error instanceof ToolError) return undefined
    throw error
  }
}

function lostRoot(
  request: FullRequest,
  { source, dir }: SourceRoot,
  now: SourceRoot | UnsupportedFolder,
  base: string,
): UsageError {
  const where = dir === '' ? 'The project root' : dir
  const title = sourceOf(request, source).title
  const why =
    'tool' in now
      ? `now it looks like ${now.tool} (${now.because})`
      : 'now other folders look more like migrations'
  return new UsageError(
    `${where} holds migrations for ${title} at ${base}; ${why}, so that what changes in it would not be judged.`,
    { hint: 'Undo that, or say with migrations.dir in the configuration which folders count.' },
  )
}
