import type { CheckOptions } from './check-options.ts'
import type { RecordedWork } from './by-command/check-recorded.ts'
import type { MigrationResult, ReportQueries } from './core/model.ts'
import type { Production } from './core/production.ts'
import type { ReviewSet } from './core/source.ts'
import type { JudgedRun, Scripts } from './judge-run.ts'
import type { Priced } from './price.ts'
import type { LoadedProduction } from './production/load.ts'
import type { AskedQueries, TriedQueries } from './query-review.ts'
import type { CloneRun } from './rehearsal/clone.ts'
import type { CloneVerdict } from './rehearsal/clone-verdict.ts'
import type { Rehearsal } from './rehearsal/rehearse.ts'
import type { Snapshot } from './snapshot/format.ts'
import type { Work } from './under-review.ts'

// The parts of check() that many runs do without. Each is loaded when its run wants it: start-up time is a property of the
// product.

/** The migrations on a clone of production; loaded only where the configuration has commands for one. */
export async function runOnClone(
  options: CheckOptions,
  { reviewSet: { sharesSession } }: Work,
  { scripts: { history, review }, ...rest }: RecordedWork['forClone'],
): Promise<CloneRun | undefined> {
  if (options.config.server?.create === undefined) return undefined
  const { rehearseOnClone, wantsClone } = await import('./rehearsal/clone.ts')
  return wantsClone(options, review)
    ? rehearseOnClone(options, { history, review, sharesSession, ...rest })
    : undefined
}

const noClone: CloneVerdict = {
  trials: [],
  findings: [],
  limits: [],
  answers: () => false,
  effects: () => [],
  withNotes: (finding) => finding,
}

export async function judgedClone(
  clone: CloneRun | undefined,
  rehearsal: Rehearsal | undefined,
): Promise<CloneVerdict> {
  if (clone === undefined) return noClone
  const { judgeClone } = await import('./rehearsal/clone-verdict.ts')
  return judgeClone(clone, rehearsal)
}

/** Undefined where files of SQL are read; loaded only where a command is recorded. */
export async function recordedWork(
  options: CheckOptions,
  production: Production | undefined,
): Promise<RecordedWork | undefined> {
  if (options.command === undefined && options.config.migrations?.[0]?.migrate === undefined) return undefined
  const { recordWork } = await import('./by-command/check-recorded.ts')
  return recordWork(options, production)
}

/** What is known of production; loaded only where the configuration, an option or a clone says something. */
export async function loadFacts(
  options: CheckOptions,
  clone?: Snapshot,
): Promise<LoadedProduction | undefined> {
  const { config, snapshotFile, cwd, now } = options
  const { snapshot, tables, production } = config
  if ([snapshotFile, snapshot, tables, production?.version, clone].every((one) => one === undefined))
    return undefined
  const { loadProduction } = await import('./production/load.ts')
  const file = {
    ...(snapshotFile === undefined ? {} : { snapshotFile }),
    ...(options.snapshotBytes === undefined ? {} : { snapshotBytes: options.snapshotBytes }),
    ...(clone === undefined ? {} : { clone }),
  }
  return loadProduction({ root: cwd, config, now, ...file })
}

/** Loaded only where something is known of production. */
export async function price(
  options: CheckOptions,
  ...[reviewSet, scripts, results, rehearsed, production, clone]: [
    ReviewSet,
    Scripts,
    readonly MigrationResult[],
    boolean,
    Production | undefined,
    CloneRun | undefined,
  ]
): Promise<Priced | undefined> {
  if (production === undefined) return undefined
  const { priceRun } = await import('./price.ts')
  const measured =
    clone === undefined ? undefined : (await import('./rehearsal/clone.ts')).cloneMeasured(clone)
  return priceRun(options, reviewSet, scripts, results, rehearsed, production, measured)
}

/** What the migrations mean for the application's queries; loaded only where there are some. */
export async function askQueries(
  options: CheckOptions,
  { reviewSet, code }: Work,
  scripts: Scripts,
  ...rest: [TriedQueries | undefined, readonly MigrationResult[], Production | undefined]
): Promise<AskedQueries | undefined> {
  if (code === undefined || code.queries.length === 0) return undefined
  const { askAboutQueries } = await import('./query-review.ts')
  return askAboutQueries(options, { ...scripts, sharesSession: reviewSet.sharesSession }, code, ...rest)
}

export async function reportOf(
  asked: AskedQueries | undefined,
  { findings }: JudgedRun,
): Promise<ReportQueries | undefined> {
  if (asked?.queries === undefined) return undefined
  const { reportQueries } = await import('./report-queries.ts')
  return reportQueries(asked.queries, findings, asked.deployment)
}
