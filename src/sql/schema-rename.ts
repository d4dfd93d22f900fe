import type { AlterObjectSchemaStmt, RenameStmt } from '@pgsql/types'
import { nameWords } from './ast.ts'
import { nameFromWords, relationName } from './names.ts'
import type { ObjectName } from '../core/model.ts'
import {
  columnByName,
  hasDependents,
  isIndex,
  isTable,
  type RelationRecord,
  type TableRecord,
} from './schema-records.ts'
import { editColumn, editTable, objectOf, partOf, relationNamed, type ChangeScope } from './schema-scope.ts'

/** ALTER … RENAME. */
export function rename(scope: ChangeScope, statement: RenameStmt): void {
  const { subname = '', newname = '' } = statement
  switch (statement.renameType) {
    case 'OBJECT_COLUMN':
      return renameColumn(scope, statement, subname, newname)
    case 'OBJECT_TABCONSTRAINT':
      return renameConstraint(scope, statement, subname, newname)
    case 'OBJECT_TRIGGER':
    case 'OBJECT_POLICY':
    case 'OBJECT_RULE':
      return renamePart(scope, statement, subname, newname)
    case 'OBJECT_SCHEMA':
      return renameSchema(scope, subname, newname)
    case 'OBJECT_TYPE':
    case 'OBJECT_DOMAIN':
      return renameType(scope, statement, newname)
    case 'OBJECT_FUNCTION':
    case 'OBJECT_PROCEDURE':
    case 'OBJECT_ROUTINE':
      return renameFunction(scope, statement, newname)
    default:
      return renameRelation(scope, statement, newname)
  }
}

function renameRelation(scope: ChangeScope, statement: RenameStmt, to: string): void {
  const { schema } = scope
  if (statement.relation === undefined) return
  const name = relationName(statement.relation)
  const found = schema.lookup(name, scope.path)
  const record =
    found ??
    (statement.renameType === 'OBJECT_TABLE'
      ? schema.table(name, scope.path, statement.missing_ok)
      : undefined)
  if (record === undefined) return
  scope.report?.(objectOf(record, schema), !record.isNew, { type: 'rename', from: record.name, to })
  if (isIndex(record) && record.constraint !== undefined) {
    const table = schema.relation(record.table)
    if (isTable(table)) renameConstraintIn(scope, table, record.constraint, to)
    return
  }
  schema.put({ ...record, name: to } as RelationRecord)
}

function renameColumn(scope: ChangeScope, statement: RenameStmt, from: string, to: string): void {
  const record = relationNamed(scope, statement.relation, statement.missing_ok)
  if (record === undefined) return
  const column = isTable(record) ? columnByName(record, from) : undefined
  const existedBefore = !record.isNew && column?.isNew !== true
  scope.report?.(objectOf(record, scope.schema), existedBefore, { type: 'rename column', from, to })
  if (!isTable(record)) return
  for (const table of scope.schema.withDescendants(record)) {
    const own = columnByName(table, from)
    if (own !== undefined) {
      editColumn(scope.schema, table.id, own.number, (one) => ({ ...one, name: to }))
    }
  }
}

function renameConstraint(scope: ChangeScope, statement: RenameStmt, from: string, to: string): void {
  const table = relationNamed(scope, statement.relation)
  if (!isTable(table)) return
  const constraint = table.constraints.find((one) => one.name === from)
  const existedBefore = constraint === undefined ? !table.isNew : !constraint.isNew
  scope.report?.(partOf(table, 'table constraint', from), existedBefore, { type: 'rename', from, to })
  renameConstraintIn(scope, table, from, to)
}

/** A key's index has the name of its constraint, and follows it. */
function renameConstraintIn(scope: ChangeScope, table: TableRecord, from: string, to: string): void {
  editTable(scope.schema, table.id, (current) => ({
    ...current,
    constraints: current.constraints.map((one) => (one.name === from ? { ...one, name: to } : one)),
  }))
  for (const index of scope.schema.indexes(table.indexes)) {
    if (index.constraint === from) scope.schema.put({ ...index, name: to, constraint: to })
  }
  for (const child of scope.schema.tables(table.children)) {
    if (child.constraints.some((one) => one.name === from && one.isInherited === true)) {
      renameConstraintIn(scope, child, from, to)
    }
  }
}

const partKinds = { OBJECT_TRIGGER: 'trigger', OBJECT_POLICY: 'policy', OBJECT_RULE: 'rule' } as const

function renamePart(scope: ChangeScope, statement: RenameStmt, from: string, to: string): void {
  const record = relationNamed(scope, statement.relation)
  if (record === undefined) return
  const kind = partKinds[statement.renameType as keyof typeof partKinds]
  scope.report?.(partOf(record, kind, from), !record.isNew, { type: 'rename', from, to })
  if (kind === 'policy' && isTable(record)) {
    const policies = record.policies.map((one) => (one.name === from ? { ...one, name: to } : one))
    scope.schema.put({ ...record, policies })
  }
  if (kind !== 'trigger') return
  const triggers = record.triggers.map((one) => (one.name === from ? { ...one, name: to } : one))
  scope.schema.put({ ...record, triggers })
}

function renameSchema(scope: ChangeScope, from: string, to: string): void {
  const { schema } = scope
  const isNew = schema.isNewSchema(from)
  scope.report?.({ kind: 'schema', schema: '', name: from }, isNew !== true, { type: 'rename', from, to })
  if (isNew !== undefined) {
    schema.removeSchema(from)
    schema.putSchema(to, isNew)
  }
  for (const record of [...schema.allRelations()]) {
    if (record.schema === from) schema.put({ ...record, schema: to } as RelationRecord)
  }
  for (const type of [...schema.allTypes()]) {
    if (type.schema !== from) continue
    schema.removeType(type)
    schema.putType({ ...type, schema: to })
  }
}

function renameType(scope: ChangeScope, statement: RenameStmt, to: string): void {
  const name = nameFromWords(nameWords(statement.object))
  const type = scope.schema.type(name, scope.path)
  const object: ObjectName = {
    kind: 'type',
    schema: type?.schema ?? name.schema ?? 'public',
    name: name.name,
  }
  scope.report?.(object, type?.isNew !== true, { type: 'rename', from: name.name, to })
  if (type === undefined) return
  scope.schema.removeType(type)
  scope.schema.putType({ ...type, name: to })
  retypeColumns(scope, type, { ...type, name: to })
}

/** Columns keep the type under its new name. */
function retypeColumns(
  scope: ChangeScope,
  from: { schema: string; name: string },
  to: { schema: string; name: string },
): void {
  for (const record of [...scope.schema.allRelations()]) {
    if (!isTable(record)) continue
    const uses = (type: { schema: string; name: string }) =>
      type.schema === from.schema && type.name === from.name
    if (!record.columns.some((column) => uses(column.type))) continue
    editTable(scope.schema, record.id, (current) => ({
      ...current,
      columns: current.columns.map((column) =>
        uses(column.type)
          ? { ...column, type: { ...column.type, schema: to.schema, name: to.name } }
          : column,
      ),
    }))
  }
}

function renameFunction(scope: ChangeScope, statement: RenameStmt, to: string): void {
  const name = nameFromWords(nameWords(statement.object))
  const overloads = scope.schema.function(name, scope.path)
  const [first] = overloads
  const object: ObjectName = {
    kind: first?.isProcedure === true ? 'procedure' : 'function',
    schema: first?.schema ?? name.schema ?? 'public',
    name: name.name,
  }
  scope.report?.(object, first?.isNew !== true, { type: 'rename', from: name.name, to })
  if (first === undefined) return
  scope.schema.putFunctions(first.schema, first.name, [])
  scope.schema.putFunctions(
    first.schema,
    to,
    overloads.map((one) => ({ ...one, name: to })),
  )
}

/** ALTER … SET SCHEMA. Indexes and owned sequences move along. */
export function setSchema(scope: ChangeScope, statement: AlterObjectSchemaStmt): void {
  const to = statement.newschema ?? ''
  if (statement.objectType === 'OBJECT_TYPE' || statement.objectType === 'OBJECT_DOMAIN') {
    const type = scope.schema.type(nameFromWords(nameWords(statement.object)), scope.path)
    if (type === undefined) return
    const object: ObjectName = { kind: 'type', schema: type.schema, name: type.name }
    scope.report?.(object, !type.isNew, { type: 'move schema', from: type.schema, to })
    scope.schema.removeType(type)
    scope.schema.putType({ ...type, schema: to })
    retypeColumns(scope, type, { schema: to, name: type.name })
    return
  }
  if (statement.relation === undefined) return
  const name = relationName(statement.relation)
  const record =
    scope.schema.lookup(name, scope.path) ?? scope.schema.table(name, scope.path, statement.missing_ok)
  if (record === undefined) return
  scope.report?.(objectOf(record, scope.schema), !record.isNew, {
    type: 'move schema',
    from: record.schema,
    to,
  })
  scope.schema.put({ ...record, schema: to } as RelationRecord)
  const followers = hasDependents(record) ? [...record.indexes] : []
  if (isTable(record)) followers.push(...record.sequences)
  for (const id of followers) {
    const follower = scope.schema.find(id)
    if (follower !== undefined) scope.schema.put({ ...follower, schema: to } as RelationRecord)
  }
}
