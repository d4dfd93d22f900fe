import type { AlterTableCmd, PartitionCmd } from '@pgsql/types'
import type { LockMode } from '../core/model.ts'
import { as, literalText } from '../sql/ast.ts'
import { implies, type Condition } from '../sql/conditions.ts'
import { findEqualIndex } from '../sql/schema-indexes.ts'
import { defaultPartition, matchingForeignKey, readPartitionBound } from '../sql/schema-partitions.ts'
import {
  columnByName,
  columnByNumber,
  isTable,
  type PartitionBound,
  type TableRecord,
} from '../sql/schema-records.ts'
import { tableNamed } from '../sql/schema-scope.ts'
import type { AlterPlan } from './alter-plan.ts'
import type { PredictContext } from './context.ts'
import { lockWithPartitions, validateBothSides } from './foreign-keys.ts'
import { knownForm, refuseInBlock } from './known-forms.ts'

/** ATTACH PARTITION: the child is read unless its CHECKs prove that it fits; so is the default partition. */
export function attachPartition(
  context: PredictContext,
  plan: AlterPlan,
  parent: TableRecord,
  command: AlterTableCmd,
): void {
  const partition = as<PartitionCmd>(command.def, 'PartitionCmd')
  const child = tableNamed(context, partition?.name)
  if (child === undefined || partition?.bound === undefined) return
  const bound = readPartitionBound(partition.bound)
  const { effects, schema } = context
  for (const part of schema.withDescendants(child))
    effects.lock(part, 'AccessExclusiveLock', 'attach partition')
  if (!provesBound(parent, child, bound)) {
    for (const part of schema.withDescendants(child)) plan.validate(part, 'attach partition (no check)')
  }
  for (const index of schema.indexes(parent.indexes)) {
    if (findEqualIndex(schema, index, parent, child) !== undefined) continue
    for (const part of schema.withDescendants(child))
      plan.build(part, 'attach partition builds missing indexes')
  }
  readDefaultPartition(context, plan, parent, bound, 'attach partition, default exists')
  checkForeignKeys(context, plan, parent, child)
}

/** The partition gets the parent's foreign keys, each checked. */
function checkForeignKeys(
  context: PredictContext,
  plan: AlterPlan,
  parent: TableRecord,
  child: TableRecord,
): void {
  for (const constraint of parent.constraints) {
    if (constraint.kind !== 'foreign key') continue
    const referenced = context.schema.find(constraint.table)
    if (!isTable(referenced)) continue
    if (matchingForeignKey(parent, child, constraint) !== undefined) {
      // its triggers on the referenced table go, because the parent's do the work from now on
      lockWithPartitions(context, referenced, 'AccessExclusiveLock', 'attach partition with its own FK')
      continue
    }
    const source = 'attach partition with FK'
    lockWithPartitions(context, referenced, 'ShareRowExclusiveLock', source)
    validateBothSides(context, plan, child, referenced, source)
  }
  for (const holder of context.schema.tables(parent.referencedBy)) {
    lockWithPartitions(context, holder, 'ShareRowExclusiveLock', 'attach partition of a referenced table')
  }
}

/** A new partition takes rows from the default one, which is locked and read to see that it holds none. */
export function readDefaultPartition(
  context: PredictContext,
  plan: AlterPlan,
  parent: TableRecord,
  bound: PartitionBound,
  source: string,
): void {
  const fallback = bound.kind === 'default' ? undefined : defaultPartition(context, parent)
  if (fallback === undefined) return
  for (const part of context.schema.withDescendants(fallback)) {
    context.effects.lock(part, 'AccessExclusiveLock', source)
    if (!provesOutside(parent, fallback, bound)) plan.validate(part, source)
  }
}

/** The partition key as the child numbers its columns; undefined for expressions and several columns. */
function keyColumn(parent: TableRecord, child: TableRecord): number | undefined {
  const [number, ...more] = parent.partitionKey?.columns ?? []
  if (number === undefined || more.length > 0) return undefined
  const name = columnByNumber(parent, number)?.name
  return name === undefined ? undefined : columnByName(child, name)?.number
}

function guaranteesOf(table: TableRecord): readonly Condition[] {
  const conditions: Condition[] = []
  for (const constraint of table.constraints) {
    if (constraint.kind === 'check' && constraint.isValidated) conditions.push(...constraint.guarantees)
  }
  for (const column of table.columns) {
    if (column.notNull) conditions.push({ kind: 'not null', column: column.number })
  }
  return conditions
}

/** Does a validated CHECK imply the partition constraint? (PartConstraintImpliedByRelConstraint) */
function provesBound(parent: TableRecord, child: TableRecord, bound: PartitionBound): boolean {
  if (bound.kind === 'default') return parent.children.length === 0
  const column = keyColumn(parent, child)
  if (column === undefined) return false
  const goals = boundConditions(bound, column)
  const given = guaranteesOf(child)
  return goals !== undefined && goals.every((goal) => implies(given, goal))
}

/** Does a validated CHECK of the default partition exclude the new bound? */
function provesOutside(parent: TableRecord, fallback: TableRecord, bound: PartitionBound): boolean {
  const column = keyColumn(parent, fallback)
  const inside = column === undefined ? undefined : boundConditions(bound, column)
  if (inside === undefined) return false
  const outside = inside.flatMap((condition) => negate(condition))
  return implies(guaranteesOf(fallback), { kind: 'or', branches: outside.map((condition) => [condition]) })
}

function boundConditions(bound: PartitionBound, column: number): readonly Condition[] | undefined {
  const notNull = { kind: 'not null', column } as const
  if (bound.kind === 'list') {
    return bound.takesNull ? undefined : [notNull, { kind: 'in', column, values: bound.values }]
  }
  if (bound.kind !== 'range') return undefined
  const [from, to] = [literalText(bound.from[0]), literalText(bound.to[0])]
  const conditions: Condition[] = [notNull]
  if (from !== undefined) conditions.push({ kind: 'compare', column, operator: '>=', value: from })
  if (to !== undefined) conditions.push({ kind: 'compare', column, operator: '<', value: to })
  return conditions
}

function negate(condition: Condition): Condition[] {
  switch (condition.kind) {
    case 'not null':
      return [{ kind: 'null', column: condition.column }]
    case 'in':
      return [{ ...condition, kind: 'not in' }]
    case 'compare':
      return [{ ...condition, operator: condition.operator === '<' ? '>=' : '<' }]
    default:
      return []
  }
}

/** DETACH PARTITION: both, the default partition, and whoever references the parent. */
export function detachPartition(
  context: PredictContext,
  plan: AlterPlan,
  parent: TableRecord,
  command: AlterTableCmd,
): void {
  const partition = as<PartitionCmd>(command.def, 'PartitionCmd')
  const child = tableNamed(context, partition?.name)
  if (partition?.concurrent === true) return detachConcurrently(context, parent, child)
  const { effects, schema } = context
  const lock = (table: TableRecord, mode: LockMode = 'AccessExclusiveLock') =>
    effects.lock(table, mode, 'detach partition')
  if (child !== undefined) for (const part of schema.withDescendants(child)) lock(part)
  const fallback = defaultPartition(context, parent)
  if (fallback !== undefined) lock(fallback)
  for (const holder of schema.tables(parent.referencedBy)) {
    lock(holder)
    plan.validate(holder, 'detach partition of a referenced table')
  }
  for (const constraint of child?.constraints ?? []) {
    if (constraint.kind !== 'foreign key' || constraint.isInherited !== true) continue
    const referenced = schema.find(constraint.table)
    if (isTable(referenced))
      lockWithPartitions(context, referenced, 'ShareRowExclusiveLock', 'detach partition with FK')
  }
}

function detachConcurrently(
  context: PredictContext,
  parent: TableRecord,
  child: TableRecord | undefined,
): void {
  if (refuseInBlock(context, 'ALTER TABLE ... DETACH CONCURRENTLY')) return
  if (defaultPartition(context, parent) !== undefined) {
    const message = 'cannot detach partitions concurrently when a default partition exists'
    context.effects.fail('55000', message, knownForm('DETACH PARTITION CONCURRENTLY'))
    return
  }
  const source = knownForm('DETACH PARTITION CONCURRENTLY')
  context.effects.knownLock(parent, 'ShareUpdateExclusiveLock', source)
  if (child !== undefined) context.effects.knownLock(child, 'AccessExclusiveLock', source)
}
