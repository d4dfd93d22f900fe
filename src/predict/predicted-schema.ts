/**
 * A `SchemaCatalog` of what the migration files tell. Tables that no file creates are left out; so is what the files
 * cannot say, or the model does not keep: owners, grants, comments, NOT NULL as a constraint (see `CatalogColumn.notNull`).
 */
import type {
  CatalogColumn,
  CatalogConstraint,
  CatalogIndex,
  CatalogTable,
  SchemaCatalog,
} from '../core/model.ts'
import { words } from '../sql/ast.ts'
import { formatType } from '../sql/column-type.ts'
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
  type TableRecord,
  type ViewRecord,
} from '../sql/schema-records.ts'
import { fullName } from '../sql/schema-scope.ts'

export function catalogOf(schema: Schema): SchemaCatalog {
  const tables: CatalogTable[] = []
  for (const record of schema.allRelations()) {
    if (!record.isKnown || record.schema === temporarySchema) continue
    if (isTable(record)) tables.push(catalogTable(schema, record))
    else if (isView(record)) tables.push(catalogView(schema, record))
  }
  return { tables }
}

function catalogTable(schema: Schema, table: TableRecord): CatalogTable {
  const { id, name, kind, persistence } = table
  const parents = schema.tables(table.parents).map(fullName)
  const [parent] = parents
  const isPartition = table.partitionBound !== undefined
  return {
    id,
    schema: table.schema,
    name,
    kind,
    persistence: persistence === 'unlogged' ? 'unlogged' : 'permanent',
    columns: table.columns.map(catalogColumn),
    constraints: table.constraints.flatMap((one) => {
      const constraint = catalogConstraint(schema, table, one)
      return constraint === undefined ? [] : [constraint]
    }),
    indexes: schema.indexes(table.indexes).map((index) => catalogIndex(schema, table, index)),
    ...(isPartition && parent !== undefined ? { partitionOf: parent } : {}),
    ...(!isPartition && parents.length > 0 ? { inherits: parents } : {}),
  }
}

function catalogView(schema: Schema, view: ViewRecord): CatalogTable {
  const { id, name, kind } = view
  return {
    id,
    schema: view.schema,
    name,
    kind,
    isPartial: true,
    columns: [],
    constraints: [],
    indexes: schema.indexes(view.indexes).map((index) => catalogIndex(schema, view, index)),
  }
}

function catalogColumn({ name, number, type, notNull, collation, fill }: Column): CatalogColumn {
  return {
    name,
    number,
    type: formatType(type),
    notNull,
    ...(collation === undefined ? {} : { collation }),
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
    include: includedIn(table, index),
    ...(isPartial ? { predicate: expressionKey(predicate) ?? 'unknown' } : {}),
    ...(constraint === undefined ? {} : { constraint }),
    ...(parent === undefined ? {} : { partitionOf: fullName(parent) }),
  }
}

function keysOf(table: TableRecord | ViewRecord, { keys, elements = [] }: IndexRecord): CatalogIndex['keys'] {
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
    }
  })
}

function includedIn(
  table: TableRecord | ViewRecord,
  { keys, columns, isPlain }: IndexRecord,
): readonly string[] {
  if (!isPlain || !isTable(table)) return []
  return namesOf(
    table,
    columns.filter((number) => !keys.includes(number)),
  )
}
