import type {
  AlterTableCmd,
  AlterTableStmt,
  ColumnDef,
  Constraint as ConstraintNode,
  DefElem,
  Node,
  PartitionCmd,
  RangeVar,
} from '@pgsql/types'
import { allOf, as, words } from './ast.ts'
import { formatType } from './column-type.ts'
import {
  addColumnEverywhere,
  dropSequence,
  makeSequence,
  setDefault,
  withoutReport,
} from './schema-columns.ts'
import { addConstraint, notNullOn } from './schema-constraints.ts'
import { applyColumnDrop, planColumnDrop, removeConstraint } from './schema-drop.ts'
import { alterOptions, alterProperties } from './schema-properties.ts'
import { disinherit, inherit, readPartitionBound } from './schema-partitions.ts'
import { addChildIndexes } from './schema-indexes.ts'
import type { CatalogChange } from '../core/model.ts'
import type { Schema } from './schema.ts'
import {
  columnByName,
  isIndex,
  isTable,
  isView,
  type Column,
  type IndexRecord,
  type RelationId,
  type RelationRecord,
  type TableRecord,
} from './schema-records.ts'
import {
  editColumn,
  editTable,
  objectOf,
  partOf,
  readType,
  relationNamed,
  tableNamed,
  type ChangeScope,
} from './schema-scope.ts'

/** ALTER TABLE, ALTER INDEX, ALTER VIEW … with a list of commands. */
export function alterTable(scope: ChangeScope, statement: AlterTableStmt): void {
  if (statement.objtype === 'OBJECT_INDEX') return attachIndex(scope, statement)
  const target = relationNamed(scope, statement.relation, statement.missing_ok)
  if (target === undefined) return
  const recurse = statement.relation?.inh === true
  for (const command of allOf<AlterTableCmd>(statement.cmds, 'AlterTableCmd')) {
    const current = scope.schema.relation(target.id)
    if (isTable(current)) alterOnce(scope, current, command, recurse)
    else {
      if (isView(current)) alterOptions(scope, current, command)
      scope.report?.(objectOf(current, scope.schema), !current.isNew, { type: 'alter' })
    }
  }
}

function alterOnce(scope: ChangeScope, table: TableRecord, command: AlterTableCmd, recurse: boolean): void {
  switch (command.subtype) {
    case 'AT_AddColumn': {
      const definition = as<ColumnDef>(command.def, 'ColumnDef')
      if (definition !== undefined) addColumnEverywhere(scope, table, definition, recurse)
      return
    }
    case 'AT_AddConstraint': {
      const node = as<ConstraintNode>(command.def, 'Constraint')
      if (node !== undefined) addConstraint(scope, table.id, node, undefined, recurse)
      return
    }
    case 'AT_DropConstraint':
      return dropConstraint(scope, table, command.name ?? '')
    case 'AT_ValidateConstraint':
      return validate(scope, table, command.name ?? '')
    case 'AT_AttachPartition':
    case 'AT_DetachPartition':
    case 'AT_DetachPartitionFinalize':
      return changePartition(scope, table, command)
    case 'AT_AddInherit':
    case 'AT_DropInherit':
      return changeInheritance(scope, table, command)
    case 'AT_SetLogged':
    case 'AT_SetUnLogged':
      editTable(scope.schema, table.id, (current) => ({
        ...current,
        persistence: command.subtype === 'AT_SetLogged' ? 'permanent' : 'unlogged',
      }))
      return reportAlter(scope, table)
    default:
      alterProperties(scope, table, command, recurse)
      alterColumn(scope, table, command, recurse)
  }
}

function reportAlter(scope: ChangeScope, table: TableRecord): void {
  scope.report?.(objectOf(table, scope.schema), !table.isNew, { type: 'alter' })
}

function alterColumn(scope: ChangeScope, table: TableRecord, command: AlterTableCmd, recurse: boolean): void {
  const column = columnByName(table, command.name ?? '')
  const change = columnChange(scope, table, column, command)
  if (change !== undefined) {
    const existedBefore = !table.isNew && column?.isNew !== true
    scope.report?.(objectOf(table, scope.schema), existedBefore, change)
  }
  if (column !== undefined) editOneColumn(scope, table, column, command)
  if (!recurse || column === undefined || !inheritedCommands.has(command.subtype ?? '')) return
  for (const child of scope.schema.tables(table.children)) {
    alterColumn(withoutReport(scope), child, command, true)
  }
}

/** Commands that go down to inheriting tables, as far as the model keeps what they change. */
const inheritedCommands: ReadonlySet<string> = new Set([
  'AT_DropColumn',
  'AT_AlterColumnType',
  'AT_SetNotNull',
  'AT_DropNotNull',
  'AT_ColumnDefault',
  'AT_DropExpression',
])

/** What the catalogue effect says; `alter` for commands that rules do not tell apart. */
function columnChange(
  scope: ChangeScope,
  table: TableRecord,
  column: Column | undefined,
  command: AlterTableCmd,
): CatalogChange | undefined {
  const name = command.name ?? ''
  switch (command.subtype) {
    case 'AT_DropColumn':
      if (command.missing_ok === true && column === undefined && table.isKnown) return undefined
      return { type: 'drop column', column: name }
    case 'AT_AlterColumnType': {
      const to = readType(scope, as<ColumnDef>(command.def, 'ColumnDef')?.typeName)
      const from = column === undefined ? 'unknown' : formatType(column.type)
      return { type: 'change type', column: name, from, to: formatType(to) }
    }
    case 'AT_SetNotNull':
      return column?.notNull === true ? undefined : { type: 'set not null', column: name }
    case 'AT_DropNotNull':
      return { type: 'drop not null', column: name }
    case 'AT_ColumnDefault':
      return { type: command.def === undefined ? 'drop default' : 'set default', column: name }
    default:
      return { type: 'alter' }
  }
}

function editOneColumn(scope: ChangeScope, table: TableRecord, column: Column, command: AlterTableCmd): void {
  const { schema } = scope
  const edit = (change: Partial<Column>) =>
    editColumn(schema, table.id, column.number, (one) => ({ ...one, ...change }))
  switch (command.subtype) {
    case 'AT_DropColumn':
      applyColumnDrop(scope, table, column.number, planColumnDrop(schema, table, column.number))
      return
    case 'AT_AlterColumnType': {
      const definition = as<ColumnDef>(command.def, 'ColumnDef')
      const { collation: _collation, ...kept } = column
      const collation = words(definition?.collClause?.collname).join('.')
      const type = readType(scope, definition?.typeName)
      editColumn(schema, table.id, column.number, () => ({
        ...kept,
        type,
        ...(collation === '' ? {} : { collation }),
      }))
      return
    }
    case 'AT_SetNotNull':
      addConstraint(withoutReport(scope), table.id, { contype: 'CONSTR_NOTNULL' }, column.name, false)
      markNotNull(scope, table, column.number)
      return
    case 'AT_DropNotNull': {
      const constraint = notNullOn(table, column.number)
      if (constraint !== undefined) removeConstraint(scope, table.id, constraint)
      edit({ notNull: false })
      return
    }
    case 'AT_ColumnDefault':
      setDefault(scope, table.id, column.number, command.def)
      return
    case 'AT_DropExpression':
      edit({ fill: 'nothing' })
      return
    case 'AT_SetIdentity':
      setIdentity(scope, table, column, command)
      return
    case 'AT_AddIdentity':
      makeSequence(
        scope,
        table.id,
        column.number,
        'identity',
        as<ConstraintNode>(command.def, 'Constraint')?.generated_when,
      )
      return
    case 'AT_DropIdentity': {
      const sequence = column.sequence === undefined ? undefined : schema.find(column.sequence)
      if (sequence?.kind === 'sequence') dropSequence(scope, sequence)
      editColumn(schema, table.id, column.number, ({ identity: _identity, sequence: _sequence, ...one }) => ({
        ...one,
        fill: 'nothing',
      }))
      return
    }
    default:
  }
}

function setIdentity(scope: ChangeScope, table: TableRecord, column: Column, command: AlterTableCmd): void {
  const options = allOf<DefElem>(as<{ items?: Node[] }>(command.def, 'List')?.items, 'DefElem')
  const generated = options.find(({ defname }) => defname === 'generated')?.arg
  const code = as<{ ival?: number }>(generated, 'Integer')?.ival
  if (code === undefined) return
  const identity = code === 'a'.codePointAt(0) ? 'always' : 'by default'
  editColumn(scope.schema, table.id, column.number, (one) => ({ ...one, identity }))
}

/** SET NOT NULL over a NOT VALID constraint validates it. */
function markNotNull(scope: ChangeScope, table: TableRecord, number: number): void {
  editTable(scope.schema, table.id, (current) => ({
    ...current,
    constraints: current.constraints.map((constraint) =>
      constraint.kind === 'not null' && constraint.columns[0] === number
        ? { ...constraint, isValidated: true }
        : constraint,
    ),
  }))
}

function dropConstraint(scope: ChangeScope, table: TableRecord, name: string): void {
  const constraint = table.constraints.find((one) => one.name === name)
  if (constraint === undefined) {
    if (table.isKnown) return
    scope.report?.(partOf(table, 'table constraint', name), true, { type: 'drop', cascaded: false })
    return
  }
  if ('index' in constraint) dropReferences(scope, table, constraint.columns)
  removeConstraint(scope, table.id, constraint)
  scope.report?.(partOf(table, 'table constraint', name), !constraint.isNew, {
    type: 'drop',
    cascaded: false,
  })
}

/** DROP CONSTRAINT … CASCADE of a key takes the foreign keys that rest on it. */
function dropReferences(scope: ChangeScope, table: TableRecord, columns: readonly number[]): void {
  for (const holder of scope.schema.tables(table.referencedBy)) {
    for (const constraint of holder.constraints) {
      if (constraint.kind !== 'foreign key' || constraint.table !== table.id) continue
      const rests = constraint.referencedColumns.every((column) => columns.includes(column))
      if (!rests || constraint.referencedColumns.length !== columns.length) continue
      removeConstraint(scope, holder.id, constraint)
      scope.report?.(partOf(holder, 'table constraint', constraint.name), !constraint.isNew, {
        type: 'drop',
        cascaded: true,
      })
    }
  }
}

function validate(scope: ChangeScope, table: TableRecord, name: string): void {
  for (const one of scope.schema.withDescendants(table)) {
    editTable(scope.schema, one.id, (current) => ({
      ...current,
      constraints: current.constraints.map((constraint) =>
        constraint.name === name ? { ...constraint, isValidated: true } : constraint,
      ),
    }))
  }
  const constraint = table.constraints.find((one) => one.name === name)
  const existedBefore = constraint === undefined || !constraint.isNew
  scope.report?.(partOf(table, 'table constraint', name), existedBefore, { type: 'alter' })
}

function changePartition(scope: ChangeScope, parent: TableRecord, command: AlterTableCmd): void {
  const partition = as<PartitionCmd>(command.def, 'PartitionCmd')
  const child = tableNamed(scope, partition?.name)
  if (child === undefined) return
  if (command.subtype === 'AT_AttachPartition') {
    const bound = partition?.bound === undefined ? undefined : readPartitionBound(partition.bound)
    inherit(scope, parent.id, child.id, bound ?? { kind: 'hash' })
  } else {
    disinherit(scope, parent.id, child.id)
  }
  reportAlter(scope, parent)
}

function changeInheritance(scope: ChangeScope, child: TableRecord, command: AlterTableCmd): void {
  const parent = tableNamed(scope, as<RangeVar>(command.def, 'RangeVar'))
  if (parent === undefined) return
  if (command.subtype === 'AT_AddInherit') inherit(scope, parent.id, child.id, undefined)
  else disinherit(scope, parent.id, child.id)
  reportAlter(scope, child)
}

/** Is the index the one with this id, or attached below it? */
function isBelow(schema: Schema, index: IndexRecord, id: RelationId): boolean {
  for (let one: RelationRecord | undefined = index; isIndex(one);) {
    if (one.id === id) return true
    one = one.parent === undefined ? undefined : schema.find(one.parent)
  }
  return false
}

/** ALTER INDEX … ATTACH PARTITION. */
function attachIndex(scope: ChangeScope, statement: AlterTableStmt): void {
  const { schema, path } = scope
  const nameOf = (range: RangeVar | undefined) =>
    range === undefined
      ? undefined
      : schema.lookup({ schema: range.schemaname, name: range.relname ?? '' }, path)
  const parent = nameOf(statement.relation)
  if (!isIndex(parent)) return
  scope.report?.(objectOf(parent, schema), !parent.isNew, { type: 'alter' })
  for (const command of allOf<AlterTableCmd>(statement.cmds, 'AlterTableCmd')) {
    const child = nameOf(as<PartitionCmd>(command.def as Node | undefined, 'PartitionCmd')?.name)
    if (command.subtype !== 'AT_AttachPartition' || !isIndex(child)) continue
    // the server refuses what is not an index of a partition
    if (isBelow(schema, parent, child.id)) continue
    schema.put({ ...child, parent: parent.id })
    schema.put({ ...parent, children: [...parent.children, child.id] })
    const table = schema.find(child.table)
    if (isTable(table)) addChildIndexes(scope, child, table)
  }
}
