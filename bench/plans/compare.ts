import type { Explained, Trial } from './explain.ts'
import type { BenchMigration } from './migrations.ts'
import type { Mode, Prediction } from './predict.ts'
import type { Alarms, Different, Fidelity } from './result.ts'
import { costRatio, difference, isSameAccess, isSameShape } from './shape.ts'

/** As close as costs have to be. */
const tolerance = 0.05

/** Plans of statements by their SQL. */
export type Plans = ReadonlyMap<string, Explained>

export function plansBySql(trials: readonly Trial[], plans: readonly Explained[]): Plans {
  return new Map(trials.map(({ sql }, index) => [sql, plans[index] ?? { failed: 'not planned' }]))
}

interface Place {
  readonly migration: string
  readonly side: 'before' | 'after'
}

/** How many plans are the truth's. */
export function fidelity(
  way: Fidelity['way'],
  { migration, side }: Place,
  trials: readonly Trial[],
  truth: Plans,
  plans: readonly Explained[],
): readonly Fidelity[] {
  const all = pairsOf(trials, truth, plans)
  const kinds = [...new Set(trials.map(({ parameters }) => parameters))]
  return kinds.map((parameters) => {
    const pairs = all.filter(({ trial }) => trial.parameters === parameters)
    return {
      way,
      migration,
      side,
      parameters,
      count: pairs.length,
      sameAccess: pairs.filter((pair) => isSameAccess(pair.truth, pair.plan)).length,
      sameShape: pairs.filter((pair) => isSameShape(pair.truth, pair.plan)).length,
      sameCost: pairs.filter((pair) => isSameCost(pair.truth, pair.plan)).length,
    }
  })
}

/** Those that are not. */
export function different(
  way: Mode,
  { migration, side }: Place,
  trials: readonly Trial[],
  truth: Plans,
  plans: readonly Explained[],
): readonly Different[] {
  return pairsOf(trials, truth, plans).flatMap((pair): readonly Different[] => {
    const isSame = isSameShape(pair.truth, pair.plan)
    if (isSame && isSameCost(pair.truth, pair.plan)) return []
    const ratio = costRatio(pair.truth, pair.plan)
    return [
      {
        way,
        migration,
        side,
        query: pair.trial.query.name,
        parameters: pair.trial.parameters,
        ...(ratio === undefined ? {} : { ratio: Number(ratio.toPrecision(4)) }),
        ...(isSame ? {} : { shape: difference(pair.truth, pair.plan).slice(0, 300) }),
      },
    ]
  })
}

interface Pair {
  readonly trial: Trial
  readonly truth: Explained
  readonly plan: Explained
}

function pairsOf(trials: readonly Trial[], truth: Plans, plans: readonly Explained[]): readonly Pair[] {
  return trials.map((trial, index) => ({
    trial,
    truth: truth.get(trial.sql) ?? { failed: 'not planned' },
    plan: plans[index] ?? { failed: 'not planned' },
  }))
}

/** Both refused count as the same. */
function isSameCost(truth: Explained, plan: Explained): boolean {
  const ratio = costRatio(truth, plan)
  return ratio === undefined ? truth.plan === plan.plan : Math.abs(ratio - 1) <= tolerance
}

/** The tool's findings about plans, and what the same comparison says of the truth's plans. */
export function alarms(
  way: Mode,
  { name: migration }: BenchMigration,
  trials: readonly Trial[],
  { effects, chosen, compare }: Prediction,
  truth: { readonly before: Plans; readonly after: Plans },
): Alarms {
  const worse = new Set(
    [...trials, ...chosen].flatMap(({ query, sql }) => {
      const [before, after] = [truth.before.get(sql)?.plan, truth.after.get(sql)?.plan]
      return before !== undefined && after !== undefined && compare(before, after).length > 0
        ? [query.name]
        : []
    }),
  )
  const told = new Set(
    [...effects]
      .filter(([, found]) => found.some(({ kind }) => kind === 'plan change'))
      .map(([name]) => name),
  )
  return {
    way,
    migration,
    right: [...told].filter((name) => worse.has(name)),
    falseAlarms: [...told].filter((name) => !worse.has(name)),
    missed: [...worse].filter((name) => !told.has(name)),
  }
}
