/** Queries of the application in words. */
import type { AffectedQuery, QueryRef } from './query-model.ts'

/** More names nobody reads. */
const mostNames = 3

/** Each once, most often run first. */
export function eachQuery<Q extends QueryRef>(queries: readonly Q[]): readonly Q[] {
  const once = [...new Map(queries.map((query) => [query.id, query])).values()]
  return once.toSorted((one, other) => (other.callsPerSecond ?? 0) - (one.callsPerSecond ?? 0))
}

/** `ListOrders`, `ListOrders and GetOrder`, `A, B and C`, `A, B, C and 4 more queries`: with {@link eachQuery}'s order. */
export function nameQueries(queries: readonly QueryRef[]): string {
  const names = eachQuery(queries).map(({ name }) => name)
  const more = names.length - mostNames
  if (more > 0)
    return `${names.slice(0, mostNames).join(', ')} and ${more} more ${more === 1 ? 'query' : 'queries'}`
  const last = names.at(-1) ?? ''
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}

/** `one query fails`, `two fail`: the verb with its ending. */
export function verbFor(queries: readonly QueryRef[], verb: string): string {
  return eachQuery(queries).length === 1 ? `${verb}s` : verb
}

/** Under a finding: each query once, with what becomes of it. */
export function affectedQueries(
  queries: readonly { readonly query: QueryRef; readonly detail?: string }[],
  what: AffectedQuery['what'],
): readonly AffectedQuery[] {
  return eachQuery(queries.map(({ query }) => query)).map((query) => {
    const own = queries.filter((one) => one.query.id === query.id)
    const detail = [...new Set(own.flatMap((one) => one.detail ?? []))].join('; ')
    return { ...query, what, ...(detail === '' ? {} : { detail }) }
  })
}

/**
 * For queries that fail on the new schema and that the code under review has as they are: they go on failing when all
 * is out. Of what only production's statistics know nobody knows what the new code has.
 */
export function stayingNotes(staying: readonly { readonly query: QueryRef }[]): readonly string[] {
  const queries = staying.map(({ query }) => query).filter(({ file }) => file !== undefined)
  if (queries.length === 0) return []
  const its = queries.length === 1 ? 'is not changed' : 'are not changed'
  return [
    `${nameQueries(queries)} ${its} in this merge request, and ${verbFor(queries, 'fail')} after the deployment, too.`,
  ]
}
