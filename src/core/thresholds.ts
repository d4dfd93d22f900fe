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
 * The budgets of a run are those that GitLab publishes for its own migrations (regular ones 3 minutes).
 * @see https://docs.gitlab.com/development/migration_style_guide/#how-long-a-migration-should-take
 */
export const defaultThresholds: Thresholds = {
  readsBlocked: { warningMs: 100, errorMs: 1000 },
  writesBlocked: { warningMs: 1000, errorMs: 10_000 },
  runMs: 3 * 60_000,
  concurrentMs: 20 * 60_000,
}
