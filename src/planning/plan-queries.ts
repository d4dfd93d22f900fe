import { serverTrouble } from '../postgres/trouble.ts'
import type { Limit } from '../core/model.ts'
import type {
  IndexUse,
  PlanChangeEffect,
  PlanStatistics,
  PlanSummary,
  ReviewedQuery,
  TableReadEffect,
} from '../core/query-model.ts'
import { indexUses } from './index-use.ts'
import { InflatedCopy } from './inflated-copy.ts'
import { PlanningServer, type PlanningServerRequest } from './planning-server.ts'
import { planAll, type PlannedAll } from './plan-all.ts'
import { QueryJudge } from './query-judge.ts'

/** Queries are planned on an embedded server, whatever the rehearsal runs on. */
export interface PlanningRequest extends PlanningServerRequest {
  /** Those that can be prepared. */
  readonly queries: readonly ReviewedQuery[]
  /** Of the application's sessions; else what the database has. */
  readonly searchPath?: readonly string[]
  /** For everything, the start of the server too; a minute when absent. */
  readonly budgetMs?: number
}

export interface PlanningOutcome {
  /** By the id of the reviewed query; without those that have none. */
  readonly effects: ReadonlyMap<string, readonly (PlanChangeEffect | TableReadEffect)[]>
  /** On the new schema, by the id, for any values of the parameters; without those that cannot be planned. */
  readonly plans: ReadonlyMap<string, PlanSummary>
  readonly indexes: readonly IndexUse[]
  readonly statistics: PlanStatistics
  readonly limits: readonly Limit[]
}

const defaultBudgetMs = 60_000

/**
 * Plans queries before and after the review, on databases that have production's statistics and sizes and no rows, and
 * compares. A query that cannot be planned is left out; nothing of a query stops the others.
 * @throws EnvironmentError when no embedded server can be had, or the schemas do not come about there in time
 */
export async function planQueries(request: PlanningRequest): Promise<PlanningOutcome> {
  const { signal } = request
  const endsAt = performance.now() + (request.budgetMs ?? defaultBudgetMs)
  await using planning = await PlanningServer.open(request, endsAt)
  try {
    return await planOn(planning, request, endsAt)
  } catch (error) {
    signal.throwIfAborted()
    throw serverTrouble(error) ?? error
  }
}

async function planOn(
  planning: PlanningServer,
  request: PlanningRequest,
  endsAt: number,
): Promise<PlanningOutcome> {
  const { production, results, queries, debug } = request
  await using copy = await InflatedCopy.open(planning, { ...request, endsAt })
  const begun = performance.now()
  const all = await planAll(copy, planning, queries)
  debug?.(`plans: ${queries.length} queries in ${Math.round(performance.now() - begun)} ms`)
  const judge = new QueryJudge(copy, planning, production, results, debug)
  const effects = new Map<string, readonly (PlanChangeEffect | TableReadEffect)[]>()
  const plans = new Map<string, PlanSummary>()
  for (const planned of all.planned) {
    const { id } = planned.reviewed
    const summary = planned.variants[0]?.after?.summary
    if (summary !== undefined) plans.set(id, summary)
    const found = await judge.effects(planned)
    if (found.length > 0) effects.set(id, found)
  }
  const indexes = await indexUses(copy, all.planned, results)
  debug?.(`plans: compared after ${Math.round(performance.now() - begun)} ms`)
  return {
    effects,
    plans,
    indexes,
    statistics: copy.statistics,
    limits: [...planning.limits, ...settingLimits(copy), ...timeLimits(all, queries)],
  }
}

function settingLimits({ refusedSettings }: InflatedCopy): readonly Limit[] {
  if (refusedSettings.size === 0) return []
  return [
    {
      code: 'planned-with-other-settings',
      message: `Queries were planned without some of production’s settings, which Postgres does not take here: ${[...refusedSettings].toSorted().join(', ')}.`,
    },
  ]
}

function timeLimits({ left }: PlannedAll, queries: readonly ReviewedQuery[]): readonly Limit[] {
  if (left === 0) return []
  return [
    {
      code: 'queries-not-planned',
      message: `${left} of ${queries.length} queries were not planned, because the time for planning was over.`,
    },
  ]
}
