/**
 * The words of the project: what a statement is, what it does (effects), how we know (evidence),
 * what a rule makes of it (findings), and what a run says in the end (report).
 *
 * Everything here is plain, read-only data that survives JSON.
 */

import type { RunCost, StatementCost, Wait } from './cost-model.ts'
import type { EvidencedEffect, EvidenceKind } from './effect-model.ts'
import type { ProductionSource } from './production.ts'
import type { AffectedQuery, QueryRef, ReportQueries } from './query-model.ts'
import type { Span } from './span.ts'
import type { ReportTrial } from './trial-model.ts'

export type * from './cost-model.ts'
export type * from './effect-model.ts'
export type * from './query-catalog.ts'
export type * from './query-model.ts'
export type * from './schema-catalog.ts'
export type * from './span.ts'
export type * from './trial-model.ts'

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

/** What rules and their remedies go by; never part of a report. */
export interface StatementSettings extends SessionSettings {
  /**
   * Who set the lock_timeout, where one is in force. `migration`: this migration, by SET or SET LOCAL; another one has to
   * set its own. `session`: the connection has it. Absent: not known.
   */
  readonly lockTimeoutFrom?: 'session' | 'migration'
  /** Major version of production, where it is known: syntax of later ones is of no use there. */
  readonly productionMajor?: number
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
  /** Which part of its script it stands in, from 0 (see MigrationScript.parts); absent: the first. */
  readonly part?: number
}

/** One migration under review, parsed. */
export interface Migration {
  readonly file: string
  /** One of several in its file: see MigrationScript.id. */
  readonly id?: string
  readonly source: string
  readonly version: string | null
  readonly title: string
  readonly transaction: TransactionChoice
  readonly statements: readonly Statement[]
  /** The whole text of the file, for code frames. */
  readonly text: string
  /** Its statements were sent by a command; `text` is what was sent, and not the file. Absent: they stand in the file. */
  readonly recorded?: Recorded
  /** Queries by which the command asked whether indexes are valid: code that looks mends what an earlier attempt left. */
  readonly validityLookUps?: readonly string[]
}

/** Where statements came from that no file of SQL holds. */
export interface Recorded {
  /** The command that sent them, as the configuration or the command line has it. */
  readonly command: string
  /** How the file is known: `recorded in schema_migrations`, `named in the output`, `the only file under review`. */
  readonly knownBy: string
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
  /** At production size; absent when nothing is known of production. */
  readonly cost?: StatementCost
}

/** A migration with what its statements do. */
export interface MigrationResult {
  readonly migration: Migration
  readonly statements: readonly StatementResult[]
  /** `rehearsed`; `failed` (the migration's own error); `not rehearsed` (ours, see Report.notChecked); `predicted` (lint). */
  readonly outcome: 'rehearsed' | 'failed' | 'not rehearsed' | 'predicted'
}

/** A migration of a remedy, in the order of deployment. */
export interface RemedyMigration {
  readonly sql: string
  /** False: it must run outside a transaction block. */
  readonly transaction: boolean
  /** Absent: `now`, with the deployment that the finding is about, each after the one before it. */
  readonly when?: 'now' | 'after the new code is out' | 'next release'
  /** What it is for, where its SQL does not say so at a glance: `backfill in batches; safe to stop and run again`. */
  readonly note?: string
}

/** The safe way: SQL to commit in the place of the statement that the finding points at. */
export interface Remedy {
  /** What to do, as an imperative; where nothing equal exists, what to decide. */
  readonly summary: string
  /** Empty where only a person knows the rest. */
  readonly migrations: readonly RemedyMigration[]
  /**
   * The schema itself is what is mended: it ends with another than the statement leaves. Set for rules whose findings
   * rest on the schema, and for those of the presets.
   */
  readonly changesSchema?: true
  /** Set by the run, never by a rule. Absent: it has no migrations, or nobody tried (see Report.notChecked). */
  readonly proof?: RemedyProof
}

/** What came of replaying a remedy on a copy. */
export type RemedyProof =
  | {
      readonly outcome: 'proven'
      /** `Replayed: ShareUpdateExclusiveLock instead of AccessExclusiveLock on orders, same schema.` */
      readonly says: string
    }
  | {
      /** `not tried`: no server, no time. `not equal`: it does something else, for the reason given. */
      readonly outcome: 'not tried' | 'not equal'
      readonly says: string
    }

/** A read-only question to production, where its rows decide whether the migration succeeds. */
export interface Preflight {
  /** What it tells: `Are there duplicates of users.email?` */
  readonly question: string
  /** One SELECT that takes no lock but AccessShareLock. */
  readonly sql: string
  /** `fast`: it ends at the first row, or an index answers it. `slow`: it reads a whole table. */
  readonly speed: 'fast' | 'slow'
  /** What to do with the answer: `No row: go ahead. Else merge the rows listed first; the index build fails on them.` */
  readonly reading: string
}

/**
 * Lines of a migration and what to put in their place. Made only when the file with the replacement was replayed
 * in its tool's transaction mode, without error and without the finding.
 */
export interface Suggestion {
  /** First and last line that is replaced, from 1, both inclusive. */
  readonly startLine: number
  readonly endLine: number
  /** The replacement, without line ends. */
  readonly lines: readonly string[]
}

/** Why a finding counts for nothing. */
export interface Acceptance {
  readonly reason: string
  /** Last day on which it counts, an ISO date. */
  readonly until?: string
  /** Who accepted it, where that is known. */
  readonly author?: string
  /** The baseline that lists it, relative to the project root; absent: an allow comment. */
  readonly baseline?: string
}

export interface Finding {
  readonly ruleId: string
  readonly messageId: string
  readonly severity: Severity
  /** The consequence, in one sentence, with the object's own names. Plain text. */
  readonly message: string
  readonly span: Span
  /** The statement as it was sent, where `span` is a place in code that made it; absent: it stands at `span`. */
  readonly sent?: string
  /** Major versions on which it was found, where a run has several and others lack it; absent: all of them. */
  readonly majors?: readonly number[]
  /** What the finding is about, e.g. `public.orders`; empty for findings about a file. */
  readonly object: string
  /** The strongest evidence under it. */
  readonly evidence: EvidenceKind
  /** The receipt. */
  readonly because: readonly EvidencedEffect[]
  /** Further facts for the receipt that are not effects, e.g. `TimeZone is UTC (assumed)`. */
  readonly notes: readonly string[]
  readonly remedy?: Remedy
  /** What to ask production before the deployment. */
  readonly preflight?: readonly Preflight[]
  readonly suggestion?: Suggestion
  /** Stable when lines move: rule, message, object and normalised statement text. */
  readonly fingerprint: string
  /** Present when an allow comment or the baseline accepts it. */
  readonly allowed?: Acceptance
  /** What others go through meanwhile, at production size; absent where that is not known or not the harm. */
  readonly wait?: Wait
  /** The query that it is about: `span` is the query's then. */
  readonly query?: QueryRef
  /** Queries of the application that a statement of a migration breaks, slows down or makes wait; worst first. */
  readonly queries?: readonly AffectedQuery[]
}

/** What a rule found and production's sizes prove harmless: nobody waits long enough to notice. */
export interface HarmlessFinding extends Finding {
  /** Why, with sizes: `currencies has 168 rows (24 kB), so writes wait 3 ms (at most 9 ms)`. */
  readonly harmless: string
}

/** What we could not look at, said out loud; never a finding. */
export interface Limit {
  /** Stable id, e.g. `not-rehearsed`, `history-step-failed`, `table-not-seeded`. */
  readonly code: string
  readonly message: string
  readonly hint?: string
  /** What to run, behind the hint. */
  readonly sql?: string
  readonly span?: Span
  /** Everything that the limit is about, where the message names only the first of it. */
  readonly steps?: readonly { readonly span: Span; readonly message: string }[]
}

/** A line of the report for one migration. */
export interface ReportMigration {
  readonly file: string
  /** Tells it from others of the same file. */
  readonly id?: string
  readonly source: string
  readonly version: string | null
  readonly title: string
  readonly transaction: TransactionChoice
  readonly outcome: MigrationResult['outcome']
  readonly statements: readonly ReportStatement[]
  /** The whole text, for code frames; reporters cut what they need. */
  readonly text: string
  /** Its statements were sent by a command, and spans are places in the code that made them; absent: they stand in `text`. */
  readonly recorded?: Recorded
}

export interface ReportStatement {
  readonly span: Span
  /** As it was sent, where the migration is recorded. */
  readonly sent?: string
  readonly tag: string
  readonly transaction: number
  readonly measured: boolean
  readonly settings: SessionSettings
  readonly durationMs?: number
  readonly effects: readonly EvidencedEffect[]
  readonly cost?: StatementCost
}

/** What durations rest on. */
export interface ReportProduction {
  /** Newest first. */
  readonly sources: readonly (ProductionSource & {
    /** Whole days between the source and the report. */
    readonly ageDays?: number
  })[]
  /** e.g. `16.3`. */
  readonly serverVersion?: string
  /** Whose speed durations are given for. */
  readonly hardware: 'this machine' | 'production'
  readonly run: RunCost
}

export type FailOn = Severity | 'never'

/** Everything a run says. Every reporter is a view of this. */
export interface Report {
  readonly schemaVersion: 1
  readonly tool: { readonly name: 'pgrehearse'; readonly version: string }
  /** ISO 8601, UTC. */
  readonly createdAt: string
  readonly evidence: 'measured' | 'predicted'
  /** Which of the repository's databases it is about; absent: there is only one. */
  readonly database?: string
  /** `pgrehearse queries`: findings about migrations alone are left out. */
  readonly only?: 'queries'
  readonly server?: { readonly version: string; readonly kind: string }
  /** All servers of a run on several majors, oldest first; `server` is the one that effects are shown of. Absent: one. */
  readonly servers?: readonly { readonly version: string; readonly kind: string }[]
  /** What the migrations were compared with: `origin/main (1a2b3c4)`, `--all`, `paths`. */
  readonly base: { readonly description: string; readonly commit?: string }
  /** Where in git the judged files are; absent outside of git. */
  readonly project?: {
    /** Folder of the project below the top of the repository, with `/` at its end; empty when they are the same. */
    readonly prefix: string
    /** The commit that was checked out. */
    readonly commit: string
  }
  /** Number of history migrations applied (or read) before those under review. */
  readonly historyCount: number
  readonly settings: {
    readonly timeZone: string
    readonly failOn: FailOn
    /** Does a migration that could not be rehearsed fail the run? */
    readonly requireRehearsal: boolean
    /** Files that the configuration extends, relative to the project root; absent: none. */
    readonly configExtends?: readonly string[]
  }
  readonly migrations: readonly ReportMigration[]
  /** Sorted by migration, position, severity. Includes allowed ones. */
  readonly findings: readonly Finding[]
  /** In the same order; they count for nothing. */
  readonly harmless: readonly HarmlessFinding[]
  /** Absent when nothing is known of production: then there are no durations. */
  readonly production?: ReportProduction
  /** The application's queries; absent when none were found. */
  readonly queries?: ReportQueries
  /** Texts of files that findings point into and that are no migrations of the report: ways down. Absent: none. */
  readonly files?: readonly { readonly file: string; readonly text: string }[]
  /** What was tried besides the way up; absent: nothing. */
  readonly trials?: readonly ReportTrial[]
  /** Completes `remedies were not replayed: …`; absent: they were, or there is no more to say. */
  readonly remediesNotReplayed?: string
  readonly notChecked: readonly Limit[]
  /**
   * What the configuration makes of the rules and leaves out, and whose configuration that is: sentences. Absent: nothing
   * is left out, and no severity is another.
   */
  readonly policy?: readonly string[]
  readonly exitCode: number
}
