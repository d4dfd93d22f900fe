import type { Statement } from '../core/model.ts'
import type { DdlEvent } from '../postgres/event-triggers.ts'
import type { ProbeReading } from './probe.ts'
import type { RelationCatalog } from './relations.ts'

/** What one statement changed between two readings of the probe. */
export interface Observation {
  readonly statement: Statement
  /** Reading after the statement before, in the same transaction; without relations when it began a new one. */
  readonly before: ProbeReading
  readonly after: ProbeReading
  /** Relations as they were when the statement began. */
  readonly catalog: RelationCatalog
  /** What our event triggers said during the statement. */
  readonly events: readonly DdlEvent[]
}

/** Pending counters fall back to zero when the backend flushes them; then everything now counted is new. */
export function flushed(before: ProbeReading, after: ProbeReading): boolean {
  return after.sentinel < before.sentinel
}

/** Sequential and index scans of the relation that were counted before the statement. */
export function scansBefore(before: ProbeReading, after: ProbeReading, oid: number): number {
  return flushed(before, after) ? 0 : (before.relations.get(oid)?.scans ?? 0)
}
