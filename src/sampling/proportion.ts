import type { Client } from 'pg'
import type { SettingOverrides } from '../postgres/settings.ts'
import type { FilledDatabase } from './filled-database.ts'
import type { SampleTable } from './sample-tables.ts'

/** Rows of the sample per row in production, of the largest of these tables; undefined when none is filled. */
export function proportionOf(tables: readonly SampleTable[], filled: FilledDatabase): number | undefined {
  const [largest] = tables
    .filter(({ table, facts }) => facts !== undefined && (filled.rows[table.key] ?? 0) > 0)
    .toSorted((a, b) => bytesOrRows(b) - bytesOrRows(a))
  if (largest?.facts === undefined) return undefined
  return (filled.rows[largest.table.key] ?? 0) / largest.facts.rows
}

/** For comparison of tables, also where their bytes are not known. */
function bytesOrRows({ facts }: SampleTable): number {
  return facts === undefined ? 0 : (facts.heapBytes ?? facts.rows * 100)
}

/**
 * Memory with which the sorts of a sample spill into few enough runs to be merged at once, as production's do. A merge
 * takes 6 runs at least and one more per 272 kB (tuplesort_merge_order(), tuplesort.c): hundreds in production, 6 in a
 * sample, whose sorts would be written several times. A row of short keys takes 64 bytes of memory while it is sorted,
 * one of long keys no more than the heap has.
 */
export function leastSortMemoryBytes(tables: readonly SampleTable[], filled: FilledDatabase): number {
  const each = tables.map(({ table: { key } }) => {
    const rows = filled.rows[key] ?? 0
    return Math.min((rows * sortedRowBytes) / 3, (filled.tables[key]?.heapBytes ?? 0) / leastMergeOrder)
  })
  return Math.max(0, ...each)
}

const sortedRowBytes = 64
const leastMergeOrder = 6

/** Those settings that are taken up without a restart (guc_tables.c: PGC_SIGHUP and PGC_USERSET). */
const reloaded = ['max_wal_size', 'min_wal_size', 'maintenance_work_mem', 'work_mem'] as const

/**
 * Changes what of these settings needs no restart, for all sessions that did not set it themselves; they take it up
 * with their next command.
 * @param admin a superuser, outside a transaction
 */
export async function reloadSettings(admin: Client, settings: SettingOverrides): Promise<void> {
  const before = await loadedAt(admin)
  for (const name of reloaded) {
    const value = settings[name]
    if (value !== undefined)
      await admin.query(`alter system set ${name} = ${admin.escapeLiteral(String(value))}`)
  }
  await admin.query('select pg_catalog.pg_reload_conf()')
  // the postmaster tells its children one after the other: when this one knows, the others do, but for a moment
  for (let tries = 0; tries < mostTries && (await loadedAt(admin)) === before; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

const mostTries = 100

async function loadedAt(admin: Client): Promise<string | undefined> {
  const { rows } = await admin.query<{ at: string }>('select pg_catalog.pg_conf_load_time()::text as at')
  return rows[0]?.at
}
