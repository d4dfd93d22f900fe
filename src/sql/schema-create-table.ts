import type {
  ColumnDef,
  ColumnRef,
  Constraint as ConstraintNode,
  CreateStmt,
  CreateTableAsStmt,
  Node,
  RangeVar,
  ResTarget,
  SelectStmt,
  TableLikeClause,
} from '@pgsql/types'
import { allOf, as, columnPath, unwrap } from './ast.ts'
import { relationName } from './names.ts'
import { addColumn, withoutReport } from './schema-columns.ts'
import { addConstraint, attach } from './schema-constraints.ts'
import { addIndex, shapeOf } from './schema-indexes.ts'
import { setOptions } from './schema-properties.ts'
import { inherit, readPartitionBound, readPartitionKey } from './schema-partitions.ts'
import { emptyTable } from './schema.ts'
import { columnByName, isTable, type Column, type RelationId, type TableRecord } from './schema-records.ts'
import { editTable, existsAt, objectOf, placeOf, tableNamed, type ChangeScope } from './schema-scope.ts'

/** CREATE TABLE, CREATE FOREIGN TABLE. */
export function createTable(scope: ChangeScope, statement: CreateStmt, isForeign = false): void {
  const { relation } = statement
  if (relation === undefined) return
  const place = placeOf(scope, relation)
  if (statement.if_not_exists === true && existsAt(scope, place)) return
  const id = addEmptyTable(scope, place, relation, isForeign)
  const silent = withoutReport(scope)
  const parents = allOf<RangeVar>(statement.inhRelations, 'RangeVar')
  for (const parent of parents) copyColumns(silent, tableNamed(scope, parent), id)
  addElements(silent, id, statement)
  if (statement.ofTypename !== undefined) {
    const name = allOf<{ sval?: string }>(statement.ofTypename.names, 'String').at(-1)?.sval ?? ''
    editTable(scope.schema, id, (current) => ({ ...current, ofType: name, hasUnknownColumns: true }))
  }
  const { partspec, partbound } = statement
  if (partspec !== undefined) {
    editTable(scope.schema, id, (table) => ({
      ...table,
      kind: 'partitioned table',
      partitionKey: readPartitionKey(table, partspec),
    }))
  }
  addTableConstraints(silent, id, statement)
  setOptions(scope, id, statement.options)
  for (const parent of parents) {
    const found = tableNamed(scope, parent)
    if (found === undefined) continue
    inherit(silent, found.id, id, partbound === undefined ? undefined : readPartitionBound(partbound))
  }
  scope.report?.(objectOf(scope.schema.relation(id), scope.schema), false, { type: 'create' })
}

function addEmptyTable(
  scope: ChangeScope,
  place: { schema: string; name: string },
  relation: RangeVar,
  isForeign: boolean,
): RelationId {
  const id = scope.schema.newId()
  const persistences = { t: 'temporary', u: 'unlogged' } as const
  scope.schema.put({
    ...emptyTable(id, place.schema, place.name),
    kind: isForeign ? 'foreign table' : 'table',
    isNew: scope.isUnderReview,
    isKnown: true,
    persistence: persistences[relation.relpersistence as 't' | 'u'] ?? 'permanent',
  })
  return id
}

function addElements(scope: ChangeScope, id: RelationId, statement: CreateStmt): void {
  for (const element of statement.tableElts ?? []) {
    const definition = as<ColumnDef>(element, 'ColumnDef')
    if (definition !== undefined) {
      const table = scope.schema.relation(id) as TableRecord
      if (columnByName(table, definition.colname ?? '') === undefined) addColumn(scope, id, definition)
      else addConstraintsOfColumn(scope, id, definition)
    }
    const like = as<TableLikeClause>(element, 'TableLikeClause')
    if (like !== undefined) copyLike(scope, id, like)
  }
}

/** A column that is inherited or comes from a type: only its constraints are new. */
function addConstraintsOfColumn(scope: ChangeScope, id: RelationId, definition: ColumnDef): void {
  for (const constraint of allOf<ConstraintNode>(definition.constraints, 'Constraint')) {
    addConstraint(scope, id, validated(constraint), definition.colname, false)
  }
}

function addTableConstraints(scope: ChangeScope, id: RelationId, statement: CreateStmt): void {
  const constraints = [
    ...allOf<ConstraintNode>(statement.tableElts, 'Constraint'),
    ...allOf<ConstraintNode>(statement.constraints, 'Constraint'),
    ...allOf<ConstraintNode>(statement.nnconstraints, 'Constraint'),
  ]
  for (const constraint of constraints) addConstraint(scope, id, validated(constraint), undefined, false)
}

/** A new table has no rows to check: NOT VALID in CREATE TABLE means nothing (transformCheckConstraints). */
function validated(constraint: ConstraintNode): ConstraintNode {
  return constraint.skip_validation === true ? { ...constraint, skip_validation: false } : constraint
}

/** Copies columns of a parent or template that the table does not have yet. */
function copyColumns(scope: ChangeScope, from: TableRecord | undefined, id: RelationId): void {
  if (from === undefined || !from.isKnown || from.hasUnknownColumns === true) {
    editTable(scope.schema, id, (table) => ({ ...table, hasUnknownColumns: true }))
  }
  if (from === undefined) return
  editTable(scope.schema, id, (table) => {
    const columns: Column[] = [...table.columns]
    let { nextColumn } = table
    for (const column of from.columns) {
      if (columns.some((own) => own.name === column.name)) continue
      columns.push({ ...column, number: nextColumn, isNew: scope.isUnderReview })
      nextColumn += 1
    }
    return { ...table, columns, nextColumn }
  })
}

/** Bits of TableLikeOption (parsenodes.h). */
const likeOption = { constraints: 4, defaults: 8, generated: 16, identity: 32, indexes: 64 }

function copyLike(scope: ChangeScope, id: RelationId, like: TableLikeClause): void {
  const from = tableNamed(scope, like.relation)
  if (from === undefined) return copyColumns(scope, undefined, id)
  const options = like.options ?? 0
  copyColumns(scope, from, id)
  editTable(scope.schema, id, (table) => ({
    ...table,
    columns: table.columns.map((column) =>
      columnByName(from, column.name) === undefined ? column : withLikeOptions(column, options),
    ),
  }))
  const table = scope.schema.relation(id) as TableRecord
  for (const constraint of from.constraints) {
    const isCopied =
      constraint.kind === 'not null' ||
      (constraint.kind === 'check' && (options & likeOption.constraints) !== 0)
    if (isCopied) attach(scope.schema, id, { ...constraint, isNew: scope.isUnderReview })
  }
  if ((options & likeOption.indexes) === 0) return
  for (const index of scope.schema.indexes(from.indexes)) {
    const nameParts = index.keys.map(
      (number) => from.columns.find((column) => column.number === number)?.name ?? 'expr',
    )
    const constraint = from.constraints.find((one) => 'index' in one && one.index === index.id)
    const label = constraint === undefined ? 'idx' : constraint.kind === 'primary key' ? 'pkey' : 'key'
    const copy = addIndex(scope, table, shapeOf(index, nameParts), { name: undefined, label })
    if (constraint === undefined || !('index' in constraint)) continue
    scope.schema.put({ ...copy, constraint: copy.name })
    attach(scope.schema, id, { ...constraint, name: copy.name, index: copy.id, isNew: scope.isUnderReview })
  }
}

function withLikeOptions(column: Column, options: number): Column {
  const needed = {
    nothing: -1,
    default: likeOption.defaults,
    identity: likeOption.identity,
    stored: likeOption.generated,
    virtual: likeOption.generated,
  }[column.fill]
  if ((options & needed) !== 0) return column
  const { sequence: _sequence, default: _default, identity: _identity, ...rest } = column
  return { ...rest, fill: 'nothing' }
}

/** CREATE TABLE AS and SELECT INTO; columns are known as far as the query names those of known tables. */
export function createTableAs(scope: ChangeScope, statement: CreateTableAsStmt): void {
  const relation = statement.into?.rel
  if (relation === undefined) return
  const place = placeOf(scope, relation)
  if (statement.if_not_exists === true && existsAt(scope, place)) return
  const id = addEmptyTable(scope, place, relation, false)
  const query = as<SelectStmt>(statement.query, 'SelectStmt')
  const columns = query === undefined ? [] : selectedColumns(scope, query)
  editTable(scope.schema, id, (current) => ({
    ...current,
    columns: columns.map((column, position) => ({
      ...column,
      number: position + 1,
      isNew: scope.isUnderReview,
    })),
    nextColumn: columns.length + 1,
    hasUnknownColumns: true,
  }))
  scope.report?.(objectOf(scope.schema.relation(id), scope.schema), false, { type: 'create' })
}

function selectedColumns(scope: ChangeScope, query: SelectStmt): Column[] {
  const sources: TableRecord[] = []
  for (const range of allOf<RangeVar>(query.fromClause, 'RangeVar')) {
    const found = scope.schema.lookup(relationName(range), scope.path)
    if (isTable(found)) sources.push(found)
  }
  const columns: Column[] = []
  for (const target of allOf<ResTarget>(query.targetList, 'ResTarget')) {
    if (isStar(target.val)) {
      for (const source of sources)
        for (const column of source.columns) columns.push(plain(column, column.name))
      continue
    }
    const reference = as<ColumnRef>(target.val, 'ColumnRef')
    const referenced = reference === undefined ? undefined : columnPath(reference).at(-1)
    const found = sources
      .map((source) => columnByName(source, referenced ?? ''))
      .find((column) => column !== undefined)
    const name = target.name ?? referenced ?? '?column?'
    const unknown = { schema: '', name: 'unknown', modifiers: [], isArray: false }
    columns.push(
      found === undefined
        ? { number: 0, name, type: unknown, notNull: false, fill: 'nothing', isNew: true }
        : plain(found, name),
    )
  }
  return columns
}

function plain(column: Column, name: string): Column {
  return { number: 0, name, type: column.type, notNull: false, fill: 'nothing', isNew: true }
}

function isStar(node: Node | undefined): boolean {
  const reference = as<ColumnRef>(node, 'ColumnRef')
  return unwrap(reference?.fields?.at(-1))?.tag === 'A_Star'
}
