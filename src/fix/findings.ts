import type { Finding, Severity } from '../core/model.ts'

/**
 * What the files as they are to be have that the files as they are do not: a finding that was to be mended and is still
 * there, one that is new, one that is worse. Undefined when there is none. Findings are known by what they say of which
 * object, because statements move to other files.
 */
export function setback(
  before: readonly Finding[],
  after: readonly Finding[],
  mended: readonly Finding[],
  secondaryRules: ReadonlySet<string>,
): Finding | undefined {
  const left = before.filter((finding) => !mended.includes(finding))
  // when one of several equal findings is mended, another comes to light
  const mendedRules = new Set(mended.map(({ ruleId }) => ruleId))
  for (const finding of after) {
    const index = left.findIndex((known) => kindOf(known) === kindOf(finding) && isNoWorse(finding, known))
    if (index >= 0) left.splice(index, 1)
    else if (!(secondaryRules.has(finding.ruleId) && mendedRules.has(finding.ruleId))) return finding
  }
  return undefined
}

/** The same finding in another run, wherever its statement stands. */
export function kindOf({ ruleId, messageId, object }: Finding): string {
  return [ruleId, messageId, object].join('\0')
}

const weight: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 }

function isNoWorse(finding: Finding, known: Finding): boolean {
  if (known.allowed !== undefined && finding.allowed === undefined) return false
  return weight[finding.severity] >= weight[known.severity]
}

/** Worst first, then as they stand. */
export function bySeverity(a: Finding, b: Finding): number {
  return weight[a.severity] - weight[b.severity]
}
