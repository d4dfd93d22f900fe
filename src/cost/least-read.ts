import type { Range, StatementCost } from '../core/cost-model.ts'
import { relationKey } from '../core/effects.ts'
import { displayKey } from '../core/locks.ts'
import type { StatementResult } from '../core/model.ts'
import type { Production } from '../core/production.ts'
import { assumedRowBytes, referenceBytesPerSecond, structureSpread, widthLimits } from './constants.ts'
import { spread } from './ranges.ts'
import type { SampledTable } from './samples.ts'
import type { Size, Sizes } from './sizes.ts'
import { workOf } from './work.ts'

/**
 * A cost that is not shorter than reading the files of its tables takes. Queues have few rows in many pages: samples, and
 * what is told from rows, know nothing of the empty ones.
 */
export function atLeastRead(
  cost: StatementCost,
  result: StatementResult,
  { sizes, production, sampled }: ReadLimits,
): StatementCost {
  const { durationMs } = cost
  if (durationMs === undefined || cost.growth !== 'grows with the table') return cost
  const kinds = workOf(result).parts.filter(({ kind }) => kind !== 'analyze')
  const tables = new Set(kinds.map(({ relation }) => relationKey(relation)))
  const sparse = [...tables].flatMap((key) => {
    const size = sizes.get(key)
    return size !== undefined && isSparse(size, sampled[key]) ? [size] : []
  })
  const bytes = sparse.reduce((sum, { heapBytes = 0 }) => sum + heapBytes, 0)
  const { diskReadBytesPerSecond, scanBytesPerSecond } = production.hardware ?? {}
  const rate = diskReadBytesPerSecond ?? scanBytesPerSecond ?? referenceBytesPerSecond
  const least = spread((bytes / Math.max(1, rate)) * 1000, structureSpread)
  if (least.expected <= durationMs.expected) return cost
  const names = sparse.map(({ table }) => displayKey(table)).join(' and ')
  const note = `${names} has few rows for its size: reading all of its pages counts`
  return { ...cost, durationMs: longer(durationMs, least), notes: [...cost.notes, note] }
}

interface ReadLimits {
  readonly sizes: Sizes
  readonly production: Production
  /** Tables of the samples, `schema.name`. */
  readonly sampled: Readonly<Record<string, SampledTable>>
}

/** More bytes a row than the model follows. */
function isSparse({ rows, heapBytes }: Size, sampled: SampledTable | undefined): boolean {
  if (heapBytes === undefined) return false
  const rowBytes =
    sampled === undefined || sampled.rows === 0 ? assumedRowBytes : sampled.heapBytes / sampled.rows
  return heapBytes > Math.max(1, rows) * rowBytes * widthLimits.high
}

function longer(a: Range, b: Range): Range {
  return {
    low: Math.max(a.low, b.low),
    expected: Math.max(a.expected, b.expected),
    high: Math.max(a.high, b.high),
  }
}
