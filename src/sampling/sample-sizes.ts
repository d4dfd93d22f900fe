import { bytesOf, rowsOf, type SampleSize, type SampleTable } from './sample-tables.ts'

/** What one size has cost. Milliseconds. */
export interface SizeCost {
  readonly size: SampleSize
  readonly fillMs: number
  readonly copyMs: number
  /** Of the walk over the review, that of its statements, and what any number of rows takes. */
  readonly statementsMs: number
  readonly fixedMs: number
  /** What its statements would take at another size if each took as much longer as its tables are larger. */
  readonly statementsMsAt: (size: SampleSize) => number
}

/** More than this does not make predictions better (facts: 300,000 rows), and takes disk. */
export const defaultMostRows = 300_000
const mostBytes = 400 * 1024 ** 2

/** The first size is small: it tells what rows cost here before many are asked for. */
export function firstSize(
  tables: readonly SampleTable[],
  mostRows: number,
  leftMs: number,
): SampleSize | undefined {
  if (leftMs < leastMs) return undefined
  const affordable = leftMs >= 12_000 ? 20_000 : leftMs >= 4000 ? 10_000 : 3000
  const rows = Math.min(affordable, Math.ceil(mostRows / 4))
  const lookedUpRows = leftMs >= 12_000 ? Math.round(leftMs * lookedUpShare * assumedRowsPerMs) : rows
  return fitBytes(tables, { rows, lookedUpRows }, mostBytes / 8)
}

/** Filling and one walk of the smallest size. */
const leastMs = 400
/** Of the time, for tables that foreign keys are checked against. */
const lookedUpShare = 0.06
const assumedRowsPerMs = 80

/** Ends of the server and of its folder, and what estimates leave out. */
const marginMs = 500
const restartMs = 600
/** Copying the schema, planning rows, VACUUM of small tables. */
const fixedFillMs = 100
/** Per-row costs grow with the size; what is cut off half-way is worth nothing. */
const growth = 1.15
/**
 * Small buffers cost time: measured 1.1 to 1.8. What is cut off here loses the WAL and temporary bytes that only this
 * run shows; where it would be, it is made with fewer rows.
 */
const scaledFactor = 1.6

/**
 * The largest second size that fits into what is left, together with its run in proportion; where none does, with that
 * of the first size. Undefined when none does that is large enough to tell growth, or when the first size is production's
 * own.
 */
export function secondSize(
  tables: readonly SampleTable[],
  first: SizeCost,
  mostRows: number,
  leftMs: number,
): SampleSize | undefined {
  const largest = mostDrivingRows(tables)
  if (largest <= first.size.rows) return undefined
  const sizes = candidates(tables, first.size, Math.min(mostRows, largest)).map((size) => {
    const more = rowsIn(tables, size) / rowsIn(tables, first.size)
    const filled = fixedFillMs + (first.fillMs - Math.min(fixedFillMs, first.fillMs / 2)) * more
    const walk = { statementsMs: first.statementsMsAt(size) * growth, fixedMs: first.fixedMs }
    const ms = filled + 2 * first.copyMs * more + walk.statementsMs + walk.fixedMs
    return { size, ms, inProportionMs: inProportionMs(walk) }
  })
  const mostMs = leftMs - marginMs
  const fitting =
    sizes.find((one) => one.ms + one.inProportionMs <= mostMs) ??
    sizes.find(({ ms }) => ms + inProportionMs(first) <= mostMs)
  return fitting?.size
}

/** After a size for which there was not enough time: a smaller one, if there is time for that. */
export function fewerRows(size: SampleSize, leftMs: number): SampleSize | undefined {
  if (leftMs < leastAgainMs || size.rows < 10_000) return undefined
  return { ...size, rows: Math.floor(size.rows / 4) }
}

/** Filling, walks and a restart of the server. */
const leastAgainMs = 3000

/** Is there time for the same walk once more, and for the run in proportion after it? */
export function fitsAgain(cost: SizeCost, leftMs: number): boolean {
  const { copyMs, statementsMs, fixedMs } = cost
  return copyMs + fixedMs + statementsMs * growth + inProportionMs(cost) <= leftMs - marginMs
}

/** Is there time for the run with memory in proportion on a size that is there? */
export function fitsInProportion(cost: SizeCost, leftMs: number): boolean {
  return inProportionMs(cost) <= leftMs
}

/**
 * A size between the two for the run in proportion, where there is none for it on the second: the larger it is, the
 * less do limits count below which memory cannot be set. Undefined when it would be hardly larger than the first.
 */
export function sizeBetween(first: SizeCost, second: SizeCost, leftMs: number): SampleSize | undefined {
  const perRow = (second.statementsMs * scaledFactor + second.fillMs) / second.size.rows
  const rows = Math.floor((leftMs - marginMs - restartMs - second.fixedMs) / perRow)
  return rows < 2 * first.size.rows || rows >= second.size.rows ? undefined : { ...second.size, rows }
}

type WalkCost = Pick<SizeCost, 'statementsMs' | 'fixedMs'>

/** From the time of the same walk with memory as in production. */
function inProportionMs({ statementsMs, fixedMs }: WalkCost): number {
  return restartMs + fixedMs + statementsMs * scaledFactor
}

/** Of the largest table that decides what something costs. */
export function mostDrivingRows(tables: readonly SampleTable[]): number {
  return Math.max(0, ...tables.map(({ facts, isDriving }) => (isDriving ? (facts?.rows ?? 0) : 0)))
}

/** Two sizes that are closer tell nothing of growth (facts: 3 and more). */
const leastRatio = 3

function candidates(tables: readonly SampleTable[], first: SampleSize, most: number): readonly SampleSize[] {
  const steps: SampleSize[] = []
  for (let rows = most; rows >= leastRatio * first.rows || rows === most; rows = Math.floor(rows * 0.9)) {
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
