import type {
  AlterTableCmd,
  AlterTableStmt,
  ColumnDef,
  Constraint,
  PartitionCmd,
  RangeVar,
} from '@pgsql/types'
import type { LockMode } from '../core/model.ts'
import { allOf, as } from '../sql/ast.ts'
import { planColumnDrop } from '../sql/schema-drop.ts'
import {
  columnByName,
  isTable,
  type ForeignKey,
  type RelationRecord,
  type TableRecord,
} from '../sql/schema-records.ts'
import { relationNamed, tableNamed } from '../sql/schema-scope.ts'
import { addColumn } from './add-column.ts'
import { changeType, setNotNull } from './alter-column.ts'
import { alterConstraint } from './alter-constraint.ts'
import { alterIndex } from './alter-index.ts'
import { AlterPlan } from './alter-plan.ts'
import { addConstraint, dropConstraint, validateConstraint } from './constraints.ts'
import type { PredictContext } from './context.ts'
import { dropForeignKey } from './foreign-keys.ts'
import { alterTableLock } from './lock-levels.ts'
import { attachPartition, detachPartition } from './partitions.ts'
import { changeStorage } from './storage.ts'

/** ALTER TABLE, ALTER VIEW, ALTER MATERIALIZED VIEW, ALTER FOREIGN TABLE and ALTER INDEX with commands. */
export function predictAlterTable(context: PredictContext, node: object): void {
  const statement = node as AlterTableStmt
  if (statement.objtype === 'OBJECT_INDEX') return alterIndex(context, statement)
  const found = statement.relation === undefined ? undefined : targetOf(context, statement)
  if (found === undefined) return
  const commands = allOf<AlterTableCmd>(statement.cmds, 'AlterTableCmd')
  const mode = alterTableLock(commands)
  const concurrent = commands.some(({ def }) => as<PartitionCmd>(def, 'PartitionCmd')?.concurrent === true)
  if (!concurrent) context.effects.lock(found, mode, sourceOf(commands[0]))
  if (!isTable(found)) return
  const plan = new AlterPlan()
  for (const command of commands) {
    for (const table of affected(context, found, statement, command)) {
      if (table.id !== found.id)
        context.effects.lock(table, childLock(context, command, mode), sourceOf(command))
      if (table.id === found.id || !isLocalOnly(command)) predictCommand(context, plan, table, command)
    }
  }
  plan.emit(context)
}

function targetOf(context: PredictContext, statement: AlterTableStmt): RelationRecord | undefined {
  return relationNamed(context, statement.relation, statement.missing_ok)
}

function sourceOf(command: AlterTableCmd | undefined): string {
  const words = (command?.subtype ?? 'AT_Unknown').slice(3).replaceAll(/([a-z])([A-Z])/g, '$1 $2')
  return `alter table: ${words.toLowerCase()}`
}

/** Before PG 18 a unique constraint's index is built on partitions under DefineIndex()'s own lock. */
function childLock({ serverMajor }: PredictContext, command: AlterTableCmd, mode: LockMode): LockMode {
  const isUnique = as<Constraint>(command.def, 'Constraint')?.contype === 'CONSTR_UNIQUE'
  return isUnique && serverMajor < 18 ? 'ShareLock' : mode
}

/** NO INHERIT: since PG 18 the children are locked, but get nothing. */
function isLocalOnly(command: AlterTableCmd): boolean {
  return as<Constraint>(command.def, 'Constraint')?.is_no_inherit === true
}

/** Commands that go down to everything that inherits from the table. */
const recursive: ReadonlySet<string> = new Set([
  'AT_AddColumn',
  'AT_DropColumn',
  'AT_ColumnDefault',
  'AT_SetNotNull',
  'AT_SetStatistics',
  'AT_SetStorage',
  'AT_AlterColumnType',
  'AT_ValidateConstraint',
  'AT_SetExpression',
  'AT_DropExpression',
])

/** The tables that one command changes: the named one first, then its children as far as it goes down. */
function affected(
  context: PredictContext,
  table: TableRecord,
  statement: AlterTableStmt,
  command: AlterTableCmd,
): readonly TableRecord[] {
  const isRecursive =
    statement.relation?.inh === true && table.children.length > 0 && goesDown(context, table, command)
  return isRecursive ? context.schema.withDescendants(table) : [table]
}

function goesDown(context: PredictContext, table: TableRecord, command: AlterTableCmd): boolean {
  const column = columnByName(table, command.name ?? '')
  switch (command.subtype) {
    case 'AT_DropNotNull':
      // PG 18: dropping the constraint goes down, so without one there is nothing to do
      return context.serverMajor < 18 || column === undefined || column.notNull
    case 'AT_AddConstraint':
      return constraintGoesDown(context, table, as<Constraint>(command.def, 'Constraint'))
    case 'AT_DropConstraint': {
      const constraint = table.constraints.find(({ name }) => name === command.name)
      return constraint?.kind === 'check' ? !constraint.isLocalOnly : table.kind === 'partitioned table'
    }
    case 'AT_EnableTrig':
    case 'AT_EnableAlwaysTrig':
    case 'AT_EnableReplicaTrig':
    case 'AT_DisableTrig':
    case 'AT_EnableTrigAll':
    case 'AT_DisableTrigAll':
    case 'AT_EnableTrigUser':
    case 'AT_DisableTrigUser':
      return table.kind === 'partitioned table' && table.triggers.some(({ isRow }) => isRow)
    default:
      return recursive.has(command.subtype ?? '')
  }
}

function constraintGoesDown(
  context: PredictContext,
  table: TableRecord,
  node: Constraint | undefined,
): boolean {
  const isPartitioned = table.kind === 'partitioned table'
  switch (node?.contype) {
    case 'CONSTR_CHECK':
    case 'CONSTR_NOTNULL':
      return node.is_no_inherit !== true || context.serverMajor >= 18
    case 'CONSTR_FOREIGN':
      return false
    default:
      return isPartitioned
  }
}

function predictCommand(
  context: PredictContext,
  plan: AlterPlan,
  table: TableRecord,
  command: AlterTableCmd,
): void {
  const name = command.name ?? ''
  switch (command.subtype) {
    case 'AT_AddColumn': {
      const definition = as<ColumnDef>(command.def, 'ColumnDef')
      return definition === undefined ? undefined : addColumn(context, plan, table, definition)
    }
    case 'AT_DropColumn':
      return dropColumn(context, table, name)
    case 'AT_SetNotNull':
      return setNotNull(plan, table, name)
    case 'AT_AlterColumnType':
      return changeType(context, plan, table, command)
    case 'AT_SetExpression':
      // a virtual column has no values to write (ATExecSetExpression, since 18)
      if (columnByName(table, name)?.fill === 'virtual') return
      return plan.rewrite(table, 'generated expression', 'set expression')
    case 'AT_DropIdentity':
      return lockSequence(context, table, name, 'AccessExclusiveLock')
    case 'AT_SetIdentity':
      return lockSequence(context, table, name, 'ShareRowExclusiveLock')
    case 'AT_AddConstraint':
      return addConstraint(context, plan, table, command)
    case 'AT_DropConstraint':
      return dropConstraint(context, table, command)
    case 'AT_AlterConstraint':
      return alterConstraint(context, plan, table, command)
    case 'AT_ValidateConstraint':
      return validateConstraint(context, plan, table, name)
    case 'AT_AttachPartition':
      return attachPartition(context, plan, table, command)
    case 'AT_DetachPartition':
      return detachPartition(context, plan, table, command)
    case 'AT_ChangeOwner':
      for (const id of table.sequences) lockFound(context, id, 'AccessExclusiveLock', 'owner to')
      return
    case 'AT_AddInherit':
    case 'AT_DropInherit':
      return lockParent(context, command)
    default:
      changeStorage(plan, table, command)
  }
}

/** DROP COLUMN: also the other side of its foreign keys, its sequence, and with CASCADE what uses it. */
function dropColumn(context: PredictContext, table: TableRecord, name: string): void {
  const column = columnByName(table, name)
  if (column === undefined) return
  const plan = planColumnDrop(context.schema, table, column.number)
  const keys = plan.constraints.filter(
    (constraint): constraint is ForeignKey => constraint.kind === 'foreign key',
  )
  for (const constraint of keys) dropForeignKey(context, table, constraint, 'drop column with FK')
  for (const view of plan.views) context.effects.lock(view, 'AccessExclusiveLock', 'drop column cascade')
  for (const { table: holder, constraint } of plan.foreignKeys) {
    dropForeignKey(context, holder, constraint, 'drop column cascade')
  }
  if (plan.sequence !== undefined) {
    lockFound(context, plan.sequence, 'AccessExclusiveLock', 'drop column with sequence')
  }
}

function lockSequence(context: PredictContext, table: TableRecord, column: string, mode: LockMode): void {
  const id = columnByName(table, column)?.sequence
  if (id !== undefined) lockFound(context, id, mode, 'alter identity')
}

function lockFound(context: PredictContext, id: number, mode: LockMode, source: string): void {
  const record = context.schema.find(id)
  if (record !== undefined) context.effects.lock(record, mode, source)
}

function lockParent(context: PredictContext, command: AlterTableCmd): void {
  const parent = tableNamed(context, as<RangeVar>(command.def, 'RangeVar'))
  if (parent === undefined) return
  if (command.subtype === 'AT_AddInherit') context.effects.lock(parent, 'ShareUpdateExclusiveLock', 'inherit')
  else context.effects.lock(parent, 'AccessShareLock', 'no inherit')
}
