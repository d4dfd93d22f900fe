import type { FailOn } from '../core/model.ts'

/** What holds when neither the command line nor the configuration says otherwise. */
export const configDefaults = {
  failOn: 'error',
  requireRehearsal: false,
  timeZone: 'UTC',
  policy: 'branch',
  baseline: '.pgrehearse-baseline.yaml',
  /** Milliseconds after which the watchdog cancels a statement. */
  statementTimeout: 60_000,
  /** Milliseconds for a command that is recorded. */
  commandTimeout: 600_000,
  /** Milliseconds for trying statements out on synthetic rows. */
  sampling: { budget: 20_000 },
  /** Milliseconds for creating a clone of production, and again for the migrations on it. */
  cloneTimeout: 15 * 60_000,
  review: { name: 'default', maxThreads: 20, allow: 'developer' },
  queries: { tags: ['sql', 'SQL', '$queryRaw', '$executeRaw'], preparedStatements: 'unnamed' },
} as const satisfies {
  failOn: FailOn
  requireRehearsal: boolean
  timeZone: string
  policy: 'branch' | 'target-branch'
  baseline: string
  statementTimeout: number
  commandTimeout: number
  sampling: { budget: number }
  cloneTimeout: number
  review: { name: string; maxThreads: number; allow: 'developer' | 'maintainer' | 'not-the-author' }
  queries: { tags: readonly string[]; preparedStatements: 'named' | 'unnamed' }
}
