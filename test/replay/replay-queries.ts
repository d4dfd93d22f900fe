import { collectLocks } from '../../src/blocking/collect-locks.ts'
import { waitsOf } from '../../src/blocking/waits.ts'
import { checkCompatibility } from '../../src/compatibility/check-compatibility.ts'
import type { Limit, MigrationResult } from '../../src/core/model.ts'
import type { QueriesOutcome, QueryResult, ReviewedQuery } from '../../src/core/query-model.ts'
import { planQueries, type PlanningOutcome } from '../../src/planning/plan-queries.ts'
import { readQueryCatalog } from '../../src/query-catalog/read-query-catalog.ts'
import type { QueryStage } from '../../src/replay/query-stage.ts'
import { connected } from '../../src/replay/stage.ts'
import { loadExamples, type Example } from '../rules/run-example.ts'
import { majorOptions } from './servers.ts'

/** What the rehearsal's server said about an example's queries. */
export interface TriedExample {
  readonly limits: readonly Limit[]
  /** With what depends on the migrations' results. */
  outcome(results: readonly MigrationResult[]): Promise<QueriesOutcome>
}

const options = { budgetMs: 60_000, progress: () => {} }

/** Tries the queries of an example as `pgrehearse check` does. */
export async function replayedQueries(stage: QueryStage, example: Example): Promise<TriedExample> {
  const { queries = [], production } = example
  const compatibility = await checkCompatibility(stage, queries, options)
  const checkable = queries.filter(({ id }) => compatibility.results.get(id)?.notCheckable === undefined)
  const { locks, limits } = await collectLocks(stage, checkable, options)
  await using admin = await connected(stage.server, stage.after ?? stage.before)
  const catalog = await readQueryCatalog(admin.client, production)
  return {
    limits: [...compatibility.limits, ...limits],
    outcome: async (results) => {
      const planned = await plansOf(example, stage.server.major, checkable, results)
      return {
        results: queries.map((reviewed): QueryResult => {
          const { id } = reviewed
          const { effects = [], notCheckable } = compatibility.results.get(id) ?? {}
          const own = locks.get(id) ?? []
          const plan = planned?.plans.get(id)
          return {
            reviewed,
            effects: [...effects, ...waitsOf(own, results), ...(planned?.effects.get(id) ?? [])],
            locks: own,
            ...(notCheckable === undefined ? {} : { notCheckable }),
            ...(plan === undefined ? {} : { plan }),
          }
        }),
        catalog,
        indexes: planned?.indexes ?? [],
        statistics: planned?.statistics,
      }
    },
  }
}

/** Plans at production's sizes. A server of its own takes seconds: only for rules that need one. */
async function plansOf(
  { production, history, review, ruleId }: Example,
  major: number,
  queries: readonly ReviewedQuery[],
  results: readonly MigrationResult[],
): Promise<PlanningOutcome | undefined> {
  if (production === undefined || !hasReplayOnly(ruleId)) return undefined
  return planQueries({
    serverOptions: majorOptions(major),
    history,
    review,
    results,
    sharesSession: false,
    settings: { TimeZone: 'UTC' },
    roles: [],
    statementTimeoutMs: 60_000,
    production,
    queries,
    signal: new AbortController().signal,
    progress: () => {},
  })
}

function hasReplayOnly(ruleId: string): boolean {
  return loadExamples(ruleId).some(({ marks }) => marks.some(({ replayOnly }) => replayOnly))
}
