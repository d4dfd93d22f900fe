/** What the report says about each query of the application: a verdict, and the order in which people read them. */

import { latest, queryRef, queryState } from './core/query-model.ts'
import type {
  DeploymentOrder,
  Finding,
  PlanSummary,
  QueriesOutcome,
  QueryEffect,
  QueryResult,
  QueryVerdict,
  ReportQueries,
  ReportQuery,
} from './core/model.ts'

/** Worst first. */
export const verdicts = [
  'broken',
  'other result',
  'slower',
  'blocked',
  'not checkable',
  'unaffected',
] as const satisfies readonly QueryVerdict[]

/** Queries listed one by one; the worst of more. */
const maxListed = 5000

/** Effects of one query, the worst of more: a migration of a hundred statements makes it wait a hundred times. */
const maxEffects = 20

/** UTF-16 code units of one query's SQL, and of one plan: enough for a code frame. */
const maxText = 20_000

/** All details together: with them the report stays far below what `pgrehearse review` reads (32 MB). */
const maxDetails = 8_000_000

/** Queries named that forbid an order of deployment. */
const maxBecause = 50

/**
 * The section "Your queries", worst first, then by calls per second, then by name. Broken: the code that production
 * runs fails on the new schema, or new code fails on it. Blocked: an open finding of a migration names the query as
 * one that waits; waits that nobody notices are none.
 */
export function reportQueries(
  { results, statistics, untried }: QueriesOutcome,
  findings: readonly Finding[],
  deployment: DeploymentOrder | undefined,
): ReportQueries {
  const waiting = waitingQueries(findings)
  const judged = results.map((result) => judge(result, waiting, untried))
  const counts = Object.fromEntries(
    verdicts.map((name) => [name, judged.filter(({ verdict }) => verdict === name).length]),
  ) as Record<QueryVerdict, number>
  const found = new Set(findings.flatMap(({ query }) => query?.id ?? []))
  const all = judged.map(({ result, verdict }) => describe(result, verdict)).sort(worstFirst)
  return {
    list: withinSize(listed(all, found), found),
    counts: { ...counts, checked: results.length - counts['not checkable'] },
    ...(deployment === undefined
      ? {}
      : { deployment: { ...deployment, because: deployment.because.slice(0, maxBecause) } }),
    ...(statistics === undefined ? {} : { statistics }),
  }
}

/** Ids of the queries that open findings name as waiting. */
function waitingQueries(findings: readonly Finding[]): ReadonlySet<string> {
  const named = findings
    .filter(({ allowed }) => allowed === undefined)
    .flatMap(({ queries = [] }) => queries.filter(({ what }) => what === 'waits'))
  return new Set(named.map(({ id }) => id))
}

interface Judged {
  readonly result: QueryResult
  readonly verdict: QueryVerdict
}

/** Nobody knows that nothing happens to a query that was not tried. */
function judge(result: QueryResult, waiting: ReadonlySet<string>, untried: string | undefined): Judged {
  const verdict = verdictOf(result, waiting)
  return verdict === 'unaffected' && untried !== undefined
    ? { result: { ...result, notCheckable: untried }, verdict: 'not checkable' }
    : { result, verdict }
}

function verdictOf(
  { reviewed, effects, notCheckable }: QueryResult,
  waiting: ReadonlySet<string>,
): QueryVerdict {
  if (notCheckable !== undefined) return 'not checkable'
  if (effects.some((effect) => effect.kind === 'break' && effect.when !== 'new code on old schema'))
    return 'broken'
  if (effects.some(isOtherResult)) return 'other result'
  if (effects.some(({ kind }) => kind === 'plan change' || kind === 'table read')) return 'slower'
  return waiting.has(reviewed.id) ? 'blocked' : 'unaffected'
}

/** A column that is never NULL any more surprises no code. */
function isOtherResult(effect: QueryEffect): boolean {
  return effect.kind === 'result change' && effect.changes.some(({ type }) => type !== 'never null now')
}

function describe({ reviewed, effects, notCheckable }: QueryResult, verdict: QueryVerdict): ReportQuery {
  const { text, span } = latest(reviewed)
  return {
    ...queryRef(reviewed),
    state: queryState(reviewed),
    verdict,
    ...(span === undefined ? {} : { span }),
    text: wholeLines(text),
    effects: effects.toSorted(worstEffectFirst).slice(0, maxEffects).map(forReport),
    ...(notCheckable === undefined ? {} : { notCheckable }),
  }
}

const effectRanks: Readonly<Record<QueryEffect['kind'], number>> = {
  break: 0,
  'result change': 1,
  'plan change': 2,
  wait: 3,
  'table read': 4,
  'cached plan': 5,
}

function worstEffectFirst(a: QueryEffect, b: QueryEffect): number {
  const ms = (effect: QueryEffect): number =>
    effect.kind === 'wait' ? (effect.ms?.expected ?? Number.MAX_VALUE) : 0
  const isLate = (effect: QueryEffect): number =>
    effect.kind === 'break' && effect.when === 'new code on old schema' ? 1 : 0
  return effectRanks[a.kind] - effectRanks[b.kind] || isLate(a) - isLate(b) || ms(b) - ms(a)
}

function worstFirst(a: ReportQuery, b: ReportQuery): number {
  return (
    verdicts.indexOf(a.verdict) - verdicts.indexOf(b.verdict) ||
    (b.callsPerSecond ?? 0) - (a.callsPerSecond ?? 0) ||
    compare(a.name, b.name) ||
    compare(a.id, b.id)
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The worst, and whatever findings are about: reports show their lines. */
function listed(all: readonly ReportQuery[], found: ReadonlySet<string>): readonly ReportQuery[] {
  if (all.length <= maxListed) return all
  let free = maxListed - all.filter(({ id }) => found.has(id)).length
  return all.filter(({ id }) => found.has(id) || free-- > 0)
}

/** What findings are about keeps its details, then what is worst, as long as there is room. */
function withinSize(list: readonly ReportQuery[], found: ReadonlySet<string>): readonly ReportQuery[] {
  let free = maxDetails
  const kept = new Set<ReportQuery>()
  for (const query of [
    ...list.filter(({ id }) => found.has(id)),
    ...list.filter(({ id }) => !found.has(id)),
  ]) {
    free -= JSON.stringify([query.text, query.effects]).length
    if (free < 0) break
    kept.add(query)
  }
  return list.map((query) => (kept.has(query) ? query : { ...query, text: '', effects: [] }))
}

/** Cut at the end of a line: whoever compares lines must not meet half of one. */
function wholeLines(text: string): string {
  if (text.length <= maxText) return text
  const end = text.lastIndexOf('\n', maxText)
  return text.slice(0, end > 0 ? end : maxText)
}

/** Without what only the run needs, and with plans of a readable length. */
function forReport(effect: QueryEffect): QueryEffect {
  switch (effect.kind) {
    case 'plan change':
      return { ...effect, before: shortPlan(effect.before), after: shortPlan(effect.after) }
    case 'table read': {
      const { advice } = effect
      return {
        ...effect,
        plan: shortPlan(effect.plan),
        ...(advice === undefined ? {} : { advice: { ...advice, after: shortPlan(advice.after) } }),
      }
    }
    case 'wait': {
      const { transactions: _, ...lock } = effect.lock
      return { ...effect, lock }
    }
    default:
      return effect
  }
}

function shortPlan(plan: PlanSummary): PlanSummary {
  return { ...plan, text: wholeLines(plan.text), shape: plan.shape.slice(0, 100) }
}
