/** What a run on several major versions says about the application's queries. Pure. */
import type {
  AffectedQuery,
  DeploymentOrder,
  QueryVerdict,
  ReportQueries,
  ReportQuery,
} from '../core/model.ts'
import type { OfMajor } from './merged-findings.ts'
import { verdicts } from '../report-queries.ts'

/**
 * Each query with its worst verdict, and what that version found; the plans' statistics are those of the main version.
 * @param main of which everything is shown that is the same
 */
export function mergeQueries(
  all: readonly OfMajor<ReportQueries | undefined>[],
  main: number,
): ReportQueries | undefined {
  const shown = all.find(({ major }) => major === main)?.value
  if (shown === undefined) return all.find(({ value }) => value !== undefined)?.value
  const worst = new Map(shown.list.map((query) => [query.id, query]))
  const counts = { ...shown.counts }
  for (const { major, value } of all) {
    for (const query of value?.list ?? []) {
      const known = worst.get(query.id)
      // what no list has is unaffected
      const verdict = known?.verdict ?? 'unaffected'
      if (rank(query.verdict) >= rank(verdict)) continue
      worst.set(query.id, of(query, major))
      counts[verdict] -= 1
      counts[query.verdict] += 1
      if (verdict === 'not checkable') counts.checked += 1
      if (query.verdict === 'not checkable') counts.checked -= 1
    }
  }
  const deployment = mergeDeployment(all.flatMap(({ value }) => value?.deployment ?? []))
  return {
    ...shown,
    list: [...worst.values()].toSorted(worstFirst),
    counts,
    ...(deployment === undefined ? {} : { deployment }),
  }
}

function rank(verdict: QueryVerdict): number {
  return verdicts.indexOf(verdict)
}

function of(query: ReportQuery, major: number): ReportQuery {
  const { notCheckable } = query
  return notCheckable === undefined
    ? query
    : { ...query, notCheckable: `on Postgres ${major}: ${notCheckable}` }
}

function worstFirst(a: ReportQuery, b: ReportQuery): number {
  return (
    rank(a.verdict) - rank(b.verdict) ||
    (b.callsPerSecond ?? 0) - (a.callsPerSecond ?? 0) ||
    compare(a.name, b.name) ||
    compare(a.id, b.id)
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The order that suits all versions; none where one forbids what another one needs. */
function mergeDeployment(all: readonly DeploymentOrder[]): DeploymentOrder | undefined {
  if (all.length === 0) return undefined
  const needed = new Set(all.map(({ order }) => order).filter((order) => order !== 'any'))
  const [only = 'any', ...others] = needed
  return { order: others.length > 0 ? 'none' : only, because: uniqueQueries(all) }
}

function uniqueQueries(all: readonly DeploymentOrder[]): readonly AffectedQuery[] {
  const seen = new Map<string, AffectedQuery>()
  for (const query of all.toReversed().flatMap(({ because }) => because)) {
    const key = JSON.stringify([query.id, query.what])
    if (!seen.has(key)) seen.set(key, query)
  }
  return [...seen.values()]
}
