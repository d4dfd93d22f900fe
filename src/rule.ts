/**
 * The rule author's API; the only file that rules import.
 *
 * A rule reads effects and never knows whether they were predicted or measured.
 */
import {
  blockingLocks,
  catalogEffects,
  existingScans,
  relationKey,
  strongestPerRelation,
} from './core/effects.ts'
import { blocksReads, displayName } from './core/locks.ts'
import type {
  Effect,
  LockEffect,
  Migration,
  Relation,
  Remedy,
  ScanEffect,
  SessionSettings,
  Query,
  QueryCatalog,
  QueryEffect,
  QueryRef,
  QueryState,
  AffectedQuery,
  IndexUse,
  PlanSummary,
  Severity,
  Statement,
} from './core/model.ts'

import { queryLevels, type QueryLevel } from './sql/query-levels.ts'

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
  AffectedQuery,
  BreakEffect,
  IndexAdvice,
  IndexUse,
  PlanChange,
  PlanChangeEffect,
  PlanStatistics,
  PlanSummary,
  Query,
  QueryCatalog,
  QueryEffect,
  QueryIndex,
  QueryRef,
  QueryState,
  QueryTable,
  ResultChange,
  ResultChangeEffect,
  Severity,
  Statement,
  TableReadEffect,
  TruncateEffect,
  WriteEffect,
} from './core/model.ts'
export { tableNamed } from './core/query-catalog.ts'
export {
  describeParameters,
  describePlan,
  describePlanChange,
  describeStatistics,
} from './core/plan-words.ts'
export * from './core/query-words.ts'
export { formatBytes, formatCount, formatEstimate, formatMsRange, formatRows } from './core/quantities.ts'
export {
  blocksReads,
  blocksWrites,
  conflictsWith,
  displayKey,
  displayName,
  displayType,
  lockStrength,
  whatWaits,
} from './core/locks.ts'
export {
  blockingLocks,
  blocksQueries,
  catalogEffects,
  existingRewrites,
  existingScans,
  existingTableLocks,
  relationKey,
  strongestPerRelation,
  unboundedWrites,
  type CatalogEffectOf,
} from './core/effects.ts'
export { allOf, as, columnPath, isNullLiteral, literalText, walk, words } from './sql/ast.ts'
export { expressionKey, expressionKeyOf } from './sql/expression-key.ts'
export * from './sql/query-columns.ts'
export * from './sql/query-levels.ts'
export * from './sql/query-nodes.ts'
export * from './sql/query-reach.ts'
export * from './sql/query-size.ts'
export { starSources, storedCode, type StoredCode } from './sql/stored-code.ts'
export { rewriteCauseText } from './sql/rewrite-cause.ts'
export { rewriteRemedy } from './sql/rewrite-remedies.ts'
export {
  alterActions,
  cutColumn,
  elementList,
  endOfName,
  insertAfter,
  isOpaque,
  nodeOf,
  tableElements,
  withoutConstraintName,
  type AlterAction,
  type ConstraintText,
} from './sql/statement-nodes.ts'
export { isWord, normalizeSql, splitAtCommas, tokenize, type Token } from './sql/tokens.ts'
export { objectName, quoteIdent, quoteName } from './sql/quote.ts'
export { uniqueConstraints, uniqueSteps, type UniqueConstraint } from './sql/unique-constraints.ts'
export { addedConstraints, notValidSteps, type AddedConstraint } from './sql/added-constraints.ts'
export { createIndexSql, partitionedIndexSteps, reindexConcurrentlySql } from './sql/create-index.ts'
export { commandName, nonTransactionalForm } from './sql/non-transactional.ts'
export { createAndAttachSql, partitionCommand, provenPartitionSteps } from './sql/partitions.ts'
export { droppedNames, explicitDropSteps } from './sql/drops.ts'
export { foreignKeySteps, referencedTables } from './sql/foreign-keys.ts'
export { batchedStatement } from './sql/batched-statement.ts'
export { batchedDelete, batchedUpdate } from './sql/batches.ts'
export {
  notNullSteps,
  step,
  stepAccepted,
  stepOutsideTransaction,
  stepWithLockTimeout,
  type RemedyStep,
} from './sql/remedies.ts'

/** A statement with what it does. */
export interface StatementView {
  readonly statement: Statement
  readonly effects: readonly Effect[]
  /** In force when the statement begins. */
  readonly settings: SessionSettings
  /** What it does to the application's queries; absent where these were not looked at. */
  readonly queries?: StatementQueries
}

/** What a statement does to the application's queries. */
export interface StatementQueries {
  /** Effects whose cause it is. */
  readonly impacts: readonly {
    readonly query: QueryRef
    readonly sql: string
    readonly effect: QueryEffect
    /** The code under review has it as it is. */
    readonly stays?: boolean
  }[]
  /** Indexes that it creates or drops. */
  readonly indexes: readonly IndexUse[]
}

/** A query of the application with what is known of it. */
export interface QueryView {
  /** The version under review. */
  readonly query: Query
  readonly ref: QueryRef
  readonly state: QueryState
  readonly effects: readonly QueryEffect[]
  /** On the new schema; absent where nothing was planned. */
  readonly plan?: PlanSummary
  /** The new schema. */
  readonly catalog: QueryCatalog
}

export interface QueryContext<M extends Messages> extends QueryView {
  /** Reports on the query's own line; `because` stays empty, the receipt is in `notes`. */
  readonly report: <K extends keyof M & string>(
    messageId: K,
    data: Parameters<M[K]>[0],
    options: QueryReportOptions,
  ) => void
}

export interface QueryReportOptions {
  /** What the finding is about: a name like `orders` or `orders.note`. */
  readonly on?: string
  /** `measured`: Postgres itself says so (it refused the query, or planned it). Absent: `predicted`, from its text. */
  readonly evidence?: 'measured' | 'predicted'
  /** The receipt. */
  readonly notes?: readonly string[]
  readonly remedy?: Remedy
  readonly severity?: Severity
}

/** Everything that commits together, in order. */
export interface TransactionView {
  readonly number: number
  readonly statements: readonly StatementView[]
}

// eslint-style registries need a common supertype of all message functions
// oxlint-disable-next-line typescript/no-explicit-any
export type Messages = Readonly<Record<string, (data: any) => string>>

/**
 * What a finding's consequence grows with.
 * - `wait`: the harm is that others wait for the locks in the receipt, as long as these are held.
 * - `work`: the harm is the time that the statement itself runs: rows stay locked, the transaction stays open.
 */
export type Harm = 'wait' | 'work'

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
  /** Overrides the rule's severity for this one case. Where production's sizes decide, it is the most they can make. */
  readonly severity?: Severity
  /** Queries of the application that it is about, worst first. */
  readonly queries?: readonly AffectedQuery[]
  /** Overrides the rule's harm for this one case; `other`: it does not grow with time. */
  readonly harm?: Harm | 'other'
}

export type ReportFunction<M extends Messages> = <K extends keyof M & string>(
  messageId: K,
  data: Parameters<M[K]>[0],
  options: ReportOptions,
) => void

export interface StatementContext<M extends Messages> extends StatementView {
  readonly transaction: TransactionView
  readonly migration: Migration
  /** Every statement of the run before this one, also those of earlier migrations. */
  readonly earlier: readonly StatementView[]
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
  /**
   * A secondary rule falls silent where other findings already show all of its effects in their receipts, and
   * speaks only once per migration: for advice that would otherwise be repeated under every finding.
   */
  readonly secondary?: boolean
  /**
   * The rule says that running code breaks: `assumed` without having seen any, `shown` with the queries that do. Where
   * both speak about one statement, the former tells it with the latter's queries and notes; where an allow comment
   * accepts the former, the latter stays: what the comment promises is not so.
   */
  readonly brokenCode?: 'assumed' | 'shown'
  /**
   * Lets production's sizes decide about the severity, where they are known, down to harmless. Absent: what the rule
   * warns of is as bad for a small table (data loss, broken queries, deadlocks, the queue behind a lock that has to be
   * waited for).
   */
  readonly harm?: Harm
  /** Consequence first, the object's own names, one sentence. */
  readonly messages: M
  /** Called for every statement under review. */
  statement?(context: StatementContext<M>): void
  /** Called for every transaction that holds a statement under review. */
  transaction?(context: TransactionContext<M>): void
  /** Called for every query of the application that is new or changed, and could be understood. */
  query?(context: QueryContext<M>): void
}

/** Checks message ids and their data at compile time, then forgets them so that rules fit in one array. */
export function defineRule<M extends Messages>(rule: Rule<M>): Rule {
  return rule as unknown as Rule
}

/**
 * Locks that make queries of others wait and that earlier statements of the transaction took and still hold
 * when `view` begins; the strongest per relation.
 */
export function locksHeldBefore(transaction: TransactionView, view: StatementView): readonly LockEffect[] {
  // a context is a view too, but not the same object
  const index = transaction.statements.findIndex(({ statement }) => statement === view.statement)
  const earlier = transaction.statements.slice(0, Math.max(index, 0))
  const locks = earlier.flatMap(({ effects }) => blockingLocks(effects))
  return strongestPerRelation(locks.filter(({ until }) => until === 'commit'))
}

/** As {@link locksHeldBefore}, with those that the statement takes itself. */
export function locksDuring(transaction: TransactionView, view: StatementView): readonly LockEffect[] {
  return strongestPerRelation([...locksHeldBefore(transaction, view), ...blockingLocks(view.effects)])
}

/** The lock on this relation, or on the table that this index belongs to. */
export function lockOn(locks: readonly LockEffect[], relation: Relation): LockEffect | undefined {
  const keys: readonly (string | undefined)[] = [relationKey(relation), relation.table]
  return locks.find((lock) => keys.includes(relationKey(lock.relation)))
}

/** Full reads of relations that are under one of these locks meanwhile. */
export function scansUnder(
  locks: readonly LockEffect[],
  effects: readonly Effect[],
  ...reasons: readonly ScanEffect['reason'][]
): readonly ScanEffect[] {
  return existingScans(effects, ...reasons).filter(({ relation }) => lockOn(locks, relation) !== undefined)
}

/** The locks on the relations of these effects, each once. */
export function locksOn(
  locks: readonly LockEffect[],
  effects: readonly { readonly relation: Relation }[],
): readonly LockEffect[] {
  return [...new Set(effects.flatMap(({ relation }) => lockOn(locks, relation) ?? []))]
}

/** The lock on the table that a statement names; the schema counts only where the statement gives one. */
export function lockNamed(
  locks: readonly LockEffect[],
  name: { readonly schemaname?: string; readonly relname?: string } | undefined,
): LockEffect | undefined {
  return locks.find(
    ({ relation }) =>
      relation.name === name?.relname &&
      (name.schemaname === undefined || name.schemaname === relation.schema),
  )
}

/** What waits for these locks, in words: `reads and writes` or `writes`. */
export function waitsFor(locks: readonly LockEffect[]): 'reads and writes' | 'writes' {
  return locks.some(({ mode }) => blocksReads(mode)) ? 'reads and writes' : 'writes'
}

/** What waits, with the tables: `writes to orders`, `reads and writes of orders and users`. */
export function queriesOn(locks: readonly LockEffect[], tables: string): string {
  return waitsFor(locks) === 'writes' ? `writes to ${tables}` : `reads and writes of ${tables}`
}

/** The levels of a query under review; empty where our parser does not know its syntax. */
export function levelsOf({ query }: Pick<QueryView, 'query'>): readonly QueryLevel[] {
  return queryLevels(query.tag, query.node)
}

/** The beginning of a sentence. */
export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** As {@link queriesOn}, one by one: `every write to orders`, `every read and write of orders`. */
export function everyQueryOn(locks: readonly LockEffect[], tables: string): string {
  return waitsFor(locks) === 'writes' ? `every write to ${tables}` : `every read and write of ${tables}`
}

/**
 * Names of relations as people call them, each once: `billing.invoices and orders`. Sorted, because the order of
 * effects is not the same in prediction and measurement, and fingerprints have to be.
 */
export function nameAll(relations: readonly Pick<Relation, 'schema' | 'name'>[]): string {
  return enumerate([...new Set(relations.map(displayName))].toSorted())
}

/** `a`, `a and b`, `a, b and c`. */
export function enumerate(names: readonly string[]): string {
  const last = names.at(-1) ?? ''
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}

/** Between timestamp and timestamptz it depends on the TimeZone whether rows have to change: says which one counted. */
export function timeZoneNotes({ statement, effects, settings }: StatementView): readonly string[] {
  // an expression of the user's own is computed for every row anyway
  if (/\busing\b/i.test(statement.sql)) return []
  const depends = catalogEffects(effects, 'change type').some(
    ({ change: { from, to } }) => from !== to && from.startsWith('timestamp') && to.startsWith('timestamp'),
  )
  return depends ? [`TimeZone is ${settings.timeZone}: only under UTC do the rows stay as they are.`] : []
}
