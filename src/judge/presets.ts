import type { Preset, Rule } from '../rule.ts'
import type { ChosenSeverities } from './severities.ts'

/** Rules of `recommended` and of the chosen presets, and those that the configuration gives a severity. */
export function activeRules(
  rules: readonly Rule[],
  presets: readonly Preset[],
  severities: ChosenSeverities,
): readonly Rule[] {
  const chosen = new Set<Preset>(['recommended', ...presets])
  return rules.filter(({ id, preset = 'recommended' }) => chosen.has(preset) || severities.isNamed(id))
}
