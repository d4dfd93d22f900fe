/**
 * What a statement takes whatever its rows: looking at the catalogue, and its full pages after a checkpoint. Two sizes
 * tell it by themselves. With one, as in a review of many files, it would be taken for what rows cost, and a scan of
 * a few milliseconds for one of seconds; the rehearsal, whose tables hold a row or two, has measured it.
 */
import type { Range } from '../core/cost-model.ts'
import type { StatementResult } from '../core/model.ts'
import { catalogFullPageBytes } from './constants.ts'
import type { Estimate } from './estimate.ts'
import type { Point, Points } from './points.ts'

/** Of one sample, the shares that do not grow. */
export interface FixedPart {
  readonly ms: Fixed
  readonly walBytes: Fixed
}

interface Fixed {
  readonly amount: number
  /** Of what the sample took: as it is thought to be, and at most. */
  readonly share: number
  readonly mostShare: number
}

/**
 * Undefined where several sizes tell it, the sample is as large as production, or the statement was not rehearsed.
 * @param rows in production
 */
export function fixedPart(
  { large, scaled }: Points,
  result: StatementResult,
  rows: number,
): FixedPart | undefined {
  const points = large.length > 0 ? large : scaled
  const [only] = points
  if (only === undefined || points.length > 1 || rows <= only.rows) return undefined
  if (result.durationMs === undefined) return undefined
  let wal = catalogFullPageBytes
  for (const effect of result.effects) if (effect.kind === 'wal') wal += effect.bytes
  return { ms: fixed(result.durationMs, only.ms), walBytes: fixed(wal, only.walBytes) }
}

/** Something grows, that much is known: of a sample's time and bytes at most so much does not. */
const largestShare = 0.75

function fixed(rehearsed: number, sampled: number): Fixed {
  const share = sampled <= 0 ? 0 : Math.min(largestShare, rehearsed / sampled)
  // half as much again, or half of what is left to the largest
  const mostShare = Math.max(share, Math.min(1.5 * share, (share + largestShare) / 2))
  return { amount: share * sampled, share, mostShare }
}

/** The samples without it: what is left grows with the rows. */
export function withoutFixedPart({ large, scaled }: Points, part: FixedPart): Points {
  const less = (point: Point): Point => ({
    ...point,
    ms: point.ms * (1 - part.ms.share),
    walBytes: point.walBytes * (1 - part.walBytes.share),
  })
  return { large: large.map(less), scaled: scaled.map(less) }
}

/** The estimate with it. Its low end allows for more of it: the first to read a catalogue waits for its pages. */
export function withFixedPart(estimate: Estimate, { ms, walBytes }: FixedPart): Estimate {
  const { durationMs, walBytes: wal } = estimate
  return {
    ...estimate,
    ...(durationMs === undefined ? {} : { durationMs: plus(durationMs, ms) }),
    ...(wal === undefined ? {} : { walBytes: plus(wal, walBytes) }),
  }
}

function plus({ low, expected, high }: Range, { amount, share, mostShare: most }: Fixed): Range {
  const least = (1 - most) / (1 - share)
  return { low: low * least + amount, expected: expected + amount, high: high + amount }
}
