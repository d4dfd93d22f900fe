import type { Range } from '../core/cost-model.ts'
import type { Spread } from './constants.ts'

/** The range that a spread makes of an estimate. Never below zero, never upside down. */
export function spread(expected: number, { low, high }: Spread): Range {
  const middle = Number.isFinite(expected) ? Math.max(0, expected) : 0
  return { low: middle * low, expected: middle, high: middle * high }
}
