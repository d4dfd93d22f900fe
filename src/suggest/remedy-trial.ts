/** Remedies worth a replay, and the run with some of them in it. */
import type { Finding, Migration, MigrationResult } from '../core/model.ts'
import { scriptKey } from '../core/script-name.ts'
import type { MigrationScript } from '../core/source.ts'
import { alternativeScripts, type Stretch } from './alternative-scripts.ts'
import { placeRemedy, type NotPlaced, type PlacedRemedy } from './place-remedy.ts'

/** A remedy in its place, for all findings that have the same. */
export interface RemedyTrial {
  readonly findings: readonly Finding[]
  /** Whose script it stands in, by scriptKey(). */
  readonly key: string
  readonly placed: PlacedRemedy
}

/** A run with remedies in it. */
export interface TrialRun {
  /** Instead of the scripts with these keys. */
  readonly changed: ReadonlyMap<string, readonly MigrationScript[]>
  readonly later: readonly MigrationScript[]
  /** Where each remedy stands, in the order of the trials. */
  readonly blocks: readonly Stretch[]
  readonly repeated: readonly Stretch[]
}

/** Has the finding a remedy that can be tried? An acceptance is not ours to give, and a query stands elsewhere. */
function isTriable({ allowed, query, remedy }: Finding): boolean {
  if (allowed !== undefined || query !== undefined || remedy === undefined) return false
  const now = remedy.migrations.filter(({ when = 'now' }) => when === 'now')
  return remedy.migrations.length > 0 && !now.some(({ sql }) => sql.includes('pgrehearse-allow'))
}

/** The trials of these findings, in their order, and why others have none. */
export function remedyTrials(
  findings: readonly Finding[],
  resultOf: (finding: Finding) => MigrationResult | undefined,
): { readonly trials: readonly RemedyTrial[]; readonly notPlaced: ReadonlyMap<Finding, NotPlaced> } {
  const trials = new Map<string, RemedyTrial>()
  const notPlaced = new Map<Finding, NotPlaced>()
  for (const finding of findings.filter(isTriable)) {
    const result = resultOf(finding)
    const placed = result === undefined ? undefined : placeRemedy(finding, result)
    if (result === undefined || placed === undefined) continue
    if ('why' in placed) {
      notPlaced.set(finding, placed)
      continue
    }
    const key = scriptKey(result.migration)
    const identity = JSON.stringify([key, placed.start, placed.end, finding.remedy?.migrations])
    const known = trials.get(identity)
    trials.set(identity, { key, placed, findings: [...(known?.findings ?? []), finding] })
  }
  return { trials: [...trials.values()], notPlaced }
}

/** Those that can stand in one run together, from the first on; the others are left. */
export function withoutOverlap(trials: readonly RemedyTrial[]): {
  readonly together: readonly RemedyTrial[]
  readonly left: readonly RemedyTrial[]
} {
  const together: RemedyTrial[] = []
  const left: RemedyTrial[] = []
  for (const trial of trials) {
    const overlaps = together.some(
      ({ key, placed }) =>
        key === trial.key && placed.start < trial.placed.end && trial.placed.start < placed.end,
    )
    if (overlaps) left.push(trial)
    else together.push(trial)
  }
  return { together, left }
}

/** The run with these remedies in it, which do not overlap. */
export function trialRun(
  trials: readonly RemedyTrial[],
  scripts: readonly { readonly script: MigrationScript; readonly migration: Migration }[],
): TrialRun {
  const changed = new Map<string, readonly MigrationScript[]>()
  const later: MigrationScript[] = []
  const blocks = new Map<RemedyTrial, Stretch>()
  const repeated: Stretch[] = []
  let taken = 0
  for (const { script, migration } of scripts) {
    const own = trials.filter(({ key }) => key === scriptKey(script))
    if (own.length === 0) continue
    const isAlone = scripts.every((one) => one.script === script || one.script.file !== script.file)
    const alternative = alternativeScripts(
      script,
      migration,
      own.map(({ placed }) => placed),
      isAlone ? 0 : Math.max(script.text.length, taken),
    )
    taken = alternative.scripts[0]?.text.length ?? taken
    changed.set(scriptKey(script), alternative.scripts)
    later.push(...alternative.later)
    repeated.push(...alternative.repeated)
    for (const [index, trial] of own.entries()) {
      const block = alternative.blocks[index]
      if (block !== undefined) blocks.set(trial, block)
    }
  }
  return {
    changed,
    later,
    blocks: trials.map((trial) => blocks.get(trial) ?? { file: '', start: 0, end: 0 }),
    repeated,
  }
}
