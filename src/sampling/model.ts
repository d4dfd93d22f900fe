import type { Client } from 'pg'
import type { ColumnStatistics } from '../core/production.ts'

/** A table to fill with synthetic rows. */
export interface FillTable {
  readonly schema: string
  readonly name: string
  /** Rows to make in all; of a partitioned table spread over its leaves. */
  readonly rows: number
  /** Heap bytes per row in production, tuple header included: variable-length columns are stretched to meet it. */
  readonly heapBytesPerRow?: number
  /** TOAST bytes per row in production. */
  readonly toastBytesPerRow?: number
  readonly columns?: readonly ColumnStatistics[]
}

export interface FillRequest {
  /** Referenced tables have to be among them, or foreign keys to them are NULL where they may be. */
  readonly tables: readonly FillTable[]
  /** On performance.now(): what is not filled by then stays empty, and is reported. */
  readonly endsAt: number
  readonly signal: AbortSignal
  /**
   * Connects to the same database as the role that runs migrations; the fill ends the client. CHECKs and functions
   * are untrusted: rows are written by that role, never by the administrator.
   */
  readonly connectMigrator: () => Promise<Client>
}

export interface FilledTable {
  /** `schema.name` */
  readonly table: string
  readonly rows: number
  /** Main fork of the heap (of all leaves). */
  readonly heapBytes: number
  readonly toastBytes: number
  readonly ms: number
}

export interface FillReport {
  readonly filled: readonly FilledTable[]
  /** Tables that stayed empty; `why` completes `… because`. */
  readonly unfilled: readonly { readonly table: string; readonly why: string }[]
  /** Constraints that the rows do not satisfy, on purpose: nothing that satisfies them was found. */
  readonly bypassed: readonly { readonly table: string; readonly constraint: string }[]
}
