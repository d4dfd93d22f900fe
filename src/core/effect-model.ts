import type { Duration } from './cost-model.ts'
import type { Position } from './span.ts'

/**
 * Table-level lock modes, spelled as in pg_locks.mode.
 * @see https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
 */
export type LockMode =
  | 'AccessShareLock'
  | 'RowShareLock'
  | 'RowExclusiveLock'
  | 'ShareUpdateExclusiveLock'
  | 'ShareLock'
  | 'ShareRowExclusiveLock'
  | 'ExclusiveLock'
  | 'AccessExclusiveLock'

/** pg_class.relkind in words. */
export type RelationKind =
  | 'table'
  | 'partitioned table'
  | 'index'
  | 'partitioned index'
  | 'sequence'
  | 'toast table'
  | 'view'
  | 'materialized view'
  | 'composite type'
  | 'foreign table'

/** A relation as it was called when the statement began. */
export interface Relation {
  readonly kind: RelationKind
  readonly schema: string
  readonly name: string
  /** For an index, toast table or owned sequence: the table it belongs to, `schema.name`. */
  readonly table?: string
  /**
   * Did it exist before the first migration under review? What the run itself created is invisible
   * to everybody else until it commits, so locking it harms nobody.
   */
  readonly existedBefore: boolean
  /** Of a partitioned table whose key is one plain column, where it is known. */
  readonly partitionKey?: { readonly strategy: 'list' | 'range'; readonly column: string }
}

/** Kinds of objects in catalogue effects, in the words of pg_event_trigger_ddl_commands().object_type. */
export interface ObjectName {
  /** e.g. 'table', 'index', 'table constraint', 'view', 'type', 'sequence', 'function', 'schema', 'trigger' */
  readonly kind: string
  readonly schema: string
  readonly name: string
  /** For a constraint, trigger, policy or column default: the relation it hangs on, `schema.name`. */
  readonly table?: string
}

/** A relation lock that the statement newly took or strengthened. How long it lasts follows from `until`. */
export interface LockEffect {
  readonly kind: 'lock'
  readonly relation: Relation
  readonly mode: LockMode
  /**
   * `commit`: kept until the statement's transaction ends. `statement`: given back when the statement
   * ends (CREATE INDEX CONCURRENTLY, VACUUM and other forms that commit by themselves, and
   * subtransactions that were rolled back).
   */
  readonly until: 'statement' | 'commit'
  /** How long it is held at production size: all that follows until then. Absent where that is not known. */
  readonly heldMs?: Duration
}

/** Why a heap or index got a new relfilenode. */
export type RewriteCause =
  | 'column default' // ADD COLUMN with a volatile default, identity, stored generated column, constrained domain
  | 'column type'
  | 'generated expression'
  | 'persistence' // SET LOGGED / UNLOGGED
  | 'access method'
  | 'tablespace'
  | 'vacuum full'
  | 'cluster'
  | 'refresh'
  | 'reindex'
  | 'index rebuild' // the heap stays, the index is built anew (collation, timestamptz under UTC)
  | 'unknown'

/** The heap of a table (or the file of an index) was written anew: its relfilenode changed. */
export interface RewriteEffect {
  readonly kind: 'rewrite'
  readonly relation: Relation
  readonly cause: RewriteCause
}

/** The whole heap was read. `read`: by a query or DML; the other reasons are DDL's own scans. */
export interface ScanEffect {
  readonly kind: 'scan'
  readonly relation: Relation
  readonly reason: 'validate' | 'build index' | 'rewrite' | 'read'
}

/** TRUNCATE emptied the relation; `cascaded` when it was not named but reached through a foreign key. */
export interface TruncateEffect {
  readonly kind: 'truncate'
  readonly relation: Relation
  readonly cascaded: boolean
}

/**
 * Rows were written. `reach` says how many an existing table can lose to one statement:
 * `all rows` (no WHERE, or a condition that no key bounds), `filtered` (a WHERE that no key or LIMIT bounds),
 * `bounded` (key equality, LIMIT, key range, VALUES join).
 */
export interface WriteEffect {
  readonly kind: 'write'
  readonly relation: Relation
  readonly command: 'INSERT' | 'UPDATE' | 'DELETE' | 'MERGE' | 'COPY'
  readonly reach: 'all rows' | 'filtered' | 'bounded'
}

/** What happened to a catalogue object, seen from outside (also inside DO blocks and functions). */
export interface CatalogEffect {
  readonly kind: 'catalog'
  readonly object: ObjectName
  /** Whether the object (for a change inside a table: the table) existed before the first migration under review. */
  readonly existedBefore: boolean
  readonly change: CatalogChange
}

export type CatalogChange =
  | { readonly type: 'create' }
  /** `cascaded`: not named by the statement, removed by CASCADE (a normal dependency). */
  | { readonly type: 'drop'; readonly cascaded: boolean }
  | { readonly type: 'alter' }
  | { readonly type: 'rename'; readonly from: string; readonly to: string }
  | { readonly type: 'move schema'; readonly from: string; readonly to: string }
  | { readonly type: 'add column'; readonly column: ColumnFacts }
  | { readonly type: 'drop column'; readonly column: string }
  | { readonly type: 'rename column'; readonly from: string; readonly to: string }
  | { readonly type: 'change type'; readonly column: string; readonly from: string; readonly to: string }
  | { readonly type: 'set not null'; readonly column: string }
  | { readonly type: 'drop not null'; readonly column: string }
  | { readonly type: 'set default' | 'drop default'; readonly column: string }

export interface ColumnFacts {
  readonly name: string
  /** As format_type() prints it. */
  readonly type: string
  readonly notNull: boolean
  /** A default, identity or generation expression: something fills the column when an INSERT omits it. */
  readonly filled: boolean
}

/** Bytes of WAL the statement wrote. On seeded tables this is not production's number. */
export interface WalEffect {
  readonly kind: 'wal'
  readonly bytes: number
}

/** Bytes of temporary files the statement wrote. */
export interface TempEffect {
  readonly kind: 'temp'
  readonly bytes: number
}

/** A message the server sent: NOTICE, WARNING, … */
export interface NoticeEffect {
  readonly kind: 'notice'
  readonly severity: string
  readonly message: string
}

/** The statement failed. */
export interface ErrorEffect {
  readonly kind: 'error'
  readonly sqlstate: string
  readonly message: string
  readonly detail?: string
  readonly hint?: string
  /** Where in the file Postgres points to, when it points at all. */
  readonly position?: Position
}

/** What one statement does. Rules see exactly this: they cannot tell whether it was predicted or measured. */
export type Effect =
  | LockEffect
  | RewriteEffect
  | ScanEffect
  | TruncateEffect
  | WriteEffect
  | CatalogEffect
  | WalEffect
  | TempEffect
  | NoticeEffect
  | ErrorEffect

/** How we know an effect. */
export type Evidence =
  | { readonly by: 'measured'; readonly probe: string; readonly server: string }
  /** From the static lock model; `source` names the row or reason. */
  | { readonly by: 'predicted'; readonly source: string }
  /** From the closed table of statements that cannot run in a transaction block. */
  | { readonly by: 'known'; readonly source: string }

export type EvidenceKind = Evidence['by']

/** An effect together with how we know it. */
export type EvidencedEffect = Effect & { readonly evidence: Evidence }
