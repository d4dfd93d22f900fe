/** The application's queries under a finding of a migration. */

import { commaList, plainPieces, type Pieces } from './pieces.ts'
import { queryPieces } from './query-words.ts'
import type { AffectedQuery, Finding } from '../core/model.ts'

/** Named in texts that are read in one go; the HTML and JSON reports have all. */
const fewQueries = 5

const words: Readonly<Record<AffectedQuery['what'], readonly [singular: string, plural: string]>> = {
  fails: ['fails', 'fail'],
  'other result': ['gets another result', 'get another result'],
  slower: ['gets slower', 'get slower'],
  waits: ['waits', 'wait'],
  'fails once': [
    'fails once where a session keeps it prepared',
    'fail once where sessions keep them prepared',
  ],
  'uses it': ['uses it', 'use it'],
}

/** Queries that the same thing happens to. */
export interface AffectedGroup {
  /** `3 wait`, `1 query fails`. */
  readonly lead: string
  /** Which: a sentence part each. */
  readonly queries: readonly Pieces[]
  /** Queries that are not named. */
  readonly more: number
  /** Said of all of them; else it stands with each. */
  readonly why: Pieces
}

export interface AffectedOptions {
  /** Queries named of each group. */
  readonly named?: number
  /** Is it clear from the place that queries are counted? */
  readonly counted?: 'queries' | undefined
  /** Without line numbers, for texts that outlive a push. */
  readonly lasting?: boolean
}

/** Groups of queries, worst first; empty when the finding names none. */
export function affectedGroups(
  { queries = [] }: Pick<Finding, 'queries'>,
  { named = fewQueries, counted, lasting = false }: AffectedOptions = {},
): readonly AffectedGroup[] {
  const kinds = (Object.keys(words) as AffectedQuery['what'][]).map((what) => ({
    what,
    all: queries.filter((query) => query.what === what),
  }))
  return kinds.flatMap(({ what, all }) => {
    if (all.length === 0) return []
    const shown = all.slice(0, named)
    const isShared = shown.length > 1 && shown.every(({ detail }) => detail === shown[0]?.detail)
    const [singular, plural] = words[what]
    const noun = counted === 'queries' ? '' : all.length === 1 ? ' query' : ' queries'
    return [
      {
        lead: `${all.length}${noun} ${all.length === 1 ? singular : plural}`,
        queries: shown.map((query) =>
          queryPieces(query, { lasting, ...(isShared ? {} : { why: detailOf(query) }) }),
        ),
        more: all.length - shown.length,
        why: isShared ? detailOf(shown[0]) : [],
      },
    ]
  })
}

function detailOf(query: AffectedQuery | undefined): Pieces {
  return query?.detail === undefined ? [] : [{ said: query.detail }]
}

/** A sentence per group: `3 queries wait: ListOrders (queries/orders.sql:12, 96 per second), … and 2 more`. */
export function affectedPieces(finding: Finding, options: AffectedOptions = {}): readonly Pieces[] {
  return affectedGroups(finding, options).map(({ lead, queries, more, why }) => [
    `${lead}: `,
    ...commaList(queries, more),
    ...(why.length === 0 ? [] : [' — ', ...why]),
  ])
}

/** {@link affectedPieces} as plain text. */
export function affectedLines(finding: Finding, options: AffectedOptions = {}): readonly string[] {
  return affectedPieces(finding, options).map(plainPieces)
}
