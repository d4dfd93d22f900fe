import { nothing, type Range, type StatementCost } from '../core/cost-model.ts'
import type { Production } from '../core/production.ts'
import {
  analyzedPages,
  counterSpread,
  defaultMaintenanceBytes,
  indexSpread,
  leastIndexEntryBytes,
  farSample,
  fullPageSpread,
  measuredSpread,
  mostlyFullPages,
  nearSample,
  oneSize,
  ordinarySpread,
  otherIndexSpread,
  pageBytes,
  shortSampleMs,
  sortedPerWritten,
  pagesWithToast,
  wideSpread,
  withoutCheckpointsSpread,
  type Spread,
} from './constants.ts'
import { valuesNote, widenedByValues } from './by-values.ts'
import { rowsOf, sampledRows, type Driver, type Drivers } from './drivers.ts'
import { onProduction } from './hardware.ts'
import type { WorkKind } from './model.ts'
import { parallelFactor } from './parallel.ts'
import { timed, type Point, type Points } from './points.ts'
import { spread } from './ranges.ts'
import type { SampleOutcome, StatementSample } from './samples.ts'
import { isSaturated, modelOf, scaleBytes, scaleDuration, type Model } from './scale.ts'
import { widthsOf, type Widths } from './widths.ts'

export interface EstimateInput {
  readonly drivers: Drivers
  readonly samples: readonly StatementSample[]
  readonly points: Points
  readonly outcome: SampleOutcome
  readonly production: Production
  /** A query or DML: joins and sorts what it reads. */
  readonly isQuery: boolean
  readonly tag: string
  /** How many rows match is not known: the sample's share is one of many, and this is what statistics let guess. */
  readonly byValues: { readonly guess: number | undefined } | undefined
}

export type Estimate = Pick<StatementCost, 'durationMs' | 'walBytes' | 'tempBytes' | 'diskBytes' | 'notes'>

interface Scaling extends EstimateInput {
  readonly kind: WorkKind
  readonly method: string | undefined
  readonly model: Model
  /** Rows in production. */
  readonly rows: number
  /** Of a foreign key: referenced rows in production as a multiple of those in the sample. */
  readonly parents: number
  /** Is the sample at least as large? */
  readonly isMeasured: boolean
  readonly last: Point
  readonly widths: Widths
}

/**
 * What a statement costs at production size, from its samples: undefined when none has rows in the tables that decide.
 */
export function estimate(input: EstimateInput): Estimate | undefined {
  const { drivers, points, isQuery, outcome } = input
  const last = timed(points).at(-1)
  const named = drivers.main[0]?.kind
  if (named === undefined || last === undefined) return undefined
  const kind = buildsIndex(named, isQuery, last) ? 'index build' : named
  const widths = widthsOf(kind, drivers.main, outcome.tables)
  const rows = kind === 'analyze' ? analyzedRows(drivers.main) : rowsOf(drivers.main)
  const methods = drivers.main.flatMap(({ parts }) => parts.flatMap(({ method }) => method ?? []))
  const method = methods.find((one) => one !== 'btree') ?? methods[0]
  const parents = kind === 'foreign key' ? parentRatio(input) : 1
  const isMeasured = rows <= last.rows && parents <= 1.1
  const model = modelOf(kind, isQuery)
  const scaling = { ...input, kind, method, model, rows, isMeasured, parents, last, widths }
  return withNotes(scaling, bytesOf(scaling))
}

/** ATTACH PARTITION says that it reads the partition; that it builds its missing indexes shows in new files alone. */
function buildsIndex(kind: WorkKind, isQuery: boolean, { newFileBytes, rows }: Point): boolean {
  return kind === 'scan' && !isQuery && newFileBytes / rows > leastIndexEntryBytes
}

function withNotes(scaling: Scaling, bytes: Bytes): Estimate {
  const { widths, isMeasured } = scaling
  const wide = isMeasured ? [] : reasonsToWiden(scaling)
  const usual = wide.length > 0 ? wideSpread : ordinarySpread
  const around = isMeasured
    ? measuredSpread
    : atDistance(forSizes(usual, scaling.points), scaling.rows / scaling.last.rows)
  const { durationMs, note } = durationOf(scaling, bytes, around)
  if (scaling.byValues !== undefined) {
    const amounts = widenedByValues(
      { durationMs, ...bytes.ranges },
      { ...scaling, hardware: scaling.production.hardware, guess: scaling.byValues.guess },
    )
    return { durationMs, ...amounts, notes: [valuesNote, ...wide] }
  }
  const notes = [
    ...(isMeasured ? ['the sample was as large as production'] : []),
    ...(widths.note === undefined ? [] : [widths.note]),
    ...wide,
    ...(note === undefined ? [] : [note]),
    ...bytes.notes,
  ]
  return { durationMs, ...bytes.ranges, notes }
}

/** Several sizes tell what does not grow; a short sample of one size does not. */
function forSizes(usual: Spread, points: Points): Spread {
  const [only, ...others] = timed(points)
  if (others.length > 0 || only === undefined || only.ms >= shortSampleMs) return usual
  return { low: usual.low * oneSize.low, high: usual.high * oneSize.high }
}

/** Samples that are far from production tell less of it. */
function atDistance({ low, high }: Spread, times: number): Spread {
  const wider = Math.max(1, times / nearSample) ** farSample
  return { low: low / wider, high: high * wider }
}

function durationOf(
  scaling: Scaling,
  bytes: Bytes,
  around: Spread,
): { readonly durationMs: Range; readonly note?: string } {
  const { outcome, production, widths, points, rows, model, method } = scaling
  const handicap = outcome.scanMsPerByte.scaled - outcome.scanMsPerByte['large memory']
  const scaled = scaleDuration({
    model,
    method,
    points,
    rows,
    readingMsPerByte: handicap,
    fitsBuffers: rows * widths.sampleBytes * widths.ratio <= (production.settings.sharedBuffersBytes ?? 0),
    handicapMsPerRow: handicap * widths.sampleBytes,
    parentRatio: scaling.parents,
    buildsIndex: scaling.kind === 'index build',
  })
  const ms = (scaled ?? 0) * widths.timeFactor
  const range = onProduction(
    ms,
    bytes.disk,
    { here: outcome.hardware, production: production.hardware },
    around,
  )
  const speedUp = scaling.kind === 'index build' ? parallelSpeedUp(scaling) : 1
  if (speedUp === 1) return { durationMs: range }
  const note = 'sampled without parallel workers'
  return { durationMs: { ...range, low: Math.min(range.low, range.expected / speedUp) }, note }
}

function parallelSpeedUp({ method, rows, widths, production, outcome }: Scaling): number {
  const major = Number.parseInt(production.serverVersion ?? outcome.server, 10)
  return parallelFactor(method, rows * widths.sampleBytes * widths.ratio, production.settings, major)
}

/** ANALYZE reads the rows of so many pages at most. */
function analyzedRows(drivers: readonly Driver[]): number {
  return drivers.reduce((sum, { size }) => {
    if (size === undefined) return sum
    const pages = (size.heapBytes ?? 0) / pageBytes
    return sum + (pages > analyzedPages ? (size.rows * analyzedPages) / pages : size.rows)
  }, 0)
}

/** Referenced rows in production as a multiple of those in the largest sample. */
function parentRatio({ drivers, samples }: EstimateInput): number {
  const parents = drivers.others.filter(({ size }) => size !== undefined)
  const filled = Math.max(0, ...samples.map(({ rows }) => sampledRows(rows, parents) ?? 0))
  return filled > 0 ? rowsOf(parents) / filled : 1
}

function reasonsToWiden(scaling: Scaling): readonly string[] {
  const { kind, method, drivers, points, outcome } = scaling
  const reasons: string[] = []
  if (kind === 'index build' && method !== undefined && method !== 'btree')
    reasons.push(`how ${method} indexes grow depends on their values`)
  if (kind === 'foreign key' && scaling.parents > 1.1)
    reasons.push('the referenced table was filled with fewer rows than production has')
  if (kind === 'foreign key' && points.large.length < 2)
    reasons.push('one sample does not tell the two tables of the foreign key apart')
  if (scaling.tag === 'RefreshMatViewStmt')
    reasons.push('how many rows its query joins and groups depends on values')
  if (readsToast(scaling)) reasons.push('how far values in TOAST are compressed is not known')
  for (const { table, size } of [...drivers.main, ...drivers.others]) {
    if (size === undefined) reasons.push(`the size of ${table} is not known`)
    reasons.push(...(outcome.notes[table] ?? []))
  }
  return reasons
}

/**
 * A scan of more pages than the heap has took values out of TOAST. Those of a sample do not compress, real ones do, and
 * those beside them in the heap as well: that takes several times as long as reading them.
 */
function readsToast({ kind, last, outcome, drivers, widths }: Scaling): boolean {
  if (kind !== 'scan') return false
  const tables = drivers.main.flatMap(({ table }) => outcome.tables[table] ?? [])
  const hasToast = tables.some(({ toastBytes, heapBytes }) => toastBytes > heapBytes / 100)
  const heapPages = (last.rows * widths.sampleBytes) / pageBytes
  return hasToast && last.pagesTouched > pagesWithToast * heapPages
}

interface Bytes {
  readonly ranges: Pick<StatementCost, 'walBytes' | 'tempBytes' | 'diskBytes'>
  readonly disk: { readonly readBytes: number; readonly writtenBytes: number; readonly walBytes: number }
  readonly notes: readonly string[]
}

/** Counters, from the scaled cluster: there checkpoints, spills and evictions happen as often as in production. */
function bytesOf({ points, rows, kind, method, widths, isMeasured, model, production }: Scaling): Bytes {
  const hasScaled = points.scaled.length > 0
  const from = hasScaled ? 'scaled' : 'large'
  const saturates = method === 'gin' && isSaturated(points)
  const isCopy = kind === 'rewrite' || kind === 'copy files' || kind === 'write'
  const wider = isCopy ? 1 + 0.8 * (widths.ratio - 1) : 1
  const at = (of: (point: Point) => number): number => scaleBytes(points, from, rows, of, saturates) * wider
  const walBytes = at((point) => point.walBytes)
  const isWhole = hasScaled || isMeasured
  const usual = kind === 'index build' && !isMeasured ? indexSpreadOf(method) : counterSpread
  const fromScaled = isMostlyFullPages(points) ? fullPageSpread : usual
  const around = isWhole || kind === 'scan' ? fromScaled : withoutCheckpointsSpread
  const knowsTemp = isWhole || model !== 'sort'
  const files = spread(
    at((point) => point.newFileBytes),
    usual,
  )
  const temp = knowsTemp
    ? tempOf(
        at((point) => point.tempBytes),
        kind === 'index build' || kind === 'rewrite' ? files : nothing,
        production.settings.maintenanceWorkMemBytes,
      )
    : nothing
  const diskBytes = {
    low: files.low + temp.low,
    expected: files.expected + temp.expected,
    high: files.high + temp.high,
  }
  const missing = 'sampled with large memory only: WAL of checkpoints is in the high end'
  return {
    ranges: { walBytes: spread(walBytes, around), diskBytes, ...(knowsTemp ? { tempBytes: temp } : {}) },
    disk: {
      walBytes,
      readBytes: at((point) => point.readBytes),
      writtenBytes: at((point) => point.writtenBytes),
    },
    notes: isWhole ? [] : [`${missing}${knowsTemp ? '' : ', temporary files are left out'}`],
  }
}

function isMostlyFullPages({ large, scaled }: Points): boolean {
  const [far, near] = [large.at(-1), scaled.at(-1)]
  if (far === undefined || near === undefined) return false
  return near.walBytes / near.rows > (mostlyFullPages * far.walBytes) / far.rows
}

function indexSpreadOf(method: string | undefined): Spread {
  return method === undefined || method === 'btree' ? indexSpread : otherIndexSpread
}

/** What just fits into memory by the sample may just not fit in production: then all of it is written. */
function tempOf(bytes: number, files: Range, memoryBytes = defaultMaintenanceBytes): Range {
  const temp = spread(bytes, counterSpread)
  const mayExceed = files.high * sortedPerWritten > memoryBytes && files.low < memoryBytes
  return bytes > 0 || !mayExceed ? temp : { ...temp, high: files.high }
}
