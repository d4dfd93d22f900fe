import type { ColumnRef, CreateTableAsStmt, Node, RangeVar, ViewStmt } from '@pgsql/types'
import { columnPath, unwrap, walk } from './ast.ts'
import { relationName } from './names.ts'
import { readQuery } from './query.ts'
import {
  columnByName,
  hasDependents,
  isTable,
  type RelationId,
  type TableRecord,
  type ViewRead,
  type ViewRecord,
} from './schema-records.ts'
import { setOptions } from './schema-properties.ts'
import { existsAt, including, objectOf, placeOf, without, type ChangeScope } from './schema-scope.ts'

/** CREATE [OR REPLACE] VIEW. */
export function createView(scope: ChangeScope, statement: ViewStmt): void {
  if (statement.view === undefined) return
  const place = placeOf(scope, statement.view)
  const existing = scope.schema.at(place.schema, place.name)
  if (existing?.kind === 'view') {
    // OR REPLACE takes the options from the new statement (DefineVirtualRelation, view.c)
    const { query: _query, options: _options, ...kept } = existing
    unlinkReads(scope, existing)
    link(scope, { ...kept, reads: readsOf(scope, statement.query), ...queryOf(statement.query) })
    setOptions(scope, existing.id, statement.options)
    scope.report?.(objectOf(existing, scope.schema), !existing.isNew, { type: 'alter' })
    return
  }
  const view = newView(scope, 'view', place, statement.query)
  setOptions(scope, view.id, statement.options)
  scope.report?.(objectOf(view, scope.schema), false, { type: 'create' })
}

/** CREATE MATERIALIZED VIEW. */
export function createMaterializedView(scope: ChangeScope, statement: CreateTableAsStmt): void {
  const relation = statement.into?.rel
  if (relation === undefined) return
  const place = placeOf(scope, relation)
  if (statement.if_not_exists === true && existsAt(scope, place)) return
  const view = newView(scope, 'materialized view', place, statement.query)
  scope.report?.(objectOf(view, scope.schema), false, { type: 'create' })
}

function newView(
  scope: ChangeScope,
  kind: ViewRecord['kind'],
  place: { schema: string; name: string },
  query: Node | undefined,
): ViewRecord {
  const view: ViewRecord = {
    kind,
    id: scope.schema.newId(),
    ...place,
    isNew: scope.isUnderReview,
    isKnown: true,
    indexes: [],
    readers: [],
    triggers: [],
    rules: [],
    reads: readsOf(scope, query),
    ...queryOf(query),
  }
  link(scope, view)
  return view
}

function queryOf(query: Node | undefined): { query?: Node } {
  return query === undefined ? {} : { query }
}

function link(scope: ChangeScope, view: ViewRecord): void {
  scope.schema.put(view)
  for (const read of view.reads) {
    const record = scope.schema.find(read.relation)
    if (hasDependents(record)) scope.schema.put({ ...record, readers: including(record.readers, view.id) })
  }
}

/** Takes a view out of the lists of what it reads. */
export function unlinkReads(scope: Pick<ChangeScope, 'schema'>, view: ViewRecord): void {
  for (const read of view.reads) {
    const record = scope.schema.find(read.relation)
    if (hasDependents(record)) scope.schema.put({ ...record, readers: without(record.readers, view.id) })
  }
}

/** What a view reads, and which columns of it for certain. */
function readsOf(scope: ChangeScope, query: Node | undefined): readonly ViewRead[] {
  const columns = new Map<RelationId, Set<number>>()
  const byAlias = new Map<string, TableRecord>()
  for (const range of readQuery(query).reads) {
    const record = scope.schema.table(relationName(range), scope.path)
    if (record === undefined) continue
    columns.set(record.id, columns.get(record.id) ?? new Set())
    if (isTable(record)) byAlias.set(aliasOf(range), record)
  }
  walk(query, (tag, value) => {
    if (tag === 'ColumnRef') attribute(value as ColumnRef, byAlias, columns)
  })
  return [...columns].map(([relation, numbers]) => ({ relation, columns: [...numbers] }))
}

function aliasOf(range: RangeVar): string {
  return range.alias?.aliasname ?? range.relname ?? ''
}

/** Adds a reference to the columns of the one table that it can mean. */
function attribute(
  reference: ColumnRef,
  byAlias: ReadonlyMap<string, TableRecord>,
  columns: ReadonlyMap<RelationId, Set<number>>,
): void {
  const path = columnPath(reference)
  const isStar = unwrap(reference.fields?.at(-1))?.tag === 'A_Star'
  const qualifier = isStar ? path.at(-1) : path.at(-2)
  const named = qualifier === undefined ? undefined : byAlias.get(qualifier)
  const candidates = qualifier === undefined ? [...byAlias.values()] : named === undefined ? [] : [named]
  if (isStar) {
    for (const table of candidates)
      for (const column of table.columns) columns.get(table.id)?.add(column.number)
    return
  }
  const name = path.at(-1) ?? ''
  const owners = candidates.filter((table) => columnByName(table, name) !== undefined)
  const [owner] = owners
  if (owner === undefined || owners.length > 1) return
  const column = columnByName(owner, name)
  if (column !== undefined) columns.get(owner.id)?.add(column.number)
}
