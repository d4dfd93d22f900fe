import type { Preset, Rule } from '../rule.ts'
import type { ChosenSeverities } from './severities.ts'

/**
 * Which rules judge: those of `recommended` and of the chosen presets, and where the configuration gives one a severity
 * that one. What is off and of no chosen preset is not asked what it would say.
 */
export class ActiveRules {
  /** Those that judge some file at least. */
  readonly rules: readonly Rule[]
  private readonly chosen: ReadonlySet<string>
  private readonly severities: ChosenSeverities

  constructor(rules: readonly Rule[], presets: readonly Preset[], severities: ChosenSeverities) {
    const all = new Set<Preset>(['recommended', ...presets])
    const chosen = rules.filter(({ preset = 'recommended' }) => all.has(preset)).map(({ id }) => id)
    this.chosen = new Set(chosen)
    this.severities = severities
    this.rules = rules.filter(({ id }) => this.chosen.has(id) || severities.isOn(id))
  }

  /** Does the rule judge this file, if only to say what it would find? */
  isActiveIn(ruleId: string, file: string): boolean {
    return this.chosen.has(ruleId) || (this.severities.of(ruleId, file) ?? 'off') !== 'off'
  }
}
