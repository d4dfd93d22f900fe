import type { Effect, Severity } from '../core/model.ts'
import type { PlacedFinding } from './recorder.ts'
import { isAtLeast } from './sort.ts'

/**
 * Drops advice of secondary rules where others already tell all of its effects at least as loudly (a risk that an
 * allow comment accepts tells nothing any more), and keeps the first of what is left per migration and per
 * transaction. `findings` in the order of the run, without the harmless ones: what is not said tells nothing.
 */
export function quietSecondary(findings: readonly PlacedFinding[]): readonly PlacedFinding[] {
  const told = toldEffects(findings)
  const isQuiet = ({ finding, secondary }: PlacedFinding): boolean =>
    secondary && finding.allowed === undefined
  const left = findings.filter((finding) => isQuiet(finding) && !isTold(finding, told))
  return [...findings.filter((finding) => !isQuiet(finding)), ...firstOfEach(left)]
}

/** The loudest severity at which each effect stands in a receipt. */
function toldEffects(findings: readonly PlacedFinding[]): ReadonlyMap<Effect, Severity> {
  const told = new Map<Effect, Severity>()
  for (const { finding, secondary } of findings) {
    if (secondary || finding.allowed !== undefined) continue
    for (const effect of finding.because) {
      const known = told.get(effect)
      if (known === undefined || !isAtLeast(known, finding.severity)) told.set(effect, finding.severity)
    }
  }
  return told
}

function isTold({ finding, placed }: PlacedFinding, told: ReadonlyMap<Effect, Severity>): boolean {
  if (placed.view.effects.some(({ kind }) => kind === 'error')) return true
  return finding.because.every((effect) => {
    const severity = told.get(effect)
    return severity !== undefined && isAtLeast(severity, finding.severity)
  })
}

function firstOfEach(findings: readonly PlacedFinding[]): readonly PlacedFinding[] {
  // by rule and by what it speaks for: a migration, or a transaction of several
  const firsts = new Map<unknown, Map<string, PlacedFinding>>()
  const kept: PlacedFinding[] = []
  const repeats = new Map<PlacedFinding, number>()
  for (const finding of findings) {
    const { ruleId } = finding.finding
    const scopes = [finding.placed.migration, finding.placed.transaction]
    const first = scopes.map((scope) => firsts.get(scope)?.get(ruleId)).find((known) => known !== undefined)
    if (first === undefined) kept.push(finding)
    else repeats.set(first, (repeats.get(first) ?? 0) + 1)
    for (const scope of scopes) {
      const byRule = firsts.get(scope) ?? new Map<string, PlacedFinding>()
      firsts.set(scope, byRule.set(ruleId, byRule.get(ruleId) ?? first ?? finding))
    }
  }
  return kept.map((first) => withRepeats(first, repeats.get(first) ?? 0))
}

function withRepeats(first: PlacedFinding, count: number): PlacedFinding {
  if (count === 0) return first
  const note = count === 1 ? 'One more statement does the same.' : `${count} more statements do the same.`
  return { ...first, finding: { ...first.finding, notes: [...first.finding.notes, note] } }
}
