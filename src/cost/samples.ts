import type { Statement } from '../core/model.ts'
import type { HardwareRates } from '../core/production.ts'

/** What one statement took. Bytes are exact; time is not. */
export interface StatementAmounts {
  /** Inside the server, less the time that the backend waited for a CPU that others used. */
  readonly ms: number
  readonly walBytes: number
  readonly tempBytes: number
  /** Read into shared buffers. */
  readonly readBytes: number
  /** Made dirty in shared buffers, each time that they had been clean. Sorted indexes are written past them. */
  readonly writtenBytes: number
  /** Pages of shared buffers touched (hits and reads): tells whether the work grows. */
  readonly pagesTouched: number
  /** Files made anew by this statement (new heaps, indexes, TOAST), and how much other files grew. */
  readonly newFileBytes: number
}

/** A statement in one sample. */
export interface StatementSample extends StatementAmounts {
  /** `large memory`: settings as production's. `scaled`: memory and max_wal_size in proportion to the sample. */
  readonly regime: 'large memory' | 'scaled'
  /** Rows of each table that was filled, and of its partitions, before the first statement: `schema.name` → rows. */
  readonly rows: Readonly<Record<string, number>>
  /** Rows that it wrote, kept or took out, or entries of the indexes that it made; absent: not counted. */
  readonly matchedRows?: number
}

export interface SampledStatement {
  readonly statement: Statement
  readonly samples: readonly StatementSample[]
  /** What the rehearsal took, on tables of a row or two: as much of each sample does not grow with the rows. */
  readonly rehearsed?: RehearsedAmounts
  /** Why there are none: completes `not sampled, because …`. */
  readonly why?: string
  /**
   * A sample with so many rows (of its largest table) was stopped after so many milliseconds: it takes much longer
   * than the samples that there are let expect, as work does that grows with the square of the rows.
   */
  readonly cutOff?: { readonly rows: number; readonly ms: number }
}

export type RehearsedAmounts = Pick<StatementAmounts, 'ms' | 'walBytes'>

/** A table of a sample as it was filled. */
export interface SampledTable {
  readonly rows: number
  /** Main fork of the heap, of all leaves. */
  readonly heapBytes: number
  readonly toastBytes: number
  readonly indexBytes: number
}

/** What sampling gives; see docs/durations.md for the story. */
export interface SampleOutcome {
  /** One list per migration under review, in order, each with all its statements. */
  readonly migrations: readonly (readonly SampledStatement[])[]
  /** What the largest sample holds: `schema.name` → its rows and bytes, to be compared with production's. */
  readonly tables: Readonly<Record<string, SampledTable>>
  /** Clauses without full stop about what could not be filled or was filled against a constraint, by `schema.name`. */
  readonly notes: Readonly<Record<string, readonly string[]>>
  /** Sequential scan of the driving tables in each regime, milliseconds per byte: what small buffers cost. */
  readonly scanMsPerByte: Readonly<Record<StatementSample['regime'], number>>
  /** Of the machine that sampled, where production's are known too. */
  readonly hardware?: HardwareRates
  /** e.g. `18.4`. */
  readonly server: string
  readonly spentMs: number
}
