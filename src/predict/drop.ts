import type { DropStmt, Node } from '@pgsql/types'
import type { LockMode } from '../core/model.ts'
import { nameWords } from '../sql/ast.ts'
import { creationSchema, nameFromWords } from '../sql/names.ts'
import { planDrop } from '../sql/schema-drop.ts'
import { columnsOfType, droppedRelations, relationsIn } from '../sql/schema-drop-statement.ts'
import { defaultPartition } from '../sql/schema-partitions.ts'
import {
  hasDependents,
  isIndex,
  isTable,
  type IndexRecord,
  type RelationRecord,
  type TableRecord,
} from '../sql/schema-records.ts'
import { partitionsBelow, type PredictContext } from './context.ts'
import { dropForeignKey, lockWithPartitions } from './foreign-keys.ts'
import { knownForm, refuseInBlock } from './known-forms.ts'

/** DROP of everything that locks relations. */
export function predictDrop(context: PredictContext, node: object): void {
  const statement = node as DropStmt
  switch (statement.removeType) {
    case 'OBJECT_INDEX':
      return dropIndexes(context, statement)
    case 'OBJECT_TABLE':
    case 'OBJECT_FOREIGN_TABLE':
    case 'OBJECT_VIEW':
    case 'OBJECT_MATVIEW':
    case 'OBJECT_SEQUENCE':
      return dropRelations(context, droppedRelations(context, statement), statement)
    case 'OBJECT_SCHEMA':
      for (const object of statement.objects ?? []) {
        const [name = ''] = nameWords(object)
        dropRelations(context, relationsIn(context, name), statement)
      }
      return
    case 'OBJECT_TRIGGER':
    case 'OBJECT_POLICY':
    case 'OBJECT_RULE':
      return dropParts(context, statement)
    case 'OBJECT_STATISTIC_EXT':
      return dropStatistics(context, statement)
    case 'OBJECT_TYPE':
    case 'OBJECT_DOMAIN':
      return dropTypes(context, statement)
    case 'OBJECT_FUNCTION':
      return dropFunctions(context, statement)
    default:
  }
}

function dropRelations(context: PredictContext, roots: readonly RelationRecord[], statement: DropStmt): void {
  const plan = planDrop(context.schema, roots)
  const isCascade = statement.behavior === 'DROP_CASCADE'
  for (const record of [...plan.named, ...plan.parts]) lockDropped(context, record, isCascade)
  for (const record of isCascade ? plan.cascaded : []) lockDropped(context, record, isCascade)
  if (!isCascade) return
  for (const { table, constraint } of plan.foreignKeys) {
    dropForeignKey(context, table, constraint, 'drop table referenced cascade')
  }
}

function lockDropped(context: PredictContext, record: RelationRecord, isCascade: boolean): void {
  const { effects, schema } = context
  effects.lock(record, 'AccessExclusiveLock', `drop ${record.kind}`)
  if (record.kind === 'sequence' && isCascade) return lockDefaults(context, record.id)
  if (!isTable(record)) return
  for (const constraint of record.constraints) {
    // the triggers on the referenced table belong to the partitioned table's own constraint
    if (constraint.kind !== 'foreign key' || constraint.isInherited === true) continue
    const referenced = schema.find(constraint.table)
    if (!isTable(referenced)) continue
    const source = 'drop table referencing (FK holder)'
    for (const part of partitionsBelow(context, referenced)) {
      effects.lock(part, 'AccessExclusiveLock', source)
    }
    // before PG 15 the partitioned table itself keeps no trigger for the key
    const isUntouched = referenced.kind === 'partitioned table' && context.serverMajor < 15
    if (!isUntouched) effects.lock(referenced, 'AccessExclusiveLock', source)
  }
  if (record.partitionBound === undefined) return
  for (const parent of schema.tables(record.parents)) {
    effects.lock(parent, 'AccessExclusiveLock', 'drop partition')
    const fallback = defaultPartition(context, parent)
    if (fallback !== undefined) effects.lock(fallback, 'AccessExclusiveLock', 'drop partition')
  }
}

/** DROP SEQUENCE … CASCADE takes the defaults that draw from it. */
function lockDefaults(context: PredictContext, sequence: number): void {
  const record = context.schema.find(sequence)
  const owner = record?.kind === 'sequence' ? record.ownedBy?.table : undefined
  const table = owner === undefined ? undefined : context.schema.find(owner)
  if (table !== undefined) context.effects.lock(table, 'AccessExclusiveLock', 'drop sequence cascade')
}

function dropIndexes(context: PredictContext, statement: DropStmt): void {
  const isConcurrent = statement.concurrent === true
  if (isConcurrent && refuseInBlock(context, 'DROP INDEX CONCURRENTLY')) return
  for (const object of statement.objects ?? []) dropIndex(context, object, statement)
}

function dropIndex(context: PredictContext, object: Node, statement: DropStmt): void {
  const name = nameFromWords(nameWords(object))
  const { effects, schema } = context
  const found = schema.lookup(name, context.path)
  const isConcurrent = statement.concurrent === true
  const source = isConcurrent ? knownForm('DROP INDEX CONCURRENTLY') : 'drop index'
  // refused, also with CASCADE: the constraint requires it (findDependentObjects, dependency.c)
  if (isIndex(found) && found.constraint !== undefined) return
  if (isIndex(found)) return lockIndexDrop(context, found, isConcurrent, source)
  if (found !== undefined || (statement.missing_ok === true && schema.isComplete)) return
  const place = { schema: name.schema ?? creationSchema(context.path), name: name.name }
  effects.lockUnknownIndex(place, 'AccessExclusiveLock', source, isConcurrent ? 'statement' : 'commit')
}

function lockIndexDrop(
  context: PredictContext,
  index: IndexRecord,
  isConcurrent: boolean,
  source: string,
): void {
  const { effects, schema } = context
  const table = schema.find(index.table)
  if (isConcurrent) {
    if (table !== undefined) effects.knownLock(table, 'ShareUpdateExclusiveLock', source)
    effects.knownLock(index, 'AccessExclusiveLock', source)
    return
  }
  if (hasDependents(table)) {
    effects.lock(table, 'AccessExclusiveLock', source)
    for (const part of isTable(table) ? partitionsBelow(context, table) : []) {
      effects.lock(part, 'AccessExclusiveLock', source)
    }
  }
  effects.lock(index, 'AccessExclusiveLock', source)
}

/** DROP TRIGGER, POLICY and RULE: the name's last word is the part, the rest the relation. */
function dropParts(context: PredictContext, statement: DropStmt): void {
  for (const object of statement.objects ?? []) {
    const path = nameWords(object)
    const isOptional = statement.missing_ok === true
    const record = context.schema.table(nameFromWords(path.slice(0, -1)), context.path, isOptional)
    if (record === undefined) continue
    const isTrigger = statement.removeType === 'OBJECT_TRIGGER'
    const exists = !isTrigger || !record.isKnown || record.triggers.some(({ name }) => name === path.at(-1))
    // IF EXISTS finds the relation first, and locks it only when the part is there
    if (statement.missing_ok === true && !exists) continue
    const source = `drop ${(statement.removeType ?? '').slice('OBJECT_'.length).toLowerCase()}`
    // triggers FOR EACH STATEMENT are the table's own
    const trigger = record.triggers.find(({ name }) => name === path.at(-1))
    const goesDown = isTrigger && trigger?.isRow !== false
    if (goesDown && isTable(record)) lockWithPartitions(context, record, 'AccessExclusiveLock', source)
    else context.effects.lock(record, 'AccessExclusiveLock', source)
  }
}

function dropStatistics(context: PredictContext, statement: DropStmt): void {
  for (const object of statement.objects ?? []) {
    const id = context.schema.statisticsTable(nameFromWords(nameWords(object)), context.path)
    const table = id === undefined ? undefined : context.schema.find(id)
    if (table !== undefined) context.effects.lock(table, 'ShareUpdateExclusiveLock', 'drop statistics')
  }
}

/** DROP TYPE … CASCADE drops columns. */
function dropTypes(context: PredictContext, statement: DropStmt): void {
  if (statement.behavior !== 'DROP_CASCADE') return
  for (const object of statement.objects ?? []) {
    const type = context.schema.type(nameFromWords(nameWords(object)), context.path)
    if (type !== undefined) lockTables(context, columnsOfType(context, type), 'drop type cascade')
  }
}

function lockTables(
  context: PredictContext,
  found: readonly { readonly table: TableRecord }[],
  source: string,
  mode: LockMode = 'AccessExclusiveLock',
): void {
  for (const { table } of found) context.effects.lock(table, mode, source)
}

/** DROP FUNCTION … CASCADE drops the triggers that call it. */
function dropFunctions(context: PredictContext, statement: DropStmt): void {
  if (statement.behavior !== 'DROP_CASCADE') return
  for (const object of statement.objects ?? []) {
    const path = nameWords(object)
    for (const record of context.schema.allRelations()) {
      if (!hasDependents(record)) continue
      const calls = record.triggers.some((trigger) => trigger.function.split('.').at(-1) === path.at(-1))
      if (calls) context.effects.lock(record, 'AccessExclusiveLock', 'drop function cascade')
    }
  }
}
