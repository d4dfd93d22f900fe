import type { ColumnRef, Node } from '@pgsql/types'
import type { Production } from '../core/production.ts'
import type { QueryCatalog, QueryIndex, QueryTable } from '../core/query-catalog.ts'
import { as, columnPath, words } from '../sql/ast.ts'
import { formatType } from '../sql/column-type.ts'
import { expressionKey } from '../sql/expression-key.ts'
import { temporarySchema } from '../sql/names.ts'
import { columnsIn } from '../sql/query-nodes.ts'
import {
  columnByName,
  columnByNumber,
  isTable,
  isView,
  type IndexRecord,
  type RelationRecord,
  type TableRecord,
  type ViewRecord,
} from '../sql/schema-records.ts'
import type { Schema } from '../sql/schema.ts'
import { withRows } from './rows.ts'

/**
 * The schema as the migrations tell it, for runs without a server. Columns of views are not known, and an expression of
 * an index that cannot be printed, or whose column has another name by now, is left out: its key has neither column nor expression then.
 */
export function predictedCatalog(
  schema: Schema,
  production?: Production,
  searchPath: readonly string[] = ['public'],
): QueryCatalog {
  const tables: QueryTable[] = []
  for (const record of schema.allRelations()) {
    const table = toTable(schema, record)
    if (table !== undefined) tables.push(withRows(table, production))
  }
  return { tables, searchPath }
}

function toTable(schema: Schema, record: RelationRecord): QueryTable | undefined {
  if (record.schema === temporarySchema || !(isTable(record) || isView(record))) return undefined
  const { kind, name, indexes } = record
  return {
    schema: record.schema,
    name,
    kind,
    columns: isTable(record)
      ? record.columns.map((column) => ({
          name: column.name,
          type: formatType(column.type),
          notNull: column.notNull,
        }))
      : [],
    indexes: schema.indexes(indexes).map((index) => toIndex(record, index)),
  }
}

function toIndex(table: TableRecord | ViewRecord, index: IndexRecord): QueryIndex {
  const { name, method, isUnique, isPartial, predicate } = index
  return {
    name,
    method,
    unique: isUnique,
    keys: keysOf(table, index),
    ...(isPartial ? { predicate: expressionKey(predicate) ?? 'unknown' } : {}),
  }
}

function keysOf(table: TableRecord | ViewRecord, { keys, elements = [] }: IndexRecord): QueryIndex['keys'] {
  const count = Math.max(keys.length, elements.length)
  return Array.from({ length: count }, (_, at) => {
    const [number, element] = [keys[at] ?? 0, elements[at]]
    const column = isTable(table) ? columnByNumber(table, number)?.name : element?.name
    const expression = column === undefined ? expressionOf(table, element?.expr) : undefined
    const operatorClass = words(element?.opclass).at(-1)
    return {
      ...(column === undefined ? {} : { column }),
      ...(expression === undefined ? {} : { expression }),
      ...(operatorClass === undefined ? {} : { operatorClass }),
    }
  })
}

/** Undefined also where a column has got another name since the index was made. */
function expressionOf(table: TableRecord | ViewRecord, node: Node | undefined): string | undefined {
  const columns = columnsIn(node).map((column) => columnPath(as<ColumnRef>(column, 'ColumnRef') ?? {}).at(-1))
  const isCurrent = !isTable(table) || columns.every((name) => columnByName(table, name ?? '') !== undefined)
  return isCurrent ? expressionKey(node) : undefined
}
