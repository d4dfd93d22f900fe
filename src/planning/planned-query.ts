import type { Production } from '../core/production.ts'
import type { Query, ReviewedQuery } from '../core/query-model.ts'
import type { ParameterChoice, Plan } from './plan.ts'
import type { PlannedTable } from './planning-copy.ts'

/** One statement planned with the same values on both sides. */
export interface PlannedVariant {
  /** Absent: any values, a generic plan. */
  readonly parameters?: ParameterChoice
  /** For people: `any values (generic plan)`, `status = 'pending'`, `no parameters`. */
  readonly description: string
  /** Absent: Postgres refuses it there. */
  readonly before?: Plan
  readonly after?: Plan
}

/** A query and what the planner makes of it, the newest version; the old one as well where it is another. */
export interface PlannedQuery {
  readonly reviewed: ReviewedQuery
  /** Of the newest version; the first variant is the one for any values. */
  readonly variants: readonly PlannedVariant[]
  /** Of the old version, where the query is changed. */
  readonly oldVariants: readonly PlannedVariant[]
}

/** A query that reads a whole table although it wants few of its rows: is there an index for it? */
export interface AdviceRequest {
  readonly query: Query
  /** On the `after` side. */
  readonly plan: Plan
  readonly parameters?: ParameterChoice
  readonly table: PlannedTable
  readonly production: Production
}
