import type { CatalogChange } from '../core/model.ts'
import type { Schema } from './schema.ts'
import { dropSequence } from './schema-columns.ts'
import {
  hasDependents,
  isIndex,
  isTable,
  isView,
  type Constraint,
  type ForeignKey,
  type RelationId,
  type RelationRecord,
  type TableRecord,
} from './schema-records.ts'
import { disinherit } from './schema-partitions.ts'
import { editTable, objectOf, partOf, without, type ChangeScope } from './schema-scope.ts'
import { unlinkReads } from './schema-views.ts'

/** A constraint together with the table that has it. */
export interface ConstraintOnTable {
  readonly table: TableRecord
  readonly constraint: Constraint
}

/** Everything that goes when some relations go. */
export interface DropPlan {
  readonly named: readonly RelationRecord[]
  /** What goes with those by itself, as their indexes do: partitions, owned sequences. */
  readonly parts: readonly RelationRecord[]
  /** What only CASCADE takes along: views, inheriting tables. */
  readonly cascaded: readonly RelationRecord[]
  /** Foreign keys of tables that stay: only CASCADE takes them along. */
  readonly foreignKeys: readonly { readonly table: TableRecord; readonly constraint: ForeignKey }[]
}

/** What dropping the relations takes along. Without CASCADE the server refuses when anything is cascaded. */
export function planDrop(schema: Schema, named: readonly RelationRecord[]): DropPlan {
  const parts = new Map<RelationId, RelationRecord>()
  const cascaded = new Map<RelationId, RelationRecord>()
  for (const record of named) collect(schema, record, parts, cascaded)
  const roots = new Set(named.map(({ id }) => id))
  for (const id of roots) parts.delete(id)
  for (const id of [...roots, ...parts.keys()]) cascaded.delete(id)
  const gone = [...named, ...parts.values(), ...cascaded.values()]
  return {
    named,
    parts: [...parts.values()],
    cascaded: [...cascaded.values()],
    foreignKeys: foreignKeysInto(schema, gone),
  }
}

/** Foreign keys of tables that stay to tables that go. */
function foreignKeysInto(schema: Schema, gone: readonly RelationRecord[]): DropPlan['foreignKeys'] {
  const ids = new Set(gone.map(({ id }) => id))
  return gone.filter(isTable).flatMap((record) =>
    schema
      .tables(record.referencedBy)
      .filter(({ id }) => !ids.has(id))
      .flatMap((table) => foreignKeysTo(table, record.id).map((constraint) => ({ table, constraint }))),
  )
}

export function foreignKeysTo(table: TableRecord, referenced: RelationId): ForeignKey[] {
  return table.constraints.filter(
    (constraint): constraint is ForeignKey =>
      constraint.kind === 'foreign key' && constraint.table === referenced,
  )
}

function collect(
  schema: Schema,
  record: RelationRecord,
  into: Map<RelationId, RelationRecord>,
  cascaded: Map<RelationId, RelationRecord>,
): void {
  if (into.has(record.id)) return
  into.set(record.id, record)
  if (!hasDependents(record)) return
  for (const reader of record.readers) {
    const view = schema.find(reader)
    if (view !== undefined && !cascaded.has(view.id)) collect(schema, view, cascaded, cascaded)
  }
  if (!isTable(record)) return
  for (const id of record.sequences) {
    const sequence = schema.find(id)
    if (sequence !== undefined) into.set(id, sequence)
  }
  for (const child of schema.tables(record.children)) {
    collect(schema, child, child.partitionBound === undefined ? cascaded : into, cascaded)
  }
}

/** Drops the relations with all that the plan names, and reports it. */
export function applyDrop(scope: ChangeScope, plan: DropPlan): void {
  for (const { table, constraint } of plan.foreignKeys) {
    removeConstraint(scope, table.id, constraint)
    scope.report?.(partOf(table, 'table constraint', constraint.name), !constraint.isNew, {
      type: 'drop',
      cascaded: true,
    })
  }
  for (const record of plan.cascaded) dropOne(scope, record, { type: 'drop', cascaded: true })
  for (const record of plan.named) dropOne(scope, record, { type: 'drop', cascaded: false })
  for (const record of plan.parts) dropOne(scope, record, undefined)
}

function dropOne(scope: ChangeScope, record: RelationRecord, change: CatalogChange | undefined): void {
  if (scope.schema.find(record.id) === undefined) return
  if (change !== undefined) scope.report?.(objectOf(record, scope.schema), !record.isNew, change)
  if (record.kind === 'sequence') dropSequence(scope, record)
  else if (isIndex(record)) removeIndex(scope.schema, record.id)
  else removeWithParts(scope, record.id)
}

function removeWithParts(scope: ChangeScope, id: RelationId): void {
  const { schema } = scope
  const record = schema.relation(id)
  if (!hasDependents(record)) return
  for (const index of record.indexes) removeIndex(schema, index)
  if (isView(record)) unlinkReads(scope, record)
  if (isTable(record)) {
    for (const parent of record.parents) if (schema.find(parent) !== undefined) disinherit(scope, parent, id)
    for (const constraint of record.constraints) {
      if (constraint.kind === 'foreign key') unlinkReference(schema, id, constraint)
    }
  }
  schema.remove(schema.relation(id))
}

/** Removes an index with its parts on partitions. */
function removeIndex(schema: Schema, id: RelationId): void {
  const index = schema.find(id)
  if (!isIndex(index)) return
  for (const child of index.children) removeIndex(schema, child)
  schema.remove(index)
  const table = schema.find(index.table)
  if (hasDependents(table)) schema.put({ ...table, indexes: without(table.indexes, id) })
  if (index.parent === undefined) return
  const parent = schema.find(index.parent)
  if (isIndex(parent)) schema.put({ ...parent, children: without(parent.children, id) })
}

/** Removes a constraint from the table and from everything that inherited it. */
export function removeConstraint(
  scope: Pick<ChangeScope, 'schema'>,
  id: RelationId,
  constraint: Constraint,
): void {
  const { schema } = scope
  const table = editTable(schema, id, (current) => ({
    ...current,
    constraints: current.constraints.filter((other) => other.name !== constraint.name),
  }))
  if (constraint.kind === 'foreign key') unlinkReference(schema, id, constraint)
  if (constraint.kind === 'not null') {
    editTable(schema, id, (current) => ({
      ...current,
      columns: current.columns.map((column) =>
        column.number === constraint.columns[0] ? { ...column, notNull: false } : column,
      ),
    }))
  }
  const childIndexes = 'index' in constraint ? indexChildren(schema, constraint.index) : undefined
  for (const child of schema.tables(table.children)) {
    const copy = child.constraints.find(
      (own) =>
        own.isInherited === true &&
        own.kind === constraint.kind &&
        ('index' in own ? childIndexes?.includes(own.index) : own.name === constraint.name),
    )
    if (copy !== undefined) removeConstraint(scope, child.id, copy)
  }
  if ('index' in constraint) removeIndex(schema, constraint.index)
}

function indexChildren(schema: Schema, id: RelationId): readonly RelationId[] {
  const index = schema.find(id)
  return isIndex(index) ? index.children : []
}

function unlinkReference(schema: Schema, id: RelationId, removed: ForeignKey): void {
  const referenced = schema.find(removed.table)
  const holder = schema.find(id)
  if (!isTable(referenced)) return
  const others = isTable(holder) ? foreignKeysTo(holder, referenced.id) : []
  if (others.some((other) => other.name !== removed.name)) return
  schema.put({ ...referenced, referencedBy: without(referenced.referencedBy, id) })
}

/** What goes with a column: its indexes, constraints, sequence; and under CASCADE views and foreign keys to it. */
export interface ColumnDropPlan {
  readonly indexes: readonly RelationId[]
  readonly constraints: readonly Constraint[]
  readonly sequence: RelationId | undefined
  readonly views: readonly RelationRecord[]
  readonly foreignKeys: readonly { readonly table: TableRecord; readonly constraint: ForeignKey }[]
}

export function planColumnDrop(schema: Schema, table: TableRecord, column: number): ColumnDropPlan {
  const constraints = table.constraints.filter((constraint) => constraint.columns.includes(column))
  const foreignKeys: { table: TableRecord; constraint: ForeignKey }[] = []
  for (const holder of schema.tables(table.referencedBy)) {
    for (const constraint of foreignKeysTo(holder, table.id)) {
      const isOwn = holder.id === table.id && constraints.includes(constraint)
      if (!isOwn && constraint.referencedColumns.includes(column))
        foreignKeys.push({ table: holder, constraint })
    }
  }
  const views: RelationRecord[] = []
  for (const id of table.readers) {
    const view = schema.find(id)
    if (!isView(view)) continue
    const uses = view.reads.some((read) => read.relation === table.id && read.columns.includes(column))
    if (uses) views.push(view, ...planDrop(schema, [view]).cascaded)
  }
  return {
    indexes: schema
      .indexes(table.indexes)
      .filter((index) => index.columns.includes(column))
      .map((index) => index.id),
    constraints,
    sequence: table.sequences.find((id) => {
      const sequence = schema.find(id)
      return sequence?.kind === 'sequence' && sequence.ownedBy?.column === column
    }),
    views,
    foreignKeys,
  }
}

/** DROP COLUMN on one table: the column and the plan's parts go. */
export function applyColumnDrop(
  scope: ChangeScope,
  table: TableRecord,
  column: number,
  plan: ColumnDropPlan,
): void {
  const { schema } = scope
  applyDrop(scope, { named: [], parts: [], cascaded: plan.views, foreignKeys: plan.foreignKeys })
  for (const constraint of plan.constraints) removeConstraint(scope, table.id, constraint)
  for (const index of plan.indexes) removeIndex(schema, index)
  const sequence = plan.sequence === undefined ? undefined : schema.find(plan.sequence)
  if (sequence?.kind === 'sequence') dropSequence(scope, sequence)
  editTable(schema, table.id, (current) => ({
    ...current,
    columns: current.columns.filter((one) => one.number !== column),
  }))
}
