import type { KnownNames } from '../config/validate.ts'
import type { Rule, Severity } from '../rule.ts'

/** The rules we bring, in the catalogue's order. Loading them costs time, so it is done when asked for. */
export async function allRules(): Promise<readonly Rule[]> {
  const { rules } = await import('../../rules/index.ts')
  return rules
}

/** Names that a configuration may use. */
export const knownNames: KnownNames = {
  rules: async () => (await allRules()).map(({ id }) => id),
  sources: async () => {
    const { sources } = await import('../sources/index.ts')
    return sources.map(({ id }) => id)
  },
}

/** A rule as `rules` and `explain` show it. */
export interface RuleSummary {
  readonly id: string
  readonly severity: Severity
  readonly title: string
}

/** Every rule that a finding can name and that has a page. */
export async function ruleSummaries(): Promise<readonly RuleSummary[]> {
  return (await allRules()).map(({ id, severity, title }) => ({ id, severity, title }))
}
