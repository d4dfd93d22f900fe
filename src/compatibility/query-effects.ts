/** What the states of a query on both schemas mean for the code that runs it. */
import type { BreakEffect, CachedPlanEffect, Query, ResultChangeEffect, StatementRef } from '../core/model.ts'
import { queryState, type ReviewedQuery } from '../core/query-model.ts'
import { breakReason, brokenObject } from './break-reason.ts'
import { cachedPlan, causeOf, changesByCause, lastingFailure, passingFailure } from './causes.ts'
import { ownLimit, type LimitContext } from './own-limits.ts'
import type { QueryShape } from './query-shape.ts'
import { isAccepted, isRefused, type QueryState, type Refusal } from './query-state.ts'
import type { Point } from './schema-points.ts'
import { generatedAfter, generatedBefore, writesStarsOut } from './written-out-stars.ts'

export type CompatibilityEffect = BreakEffect | ResultChangeEffect | CachedPlanEffect

/** What was found out about one SQL text. */
export interface Checked {
  readonly shape: QueryShape
  readonly before: QueryState
  /** Undefined when the migrations did not all succeed. */
  readonly after: QueryState | undefined
  readonly points: readonly Point[]
}

export interface CompatibilityResult {
  readonly effects: readonly CompatibilityEffect[]
  readonly notCheckable?: string
}

/** The four pairs of code and schema. */
export function effectsOf(
  reviewed: ReviewedQuery,
  old: Checked | undefined,
  current: Checked | undefined,
  context: LimitContext,
): CompatibilityResult {
  const effects: CompatibilityEffect[] = []
  // what is said of the query is about the version under review, where that is another one
  let trouble = oldTrouble(old)
  if (old !== undefined && isAccepted(old.before)) {
    effects.push(...oldEffects(writesStarsOut(reviewed.old, old) ? generatedBefore(old) : old))
  }
  const isGenerated = current !== undefined && writesStarsOut(reviewed.new, current)
  const isUnchanged = queryState(reviewed) === 'unchanged'
  if (current !== undefined && (!isUnchanged || (isGenerated && isAccepted(current.after)))) {
    const outcome = newEffects(isGenerated ? generatedAfter(current) : current, reviewed.new, old, context)
    effects.push(...outcome.effects)
    if (!isUnchanged) trouble = outcome.notCheckable
  }
  return { effects, ...(trouble === undefined ? {} : { notCheckable: trouble }) }
}

function oldTrouble(old: Checked | undefined): string | undefined {
  if (old === undefined) return undefined
  const { before, after } = old
  if (after !== undefined && isAccepted(before) && 'unchecked' in after) return after.unchecked
  return troubleOf(before, 'the schema that it was written for')
}

function troubleOf(state: QueryState, where: string): string | undefined {
  if ('unchecked' in state) return state.unchecked
  if (!isRefused(state)) return undefined
  const { message, sqlstate } = state.refusal
  return `Postgres refuses it on ${where}: ${message} (SQLSTATE ${sqlstate}).`
}

function oldEffects({ shape, before, after, points }: Checked): readonly CompatibilityEffect[] {
  if (after === undefined || !isAccepted(before)) return []
  const when = 'old code on new schema'
  const lost = lostFields(before, after)
  if (lost !== undefined) {
    const cause = causeOf(points, (state) => lostFields(before, state) !== undefined)
    return [breakEffect(when, lost, shape, before, { ...(cause === undefined ? {} : { cause }) })]
  }
  if (isRefused(after)) {
    const { refusal, ...cause } = lastingFailure(points) ?? { refusal: after.refusal }
    return [breakEffect(when, refusal, shape, before, cause)]
  }
  const passing = passingFailure(points)
  const between =
    passing === undefined ? [] : [breakEffect(when, passing.state.refusal, shape, before, passing)]
  const results = changesByCause(before, after, points).map(({ cause, changes }): ResultChangeEffect => ({
    kind: 'result change',
    changes,
    star: shape.star,
    ...(cause === undefined ? {} : { cause }),
  }))
  const plan = cachedPlan(before, after, points)
  return [...between, ...results, ...(plan === undefined ? [] : [{ kind: 'cached plan' as const, ...plan }])]
}

/** COPY without a list of columns needs as many fields as the table has columns (NextCopyFrom() in copyfromparse.c). */
function lostFields(before: QueryState, after: QueryState): Refusal | undefined {
  if (!isAccepted(before) || !isAccepted(after)) return undefined
  const [old, fresh] = [before.copyFields, after.copyFields]
  if (old === undefined || fresh === undefined || old.length === fresh.length) return undefined
  const missing = fresh[old.length]
  return {
    sqlstate: '22P04',
    message:
      missing === undefined
        ? 'extra data after last expected column'
        : `missing data for column "${missing}"`,
    evidence: 'derived',
    reason: 'other',
  }
}

function newEffects(
  { shape, before, after, points }: Checked,
  query: Query | undefined,
  old: Checked | undefined,
  context: LimitContext,
): CompatibilityResult {
  if (after === undefined || query === undefined) {
    const trouble = 'unchecked' in before ? before.unchecked : undefined
    return { effects: [], ...(trouble === undefined ? {} : { notCheckable: trouble }) }
  }
  const where = 'the schema after the migrations'
  if ('unchecked' in after) return { effects: [], notCheckable: after.unchecked }
  if (isRefused(after)) {
    const why = ownLimit(after.refusal, query, context)
    // it failed before it was changed, too: something is missing here that both need
    const wasRefused = old !== undefined && isRefused(old.before)
    if (why === undefined && !wasRefused) {
      const tables = [...tablesOf(before), ...tablesOf(old?.before)]
      return { effects: [breakEffect('new code on new schema', after.refusal, shape, { tables }, {})] }
    }
    const because = why === undefined ? '' : ` But ${why}.`
    return { effects: [], notCheckable: `${troubleOf(after, where) ?? ''}${because}` }
  }
  if (!isRefused(before) || !isAccepted(after)) return { effects: [] }
  const cause = causeOf(points, isAccepted)
  return {
    effects: [
      breakEffect('new code on old schema', before.refusal, shape, after, {
        ...(cause === undefined ? {} : { cause }),
      }),
    ],
  }
}

function tablesOf(state: QueryState | undefined): Extract<QueryState, { columns: unknown }>['tables'] {
  return isAccepted(state) ? state.tables : []
}

function breakEffect(
  when: BreakEffect['when'],
  refusal: Refusal,
  shape: QueryShape,
  { tables }: Pick<Extract<QueryState, { columns: unknown }>, 'tables'>,
  { cause, until }: { readonly cause?: StatementRef; readonly until?: StatementRef },
): BreakEffect {
  const { sqlstate, message, hint, evidence } = refusal
  const object = brokenObject(refusal, tables)
  return {
    kind: 'break',
    when,
    reason: breakReason(refusal, shape),
    sqlstate,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(object === undefined ? {} : { object }),
    ...(cause === undefined ? {} : { cause }),
    ...(until === undefined ? {} : { until }),
    evidence,
  }
}
