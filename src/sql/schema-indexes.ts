import type { IndexElem, IndexStmt, Node } from '@pgsql/types'
import { allOf, columnPath, unwrap, words } from './ast.ts'
import { columnNumbers, columnsIn } from './column-references.ts'
import { chooseName } from './names.ts'
import type { Schema } from './schema.ts'
import {
  columnByName,
  columnByNumber,
  hasDependents,
  isTable,
  type IndexParts,
  type IndexRecord,
  type TableRecord,
  type ViewRecord,
} from './schema-records.ts'
import { including, objectOf, relationNamed, type ChangeScope } from './schema-scope.ts'

/** What is known of an index before it has a name and a place. */
export interface IndexShape extends IndexParts {
  /** What ChooseIndexNameAddition() joins: column names, `expr` for expressions. */
  readonly nameParts: readonly string[]
}

/** CREATE INDEX. Gives the index it made, or undefined when IF NOT EXISTS found one. */
export function createIndex(scope: ChangeScope, statement: IndexStmt): IndexRecord | undefined {
  const table = relationNamed(scope, statement.relation)
  if (table === undefined) return undefined
  const { idxname } = statement
  if (idxname !== undefined && scope.schema.at(table.schema, idxname) !== undefined) return undefined
  const index = addIndex(scope, table, readIndexShape(table, statement), { name: idxname, label: 'idx' })
  if (statement.relation?.inh === true && isTable(table)) addChildIndexes(scope, index, table)
  scope.report?.(objectOf(index, scope.schema), false, { type: 'create' })
  return index
}

export function readIndexShape(table: TableRecord | ViewRecord, statement: IndexStmt): IndexShape {
  const keys = allOf<IndexElem>(statement.indexParams, 'IndexElem')
  const included = allOf<IndexElem>(statement.indexIncludingParams, 'IndexElem')
  const hasExpression = keys.some((key) => key.expr !== undefined)
  const isPartial = statement.whereClause !== undefined
  const shape = {
    method: statement.accessMethod ?? 'btree',
    isUnique: statement.unique === true,
    isPlain: !hasExpression && !isPartial,
    isPartial,
    elements: keys,
    ...(statement.whereClause === undefined ? {} : { predicate: statement.whereClause }),
    nameParts: distinctNames([...keys, ...included].map(indexColumnName)),
  }
  if (!isTable(table)) return { ...shape, keys: [], columns: [] }
  const keyNumbers = keys.map((key) =>
    key.name === undefined ? 0 : (columnByName(table, key.name)?.number ?? 0),
  )
  const includedNumbers = columnNumbers(
    table,
    included.map((column) => column.name ?? ''),
  )
  const used = new Set<number>([
    ...keyNumbers,
    ...includedNumbers,
    ...keys.flatMap((key) => columnsIn(table, key.expr)),
    ...columnsIn(table, statement.whereClause),
  ])
  used.delete(0)
  return { ...shape, keys: keyNumbers, columns: [...used], included: includedNumbers }
}

/** Makes an index on one table and links it there. */
export function addIndex(
  scope: ChangeScope,
  table: TableRecord | ViewRecord,
  shape: IndexShape,
  naming: { readonly name: string | undefined; readonly label: string },
  parent?: IndexRecord,
): IndexRecord {
  const { schema } = scope
  const isTaken = (name: string) => schema.at(table.schema, name) !== undefined
  const middle = naming.label === 'pkey' ? undefined : shape.nameParts.join('_')
  const plain: IndexRecord = {
    method: shape.method,
    keys: shape.keys,
    columns: shape.columns,
    isUnique: shape.isUnique,
    isPlain: shape.isPlain,
    isPartial: shape.isPartial,
    ...(shape.included === undefined ? {} : { included: shape.included }),
    ...(shape.elements === undefined ? {} : { elements: shape.elements }),
    ...(shape.predicate === undefined ? {} : { predicate: shape.predicate }),
    kind: table.kind === 'partitioned table' ? 'partitioned index' : 'index',
    id: schema.newId(),
    schema: table.schema,
    name: naming.name ?? chooseName(table.name, middle, naming.label, isTaken),
    isNew: scope.isUnderReview,
    isKnown: true,
    table: table.id,
    children: [],
  }
  const index = parent === undefined ? plain : { ...plain, parent: parent.id }
  schema.put(index)
  if (parent !== undefined) linkIndexes(schema, parent, index)
  const owner = schema.relation(table.id)
  if (hasDependents(owner)) schema.put({ ...owner, indexes: including(owner.indexes, index.id) })
  return index
}

function linkIndexes(schema: Schema, parent: IndexRecord, child: IndexRecord): void {
  const current = schema.relation(parent.id) as IndexRecord
  schema.put({ ...current, children: including(current.children, child.id) })
}

/** Gives every partition below the table an index under this one, adopting equal ones (DefineIndex). */
export function addChildIndexes(scope: ChangeScope, index: IndexRecord, table: TableRecord): void {
  if (table.kind !== 'partitioned table') return
  for (const child of scope.schema.tables(table.children)) addChildIndex(scope, index, table, child)
}

/** Gives one partition its share of the parent's index; says whether it had to be built. */
export function addChildIndex(
  scope: ChangeScope,
  index: IndexRecord,
  parent: TableRecord,
  child: TableRecord,
): { readonly built: boolean } {
  const { schema } = scope
  const equal = findEqualIndex(schema, index, parent, child)
  if (equal !== undefined) {
    schema.put({ ...equal, parent: index.id })
    linkIndexes(schema, index, equal)
    return { built: false }
  }
  const shape = shapeForChild(index, parent, child)
  const label = index.constraint === undefined ? 'idx' : index.name.endsWith('_pkey') ? 'pkey' : 'key'
  const made = addIndex(scope, child, shape, { name: undefined, label }, index)
  addChildIndexes(scope, made, schema.relation(child.id) as TableRecord)
  return { built: true }
}

/** An index of the partition that can serve as its part of the parent's (CompareIndexInfo). */
export function findEqualIndex(
  schema: Schema,
  index: Omit<IndexShape, 'nameParts'> & Pick<IndexRecord, 'constraint'>,
  parent: TableRecord,
  child: TableRecord,
): IndexRecord | undefined {
  const wanted = columnNames(parent, index.keys).join('\u0000')
  return schema
    .indexes(child.indexes)
    .find(
      (candidate) =>
        candidate.parent === undefined &&
        candidate.isPlain &&
        index.isPlain &&
        candidate.isUnique === index.isUnique &&
        candidate.method === index.method &&
        candidate.columns.length === index.columns.length &&
        columnNames(child, candidate.keys).join('\u0000') === wanted &&
        (index.constraint === undefined || candidate.constraint !== undefined),
    )
}

function shapeForChild(index: IndexRecord, parent: TableRecord, child: TableRecord): IndexShape {
  const translate = (numbers: readonly number[]) =>
    numbers.map((number) => {
      const name = columnByNumber(parent, number)?.name
      return name === undefined ? 0 : (columnByName(child, name)?.number ?? 0)
    })
  const shape = shapeOf(index, distinctNames(columnNames(parent, index.keys)))
  return {
    ...shape,
    keys: translate(index.keys),
    columns: translate(index.columns),
    included: translate(index.included ?? []),
  }
}

/** What an index is made of, without its name and place. */
export function shapeOf(index: IndexRecord, nameParts: readonly string[]): IndexShape {
  const { method, keys, columns, isUnique, isPlain, isPartial, included, elements, predicate } = index
  return {
    method,
    keys,
    columns,
    isUnique,
    isPlain,
    isPartial,
    nameParts,
    ...(included === undefined ? {} : { included }),
    ...(elements === undefined ? {} : { elements }),
    ...(predicate === undefined ? {} : { predicate }),
  }
}

function columnNames(table: TableRecord, numbers: readonly number[]): string[] {
  return numbers.map((number) => columnByNumber(table, number)?.name ?? 'expr')
}

function distinctNames(names: readonly string[]): string[] {
  const seen: string[] = []
  for (const name of names) {
    let candidate = name
    for (let attempt = 1; seen.includes(candidate); attempt += 1) candidate = `${name}${attempt}`
    seen.push(candidate)
  }
  return seen
}

function indexColumnName(element: IndexElem): string {
  return element.name ?? expressionName(element.expr) ?? 'expr'
}

/** What an expression is called when nothing else names it (FigureIndexColname, parse_target.c). */
function expressionName(node: Node | undefined): string | undefined {
  const wrapped = unwrap(node)
  const value = wrapped?.value as Record<string, unknown> | undefined
  switch (wrapped?.tag) {
    case 'FuncCall':
      return words(value?.['funcname'] as Node[]).at(-1)
    case 'ColumnRef':
      return columnPath(value as { fields?: Node[] }).at(-1)
    case 'TypeCast':
      return (
        expressionName(value?.['arg'] as Node) ??
        words((value?.['typeName'] as { names?: Node[] })?.names).at(-1)
      )
    case 'CollateClause':
      return expressionName(value?.['arg'] as Node)
    case 'CoalesceExpr':
      return 'coalesce'
    case 'CaseExpr':
      return expressionName(value?.['defresult'] as Node) ?? 'case'
    default:
      return undefined
  }
}
