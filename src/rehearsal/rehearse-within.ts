import { EnvironmentError } from '../core/errors.ts'
import type { Limit } from '../core/model.ts'
import { openHistoryCache, partKept, rehearseFrom, type Rehearsal, type Scripts } from './rehearse.ts'
import type { CheckOptions } from '../check-options.ts'

/** The time that a whole run may take, for hooks. */
export interface Budget {
  /** As it was asked for, in milliseconds. */
  readonly ms: number
  /** When it is over, on the clock of performance.now(). */
  readonly endsAt: number
  /** The command that fills the cache, for the hint. */
  readonly warmedBy: string
}

/** Why there is no rehearsal: prediction has to do. */
export interface NotRehearsed {
  readonly notRehearsed: Limit
}

/** What stopping the server, judging and reporting take, in milliseconds. */
const afterwardsMs = 250

/** Outside of hooks, with this much time a replay of an unknown history is worth a try. */
const enoughForUncachedMs = 10_000

/** What a timer can wait at most; 49 days. */
const longestTimerMs = 2 ** 32 - 1

/**
 * Rehearses when the cache has the history or a beginning of it and past rehearsals say that it may fit in the
 * budget, or when this is no hook and the budget is generous. A rehearsal that does not fit is given up when the time is over; nothing of
 * it stays behind. Without a server that works there is none either: a hook is no place to insist on one.
 */
export async function rehearseWithin(
  budget: Budget,
  options: CheckOptions,
  scripts: Scripts,
): Promise<Rehearsal | NotRehearsed> {
  await using cache = await openHistoryCache(options, scripts)
  const leftMs = budget.endsAt - afterwardsMs - performance.now()
  const isGenerous = options.staged !== true && budget.ms >= enoughForUncachedMs
  if (cache === undefined && !isGenerous) return uncached(options)
  const found = await cache?.find()
  if (found === undefined && !isGenerous) return cold(budget)
  const kept = found === undefined ? undefined : partKept(found, scripts)
  const usualMs = kept === undefined ? undefined : await cache?.past.shortest(kept)
  if (leftMs <= 0 || (usualMs ?? 0) > leftMs) return tooLong(budget, usualMs)
  const deadline = AbortSignal.timeout(Math.min(Math.ceil(leftMs), longestTimerMs))
  const signal = AbortSignal.any([options.signal, deadline])
  try {
    return await rehearseFrom(found, cache, { ...options, signal }, scripts)
  } catch (error) {
    options.signal.throwIfAborted()
    if (deadline.aborted) {
      // it would have taken longer than that, so the next one does not try in vain
      if (kept !== undefined) await cache?.past.add({ kept, ms: budget.ms })
      return tooLong(budget, undefined)
    }
    if (error instanceof EnvironmentError) return unavailable(error)
    throw error
  }
}

function uncached({ serverUrl, containerImage }: CheckOptions): NotRehearsed {
  if (containerImage !== undefined)
    return notRehearsed(
      'the history cannot be cached in a container',
      'Replay in CI, or let the hook use the embedded server.',
    )
  if (serverUrl === undefined)
    return notRehearsed('there is no folder to cache the history in', 'Name one with --cache-dir.')
  return notRehearsed(
    'the history cannot be cached on a server that was given to us',
    'Replay in CI, or let the hook use the embedded server.',
  )
}

function cold({ warmedBy }: Budget): NotRehearsed {
  return notRehearsed(
    'no replayed history of it is cached yet',
    `Run \`${warmedBy}\` once; a pre-push hook can do it.`,
  )
}

function tooLong({ ms }: Budget, usualMs: number | undefined): NotRehearsed {
  const seconds = (time: number): string => `${Number((time / 1000).toPrecision(2))} s`
  const past = usualMs === undefined ? '' : `; past ones took ${seconds(usualMs)} or more`
  return notRehearsed(
    `that does not fit in the budget of ${seconds(ms)}${past}`,
    'Give a larger --budget, or leave it to pre-push and CI.',
  )
}

function unavailable(error: EnvironmentError): NotRehearsed {
  return notRehearsed(`there is no server: ${error.message.replace(/\.$/, '')}`, error.hint)
}

function notRehearsed(why: string, hint: string | undefined): NotRehearsed {
  const message = `Judged by prediction and not replayed, because ${why}.`
  return { notRehearsed: { code: 'not-replayed', message, ...(hint === undefined ? {} : { hint }) } }
}
