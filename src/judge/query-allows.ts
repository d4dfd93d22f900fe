import type { Finding } from '../core/model.ts'
import type { Rule } from '../rule.ts'
import { acceptFindings, type Allow, type AllowOptions } from './allows.ts'
import type { JudgedQuery, QueryFinding } from './query-findings.ts'

interface AllowAtQuery extends Allow {
  readonly query: JudgedQuery
}

/**
 * Lets the allow comments above queries accept findings, and judges the comments. That one accepts nothing is said only
 * of rules that never speak about queries: whether the others do hangs on sizes and plans, which a run may not know.
 */
export function applyQueryAllows(
  findings: readonly QueryFinding[],
  queries: readonly JudgedQuery[],
  rules: readonly Rule[],
  { today, knownRules, authorOf }: Pick<AllowOptions, 'today' | 'knownRules' | 'authorOf'>,
): { readonly findings: readonly QueryFinding[]; readonly aboutAllows: readonly Finding[] } {
  const aboutQueries = new Set(rules.filter((rule) => rule.query !== undefined).map(({ id }) => id))
  const applied = acceptFindings(findings, queries.flatMap(allowsAbove), {
    today,
    knownRules,
    ...(authorOf === undefined ? {} : { authorOf }),
    concerns: (allow, { finding, query }) => finding.ruleId === allow.rule && query === allow.query,
    whyNeedless: ({ rule }) =>
      aboutQueries.has(rule) ? undefined : `${rule} judges migrations, not queries`,
  })
  return {
    findings: applied.findings,
    aboutAllows: applied.aboutAllows.map((finding) => atQuery(finding, queries)),
  }
}

function allowsAbove(query: JudgedQuery): readonly AllowAtQuery[] {
  return (query.view.query.allows ?? []).map(({ ruleId, ...allow }) => ({
    ...allow,
    rule: ruleId,
    file: allow.span.file,
    query,
  }))
}

/** A finding about a comment belongs to the query below it, so that it is sorted with the findings of queries. */
function atQuery(finding: Finding, queries: readonly JudgedQuery[]): Finding {
  const below = queries.find(({ view: { query } }) => query.allows?.some(({ span }) => span === finding.span))
  return below === undefined ? finding : { ...finding, query: below.view.ref }
}
