import type { Node, PartitionBoundSpec, PartitionElem, PartitionSpec } from '@pgsql/types'
import { allOf, isNullLiteral, literalText } from './ast.ts'
import { attach, copyToChild } from './schema-constraints.ts'
import { addChildIndex } from './schema-indexes.ts'
import {
  columnByName,
  columnByNumber,
  type Constraint,
  type ForeignKey,
  type PartitionBound,
  type PartitionKey,
  type RelationId,
  type TableRecord,
} from './schema-records.ts'
import { editTable, including, without, type ChangeScope } from './schema-scope.ts'

export function readPartitionKey(table: TableRecord, spec: PartitionSpec): PartitionKey {
  const strategies = {
    PARTITION_STRATEGY_LIST: 'list',
    PARTITION_STRATEGY_RANGE: 'range',
    PARTITION_STRATEGY_HASH: 'hash',
  } as const
  return {
    strategy: strategies[spec.strategy ?? 'PARTITION_STRATEGY_RANGE'],
    columns: allOf<PartitionElem>(spec.partParams, 'PartitionElem').map((element) =>
      element.name === undefined ? 0 : (columnByName(table, element.name)?.number ?? 0),
    ),
  }
}

export function readPartitionBound(bound: PartitionBoundSpec): PartitionBound {
  if (bound.is_default === true) return { kind: 'default' }
  if (bound.strategy === 'h') return { kind: 'hash' }
  if (bound.strategy === 'r') {
    return { kind: 'range', from: bound.lowerdatums ?? [], to: bound.upperdatums ?? [] }
  }
  const values: string[] = []
  for (const datum of bound.listdatums ?? []) {
    const text = literalText(datum)
    if (text !== undefined) values.push(text)
  }
  return {
    kind: 'list',
    values,
    takesNull: (bound.listdatums ?? []).some((datum: Node) => isNullLiteral(datum)),
  }
}

/** Hangs a table under a parent, as a partition when it has a bound. The child inherits what it has not yet. */
export function inherit(
  scope: ChangeScope,
  parentId: RelationId,
  childId: RelationId,
  bound: PartitionBound | undefined,
): void {
  const { schema } = scope
  // "circular inheritance not allowed" (ATExecAddInherit, tablecmds.c)
  const below = schema.withDescendants(schema.relation(childId) as TableRecord)
  if (below.some(({ id }) => id === parentId)) return
  editTable(schema, parentId, (table) => ({ ...table, children: including(table.children, childId) }))
  editTable(schema, childId, (table) => ({
    ...table,
    parents: including(table.parents, parentId),
    ...(bound === undefined ? {} : { partitionBound: bound }),
  }))
  const parent = schema.relation(parentId) as TableRecord
  if (bound !== undefined) {
    for (const index of schema.indexes(parent.indexes)) {
      addChildIndex(scope, index, parent, schema.relation(childId) as TableRecord)
    }
  }
  for (const constraint of parent.constraints) {
    const child = schema.relation(childId) as TableRecord
    const own = bound === undefined ? undefined : matchingForeignKey(parent, child, constraint)
    if (own !== undefined) {
      editTable(schema, childId, (table) => ({
        ...table,
        constraints: table.constraints.map((one) => (one === own ? { ...own, isInherited: true } : one)),
      }))
      continue
    }
    const copy = copyToChild(scope, parent, child, constraint)
    if (copy !== undefined) attach(schema, childId, copy)
  }
}

/**
 * A foreign key of the partition that becomes the child of the parent's on ATTACH: same columns, same target,
 * validated (tryAttachPartitionForeignKey, tablecmds.c).
 */
export function matchingForeignKey(
  parent: TableRecord,
  child: TableRecord,
  constraint: Constraint,
): ForeignKey | undefined {
  if (constraint.kind !== 'foreign key') return undefined
  const names = (table: TableRecord, numbers: readonly number[]): string =>
    JSON.stringify(numbers.map((number) => columnByNumber(table, number)?.name))
  const columns = names(parent, constraint.columns)
  return child.constraints.find(
    (own): own is ForeignKey =>
      own.kind === 'foreign key' &&
      own.table === constraint.table &&
      own.isValidated &&
      own.onDelete === constraint.onDelete &&
      own.onUpdate === constraint.onUpdate &&
      names(child, own.columns) === columns &&
      own.referencedColumns.join() === constraint.referencedColumns.join(),
  )
}

/** DETACH PARTITION and NO INHERIT: the child keeps what it inherited. */
export function disinherit(scope: ChangeScope, parentId: RelationId, childId: RelationId): void {
  const { schema } = scope
  editTable(schema, parentId, (table) => ({ ...table, children: without(table.children, childId) }))
  editTable(schema, childId, (current) => ({ ...current, parents: without(current.parents, parentId) }))
  const { partitionBound: _bound, ...child } = schema.relation(childId) as TableRecord
  schema.put({
    ...child,
    constraints: child.constraints.map((constraint) => ({ ...constraint, isInherited: false })),
  })
  for (const index of schema.indexes(child.indexes)) {
    if (index.parent === undefined) continue
    const parent = schema.find(index.parent)
    if (parent?.kind === 'partitioned index') {
      schema.put({ ...parent, children: without(parent.children, index.id) })
    }
    const { parent: _parent, ...own } = index
    schema.put(own)
  }
}

/** The partition that takes what no other does. */
export function defaultPartition(
  scope: Pick<ChangeScope, 'schema'>,
  parent: TableRecord,
): TableRecord | undefined {
  return scope.schema.tables(parent.children).find((child) => child.partitionBound?.kind === 'default')
}
