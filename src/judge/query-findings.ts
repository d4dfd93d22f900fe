import type { Finding } from '../core/model.ts'
import {
  queryRef,
  queryState,
  type QueriesOutcome,
  type Query,
  type QueryResult,
} from '../core/query-model.ts'
import {
  optionValues,
  type QueryContext,
  type QueryReportOptions,
  type QueryView,
  type Rule,
} from '../rule.ts'
import { fingerprint } from './fingerprint.ts'
import type { ConfiguredOptions } from './run-rules.ts'
import type { ChosenSeverities } from './severities.ts'

/** A query of the application that rules are asked about. */
export interface JudgedQuery {
  readonly id: string
  readonly view: QueryView
}

/** A finding on a query's own line. */
export interface QueryFinding {
  readonly finding: Finding
  readonly query: JudgedQuery
  /** The configuration switches its rule off here: counted, and not told. */
  readonly off?: boolean
}

/**
 * The queries under review: new or changed ones (with `everyQuery` all that the code under review has) that stand in a
 * file and could be checked.
 */
export function judgedQueries(outcome: QueriesOutcome, everyQuery: boolean): readonly JudgedQuery[] {
  return outcome.results.flatMap((result) => {
    const { reviewed, effects, notCheckable, plan } = result
    const state = queryState(reviewed)
    const query = reviewed.new
    if (query?.span === undefined || notCheckable !== undefined) return []
    if (!everyQuery && state === 'unchanged') return []
    const ref = queryRef(reviewed)
    const view: QueryView = {
      query,
      ref,
      state,
      effects: ofNewCode(effects),
      catalog: outcome.catalog,
      ...(plan === undefined ? {} : { plan }),
    }
    return [{ id: reviewed.id, view }]
  })
}

/** What is true of the old version only is told at the migration's statement. */
function ofNewCode(effects: QueryResult['effects']): QueryResult['effects'] {
  return effects.filter((effect) => effect.kind !== 'break' || effect.when !== 'old code on new schema')
}

function neverRuns({ view: { effects } }: JudgedQuery): boolean {
  return effects.some((effect) => effect.kind === 'break' && effect.when === 'new code on new schema')
}

/** Calls every rule for every query; what a rule that is off says is marked so. */
export function runQueryRules(
  queries: readonly JudgedQuery[],
  rules: readonly Rule[],
  severities: ChosenSeverities,
  configured: ConfiguredOptions = {},
): readonly QueryFinding[] {
  return rules.flatMap((rule) => {
    if (rule.query === undefined) return []
    const findings: QueryFinding[] = []
    for (const query of queries) {
      // how well it would run is of no interest
      if (rule.brokenCode !== 'shown' && neverRuns(query)) continue
      const report: QueryContext<Rule['messages']>['report'] = (messageId, data, options) => {
        const message = rule.messages[messageId]?.(data)
        if (message === undefined)
          throw new Error(`Rule ${rule.id} reports ${messageId}, which it does not have.`)
        const finding = toFinding(rule, messageId, query.view, options)
        const chosen = severities.of(rule.id, finding.span.file)
        const own = options.severity ?? rule.severity
        const severity = chosen === undefined || chosen === 'off' ? own : chosen
        findings.push({
          query,
          finding: { ...finding, severity, message },
          ...(chosen === 'off' ? { off: true } : {}),
        })
      }
      try {
        rule.query({ ...query.view, options: optionValues(rule.options ?? {}, configured[rule.id]), report })
      } catch (error) {
        if (!severities.isOffEverywhere(rule.id)) throw error
      }
    }
    return findings
  })
}

function toFinding(
  { id: ruleId }: Rule,
  messageId: string,
  { query, ref }: QueryView,
  { on: object = '', notes = [], remedy, evidence = 'predicted' }: QueryReportOptions,
): Omit<Finding, 'severity' | 'message'> {
  return {
    ruleId,
    messageId,
    span: spanOf(query),
    object,
    evidence,
    because: [],
    notes,
    ...(remedy === undefined ? {} : { remedy }),
    fingerprint: fingerprint({ ruleId, messageId, object, sql: query.sql }),
    query: ref,
  }
}

function spanOf({ name, span }: Query): NonNullable<Query['span']> {
  if (span === undefined) throw new Error(`The query ${name} stands in no file.`)
  return span
}
