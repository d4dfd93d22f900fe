import { addRanges, scaleRange, type Range, type StatementCost } from '../core/cost-model.ts'
import type { StatementResult } from '../core/model.ts'
import { tableFactsByKey, type HardwareRates, type Production } from '../core/production.ts'
import { valuesNote } from './by-values.ts'
import {
  analyzedPages,
  assumedRowBytes,
  leastShare,
  pageBytes,
  referenceBytesPerSecond,
  referenceDeleteMicros,
  referenceDeleteWalBytes,
  referenceGinMicros,
  referenceIndexEntryBytes,
  referenceMicrosPerRow,
  referenceSortMicros,
  referenceUpdateWalBytes,
  structureSpread,
} from './constants.ts'
import type { Driver, Drivers } from './drivers.ts'
import type { Matching } from './matching-rows.ts'
import type { WorkPart } from './model.ts'
import { spread } from './ranges.ts'
import type { Size } from './sizes.ts'
import { attachesPartition } from './work-statement.ts'

/** What a part of the work costs, in milliseconds and bytes. */
interface PartCost {
  readonly ms: number
  readonly walBytes: number
  readonly diskBytes: number
}

export type StructuralCost = Pick<StatementCost, 'durationMs' | 'walBytes' | 'diskBytes' | 'notes'>

/**
 * What work costs by the sizes of its tables and reference rates alone: within a factor of 3 at best. Tables of unknown
 * size add nothing.
 */
export function structuralCost(
  { main, others }: Drivers,
  { statement }: Pick<StatementResult, 'statement'>,
  production: Production,
  matching: Matching | undefined,
): StructuralCost {
  const { tag } = statement
  const drivers = [...main, ...others]
  const price = (kindOf: (part: WorkPart) => WorkPart): readonly PartCost[] =>
    drivers.flatMap(({ parts, size }) =>
      size === undefined
        ? []
        : countedParts(parts, size).map((part) => partCost(kindOf(part), size, tag, production.hardware)),
    )
  const attached = attachesPartition(statement) ? main.map((one) => missingIndexes(one, production)) : []
  const all = price((part) => part)
  const whole = totals([...all, ...attached.map(({ cost }) => cost)])
  const notes = attached.some(({ isAssumed }) => isAssumed)
    ? ['which indexes the partition lacks is not known: one is counted']
    : []
  if (matching?.by === 'statistics') return { ...scaled(whole, matching.share), notes }
  if (matching?.by === 'values') {
    const read = totals(price(({ relation }) => ({ kind: 'scan', relation })))
    return { ...fromNone(whole, read.durationMs.low), notes: [valuesNote] }
  }
  // a referencing table is read whole only where its key has no index
  const isLookUp = tag === 'DeleteStmt' && main.length > 0 && main.every(({ kind }) => kind === 'scan')
  if (!isLookUp) return { ...whole, notes }
  const names = [...new Set(main.map(({ table }) => table))].join(' and ')
  return {
    ...whole,
    durationMs: { ...whole.durationMs, low: 0 },
    notes: [`${names} counted as read whole: with an index on the foreign key it is a moment`],
  }
}

type Totals = Required<Pick<StatementCost, 'durationMs' | 'walBytes' | 'diskBytes'>>

function totals(costs: readonly PartCost[]): Totals {
  const total = (of: (cost: PartCost) => number): Range =>
    addRanges(...costs.map((cost) => spread(of(cost), structureSpread)))
  return {
    durationMs: total(({ ms }) => ms),
    walBytes: total(({ walBytes }) => walBytes),
    diskBytes: total(({ diskBytes }) => diskBytes),
  }
}

/** The rows that do not match are read all the same, which the low end of the whole covers. */
function scaled({ durationMs, walBytes, diskBytes }: Totals, share: number): Totals {
  return {
    durationMs: { ...scaleRange(durationMs, Math.max(share, leastShare)), high: durationMs.high },
    walBytes: scaleRange(walBytes, share),
    diskBytes: scaleRange(diskBytes, share),
  }
}

/** From no row that matches to all of them. */
function fromNone({ durationMs, walBytes, diskBytes }: Totals, lowMs: number): Totals {
  return {
    durationMs: { ...durationMs, low: Math.min(lowMs, durationMs.low) },
    walBytes: { ...walBytes, low: 0 },
    diskBytes: { ...diskBytes, low: 0 },
  }
}

/**
 * ATTACH PARTITION builds the indexes of the partitioned table that the partition lacks; only files tell which. Indexes
 * of the other partitions have so many bytes a row; what the partition has less of is built.
 */
function missingIndexes(
  { parts, size, roots }: Driver,
  production: Production,
): { readonly cost: PartCost; readonly isAssumed: boolean } {
  const none = { cost: { ms: 0, ...same(0) }, isAssumed: false }
  if (size === undefined || parts.some(({ kind }) => kind === 'index build')) return none
  const known = roots.flatMap((root) => tableFactsByKey(production, root) ?? [])
  const parent = known.find(({ indexes, rows }) => indexes !== undefined && rows > 0)
  const perRow =
    parent?.indexes === undefined
      ? referenceIndexEntryBytes
      : parent.indexes.reduce((sum, { bytes }) => sum + bytes, 0) / parent.rows
  const own = [...size.indexBytes.values()].reduce((sum, bytes) => sum + bytes, 0)
  const bytes = Math.max(0, perRow * size.rows - own)
  const isAssumed = parent?.indexes === undefined && bytes > 0
  // what the partition lacks by less than half an entry is how densely pages are filled
  if (bytes < (size.rows * referenceIndexEntryBytes) / 2 && own > 0) return none
  const micros = (bytes / referenceIndexEntryBytes) * referenceMicrosPerRow['index build']
  const slower = cpuFactor(production.hardware)
  return { cost: { ms: (micros / 1000) * slower, ...same(bytes) }, isAssumed }
}

function cpuFactor(hardware: HardwareRates | undefined): number {
  return hardware === undefined ? 1 : hardware.sortMicrosPerRow / referenceSortMicros
}

/** Leaves that count with their partitioned table are one piece of work of its size; indexes are one each. */
function countedParts(parts: readonly WorkPart[], { table }: Size): readonly WorkPart[] {
  const isWhole = parts.every(({ relation }) => `${relation.schema}.${relation.name}` !== table)
  return isWhole ? parts.slice(0, 1) : parts
}

function partCost(part: WorkPart, size: Size, tag: string, hardware: HardwareRates | undefined): PartCost {
  const heap = size.heapBytes ?? size.rows * assumedRowBytes
  const indexes = [...size.indexBytes.values()].reduce((sum, bytes) => sum + bytes, 0)
  const share = part.kind === 'analyze' ? Math.min(1, (analyzedPages * pageBytes) / Math.max(1, heap)) : 1
  const cpu = ((size.rows * share * microsOf(part, tag)) / 1000) * cpuFactor(hardware)
  const bytes = part.kind === 'rewrite' || part.kind === 'copy files' ? heap + size.toastBytes : heap * share
  const rate = hardware?.diskReadBytesPerSecond ?? hardware?.scanBytesPerSecond ?? referenceBytesPerSecond
  const ms = Math.max(cpu, (bytes / Math.max(1, rate)) * 1000)
  return { ms, ...writtenBy(part, size, { heap: heap + size.toastBytes, indexes }, tag) }
}

function microsOf({ kind, method }: WorkPart, tag: string): number {
  if (kind === 'index build' && method !== undefined && method !== 'btree') return referenceGinMicros
  return kind === 'write' && tag === 'DeleteStmt' ? referenceDeleteMicros : referenceMicrosPerRow[kind]
}

/** WAL, and files that are there beside the old ones. */
function writtenBy(
  { kind, index }: WorkPart,
  { rows, indexBytes }: Size,
  bytes: { readonly heap: number; readonly indexes: number },
  tag: string,
): Pick<PartCost, 'walBytes' | 'diskBytes'> {
  switch (kind) {
    case 'rewrite':
      return same(bytes.heap + bytes.indexes)
    case 'copy files':
      return same(
        index === undefined ? bytes.heap : (indexBytes.get(index) ?? rows * referenceIndexEntryBytes),
      )
    case 'index build':
      return same(indexBytes.get(index ?? '') ?? rows * referenceIndexEntryBytes)
    case 'write':
      return tag === 'DeleteStmt'
        ? { walBytes: rows * referenceDeleteWalBytes, diskBytes: 0 }
        : { walBytes: rows * referenceUpdateWalBytes, diskBytes: bytes.heap }
    default:
      return same(0)
  }
}

function same(bytes: number): Pick<PartCost, 'walBytes' | 'diskBytes'> {
  return { walBytes: bytes, diskBytes: bytes }
}
