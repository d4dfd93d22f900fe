import type { Range, StatementCost } from '../core/cost-model.ts'
import type { HardwareRates } from '../core/production.ts'
import {
  assumedIndexes,
  assumedRowBytes,
  leastMatched,
  leastShare,
  ordinarySpread,
  pageBytes,
  referenceBytesPerSecond,
  referenceDeleteMicros,
  referenceDeleteWalBytes,
  referenceGinMicros,
  referenceIndexEntryBytes,
  referenceInsertMicros,
  referenceMicrosPerRow,
  referenceRowBytes,
  referenceSortBytes,
  referenceTriggerMicros,
  referenceUpdateWalBytes,
  shareOfBytes,
} from './constants.ts'
import type { Drivers } from './drivers.ts'
import { onProduction } from './hardware.ts'
import type { WorkKind } from './model.ts'
import type { Point } from './points.ts'
import type { SampleOutcome } from './samples.ts'
import { widthsOf } from './widths.ts'

/** What is said wherever values decide. */
export const valuesNote = 'how many rows match depends on values, which the snapshot does not have'

export type Amounts = Pick<StatementCost, 'durationMs' | 'walBytes' | 'tempBytes' | 'diskBytes'>

export interface ByValues {
  readonly drivers: Drivers
  readonly tag: string
  readonly kind: WorkKind
  readonly method: string | undefined
  /** Rows in production. */
  readonly rows: number
  /** The largest sample. */
  readonly last: Point
  readonly outcome: SampleOutcome
  readonly hardware: HardwareRates | undefined
  /** The share of rows that statistics let guess. */
  readonly guess: number | undefined
}

/** When every row matches; times on the machine that sampled. */
interface Whole {
  readonly ms: number
  readonly walBytes: number
  readonly tempBytes: number
  readonly diskBytes: number
}

/**
 * An estimate whose sample matched some share of the rows: from a statement that reads all and finds nothing to one that
 * finds every row. Between the two it is as many as statistics let guess, else as many as in the sample.
 */
export function widenedByValues(amounts: Amounts, input: ByValues): Amounts {
  const whole = wholeWork(input)
  const seen = matchedShare(input)
  const { durationMs, walBytes, tempBytes, diskBytes } = amounts
  const bytes = (range: Range | undefined, reference: number): Range | undefined =>
    range && spanned(range, { low: 0, none: 0 }, { seen, guess: input.guess, reference })
  const ranges = {
    durationMs:
      durationMs &&
      spanned(durationMs, leastMs(input), { seen, guess: input.guess, reference: wholeMs(input, whole) }),
    walBytes: bytes(walBytes, whole.walBytes),
    // whether a sort spills does not follow the share of rows
    tempBytes: tempBytes && { ...tempBytes, ...upTo(tempBytes, seen, whole.tempBytes) },
    diskBytes: bytes(diskBytes, whole.diskBytes + (tempBytes === undefined ? 0 : whole.tempBytes)),
  }
  return Object.fromEntries(Object.entries(ranges).filter(([, range]) => range !== undefined))
}

/** When no row matches: what is read all the same, at its low end and as expected. */
interface Least {
  readonly low: number
  readonly none: number
}

interface Shares {
  /** In the sample; undefined when too few matched to tell what a matching row costs. */
  readonly seen: number | undefined
  readonly guess: number | undefined
  /** When all rows match, without a sample that tells. */
  readonly reference: number
}

function upTo({ high }: Range, seen: number | undefined, reference: number): Pick<Range, 'low' | 'high'> {
  return { low: 0, high: seen === undefined ? Math.max(high, reference) : high / Math.min(1, seen) }
}

/** What the sample tells of a matching row is better than a reference. */
function spanned(range: Range, least: Least, { seen, guess, reference }: Shares): Range {
  const { expected } = range
  const low = Math.min(range.low, least.low)
  const none = Math.min(expected, least.none)
  if (seen === undefined) {
    const guessed = guess === undefined ? expected : none + guess * reference
    const high = Math.max(range.high, reference * ordinarySpread.high)
    return { low, expected: Math.min(Math.max(guessed, low), high), high }
  }
  const all = none + (expected - none) / Math.min(1, seen)
  const upwards = expected > 0 ? range.high / expected : 1
  const high = Math.max(range.high, all * upwards)
  return { low, expected: guess === undefined ? expected : none + (all - none) * guess, high }
}

/** All is read and nothing found; nothing is read where an index finds that out. */
function leastMs(input: ByValues): Least {
  const { kind, last, outcome, drivers, hardware } = input
  const { sampleBytes, ratio } = widthsOf('scan', drivers.main, outcome.tables)
  const usesIndex = kind !== 'index build' && last.pagesTouched * pageBytes < (last.rows * sampleBytes) / 2
  if (usesIndex) return { low: 0, none: 0 }
  const perByte = outcome.scanMsPerByte['large memory'] || 1000 / referenceBytesPerSecond
  const ms = input.rows * sampleBytes * ratio * perByte
  const machines = { here: outcome.hardware, production: hardware }
  const { low, expected } = onProduction(ms, noDisk, machines, ordinarySpread)
  return { low, none: expected }
}

const noDisk = { readBytes: 0, writtenBytes: 0, walBytes: 0 }

function wholeMs({ outcome, hardware }: ByValues, { ms, walBytes, diskBytes }: Whole): number {
  const disk = { readBytes: diskBytes, writtenBytes: diskBytes, walBytes }
  return onProduction(ms, disk, { here: outcome.hardware, production: hardware }, ordinarySpread).expected
}

/**
 * The share of the rows that matched in the sample: of rows that were counted, else where new files tell it. Each updated
 * row is a new one in the heap and its indexes, each kept row of CREATE TABLE AS one of a new heap.
 */
function matchedShare({ tag, last, outcome, drivers }: ByValues): number | undefined {
  if (last.matchedRows !== undefined) {
    return last.matchedRows < leastMatched ? undefined : last.matchedRows / last.rows
  }
  if (tag !== 'UpdateStmt' && tag !== 'CreateTableAsStmt') return undefined
  const tables = drivers.main.flatMap(({ table }) => outcome.tables[table] ?? [])
  const rows = tables.reduce((sum, one) => sum + one.rows, 0)
  const bytes = tables.reduce(
    (sum, { heapBytes, indexBytes }) => sum + heapBytes + (tag === 'UpdateStmt' ? indexBytes : 0),
    0,
  )
  if (rows === 0 || bytes === 0) return undefined
  const share = last.newFileBytes / last.rows / (bytes / rows)
  return share < leastShare ? undefined : Math.min(1, share)
}

function wholeWork({ drivers, tag, kind, method, rows, outcome }: ByValues): Whole {
  const { sampleBytes, ratio } = widthsOf('scan', drivers.main, outcome.tables)
  const rowBytes = Math.max(assumedRowBytes / 2, sampleBytes * ratio)
  const wide = Math.max(1, rowBytes / referenceRowBytes)
  const indexed = rowBytes + assumedIndexes * referenceIndexEntryBytes
  const per = (micros: number, walBytes: number, diskBytes: number, tempBytes = 0): Whole => ({
    ms: (rows * micros) / 1000,
    walBytes: rows * walBytes,
    tempBytes: rows * tempBytes,
    diskBytes: rows * diskBytes,
  })
  if (kind === 'index build') {
    const micros =
      method === undefined || method === 'btree' ? referenceMicrosPerRow[kind] : referenceGinMicros
    return per(micros, referenceIndexEntryBytes, referenceIndexEntryBytes, referenceSortBytes)
  }
  switch (tag) {
    case 'DeleteStmt': {
      const looked = drivers.others.length * referenceTriggerMicros
      return per(referenceDeleteMicros + looked, referenceDeleteWalBytes, 0)
    }
    case 'CreateTableAsStmt':
    case 'SelectStmt':
      return per(referenceMicrosPerRow.rewrite, rowBytes * 1.1, rowBytes, rowBytes)
    case 'InsertStmt':
      return per(referenceInsertMicros, indexed * 1.5, indexed, rowBytes)
    default: {
      const micros = referenceMicrosPerRow.write * (1 + shareOfBytes.write * (wide - 1))
      return per(micros, referenceUpdateWalBytes * wide, indexed)
    }
  }
}
