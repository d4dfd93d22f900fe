/**
 * What the run costs at production size: facts about production, samples where there is a server for them, and the
 * model that scales them. Without facts there are no durations; without samples they are estimated from sizes alone.
 */
import { configDefaults } from './config/defaults.ts'
import { priceResults, type CloneMeasured, type PricedRun } from './cost/price.ts'
import { runCost } from './cost/run-cost.ts'
import type { SampleOutcome } from './cost/samples.ts'
import { workOf } from './cost/work.ts'
import { ConfigError, EnvironmentError, UsageError } from './core/errors.ts'
import type { RunCost } from './core/cost-model.ts'
import type { Limit, MigrationResult, ReportProduction } from './core/model.ts'
import type { Production } from './core/production.ts'
import { scriptKey } from './core/script-name.ts'
import type { ReviewSet } from './core/source.ts'
import type { PricedResults, Scripts } from './judge-run.ts'
import { ageDays } from './production/load.ts'
import { samplingCircumstances } from './rehearsal/rehearse.ts'
import type { CheckOptions } from './check-options.ts'

/** What pricing adds to the report besides the costs of statements. */
export interface Priced extends PricedResults {
  readonly report?: ReportProduction
  readonly limits: readonly Limit[]
}

/** Time that judging, suggestions and writing the report want to be left of a --budget. */
const afterwardsMs = 250

/** In less time a server starts and ends without a sample that is worth anything. */
const leastSamplingMs = 1500

/**
 * Prices the results of a run.
 * @param rehearsed were the migrations replayed? Otherwise nothing is sampled either
 * @param clone what was measured on a clone of production
 */
export async function priceRun(
  options: CheckOptions,
  reviewSet: ReviewSet,
  scripts: Scripts,
  results: readonly MigrationResult[],
  rehearsed: boolean,
  production: Production,
  clone?: CloneMeasured,
): Promise<Priced> {
  const { now } = options
  const sampled = await sample({ options, reviewSet, scripts, results, rehearsed, production, clone })
  const priced = priceResults(results, sampled, production, clone)
  return {
    results: priced.results,
    production: priced.production,
    report: {
      sources: production.sources.map((source) => {
        const age = source.takenAt === undefined ? undefined : ageDays(source.takenAt, now)
        return age === undefined ? source : { ...source, ageDays: age }
      }),
      ...(production.serverVersion === undefined ? {} : { serverVersion: production.serverVersion }),
      hardware: priced.hardware,
      run: costOfJudged(priced, reviewSet, production),
    },
    limits: 'why' in sampled && sampled.limit !== undefined ? [sampled.limit] : [],
  }
}

/** Without what was replayed for the sake of others only: nobody asked what that costs. */
function costOfJudged(
  { results, run }: PricedRun,
  { replayedOnly = [] }: ReviewSet,
  production: Production,
): RunCost {
  if (replayedOnly.length === 0) return run
  return runCost(
    results.filter(({ migration }) => !replayedOnly.includes(scriptKey(migration))),
    production,
  )
}

interface Sampling {
  readonly options: CheckOptions
  readonly reviewSet: ReviewSet
  readonly scripts: Scripts
  readonly results: readonly MigrationResult[]
  readonly rehearsed: boolean
  readonly production: Production
  readonly clone: CloneMeasured | undefined
}

/** Why nothing was sampled: completes `not sampled, because …`. */
interface NotSampled {
  readonly why: string
  /** When the user would expect it to have been. */
  readonly limit?: Limit
}

async function sample(sampling: Sampling): Promise<SampleOutcome | NotSampled> {
  const { options, reviewSet, scripts, results, rehearsed, production, clone } = sampling
  if (!rehearsed) return { why: 'nothing was replayed' }
  if (!grows(results)) return { why: 'no statement grows with a table' }
  if (!grows(results, clone)) return { why: 'everything was measured on a clone of production' }
  if (options.queriesOnly === true) return { why: '`pgrehearse queries` leaves that to `pgrehearse check`' }
  const configured = options.config.sampling?.budget ?? configDefaults.sampling.budget
  if (configured === 0) return { why: 'the configuration turns sampling off' }
  const budgetMs = Math.min(configured, leftOfBudget(options))
  if (budgetMs < leastSamplingMs) return { why: 'the budget of the run leaves no time for it' }
  options.progress('Sampling what statements cost')
  try {
    const { sampleRun } = await import('./sampling/sample-run.ts')
    return await sampleRun({
      ...(await samplingCircumstances(options, { ...scripts, sharesSession: reviewSet.sharesSession })),
      results,
      production,
      budgetMs,
    })
  } catch (error) {
    options.signal.throwIfAborted()
    if (error instanceof UsageError || error instanceof ConfigError) throw error
    if (error instanceof Error) options.debug?.(error.stack ?? error.message)
    return notSampled(error)
  }
}

/** Samples are an extra: what goes wrong with them, our own mistakes included, must not cost the run its findings. */
function notSampled(error: unknown): NotSampled {
  const reason = error instanceof Error ? error.message.replace(/\.$/, '') : String(error)
  const isOurs = !(error instanceof EnvironmentError)
  const why = isOurs ? `sampling failed (${reason})` : `there is no server for samples: ${reason}`
  return {
    why,
    limit: {
      code: 'not-sampled',
      message: `Durations were not sampled, because ${why}. They are estimated from sizes alone.`,
      ...(isOurs
        ? { hint: 'That is a bug in pgrehearse; please report it.' }
        : error.hint === undefined
          ? {}
          : { hint: error.hint }),
    },
  }
}

function leftOfBudget({ budget }: CheckOptions): number {
  return budget === undefined ? Infinity : budget.endsAt - afterwardsMs - performance.now()
}

/** Whether the sizes are known is for sampling to find out: a partition may be known by its table. */
function grows(results: readonly MigrationResult[], clone?: CloneMeasured): boolean {
  return results.some(({ migration, statements }) =>
    statements.some(
      (result) =>
        clone?.of(migration, result.statement.index) === undefined && workOf(result).parts.length > 0,
    ),
  )
}
