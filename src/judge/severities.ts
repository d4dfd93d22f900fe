import { matchesGlob } from '../core/glob.ts'
import type { Severity } from '../core/model.ts'

/** Severities from the configuration, by rule id; what is not named has its own. */
export type Severities = Readonly<Record<string, 'off' | Severity>>

/** Severities in some files, in the place of the others. */
export interface SeverityOverride {
  /** Patterns as matchesGlob() takes them. */
  readonly paths: readonly string[]
  readonly rules: Severities
}

/** What the configuration says about the severity of a rule in a file. */
export class ChosenSeverities {
  private readonly severities: Severities
  private readonly overrides: readonly SeverityOverride[]
  private readonly matching = new Map<string, readonly SeverityOverride[]>()

  constructor(severities: Severities = {}, overrides: readonly SeverityOverride[] = []) {
    this.severities = severities
    this.overrides = overrides
  }

  /** Undefined: the rule has its own. The last override that matches and names the rule counts. */
  of(ruleId: string, file: string): 'off' | Severity | undefined {
    const override = this.overridesOf(file).findLast(({ rules }) => Object.hasOwn(rules, ruleId))
    return (override?.rules ?? this.severities)[ruleId]
  }

  /** Does the configuration switch it on, in some file at least? */
  isOn(ruleId: string): boolean {
    return [this.severities, ...this.overrides.map(({ rules }) => rules)].some(
      (rules) => Object.hasOwn(rules, ruleId) && rules[ruleId] !== 'off',
    )
  }

  /** Is it off in every file? Then its code need not even work. */
  isOffEverywhere(ruleId: string): boolean {
    return (
      this.severities[ruleId] === 'off' &&
      this.overrides.every(({ rules }) => !Object.hasOwn(rules, ruleId) || rules[ruleId] === 'off')
    )
  }

  private overridesOf(file: string): readonly SeverityOverride[] {
    if (this.overrides.length === 0) return this.overrides
    const known = this.matching.get(file)
    if (known !== undefined) return known
    const found = this.overrides.filter(({ paths }) => paths.some((pattern) => matchesGlob(file, pattern)))
    this.matching.set(file, found)
    return found
  }
}
