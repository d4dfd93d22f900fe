import type { Range } from '../../src/core/cost-model.ts'
import { median } from '../measure.ts'
import type { Result } from './result.ts'

/** One number of one trial. */
export interface Pair {
  readonly result: Result
  /** Absent: the tool gave none. */
  readonly predicted?: Range
  readonly actual: number
}

/** Duration without what the backend waited for CPUs that others used. */
export function durations(results: readonly Result[]): readonly Pair[] {
  return pairs(results, ({ predicted, truth }) => [predicted?.ms, truth && truth.ms - truth.waitMs])
}

/** Only where there is enough to count: full page images of the catalogue are not of interest. */
export function walBytes(results: readonly Result[]): readonly Pair[] {
  const all = pairs(results, ({ predicted, truth }) => [predicted?.walBytes, truth?.walBytes])
  return all.filter(isLarge)
}

/** Those that spill to disk, in truth or by prediction. */
export function tempBytes(results: readonly Result[]): readonly Pair[] {
  const all = pairs(results, ({ predicted, truth }) => [predicted?.tempBytes, truth?.tempBytes])
  return all.filter(isLarge)
}

function isLarge({ predicted, actual }: Pair): boolean {
  return Math.max(predicted?.expected ?? 0, actual) >= 1024 ** 2
}

function pairs(
  results: readonly Result[],
  pick: (result: Result) => readonly [Range | undefined, number | undefined],
): readonly Pair[] {
  return results.flatMap((result) => {
    const [predicted, actual] = pick(result)
    if (actual === undefined || result.instant) return []
    return [{ result, actual, ...(predicted === undefined ? {} : { predicted }) }]
  })
}

/** Predicted through actual; undefined without a prediction, Infinity or 0 where one of the two is none. */
export function ratioOf({ predicted, actual }: Pair): number | undefined {
  if (predicted === undefined) return undefined
  return predicted.expected === actual ? 1 : predicted.expected / actual
}

export function isInside({ predicted, actual }: Pair): boolean {
  return predicted !== undefined && predicted.low <= actual && actual <= predicted.high
}

/** What many pairs say together. */
export interface Summary {
  readonly count: number
  readonly predicted: number
  /** Median of the ratios, and of their distances from 1. */
  readonly ratio: number
  readonly error: number
  /** The ratio that is furthest from 1, by factor. */
  readonly worst: number
  readonly within: (factor: number) => number
  /** Of all, with those that were not predicted. */
  readonly inside: number
  /** Median of high / low. */
  readonly width: number
}

export function summarize(all: readonly Pair[]): Summary {
  const ratios = all.flatMap((pair) => ratioOf(pair) ?? [])
  const widths = all.flatMap(({ predicted }) =>
    predicted === undefined || predicted.low <= 0 ? [] : [predicted.high / predicted.low],
  )
  const off = (ratio: number) => Math.max(ratio, 1 / ratio)
  return {
    count: all.length,
    predicted: ratios.length,
    ratio: median(ratios),
    error: median(ratios.map((ratio) => Math.abs(ratio - 1))),
    worst: ratios.toSorted((a, b) => off(b) - off(a))[0] ?? Number.NaN,
    within: (factor) => ratios.filter((ratio) => off(ratio) <= factor).length,
    inside: all.filter(isInside).length,
    width: median(widths),
  }
}
