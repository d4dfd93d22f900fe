import type { Constraint as ConstraintNode, Node } from '@pgsql/types'
import { words } from './ast.ts'
import { columnNumbers, columnsIn } from './column-references.ts'
import { readConditions, renumberConditions } from './conditions.ts'
import { chooseName } from './names.ts'
import { addChildIndexes, addIndex } from './schema-indexes.ts'
import type { Schema } from './schema.ts'
import {
  columnByName,
  columnByNumber,
  isIndex,
  type Constraint,
  type ForeignKey,
  type ForeignKeyAction,
  type IndexRecord,
  type RelationId,
  type TableRecord,
} from './schema-records.ts'
import { editTable, including, objectOf, partOf, tableNamed, type ChangeScope } from './schema-scope.ts'

/**
 * Adds a table or column constraint with the name that Postgres would choose, on the table and on what inherits
 * from it. `columns` are the words before which a column constraint stood.
 */
export function addConstraint(
  scope: ChangeScope,
  id: RelationId,
  node: ConstraintNode,
  columnName: string | undefined,
  recurse: boolean,
): void {
  const table = scope.schema.relation(id) as TableRecord
  const added = build(scope, table, node, columnName)
  if (added === undefined) return
  reportNotNull(scope, table, added)
  attach(scope.schema, id, added)
  scope.report?.(partOf(table, 'table constraint', added.name), false, { type: 'create' })
  if (!recurse || (added.kind === 'check' && added.isLocalOnly)) return
  passDown(scope, scope.schema.relation(id) as TableRecord, added)
}

/** A primary key makes its columns NOT NULL, too. */
function reportNotNull(scope: ChangeScope, table: TableRecord, added: Constraint): void {
  if (added.kind !== 'primary key' && added.kind !== 'not null') return
  for (const { number, name, notNull, isNew } of table.columns) {
    if (notNull || !added.columns.includes(number)) continue
    const existedBefore = !table.isNew && !isNew
    scope.report?.(objectOf(table, scope.schema), existedBefore, { type: 'set not null', column: name })
  }
}

function build(
  scope: ChangeScope,
  table: TableRecord,
  node: ConstraintNode,
  columnName: string | undefined,
): Constraint | undefined {
  switch (node.contype) {
    case 'CONSTR_NOTNULL':
      return buildNotNull(scope, table, node, columnName ?? words(node.keys)[0] ?? '')
    case 'CONSTR_CHECK':
      return buildCheck(scope, table, node, columnName)
    case 'CONSTR_FOREIGN':
      return buildForeignKey(scope, table, node, columnName)
    case 'CONSTR_PRIMARY':
    case 'CONSTR_UNIQUE':
    case 'CONSTR_EXCLUSION':
      return buildKey(scope, table, node, columnName)
    default:
      return undefined
  }
}

/** Puts a constraint into the table's record, and the consequences it has there and elsewhere. */
export function attach(schema: Schema, id: RelationId, constraint: Constraint): void {
  const makesNotNull = constraint.kind === 'primary key' || constraint.kind === 'not null'
  editTable(schema, id, (table) => {
    const constraints = [...table.constraints, constraint]
    if (!makesNotNull) return { ...table, constraints }
    const columns = table.columns.map((column) =>
      column.notNull || !constraint.columns.includes(column.number) ? column : { ...column, notNull: true },
    )
    return { ...table, constraints, columns }
  })
  if (constraint.kind !== 'foreign key') return
  editTable(schema, constraint.table, (table) => ({
    ...table,
    referencedBy: including(table.referencedBy, id),
  }))
}

function freeName(table: TableRecord, middle: string | undefined, label: string): string {
  return chooseName(table.name, middle, label, (name) =>
    table.constraints.some((constraint) => constraint.name === name),
  )
}

function buildNotNull(
  scope: ChangeScope,
  table: TableRecord,
  node: ConstraintNode,
  columnName: string,
): Constraint | undefined {
  const column = columnByName(table, columnName)
  if (column === undefined) return undefined
  const existing = notNullOn(table, column.number)
  if (existing !== undefined) return undefined
  return {
    kind: 'not null',
    name: node.conname ?? freeName(table, columnName, 'not_null'),
    columns: [column.number],
    isValidated: node.skip_validation !== true,
    isNew: scope.isUnderReview,
  }
}

export function notNullOn(table: TableRecord, column: number): Constraint | undefined {
  return table.constraints.find(
    (constraint) => constraint.kind === 'not null' && constraint.columns[0] === column,
  )
}

function buildCheck(
  scope: ChangeScope,
  table: TableRecord,
  node: ConstraintNode,
  columnName: string | undefined,
): Constraint {
  const columns = columnsIn(table, node.raw_expr)
  const single = columns.length === 1 ? columnByNumber(table, columns[0] ?? 0)?.name : undefined
  return {
    kind: 'check',
    name: node.conname ?? freeName(table, columnName ?? single, 'check'),
    columns,
    guarantees: readConditions(node.raw_expr, (name) => columnByName(table, name)?.number),
    isLocalOnly: node.is_no_inherit === true,
    isValidated: node.skip_validation !== true && node.is_enforced !== false,
    isNew: scope.isUnderReview,
  }
}

function buildForeignKey(
  scope: ChangeScope,
  table: TableRecord,
  node: ConstraintNode,
  columnName: string | undefined,
): ForeignKey | undefined {
  const referenced = tableNamed(scope, node.pktable)
  if (referenced === undefined) return undefined
  const names = columnName === undefined ? words(node.fk_attrs) : [columnName]
  const explicit = words(node.pk_attrs)
  return {
    kind: 'foreign key',
    name: node.conname ?? freeName(table, names.join('_'), 'fkey'),
    columns: columnNumbers(table, names),
    table: referenced.id,
    referencedColumns:
      explicit.length > 0 ? columnNumbers(referenced, explicit) : (primaryKeyOf(referenced)?.columns ?? []),
    isEnforced: node.is_enforced !== false,
    isValidated: node.skip_validation !== true && node.is_enforced !== false,
    isNew: scope.isUnderReview,
    onDelete: (node.fk_del_action ?? 'a') as ForeignKeyAction,
    onUpdate: (node.fk_upd_action ?? 'a') as ForeignKeyAction,
  }
}

function primaryKeyOf(table: TableRecord): Constraint | undefined {
  return table.constraints.find((constraint) => constraint.kind === 'primary key')
}

const keyKinds = {
  CONSTR_PRIMARY: { kind: 'primary key', label: 'pkey' },
  CONSTR_UNIQUE: { kind: 'unique', label: 'key' },
  CONSTR_EXCLUSION: { kind: 'exclusion', label: 'excl' },
} as const

function buildKey(
  scope: ChangeScope,
  table: TableRecord,
  node: ConstraintNode,
  columnName: string | undefined,
): Constraint | undefined {
  const { kind, label } = keyKinds[node.contype as keyof typeof keyKinds]
  const index =
    node.indexname === undefined
      ? buildKeyIndex(scope, table, node, columnName, label)
      : adoptIndex(scope, table, node.indexname, node.conname)
  if (index === undefined) return undefined
  scope.schema.put({ ...index, constraint: index.name })
  return {
    kind,
    name: index.name,
    columns: index.keys.filter((number) => number !== 0),
    index: index.id,
    isValidated: true,
    isNew: scope.isUnderReview,
  }
}

function buildKeyIndex(
  scope: ChangeScope,
  table: TableRecord,
  node: ConstraintNode,
  columnName: string | undefined,
  label: string,
): IndexRecord {
  const elements: { name: string | undefined; expr: Node | undefined }[] = []
  if (columnName !== undefined) elements.push({ name: columnName, expr: undefined })
  for (const name of words(node.keys)) elements.push({ name, expr: undefined })
  for (const exclusion of node.exclusions ?? []) elements.push(exclusionElement(exclusion))
  const keys = elements.map((element) =>
    element.name === undefined ? 0 : (columnByName(table, element.name)?.number ?? 0),
  )
  const included = columnNumbers(table, words(node.including))
  const expressions = elements.flatMap((element) => columnsIn(table, element.expr))
  const used = new Set([...keys, ...included, ...expressions, ...columnsIn(table, node.where_clause)])
  used.delete(0)
  const shape = {
    method: node.contype === 'CONSTR_EXCLUSION' ? (node.access_method ?? 'gist') : 'btree',
    keys,
    columns: [...used],
    included,
    isUnique: node.contype !== 'CONSTR_EXCLUSION',
    isPlain: !keys.includes(0) && node.where_clause === undefined,
    isPartial: node.where_clause !== undefined,
    nameParts: [...elements.map((element) => element.name ?? 'expr'), ...words(node.including)],
  }
  return addIndex(scope, table, shape, { name: node.conname, label })
}

function exclusionElement(exclusion: Node): { name: string | undefined; expr: Node | undefined } {
  const [element] = (exclusion as { List?: { items?: Node[] } }).List?.items ?? []
  const found = (element as { IndexElem?: { name?: string; expr?: Node } } | undefined)?.IndexElem
  return { name: found?.name, expr: found?.expr }
}

/** ADD CONSTRAINT … USING INDEX: the index takes the constraint's name. */
function adoptIndex(
  scope: ChangeScope,
  table: TableRecord,
  indexName: string,
  constraintName: string | undefined,
): IndexRecord | undefined {
  const index = scope.schema.at(table.schema, indexName)
  if (!isIndex(index)) return undefined
  const adopted = { ...index, name: constraintName ?? index.name }
  scope.schema.put(adopted)
  return adopted
}

/** Copies a new constraint to all tables that inherit from the one that got it. */
function passDown(scope: ChangeScope, table: TableRecord, constraint: Constraint): void {
  if ('index' in constraint) {
    const index = scope.schema.relation(constraint.index)
    if (isIndex(index)) addChildIndexes(scope, index, table)
  }
  copyToChildren(scope, table, constraint)
}

function copyToChildren(scope: ChangeScope, table: TableRecord, constraint: Constraint): void {
  for (const child of scope.schema.tables(table.children)) {
    const copy = copyToChild(scope, table, child, constraint)
    if (copy === undefined) continue
    attach(scope.schema, child.id, copy)
    copyToChildren(scope, scope.schema.relation(child.id) as TableRecord, copy)
  }
}

/**
 * The constraint as a child of the table has it; undefined when it has it already or does not inherit it
 * (keys of plain inheritance stay with the parent).
 */
export function copyToChild(
  scope: ChangeScope,
  parent: TableRecord,
  child: TableRecord,
  constraint: Constraint,
): Constraint | undefined {
  if (child.constraints.some((own) => own.name === constraint.name)) return undefined
  const renumber = (numbers: readonly number[]) =>
    columnNumbers(
      child,
      numbers.map((number) => columnByNumber(parent, number)?.name ?? ''),
    )
  const isPartition = parent.kind === 'partitioned table'
  const inherited = { columns: renumber(constraint.columns), isNew: scope.isUnderReview, isInherited: true }
  if (constraint.kind === 'not null') {
    const has = notNullOn(child, inherited.columns[0] ?? 0) !== undefined
    return has ? undefined : { ...constraint, ...inherited }
  }
  if (constraint.kind === 'check') {
    if (constraint.isLocalOnly) return undefined
    const guarantees = renumberConditions(constraint.guarantees, (number) => renumber([number])[0])
    return { ...constraint, ...inherited, guarantees }
  }
  if (!isPartition) return undefined
  if (constraint.kind === 'foreign key') return { ...constraint, ...inherited }
  const index = childIndexOf(scope.schema, constraint.index, child)
  if (index === undefined) return undefined
  scope.schema.put({ ...index, constraint: index.name })
  return { ...constraint, ...inherited, name: index.name, index: index.id }
}

function childIndexOf(schema: Schema, index: RelationId, child: TableRecord): IndexRecord | undefined {
  const parent = schema.find(index)
  if (!isIndex(parent)) return undefined
  return schema.indexes(parent.children).find((candidate) => candidate.table === child.id)
}
