import type { Clock } from '../../src/gitlab/retry.ts'

/** A clock on which waiting takes no time and requests take none either; remembers how long was waited. */
export interface FastClock extends Clock {
  readonly waits: readonly number[]
}

export function fastClock(): FastClock {
  const waits: number[] = []
  let time = 0
  return {
    waits,
    now: () => time,
    sleep: async (ms, signal) => {
      signal.throwIfAborted()
      waits.push(ms)
      time += ms
    },
    // full jitter pauses: 1, 2, 4, 8 s
    random: () => 1,
  }
}
