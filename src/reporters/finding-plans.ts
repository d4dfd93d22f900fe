/** Plans under a finding about a slower query, or about one that wants an index. */

import { queriesById, queryOf } from './frame.ts'
import { cutText } from './markdown-text.ts'
import type { Finding, PlanSummary, QueryEffect, Report, ReportQuery } from '../core/model.ts'

/** The plans of one query. */
export interface QueryPlans {
  readonly query: ReportQuery
  readonly plans: readonly NamedPlan[]
}

export interface NamedPlan {
  /** `Before the migrations`, `With the index`. */
  readonly title: string
  /** Values that it was planned with, as the report says; undefined for a query without parameters. */
  readonly parameters: string | undefined
  /** What EXPLAIN printed, cut at the end of a line. */
  readonly text: string
}

/** Rules whose findings on a query are about its plan. */
const planRules: readonly string[] = ['avoid-slower-queries', 'require-index-for-query']

const maxQueries = 3
const maxLines = 60
const maxLength = 4000

/** Of the query that the finding is about, or of the first that a migration makes slower; empty for other findings. */
export function findingPlans(report: Report, finding: Finding): readonly QueryPlans[] {
  const own = planRules.includes(finding.ruleId) ? queryOf(report, finding) : undefined
  const named = (finding.queries ?? [])
    .filter(({ what }) => what === 'slower' || what === 'uses it')
    .flatMap(({ id }) => queriesById(report).get(id) ?? [])
  return [...(own === undefined ? [] : [own]), ...named]
    .map((query) => ({ query, plans: query.effects.flatMap(plansOf) }))
    .filter(({ plans }) => plans.length > 0)
    .slice(0, maxQueries)
}

/** The plans that an effect rests on. */
export function plansOf(effect: QueryEffect): readonly NamedPlan[] {
  const named = (title: string, { text }: PlanSummary, parameters: string): NamedPlan => ({
    title,
    parameters: parameters === 'none' ? undefined : parameters,
    text: cutPlan(text),
  })
  if (effect.kind === 'plan change')
    return [
      named('Before the migrations', effect.before, effect.parameters),
      named('After them', effect.after, effect.parameters),
    ]
  if (effect.kind !== 'table read') return []
  const { plan, advice, parameters } = effect
  return [
    named('As it is', plan, parameters),
    ...(advice === undefined ? [] : [named('With the index', advice.after, parameters)]),
  ]
}

function cutPlan(text: string): string {
  return cutText(text.split('\n').slice(0, maxLines).join('\n'), maxLength)
}
