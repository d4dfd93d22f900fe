/**
 * The rule author's API; the only file that rules import.
 *
 * A rule reads effects and never knows whether they were predicted or measured.
 */
import type {
  Effect,
  LockEffect,
  Migration,
  Relation,
  Remedy,
  SessionSettings,
  Severity,
  Statement,
} from './core/model.ts'

export type {
  AstNode,
  CatalogEffect,
  CatalogChange,
  ColumnFacts,
  Effect,
  LockEffect,
  LockMode,
  Migration,
  ObjectName,
  Relation,
  Remedy,
  RewriteEffect,
  ScanEffect,
  SessionSettings,
  Severity,
  Statement,
  TruncateEffect,
  WriteEffect,
} from './core/model.ts'
export { blocksReads, blocksWrites, conflictsWith, displayName, lockStrength, whatWaits } from './core/locks.ts'

/** A statement with what it does. */
export interface StatementView {
  readonly statement: Statement
  readonly effects: readonly Effect[]
  /** In force when the statement begins. */
  readonly settings: SessionSettings
}

/** Everything that commits together, in order. */
export interface TransactionView {
  readonly number: number
  readonly statements: readonly StatementView[]
}

// eslint-style registries need a common supertype of all message functions
// oxlint-disable-next-line typescript/no-explicit-any
export type Messages = Readonly<Record<string, (data: any) => string>>

/** Where and why; everything but `because` is optional. */
export interface ReportOptions {
  /** What the finding is about: a relation, or a name like `orders.user_id`. */
  readonly on?: Relation | string
  /** The effects that make it true: the receipt. Must be members of the statements' effects. */
  readonly because: readonly Effect[]
  /** The statement to point at; default: the one being checked (for `transaction`: its last). */
  readonly at?: StatementView
  /** Further facts for the receipt. */
  readonly notes?: readonly string[]
  readonly remedy?: Remedy
  /** Overrides the rule's severity for this one case. */
  readonly severity?: Severity
}

export type ReportFunction<M extends Messages> = <K extends keyof M & string>(
  messageId: K,
  data: Parameters<M[K]>[0],
  options: ReportOptions,
) => void

export interface StatementContext<M extends Messages> extends StatementView {
  readonly transaction: TransactionView
  readonly migration: Migration
  readonly report: ReportFunction<M>
}

export interface TransactionContext<M extends Messages> {
  readonly transaction: TransactionView
  readonly migration: Migration
  readonly report: ReportFunction<M>
}

export interface Rule<M extends Messages = Messages> {
  /** Folder name; kebab-case, a verb first. */
  readonly id: string
  /** Starts with Require, Avoid, Prefer or Ban; no full stop. */
  readonly title: string
  /** Default severity. */
  readonly severity: Severity
  readonly since: string
  /** Consequence first, the object's own names, one sentence. */
  readonly messages: M
  /** Called for every statement under review. */
  statement?(context: StatementContext<M>): void
  /** Called for every transaction that holds a statement under review. */
  transaction?(context: TransactionContext<M>): void
}

/** Checks message ids and their data at compile time, then forgets them so that rules fit in one array. */
export function defineRule<M extends Messages>(rule: Rule<M>): Rule {
  return rule as unknown as Rule
}

/** Locks on tables, partitioned tables, views and materialized views that others can already be using. */
export function existingTableLocks(effects: readonly Effect[]): readonly LockEffect[] {
  return effects.filter(
    (effect): effect is LockEffect =>
      effect.kind === 'lock' && effect.relation.existedBefore && tableKinds.has(effect.relation.kind),
  )
}

const tableKinds: ReadonlySet<string> = new Set([
  'table',
  'partitioned table',
  'materialized view',
  'view',
  'foreign table',
])
