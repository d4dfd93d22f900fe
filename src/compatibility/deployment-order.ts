import type { AffectedQuery, BreakEffect, DeploymentOrder } from '../core/model.ts'
import { queryRef, queryState, type ReviewedQuery } from '../core/query-model.ts'
import type { CompatibilityResult } from './query-effects.ts'
import { endsWithNewCode } from './written-out-stars.ts'

/**
 * In which order migrations and code can go out, by which code fails on which schema. Undefined when no code changes.
 * A query that stays as it is and fails on the new schema forbids both: the new code has it, too. What only production's
 * statistics know may be the same code before it was changed (the columns that sqlc writes out, an ORM's model), so it
 * says nothing of the new code.
 */
export function deploymentOrder(
  queries: readonly ReviewedQuery[],
  results: ReadonlyMap<string, CompatibilityResult>,
): DeploymentOrder | undefined {
  if (queries.every((one) => queryState(one) === 'unchanged')) return undefined
  const againstMigrations: AffectedQuery[] = []
  const againstCode: AffectedQuery[] = []
  for (const reviewed of queries) {
    for (const effect of results.get(reviewed.id)?.effects ?? []) {
      if (effect.kind !== 'break') continue
      const affected = affectedBy(reviewed, effect)
      const isOld = effect.when === 'old code on new schema'
      if (isOld) againstMigrations.push(affected)
      const isKept = isOld && isInNewCode(reviewed) && !endsWithNewCode(effect)
      if (effect.when === 'new code on old schema' || isKept) againstCode.push(affected)
    }
  }
  const because = [
    ...new Map(
      [...againstMigrations, ...againstCode].map((one) => [`${one.id} ${one.detail}`, one]),
    ).values(),
  ]
  return {
    order: orderOf(againstMigrations.length > 0, againstCode.length > 0),
    because: because.toSorted(byRate),
  }
}

function isInNewCode(reviewed: ReviewedQuery): boolean {
  return queryState(reviewed) === 'unchanged' && reviewed.new?.style !== 'pg_stat_statements'
}

function orderOf(migrationsFail: boolean, codeFails: boolean): DeploymentOrder['order'] {
  if (migrationsFail) return codeFails ? 'none' : 'code first'
  return codeFails ? 'migrations first' : 'any'
}

function affectedBy(reviewed: ReviewedQuery, { sqlstate, message, when }: BreakEffect): AffectedQuery {
  return { ...queryRef(reviewed), what: 'fails', detail: `${sqlstate}: ${message} (${when})` }
}

function byRate(one: AffectedQuery, other: AffectedQuery): number {
  return (other.callsPerSecond ?? 0) - (one.callsPerSecond ?? 0)
}
