/** From how long on a wait is worth a warning, and an error. */
export interface WaitThresholds {
  readonly warningMs: number
  readonly errorMs: number
}

/** What makes a duration a finding. The configuration may change each. */
export interface Thresholds {
  /** Reads and writes wait (AccessExclusiveLock). */
  readonly readsBlocked: WaitThresholds
  /** Writes wait, reads go on; also rows that a long transaction keeps locked. */
  readonly writesBlocked: WaitThresholds
  /** All migrations under review together, but for what blocks nobody. */
  readonly runMs: number
  /** One statement that blocks nobody: CREATE INDEX CONCURRENTLY and its like. */
  readonly concurrentMs: number
}

/**
 * The budgets are after those that GitLab publishes for itself. `runMs`: a regular migration, which a deployment waits
 * for, takes at most 3 minutes (a migration after the deployment 10); here that is for all of a merge request, because
 * a deployment waits for all of them. `concurrentMs`: a concurrent operation in a migration after the deployment takes
 * at most 20 minutes (before it 5).
 * @see https://docs.gitlab.com/development/migration_style_guide/#how-long-a-migration-should-take
 * @see https://docs.gitlab.com/development/database/query_performance/#timing-guidelines-for-queries
 */
export const defaultThresholds: Thresholds = {
  readsBlocked: { warningMs: 100, errorMs: 1000 },
  writesBlocked: { warningMs: 1000, errorMs: 10_000 },
  runMs: 3 * 60_000,
  concurrentMs: 20 * 60_000,
}
