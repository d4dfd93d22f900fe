import { relationKey } from '../core/effects.ts'
import { assumedRowBytes, shareOfBytes, widthLimits } from './constants.ts'
import { rowsOf, type Driver } from './drivers.ts'
import type { WorkKind } from './model.ts'
import type { SampledTable, SampleOutcome } from './samples.ts'

/** How wide the rows of the deciding tables are here and there. */
export interface Widths {
  /** Heap bytes per row of the sample. */
  readonly sampleBytes: number
  /** Production's as a multiple of the sample's, within what the model follows; 1 where it is not known. */
  readonly ratio: number
  /** By which time is multiplied. */
  readonly timeFactor: number
  readonly note?: string
}

/** Compares the rows of a sample with production's. TOAST counts where the work copies it. */
export function widthsOf(
  kind: WorkKind,
  drivers: readonly Driver[],
  tables: SampleOutcome['tables'],
): Widths {
  const copiesToast = kind === 'rewrite' || kind === 'copy files'
  const sampled = drivers.flatMap((driver) => sampledTables(driver, tables))
  const rows = sum(sampled, (table) => table.rows)
  if (rows === 0) return { sampleBytes: assumedRowBytes, ratio: 1, timeFactor: 1 }
  const sampleBytes = sum(sampled, ({ heapBytes }) => heapBytes) / rows
  const here = sampleBytes + (copiesToast ? sum(sampled, ({ toastBytes }) => toastBytes) / rows : 0)
  const there = productionBytes(drivers, copiesToast)
  if (there === undefined || here <= 0) return { sampleBytes, ratio: 1, timeFactor: 1 }
  const ratio = Math.min(widthLimits.high, Math.max(widthLimits.low, there / here))
  const widths = { sampleBytes, ratio, timeFactor: 1 + shareOfBytes[kind] * (ratio - 1) }
  const isFar = ratio > widthLimits.worthSaying || ratio < 1 / widthLimits.worthSaying
  if (!isFar) return widths
  const note = `production's rows have ${Math.round(there)} bytes, those of the sample ${Math.round(here)}`
  return { ...widths, note }
}

function sampledTables(
  { table, parts, roots }: Driver,
  tables: SampleOutcome['tables'],
): readonly SampledTable[] {
  const own = tables[table]
  if (own !== undefined) return [own]
  const leaves = parts.flatMap(({ relation }) => tables[relationKey(relation)] ?? [])
  return leaves.length > 0 ? leaves : roots.flatMap((root) => tables[root] ?? []).slice(0, 1)
}

function productionBytes(drivers: readonly Driver[], withToast: boolean): number | undefined {
  const rows = rowsOf(drivers)
  let bytes = 0
  for (const { size } of drivers) {
    if (size?.heapBytes === undefined) return undefined
    bytes += size.heapBytes + (withToast ? size.toastBytes : 0)
  }
  return rows > 0 ? bytes / rows : undefined
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
