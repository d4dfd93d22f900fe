/** Tries what may happen to the migrations under review besides their way up, on copies of what they began with. */
import type { Finding, Limit, ReportTrial, Statement } from '../core/model.ts'
import type { Leftovers } from '../replay/alternatives.ts'
import { budgetMs, type MendedRun } from '../remedies/try-out.ts'
import { wantsRetry } from './wants-retry.ts'
import { wantsWayDown } from './wants-way-down.ts'
import { whyEnded } from '../rehearsal/why-ended.ts'

/** The run that is to be tried further. */
export interface TrialRun extends MendedRun {
  readonly leftovers: Leftovers
  /** Absent where files are replayed. */
  readonly byCommand?: TrialsByCommand
}

/** What is tried with the commands themselves. */
export interface TrialsByCommand {
  /** Milliseconds that each trial may take in all. */
  readonly timeoutMs: number
  /** Statements that the tool sent for itself. */
  readonly own: ReadonlySet<Statement>
  /** Absent where no command goes back. */
  readonly tryDown?: Trial
  readonly tryRetry: Trial
}

/** What came of it. */
export interface TrialOutcome {
  readonly trials: readonly ReportTrial[]
  /** Made by reservedFinding(): at a statement under review where there is one to blame. */
  readonly findings: readonly Finding[]
  readonly limits: readonly Limit[]
}

/** Stops with the signal's reason when that is aborted. */
export type Trial = (run: TrialRun, signal: AbortSignal) => Promise<TrialOutcome>

interface NamedTrial {
  /** Completes `… was not tried, because`: `The way down`. */
  readonly title: string
  isWanted(run: TrialRun): boolean
  /** Milliseconds; absent: half of the time of the run. */
  limitMs?(run: TrialRun): number | undefined
  load(run: TrialRun): Promise<Trial>
}

const trials: readonly NamedTrial[] = [
  {
    title: 'The way down',
    isWanted: wantsWayDown,
    limitMs: ({ byCommand }) => byCommand?.timeoutMs,
    load: async ({ byCommand }) => byCommand?.tryDown ?? (await import('./try-way-down.ts')).tryWayDown,
  },
  {
    title: 'What comes of a failure in the middle',
    isWanted: wantsRetry,
    limitMs: ({ byCommand }) => byCommand?.timeoutMs,
    load: async ({ byCommand }) => byCommand?.tryRetry ?? (await import('./try-retry.ts')).tryRetry,
  },
  {
    title: 'What the migrations change beyond their words',
    isWanted: ({ options: { silent, prove } }) => silent ?? prove !== false,
    load: async () => (await import('./try-silent-changes.ts')).trySilentChanges,
  },
  {
    title: 'Other branches',
    isWanted: ({ reviewSet }) => (reviewSet.others ?? []).length > 0,
    load: async () => (await import('./try-branches.ts')).tryBranches,
  },
]

/**
 * One after the other, each within half of the time of the run. What ends early is said. Never throws but for the user's
 * own interruption.
 */
export async function tryAll(run: TrialRun): Promise<TrialOutcome> {
  const outcomes: TrialOutcome[] = []
  for (const trial of trials) if (trial.isWanted(run)) outcomes.push(await tryOne(trial, run))
  return {
    trials: outcomes.flatMap((outcome) => outcome.trials),
    findings: outcomes.flatMap((outcome) => outcome.findings),
    limits: outcomes.flatMap((outcome) => outcome.limits),
  }
}

async function tryOne(trial: NamedTrial, run: TrialRun): Promise<TrialOutcome> {
  const { options } = run
  const deadline = AbortSignal.timeout(trial.limitMs?.(run) ?? budgetMs(run.elapsedMs))
  try {
    const tryIt = await trial.load(run)
    return await tryIt(run, AbortSignal.any([options.signal, deadline]))
  } catch (error) {
    options.signal.throwIfAborted()
    options.debug?.(error instanceof Error ? (error.stack ?? error.message) : String(error))
    const why = whyEnded(error, deadline)
    return { trials: [], findings: [], limits: [notTried(trial, why)] }
  }
}

function notTried({ title }: NamedTrial, why: string): Limit {
  return { code: 'not-tried', message: `${title} was not tried to its end, because ${why}.` }
}
