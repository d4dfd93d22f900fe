import type { IndexStmt } from '@pgsql/types'
import { findEqualIndex, readIndexShape } from '../sql/schema-indexes.ts'
import { isTable } from '../sql/schema-records.ts'
import { relationNamed } from '../sql/schema-scope.ts'
import { targets, type PredictContext } from './context.ts'
import { knownForm, refuseInBlock } from './known-forms.ts'

/** CREATE INDEX, also of materialized views and partitioned tables. */
export function predictCreateIndex(context: PredictContext, node: object): void {
  const statement = node as IndexStmt
  const table = relationNamed(context, statement.relation)
  if (table === undefined) return
  if (statement.concurrent === true) return createConcurrently(context, statement)
  const exists =
    statement.if_not_exists === true &&
    statement.idxname !== undefined &&
    context.schema.at(table.schema, statement.idxname) !== undefined
  if (exists) {
    context.effects.lock(table, 'ShareLock', 'create index if not exists (exists)')
    return
  }
  if (!isTable(table) || table.kind !== 'partitioned table') {
    context.effects.lock(table, 'ShareLock', 'create index')
    context.effects.scan(table, 'build index', 'create index')
    return
  }
  const shape = readIndexShape(table, statement)
  for (const part of targets(context, statement.relation)) {
    context.effects.lock(part, 'ShareLock', 'create index on partitioned')
    // a partition's own equal index is taken as it is
    const isAdopted = findEqualIndex(context.schema, shape, table, part) !== undefined
    if (!isAdopted) context.effects.scan(part, 'build index', 'create index on partitioned')
  }
}

function createConcurrently(context: PredictContext, statement: IndexStmt): void {
  const table = relationNamed(context, statement.relation)
  if (table === undefined || refuseInBlock(context, 'CREATE INDEX CONCURRENTLY')) return
  if (table.kind === 'partitioned table') {
    const message = `cannot create index on partitioned table "${table.name}" concurrently`
    context.effects.fail('0A000', message, knownForm('CREATE INDEX CONCURRENTLY'))
    return
  }
  const exists =
    statement.if_not_exists === true && context.schema.at(table.schema, statement.idxname ?? '') !== undefined
  const form = exists ? 'CREATE INDEX CONCURRENTLY IF NOT EXISTS, exists' : 'CREATE INDEX CONCURRENTLY'
  context.effects.knownLock(table, 'ShareUpdateExclusiveLock', knownForm(form))
  if (!exists) context.effects.scan(table, 'build index', 'create index concurrently')
}
