import type { Limit } from '../core/model.ts'
import type {
  ColumnStatistics,
  PlannerFacts,
  ProductionSettings,
  ProductionStatement,
  ReplicationFacts,
  TableFacts,
} from '../core/production.ts'

/** What one file tells. */
export interface FileFacts {
  readonly kind: 'snapshot' | 'statistics dump' | 'clone'
  readonly takenAt?: string
  readonly tables: readonly TableFacts[]
  readonly settings: ProductionSettings
  readonly replication?: ReplicationFacts
  readonly serverVersion?: string
  readonly statements?: readonly ProductionStatement[]
  readonly planner?: PlannerFacts
  /** What it does not tell, or should not. */
  readonly limits: readonly Limit[]
}

/** Header and item pointer of a row: 23 bytes, aligned to 24, and 4. */
const rowOverheadBytes = 28

/** Of a page, without its header. */
const usedShare = 8168 / 8192

/** Rows that fill this many bytes of heap, by the average width of the columns; undefined without those. */
export function estimateRows(
  bytes: number,
  columns: readonly ColumnStatistics[] | undefined,
): number | undefined {
  if (bytes === 0) return 0
  if (columns === undefined || columns.length === 0) return undefined
  const data = columns.reduce((sum, { width, nullFraction }) => sum + width * (1 - nullFraction), 0)
  return Math.round((bytes * usedShare) / (rowOverheadBytes + data))
}
