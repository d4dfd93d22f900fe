/** What is done on the server of the rehearsal, from the migrations to the application's queries. */
import type { CheckOptions } from '../check-options.ts'
import type { Finding, Limit, ReportTrial, Suggestion } from '../core/model.ts'
import type { Production } from '../core/production.ts'
import type { Scripts } from '../judge-run.ts'
import type { ProvenRemedies } from '../remedies/proven-remedy.ts'
import type { TriedQueries } from '../query-review.ts'
import type { Afterwards, Rehearsal } from './rehearse.ts'
import type { NotRehearsed } from './rehearse-within.ts'
import type { Leftovers } from '../replay/alternatives.ts'
import type { TrialOutcome, TrialsByCommand } from '../trial-runs/trials.ts'
import type { Work } from '../under-review.ts'

/** What came of it. */
export interface ServerWork {
  /** Absent without a server, and when there is nothing to rehearse. */
  readonly rehearsal?: Rehearsal
  /** By the fingerprints of their findings. */
  readonly suggestions: ReadonlyMap<string, Suggestion>
  readonly proven: ProvenRemedies
  /** Why nothing was proven; absent: something was, or there was nothing to prove. */
  readonly unproven?: string
  /** Absent without a server or without queries. */
  readonly tried?: TriedQueries
  /** What was tried besides the way up, and what was found by it. */
  readonly trials: readonly ReportTrial[]
  readonly trialFindings: readonly Finding[]
  readonly limits: readonly Limit[]
}

const nothing: ServerWork = {
  suggestions: new Map(),
  proven: new Map(),
  trials: [],
  trialFindings: [],
  limits: [],
}

/** Loads the replay only when it is needed: `lint` must start fast. */
export async function workOnServer(
  options: CheckOptions,
  work: Work,
  scripts: Scripts,
  production: Production | undefined,
): Promise<ServerWork> {
  const queries = work.code?.queries ?? []
  if (!options.replay || scripts.review.length + queries.length === 0) return nothing
  const run = { ...scripts, sharesSession: work.reviewSet.sharesSession }
  if (options.budget !== undefined) {
    const { rehearseWithin } = await import('./rehearse-within.ts')
    const within = await rehearseWithin(options.budget, options, run)
    return { ...withLimits(within), unproven: 'a run with --budget has no time for that' }
  }
  const { rehearse } = await import('./rehearse.ts')
  if (queries.length === 0 && isNothingElseWanted(options))
    return { ...withLimits(await rehearse(options, run)), unproven: leftOut }
  return workOnRehearsal(
    options,
    production,
    (afterwards) => rehearse(options, run, afterwards),
    () => ({ work, scripts }),
  )
}

const leftOut = '--no-prove leaves that out'

/** Trials that nobody asked for go with remedies. */
function isNothingElseWanted(options: CheckOptions): boolean {
  return (
    options.prove === false &&
    options.with === undefined &&
    options.down !== true &&
    options.retry !== true &&
    options.silent !== true
  )
}

/** What a rehearsal is of. */
export interface RehearsedWork {
  readonly work: Work
  readonly scripts: Scripts
  /** See TrialRun. */
  readonly byCommand?: TrialsByCommand | undefined
}

/** Rehearses, and does what is to be done on the same server afterwards; `of` is asked when the rehearsal has ended. */
export async function workOnRehearsal(
  options: CheckOptions,
  production: Production | undefined,
  rehearseIt: (afterwards: Afterwards) => Promise<Rehearsal>,
  of: () => RehearsedWork,
): Promise<ServerWork> {
  const begun = performance.now()
  let more: Omit<ServerWork, 'rehearsal' | 'limits'> & { readonly limits?: readonly Limit[] } = nothing
  let ofTrials: readonly Limit[] = []
  const rehearsal = await rehearseIt(async (rehearsed, leftovers) => {
    const elapsedMs = performance.now() - begun
    const { work, scripts, byCommand } = of()
    await tellSchema(options, rehearsed, leftovers)
    const mended = await mend(options, work, scripts, rehearsed, leftovers, elapsedMs)
    const tried = await tryBesides(options, { work, scripts, byCommand }, rehearsed, leftovers, elapsedMs)
    ofTrials = tried.limits
    more = {
      ...mended,
      trials: tried.trials,
      trialFindings: tried.findings,
      ...(await tryCode(options, work, leftovers, production)),
    }
  })
  const limits = [...rehearsal.limits, ...ofTrials, ...withoutQueries(of().work, more)]
  return { ...withLimits(rehearsal), ...more, limits }
}

function withLimits(attempt: Rehearsal | NotRehearsed): ServerWork {
  if ('notRehearsed' in attempt) return { ...nothing, limits: [attempt.notRehearsed] }
  return { ...nothing, rehearsal: attempt, limits: attempt.limits }
}

/** Before anything else is tried on the server. */
async function tellSchema(
  { onSchema }: CheckOptions,
  { migrations }: Rehearsal,
  { alternatives }: Leftovers,
): Promise<void> {
  if (onSchema === undefined || alternatives === undefined) return
  if (migrations.every(({ outcome }) => outcome === 'rehearsed')) onSchema(await alternatives.schema())
}

async function mend(
  options: CheckOptions,
  { reviewSet }: Work,
  scripts: Scripts,
  rehearsal: Rehearsal,
  { alternatives }: Leftovers,
  elapsedMs: number,
): Promise<Pick<ServerWork, 'suggestions' | 'proven' | 'unproven'>> {
  if (options.prove === false) return { ...nothing, unproven: leftOut }
  if (alternatives === undefined) return { ...nothing, unproven: noRoom }
  const { proveRemedies } = await import('../remedies/prove-remedies.ts')
  const run = { options, reviewSet, scripts, rehearsal, alternatives, elapsedMs }
  const proved = await proveRemedies(run)
  if (!wantsSuggestions(options)) return { ...proved, suggestions: nothing.suggestions }
  const { proveSuggestions } = await import('../remedies/suggestions.ts')
  return { ...proved, suggestions: await proveSuggestions(run, proved.proven) }
}

const noRoom = 'the server made no copy of the database for that'

/** What is tried besides the way up, where there is a copy to try it on. */
async function tryBesides(
  options: CheckOptions,
  { work: { reviewSet }, scripts, byCommand }: RehearsedWork,
  rehearsal: Rehearsal,
  leftovers: Leftovers,
  elapsedMs: number,
): Promise<TrialOutcome> {
  const { alternatives } = leftovers
  if (alternatives === undefined) return { trials: [], findings: [], limits: [] }
  const { tryAll } = await import('../trial-runs/trials.ts')
  const run = { options, reviewSet, scripts, rehearsal, alternatives, leftovers, elapsedMs }
  return tryAll({ ...run, ...(byCommand === undefined ? {} : { byCommand }) })
}

async function tryCode(
  options: CheckOptions,
  { code }: Work,
  leftovers: Leftovers,
  production: Production | undefined,
): Promise<Pick<ServerWork, 'tried'> & { readonly limits?: readonly Limit[] }> {
  if (code === undefined || code.queries.length === 0) return {}
  const { tryQueries } = await import('../query-review.ts')
  try {
    return { tried: await tryQueries(options, code, leftovers, production) }
  } catch (error) {
    options.signal.throwIfAborted()
    const { isLostConnection, isServerError } = await import('../replay/seed-solve.ts')
    // what a query or a migration does to our sessions must not cost the run its findings; our own mistakes are told
    if (!(error instanceof Error) || !(isServerError(error) || isLostConnection(error))) throw error
    options.debug?.(error.stack ?? error.message)
    return { limits: [notTried(error.message)] }
  }
}

function notTried(why: string): Limit {
  return {
    code: 'queries-not-checked',
    message: `The application’s queries were not checked, because the server ended that: ${why.slice(0, 300)}.`,
  }
}

/** The rehearsal may have ended before its server could be asked. */
function withoutQueries(
  { code }: Work,
  { tried, limits = [] }: { readonly tried?: TriedQueries; readonly limits?: readonly Limit[] },
): readonly Limit[] {
  if (limits.length > 0) return limits
  if (tried !== undefined || code === undefined || code.queries.length === 0) return []
  const message = 'The application’s queries were not checked, because the rehearsal did not come to its end.'
  return [{ code: 'queries-not-checked', message }]
}

/** Where there is a merge request to post them on, unless the command line says otherwise. */
function wantsSuggestions({ suggestions, env }: CheckOptions): boolean {
  return suggestions ?? (env['CI_MERGE_REQUEST_IID'] ?? '') !== ''
}
