import { tableFacts, type Production } from '../core/production.ts'
import type { QueryTable } from '../core/query-catalog.ts'

/** The table with what production holds of it, where that is known. */
export function withRows(table: Omit<QueryTable, 'rows'>, production: Production | undefined): QueryTable {
  const rows = tableFacts(production, table)?.rows
  return rows === undefined ? table : { ...table, rows }
}
