import type { ResultChange, StatementRef } from '../core/model.ts'
import type { Point } from './schema-points.ts'
import { isAccepted, isRefused, rowType, type QueryState, type Refusal } from './query-state.ts'
import { resultChanges } from './result-changes.ts'

/** The statement from which on this is so, to the end. */
export function causeOf(
  points: readonly Point[],
  isSo: (state: QueryState) => boolean,
): StatementRef | undefined {
  let first = points.length
  while (first > 0 && isSo((points[first - 1] as Point).state)) first -= 1
  return points[first]?.ref
}

/**
 * What others see first of a query that fails from then on to the end, and the statement that makes it so; what its
 * transaction meets on the way there nobody sees.
 */
export function lastingFailure(
  points: readonly Point[],
): { readonly refusal: Refusal; readonly cause?: StatementRef } | undefined {
  const works = points.findLastIndex(({ state, committed }) => committed && isAccepted(state))
  let first = points.findIndex(({ committed }, index) => committed && index > works)
  const state = points[first]?.state
  if (!isRefused(state)) return undefined
  const { refusal } = state
  const isSame = (other: QueryState | undefined): boolean =>
    isRefused(other) && other.refusal.message === refusal.message
  while (first - 1 > works && isSame(points[first - 1]?.state)) first -= 1
  const cause = points[first]?.ref
  return { refusal, ...(cause === undefined ? {} : { cause }) }
}

/** A failure that begins and ends with the migrations. */
export interface PassingFailure {
  readonly state: Extract<QueryState, { readonly refusal: unknown }>
  readonly cause?: StatementRef
  readonly until?: StatementRef
}

/** The first time that a query fails between two commits, for one that works in the end. */
export function passingFailure(points: readonly Point[]): PassingFailure | undefined {
  const failing = points.findIndex(({ state, committed }) => committed && isRefused(state))
  const state = points[failing]?.state
  if (!isRefused(state)) return undefined
  let first = failing
  while (first > 0 && isRefused(points[first - 1]?.state)) first -= 1
  const cause = points[first]?.ref
  const until = points.slice(failing).find(({ state: later }) => isAccepted(later))?.ref
  return {
    state,
    ...(cause === undefined ? {} : { cause }),
    ...(until === undefined ? {} : { until }),
  }
}

/** The changes of the result, by the statement that makes them. */
export function changesByCause(
  before: QueryState,
  after: QueryState,
  points: readonly Point[],
): readonly { readonly cause?: StatementRef; readonly changes: readonly ResultChange[] }[] {
  if (!isAccepted(before) || !isAccepted(after)) return []
  const groups = new Map<string, { cause?: StatementRef; changes: ResultChange[] }>()
  for (const change of resultChanges(before.columns, after.columns)) {
    const text = JSON.stringify(change)
    const cause = causeOf(
      points,
      (state) =>
        isAccepted(state) &&
        resultChanges(before.columns, state.columns).some((other) => JSON.stringify(other) === text),
    )
    const key = cause === undefined ? '' : `${cause.file} ${cause.span.start.offset}`
    const group = groups.get(key) ?? { ...(cause === undefined ? {} : { cause }), changes: [] }
    groups.set(key, group)
    group.changes.push(change)
  }
  return [...groups.values()]
}

/** Does a statement prepared under one schema fail under the other, and since when? Undefined: it does not. */
export function cachedPlan(
  before: QueryState,
  after: QueryState,
  points: readonly Point[],
): { readonly cause?: StatementRef } | undefined {
  if (!isAccepted(before) || !isAccepted(after)) return undefined
  const type = rowType(before.columns)
  if (rowType(after.columns) === type) return undefined
  const cause = causeOf(points, (state) => isAccepted(state) && rowType(state.columns) !== type)
  return cause === undefined ? {} : { cause }
}
