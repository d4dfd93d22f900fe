import type { SettingOverrides } from '../postgres/settings.ts'

/**
 * Settings of the server in place of a replay's: nothing may count rows or shorten files behind our back, and plans
 * may have workers, as production's have by default.
 */
export const planningServerSettings: SettingOverrides = {
  autovacuum: 'off',
  max_parallel_workers_per_gather: 2,
  max_worker_processes: 8,
  // the catalogue is small, and nothing else is read
  shared_buffers: '32MB',
}

type Kind = 'number' | 'bytes' | 'switch'

/** Settings that decide plans (src/backend/optimizer/path/costsize.c, guc_tables.c) and that a session may set. */
const known: Readonly<Record<string, Kind>> = {
  seq_page_cost: 'number',
  random_page_cost: 'number',
  cpu_tuple_cost: 'number',
  cpu_index_tuple_cost: 'number',
  cpu_operator_cost: 'number',
  parallel_setup_cost: 'number',
  parallel_tuple_cost: 'number',
  effective_cache_size: 'bytes',
  work_mem: 'bytes',
  hash_mem_multiplier: 'number',
  min_parallel_table_scan_size: 'bytes',
  min_parallel_index_scan_size: 'bytes',
  max_parallel_workers_per_gather: 'number',
  max_parallel_workers: 'number',
  from_collapse_limit: 'number',
  join_collapse_limit: 'number',
  geqo_threshold: 'number',
}

/** e.g. `enable_seqscan`; enable_partition_pruning and the like are in it. */
const switches = /^enable_[a-z_]{1,40}$/

/** Names and values for set_config(): those of production that decide plans; the snapshot is not trusted. */
export function plannerSettings(
  settings: Readonly<Record<string, string | number | boolean>>,
): readonly (readonly [name: string, value: string])[] {
  return Object.entries(settings).flatMap(([name, value]) => {
    const kind = Object.hasOwn(known, name) ? known[name] : switches.test(name) ? 'switch' : undefined
    const text = kind === undefined ? undefined : valueText(kind, value)
    return text === undefined ? [] : [[name, text] as const]
  })
}

function valueText(kind: Kind, value: string | number | boolean): string | undefined {
  if (kind === 'switch') {
    // some are words in new majors
    if (typeof value === 'boolean') return value ? 'on' : 'off'
    return typeof value === 'string' && /^[a-z]{1,10}$/.test(value) ? value : undefined
  }
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return undefined
  return kind === 'bytes' ? `${Math.round(value / 1024)}kB` : String(value)
}

const defaultWorkMemBytes = 4 * 1024 ** 2
const defaultHashMemMultiplier = 2

/** Memory that one sort, and one hash table, may take before it spills; of production, else Postgres' defaults. */
export interface PlanMemory {
  readonly sortBytes: number
  readonly hashBytes: number
}

/** 1.0 was the default of hash_mem_multiplier before 15. */
export function planMemory(
  settings: Readonly<Record<string, string | number | boolean>>,
  major: number,
): PlanMemory {
  const number = (name: string, otherwise: number): number => {
    const value = settings[name]
    return typeof value === 'number' && value > 0 ? value : otherwise
  }
  const sortBytes = number('work_mem', defaultWorkMemBytes)
  return {
    sortBytes,
    hashBytes: sortBytes * number('hash_mem_multiplier', major >= 15 ? defaultHashMemMultiplier : 1),
  }
}
