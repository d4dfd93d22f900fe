import type { BreakReason, ResultColumn } from '../core/query-model.ts'
import type { TableFacts } from './table-facts.ts'

/** Why Postgres does not take a query. */
export interface Refusal {
  readonly sqlstate: string
  readonly message: string
  readonly hint?: string
  readonly evidence: 'measured' | 'derived'
  /** Known where it was derived. */
  readonly reason?: BreakReason
  readonly object?: string
}

/** A column of a result. */
export interface StateColumn extends ResultColumn {
  /** OIDs, modifier and collation, as equalRowTypes() compares them; of a domain, not of what is below. */
  readonly exactType: string
  /** OID and number of a column that comes straight from a relation. */
  readonly origin?: string
}

/** What a schema makes of a query. */
export type QueryState =
  | { readonly refusal: Refusal }
  | {
      readonly columns: readonly StateColumn[]
      /** Those that it names. */
      readonly tables: readonly TableFacts[]
      /** A required column that only a trigger may fill. */
      readonly unfilled?: string
      /** Names of the columns that each row of a COPY without a list must have. */
      readonly copyFields?: readonly string[]
    }
  | { readonly unchecked: string }

/** Was it taken? */
export function isAccepted(
  state: QueryState | undefined,
): state is Extract<QueryState, { readonly columns: readonly StateColumn[] }> {
  return state !== undefined && 'columns' in state
}

/** Was it refused? */
export function isRefused(state: QueryState | undefined): state is { readonly refusal: Refusal } {
  return state !== undefined && 'refusal' in state
}

/** Equal for states that mean the same. OIDs of what was created are those of one database. */
export function stateKey(state: QueryState): string {
  if (isRefused(state)) return `${state.refusal.sqlstate} ${state.refusal.message}`
  if ('unchecked' in state) return state.unchecked
  return JSON.stringify([
    state.columns.map((column) => [rowType([column]), column.type, column.nullable, column.from]),
    state.unfilled,
    state.copyFields,
  ])
}

/** Equal when a prepared statement of one would go on under the other (equalRowTypes() in tupdesc.c). */
export function rowType(columns: readonly StateColumn[]): string {
  return JSON.stringify(columns.map(({ name, exactType }) => [name, exactType]))
}
