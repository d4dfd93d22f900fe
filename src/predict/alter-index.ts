import type { AlterTableCmd, AlterTableStmt, PartitionCmd, RangeVar } from '@pgsql/types'
import type { LockMode } from '../core/model.ts'
import { allOf, as } from '../sql/ast.ts'
import { creationSchema, relationName } from '../sql/names.ts'
import { isIndex, type IndexRecord } from '../sql/schema-records.ts'
import type { PredictContext } from './context.ts'

/** ALTER INDEX: takes locks on the index, never on the table, except when it attaches a partition's index. */
export function alterIndex(context: PredictContext, statement: AlterTableStmt): void {
  const { effects } = context
  for (const command of allOf<AlterTableCmd>(statement.cmds, 'AlterTableCmd')) {
    const mode: LockMode =
      command.subtype === 'AT_SetTableSpace' ? 'AccessExclusiveLock' : 'ShareUpdateExclusiveLock'
    const index = lockIndex(context, statement.relation, mode, 'alter index')
    if (index === undefined) continue
    if (command.subtype === 'AT_SetTableSpace')
      effects.rewrite(index, 'tablespace', 'alter index set tablespace')
    if (command.subtype === 'AT_AttachPartition') {
      const child = lockIndex(
        context,
        as<PartitionCmd>(command.def, 'PartitionCmd')?.name,
        'AccessExclusiveLock',
        'attach index partition',
      )
      for (const part of [index, child]) {
        const table = part === undefined ? undefined : context.schema.find(part.table)
        if (table !== undefined) effects.lock(table, 'AccessShareLock', 'attach index partition')
      }
    }
  }
}

/** Locks an index by name, also one that no file creates; gives the record of a known one. */
export function lockIndex(
  context: PredictContext,
  relation: RangeVar | undefined,
  mode: LockMode,
  source: string,
): IndexRecord | undefined {
  if (relation === undefined) return undefined
  const name = relationName(relation)
  const found = context.schema.lookup(name, context.path)
  if (isIndex(found)) {
    context.effects.lock(found, mode, source)
    return found
  }
  if (found === undefined) {
    const place = { schema: name.schema ?? creationSchema(context.path), name: name.name }
    context.effects.lockUnknownIndex(place, mode, source, 'commit')
  }
  return undefined
}
