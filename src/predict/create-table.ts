import type {
  ColumnDef,
  Constraint as ConstraintNode,
  CreateForeignTableStmt,
  CreateStmt,
  RangeVar,
  TableLikeClause,
} from '@pgsql/types'
import { allOf } from '../sql/ast.ts'
import { readPartitionBound } from '../sql/schema-partitions.ts'
import { isTable, type TableRecord } from '../sql/schema-records.ts'
import { existsAt, placeOf, relationNamed, tableNamed } from '../sql/schema-scope.ts'
import { AlterPlan } from './alter-plan.ts'
import type { PredictContext } from './context.ts'
import { lockWithPartitions, referenceFromNewTable } from './foreign-keys.ts'
import { readDefaultPartition } from './partitions.ts'

export function predictCreateForeignTable(context: PredictContext, node: object): void {
  predictCreateTable(context, (node as CreateForeignTableStmt).base ?? {})
}

/** CREATE TABLE: what it locks of others — referenced tables, parents, templates. */
export function predictCreateTable(context: PredictContext, node: object): void {
  const statement = node as CreateStmt
  if (statement.relation === undefined) return
  if (statement.if_not_exists === true && existsAt(context, placeOf(context, statement.relation))) return
  const columns = allOf<ColumnDef>(statement.tableElts, 'ColumnDef')
  const constraints = [
    ...allOf<ConstraintNode>(statement.tableElts, 'Constraint'),
    ...allOf<ConstraintNode>(statement.constraints, 'Constraint'),
    ...columns.flatMap((column) => allOf<ConstraintNode>(column.constraints, 'Constraint')),
  ]
  for (const constraint of constraints) {
    const isSelf =
      constraint.pktable?.relname === statement.relation.relname &&
      constraint.pktable?.schemaname === statement.relation.schemaname
    if (constraint.contype === 'CONSTR_FOREIGN' && !isSelf) {
      referenceFromNewTable(context, constraint, 'create table with FK')
    }
  }
  for (const like of allOf<TableLikeClause>(statement.tableElts, 'TableLikeClause')) {
    const template = relationNamed(context, like.relation)
    if (template !== undefined) context.effects.lock(template, 'AccessShareLock', 'create table like')
  }
  for (const range of allOf<RangeVar>(statement.inhRelations, 'RangeVar')) {
    const parent = tableNamed(context, range)
    if (parent === undefined) continue
    if (statement.partbound === undefined) {
      context.effects.lock(parent, 'ShareUpdateExclusiveLock', 'create table inherits')
    } else {
      createPartition(context, parent, statement)
    }
  }
}

/** CREATE TABLE … PARTITION OF: AccessExclusive on the parent, and a scan of the default partition. */
function createPartition(context: PredictContext, parent: TableRecord, statement: CreateStmt): void {
  const source = 'create table partition of'
  context.effects.lock(parent, 'AccessExclusiveLock', source)
  if (statement.partbound !== undefined) {
    const plan = new AlterPlan()
    const bound = readPartitionBound(statement.partbound)
    readDefaultPartition(context, plan, parent, bound, `${source}, default exists`)
    plan.emit(context)
  }
  for (const constraint of parent.constraints) {
    if (constraint.kind !== 'foreign key') continue
    const referenced = context.schema.find(constraint.table)
    if (isTable(referenced)) {
      lockWithPartitions(context, referenced, 'ShareRowExclusiveLock', `${source} with FK`)
    }
  }
  for (const holder of context.schema.tables(parent.referencedBy)) {
    lockWithPartitions(context, holder, 'ShareRowExclusiveLock', `${source} a referenced table`)
  }
}
