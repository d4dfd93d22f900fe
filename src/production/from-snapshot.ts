import type { Limit } from '../core/model.ts'
import type {
  ColumnStatistics,
  ProductionSettings,
  ReplicationFacts,
  TableFacts,
  TableRates,
} from '../core/production.ts'
import { parseSnapshot, type Snapshot, type SnapshotTable } from '../snapshot/format.ts'
import { estimateRows, type FileFacts } from './facts.ts'
import { plannerFacts } from './planner-facts.ts'
import { statementRates, tableKey } from './statement-rates.ts'

/** The facts of a snapshot; `name` is how messages call the file. */
export async function factsOfSnapshot(json: string, name: string): Promise<FileFacts> {
  return factsOf(await parseSnapshot(json, name), name)
}

/** The facts of a snapshot that was read. */
export async function factsOf(snapshot: Snapshot, name: string): Promise<FileFacts> {
  const statements = await statementRates(snapshot.statements?.list ?? [], snapshot.tables)
  const replication = replicationOf(snapshot)
  return {
    kind: 'snapshot',
    takenAt: snapshot.takenAt,
    tables: new Trees(tablesOf(snapshot), statements).facts(),
    settings: settingsOf(snapshot.settings),
    ...(replication === undefined ? {} : { replication }),
    serverVersion: snapshot.server.version,
    ...(snapshot.statements === null ? {} : { statements: snapshot.statements.list }),
    planner: plannerFacts(snapshot),
    limits: limitsOf(snapshot, name),
  }
}

/** As src/snapshot/not-read-sql.ts says it. */
const leastCountedMs = 3_600_000

/** Without rates where the counters have just begun: they are those of a restart, not of a usual day. */
function tablesOf({ tables, takenAt, statistics }: Snapshot): readonly SnapshotTable[] {
  const countedMs = Date.parse(takenAt) - Date.parse(statistics.since)
  if (countedMs >= leastCountedMs) return tables
  return tables.map(({ rates: _rates, ...table }) => table)
}

/** Most of what was not read is said by the file itself; a report needs the first of it. */
const mostMentioned = 5

function limitsOf({ notRead }: Snapshot, name: string): readonly Limit[] {
  if (notRead.length === 0) return []
  const more = notRead.length > mostMentioned ? ` and ${notRead.length - mostMentioned} more` : ''
  const what = notRead.slice(0, mostMentioned).map((hole) => hole.what.replace(/\.$/, ''))
  const remedy = notRead.find((hole) => hole.remedy !== undefined)?.remedy
  return [
    {
      code: 'snapshot-incomplete',
      message: `The snapshot ${name} could not read: ${what.join('; ')}${more}.`,
      ...(remedy === undefined ? {} : { hint: remedy }),
    },
  ]
}

function settingsOf(settings: Snapshot['settings']): ProductionSettings {
  const names = {
    sharedBuffersBytes: 'shared_buffers',
    maintenanceWorkMemBytes: 'maintenance_work_mem',
    workMemBytes: 'work_mem',
    maxWalSizeBytes: 'max_wal_size',
    maxParallelMaintenanceWorkers: 'max_parallel_maintenance_workers',
    maxConnections: 'max_connections',
  } as const
  const numbers = Object.entries(names).flatMap(([key, setting]) => {
    const value = settings[setting]
    return typeof value === 'number' ? [[key, value] as const] : []
  })
  const zone = settings['TimeZone']
  return { ...Object.fromEntries(numbers), ...(typeof zone === 'string' ? { timeZone: zone } : {}) }
}

function replicationOf({ replication, server }: Snapshot): ReplicationFacts | undefined {
  // pg_basebackup is listed with them while it runs
  const standbys = replication.standbys.filter(({ state }) => state !== 'backup').length
  return {
    // the one that was asked is one itself
    standbys: server.standby ? Math.max(standbys, 1) : standbys,
    slots: replication.slots.length,
  }
}

/** Of partitions within partitions; nobody has more than three. */
const mostLevels = 16

/** Tables with their partitions; facts about a partitioned table are those of its leaves together. */
class Trees {
  readonly #tables: readonly SnapshotTable[]
  readonly #statements: ReadonlyMap<string, TableRates>
  readonly #partitions: ReadonlyMap<string, readonly SnapshotTable[]>

  constructor(tables: readonly SnapshotTable[], statements: ReadonlyMap<string, TableRates>) {
    this.#tables = tables
    this.#statements = statements
    const partitions = new Map<string, SnapshotTable[]>()
    for (const table of tables) {
      if (table.partitionOf === undefined) continue
      const parent = tableKey(table.partitionOf)
      const siblings = partitions.get(parent)
      if (siblings === undefined) partitions.set(parent, [table])
      else siblings.push(table)
    }
    this.#partitions = partitions
  }

  facts(): readonly TableFacts[] {
    return this.#tables.flatMap((table) => {
      const facts = table.kind === 'partitioned table' ? this.#partitioned(table) : this.#plain(table)
      return facts === undefined ? [] : [facts]
    })
  }

  /** Undefined when nobody knows how many rows it has: its size is unknown then. */
  #plain(counted: SnapshotTable): TableFacts | undefined {
    const table = grownSince(counted)
    const columns = columnsOf(table)
    const rows = table.rows ?? (table.bytes === null ? undefined : estimateRows(table.bytes, columns))
    if (rows === undefined) return undefined
    // queries mostly name the partitioned table and not its partitions
    const statements = table.partitionOf === undefined ? this.#statements.get(tableKey(table)) : undefined
    const rates = statements ?? countedRates([table])
    return {
      schema: table.schema,
      name: table.name,
      rows,
      ...(table.bytes === null ? {} : { heapBytes: table.bytes }),
      ...(table.toastBytes === undefined || table.toastBytes === null
        ? {}
        : { toastBytes: toastBytesOf(table.toastBytes) }),
      ...indexesOf([table]),
      ...(columns === undefined ? {} : { columns }),
      ...(rates === undefined ? {} : { rates }),
      from: 'snapshot',
    }
  }

  #partitioned(table: SnapshotTable): TableFacts | undefined {
    const tree = this.#below(table)
    if (tree === undefined) return undefined
    const leaves = tree.filter(({ kind }) => kind !== 'partitioned table')
    const known = leaves.flatMap((leaf) => this.#plain(leaf) ?? [])
    const isComplete = known.length === leaves.length
    const rows = isComplete ? sum(known.map((leaf) => leaf.rows)) : table.rows
    if (rows === null) return undefined
    const heap = isComplete ? sumOfAll(known.map(({ heapBytes }) => heapBytes)) : undefined
    const toast = isComplete ? sum(known.map(({ toastBytes = 0 }) => toastBytes)) : 0
    const largest = known.toSorted((a, b) => b.rows - a.rows)[0]
    const columns = columnsOf(table) ?? largest?.columns
    const rates = this.#namedIn(tree) ?? countedRates(leaves)
    return {
      schema: table.schema,
      name: table.name,
      rows,
      ...(heap === undefined ? {} : { heapBytes: heap }),
      ...(toast === 0 ? {} : { toastBytes: toast }),
      ...indexesOf(leaves),
      ...(columns === undefined ? {} : { columns }),
      ...(rates === undefined ? {} : { rates }),
      from: 'snapshot',
    }
  }

  /**
   * It and everything below. A file may claim that partitions go round in a circle, or lie in one another by the
   * thousand, which would be read for each of them: then undefined.
   */
  #below(table: SnapshotTable): readonly SnapshotTable[] | undefined {
    const found = new Map([[tableKey(table), table]])
    let level: readonly SnapshotTable[] = [table]
    for (let depth = 0; level.length > 0; depth += 1) {
      if (depth > mostLevels) return undefined
      level = level.flatMap((one) => this.#partitions.get(tableKey(one)) ?? [])
      for (const partition of level) {
        const key = tableKey(partition)
        if (found.has(key)) return undefined
        found.set(key, partition)
      }
    }
    return [...found.values()]
  }

  #namedIn(tree: readonly SnapshotTable[]): TableRates | undefined {
    const rates = tree.flatMap((table) => this.#statements.get(tableKey(table)) ?? [])
    if (rates.length === 0) return undefined
    return {
      reads: sum(rates.map(({ reads }) => reads)),
      writes: sum(rates.map(({ writes }) => writes)),
      from: 'statements',
    }
  }
}

/** The running count differs from what VACUUM and ANALYZE found by less than this, if they run often enough. */
const muchMore = 2

/**
 * A table as large as the running count of its live rows says, where that is much more than the last VACUUM or ANALYZE
 * found: it was filled since, and must not be taken for a small one. The other way round, counters were reset.
 */
function grownSince(table: SnapshotTable): SnapshotTable {
  const { rows, live = 0, bytes, toastBytes, indexes } = table
  if (rows === null || live <= muchMore * Math.max(rows, leastRows)) return table
  const larger = (size: number | null): number | null =>
    size === null || rows === 0 ? null : size * (live / rows)
  return {
    ...table,
    rows: live,
    bytes: larger(bytes),
    ...(toastBytes === undefined ? {} : { toastBytes: larger(toastBytes) }),
    indexes: indexes.map((index) => ({ ...index, bytes: larger(index.bytes) })),
  }
}

/** Fewer rows are few, whichever count is right. */
const leastRows = 1000

function countedRates(tables: readonly SnapshotTable[]): TableRates | undefined {
  const rates = tables.flatMap((table) => table.rates ?? [])
  if (rates.length === 0) return undefined
  return {
    reads: sum(rates.map(({ sequentialScans, indexScans }) => sequentialScans + indexScans)),
    writes: sum(rates.map(({ inserted, updated, deleted }) => inserted + updated + deleted)),
    from: 'scans and rows',
  }
}

/** Of a partitioned table, the indexes of all leaves. */
function indexesOf(tables: readonly SnapshotTable[]): Pick<TableFacts, 'indexes'> {
  const all = tables.flatMap(({ indexes }) => indexes)
  const sized = all.flatMap(({ name, bytes }) => (bytes === null ? [] : { name, bytes }))
  return sized.length === all.length ? { indexes: sized } : {}
}

const pageBytes = 8192

/**
 * A table that might have TOAST has an index of one page for it: two more are no TOAST that anybody notices, but of a
 * hundred partitions they would add up.
 */
function toastBytesOf(bytes: number): number {
  return bytes <= 3 * pageBytes ? 0 : bytes
}

/** Without values: those are for planning queries. */
function columnsOf({ columns }: SnapshotTable): readonly ColumnStatistics[] | undefined {
  // a copy of 200,000 columns takes time, too
  if (!columns?.some(({ values }) => values !== undefined)) return columns
  return columns.map(({ values: _values, ...column }) => column)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function sumOfAll(numbers: readonly (number | undefined)[]): number | undefined {
  const known = numbers.filter((number) => number !== undefined)
  return known.length === numbers.length ? sum(known) : undefined
}
