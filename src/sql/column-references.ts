import type { ColumnRef, Node } from '@pgsql/types'
import { columnPath, walk } from './ast.ts'
import { columnByName, type TableRecord } from './schema-records.ts'

/** Numbers of the table's columns that an expression over this one table mentions. */
export function columnsIn(table: TableRecord, expression: Node | undefined): readonly number[] {
  const numbers = new Set<number>()
  walk(expression, (tag, value) => {
    if (tag !== 'ColumnRef') return
    const name = columnPath(value as ColumnRef).at(-1)
    const column = name === undefined ? undefined : columnByName(table, name)
    if (column !== undefined) numbers.add(column.number)
  })
  return [...numbers]
}

/** Numbers of the named columns; names that the table does not have are left out. */
export function columnNumbers(table: TableRecord, names: readonly string[]): readonly number[] {
  const numbers: number[] = []
  for (const name of names) {
    const column = columnByName(table, name)
    if (column !== undefined) numbers.push(column.number)
  }
  return numbers
}
