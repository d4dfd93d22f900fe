import type { Constraint as ConstraintNode } from '@pgsql/types'
import type { LockMode } from '../core/model.ts'
import { isTable, type ForeignKey, type TableRecord } from '../sql/schema-records.ts'
import { tableNamed } from '../sql/schema-scope.ts'
import type { AlterPlan } from './alter-plan.ts'
import { partitionsBelow, type PredictContext } from './context.ts'

/** A lock on a table and, when it is partitioned, on all its partitions. */
export function lockWithPartitions(
  context: PredictContext,
  table: TableRecord,
  mode: LockMode,
  source: string,
): void {
  context.effects.lock(table, mode, source)
  for (const partition of partitionsBelow(context, table)) context.effects.lock(partition, mode, source)
}

/**
 * ADD FOREIGN KEY on an existing table: ShareRowExclusive on both sides, because triggers are made on both; and
 * unless NOT VALID a join over both heaps.
 */
export function addForeignKey(
  context: PredictContext,
  plan: AlterPlan,
  table: TableRecord,
  node: ConstraintNode,
): void {
  const isValidated = node.skip_validation !== true && node.is_enforced !== false
  const source = isValidated
    ? 'add FK'
    : node.is_enforced === false
      ? 'add FK not enforced'
      : 'add FK not valid'
  const referenced = tableNamed(context, node.pktable)
  if (referenced !== undefined) lockWithPartitions(context, referenced, 'ShareRowExclusiveLock', source)
  lockWithPartitions(context, table, 'ShareRowExclusiveLock', source)
  if (!isValidated) return
  validateBothSides(context, plan, table, referenced, source)
}

/** RI_Initial_Check(): a left join of the tables with all partitions. */
export function validateBothSides(
  context: PredictContext,
  plan: AlterPlan,
  table: TableRecord,
  referenced: TableRecord | undefined,
  source: string,
): void {
  for (const part of context.schema.withDescendants(table)) plan.validate(part, source)
  // a table that this run made holds next to nothing: its parents are looked up, not read
  if (referenced === undefined || table.isNew) return
  for (const part of context.schema.withDescendants(referenced)) plan.validate(part, source)
}

/** VALIDATE CONSTRAINT of a foreign key. */
export function validateForeignKey(
  context: PredictContext,
  plan: AlterPlan,
  table: TableRecord,
  constraint: ForeignKey,
): void {
  if (constraint.isValidated) return
  const referenced = context.schema.find(constraint.table)
  const found = isTable(referenced) ? referenced : undefined
  if (found !== undefined) lockWithPartitions(context, found, 'RowShareLock', 'validate FK')
  validateBothSides(context, plan, table, found, 'validate FK')
}

/** Dropping a foreign key drops its triggers on both tables: AccessExclusive on both. */
export function dropForeignKey(
  context: PredictContext,
  table: TableRecord,
  constraint: ForeignKey,
  source: string,
): void {
  lockWithPartitions(context, table, 'AccessExclusiveLock', source)
  const referenced = context.schema.find(constraint.table)
  if (isTable(referenced)) lockWithPartitions(context, referenced, 'AccessExclusiveLock', source)
}

/** CREATE TABLE … REFERENCES: the new table harms nobody, the referenced one gets triggers. */
export function referenceFromNewTable(context: PredictContext, node: ConstraintNode, source: string): void {
  const referenced = tableNamed(context, node.pktable)
  if (referenced !== undefined) lockWithPartitions(context, referenced, 'ShareRowExclusiveLock', source)
}
