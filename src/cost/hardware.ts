import type { Range } from '../core/cost-model.ts'
import type { HardwareRates } from '../core/production.ts'
import type { Spread } from './constants.ts'
import { spread } from './ranges.ts'

export interface DiskWork {
  readonly readBytes: number
  readonly writtenBytes: number
  readonly walBytes: number
}

/** Speeds of the machine that sampled and of production's; both, or times stay those of the first. */
export interface Machines {
  readonly here: HardwareRates | undefined
  readonly production: HardwareRates | undefined
}

/**
 * A time that was measured here as it will be in production: the CPU's share by the speed of a sort, between disks that
 * work while the CPU does (low end) and after it (high end); see "Hardware factor" in facts B.
 */
export function onProduction(
  ms: number,
  disk: DiskWork,
  { here, production }: Machines,
  around: Spread,
): Range {
  if (here === undefined || production === undefined) return spread(ms, around)
  const cpu = ms * ratio(production.sortMicrosPerRow, here.sortMicrosPerRow)
  const read = milliseconds(disk.readBytes, production.diskReadBytesPerSecond)
  const written = milliseconds(disk.walBytes + disk.writtenBytes, production.diskWriteBytesPerSecond)
  const least = Math.max(cpu, read, written)
  const most = cpu + read + written
  return { low: least * around.low, expected: (least + most) / 2, high: most * around.high }
}

function ratio(production: number, here: number): number {
  return production > 0 && here > 0 ? production / here : 1
}

function milliseconds(bytes: number, perSecond: number | undefined): number {
  return perSecond === undefined || perSecond <= 0 ? 0 : (bytes / perSecond) * 1000
}
