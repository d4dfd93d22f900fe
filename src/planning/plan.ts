import type { PlanSummary } from '../core/query-model.ts'

/** A node of EXPLAIN (FORMAT JSON); only what is used here is named (ExplainNode(), explain.c). */
export interface PlanNode {
  readonly 'Node Type': string
  readonly 'Parent Relationship'?: string
  readonly 'Join Type'?: string
  readonly 'Partial Mode'?: string
  readonly Strategy?: string
  readonly Operation?: string
  readonly Schema?: string
  readonly 'Relation Name'?: string
  readonly Alias?: string
  readonly 'Index Name'?: string
  readonly 'Scan Direction'?: string
  readonly 'Startup Cost': number
  readonly 'Total Cost': number
  readonly 'Plan Rows': number
  readonly 'Plan Width': number
  readonly Filter?: string
  readonly 'Join Filter'?: string
  readonly 'Hash Cond'?: string
  readonly 'Merge Cond'?: string
  readonly 'Index Cond'?: string
  readonly 'Recheck Cond'?: string
  readonly 'Order By'?: string
  readonly 'Sort Key'?: readonly string[]
  readonly 'Presorted Key'?: readonly string[]
  readonly 'Group Key'?: readonly string[]
  /** More than Postgres has workers to start for this node. */
  readonly 'Workers Planned'?: number
  /** Of a hash aggregate that is to spill; else 0. */
  readonly 'Planned Partitions'?: number
  readonly Plans?: readonly PlanNode[]
}

/** The plan of one statement, with these values of its parameters. */
export interface Plan {
  readonly root: PlanNode
  readonly summary: PlanSummary
}

/** Postgres refused to plan it. */
export interface PlanError {
  readonly error: string
  readonly sqlstate?: string
}

/** Values of parameters that a query is planned with. */
export interface ParameterChoice {
  /** For people: `any values (generic plan)`, `status = 'pending'`. */
  readonly description: string
  /** SQL literals by the parameter's number; parameters without one are planned as any value. */
  readonly literals: ReadonlyMap<number, string>
}

/** It and all below, top down. */
export function planNodes(root: PlanNode): readonly PlanNode[] {
  return [root, ...(root.Plans ?? []).flatMap(planNodes)]
}
