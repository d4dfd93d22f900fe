import type { Rule } from '../src/rule.ts'
import avoidAlwaysTruePolicy from './avoid-always-true-policy/rule.ts'
import avoidBlockingPartitionChange from './avoid-blocking-partition-change/rule.ts'
import avoidBreakingQueries from './avoid-breaking-queries/rule.ts'
import avoidCascadingDelete from './avoid-cascading-delete/rule.ts'
import avoidChangedResults from './avoid-changed-results/rule.ts'
import avoidConcurrentIndexIfNotExists from './avoid-concurrent-index-if-not-exists/rule.ts'
import avoidDefinerView from './avoid-definer-view/rule.ts'
import avoidExclusionConstraint from './avoid-exclusion-constraint/rule.ts'
import avoidExtensionInPublic from './avoid-extension-in-public/rule.ts'
import avoidFailingQuery from './avoid-failing-query/rule.ts'
import avoidFunctionOnIndexedColumn from './avoid-function-on-indexed-column/rule.ts'
import avoidFunctionOverload from './avoid-function-overload/rule.ts'
import avoidImplicitCrossJoin from './avoid-implicit-cross-join/rule.ts'
import avoidLeadingWildcard from './avoid-leading-wildcard/rule.ts'
import avoidLockOrderInversion from './avoid-lock-order-inversion/rule.ts'
import avoidLockingReferencedTable from './avoid-locking-referenced-table/rule.ts'
import avoidLockingSeveralTables from './avoid-locking-several-tables/rule.ts'
import avoidLossyTypeChange from './avoid-lossy-type-change/rule.ts'
import avoidLostConstraint from './avoid-lost-constraint/rule.ts'
import avoidLostTableProperties from './avoid-lost-table-properties/rule.ts'
import avoidMismatchedForeignKey from './avoid-mismatched-foreign-key/rule.ts'
import avoidNotInNullable from './avoid-not-in-nullable/rule.ts'
import avoidOffsetPagination from './avoid-offset-pagination/rule.ts'
import avoidRandomOrder from './avoid-random-order/rule.ts'
import avoidRedundantIndex from './avoid-redundant-index/rule.ts'
import avoidRepeatedTableWork from './avoid-repeated-table-work/rule.ts'
import avoidReplacingIndexedFunction from './avoid-replacing-indexed-function/rule.ts'
import avoidRequiredColumn from './avoid-required-column/rule.ts'
import avoidSelectStar from './avoid-select-star/rule.ts'
import avoidSessionStateLeak from './avoid-session-state-leak/rule.ts'
import avoidSlowWorkUnderLock from './avoid-slow-work-under-lock/rule.ts'
import avoidSlowerQueries from './avoid-slower-queries/rule.ts'
import avoidStalePreparedStatements from './avoid-stale-prepared-statements/rule.ts'
import avoidStaleSequence from './avoid-stale-sequence/rule.ts'
import avoidTableRewrite from './avoid-table-rewrite/rule.ts'
import avoidTruncatedName from './avoid-truncated-name/rule.ts'
import avoidUnboundedResult from './avoid-unbounded-result/rule.ts'
import avoidUnorderedDeployment from './avoid-unordered-deployment/rule.ts'
import avoidUnreplicableTable from './avoid-unreplicable-table/rule.ts'
import avoidUnusedIndex from './avoid-unused-index/rule.ts'
import avoidWidenedGrants from './avoid-widened-grants/rule.ts'
import banConcurrentlyInTransaction from './ban-concurrently-in-transaction/rule.ts'
import banDisabledTrigger from './ban-disabled-trigger/rule.ts'
import banDropCascade from './ban-drop-cascade/rule.ts'
import banDropColumn from './ban-drop-column/rule.ts'
import banDropTable from './ban-drop-table/rule.ts'
import banRenameColumn from './ban-rename-column/rule.ts'
import banRenameTable from './ban-rename-table/rule.ts'
import banSecrets from './ban-secrets/rule.ts'
import banTransactionControl from './ban-transaction-control/rule.ts'
import banTruncate from './ban-truncate/rule.ts'
import banUnfilteredWrite from './ban-unfiltered-write/rule.ts'
import preferRecommendedTypes from './prefer-recommended-types/rule.ts'
import requireAnalyze from './require-analyze/rule.ts'
import requireBatchedBackfill from './require-batched-backfill/rule.ts'
import requireCheckedNotNull from './require-checked-not-null/rule.ts'
import requireColumns from './require-columns/rule.ts'
import requireComment from './require-comment/rule.ts'
import requireConcurrentIndex from './require-concurrent-index/rule.ts'
import requireConcurrentIndexDrop from './require-concurrent-index-drop/rule.ts'
import requireConstraintUsingIndex from './require-constraint-using-index/rule.ts'
import requireDefinerSearchPath from './require-definer-search-path/rule.ts'
import requireIndexForForeignKey from './require-index-for-foreign-key/rule.ts'
import requireIndexForQuery from './require-index-for-query/rule.ts'
import requireLockTimeout from './require-lock-timeout/rule.ts'
import requireNamingConvention from './require-naming-convention/rule.ts'
import requireNotValidConstraint from './require-not-valid-constraint/rule.ts'
import requireOrderByWithLimit from './require-order-by-with-limit/rule.ts'
import requirePrimaryKey from './require-primary-key/rule.ts'
import requireRerunnableMigration from './require-rerunnable-migration/rule.ts'
import requireRowSecurity from './require-row-security/rule.ts'
import requireSchemaQualifiedNames from './require-schema-qualified-names/rule.ts'
import requireSkipLocked from './require-skip-locked/rule.ts'
import requireStatementTimeout from './require-statement-timeout/rule.ts'
import requireValidatedConstraint from './require-validated-constraint/rule.ts'

/** The catalogue: every rule we bring, in alphabetical order. */
export const rules: readonly Rule[] = [
  avoidAlwaysTruePolicy,
  avoidBlockingPartitionChange,
  avoidBreakingQueries,
  avoidCascadingDelete,
  avoidChangedResults,
  avoidConcurrentIndexIfNotExists,
  avoidDefinerView,
  avoidExclusionConstraint,
  avoidExtensionInPublic,
  avoidFailingQuery,
  avoidFunctionOnIndexedColumn,
  avoidFunctionOverload,
  avoidImplicitCrossJoin,
  avoidLeadingWildcard,
  avoidLockOrderInversion,
  avoidLockingReferencedTable,
  avoidLockingSeveralTables,
  avoidLossyTypeChange,
  avoidLostConstraint,
  avoidLostTableProperties,
  avoidMismatchedForeignKey,
  avoidNotInNullable,
  avoidOffsetPagination,
  avoidRandomOrder,
  avoidRedundantIndex,
  avoidRepeatedTableWork,
  avoidReplacingIndexedFunction,
  avoidRequiredColumn,
  avoidSelectStar,
  avoidSessionStateLeak,
  avoidSlowWorkUnderLock,
  avoidSlowerQueries,
  avoidStalePreparedStatements,
  avoidStaleSequence,
  avoidTableRewrite,
  avoidTruncatedName,
  avoidUnboundedResult,
  avoidUnorderedDeployment,
  avoidUnreplicableTable,
  avoidUnusedIndex,
  avoidWidenedGrants,
  banConcurrentlyInTransaction,
  banDisabledTrigger,
  banDropCascade,
  banDropColumn,
  banDropTable,
  banRenameColumn,
  banRenameTable,
  banSecrets,
  banTransactionControl,
  banTruncate,
  banUnfilteredWrite,
  preferRecommendedTypes,
  requireAnalyze,
  requireBatchedBackfill,
  requireCheckedNotNull,
  requireColumns,
  requireComment,
  requireConcurrentIndex,
  requireConcurrentIndexDrop,
  requireConstraintUsingIndex,
  requireDefinerSearchPath,
  requireIndexForForeignKey,
  requireIndexForQuery,
  requireLockTimeout,
  requireNamingConvention,
  requireNotValidConstraint,
  requireOrderByWithLimit,
  requirePrimaryKey,
  requireRerunnableMigration,
  requireRowSecurity,
  requireSchemaQualifiedNames,
  requireSkipLocked,
  requireStatementTimeout,
  requireValidatedConstraint,
]
