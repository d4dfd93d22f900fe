import type { WorkKind } from './model.ts'

/**
 * Every number that the cost model rests on, and where it comes from. `facts B` is section B of the experiments on
 * duration: a table of 12 columns and 270 bytes a row, PostgreSQL 18.4, up to 10 million rows, two shared cores.
 */

/**
 * What a range spans around an estimate from samples. All 39 runs of facts B lay within 0.67 to 1.6 on a machine that did
 * nothing else; on one that others use, too, as CI's are, some of the tuning tables of bench/prediction did not: repeated
 * samples differed by 1.4.
 */
export const ordinarySpread: Spread = { low: 0.62, high: 1.7 }

/** The same where samples tell less: other access methods than btree, capped parents. */
export const wideSpread: Spread = { low: 0.5, high: 3 }

/**
 * How much wider it is with samples of one size that took less than so long, as in reviews of many files on a busy machine:
 * a small sample on caches that are still cold takes longer per row. In a review of 22 files, 13,000 rows let most scans and index builds look 1.6 to
 * 5 times as long as they were, and a foreign key half as long.
 */
export const oneSize: Spread = { low: 0.45, high: 1.25 }
export const shortSampleMs = 50

/** A production table no larger than the sample: what is left is noise (facts B: repeated runs differ by 20 %). */
export const measuredSpread: Spread = { low: 0.75, high: 1.4 }

/** Sizes and reference rates alone, without samples: within a factor of 3 is what they can promise. */
export const structureSpread: Spread = { low: 1 / 3, high: 3 }

/**
 * Of a table that is more than so many times as large as the sample, a range is wider by the power of what is more: then the
 * btrees of facts B from 30,000 rows are in their ranges at 10 million.
 */
export const nearSample = 10
export const farSample = 0.08

/** Bytes of WAL, temporary and new files from a scaled cluster: at most 8 % off at 10M rows (facts 0.4). */
export const counterSpread: Spread = { low: 0.9, high: 1.1 }

/**
 * Bytes of new indexes: how many entries share a key, and in what order keys come, made 0.72 to 1.19 times as much of the
 * btrees on the tuning tables of bench/prediction, 1.45 times of a GIN.
 */
export const indexSpread: Spread = { low: 0.7, high: 1.25 }
export const otherIndexSpread: Spread = { low: 0.5, high: 1.6 }

/**
 * WAL of writes most of which are full pages: how many depends on how checkpoints fall, and in small samples on how soon
 * the checkpointer wakes. The same UPDATE gave 1.6 kB a row from 20,000 rows, 4.1 from 62,000 and 5.6 from 76,000.
 */
export const fullPageSpread: Spread = { low: 0.4, high: 1.6 }
/** So many times the WAL that the same rows take with checkpoints far apart. */
export const mostlyFullPages = 3

/** What an index entry of 20 bytes takes in memory while it is sorted, 64 bytes, in entries. */
export const sortedPerWritten = 3.2

/**
 * WAL of writes from a cluster with large memory alone: full-page images after checkpoints are missing, which made
 * 1,075 bytes a row out of 2,430 (facts B, UPDATE).
 */
export const withoutCheckpointsSpread: Spread = { low: 0.9, high: 2.6 }

export interface Spread {
  readonly low: number
  readonly high: number
}

/** Reading a heap that does not fit into caches costs this much more per row than one that does (facts B). */
export const scanCorrection = 1.15

/** GIN writes its pending entries out every maintenance_work_mem: 1.5 beyond n log n (facts B). */
export const ginCorrection = 1.5

/**
 * A sort of more rows misses the CPU's caches more often. Beyond n log n the five btrees of facts B took 1.46 to 1.54 times
 * as long per row at 3M rows as at 100k, and 1.56 to 1.93 times at 10M, from 300k on 1.0 to 1.4 times: the power of the
 * ratio of rows that lies between, and
 * on the low side: what is sorted already, as keys are, misses nothing.
 */
export const cacheMisses = 0.08

/**
 * An index that grows by less than this power of its rows has seen most of its keys. GIN of words does (0.56 in
 * bench/prediction, tuning table toasted), GIN of documents with values of their own does not.
 */
export const leastGrowthOfBytes = 0.8

/** An index build with one or more workers: 1.2 to 1.8 times faster on two cores, GIN 2.5 times (facts B). */
export const parallelSpeedUp = { btree: 1.8, gin: 2.5 } as const

/** plan_create_index_workers(), planner.c: each participant wants 32 MB of maintenance_work_mem. */
export const bytesPerBuilder = 32 * 1024 * 1024

/** Default min_parallel_table_scan_size. */
export const leastParallelBytes = 8 * 1024 * 1024

/** Defaults of max_parallel_maintenance_workers and maintenance_work_mem. */
export const defaultWorkers = 2
export const defaultMaintenanceBytes = 64 * 1024 * 1024

/** ANALYZE reads 300 × default_statistics_target (100) rows, each perhaps from a page of its own (std_typanalyze). */
export const analyzedPages = 30_000

export const pageBytes = 8192

/** A scan that touches so many times the heap's pages looked up values in TOAST; others touch some of the catalogue. */
export const pagesWithToast = 1.3

/** Of a row, heap without TOAST, where nothing tells. */
export const assumedRowBytes = 150

/** How much of the time follows the bytes of a row rather than the number of rows. */
export const shareOfBytes: Readonly<Record<WorkKind, number>> = {
  scan: 0.5,
  'foreign key': 0.2,
  'index build': 0.2,
  rewrite: 0.6,
  write: 0.4,
  'copy files': 1,
  analyze: 0.2,
}

/** A production row is wider or narrower than that of the sample by at most so much that the model follows. */
export const widthLimits = { low: 0.4, high: 4, worthSaying: 1.3 } as const

/**
 * Without samples: microseconds per row at 10M rows (facts B): ADD CHECK, VALIDATE FOREIGN KEY, CREATE INDEX on text,
 * volatile default with four indexes, UPDATE. SET TABLESPACE follows bytes alone.
 */
export const referenceMicrosPerRow: Readonly<Record<WorkKind, number>> = {
  scan: 0.29,
  'foreign key': 0.74,
  'index build': 2.7,
  rewrite: 8.6,
  write: 31.8,
  'copy files': 0.1,
  analyze: 0.3,
}

/** GIN on jsonb and DELETE at 10M rows (facts B). */
export const referenceGinMicros = 10
export const referenceDeleteMicros = 0.77

/** INSERT … SELECT with triggers, a foreign key and four indexes: 37,000 rows a second (facts A). */
export const referenceInsertMicros = 27

/** A row that a foreign key's trigger looks for. Not measured: a query by key of a few pages. */
export const referenceTriggerMicros = 10

/** The machine of facts B: a fixed sort. */
export const referenceSortMicros = 0.92

/** Between a cached scan (2,294 MB/s, facts B) and a modest cloud disk (gp3: 125 MB/s), as far from both as can be. */
export const referenceBytesPerSecond = 535_000_000

/** WAL per row: UPDATE and DELETE at 10M rows (facts B); of an index entry, tuple and line pointer at 90 % full. */
export const referenceUpdateWalBytes = 2430
export const referenceDeleteWalBytes = 295
export const referenceIndexEntryBytes = 40

/** Rows and indexes of the table of facts B, and temporary files of its widest sort. */
export const referenceRowBytes = 270
export const assumedIndexes = 4
export const referenceSortBytes = 45

/** Fewer rows of a sample that matched do not tell what a matching row costs; where they are counted, and where not. */
export const leastMatched = 200
export const leastShare = 0.1

/** A catalogue change that nothing ran: the matrix of postgres-facts.md has 0.1 to 3 ms. */
export const assumedCatalogMs = { low: 0.1, expected: 3, high: 20 } as const

/** Of a time that was measured in the rehearsal: production is busier and its catalogue is larger. */
export const rehearsalSpread = { low: 0.5, high: 10, leastHighMs: 20 } as const

/** Pages of the catalogue written whole after a checkpoint: ADD COLUMN 429 bytes became 30,406 (postgres-facts A). */
export const catalogFullPageBytes = 64 * 1024

/** The stronger lock that CONCURRENTLY takes for a moment in its last phase. */
export const momentaryMs = { low: 0, expected: 1, high: 20 } as const

/** A btree with many equal keys keeps 6 bytes a row (posting lists); catalogue changes make no files. */
export const leastIndexEntryBytes = 4
