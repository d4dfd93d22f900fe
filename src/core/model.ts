/**
 * The words of the project: what a statement is, what it does (effects), how we know (evidence),
 * what a rule makes of it (findings), and what a run says in the end (report).
 *
 * Everything here is plain, read-only data that survives JSON.
 */

/** A place in a file. Lines and columns count from 1, the offset from 0; all in UTF-16 code units. */
export interface Position {
  readonly line: number
  readonly column: number
  readonly offset: number
}

/** A stretch of a file; `end` is exclusive. `file` is relative to the project root, with `/`. */
export interface Span {
  readonly file: string
  readonly start: Position
  readonly end: Position
}

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

export type Severity = 'error' | 'warning' | 'info'

/**
 * How a migration tool wraps a script.
 * - `statement`: each statement is its own transaction (psql -f, autocommit).
 * - `file`: BEGIN … COMMIT around the file.
 * - `simple query`: the whole file in one simple Query message: an implicit transaction
 *   (golang-migrate, Prisma).
 * - `run`: all pending files in one transaction.
 */
export type TransactionMode = 'statement' | 'file' | 'simple query' | 'run'

/** A mode and why we believe it: `Flyway default`, `file says`, `configuration`, `assumed`. */
export interface TransactionChoice {
  readonly mode: TransactionMode
  readonly why: string
}

/** Settings in force when a statement begins. */
export interface SessionSettings {
  /** Milliseconds; 0 means no limit. */
  readonly lockTimeoutMs: number
  readonly statementTimeoutMs: number
  readonly timeZone: string
}

/** Node of the libpg_query tree without its tag, as pgsql-parser gives it. */
export type AstNode = Readonly<Record<string, unknown>>

/** One statement of a migration script. */
export interface Statement {
  readonly sql: string
  readonly span: Span
  /** Tag of the parse tree (`AlterTableStmt`), or `Unparsed` when our parser does not know the syntax. */
  readonly tag: string
  /** The tree below the tag; undefined when unparsed. */
  readonly node: AstNode | undefined
  /** Position within its migration, from 0. */
  readonly index: number
  /** Statements with the same number, within the whole run, commit together. */
  readonly transaction: number
  /**
   * Does it run inside a transaction block (explicit, by the tool's wrapper, or a simple Query of several
   * statements)? CREATE INDEX CONCURRENTLY and its like fail there with SQLSTATE 25001.
   */
  readonly inTransactionBlock: boolean
  /** Rows of inline COPY … FROM STDIN data that followed the statement in the file, raw. */
  readonly copyData?: string
}

/** One migration under review, parsed. */
export interface Migration {
  readonly file: string
  readonly source: string
  readonly version: string | null
  readonly title: string
  readonly transaction: TransactionChoice
  readonly statements: readonly Statement[]
  /** The whole text of the file, for code frames. */
  readonly text: string
}

/** What is known about one statement in the end: measured where possible, else predicted. */
export interface StatementResult {
  readonly statement: Statement
  readonly effects: readonly EvidencedEffect[]
  readonly settings: SessionSettings
  /** Milliseconds on the throwaway server; undefined when the statement was not executed. */
  readonly durationMs?: number
  /** True when it was executed on a server. */
  readonly measured: boolean
}

/** A migration with what its statements do. */
export interface MigrationResult {
  readonly migration: Migration
  readonly statements: readonly StatementResult[]
  /** `rehearsed`; `failed` (the migration's own error); `not rehearsed` (ours, see Report.notChecked); `predicted` (lint). */
  readonly outcome: 'rehearsed' | 'failed' | 'not rehearsed' | 'predicted'
}

/** SQL the user can paste. `transaction: false` must run outside a transaction block. */
export interface Remedy {
  readonly summary: string
  readonly migrations: readonly { readonly sql: string; readonly transaction: boolean }[]
}

export interface Finding {
  readonly ruleId: string
  readonly messageId: string
  readonly severity: Severity
  /** The consequence, in one sentence, with the object's own names. Plain text. */
  readonly message: string
  readonly span: Span
  /** What the finding is about, e.g. `public.orders`; empty for findings about a file. */
  readonly object: string
  /** The strongest evidence under it. */
  readonly evidence: EvidenceKind
  /** The receipt. */
  readonly because: readonly EvidencedEffect[]
  /** Further facts for the receipt that are not effects, e.g. `TimeZone is UTC (assumed)`. */
  readonly notes: readonly string[]
  readonly remedy?: Remedy
  /** Stable when lines move: rule, message, object and normalised statement text. */
  readonly fingerprint: string
  /** Present when an allow comment accepts it. */
  readonly allowed?: { readonly reason: string; readonly until?: string }
}

/** What we could not look at, said out loud; never a finding. */
export interface Limit {
  /** Stable id, e.g. `not-rehearsed`, `history-step-failed`, `table-not-seeded`. */
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly span?: Span
}

/** A line of the report for one migration. */
export interface ReportMigration {
  readonly file: string
  readonly source: string
  readonly version: string | null
  readonly title: string
  readonly transaction: TransactionChoice
  readonly outcome: MigrationResult['outcome']
  readonly statements: readonly ReportStatement[]
  /** The whole text, for code frames; reporters cut what they need. */
  readonly text: string
}

export interface ReportStatement {
  readonly span: Span
  readonly tag: string
  readonly transaction: number
  readonly measured: boolean
  readonly settings: SessionSettings
  readonly durationMs?: number
  readonly effects: readonly EvidencedEffect[]
}

export type FailOn = Severity | 'never'

/** Everything a run says. Every reporter is a view of this. */
export interface Report {
  readonly schemaVersion: 1
  readonly tool: { readonly name: 'pgrehearse'; readonly version: string }
  /** ISO 8601, UTC. */
  readonly createdAt: string
  readonly evidence: 'measured' | 'predicted'
  readonly server?: { readonly version: string; readonly kind: string }
  /** What the migrations were compared with: `origin/main (1a2b3c4)`, `--all`, `paths`. */
  readonly base: { readonly description: string; readonly commit?: string }
  /** Number of history migrations applied (or read) before those under review. */
  readonly historyCount: number
  readonly settings: { readonly timeZone: string; readonly failOn: FailOn }
  readonly migrations: readonly ReportMigration[]
  /** Sorted by migration, position, severity. Includes allowed ones. */
  readonly findings: readonly Finding[]
  readonly notChecked: readonly Limit[]
  readonly exitCode: number
}
