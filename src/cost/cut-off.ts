import type { Range, StatementCost } from '../core/cost-model.ts'
import { formatMs, formatRows } from '../core/quantities.ts'
import type { SampledStatement } from './samples.ts'

/** Of the time until a sample was stopped, how much was surely its own: others may have had the CPU meanwhile. */
const ownShare = 1 / 2

/** How much longer than in proportion it may take: a look-up that reads a table grows with the square of the rows. */
const most = { least: 3, most: 100 }

/**
 * A sample that was stopped has no counts, but tells that production's rows take at least as long in proportion.
 * @param rows in production
 * @param canBeNone may no row match there? Then it may also be over at once
 */
export function atLeastCutOff(
  cost: StatementCost,
  cutOff: SampledStatement['cutOff'],
  rows: number,
  canBeNone: boolean,
): StatementCost {
  if (cutOff === undefined || cost.durationMs === undefined || cutOff.rows <= 0) return cost
  const ratio = Math.max(1, rows / cutOff.rows)
  const leastMs = cutOff.ms * ownShare * ratio
  if (leastMs <= cost.durationMs.expected) return cost
  const note = `a sample of ${formatRows(cutOff.rows)} was stopped after ${formatMs(cutOff.ms)}`
  return {
    ...cost,
    durationMs: raised(cost.durationMs, leastMs, ratio, canBeNone),
    notes: [...cost.notes, note],
  }
}

function raised(range: Range, leastMs: number, ratio: number, canBeNone: boolean): Range {
  const times = Math.min(Math.max(ratio, most.least), most.most)
  return {
    low: canBeNone ? range.low : Math.max(range.low, leastMs),
    expected: leastMs,
    high: Math.max(range.high, leastMs * times),
  }
}
