import type { Client } from 'pg'
import { escapeIdentifier } from 'pg'
import type { SampledTable } from '../cost/samples.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { copyBase } from '../replay/prepare-history.ts'
import { connected } from '../replay/stage.ts'
import { removeComingConstraints, type Removal } from './coming-constraints.ts'
import { migratorSession } from './migrator-session.ts'
import type { FillReport, FillRequest } from './model.ts'
import { fillTable, rowsOf, type SampleSize, type SampleTable } from './sample-tables.ts'

/** {@link ../sampling/fill.ts}, or what stands in for it in tests. */
export type Fill = (admin: Client, request: FillRequest) => Promise<FillReport>

/** A database with synthetic rows, which walks are made on copies of. */
export interface FilledDatabase {
  readonly name: string
  readonly size: SampleSize
  /** Rows of what was filled, and of its partitions: `schema.name` → rows. */
  readonly rows: Readonly<Record<string, number>>
  readonly tables: Readonly<Record<string, SampledTable>>
  readonly notes: Readonly<Record<string, readonly string[]>>
  readonly fillMs: number
}

export interface FillPlace {
  readonly server: PostgresServer
  /** The database with the history. */
  readonly base: string
  readonly settings: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  readonly fill: Fill
  /** Takes away what the base holds for filling only. */
  readonly removal: Removal
}

/** Copies the base and fills the copy; what does not fit until `endsAt` (performance.now()) stays empty. */
export async function fillDatabase(
  place: FillPlace,
  tables: readonly SampleTable[],
  size: SampleSize,
  endsAt: number,
): Promise<FilledDatabase> {
  const { server, base, signal, fill } = place
  const begun = performance.now()
  const name = await copyBase(place, base)
  await using admin = await connected(server, name)
  const wanted = tables.filter((one) => rowsOf(one, size) > 0)
  const report = await fill(admin.client, {
    tables: wanted.map((one) => fillTable(one, size)),
    endsAt,
    signal,
    connectMigrator: () => server.connectMigrator(name),
  })
  signal.throwIfAborted()
  await removeComingConstraints(place, name, place.removal)
  const filled = new Set(report.filled.map(({ table }) => table))
  const shown = wanted.filter(({ table }) => filled.has(table.key))
  await settle(place, name, shown, endsAt)
  const empty = tables.filter((one) => rowsOf(one, size) === 0).map(({ table }) => [table.key, 0] as const)
  const leaves = await readLeaves(admin.client, shown)
  // VACUUM has counted those of partitions
  const counted = leaves.map(({ key, rows }) => [key, rows] as const)
  const made = report.filled.map(({ table, rows }) => [table, rows] as const)
  return {
    name,
    size,
    rows: Object.fromEntries([...empty, ...counted, ...made]),
    tables: describe(report, shown, leaves),
    notes: notesOf(report),
    fillMs: performance.now() - begun,
  }
}

/**
 * As production's tables are most of the time: hint bits set, all-visible, with statistics for the planner. As the
 * migrator, because expressions of indexes are untrusted code.
 */
async function settle(
  { server, signal }: FillPlace,
  database: string,
  tables: readonly SampleTable[],
  endsAt: number,
): Promise<void> {
  await using migrator = await migratorSession(server, database, { endsAt, signal })
  for (const { table } of tables) {
    const left = Math.floor(endsAt - performance.now())
    if (left <= 0) return
    const name = `${escapeIdentifier(table.schema)}.${escapeIdentifier(table.name)}`
    // a table of a role that the migrator is no member of stays as it is, and so does one that takes too long
    const settled = migrator.client.query(`set statement_timeout = ${left}`)
    await settled.then(() => migrator.client.query(`vacuum (analyze) ${name}`)).catch(() => undefined)
    signal.throwIfAborted()
  }
}

const leavesSql = `select given.oid as root, format('%s.%s', n.nspname, leaf.relname) as key, greatest(leaf.reltuples, 0)::float8 as rows,
  pg_relation_size(leaf.oid)::float8 as heap, coalesce(pg_total_relation_size(nullif(leaf.reltoastrelid, 0)), 0)::float8 as toast,
  pg_indexes_size(leaf.oid)::float8 as indexes
from unnest($1::oid[]) as given(oid)
cross join lateral (select given.oid as relid union select relid from pg_partition_tree(given.oid)) as tree
join pg_class leaf on leaf.oid = tree.relid join pg_namespace n on n.oid = leaf.relnamespace`

interface Leaf {
  readonly root: number
  readonly key: string
  readonly rows: number
  readonly heap: number
  readonly toast: number
  readonly indexes: number
}

async function readLeaves(admin: Client, tables: readonly SampleTable[]): Promise<readonly Leaf[]> {
  const { rows } = await admin.query<Leaf>(leavesSql, [tables.map(({ table }) => table.oid)])
  return rows
}

function describe(
  report: FillReport,
  tables: readonly SampleTable[],
  leaves: readonly Leaf[],
): Readonly<Record<string, SampledTable>> {
  const entries = tables.map(({ table }) => {
    const own = leaves.filter(({ root }) => root === table.oid)
    const sum = (bytes: (leaf: Leaf) => number): number => own.reduce((all, leaf) => all + bytes(leaf), 0)
    const sampled: SampledTable = {
      rows: report.filled.find((one) => one.table === table.key)?.rows ?? 0,
      heapBytes: sum(({ heap }) => heap),
      toastBytes: sum(({ toast }) => toast),
      indexBytes: sum(({ indexes }) => indexes),
    }
    return [table.key, sampled] as const
  })
  return Object.fromEntries(entries)
}

function notesOf({ unfilled, bypassed }: FillReport): Readonly<Record<string, readonly string[]>> {
  const notes: Record<string, string[]> = {}
  for (const { table, why } of unfilled) {
    ;(notes[table] ??= []).push(`${table} stayed empty in samples, because ${why}`)
  }
  for (const { table, constraint } of bypassed) {
    ;(notes[table] ??= []).push(`the rows made for ${table} do not satisfy its constraint ${constraint}`)
  }
  return notes
}
