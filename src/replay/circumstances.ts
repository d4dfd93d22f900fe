import type { Migration } from '../core/model.ts'
import type { SkippedFile } from '../core/source.ts'

/** What migrations run on and in, wherever they run. */
export interface Circumstances {
  readonly history: readonly Migration[]
  readonly review: readonly Migration[]
  /** What the tool runs before or between them and we cannot: nobody knows what it creates. Absent: nothing. */
  readonly leftOut?: readonly SkippedFile[]
  readonly sharesSession: boolean
  /** Session defaults: production's TimeZone and what the migration runner sets by itself. */
  readonly settings: Readonly<Record<string, string>>
  /** Roles to create besides those that the SQL names. */
  readonly roles: readonly string[]
  readonly statementTimeoutMs: number
  readonly signal: AbortSignal
  readonly progress: (message: string) => void
}
