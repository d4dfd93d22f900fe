/**
 * The rule author's API; the only file that rules import.
 *
 * A rule reads effects and never knows whether they were predicted or measured.
 */
import type { Messages, Rule } from './rule/model.ts'
import type { RuleOptions } from './rule/options.ts'

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
  SchemaCatalog,
  SchemaCatalogs,
  CatalogTable,
  CatalogColumn,
  CatalogConstraint,
  CatalogIndex,
  CatalogTrigger,
  CatalogPolicy,
  CatalogGrant,
  CatalogRoutine,
  CatalogSequence,
  CatalogType,
  CatalogExtension,
  CatalogSchema,
  CatalogPublication,
  Preflight,
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
  StatementSettings,
  TableReadEffect,
  TruncateEffect,
  WriteEffect,
} from './core/model.ts'
export { tableNamed } from './core/query-catalog.ts'
export { grouped } from './core/groups.ts'
export * from './core/index-changes.ts'
export * from './core/object-changes.ts'
export * from './core/redundant-index.ts'
export { callsRoutine, usersOfRoutine } from './core/routine-users.ts'
export * from './core/schema-changes.ts'
export * from './core/schema-names.ts'
export {
  describeParameters,
  describePlan,
  describePlanChange,
  describeStatistics,
} from './core/plan-words.ts'
export * from './core/query-words.ts'
export {
  formatBytes,
  formatCount,
  formatEstimate,
  formatMs,
  formatMsRange,
  formatRows,
} from './core/quantities.ts'
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
  existingTypeChanges,
  queriedKinds,
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
export { analyzes, fillingOf, joinedTables } from './sql/analyzed.ts'
export { reindexes } from './sql/reindexed.ts'
export { integerBytes } from './sql/type-text.ts'
export { typeConversion, type TypeConversion } from './sql/type-conversion.ts'
export { typeLossIn, type TypeLoss } from './sql/type-loss.ts'
export { isProvenShort, unfitValues } from './sql/unfit-values.ts'
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
export { commentedNames } from './sql/comments-on.ts'
export { secretsIn } from './sql/secrets.ts'
export { grantsOf, type WideGrant } from './sql/grants.ts'
export { replacesRoutine } from './sql/or-replace.ts'
export { failsAgain } from './sql/rerunnable.ts'
export { settingGiven, unqualifiedNames } from './sql/unqualified-names.ts'
export { objectName, quoteIdent, quoteName } from './sql/quote.ts'
export { lostOfRoutine, lostOfTable, lostOptions, type LostProperty } from './sql/lost-properties.ts'
export { longNames, namesGiven, type LongName } from './sql/long-names.ts'
export { mergedAlterTable } from './sql/merged-alter-table.ts'
export { harmOfSetting, type SettingHarm } from './sql/setting-harm.ts'
export { settingsLeft, settingsOfHead, type LeftSetting } from './sql/session-state.ts'
export { transactionCommand, type TransactionCommand } from './sql/transactions.ts'
export { uniqueConstraints, uniqueSteps, type UniqueConstraint } from './sql/unique-constraints.ts'
export { addedConstraints, notValidSteps, type AddedConstraint } from './sql/added-constraints.ts'
export { createIndexSql, partitionedIndexSteps, reindexConcurrentlySql } from './sql/create-index.ts'
export { commandName, nonTransactionalForm } from './sql/non-transactional.ts'
export { createAndAttachSql, detachRemedy, partitionCommand, provenPartitionSteps } from './sql/partitions.ts'
export { domainChange } from './sql/domain-change.ts'
export { droppedNames, explicitDropSteps } from './sql/drops.ts'
export {
  constraintPreflights,
  domainPreflights,
  emptinessPreflight,
  exclusionPreflights,
  notNullPreflights,
  partitionPreflights,
  uniqueIndexPreflights,
  uniquePreflights,
} from './sql/statement-preflights.ts'
export { renamedTableSteps } from './sql/renamed-tables.ts'
export { foreignKeyDropRemedy } from './sql/foreign-key-drops.ts'
export { indexForKey } from './sql/foreign-key-index.ts'
export { foreignKeySteps, referencedTables } from './sql/foreign-keys.ts'
export { batchedStatement } from './sql/batched-statement.ts'
export { batchedDeleteOfAll } from './sql/batch-table.ts'
export {
  batchStep,
  notNullSteps,
  step,
  stepAccepted,
  stepOutsideTransaction,
  stepWithLockTimeout,
  type RemedyStep,
} from './sql/remedies.ts'
export * from './rule/lock-order.ts'
export * from './rule/locks.ts'
export * from './rule/objects.ts'
export * from './rule/run.ts'
export * from './rule/table-work.ts'
export type * from './rule/model.ts'
export * from './rule/options.ts'

/** Checks message ids and their data at compile time, then forgets them so that rules fit in one array. */
export function defineRule<M extends Messages, O extends RuleOptions = RuleOptions>(rule: Rule<M, O>): Rule {
  return rule as unknown as Rule
}
