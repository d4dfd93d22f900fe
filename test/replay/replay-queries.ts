import type { Limit, MigrationResult } from '../../src/core/model.ts'
import type { QueriesOutcome } from '../../src/core/query-model.ts'
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

/** Tries the queries of an example as `pgrehearse check` does. */
export async function replayedQueries(stage: QueryStage, example: Example): Promise<TriedExample> {
  const { queries = [], production } = example
  await using admin = await connected(stage.server, stage.after ?? stage.before)
  const catalog = await readQueryCatalog(admin.client, production)
  return {
    limits: [],
    outcome: async () => ({
      results: queries.map((reviewed) => ({ reviewed, effects: [], locks: [] })),
      catalog,
      indexes: [],
      statistics: undefined,
    }),
  }
}
