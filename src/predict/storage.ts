import type { AlterTableCmd } from '@pgsql/types'
import type { TableRecord } from '../sql/schema-records.ts'
import type { AlterPlan } from './alter-plan.ts'

/** Commands that move the heap elsewhere: persistence, tablespace, access method. Everything else moves nothing. */
export function changeStorage(plan: AlterPlan, table: TableRecord, command: AlterTableCmd): void {
  const name = command.name ?? ''
  switch (command.subtype) {
    case 'AT_SetLogged':
      if (!table.isKnown || table.persistence === 'unlogged') plan.rewrite(table, 'persistence', 'set logged')
      return
    case 'AT_SetUnLogged':
      if (table.persistence === 'permanent') plan.rewrite(table, 'persistence', 'set unlogged')
      return
    case 'AT_SetTableSpace':
      // pg_default is where a table is that nobody moved
      if (name !== 'pg_default') plan.copy(table, 'set tablespace')
      return
    case 'AT_SetAccessMethod':
      if (name !== 'heap') plan.rewrite(table, 'access method', 'set access method')
      return
    default:
  }
}
