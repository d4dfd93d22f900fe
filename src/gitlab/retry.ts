import { setTimeout as wait } from 'node:timers/promises'

/** What time means to the requester; tests hand in their own. */
export interface Clock {
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Rejects when the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** 0 up to 1, for jitter. */
  readonly random: () => number
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => wait(ms, undefined, { signal }),
  random: () => Math.random(),
}

/**
 * How long to wait before the next try: what the server asks for, and never less than 1, 2, 4, 8 s with jitter, so that
 * jobs which failed together do not come back together.
 * @param tries how often the request was sent already.
 */
export function pauseMs(tries: number, askedMs: number | undefined, random: () => number): number {
  return Math.max(askedMs ?? 0, 1000 * 2 ** (tries - 1) * (0.5 + random() / 2))
}

/** `Retry-After` in milliseconds: seconds or a date. Undefined when absent or nonsense. */
export function retryAfterMs(header: string | null, nowEpochMs: number): number | undefined {
  if (header === null) return undefined
  if (/^\d{1,9}$/.test(header.trim())) return Number(header.trim()) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowEpochMs)
}

/**
 * The time that requests and waits may take together. The clock runs only while some work is under way, so that a
 * server may be opened early and used late.
 */
export class TimeBudget {
  readonly #now: () => number
  #spentMs = 0
  #running = 0
  #since = 0

  readonly totalMs: number

  constructor(totalMs: number, now: () => number) {
    this.totalMs = totalMs
    this.#now = now
  }

  remainingMs(): number {
    const running = this.#running > 0 ? this.#now() - this.#since : 0
    return this.totalMs - this.#spentMs - running
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running === 0) this.#since = this.#now()
    this.#running += 1
    try {
      return await work()
    } finally {
      this.#running -= 1
      if (this.#running === 0) this.#spentMs += this.#now() - this.#since
    }
  }
}

/** GitLab.com takes 60 notes a minute: the first ones go at once, a long review then slows down by itself. */
const freeWrites = 20
const pauseBetweenWritesMs = 1000

/** Says how long a POST has to wait for its turn. */
export class WritePace {
  #writes = 0
  #last = 0

  /** Milliseconds to wait before a write that begins at `now`; counts it. */
  nextPauseMs(now: number): number {
    const pause = this.#writes < freeWrites ? 0 : Math.max(0, this.#last + pauseBetweenWritesMs - now)
    this.#writes += 1
    this.#last = now + pause
    return pause
  }
}
