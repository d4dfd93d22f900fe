import { collectLocks } from '../../src/blocking/collect-locks.ts'
import { waitsOf } from '../../src/blocking/waits.ts'
import { checkCompatibility } from '../../src/compatibility/check-compatibility.ts'
import type { Limit, MigrationResult } from '../../src/core/model.ts'
import type { QueriesOutcome, QueryResult } from '../../src/core/query-model.ts'
import { readQueryCatalog } from '../../src/query-catalog/read-query-catalog.ts'
import type { QueryStage } from '../../src/replay/query-stage.ts'
import { connected } from '../../src/replay/stage.ts'
import type { Example } from '../rules/run-example.ts'

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
    outcome: async (results) => ({
      results: queries.map((reviewed): QueryResult => {
        const { effects = [], notCheckable } = compatibility.results.get(reviewed.id) ?? {}
        const own = locks.get(reviewed.id) ?? []
        return {
          reviewed,
          effects: [...effects, ...waitsOf(own, results)],
          locks: own,
          ...(notCheckable === undefined ? {} : { notCheckable }),
        }
      }),
      catalog,
      indexes: [],
      statistics: undefined,
    }),
  }
}
