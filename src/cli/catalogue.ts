import type { KnownNames } from '../config/name-issues.ts'
import type { Preset, Rule, RuleOptions, Severity } from '../rule.ts'

/** The rules we bring, in the catalogue's order. Loading them costs time, so it is done when asked for. */
export async function allRules(): Promise<readonly Rule[]> {
  const { rules } = await import('../../rules/index.ts')
  return rules
}

/** Names that a configuration may use, and those that no rule may take. */
export const knownNames: KnownNames = {
  rules: async () => (await allRules()).map(({ id }) => id),
  ruleOptions: async () =>
    Object.fromEntries((await allRules()).map(({ id, options = {} }) => [id, options] as const)),
  reserved: async () => (await reserved()).map(({ id }) => id),
  sources: async () => {
    const { sources } = await import('../sources/index.ts')
    return sources.map(({ id }) => id)
  },
  formats: async () => {
    const { reporterNames } = await import('../reporters/reporter.ts')
    return reporterNames
  },
}

/** A rule, or a finding that the engine makes itself, as `rules` and `explain` show it. */
export interface RuleSummary {
  readonly id: string
  readonly severity: Severity
  readonly title: string
  /** Absent for findings of the engine. */
  readonly preset?: Preset
  readonly options?: RuleOptions
  /** What there is to say about a finding of the engine; a rule has a page instead. */
  readonly explanation?: string
}

/** Everything that a finding can name: the rules first, then the findings that the engine makes itself. */
export async function ruleSummaries(): Promise<readonly RuleSummary[]> {
  const rules = (await allRules()).map(({ id, severity, title, preset = 'recommended', options }) => ({
    id,
    severity,
    title,
    preset,
    ...(options === undefined ? {} : { options }),
  }))
  return [...rules, ...(await reserved())]
}

async function reserved(): Promise<readonly RuleSummary[]> {
  const { reservedFindings } = await import('../judge/reserved.ts')
  return reservedFindings
}
