/** The section "Your queries": what every format shows of it. */

import { displayKey } from '../core/locks.ts'
import { queriesById } from './frame.ts'
import { isNamedByPlace, effectWords, queryPieces, rateWords, whereOf } from './query-words.ts'
import { commaList, type Pieces } from './pieces.ts'
import { count, list } from './words.ts'
import type {
  AffectedQuery,
  BreakEffect,
  DeploymentOrder,
  Finding,
  PlanStatistics,
  QueryEffect,
  QueryVerdict,
  Report,
  ReportQueries,
  ReportQuery,
} from '../core/model.ts'

export const queriesTitle = 'Your queries'

/** Queries named that cannot be checked. */
const maxNotCheckable = 5

/** Queries named that forbid an order of deployment. */
const maxBecause = 3

/** Reasons given for one query. */
const maxWhy = 2

/** A query that something happens to. */
export type AffectedVerdict = Exclude<QueryVerdict, 'unaffected' | 'not checkable'>

/** A row of the table. */
export interface QueryRow {
  readonly query: ReportQuery
  readonly verdict: AffectedVerdict
  readonly name: Pieces
  /** Its file and line; empty when that is its name already. */
  readonly where: Pieces
  readonly rate: string | undefined
  /** `waits about 2 min 10 s` */
  readonly what: string
  /** A line each. */
  readonly why: readonly Pieces[]
}

export interface QueriesSection {
  /** `26 queries checked: 1 broken, 3 blocked and 22 unaffected; 2 not checkable.` */
  readonly counts: string
  /** The order of deployment, and what plans rest on: a sentence each. */
  readonly facts: readonly Pieces[]
  /** Worst first. */
  readonly rows: readonly QueryRow[]
  /** Affected queries that the report does not list. */
  readonly unlisted: number
  /** The first of them: a sentence each. */
  readonly notCheckable: readonly Pieces[]
  readonly notCheckableMore: number
}

/** Undefined when the report has no such section. */
export function queriesSection(report: Report): QueriesSection | undefined {
  const { queries } = report
  if (queries === undefined) return undefined
  const { counts } = queries
  const rows = queries.list.flatMap((query) => rowOf(report, query))
  const notCheckable = queries.list.filter(({ verdict }) => verdict === 'not checkable')
  const shared = sharedReason(queries)
  const named = shared === undefined ? notCheckable.slice(0, maxNotCheckable) : []
  const affected = counts.broken + counts['other result'] + counts.slower + counts.blocked
  return {
    counts: countWords(queries),
    facts: [...sharedWords(shared), ...deploymentWords(report, queries), ...statisticsWords(queries)],
    rows,
    unlisted: Math.max(0, affected - rows.length),
    notCheckable: named.map((query) => [...queryPieces(query), ': ', { said: query.notCheckable ?? '' }]),
    notCheckableMore: shared === undefined ? Math.max(0, counts['not checkable'] - named.length) : 0,
  }
}

/** The reason why queries cannot be checked, where it is one and the same for more than a list would name. */
function sharedReason({ list: all, counts }: ReportQueries): string | undefined {
  if (counts['not checkable'] <= maxNotCheckable) return undefined
  const reasons = new Set(all.map(({ notCheckable }) => notCheckable).filter((why) => why !== undefined))
  return reasons.size === 1 ? [...reasons][0] : undefined
}

function sharedWords(reason: string | undefined): readonly Pieces[] {
  return reason === undefined ? [] : [['Not checkable: ', { said: reason }, '.']]
}

function countWords({ counts, list: listed }: ReportQueries): string {
  const { checked, broken, slower, blocked, unaffected } = counts
  const affected = [
    ...(broken > 0 ? [`${broken} broken`] : []),
    ...(counts['other result'] > 0 ? [`${counts['other result']} with another result`] : []),
    ...(slower > 0 ? [`${slower} ${slowWord(listed)}`] : []),
    ...(blocked > 0 ? [`${blocked} blocked`] : []),
  ]
  const others = counts['not checkable']
  const rest = others === 0 ? '' : `; ${others} not checkable`
  if (checked === 0) return `None of ${count(others, 'query', 'queries')} was tried.`
  const found =
    affected.length === 0
      ? checked === 1
        ? ', unaffected'
        : ', all unaffected'
      : `: ${list([...affected, ...(unaffected > 0 ? [`${unaffected} unaffected`] : [])])}`
  return `${count(checked, 'query', 'queries')} checked${found}${rest}.`
}

/** A query that was never faster is not slower. */
function slowWord(listed: readonly ReportQuery[]): string {
  const slow = listed.filter(({ verdict }) => verdict === 'slower')
  const slower = slow.filter(hasBecomeSlower).length
  return slower === slow.length ? 'slower' : slower === 0 ? 'slow' : 'slow or slower'
}

/** Does it get slower by the migrations, or is it slow as it is written? */
export function hasBecomeSlower({ effects }: ReportQuery): boolean {
  return (
    !effects.some(({ kind }) => kind === 'table read') || effects.some(({ kind }) => kind === 'plan change')
  )
}

const orderWords: Readonly<Record<DeploymentOrder['order'], string>> = {
  any: 'Deploy migrations and code in any order',
  'migrations first': 'Deploy the migrations first, then the code',
  'code first': 'Deploy the code first, then the migrations',
  none: 'No order of deployment is safe',
}

function deploymentWords(report: Report, { deployment }: ReportQueries): readonly Pieces[] {
  if (deployment === undefined) return []
  const { order, because } = deployment
  const named = because.slice(0, maxBecause).map((query) => becauseWords(report, query, order))
  const why = named.length === 0 ? [] : [': ', ...commaList(named, because.length - named.length)]
  return [[orderWords[order], ...why, '.']]
}

/** `ListCarts needs carts.note`; what the server said where the object is not known. */
function becauseWords(
  report: Report,
  { name, what, detail, id }: AffectedQuery,
  order: DeploymentOrder['order'],
): Pieces {
  const effects = queriesById(report).get(id)?.effects ?? []
  const breaks = effects.filter((effect) => effect.kind === 'break')
  const needs = breaks.find(({ when }) => when === 'new code on old schema')
  const uses = breaks.find(({ when }) => when === 'old code on new schema')
  // one query is named twice where its old and its new version fail
  const named = breaks.find(({ when }) => detail?.endsWith(`(${when})`))
  const effect = named ?? (order === 'code first' ? (uses ?? needs) : (needs ?? uses))
  if (effect?.object !== undefined) return [{ name }, verbOf(effect), { name: displayKey(effect.object) }]
  const happens = what === 'other result' ? ' gets another result' : ' fails'
  return [{ name }, happens, ...(detail === undefined ? [] : [' (', { said: detail }, ')'])]
}

function verbOf({ when, reason }: BreakEffect): string {
  if (when === 'new code on old schema') return ' needs '
  return reason === 'required column omitted' ? ' omits ' : ' still uses '
}

const basisWords: Readonly<Record<PlanStatistics, string>> = {
  'with value statistics': "Plans rest on production's statistics, those of values included.",
  'without value statistics':
    "Plans rest on production's statistics without value statistics: lost indexes, new scans and other shapes are told, costs are not.",
  'sizes only': "Plans rest on production's sizes only, without statistics of columns.",
}

function statisticsWords({ statistics, counts }: ReportQueries): readonly Pieces[] {
  if (statistics !== undefined) return [[basisWords[statistics]]]
  return counts.checked === 0 ? [] : [['Plans were not compared.']]
}

function rowOf(report: Report, query: ReportQuery): readonly QueryRow[] {
  const { verdict, state } = query
  if (verdict === 'unaffected' || verdict === 'not checkable') return []
  const effects = effectsOf(report, query)
  const words = effects.map((effect) => effectWords(effect, state))
  const shown = words.slice(0, maxWhy).map(({ why }) => why)
  const more = words.length - shown.length
  const isPlace = isNamedByPlace(query)
  return [
    {
      query,
      verdict,
      name: isPlace ? whereOf(query) : [{ name: query.name }],
      where: [...(isPlace ? [] : whereOf(query)), ...(state === 'removed' ? [' (removed)'] : [])],
      rate: rateWords(query.callsPerSecond),
      what: words[0]?.what ?? plainVerdict[verdict],
      why: more > 0 ? [...shown, [`… and ${more} more`]] : shown,
    },
  ]
}

/** What happens, where no effect says it better. */
export const plainVerdict: Readonly<Record<AffectedVerdict, string>> = {
  broken: 'fails',
  'other result': 'gets another result',
  slower: 'gets slower',
  blocked: 'waits',
}

/** The effects that its verdict rests on, the first the worst. */
function effectsOf(report: Report, { id, verdict, effects }: ReportQuery): readonly QueryEffect[] {
  switch (verdict) {
    case 'broken':
      return breaksOf(effects)
    case 'other result':
      return resultsOf(effects)
    case 'slower':
      return effects.filter(({ kind }) => kind === 'plan change' || kind === 'table read')
    default:
      return waitsOf(report, id, effects)
  }
}

/** Each message once: what breaks old code mostly breaks the same code on its way through the review, too. */
function breaksOf(effects: readonly QueryEffect[]): readonly QueryEffect[] {
  const breaks = effects
    .filter((effect) => effect.kind === 'break')
    .filter(({ when }) => when !== 'new code on old schema')
  const key = ({ sqlstate, message }: BreakEffect): string => JSON.stringify([sqlstate, message])
  return [...new Map(breaks.toReversed().map((effect) => [key(effect), effect])).values()].toReversed()
}

/** Columns that are never NULL any more are told where nothing else is, in the HTML report. */
function resultsOf(effects: readonly QueryEffect[]): readonly QueryEffect[] {
  return effects.filter(
    (effect) =>
      effect.kind === 'result change' && effect.changes.some(({ type }) => type !== 'never null now'),
  )
}

/** Waits that an open finding is about, the longest first; any, where none can be told. */
function waitsOf(report: Report, id: string, effects: readonly QueryEffect[]): readonly QueryEffect[] {
  const waits = effects
    .filter((effect) => effect.kind === 'wait')
    .toSorted((a, b) => (b.ms?.expected ?? 0) - (a.ms?.expected ?? 0))
  const findings = findingsNaming(report).get(id) ?? []
  const felt = waits.filter(({ cause }) =>
    findings.some(({ span }) => {
      const at = span.start.offset
      return span.file === cause.file && cause.span.start.offset <= at && at <= cause.span.end.offset
    }),
  )
  return felt.length > 0 ? felt : waits
}

const known = new WeakMap<Report, ReadonlyMap<string, readonly Finding[]>>()

/** Open findings by the ids of the queries that they name as waiting; remembered, because every query asks. */
function findingsNaming(report: Report): ReadonlyMap<string, readonly Finding[]> {
  const read = known.get(report)
  if (read !== undefined) return read
  const naming = new Map<string, Finding[]>()
  for (const finding of report.findings) {
    if (finding.allowed !== undefined) continue
    for (const { id, what } of finding.queries ?? []) {
      if (what !== 'waits') continue
      const findings = naming.get(id)
      if (findings === undefined) naming.set(id, [finding])
      else findings.push(finding)
    }
  }
  known.set(report, naming)
  return naming
}
