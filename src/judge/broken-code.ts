import type { Finding } from '../core/model.ts'
import type { Rule } from '../rule.ts'
import { enumerate } from '../rule.ts'
import type { PlacedFinding } from './recorder.ts'
import { isAtLeast } from './sort.ts'
import type { PlacedStatement } from './views.ts'

/**
 * Makes one finding of two that both say that running code breaks by one statement: what is assumed (the column may be
 * in use) takes over the queries that are shown to break. An assumption that an allow comment accepts is contradicted.
 * `findings` without the harmless ones.
 */
export function mergeBrokenCode(
  findings: readonly PlacedFinding[],
  rules: readonly Rule[],
): readonly PlacedFinding[] {
  const claims = new Map(rules.map(({ id, brokenCode }) => [id, brokenCode]))
  const isShown = ({ finding }: PlacedFinding): boolean =>
    claims.get(finding.ruleId) === 'shown' && finding.allowed === undefined
  if (!findings.some(isShown)) return findings
  const assumed = byStatement(findings.filter(({ finding }) => claims.get(finding.ruleId) === 'assumed'))
  const changed = new Map<PlacedFinding, PlacedFinding>()
  const dropped = new Set<PlacedFinding>()
  for (const shown of findings.filter(isShown)) {
    const others = assumed.get(shown.placed) ?? []
    const open = others.filter(({ finding }) => finding.allowed === undefined)
    const target = open.find(({ finding }) => finding.object === shown.finding.object) ?? open[0]
    if (target === undefined) {
      const [accepted] = others
      if (accepted !== undefined) changed.set(shown, contradict(shown, accepted.finding))
      continue
    }
    changed.set(target, takeOver(changed.get(target) ?? target, shown))
    dropped.add(shown)
  }
  return findings.filter((finding) => !dropped.has(finding)).map((finding) => changed.get(finding) ?? finding)
}

function byStatement(
  findings: readonly PlacedFinding[],
): ReadonlyMap<PlacedStatement, readonly PlacedFinding[]> {
  const found = new Map<PlacedStatement, PlacedFinding[]>()
  for (const finding of findings) found.set(finding.placed, [...(found.get(finding.placed) ?? []), finding])
  return found
}

function takeOver(target: PlacedFinding, shown: PlacedFinding): PlacedFinding {
  const { finding } = target
  const { severity, queries = [], notes, remedy } = shown.finding
  const taken: Finding = {
    ...finding,
    severity:
      target.configured === true || isAtLeast(finding.severity, severity) ? finding.severity : severity,
    notes: [...finding.notes, ...notes, ...refusals(shown)],
    queries: [...(finding.queries ?? []), ...queries],
    ...(finding.remedy === undefined && remedy !== undefined ? { remedy } : {}),
  }
  return { ...target, finding: taken }
}

const mostNames = 3

/** `Postgres refuses list_orders and get_order with SQLSTATE 42703.` */
function refusals({ placed, finding }: PlacedFinding): readonly string[] {
  const named = new Set(finding.queries?.map(({ id }) => id))
  const names = new Map<string, Set<string>>()
  for (const { query, effect } of placed.view.queries?.impacts ?? []) {
    if (effect.kind !== 'break' || effect.when !== 'old code on new schema' || !named.has(query.id)) continue
    names.set(effect.sqlstate, (names.get(effect.sqlstate) ?? new Set()).add(query.name))
  }
  return [...names].map(([sqlstate, set]) => {
    const all = [...set]
    const told =
      all.length > mostNames ? [...all.slice(0, mostNames - 1), `${all.length - mostNames + 1} more`] : all
    return `Postgres refuses ${enumerate(told)} with SQLSTATE ${sqlstate}.`
  })
}

function contradict(shown: PlacedFinding, { ruleId, allowed }: Finding): PlacedFinding {
  const note = `An allow comment accepts ${ruleId} here (${allowed?.reason}), but these queries fail.`
  return { ...shown, finding: { ...shown.finding, notes: [...shown.finding.notes, note] } }
}
