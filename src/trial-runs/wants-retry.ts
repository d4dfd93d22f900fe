import type { CheckOptions } from '../check-options.ts'
import { scriptKey } from '../core/script-name.ts'
import type { Migration } from '../core/model.ts'
import type { ReviewSet } from '../core/source.ts'
import type { ReplayedMigration } from '../replay/replay.ts'
import type { Rehearsal } from '../rehearsal/rehearse.ts'
import { workOnly } from './work-only.ts'
import type { TrialsByCommand } from './trials.ts'
import { cutsOf, mayChange, type Changes, type Cut } from '../trials/retry-cuts.ts'

interface PlannedRun {
  readonly options: Pick<CheckOptions, 'retry' | 'prove' | 'config'>
  readonly reviewSet: Pick<ReviewSet, 'replayedOnly'>
  readonly rehearsal: Pick<Rehearsal, 'migrations'>
  readonly byCommand?: Pick<TrialsByCommand, 'own'>
}

/** A cut of the migration at this position of the run. */
export interface PlannedCut {
  readonly index: number
  readonly cut: Cut
}

/** Can anything break off with something of it done already, and did nobody say not to try? */
export function wantsRetry(run: PlannedRun): boolean {
  const { retry = run.options.prove !== false, config } = run.options
  if (!retry || config.retry === false) return false
  const { planned, assumed } = plannedCuts(run)
  return planned.length > 0 || assumed !== undefined
}

/** Where the migrations under review are broken off; a sentence where it is a guess how they are run. */
export function plannedCuts({ reviewSet, rehearsal, byCommand }: PlannedRun): {
  readonly planned: readonly PlannedCut[]
  readonly assumed?: string
} {
  const replayedOnly = new Set(reviewSet.replayedOnly ?? [])
  const all = rehearsal.migrations.flatMap((replayed, index) => {
    if (replayedOnly.has(scriptKey(replayed.migration))) return []
    const of = byCommand === undefined ? replayed : workOnly(replayed, byCommand.own)
    const { migration } = of
    return cutsOf(migration, changesIn(of)).map((cut) => ({ index, cut, migration }))
  })
  const notTried = all.map(({ migration }) => whyNotTried(migration))
  const planned = all.filter((_, index) => notTried[index] === undefined)
  const assumed = notTried.find((why) => why !== undefined)
  return assumed === undefined ? { planned } : { planned, assumed }
}

/** Where nobody knows how the files are run. */
function whyNotTried({ transaction }: Migration): string | undefined {
  return transaction.why.startsWith('assumed') ? modeAssumed : undefined
}

const modeAssumed =
  'Failures in the middle were not tried: that each statement commits by itself is assumed. `migrations.transaction` in the configuration says how your runner does it.'

/** Which statements leave something behind; of SELECT the measured effects tell. */
export function changesIn({ statements }: ReplayedMigration): Changes {
  const active = new Set(
    statements
      .filter(({ effects }) => effects.some(({ kind }) => changing.has(kind)))
      .map(({ statement }) => statement.index),
  )
  return (statement) => mayChange(statement, ({ index }) => active.has(index))
}

const changing: ReadonlySet<string> = new Set(['write', 'catalog', 'truncate', 'rewrite'])
