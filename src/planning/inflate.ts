import { EnvironmentError } from '../core/errors.ts'
import { emptyBtree, isBtreeMeta } from '../postgres/btree-pages.ts'
import { segmentPages, type RelationFiles } from '../postgres/relation-files.ts'
import type { SizedSide } from './figures-after.ts'
import { uncountedIndexes } from './partial-indexes.ts'
import type { IndexFigures } from './side-facts.ts'

/** Files that one database may get: 50 TB in one table, or 50,000 tables. A snapshot is not trusted. */
const mostSegments = 50_000

/**
 * Makes the files of a database as long as production's, with holes, and its b-trees as high. The planner asks for the
 * length of files and not for relpages (estimate_rel_size(), plancat.c). Nobody may have read the indexes before.
 * Partial indexes that nobody has counted stay as they are.
 * @throws EnvironmentError when the sizes cannot be had here
 */
export function inflate(files: RelationFiles, { catalog, figures }: SizedSide): void {
  const later = new Set(uncountedIndexes({ catalog, figures }).map(({ oid }) => oid))
  const indexes = [...figures.indexes].filter(([oid]) => !later.has(oid))
  const relations = [
    ...[...figures.tables].map(([oid, { pages }]) => ({ path: catalog.tables.get(oid)?.path, pages })),
    ...indexes.map(([oid, { pages }]) => ({ path: catalog.indexes.get(oid)?.path, pages })),
  ].flatMap(({ path, pages }) => (typeof path === 'string' ? [{ path, pages }] : []))
  const segments = relations.reduce((sum, { pages }) => sum + Math.ceil(pages / segmentPages), 0)
  if (segments > mostSegments) {
    throw new EnvironmentError('the sizes of production’s tables add up to more than can be')
  }
  try {
    files.together(() => {
      for (const [oid, index] of indexes) raiseTree(files, catalog.indexes.get(oid)?.path, index)
      files.resize(relations)
    })
  } catch (cause) {
    const { message } = cause as Error
    throw new EnvironmentError(`files of production’s sizes cannot be made here: ${message}`, { cause })
  }
}

/** Gives a b-tree its height; other kinds of indexes are planned by their size alone. */
export function raiseTree(
  files: RelationFiles,
  path: string | null | undefined,
  { levels }: Pick<IndexFigures, 'levels'>,
): void {
  if (levels === undefined || path === null || path === undefined) return
  const meta = files.firstPage(path)
  if (meta !== undefined && isBtreeMeta(meta)) files.writeFirstPages(path, emptyBtree(meta, levels))
}
