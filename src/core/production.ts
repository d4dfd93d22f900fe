/**
 * What is known of production: sizes, activity, settings. Comes from a snapshot file, from a dump of statistics, or
 * from the configuration; never from a connection that a review opens.
 */

import { relationKey } from './effects.ts'

/** Where a size comes from. */
export type SizeSource = 'snapshot' | 'statistics dump' | 'clone' | 'configuration'

/** What pg_statistic knows of a column, without values. */
export interface ColumnStatistics {
  readonly name: string
  /** Share of NULLs, 0 to 1. */
  readonly nullFraction: number
  /** As pg_stats.n_distinct: a count, or negative: minus the share of the rows. */
  readonly distinct: number
  /** Average bytes of a value that is not NULL, as stored. */
  readonly width: number
  /** Between physical and logical order, -1 to 1; absent for types without order. */
  readonly correlation?: number
}

export interface IndexFacts {
  readonly name: string
  readonly bytes: number
}

/** How often others use a table. */
export interface TableRates {
  /** Queries per second that read it (they wait for AccessExclusiveLock). */
  readonly reads: number
  /** Statements per second that write to it (they wait for ShareLock and stronger). */
  readonly writes: number
  /**
   * `statements`: calls of pg_stat_statements that name it. `scans and rows`: from the table's own counters, where a
   * statement of many rows counts as many.
   */
  readonly from: 'statements' | 'scans and rows'
}

/** A table, partitioned table or materialized view of production. */
export interface TableFacts {
  readonly schema: string
  readonly name: string
  readonly rows: number
  /** The heap without TOAST and indexes; absent when only the rows are known. Of a partitioned table: of all partitions. */
  readonly heapBytes?: number
  /** TOAST with its index. */
  readonly toastBytes?: number
  /** Absent where they are not known one by one. */
  readonly indexes?: readonly IndexFacts[]
  readonly columns?: readonly ColumnStatistics[]
  readonly rates?: TableRates
  readonly from: SizeSource
}

/** Speeds of a machine, as `pgrehearse calibrate` measures them. */
export interface HardwareRates {
  /** Microseconds of sorting per row, of a fixed sort in memory: the speed of a CPU. */
  readonly sortMicrosPerRow: number
  /** Bytes per second. */
  readonly scanBytesPerSecond: number
  readonly walBytesPerSecond: number
  /** Of the disk below; absent where it was not measured. */
  readonly diskReadBytesPerSecond?: number
  readonly diskWriteBytesPerSecond?: number
  readonly commitMs?: number
}

/** Settings of production that decide how long work takes. */
export interface ProductionSettings {
  readonly sharedBuffersBytes?: number
  readonly maintenanceWorkMemBytes?: number
  readonly workMemBytes?: number
  readonly maxWalSizeBytes?: number
  readonly maxParallelMaintenanceWorkers?: number
  readonly maxConnections?: number
  readonly timeZone?: string
}

export interface ReplicationFacts {
  /** Standbys that replay WAL. */
  readonly standbys: number
  /** Replication slots whose WAL is kept until their consumer has it. */
  readonly slots: number
  /** What a standby replays per second; absent where the configuration does not say. */
  readonly applyBytesPerSecond?: number
}

/** One place that facts came from. */
export interface ProductionSource {
  readonly kind: SizeSource
  /** Path below the project, or `configuration`. */
  readonly name: string
  /** ISO 8601; absent for what is written by hand. */
  readonly takenAt?: string
}

/** Everything that is known. Ask {@link tableFacts} for one table. */
export interface Production {
  readonly sources: readonly ProductionSource[]
  readonly tables: readonly TableFacts[]
  readonly settings: ProductionSettings
  readonly replication?: ReplicationFacts
  readonly hardware?: HardwareRates
  /** e.g. `16.3`. */
  readonly serverVersion?: string
  /** Of pg_stat_statements: parameters for all literals. */
  readonly statements?: readonly ProductionStatement[]
  /** What plans need; absent when sizes come from the configuration only. */
  readonly planner?: PlannerFacts
}

/** A statement of pg_stat_statements. */
export interface ProductionStatement {
  readonly sql: string
  readonly callsPerSecond: number
  readonly meanMs: number
  readonly rowsPerCall: number
}

/** Column statistics as the planner has them. */
export interface PlannerColumn extends ColumnStatistics {
  /** Data of production, as pg_stats prints arrays; only where the snapshot was taken with values. */
  readonly mostCommon?: string
  readonly frequencies?: readonly number[]
  readonly histogram?: string
}

export interface PlannerIndex {
  readonly name: string
  readonly method: string
  readonly rows?: number
  /** In pages of 8 kB. */
  readonly pages?: number
  /** Statistics of its expressions, in their order. */
  readonly columns?: readonly PlannerColumn[]
}

/** A table, partition or materialized view of production as pg_class and pg_statistic have it. */
export interface PlannerTable {
  readonly schema: string
  readonly name: string
  readonly kind: 'table' | 'partitioned table' | 'materialized view'
  readonly rows?: number
  /** In pages of 8 kB. */
  readonly pages?: number
  readonly allVisiblePages?: number
  readonly columns?: readonly PlannerColumn[]
  readonly indexes: readonly PlannerIndex[]
}

/** What production's planner knows. */
export interface PlannerFacts {
  readonly tables: readonly PlannerTable[]
  /** By the name in Postgres; memory in bytes, times in milliseconds, others as Postgres has them. */
  readonly settings: Readonly<Record<string, string | number | boolean>>
  readonly encoding?: string
  readonly collation?: string
  readonly ctype?: string
  readonly localeProvider?: 'libc' | 'icu' | 'builtin'
  readonly locale?: string
  readonly hasValues: boolean
}

/** The facts about a table, or undefined: its size is unknown. */
export function tableFacts(
  production: Production | undefined,
  table: Pick<TableFacts, 'schema' | 'name'>,
): TableFacts | undefined {
  return tableFactsByKey(production, relationKey(table))
}

/** As {@link tableFacts}, for `schema.name`. */
export function tableFactsByKey(production: Production | undefined, key: string): TableFacts | undefined {
  if (production === undefined) return undefined
  const index = indexes.get(production) ?? indexTables(production)
  indexes.set(production, index)
  return index.get(key)
}

// production may have tens of thousands of tables, and every statement asks
const indexes = new WeakMap<Production, ReadonlyMap<string, TableFacts>>()

function indexTables({ tables }: Production): ReadonlyMap<string, TableFacts> {
  const index = new Map<string, TableFacts>()
  for (const table of tables) {
    const key = relationKey(table)
    // the configuration is written by hand because somebody knows better; else the first counts
    const known = index.get(key)
    if (known === undefined || (table.from === 'configuration' && known.from !== 'configuration')) {
      index.set(key, table)
    }
  }
  return index
}
