/**
 * What a statement takes whatever its rows: looking at the catalogue, and its full pages after a checkpoint. Two sizes
 * tell it by themselves. With one, as in a review of many files, it would be taken for what rows cost, and a scan of
 * a few milliseconds for one of seconds; the rehearsal, whose tables hold a row or two, has measured it.
 */
import type { Range } from '../core/cost-model.ts'
import { catalogFullPageBytes } from './constants.ts'
import type { Estimate } from './estimate.ts'
import { timed, type Point, type Points } from './points.ts'
import type { RehearsedAmounts } from './samples.ts'

/** Of one sample, the shares that do not grow. */
export interface FixedPart {
  readonly ms: Fixed
  readonly walBytes: Fixed
}

/** Shares of what the sample took: at least, as it is thought to be, and at most. */
interface Fixed {
  readonly amount: number
  readonly least: number
  readonly likely: number
  readonly most: number
}

/**
 * Undefined where several sizes tell it, the sample is as large as production, or the statement was not rehearsed.
 * @param rows in production
 */
export function fixedPart(
  points: Points,
  rehearsed: RehearsedAmounts | undefined,
  rows: number,
): FixedPart | undefined {
  const [only, ...others] = timed(points)
  if (only === undefined || others.length > 0 || rows <= only.rows) return undefined
  if (rehearsed === undefined) return undefined
  const { ms: time, walBytes: wal } = rehearsed
  return {
    ms: fixed(only.ms, [time / 2, time, time * 1.5]),
    // full pages: none of them in a rehearsal, and of how many pages nobody knows
    walBytes: fixed(only.walBytes, [wal, wal + catalogFullPageBytes / 2, wal + catalogFullPageBytes * 1.5]),
  }
}

/** Something grows, that much is known: of a sample's time and bytes at most so much does not. */
const largestShare = 0.75

function fixed(sampled: number, [low, expected, high]: readonly [number, number, number]): Fixed {
  const share = (amount: number): number => (sampled <= 0 ? 0 : Math.min(largestShare, amount / sampled))
  const likely = share(expected)
  return { amount: likely * sampled, least: share(low), likely, most: (share(high) + likely) / 2 }
}

/** The samples without it: what is left grows with the rows. */
export function withoutFixedPart({ large, scaled }: Points, part: FixedPart): Points {
  const less = (point: Point): Point => ({
    ...point,
    ms: point.ms * (1 - part.ms.likely),
    walBytes: point.walBytes * (1 - part.walBytes.likely),
  })
  return { large: large.map(less), scaled: scaled.map(less) }
}

/** The estimate with it; the range allows for more or less of it. */
export function withFixedPart(estimate: Estimate, { ms, walBytes }: FixedPart): Estimate {
  const { durationMs, walBytes: wal } = estimate
  return {
    ...estimate,
    ...(durationMs === undefined ? {} : { durationMs: plus(durationMs, ms) }),
    ...(wal === undefined ? {} : { walBytes: plus(wal, walBytes) }),
  }
}

function plus({ low, expected, high }: Range, { amount, least, likely, most }: Fixed): Range {
  const growing = 1 - likely
  return {
    low: (low * (1 - most)) / growing + amount,
    expected: expected + amount,
    high: (high * (1 - least)) / growing + amount,
  }
}
