import type { ColumnDef, Constraint as ConstraintNode, FuncCall, Node } from '@pgsql/types'
import type { ColumnFacts } from '../core/model.ts'
import { allOf, as, isNullLiteral, literalText, words } from './ast.ts'
import { formatType, isSerial } from './column-type.ts'
import { chooseName, nameFromWords, splitIdentifierList } from './names.ts'
import { addConstraint } from './schema-constraints.ts'
import {
  columnByName,
  type Column,
  type RelationId,
  type SequenceRecord,
  type TableRecord,
} from './schema-records.ts'
import { editColumn, editTable, objectOf, readType, type ChangeScope } from './schema-scope.ts'

/** Adds a column with everything written behind it, to the table alone. */
export function addColumn(scope: ChangeScope, id: RelationId, definition: ColumnDef): void {
  const column = defineColumn(scope, id, definition)
  for (const constraint of allOf<ConstraintNode>(definition.constraints, 'Constraint')) {
    applyColumnConstraint(scope, id, column.number, constraint)
  }
  if (isSerial(definition.typeName)) makeSequence(scope, id, column.number, 'default')
}

function defineColumn(scope: ChangeScope, id: RelationId, definition: ColumnDef): Column {
  const table = scope.schema.relation(id) as TableRecord
  const type = readType(scope, definition.typeName)
  const domain = type.schema === '' ? undefined : scope.schema.type(type, scope.path)
  const plain: Column = {
    number: table.nextColumn,
    name: definition.colname ?? '',
    type,
    notNull: definition.is_not_null === true || isSerial(definition.typeName),
    fill: domain?.default === undefined ? 'nothing' : 'default',
    isNew: scope.isUnderReview,
  }
  const collation = words(definition.collClause?.collname).join('.')
  const column: Column = collation === '' ? plain : { ...plain, collation }
  editTable(scope.schema, id, (current) => ({
    ...current,
    columns: [...table.columns, column],
    nextColumn: table.nextColumn + 1,
  }))
  return column
}

function applyColumnConstraint(
  scope: ChangeScope,
  id: RelationId,
  number: number,
  constraint: ConstraintNode,
): void {
  const column = (scope.schema.relation(id) as TableRecord).columns.find((one) => one.number === number)
  switch (constraint.contype) {
    case 'CONSTR_DEFAULT':
      setDefault(scope, id, number, constraint.raw_expr)
      return
    case 'CONSTR_GENERATED':
      editColumn(scope.schema, id, number, (one) => ({
        ...one,
        fill: constraint.generated_kind === 'v' ? 'virtual' : 'stored',
      }))
      return
    case 'CONSTR_IDENTITY':
      makeSequence(scope, id, number, 'identity', constraint.generated_when)
      return
    case 'CONSTR_NULL':
    case 'CONSTR_ATTR_DEFERRABLE':
    case 'CONSTR_ATTR_NOT_DEFERRABLE':
    case 'CONSTR_ATTR_DEFERRED':
    case 'CONSTR_ATTR_IMMEDIATE':
      return
    default:
      // NOT VALID cannot be said of a column constraint: it is checked, or holds because all values are NULL
      addConstraint(withoutReport(scope), id, constraint, column?.name, false)
  }
}

/** Constraints that come with a column or a new table are part of that change, not changes of their own. */
export function withoutReport(scope: ChangeScope): ChangeScope {
  if (scope.report === undefined) return scope
  const { schema, path, isUnderReview, sql } = scope
  return sql === undefined ? { schema, path, isUnderReview } : { schema, path, isUnderReview, sql }
}

/** SET DEFAULT; `undefined` and DEFAULT NULL mean that nothing fills the column. */
export function setDefault(
  scope: ChangeScope,
  id: RelationId,
  number: number,
  expression: Node | undefined,
): void {
  const fills = expression !== undefined && !isNullLiteral(expression)
  const sequence = fills ? sequenceOfNextval(scope, expression) : undefined
  const fill = fills ? 'default' : 'nothing'
  editColumn(scope.schema, id, number, ({ sequence: _sequence, default: _default, ...column }) => ({
    ...column,
    fill,
    ...(fills ? { default: expression } : {}),
    ...(sequence === undefined ? {} : { sequence: sequence.id }),
  }))
}

/** The sequence behind `nextval('orders_id_seq')`, however it is cast. */
export function sequenceOfNextval(scope: ChangeScope, expression: Node): SequenceRecord | undefined {
  const call = as<FuncCall>(expression, 'FuncCall')
  if (call === undefined || words(call.funcname).at(-1) !== 'nextval') return undefined
  const text = literalText(call.args?.[0])
  if (text === undefined) return undefined
  const name = nameFromWords(splitIdentifierList(text.replaceAll('.', ',')))
  const found = scope.schema.lookup(name, scope.path)
  return found?.kind === 'sequence' ? found : undefined
}

/** The sequence of a serial or identity column: `orders_id_seq`, owned by the column, which becomes NOT NULL. */
export function makeSequence(
  scope: ChangeScope,
  id: RelationId,
  number: number,
  fill: 'default' | 'identity',
  when?: string,
): void {
  const { schema } = scope
  const table = schema.relation(id) as TableRecord
  const owner = table.columns.find((column) => column.number === number)
  const columnName = owner?.name
  const sequence: SequenceRecord = {
    kind: 'sequence',
    type: owner === undefined ? 'bigint' : formatType(owner.type),
    id: schema.newId(),
    schema: table.schema,
    name: chooseName(table.name, columnName, 'seq', (name) => schema.at(table.schema, name) !== undefined),
    isNew: scope.isUnderReview,
    isKnown: true,
    ownedBy: { table: id, column: number },
  }
  schema.put(sequence)
  editTable(schema, id, (current) => ({ ...current, sequences: [...current.sequences, sequence.id] }))
  editColumn(schema, id, number, (column) => ({
    ...column,
    fill,
    sequence: sequence.id,
    ...(fill === 'identity' ? { identity: when === 'a' ? 'always' : 'by default' } : {}),
  }))
  if (columnName === undefined) return
  addConstraint(withoutReport(scope), id, { contype: 'CONSTR_NOTNULL' }, columnName, false)
}

/** Removes a column's sequence together with DROP IDENTITY or the column. */
export function dropSequence(scope: ChangeScope, sequence: SequenceRecord): void {
  scope.schema.remove(sequence)
  if (sequence.ownedBy === undefined) return
  const owner = scope.schema.find(sequence.ownedBy.table)
  if (owner === undefined) return
  editTable(scope.schema, owner.id, (table) => ({
    ...table,
    sequences: table.sequences.filter((other) => other !== sequence.id),
  }))
}

/** ALTER TABLE … ADD COLUMN, on the table and on what inherits from it. */
export function addColumnEverywhere(
  scope: ChangeScope,
  table: TableRecord,
  definition: ColumnDef,
  recurse: boolean,
): void {
  const name = definition.colname ?? ''
  if (columnByName(table, name) === undefined) {
    addColumn(scope, table.id, definition)
    const added = scope.schema.relation(table.id) as TableRecord
    const column = columnByName(added, name)
    if (column !== undefined) {
      scope.report?.(objectOf(added, scope.schema), !added.isNew, {
        type: 'add column',
        column: columnFacts(column),
      })
    }
  }
  if (!recurse) return
  for (const child of scope.schema.tables(table.children)) {
    addColumnEverywhere(withoutReport(scope), child, definition, true)
    if (table.kind === 'partitioned table') inheritForeignKeys(scope, child)
  }
}

/** The foreign key that came with a column is the partitioned table's; its partitions have children of it. */
function inheritForeignKeys(scope: ChangeScope, before: TableRecord): void {
  editTable(scope.schema, before.id, (partition) => ({
    ...partition,
    constraints: partition.constraints.map((one) =>
      one.kind === 'foreign key' && !before.constraints.some(({ name }) => name === one.name)
        ? { ...one, isInherited: true }
        : one,
    ),
  }))
}

function columnFacts(column: Column): ColumnFacts {
  return {
    name: column.name,
    type: formatType(column.type),
    notNull: column.notNull,
    filled: column.fill !== 'nothing',
  }
}
