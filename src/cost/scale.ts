import { cacheMisses, ginCorrection, leastGrowthOfBytes, scanCorrection } from './constants.ts'
import type { WorkKind } from './model.ts'
import type { Point, Points } from './points.ts'

/** How time grows, as far as the kind of work and the statement tell. */
export type Model =
  | 'linear' // every row is read once and checked
  | 'sort' // n log n: sorts, random access to indexes, misses of caches
  | 'key' // looks up every row in a hash of another table

export interface ScaleInput {
  readonly model: Model
  readonly method: string | undefined
  readonly points: Points
  /** Rows in production. */
  readonly rows: number
  /** How much longer a scan takes that reads each page anew: milliseconds per byte, and per row of the sample. */
  readonly readingMsPerByte: number
  /** Do buffers hold all of production's heap? Then its pages are in them, or not: half of them are taken to be. */
  readonly fitsBuffers: boolean
  readonly handicapMsPerRow: number
  /** Of a foreign key: rows of the referenced tables in production, as a multiple of those in the sample. */
  readonly parentRatio: number
  readonly buildsIndex: boolean
}

/** The model that a kind of work follows. What queries read they also join, sort and group. */
export function modelOf(kind: WorkKind, isQuery: boolean): Model {
  if (kind === 'foreign key') return 'key'
  if (kind === 'scan' && isQuery) return 'sort'
  return kind === 'scan' || kind === 'copy files' || kind === 'analyze' ? 'linear' : 'sort'
}

/** Milliseconds at production size on the machine that sampled, or undefined without a sample of any rows. */
export function scaleDuration(input: ScaleInput): number | undefined {
  const { points, rows, model } = input
  const main = rising(steady(points))
  const last = main.at(-1)
  if (last === undefined) return undefined
  const isKey = model === 'key'
  if (rows <= last.rows && !(isKey && input.parentRatio > 1)) return between(main, rows)
  if (isKey) return byKey(main, last, input)
  const start = startUp(main, model)
  const perRow = ((last.ms - start) / last.rows) * growthOf(last.rows, input)
  const read = model === 'linear' || input.buildsIndex ? readingPerRow(last, input) : 0
  const slowest = model === 'linear' ? perRow : Math.max(perRow + read, scaledPerRow(input))
  return start + rows * (model === 'linear' ? perRow + read : slowest)
}

/**
 * The run in proportion does the same work with less memory: where it was shorter, something disturbed the other. Sorts
 * that spill stay in the CPU's caches and may be shorter indeed.
 */
function steady({ large, scaled }: Points): readonly Point[] {
  if (large.length === 0) return scaled
  return large.map((point) => {
    const same = scaled.find(({ rows, tempBytes }) => rows === point.rows && tempBytes <= point.tempBytes)
    return same === undefined ? point : { ...point, ms: Math.min(point.ms, same.ms) }
  })
}

/** By how much a row takes longer among so many more. */
function growthOf(sampled: number, { model, rows, points, method, buildsIndex }: ScaleInput): number {
  if (model === 'linear') return points.scaled.length > 0 ? 1 : scanCorrection
  const factor = logarithm(rows) / logarithm(sampled)
  if (method === 'gin') return isSaturated(points) ? 1 : factor * ginCorrection
  const isBtree = method === undefined || method === 'btree'
  return buildsIndex && isBtree ? factor * (rows / sampled) ** cacheMisses : factor
}

/** Do more rows bring hardly any new keys? Then an index of keys, as GIN is, does not become slower to search. */
export function isSaturated({ large, scaled }: Points): boolean {
  const points = large.length > 1 ? large : scaled
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined || last.rows < 2 * first.rows) return false
  return exponentOf(first, last, ({ newFileBytes }) => newFileBytes) < leastGrowthOfBytes
}

function exponentOf(first: Point, last: Point, of: (point: Point) => number): number {
  if (of(first) <= 0 || of(last) <= 0) return 1
  return Math.log(of(last) / of(first)) / Math.log(last.rows / first.rows)
}

/** Pages that are read anew where buffers are short, as they are in production, and that the sample found in its own. */
function readingPerRow(
  last: Point,
  { points: { scaled }, readingMsPerByte, fitsBuffers }: ScaleInput,
): number {
  const short = scaled.at(-1)
  if (short === undefined) return 0
  const missed = short.readBytes / short.rows - last.readBytes / last.rows
  return Math.max(0, missed) * Math.max(0, readingMsPerByte) * (fitsBuffers ? 0.5 : 1)
}

/** Fewer rows do not take longer: where they did, the machine was busy. */
function rising(points: readonly Point[]): readonly Point[] {
  let least = Infinity
  return points
    .toReversed()
    .map((point) => {
      least = Math.min(least, point.ms)
      return { ...point, ms: least }
    })
    .toReversed()
}

/**
 * What the statement takes before it looks at a row, so that small samples are not taken for slow rows: the constant
 * that makes two sizes lie on the model, at most half of what the smaller one took. Less than a tenth of the larger
 * sample is noise.
 */
function startUp(points: readonly Point[], model: Model): number {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined || first === last) return 0
  const work = ({ rows }: Point): number => (model === 'linear' ? rows : rows * logarithm(rows))
  const constant = (first.ms * work(last) - last.ms * work(first)) / (work(last) - work(first))
  return constant < last.ms / 10 ? 0 : Math.min(constant, first.ms / 2, last.ms / 2)
}

/** From the scaled cluster, where sorts spill, checkpoints come and buffers are short as in production. */
function scaledPerRow({ points: { scaled }, handicapMsPerRow }: ScaleInput): number {
  const last = scaled.at(-1)
  if (last === undefined) return 0
  const start = startUp(scaled, 'linear')
  return Math.max(0, (last.ms - start) / last.rows - Math.max(0, handicapMsPerRow))
}

/**
 * The slope between two numbers of referencing rows, with the referenced table as large as it will be: its hash table
 * leaves the CPU's caches, and that is what a smaller one hides (facts B). Building that hash table is the rest.
 */
function byKey(points: readonly Point[], last: Point, { rows, parentRatio }: ScaleInput): number {
  const first = points[0]
  const even = last.ms / last.rows
  if (first === undefined || first === last) return rows * even
  const slope = (last.ms - first.ms) / (last.rows - first.rows)
  // noise: a line that falls, or one that starts below zero
  const perRow = slope <= 0 || slope > even ? even : slope
  const hash = Math.max(0, last.ms - perRow * last.rows)
  return hash * Math.max(1, parentRatio) + rows * perRow
}

/** No larger than a sample: on the line between the sizes that were measured. */
function between(points: readonly Point[], rows: number): number {
  const above = points.find((point) => point.rows >= rows)
  const below = points.findLast((point) => point.rows <= rows)
  if (above === undefined) return below?.ms ?? 0
  if (below === undefined) {
    // most of what tiny tables take does not depend on their rows
    const start = startUp(points, 'linear')
    return start + (above.ms - start) * (rows / above.rows)
  }
  if (above.rows === below.rows) return above.ms
  return below.ms + ((above.ms - below.ms) * (rows - below.rows)) / (above.rows - below.rows)
}

/**
 * Bytes at production size: so many per row, beside what does not depend on rows. Of one run in proportion the samples
 * with large memory tell how bytes grow: an index that has seen all keys grows by its pointers alone.
 * @param from the regime that shows them
 */
export function scaleBytes(
  points: Points,
  from: keyof Points,
  rows: number,
  of: (point: Point) => number,
  isSaturating = false,
): number {
  const last = points[from].at(-1)
  if (last === undefined) return 0
  const at = (count: number): number =>
    bytesAt(points[from].length > 1 ? points[from] : points.large, count, of, isSaturating)
  const [here, there] = [at(last.rows), at(rows)]
  return here > 0 && there > 0 ? (of(last) * there) / here : (of(last) / last.rows) * rows
}

function bytesAt(
  points: readonly Point[],
  rows: number,
  of: (point: Point) => number,
  isSaturating: boolean,
): number {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined) return 0
  if (first === last) return (of(last) / last.rows) * rows
  if (isSaturating) return of(last) * (rows / last.rows) ** exponentOf(first, last, of)
  const slope = (of(last) - of(first)) / (last.rows - first.rows)
  const constant = Math.min(Math.max(0, of(first) - slope * first.rows), of(first), of(last))
  return constant + ((of(last) - constant) / last.rows) * rows
}

function logarithm(rows: number): number {
  return Math.log2(Math.max(2, rows))
}
