import type { AlterObjectSchemaStmt, AlterOwnerStmt, RenameStmt } from '@pgsql/types'
import { nameWords } from '../sql/ast.ts'
import { nameFromWords, relationName } from '../sql/names.ts'
import { isIndex, isTable } from '../sql/schema-records.ts'
import { relationNamed } from '../sql/schema-scope.ts'
import { lockIndex } from './alter-index.ts'
import type { PredictContext } from './context.ts'
import { lockWithPartitions } from './foreign-keys.ts'
import { predictAlterType } from './misc.ts'

/** ALTER … RENAME: AccessExclusive on the relation; ALTER INDEX takes only ShareUpdateExclusive on an index. */
export function predictRename(context: PredictContext, node: object): void {
  const statement = node as RenameStmt
  const { relation } = statement
  if (relation === undefined) return
  const found = context.schema.lookup(relationName(relation), context.path)
  // ALTER TABLE locks an index as it would a table; ALTER INDEX locks a table as ALTER TABLE would (RenameRelation)
  const isAlterIndex = statement.renameType === 'OBJECT_INDEX'
  if (isIndex(found) || (isAlterIndex && found === undefined)) {
    const mode = isAlterIndex ? 'ShareUpdateExclusiveLock' : 'AccessExclusiveLock'
    lockIndex(context, relation, mode, 'alter index rename')
    return
  }
  if (found?.kind === 'sequence') {
    context.effects.lock(found, 'AccessExclusiveLock', 'rename sequence')
    return
  }
  if (statement.renameType === 'OBJECT_ATTRIBUTE') return predictAlterType(context, statement)
  if (statement.renameType === 'OBJECT_SEQUENCE') return
  const record = relationNamed(context, relation, statement.missing_ok)
  if (record === undefined) return
  const source = `rename ${(statement.renameType ?? '').slice('OBJECT_'.length).toLowerCase()}`
  context.effects.lock(record, 'AccessExclusiveLock', source)
  if (!isTable(record)) return
  if (statement.renameType === 'OBJECT_COLUMN' || statement.renameType === 'OBJECT_TABCONSTRAINT') {
    for (const table of context.schema.withDescendants(record)) {
      context.effects.lock(table, 'AccessExclusiveLock', source)
    }
  }
  // PG 15+: renaming a trigger of a partitioned table goes down
  if (statement.renameType === 'OBJECT_TRIGGER' && context.serverMajor >= 15) {
    lockWithPartitions(context, record, 'AccessExclusiveLock', source)
  }
}

/** ALTER … SET SCHEMA moves owned sequences along. */
export function predictSetSchema(context: PredictContext, node: object): void {
  const { relation, missing_ok: ifExists } = node as AlterObjectSchemaStmt
  if (relation === undefined) return
  const found = context.schema.lookup(relationName(relation), context.path)
  const record = found?.kind === 'sequence' ? found : relationNamed(context, relation, ifExists)
  if (record === undefined) return
  context.effects.lock(record, 'AccessExclusiveLock', 'set schema')
  if (!isTable(record)) return
  for (const id of record.sequences) {
    const sequence = context.schema.find(id)
    if (sequence !== undefined) context.effects.lock(sequence, 'AccessExclusiveLock', 'set schema')
  }
}

/** ALTER … OWNER TO for objects that are no tables; of relations only statistics objects come here. */
export function predictOwner(context: PredictContext, node: object): void {
  const statement = node as AlterOwnerStmt
  if (statement.objectType !== 'OBJECT_SEQUENCE') return
  const found = context.schema.lookup(nameFromWords(nameWords(statement.object)), context.path)
  if (found !== undefined) context.effects.lock(found, 'AccessExclusiveLock', 'owner to')
}
