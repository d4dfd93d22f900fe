import type { ProductionSettings } from '../core/production.ts'
import {
  bytesPerBuilder,
  defaultMaintenanceBytes,
  defaultWorkers,
  leastParallelBytes,
  parallelSpeedUp,
} from './constants.ts'

/**
 * How much faster than on one CPU, as sampled, an index may be built in production; 1 where no worker helps.
 * @param method access method, btree where it is not known
 * @param heapBytes of the table
 * @see plan_create_index_workers(), src/backend/optimizer/plan/planner.c
 */
export function parallelFactor(
  method: string | undefined,
  heapBytes: number,
  { maxParallelMaintenanceWorkers, maintenanceWorkMemBytes }: ProductionSettings,
  serverMajor: number,
): number {
  if (heapBytes < leastParallelBytes) return 1
  const participants = Math.floor((maintenanceWorkMemBytes ?? defaultMaintenanceBytes) / bytesPerBuilder)
  const workers = Math.min(maxParallelMaintenanceWorkers ?? defaultWorkers, participants - 1)
  if (workers < 1) return 1
  if (method === undefined || method === 'btree') return parallelSpeedUp.btree
  return method === 'gin' && serverMajor >= 18 ? parallelSpeedUp.gin : 1
}
