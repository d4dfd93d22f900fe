import type { SizeSource } from './production.ts'

/** A number that is not known exactly: `expected` is the estimate, the truth is said to lie between the others. */
export interface Range {
  readonly low: number
  readonly expected: number
  readonly high: number
}

/** The clone of production that a time was measured on. */
export interface CloneBasis {
  /** e.g. `16.3`. */
  readonly server: string
  readonly databaseBytes: number
}

/** A time in production; nearly always the sum of those of several statements. */
export interface Duration extends Range {
  /** It was measured on a clone of production, but for `estimatedMs` of it; that absent: all of it. Absent: nothing. */
  readonly onClone?: CloneBasis & { readonly estimatedMs?: Range }
}

/** A table whose size decides about the cost. */
export interface SizedTable {
  /** `schema.name` */
  readonly table: string
  readonly rows: number
  /** Heap and TOAST; absent when only the rows are known. */
  readonly bytes?: number
  readonly from: SizeSource
}

/**
 * What an estimate rests on.
 * - `rehearsal`: it changes the catalogue only; the rehearsal's own time, which no table makes longer.
 * - `samples`: it ran on synthetic rows, in tables of these sizes, and was scaled up.
 * - `clone`: it ran on a clone of production, with production's own rows: `server` is its version, `databaseBytes` its size.
 * - `structure`: pages × reference rate; `why` completes `not sampled, because …`.
 * - `nothing`: it cannot be told; `why` completes `not known, because …`.
 */
export type CostBasis =
  | { readonly by: 'rehearsal' }
  | { readonly by: 'samples'; readonly rows: readonly number[]; readonly server: string }
  | { readonly by: 'clone'; readonly server: string; readonly databaseBytes: number }
  | { readonly by: 'structure'; readonly why: string }
  | { readonly by: 'nothing'; readonly why: string }

/** What one statement costs at production size. */
export interface StatementCost {
  readonly growth: 'metadata only' | 'grows with the table' | 'unknown'
  readonly basis: CostBasis
  /** Of the statement alone, without waiting for its locks. Absent when it cannot be told. */
  readonly durationMs?: Duration
  readonly walBytes?: Range
  /** Of temporary files. */
  readonly tempBytes?: Range
  /** Needed at the peak beyond what is there before, temporary files included. */
  readonly diskBytes?: Range
  /** Those whose size decides, largest first. */
  readonly tables: readonly SizedTable[]
  /** Tables that it works on and whose size is not known: `schema.name`. Treated as large. */
  readonly unknownTables: readonly string[]
  /** Clauses for the receipt, lower case and without full stop: what was assumed, what widens the range. */
  readonly notes: readonly string[]
}

/** What others go through while a finding's locks are held. */
export interface Wait {
  /** `writes to the same rows`: of a statement that changes many rows; inserts and other rows go on. */
  readonly blocks: 'reads and writes' | 'writes' | 'writes to the same rows'
  /** From the lock's statement to its commit. */
  readonly ms: Duration
  /** `schema.name` of those that it is about. */
  readonly tables: readonly string[]
  /** How many sessions wait at the end: arrival rate × window. Absent when no rate is known. */
  readonly queue?: {
    readonly perSecond: number
    readonly sessions: Range
    /** max_connections of production. */
    readonly connectionLimit?: number
  }
}

/** What a run costs in all. */
export interface RunCost {
  /** Sum over all statements whose duration is known. */
  readonly durationMs: Duration
  readonly walBytes: Range
  /** The largest need of any transaction. */
  readonly diskBytes: Range
  /** How far standbys fall behind at the end, where their apply rate is known. */
  readonly lagMs?: Range
  /** Statements whose duration is not known. */
  readonly unknown: number
}

export const nothing: Range = { low: 0, expected: 0, high: 0 }

/** The sum, end by end: bounds of a sum of independent estimates would be narrower, ours are not independent. */
export function addRanges(...ranges: readonly Range[]): Range {
  return ranges.reduce(
    (sum, { low, expected, high }) => ({
      low: sum.low + low,
      expected: sum.expected + expected,
      high: sum.high + high,
    }),
    nothing,
  )
}

/** As {@link addRanges}, and keeps apart what of the sum was measured. */
export function addTimes(...times: readonly Duration[]): Duration {
  const sum = addRanges(...times)
  const clone = times.find(({ onClone }) => onClone !== undefined)?.onClone
  if (clone === undefined) return sum
  const { server, databaseBytes } = clone
  const estimatedMs = addRanges(
    ...times.map((time) => (time.onClone === undefined ? time : (time.onClone.estimatedMs ?? nothing))),
  )
  return { ...sum, onClone: { server, databaseBytes, ...(estimatedMs.high > 0 ? { estimatedMs } : {}) } }
}

/** All three multiplied. */
export function scaleRange({ low, expected, high }: Range, factor: number): Range {
  return { low: low * factor, expected: expected * factor, high: high * factor }
}
