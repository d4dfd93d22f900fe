import { bytesOf, rowsOf, type SampleSize, type SampleTable } from './sample-tables.ts'

/** What one size has cost. Milliseconds. */
export interface SizeCost {
  readonly size: SampleSize
  readonly fillMs: number
  readonly copyMs: number
  readonly walkMs: number
}

/** What comes after the first size. */
export interface NextSteps {
  /** A second size with settings as in production; absent where none fits or none is wanted. */
  readonly second?: SampleSize
  /** Is there time for the run with memory in proportion, and on which size? */
  readonly scaled?: 'first' | 'second'
}

/** More than this does not make predictions better (facts: 300,000 rows), and takes disk. */
export const mostRows = 300_000
const mostBytes = 400 * 1024 ** 2

/** The first size is small: it tells what rows cost here before many are asked for. */
export function firstSize(tables: readonly SampleTable[], leftMs: number): SampleSize | undefined {
  if (leftMs < leastMs) return undefined
  const rows = leftMs >= 12_000 ? 20_000 : leftMs >= 4000 ? 10_000 : 3000
  const lookedUpRows = leftMs >= 12_000 ? Math.round(leftMs * lookedUpShare * assumedRowsPerMs) : rows
  return fitBytes(tables, { rows, lookedUpRows }, mostBytes / 8)
}

/** Filling and one walk of the smallest size. */
const leastMs = 400
/** Of the time, for tables that foreign keys are checked against. */
const lookedUpShare = 0.1
const assumedRowsPerMs = 80

/** Ends of the server and of its folder, and what estimates leave out. */
const marginMs = 500
const restartMs = 700
/** Per-row costs grow with the size; what is cut off half-way is worth nothing. */
const growth = 1.2
/** Small buffers cost time. */
const scaledFactor = 2.3

/** The largest second size that fits into what is left, with the run in proportion; else what fits without. */
export function nextSteps(tables: readonly SampleTable[], first: SizeCost, leftMs: number): NextSteps {
  const largest = Math.max(0, ...tables.map(({ facts }) => facts?.rows ?? 0))
  // the first size is production's own
  if (largest <= first.size.rows) return {}
  const left = leftMs - marginMs
  const scaledAt = (factor: number): number => restartMs + first.walkMs * factor * scaledFactor
  const sizes = candidates(tables, first.size, largest)
  for (const size of sizes) {
    const more = rowsIn(tables, size) / rowsIn(tables, first.size)
    const longer = (size.rows / first.size.rows) * growth
    const large = (first.fillMs + 2 * first.copyMs) * more + first.walkMs * longer
    if (large + scaledAt(longer) <= left) return { second: size, scaled: 'second' }
    if (size.rows < leastRatio * first.size.rows) break
  }
  return scaledAt(1) <= left ? { scaled: 'first' } : {}
}

/** Two sizes that are closer tell nothing of growth (facts: 3 and more). */
const leastRatio = 3

function candidates(
  tables: readonly SampleTable[],
  first: SampleSize,
  largest: number,
): readonly SampleSize[] {
  const steps: SampleSize[] = []
  const most = Math.min(mostRows, largest)
  for (let rows = most; rows >= leastRatio * first.rows || rows === most; rows = Math.floor(rows * 0.8)) {
    const size = { rows, lookedUpRows: first.lookedUpRows }
    if (bytesOf(tables, size) <= mostBytes) steps.push(size)
  }
  return steps
}

function fitBytes(tables: readonly SampleTable[], size: SampleSize, most: number): SampleSize {
  const bytes = bytesOf(tables, size)
  if (bytes <= most) return size
  const factor = most / bytes
  return {
    rows: Math.max(100, Math.floor(size.rows * factor)),
    lookedUpRows: Math.max(100, Math.floor(size.lookedUpRows * factor)),
  }
}

function rowsIn(tables: readonly SampleTable[], size: SampleSize): number {
  return tables.reduce((sum, one) => sum + rowsOf(one, size), 1)
}
