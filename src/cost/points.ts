import { pageBytes } from './constants.ts'
import { sampledRows, type Driver } from './drivers.ts'
import type { StatementAmounts, StatementSample } from './samples.ts'

/**
 * What a statement took at one size: medians of its samples there, and the shortest time. Nothing makes work shorter than
 * it is; others on the machine make it longer (facts B: repeated runs differ by 20 %, some series by 90 %).
 */
export interface Point extends StatementAmounts {
  readonly rows: number
  readonly matchedRows: number | undefined
}

export interface Points {
  /** Smallest first. */
  readonly large: readonly Point[]
  readonly scaled: readonly Point[]
}

/** Those that tell how long it takes: with large memory, where there are any. */
export function timed({ large, scaled }: Points): readonly Point[] {
  return large.length > 0 ? large : scaled
}

/** The samples by the rows of the tables that decide. Samples without rows in them are left out. */
export function pointsOf(samples: readonly StatementSample[], drivers: readonly Driver[]): Points {
  return pointsBy(samples, ({ rows }) => sampledRows(rows, drivers))
}

function pointsBy(
  samples: readonly StatementSample[],
  rowsOf: (sample: StatementSample) => number | undefined,
): Points {
  const of = (regime: StatementSample['regime']): readonly Point[] => {
    const sizes = new Map<number, StatementSample[]>()
    for (const sample of samples) {
      if (sample.regime !== regime) continue
      const rows = rowsOf(sample)
      if (rows === undefined || rows <= 0) continue
      sizes.set(rows, [...(sizes.get(rows) ?? []), sample])
    }
    return [...sizes].map(([rows, same]) => toPoint(rows, same)).sort((a, b) => a.rows - b.rows)
  }
  return { large: of('large memory'), scaled: of('scaled') }
}

function toPoint(rows: number, samples: readonly StatementSample[]): Point {
  const of = (pick: (sample: StatementSample) => number): number => median(samples.map(pick))
  return {
    rows,
    ms: Math.max(0, Math.min(...samples.map(({ ms }) => (Number.isFinite(ms) ? ms : 0)))),
    walBytes: of(({ walBytes }) => walBytes),
    tempBytes: of(({ tempBytes }) => tempBytes),
    readBytes: of(({ readBytes }) => readBytes),
    writtenBytes: of(({ writtenBytes }) => writtenBytes),
    pagesTouched: of(({ pagesTouched }) => pagesTouched),
    newFileBytes: of(({ newFileBytes }) => newFileBytes),
    matchedRows: samples.some(({ matchedRows }) => matchedRows === undefined)
      ? undefined
      : of(({ matchedRows }) => matchedRows ?? 0),
  }
}

function median(values: readonly number[]): number {
  const sorted = values
    .map((value) => (Number.isFinite(value) ? Math.max(0, value) : 0))
    .sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

/**
 * Does work grow with the rows? From the pages that two sizes touch: 0.9 to 1.45 times as many for ten times the rows
 * where only the catalogue changes, 8.9 to 12.5 times elsewhere (facts 0.5). In small samples the catalogue's pages
 * hide that ratio, so work that touches another half of the rows' own pages grows, too. Undefined when sizes lie too
 * close, when all of the rows are too few pages to tell them from the catalogue's, and when more rows touch fewer
 * pages: then another plan was chosen, which reads them all the same (a join that looks keys up where there are few).
 * @param rowBytes of the heap that was filled
 */
export function grows({ large, scaled }: Points, rowBytes: number): boolean | undefined {
  const points = large.length > 1 ? large : scaled
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined || last.rows < 2 * first.rows) return undefined
  const more = last.pagesTouched - first.pagesTouched
  const moreOfHeap = ((last.rows - first.rows) * rowBytes) / pageBytes
  // half of the way on a logarithmic scale: 3.2 for ten times the rows
  const cut = Math.sqrt(last.rows / first.rows)
  const hasGrown = last.pagesTouched > cut * first.pagesTouched || more > moreOfHeap / 2
  if (hasGrown && more >= leastPages) return true
  if (last.pagesTouched < leastRatio * first.pagesTouched) return undefined
  return moreOfHeap < 2 * leastPages ? undefined : false
}

/** Where only the catalogue changes (facts 0.5). */
const leastRatio = 0.9

/** Of the catalogue: what one walk finds in a session's caches and another does not. */
const leastPages = 64
