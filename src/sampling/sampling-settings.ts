import { totalmem } from 'node:os'
import type { ProductionSettings } from '../core/production.ts'
import type { SettingOverrides } from '../postgres/settings.ts'

/** Memory and WAL that decide when work spills, is evicted, or meets a checkpoint. Bytes. */
export interface ServerMemory {
  readonly sharedBuffersBytes: number
  readonly maintenanceWorkMemBytes: number
  readonly workMemBytes: number
  readonly maxWalSizeBytes: number
}

const megabyte = 1024 ** 2

/** Production's, and Postgres' defaults for what is not known. */
export function productionMemory(settings: ProductionSettings): ServerMemory {
  return {
    sharedBuffersBytes: settings.sharedBuffersBytes ?? 128 * megabyte,
    maintenanceWorkMemBytes: settings.maintenanceWorkMemBytes ?? 64 * megabyte,
    workMemBytes: settings.workMemBytes ?? 4 * megabyte,
    maxWalSizeBytes: settings.maxWalSizeBytes ?? 1024 * megabyte,
  }
}

/** All of it in proportion, so that a sample meets what the whole table meets in production. */
export function scaleMemory(memory: ServerMemory, factor: number): ServerMemory {
  return {
    sharedBuffersBytes: memory.sharedBuffersBytes * factor,
    maintenanceWorkMemBytes: memory.maintenanceWorkMemBytes * factor,
    workMemBytes: memory.workMemBytes * factor,
    maxWalSizeBytes: memory.maxWalSizeBytes * factor,
  }
}

/** What this machine can spare: a CI job shares its memory with much else. */
function spareBytes(): number {
  return Math.min(512 * megabyte, totalmem() / 8)
}

/** Below this the catalogue alone would fill them; Postgres itself wants 128 kB. */
const leastSharedBuffers = 2 * megabyte

/** guc_tables.c: 64 kB from 18 on, 1 MB before. */
function leastMaintenanceWorkMem(major: number): number {
  return major >= 18 ? 64 * 1024 : megabyte
}

/** Two WAL segments, and ours have 1 MB (control-file.ts). */
const leastWalSizeMb = 2

/**
 * A checkpoint begins after so much WAL, in whole segments of 1 MB: max_wal_size / (1 + checkpoint_completion_target),
 * whose default is 0.9 (CalculateCheckpointSegments(), xlog.c).
 */
const checkpointsPerWalSize = 1.9

/** Megabytes of max_wal_size with which checkpoints are as far apart as can be said in whole segments. */
function maxWalSizeMb(bytes: number): number {
  const segments = Math.max(1, Math.round(bytes / megabyte / checkpointsPerWalSize))
  return Math.max(leastWalSizeMb, Math.ceil(segments * checkpointsPerWalSize))
}

/**
 * Settings of a server that samples, in place of a replay's: as in production, full pages are written after each
 * checkpoint. Nothing is flushed, autovacuum and parallel workers stay off, as for a replay.
 */
export function samplingSettings(memory: ServerMemory, major: number): SettingOverrides {
  const within = (bytes: number, least: number): string =>
    `${Math.floor(Math.max(least, Math.min(bytes, spareBytes())) / 1024)}kB`
  const walMb = maxWalSizeMb(memory.maxWalSizeBytes)
  return {
    full_page_writes: 'on',
    shared_buffers: within(memory.sharedBuffersBytes, leastSharedBuffers),
    maintenance_work_mem: within(memory.maintenanceWorkMemBytes, leastMaintenanceWorkMem(major)),
    work_mem: within(memory.workMemBytes, 64 * 1024),
    max_wal_size: `${Math.min(walMb, 1024 ** 2)}MB`,
    // what is read is in the system's cache: handing it to I/O workers costs more than reading it, and most of all
    // where few buffers leave little to read ahead
    ...(major >= 18 ? { io_method: 'sync' } : {}),
    min_wal_size: `${Math.max(leastWalSizeMb, Math.min(walMb, 32))}MB`,
  }
}
