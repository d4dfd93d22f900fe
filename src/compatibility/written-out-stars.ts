import type { BreakEffect, Query } from '../core/model.ts'
import type { Checked } from './query-effects.ts'
import { isAccepted, type QueryState, type StateColumn } from './query-state.ts'

/**
 * sqlc writes the columns of `*` out when it generates code ("Naming parameters" and "Selecting rows" of docs.sqlc.dev): what
 * runs names the columns that the schema had then.
 */
export function writesStarsOut(query: Query | undefined, { shape }: Checked): boolean {
  return query?.style === 'sqlc' && shape.star
}

/** As code sees it that was generated on the old schema. */
export function generatedBefore(checked: Checked): Checked {
  const { shape, before, after, points } = checked
  return {
    shape: { ...shape, star: false },
    before,
    after: after === undefined ? undefined : named(before, after),
    points: points.map((point) => ({ ...point, state: named(before, point.state) })),
  }
}

/** As code sees it that was generated on the new schema. */
export function generatedAfter(checked: Checked): Checked {
  const { shape, before, after, points } = checked
  if (after === undefined) return checked
  return {
    shape: { ...shape, star: false },
    before: named(after, before),
    after,
    points: points.map((point) => ({ ...point, state: named(after, point.state) })),
  }
}

/** Does the code fail only until it is generated again? */
export function endsWithNewCode({ when, reason, evidence }: BreakEffect): boolean {
  return when === 'old code on new schema' && reason === 'missing column' && evidence === 'derived'
}

/** What the schema of `state` makes of a query that names the columns of `reference`. */
function named(reference: QueryState, state: QueryState): QueryState {
  if (!isAccepted(reference) || !isAccepted(state)) return state
  const left = [...state.columns]
  const columns: StateColumn[] = []
  for (const column of reference.columns) {
    const at = left.findIndex(({ name }) => name === column.name)
    const [found] = at < 0 ? [] : left.splice(at, 1)
    if (found === undefined) return { refusal: missing(column) }
    columns.push(found)
  }
  return { ...state, columns }
}

function missing({ name, from }: StateColumn): Extract<QueryState, { refusal: unknown }>['refusal'] {
  return {
    sqlstate: '42703',
    message: `column "${name}" does not exist`,
    hint: 'sqlc has written the columns of * out in the code that it generated.',
    evidence: 'derived',
    reason: 'missing column',
    ...(from === undefined ? {} : { object: from }),
  }
}
