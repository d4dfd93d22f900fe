import type { LockMode } from '../core/model.ts'
import { foreignKeysTo } from '../sql/schema-drop.ts'
import {
  columnByNumber,
  isTable,
  type ForeignKeyAction,
  type RelationId,
  type TableRecord,
} from '../sql/schema-records.ts'
import type { PredictContext } from './context.ts'

/** A row that gets a non-null foreign key looks its parent up: RowShare on the referenced table. */
export function lockParents(
  context: PredictContext,
  table: TableRecord,
  isGiven: (column: string) => boolean,
): void {
  for (const constraint of table.constraints) {
    if (constraint.kind !== 'foreign key' || !constraint.isEnforced || constraint.columns.length === 0)
      continue
    const given = constraint.columns.every((number) => isGiven(columnByNumber(table, number)?.name ?? ''))
    const referenced = context.schema.find(constraint.table)
    if (given && isTable(referenced)) context.effects.lock(referenced, 'RowShareLock', 'insert FK child')
  }
}

/** ON DELETE and ON UPDATE actions lock the referencing table even when no row of it matches. */
const actionLocks: Readonly<Record<ForeignKeyAction, LockMode>> = {
  a: 'RowShareLock',
  r: 'RowShareLock',
  c: 'RowExclusiveLock',
  n: 'RowExclusiveLock',
  d: 'RowExclusiveLock',
}

/** DELETE of a referenced row, and what CASCADE deletes further on. */
export function lockChildrenOfDeleted(
  context: PredictContext,
  table: TableRecord,
  seen: Set<RelationId> = new Set(),
): void {
  if (seen.has(table.id)) return
  seen.add(table.id)
  for (const holder of context.schema.tables(table.referencedBy)) {
    for (const constraint of foreignKeysTo(holder, table.id)) {
      if (!constraint.isEnforced) continue
      context.effects.lock(holder, actionLocks[constraint.onDelete], 'delete with FK')
      if (constraint.onDelete === 'c') lockChildrenOfDeleted(context, holder, seen)
    }
  }
}

/** UPDATE of a referenced key; of other columns nothing. */
export function lockChildrenOfUpdated(
  context: PredictContext,
  table: TableRecord,
  assigned: ReadonlySet<string>,
): void {
  for (const holder of context.schema.tables(table.referencedBy)) {
    for (const constraint of foreignKeysTo(holder, table.id)) {
      const changesKey = constraint.referencedColumns.some((number) =>
        assigned.has(columnByNumber(table, number)?.name ?? ''),
      )
      if (changesKey && constraint.isEnforced) {
        context.effects.lock(holder, actionLocks[constraint.onUpdate], 'update of a referenced key')
      }
    }
  }
}
