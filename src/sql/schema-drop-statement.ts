import type { DropStmt, Node, ObjectWithArgs } from '@pgsql/types'
import { as, nameWords } from './ast.ts'
import { nameFromWords } from './names.ts'
import { functionsNamed } from './schema-functions.ts'
import { applyColumnDrop, applyDrop, planColumnDrop, planDrop } from './schema-drop.ts'
import {
  isTable,
  type Column,
  type RelationRecord,
  type TableRecord,
  type TypeRecord,
} from './schema-records.ts'
import { objectOf, partOf, type ChangeScope } from './schema-scope.ts'

/** Kinds of DROP that name relations, and what an unknown name then is. */
const relationKinds: ReadonlySet<string> = new Set([
  'OBJECT_TABLE',
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_INDEX',
  'OBJECT_SEQUENCE',
])

/** DROP … of every kind that the model keeps. */
export function drop(scope: ChangeScope, statement: DropStmt): void {
  const { removeType = 'OBJECT_TABLE', objects = [] } = statement
  if (relationKinds.has(removeType)) {
    reportUnknown(scope, statement)
    applyDrop(scope, planDrop(scope.schema, droppedRelations(scope, statement)))
    return
  }
  for (const object of objects) dropOther(scope, removeType, object)
}

/**
 * The relations that DROP names, as far as they are known. A table that no file creates is assumed to exist.
 */
export function droppedRelations(scope: ChangeScope, statement: DropStmt): RelationRecord[] {
  const found: RelationRecord[] = []
  for (const object of statement.objects ?? []) {
    const name = nameFromWords(nameWords(object))
    const known = scope.schema.lookup(name, scope.path)
    const isTableName = statement.removeType === 'OBJECT_TABLE'
    const assumed = isTableName ? scope.schema.table(name, scope.path, statement.missing_ok) : undefined
    const record = known ?? assumed
    if (record !== undefined && isOfKind(record, statement.removeType)) found.push(record)
  }
  return found
}

function isOfKind(record: RelationRecord, removeType: DropStmt['removeType']): boolean {
  switch (removeType) {
    case 'OBJECT_INDEX':
      return record.kind === 'index' || record.kind === 'partitioned index'
    case 'OBJECT_SEQUENCE':
      return record.kind === 'sequence'
    case 'OBJECT_VIEW':
      return record.kind === 'view'
    case 'OBJECT_MATVIEW':
      return record.kind === 'materialized view'
    default:
      return isTable(record)
  }
}

const unknownKinds = {
  OBJECT_INDEX: 'index',
  OBJECT_SEQUENCE: 'sequence',
  OBJECT_VIEW: 'view',
  OBJECT_MATVIEW: 'materialized view',
} as const

/** An index or view that no file creates: it exists, as far as we can tell. */
function reportUnknown(scope: ChangeScope, statement: DropStmt): void {
  const kind = unknownKinds[statement.removeType as keyof typeof unknownKinds]
  const isAbsent = statement.missing_ok === true && scope.schema.isComplete
  if (kind === undefined || isAbsent) return
  for (const object of statement.objects ?? []) {
    const name = nameFromWords(nameWords(object))
    if (scope.schema.lookup(name, scope.path) !== undefined || scope.report === undefined) continue
    scope.report({ kind, schema: name.schema ?? scope.path[0] ?? 'public', name: name.name }, true, {
      type: 'drop',
      cascaded: false,
    })
  }
}

function dropOther(scope: ChangeScope, removeType: string, object: Node): void {
  const path = nameWords(object)
  const name = nameFromWords(path)
  switch (removeType) {
    case 'OBJECT_SCHEMA':
      return dropSchema(scope, name.name)
    case 'OBJECT_TYPE':
    case 'OBJECT_DOMAIN':
      return dropType(scope, scope.schema.type(name, scope.path))
    case 'OBJECT_FUNCTION':
    case 'OBJECT_PROCEDURE':
    case 'OBJECT_ROUTINE': {
      const dropping = functionsNamed(scope, as<ObjectWithArgs>(object, 'ObjectWithArgs'))
      const [first] = dropping
      if (first === undefined) return
      const overloads = scope.schema.function({ schema: first.schema, name: first.name }, scope.path)
      scope.schema.putFunctions(
        first.schema,
        first.name,
        overloads.filter((one) => !dropping.includes(one)),
      )
      const kind = first.isProcedure ? 'procedure' : 'function'
      const dropped = { kind, schema: first.schema, name: first.name }
      return scope.report?.(dropped, !first.isNew, { type: 'drop', cascaded: false })
    }
    case 'OBJECT_TRIGGER':
    case 'OBJECT_POLICY':
    case 'OBJECT_RULE':
      return dropPart(scope, removeType, path)
    case 'OBJECT_EXTENSION':
      return scope.schema.removeExtension(name.name)
    case 'OBJECT_PUBLICATION':
      return scope.schema.removePublication(name.name)
    case 'OBJECT_STATISTIC_EXT': {
      const table = scope.schema.statisticsTable(name, scope.path)
      if (table === undefined) return
      const schema = name.schema ?? scope.path[0] ?? 'public'
      scope.schema.removeStatistics(schema, name.name)
      const dropped = { kind: 'statistics object', schema, name: name.name }
      return scope.report?.(dropped, true, { type: 'drop', cascaded: false })
    }
    default:
  }
}

const partKinds = { OBJECT_TRIGGER: 'trigger', OBJECT_POLICY: 'policy', OBJECT_RULE: 'rule' } as const

function dropPart(scope: ChangeScope, removeType: string, path: readonly string[]): void {
  const part = path.at(-1) ?? ''
  const record = scope.schema.table(nameFromWords(path.slice(0, -1)), scope.path)
  if (record === undefined) return
  const kind = partKinds[removeType as keyof typeof partKinds]
  const trigger = record.triggers.find((one) => one.name === part)
  const existedBefore = trigger === undefined ? !record.isNew : !trigger.isNew
  scope.report?.(partOf(record, kind, part), existedBefore, { type: 'drop', cascaded: false })
  if (kind === 'policy' && isTable(record)) {
    scope.schema.put({ ...record, policies: record.policies.filter(({ name }) => name !== part) })
  }
  if (kind !== 'trigger') return
  const targets = isTable(record) ? scope.schema.withDescendants(record) : [record]
  for (const target of targets) {
    scope.schema.put({ ...target, triggers: target.triggers.filter((one) => one.name !== part) })
  }
}

/** The relations of a schema, for DROP SCHEMA … CASCADE. */
export function relationsIn(scope: ChangeScope, schemaName: string): RelationRecord[] {
  return [...scope.schema.allRelations()].filter((record) => record.schema === schemaName)
}

function dropSchema(scope: ChangeScope, name: string): void {
  const { schema } = scope
  const isNew = schema.isNewSchema(name)
  scope.report?.({ kind: 'schema', schema: '', name }, isNew !== true, { type: 'drop', cascaded: false })
  const plan = planDrop(schema, relationsIn(scope, name))
  applyDrop(scope, {
    named: [],
    parts: plan.named.filter(isOwnedSequence),
    cascaded: [...plan.named.filter((record) => !isOwnedSequence(record)), ...plan.cascaded],
    foreignKeys: plan.foreignKeys,
  })
  for (const type of [...schema.allTypes()]) if (type.schema === name) schema.removeType(type)
  schema.removeSchema(name)
}

function isOwnedSequence(record: RelationRecord): boolean {
  return record.kind === 'sequence' && record.ownedBy !== undefined
}

/** DROP TYPE … CASCADE drops the columns of that type. */
function dropType(scope: ChangeScope, type: TypeRecord | undefined): void {
  if (type === undefined) return
  scope.schema.removeType(type)
  const object = { kind: 'type', schema: type.schema, name: type.name }
  scope.report?.(object, !type.isNew, { type: 'drop', cascaded: false })
  for (const { table, columns } of columnsOfType(scope, type)) {
    for (const column of columns) {
      const current = scope.schema.find(table.id)
      if (!isTable(current)) continue
      scope.report?.(objectOf(current, scope.schema), !current.isNew, {
        type: 'drop column',
        column: column.name,
      })
      applyColumnDrop(scope, current, column.number, planColumnDrop(scope.schema, current, column.number))
    }
  }
}

/** Tables with columns of a type that the files created. */
export function columnsOfType(
  scope: ChangeScope,
  type: Pick<TypeRecord, 'schema' | 'name'>,
): readonly { readonly table: TableRecord; readonly columns: readonly Column[] }[] {
  return [...scope.schema.allRelations()].filter(isTable).flatMap((table) => {
    const columns = table.columns.filter(
      (column) => column.type.schema === type.schema && column.type.name === type.name,
    )
    return columns.length === 0 ? [] : [{ table, columns }]
  })
}
