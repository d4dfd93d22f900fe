import type { ClusterStmt, DefElem, Node, ReindexStmt, VacuumRelation, VacuumStmt } from '@pgsql/types'
import { allOf, literalText } from '../sql/ast.ts'
import { creationSchema, relationName } from '../sql/names.ts'
import {
  isIndex,
  isTable,
  type IndexRecord,
  type RelationRecord,
  type TableRecord,
  type ViewRecord,
} from '../sql/schema-records.ts'
import { relationNamed } from '../sql/schema-scope.ts'
import type { PredictContext } from './context.ts'
import { knownForm, refuseInBlock } from './known-forms.ts'

/** VACUUM and ANALYZE. */
export function predictVacuum(context: PredictContext, node: object): void {
  const statement = node as VacuumStmt
  const tables = vacuumed(context, statement)
  if (statement.is_vacuumcmd !== true) return analyze(context, tables, (statement.rels?.length ?? 0) > 0)
  if (refuseInBlock(context, 'VACUUM')) return
  const isFull = isOn(statement.options, 'full')
  const form = knownForm(isFull ? 'VACUUM FULL' : 'VACUUM')
  for (const table of tables) {
    context.effects.knownLock(table, isFull ? 'AccessExclusiveLock' : 'ShareUpdateExclusiveLock', form)
    if (!isFull || table.kind === 'partitioned table') continue
    context.effects.rewrite(table, 'vacuum full', 'vacuum full')
    context.effects.scan(table, 'rewrite', 'vacuum full')
  }
}

function analyze(
  context: PredictContext,
  tables: readonly (TableRecord | ViewRecord)[],
  isNamed: boolean,
): void {
  // in no transaction block, each of several tables has a transaction of its own (vacuum, vacuum.c)
  const commits = !context.inTransactionBlock && (tables.length > 1 || !isNamed)
  for (const table of tables) {
    // PG 14 samples inheriting tables under their parent's ANALYZE without a lock of their own
    const isSample = isTable(table) && table.parents.length > 0 && table.partitionBound === undefined
    const mode =
      isNamed && isSample && context.serverMajor < 18 ? 'AccessShareLock' : 'ShareUpdateExclusiveLock'
    if (commits) context.effects.knownLock(table, mode, knownForm('ANALYZE of several tables'))
    else context.effects.lock(table, mode, 'analyze')
  }
}

function vacuumed(context: PredictContext, statement: VacuumStmt): (TableRecord | ViewRecord)[] {
  const named = allOf<VacuumRelation>(statement.rels, 'VacuumRelation')
  if (named.length === 0) {
    return [...context.schema.allRelations()].filter(
      (record): record is TableRecord | ViewRecord =>
        (isTable(record) && record.kind !== 'foreign table') || record.kind === 'materialized view',
    )
  }
  return named.flatMap(({ relation }): (TableRecord | ViewRecord)[] => {
    const found = relationNamed(context, relation)
    if (found === undefined) return []
    return isTable(found) ? context.schema.withDescendants(found) : [found]
  })
}

function isOn(options: readonly Node[] | undefined, name: string): boolean {
  const option = allOf<DefElem>(options, 'DefElem').find(({ defname }) => defname === name)
  if (option === undefined) return false
  return option.arg === undefined || !['false', 'off', '0'].includes(literalText(option.arg) ?? '')
}

/** CLUSTER. */
export function predictCluster(context: PredictContext, node: object): void {
  const statement = node as ClusterStmt
  if (statement.relation === undefined) {
    refuseInBlock(context, 'CLUSTER')
    return
  }
  const table = relationNamed(context, statement.relation)
  if (table === undefined) return
  context.effects.lock(table, 'AccessExclusiveLock', 'cluster using')
  context.effects.rewrite(table, 'cluster', 'cluster using')
  context.effects.scan(table, 'rewrite', 'cluster using')
}

/** REINDEX. */
export function predictReindex(context: PredictContext, node: object): void {
  const statement = node as ReindexStmt
  const isConcurrent = isOn(statement.params, 'concurrently')
  const { kind } = statement
  if (isConcurrent && refuseInBlock(context, 'REINDEX CONCURRENTLY')) return
  if (kind === 'REINDEX_OBJECT_INDEX') return reindexIndex(context, statement, isConcurrent)
  if (kind === 'REINDEX_OBJECT_TABLE') {
    const table = relationNamed(context, statement.relation)
    if (table === undefined) return
    if (table.kind === 'partitioned table' && refuseInBlock(context, 'REINDEX TABLE')) return
    return reindexTable(context, table, isConcurrent, table.kind === 'partitioned table')
  }
  const word = (kind ?? '').slice('REINDEX_OBJECT_'.length)
  if (!isConcurrent && refuseInBlock(context, `REINDEX ${word}`)) return
  for (const record of [...context.schema.allRelations()]) {
    const isMeant = kind !== 'REINDEX_OBJECT_SCHEMA' || record.schema === statement.name
    if (isMeant && record.kind === 'table') reindexTable(context, record, isConcurrent, true)
  }
}

function reindexIndex(context: PredictContext, statement: ReindexStmt, isConcurrent: boolean): void {
  if (statement.relation === undefined) return
  const { effects, schema } = context
  const name = relationName(statement.relation)
  const index = schema.lookup(name, context.path)
  const source = isConcurrent ? knownForm('REINDEX INDEX CONCURRENTLY') : 'reindex index'
  if (!isIndex(index)) {
    const place = { schema: name.schema ?? creationSchema(context.path), name: name.name }
    effects.lockUnknownIndex(place, 'AccessExclusiveLock', source, isConcurrent ? 'statement' : 'commit')
    return
  }
  const table = schema.find(index.table)
  if (table === undefined) return
  if (index.kind === 'partitioned index') return reindexPartitionedIndex(context, index, table, isConcurrent)
  if (isConcurrent) {
    effects.knownLock(table, 'ShareUpdateExclusiveLock', source)
    effects.knownLock(index, 'AccessExclusiveLock', source)
  } else {
    effects.lock(table, 'ShareLock', source)
    effects.lock(index, 'AccessExclusiveLock', source)
  }
  effects.rewrite(index, 'reindex', source)
  effects.scan(table, 'build index', source)
}

/** One transaction for each index of a partition (ReindexPartitions, indexcmds.c). */
function reindexPartitionedIndex(
  context: PredictContext,
  index: IndexRecord,
  table: RelationRecord,
  isConcurrent: boolean,
): void {
  const { effects, schema } = context
  if (!isConcurrent && refuseInBlock(context, 'REINDEX INDEX')) return
  const mode = isConcurrent ? 'ShareUpdateExclusiveLock' : 'ShareLock'
  const source = knownForm(
    isConcurrent ? 'REINDEX INDEX CONCURRENTLY' : 'REINDEX INDEX of a partitioned index',
  )
  effects.knownLock(table, mode, source)
  for (const child of schema.indexes(index.children)) {
    const part = schema.find(child.table)
    if (part === undefined) continue
    if (child.kind === 'partitioned index') {
      reindexPartitionedIndex(context, child, part, isConcurrent)
      continue
    }
    effects.knownLock(part, mode, source)
    effects.knownLock(child, 'AccessExclusiveLock', source)
    effects.rewrite(child, 'reindex', source)
    effects.scan(part, 'build index', source)
  }
}

function reindexTable(
  context: PredictContext,
  table: RelationRecord,
  isConcurrent: boolean,
  commits: boolean,
): void {
  const { effects, schema } = context
  if (isTable(table) && table.kind === 'partitioned table') {
    const form = isConcurrent ? 'REINDEX TABLE CONCURRENTLY' : 'REINDEX SCHEMA/DATABASE'
    effects.knownLock(table, isConcurrent ? 'ShareUpdateExclusiveLock' : 'ShareLock', knownForm(form))
    for (const child of schema.tables(table.children)) reindexTable(context, child, isConcurrent, true)
    return
  }
  const form = isConcurrent
    ? 'REINDEX TABLE CONCURRENTLY'
    : commits
      ? 'REINDEX SCHEMA/DATABASE'
      : 'reindex table'
  const source = isConcurrent || commits ? knownForm(form) : form
  if (isConcurrent) effects.knownLock(table, 'ShareUpdateExclusiveLock', source)
  else if (commits) effects.knownLock(table, 'ShareLock', source)
  else effects.lock(table, 'ShareLock', source)
  const indexes = isTable(table) || table.kind === 'materialized view' ? schema.indexes(table.indexes) : []
  for (const index of indexes) {
    if (isConcurrent || commits) effects.knownLock(index, 'AccessExclusiveLock', source)
    else effects.lock(index, 'AccessExclusiveLock', source)
    effects.rewrite(index, 'reindex', source)
  }
  if (indexes.length > 0 || !(isTable(table) && table.isKnown)) effects.scan(table, 'build index', source)
}
