/**
 * A `SchemaCatalog` of what the migration files tell. Tables that no file creates are left out; so is what the files
 * cannot say, or the model does not keep: owners, grants, comments, NOT NULL as a constraint (see `CatalogColumn.notNull`).
 */
import type {
  CatalogColumn,
  CatalogConstraint,
  CatalogIndex,
  CatalogPolicy,
  CatalogTable,
  CatalogTrigger,
  SchemaCatalog,
} from '../core/model.ts'
import type { IndexElem } from '@pgsql/types'
import { words } from '../sql/ast.ts'
import { expressionKey } from '../sql/expression-key.ts'
import { temporarySchema } from '../sql/names.ts'
import type { Schema } from '../sql/schema.ts'
import {
  columnByNumber,
  isTable,
  isView,
  type Column,
  type Constraint,
  type ForeignKeyAction,
  type IndexRecord,
  type PolicyRecord,
  type TableRecord,
  type Trigger,
  type ViewRecord,
} from '../sql/schema-records.ts'
import { fullName } from '../sql/schema-scope.ts'
import { otherObjects, typeName } from './predicted-objects.ts'

export function catalogOf(schema: Schema): SchemaCatalog {
  const tables: CatalogTable[] = []
  for (const record of schema.allRelations()) {
    if (!record.isKnown || record.schema === temporarySchema) continue
    if (isTable(record)) tables.push(catalogTable(schema, record))
    else if (isView(record)) tables.push(catalogView(schema, record))
  }
  return { tables, ...otherObjects(schema) }
}

function catalogTable(schema: Schema, table: TableRecord): CatalogTable {
  const { id, name, kind, persistence, hasUnknownColumns = false, options = [] } = table
  const parents = schema.tables(table.parents).map(fullName)
  const [parent] = parents
  const isPartition = table.partitionBound !== undefined
  const isForeign = kind === 'foreign table'
  return {
    id,
    schema: table.schema,
    name,
    kind,
    ...(hasUnknownColumns ? { isPartial: true } : {}),
    persistence: persistence === 'unlogged' ? 'unlogged' : 'permanent',
    columns: table.columns.map(catalogColumn),
    constraints: table.constraints.flatMap((one) => {
      const constraint = catalogConstraint(schema, table, one)
      return constraint === undefined ? [] : [constraint]
    }),
    indexes: schema.indexes(table.indexes).map((index) => catalogIndex(schema, table, index)),
    triggers: [...table.triggers.map(catalogTrigger), ...(table.disabledKeys ?? []).map(disabledKey)],
    policies: table.policies.map(catalogPolicy),
    ...(isForeign ? {} : { rowSecurity: table.rowSecurity ?? { enabled: false, forced: false } }),
    ...(isForeign ? {} : { replicaIdentity: replicaIdentity(schema, table) }),
    options,
    ...(isPartition && parent !== undefined ? { partitionOf: parent } : {}),
    ...(!isPartition && parents.length > 0 ? { inherits: parents } : {}),
  }
}

/** Without its index, USING INDEX is like NOTHING (RelationGetIndexList, relcache.c). */
function replicaIdentity(
  schema: Schema,
  { replicaIdentity: said }: TableRecord,
): NonNullable<CatalogTable['replicaIdentity']> {
  if (said === undefined) return 'default'
  if (typeof said === 'string') return said
  const index = schema.find(said.index)
  return index === undefined ? 'nothing' : { index: index.name }
}

function catalogTrigger(trigger: Trigger): CatalogTrigger {
  const { name, firing, calls, isConstraint = false, isInherited = false } = trigger
  return {
    name,
    enabled: firing ?? 'enabled',
    ...(calls === undefined ? {} : { function: calls }),
    ...(isConstraint ? { isConstraint } : {}),
    isInherited,
  }
}

/** Its triggers have names with the numbers of the database. */
function disabledKey(constraint: string): CatalogTrigger {
  return { name: 'RI_ConstraintTrigger', enabled: 'disabled', constraint }
}

function catalogPolicy({
  name,
  isPermissive,
  command,
  roles,
  using,
  withCheck,
}: PolicyRecord): CatalogPolicy {
  return {
    name,
    isPermissive,
    command,
    roles,
    ...(using === undefined ? {} : { using: expressionKey(using) ?? 'unknown' }),
    ...(withCheck === undefined ? {} : { withCheck: expressionKey(withCheck) ?? 'unknown' }),
  }
}

function catalogView(schema: Schema, view: ViewRecord): CatalogTable {
  const { id, name, kind, options = [] } = view
  return {
    id,
    schema: view.schema,
    name,
    kind,
    isPartial: true,
    columns: [],
    constraints: [],
    indexes: schema.indexes(view.indexes).map((index) => catalogIndex(schema, view, index)),
    triggers: view.triggers.map(catalogTrigger),
    options,
  }
}

function catalogColumn(column: Column): CatalogColumn {
  const { name, number, type, notNull, collation, fill, identity } = column
  return {
    name,
    number,
    type: typeName(type),
    notNull,
    ...(collation === undefined ? {} : { collation: collation.split('.').at(-1) ?? collation }),
    ...(fill === 'default' ? { default: expressionKey(column.default) ?? 'unknown' } : {}),
    ...(fill === 'identity' ? { identity: identity ?? 'by default' } : {}),
    ...(fill === 'stored' || fill === 'virtual' ? { generated: { kind: fill } } : {}),
  }
}

function namesOf(table: TableRecord | undefined, numbers: readonly number[]): readonly string[] {
  if (table === undefined) return []
  return numbers.flatMap((number) => columnByNumber(table, number)?.name ?? [])
}

function catalogConstraint(
  schema: Schema,
  table: TableRecord,
  constraint: Constraint,
): CatalogConstraint | undefined {
  const { kind, name, isValidated, isInherited = false } = constraint
  if (kind === 'not null') return undefined
  const plain = { name, kind, columns: namesOf(table, constraint.columns), isValidated, isInherited }
  if (kind === 'check') return { ...plain, isEnforced: true }
  if (kind !== 'foreign key') {
    const index = schema.find(constraint.index)?.name
    return { ...plain, isEnforced: true, ...(index === undefined ? {} : { index }) }
  }
  const referenced = schema.find(constraint.table)
  return {
    ...plain,
    isEnforced: constraint.isEnforced,
    references: {
      table: referenced === undefined ? '' : fullName(referenced),
      columns: namesOf(isTable(referenced) ? referenced : undefined, constraint.referencedColumns),
      onDelete: actions[constraint.onDelete],
      onUpdate: actions[constraint.onUpdate],
    },
  }
}

const actions: Readonly<Record<ForeignKeyAction, NonNullable<CatalogConstraint['references']>['onDelete']>> =
  {
    a: 'no action',
    r: 'restrict',
    c: 'cascade',
    n: 'set null',
    d: 'set default',
  }

function catalogIndex(schema: Schema, table: TableRecord | ViewRecord, index: IndexRecord): CatalogIndex {
  const { id, name, method, isUnique, isPartial, predicate, constraint, kind } = index
  const parent = index.parent === undefined ? undefined : schema.find(index.parent)
  const partitions = isTable(table) ? schema.tables(table.children) : []
  return {
    id,
    schema: index.schema,
    name,
    method,
    isUnique,
    // ON ONLY a partitioned table: until every partition has got its own
    isValid: kind === 'index' || index.children.length >= partitions.length,
    keys: keysOf(table, index),
    include: isTable(table) ? namesOf(table, index.included ?? []) : [],
    ...(isPartial ? { predicate: expressionKey(predicate) ?? 'unknown' } : {}),
    ...(constraint === undefined ? {} : { constraint }),
    ...(parent === undefined ? {} : { partitionOf: fullName(parent) }),
  }
}

/** Descending puts NULLs first, unless said otherwise. */
function orderingOf(element: IndexElem | undefined): { isDescending: boolean; nullsFirst: boolean } {
  const isDescending = element?.ordering === 'SORTBY_DESC'
  const said = element?.nulls_ordering
  const nullsFirst = said === 'SORTBY_NULLS_FIRST' || (isDescending && said !== 'SORTBY_NULLS_LAST')
  return { isDescending, nullsFirst }
}

function keysOf(
  table: TableRecord | ViewRecord,
  { keys, elements = [], method }: IndexRecord,
): CatalogIndex['keys'] {
  const count = Math.max(keys.length, elements.length)
  return Array.from({ length: count }, (_, at) => {
    const [number, element] = [keys[at] ?? 0, elements[at]]
    const column = isTable(table) ? columnByNumber(table, number)?.name : element?.name
    const expression = column === undefined ? expressionKey(element?.expr) : undefined
    const operatorClass = words(element?.opclass).at(-1)
    const collation = words(element?.collation).at(-1)
    return {
      ...(column === undefined ? {} : { column }),
      ...(expression === undefined ? {} : { expression }),
      ...(operatorClass === undefined ? {} : { operatorClass }),
      ...(collation === undefined ? {} : { collation }),
      ...(method === 'btree' ? orderingOf(element) : {}),
    }
  })
}
