import type { Different } from './result.ts'

/** Why plans of these queries can differ although the planner has production's statistics. */
const byQuery: Readonly<Record<string, string>> = {
  ProductsWithTag: 'most_common_elems of arrays are not in a snapshot',
  CategoryTree: 'a table of three pages is rounded to another one',
  OrdersAfter: 'the planner looks up the largest id in the index, which is empty here',
}

/** In words; a question mark for what nobody has looked into. */
export function explanationOf({ way, query, ratio, migration, shape }: Different): string {
  if (way !== 'with values') return 'how many rows match is a guess'
  const known = byQuery[query]
  if (known !== undefined) return known
  if (/int to bigint|varchar|rewritten/.test(migration))
    return 'the statistics of a retyped column are those from before, the truth analysed it anew'
  if (/primary key on|new index|index re-created|replaced/.test(migration) && shape === undefined)
    return 'the size of the new index is estimated'
  if (shape === undefined && ratio !== undefined && Math.abs(ratio - 1) < 0.25)
    return 'numbers of a snapshot have three digits'
  return '?'
}
