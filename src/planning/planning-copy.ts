import type { Query } from '../core/query-model.ts'
import type { PlanStatistics } from '../core/query-model.ts'
import type { ParameterChoice, Plan, PlanError } from './plan.ts'

/** Before or after the migrations under review. */
export type Side = 'before' | 'after'

/** A column as the planner sees it. */
export interface PlannedColumn {
  readonly attnum: number
  readonly name: string
  /** As format_type() prints it. */
  readonly type: string
  readonly notNull: boolean
  /** Absent: production's statistics do not have the column. */
  readonly statistics?: {
    readonly nullFraction: number
    /** Values, not a share: pg_stats.n_distinct times rows where it is negative. */
    readonly distinct: number
    readonly width: number
    readonly correlation?: number
    readonly hasValues: boolean
  }
}

/** A valid index as the planner sees it. */
export interface PlannedIndex {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly method: string
  readonly unique: boolean
  /** It belongs to a PRIMARY KEY, UNIQUE or EXCLUDE constraint, or is unique. */
  readonly enforces: boolean
  readonly keys: readonly {
    readonly column?: string
    /** As pg_get_indexdef() prints it. */
    readonly expression?: string
    readonly operatorClass?: string
  }[]
  readonly predicate?: string
  /** As pg_get_indexdef() prints it. */
  readonly definition: string
  /** Without its name: `btree(customer_id, created_at) WHERE …`; two indexes with the same one serve alike. */
  readonly signature: string
  /** In pages of 8 kB; absent: not known, it is planned as empty. */
  readonly pages?: number
}

/** A table, partitioned table, partition or materialized view, at production's size. */
export interface PlannedTable {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: 'table' | 'partitioned table' | 'materialized view'
  /** Of the partitioned table that it is a partition of. */
  readonly partitionOf?: number
  /** In production, with partitions; absent: not known, so nothing is to be said about it. */
  readonly rows?: number
  /** Of the heap, in pages of 8 kB. */
  readonly pages?: number
  readonly columns: readonly PlannedColumn[]
  readonly indexes: readonly PlannedIndex[]
  /** Those that the table has itself: it references. */
  readonly foreignKeys?: readonly { readonly name: string; readonly columns: readonly string[] }[]
}

/** An index that was created for trying it out, and how large it would be. */
export interface TrialIndex {
  readonly signature: string
  /** With those of partitions. */
  readonly bytes: number
}

/**
 * Databases before and after the review with production's statistics and sizes and no rows, on a server of their own.
 * Everything that plans runs as the migrator with a deadline, because planning runs functions of migrations.
 */
export interface PlanningCopy {
  readonly statistics: PlanStatistics
  readonly signal: AbortSignal
  /** Milliseconds that are left for planning; at 0 everything answers at once with an error. */
  readonly leftMs: number
  /** The catalogue of one side; tables in order of their names. */
  tables(side: Side): readonly PlannedTable[]
  /**
   * Plans a statement; never throws for what Postgres refuses. Without `parameters`: for any values (a generic plan),
   * with 50 for LIMIT $n and 0 for OFFSET $n. Answers are remembered, except within {@link withIndex}.
   */
  explain(query: Query, side: Side, parameters?: ParameterChoice): Promise<Plan | PlanError>
  /**
   * Creates an index on the `after` side (`sql`: CREATE INDEX, not CONCURRENTLY), gives it the size and height that a
   * fresh one has in production, does `work`, and drops it. Not to be nested, nor called at the same time twice. An
   * error when Postgres refuses the index.
   */
  withIndex<T>(sql: string, work: (index: TrialIndex) => Promise<T>): Promise<T | PlanError>
}
