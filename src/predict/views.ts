import type { CreateTableAsStmt, Node, RefreshMatViewStmt, ViewStmt } from '@pgsql/types'
import { relationName } from '../sql/names.ts'
import { readQuery } from '../sql/query.ts'
import { existsAt, placeOf, relationNamed } from '../sql/schema-scope.ts'
import type { PredictContext } from './context.ts'
import { planQuery, predictQuery, runQuery } from './dml.ts'

/** CREATE [OR REPLACE] VIEW: only names what it reads; replacing locks the view itself. */
export function predictView(context: PredictContext, node: object): void {
  const statement = node as ViewStmt
  if (statement.view === undefined) return
  const place = placeOf(context, statement.view)
  const existing = context.schema.at(place.schema, place.name)
  if (existing !== undefined) context.effects.lock(existing, 'AccessExclusiveLock', 'create or replace view')
  for (const range of readQuery(statement.query).reads) {
    const read = context.schema.table(relationName(range), context.path)
    if (read !== undefined) context.effects.lock(read, 'AccessShareLock', 'create view')
  }
}

/** CREATE TABLE AS and CREATE MATERIALIZED VIEW run their query. */
export function predictTableAs(context: PredictContext, node: object): void {
  const statement = node as CreateTableAsStmt
  const relation = statement.into?.rel
  if (relation === undefined) return
  if (statement.if_not_exists === true && existsAt(context, placeOf(context, relation))) return
  if (statement.query === undefined) return
  if (statement.into?.skipData === true) planQuery(context, statement.query)
  else predictQuery(context, statement.query)
}

/** REFRESH MATERIALIZED VIEW; CONCURRENTLY leaves readers alone, and may run in a transaction block. */
export function predictRefresh(context: PredictContext, node: object): void {
  const statement = node as RefreshMatViewStmt
  const view = relationNamed(context, statement.relation)
  if (view === undefined) return
  const query: Node | undefined = view.kind === 'materialized view' ? view.query : undefined
  const { effects } = context
  if (statement.concurrent === true) {
    effects.lock(view, 'ExclusiveLock', 'refresh matview concurrently')
    effects.scan(view, 'read', 'refresh matview concurrently')
  } else {
    effects.lock(view, 'AccessExclusiveLock', 'refresh matview')
    effects.rewrite(view, 'refresh', 'refresh matview')
    if (view.indexes.length > 0) effects.scan(view, 'rewrite', 'refresh matview')
  }
  if (query !== undefined && statement.skipData !== true) runQuery(context, query)
}
