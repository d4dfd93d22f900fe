import type { SchemaCatalogs } from '../core/model.ts'
import type { SchemaChange, SchemaSnapshot } from '../replay/fingerprint.ts'
import type { Tables } from './tables.ts'
import type { Said } from './words.ts'

/**
 * - `made anew`: dropped and created, or another has taken the name.
 * - `replaced`: CREATE OR REPLACE keeps what it repeats.
 * - `type`: ALTER COLUMN TYPE sets back what it does not repeat.
 * - `column`: it went with a column.
 */
export type SilentCause = 'made anew' | 'replaced' | 'type' | 'column'

/** What hangs together in one finding. */
export interface SilentSubject {
  readonly kind: string
  /** Qualified, quoted where needed. */
  readonly identity: string
  readonly cause: SilentCause
  /** `schema.name` of the table that it hangs on. */
  readonly table?: string
  /** Whose loss it is, where the cause is `column`. */
  readonly column?: string
}

/** One fact that nobody wrote down. */
export interface SilentFact {
  readonly subject: SilentSubject
  /** Of the object that it is a fact of. */
  readonly kind: string
  readonly identity: string
  readonly severity: 'warning' | 'info'
  /** A clause: `app loses USAGE on orders_id_seq`. */
  readonly consequence: string
  /** As a schema difference tells it. */
  readonly line: string
  /** What gives it back, exactly. */
  readonly restore?: SilentRestore
}

export interface SilentRestore {
  readonly sql: string
  /** Absent: in a transaction. */
  readonly outside?: true
}

export interface SilentContext {
  readonly catalogs: SchemaCatalogs
  readonly tables: Tables
  readonly said: readonly Said[]
  readonly changes: readonly SchemaChange[]
  readonly after: SchemaSnapshot
}
