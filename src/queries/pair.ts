import type { Limit, Query, ReviewedQuery } from '../core/model.ts'
import type { ProductionStatement } from '../core/production.ts'
import { notChecked, type FoundQueries } from './found.ts'
import { queryKey, uniqueIds } from './identity.ts'
import { normalQuery } from './normal-form.ts'
import { joinStatements } from './production-statements.ts'

/**
 * Joins both revisions' queries, and the statements of production. A query that is the same in both is one object (the
 * new one), wherever it stands now; one of the same file and name that is not the same is a changed one.
 * Without an old revision everything counts as unchanged. Statements that are a query of a file give it its rate, the
 * others are queries of their own, old and new. Needs loadParser() when there are statements.
 * The limits are those of the comparison; `current` has its own.
 */
export function pairQueries(
  old: FoundQueries | undefined,
  current: FoundQueries,
  statements: readonly ProductionStatement[],
): { queries: readonly ReviewedQuery[]; limits: readonly Limit[] } {
  const pairs =
    old === undefined ? current.queries.map(unchanged) : pairRevisions(old.queries, current.queries)
  const joined = joinStatements(pairs, statements)
  const queries = uniqueIds([...joined.pairs, ...joined.others])
  return { queries, limits: [...oldLimits(old, current), ...joined.limits] }
}

/** A query in one revision, or in both. */
export interface Pair {
  readonly old?: Query
  readonly new?: Query
}

function unchanged(query: Query): Pair {
  return { old: query, new: query }
}

/**
 * First what has kept its place and its SQL, then its SQL (in its file, then anywhere: it was moved or renamed), then its
 * name in its file (it was changed). In the order of the new revision; what is gone comes last.
 */
function pairRevisions(old: readonly Query[], current: readonly Query[]): readonly Pair[] {
  const partners = new Map<Query, Query>()
  let left = old
  for (const keyOf of [sameQuery, sameSqlInFile, sameSql, queryKey]) {
    left = match(left, current, partners, keyOf)
  }
  const removed = left.map((query): Pair => ({ old: query }))
  const present = current.map((query): Pair => {
    const partner = partners.get(query)
    if (partner === undefined) return { new: query }
    return sameSql(partner) === sameSql(query) ? unchanged(query) : { old: partner, new: query }
  })
  return [...present, ...removed]
}

type KeyOf = (query: Query) => string | undefined

/** Finds partners for queries that have none yet, first come first served; gives the old ones that are left. */
function match(
  old: readonly Query[],
  current: readonly Query[],
  partners: Map<Query, Query>,
  keyOf: KeyOf,
): readonly Query[] {
  if (old.length === 0) return old
  const waiting = new Map<string, Query[]>()
  for (const query of current.toReversed()) {
    const key = partners.has(query) ? undefined : keyOf(query)
    if (key === undefined) continue
    const others = waiting.get(key)
    if (others === undefined) waiting.set(key, [query])
    else others.push(query)
  }
  return old.filter((query) => {
    const key = keyOf(query)
    const partner = key === undefined ? undefined : waiting.get(key)?.pop()
    if (partner !== undefined) partners.set(partner, query)
    return partner === undefined
  })
}

const normal = new WeakMap<Query, string>()

function sameSql(query: Query): string {
  const known = normal.get(query) ?? normalQuery(query.sql)
  normal.set(query, known)
  return known
}

function sameSqlInFile(query: Query): string {
  return JSON.stringify([query.span?.file, sameSql(query)])
}

function sameQuery(query: Query): string | undefined {
  const key = queryKey(query)
  return key === undefined ? undefined : JSON.stringify([key, sameSql(query)])
}

/** What could not be understood in the base revision alone. */
function oldLimits(old: FoundQueries | undefined, current: FoundQueries): readonly Limit[] {
  const said = new Set(current.limits.map(({ message }) => message))
  const known = new Set(current.queries.map(({ span, name }) => JSON.stringify([span?.file, name])))
  const only = (old?.limits ?? []).filter(({ message }) => !said.has(message))
  if (only.length === 0 || known.size === 0) return []
  const first = only[0]?.message ?? ''
  const more = only.length > 1 ? ` (and ${only.length - 1} more)` : ''
  return [notChecked(`In the base revision: ${first}${more}`)]
}
