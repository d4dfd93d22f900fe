import { addRanges, type Range, type StatementCost } from '../core/cost-model.ts'
import type { HardwareRates } from '../core/production.ts'
import {
  analyzedPages,
  assumedRowBytes,
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
import type { Driver } from './drivers.ts'
import type { WorkPart } from './model.ts'
import { spread } from './ranges.ts'
import type { Size } from './sizes.ts'

/** What a part of the work costs, in milliseconds and bytes. */
interface PartCost {
  readonly ms: number
  readonly walBytes: number
  readonly diskBytes: number
}

/**
 * What work costs by the sizes of its tables and reference rates alone: within a factor of 3 at best. Tables of unknown
 * size add nothing.
 * @param hardware production's, where it is known
 */
export function structuralCost(
  drivers: readonly Driver[],
  tag: string,
  hardware: HardwareRates | undefined,
): Pick<StatementCost, 'durationMs' | 'walBytes' | 'diskBytes'> {
  const costs = drivers.flatMap(({ parts, size }) =>
    size === undefined ? [] : countedParts(parts, size).map((part) => partCost(part, size, tag, hardware)),
  )
  const total = (of: (cost: PartCost) => number): Range =>
    addRanges(...costs.map((cost) => spread(of(cost), structureSpread)))
  return {
    durationMs: total(({ ms }) => ms),
    walBytes: total(({ walBytes }) => walBytes),
    diskBytes: total(({ diskBytes }) => diskBytes),
  }
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
  const slower = hardware === undefined ? 1 : hardware.sortMicrosPerRow / referenceSortMicros
  const cpu = ((size.rows * share * microsOf(part, tag)) / 1000) * slower
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
