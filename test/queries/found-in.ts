import type { Limit, Query } from '../../src/core/model.ts'
import { findQueries, type FoundQueries, type QuerySettings } from '../../src/queries/find.ts'
import { treeOf } from '../sources/file-tree.ts'

/** What is found in these files. */
export function foundIn(
  files: Readonly<Record<string, string | Uint8Array>>,
  settings: QuerySettings = {},
): Promise<FoundQueries> {
  return findQueries(treeOf(files), settings, (path) => path.startsWith('migrations/'))
}

/** The queries of one file; nothing may be left unsaid. */
export async function queriesIn(
  text: string,
  file = 'queries.sql',
  settings: QuerySettings = {},
): Promise<readonly Query[]> {
  const { queries, limits } = await foundIn({ [file]: text }, settings)
  if (limits.length > 0) throw new Error(limits.map(({ message }) => message).join('\n'))
  return queries
}

/** Why things of one file are not checked. */
export async function limitsIn(
  text: string,
  file = 'queries.sql',
  settings: QuerySettings = {},
): Promise<readonly string[]> {
  return (await foundIn({ [file]: text }, settings)).limits.map(shown)
}

/** `12: message` */
export function shown({ message, span }: Limit): string {
  return span === undefined ? message : `${span.start.line}: ${message}`
}

/** A query's parameters in short: `1 id, 2 ids list`. */
export function parametersOf({ parameters }: Query): string {
  return parameters
    .map(({ number, name, isList }) => [number, name, isList ? 'list' : undefined].filter(Boolean).join(' '))
    .join(', ')
}
