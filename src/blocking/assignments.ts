/** Which columns a statement gives values to: foreign keys and sequences depend on it. */
import type { InsertStmt, Node, ResTarget, SelectStmt } from '@pgsql/types'
import { allOf, as, isNullLiteral, unwrap } from '../sql/ast.ts'

/** `null` and `default` in all rows, or anything else. */
export type Assigned = 'null' | 'default' | 'value'

/** By column name. An INSERT leaves the others to their defaults, an UPDATE as they are. */
export type Assignments = ReadonlyMap<string, Assigned>

export const noAssignments: Assignments = new Map()

/** Of an INSERT into a relation with these columns. */
export function insertedColumns(statement: InsertStmt, columns: readonly string[]): Assignments {
  const select = as<SelectStmt>(statement.selectStmt, 'SelectStmt')
  if (select === undefined) return noAssignments
  const named = allOf<ResTarget>(statement.cols, 'ResTarget').map(({ name = '' }) => name)
  const rows = valueRows(select)
  const names = named.length > 0 ? named : columns.slice(0, rows[0]?.length)
  return new Map(names.map((name, index) => [name, unite(rows.map((row) => assigned(row[index])))] as const))
}

/** The rows of VALUES; the one of a SELECT without FROM and star; nothing where they cannot be told. */
function valueRows({ valuesLists, targetList, fromClause, op }: SelectStmt): readonly (readonly Node[])[] {
  if (valuesLists !== undefined) {
    return valuesLists.map((row) => as<{ items?: Node[] }>(row, 'List')?.items ?? [])
  }
  if (op !== 'SETOP_NONE' || fromClause !== undefined || targetList === undefined) return []
  return [allOf<ResTarget>(targetList, 'ResTarget').flatMap(({ val }) => val ?? [])]
}

/** Of the SET of an UPDATE, and of MERGE. */
export function updatedColumns(targetList: readonly Node[] | undefined): Assignments {
  const targets = allOf<ResTarget>(targetList, 'ResTarget')
  return new Map(targets.map(({ name = '', val }) => [name, assigned(val)] as const))
}

/** Of a MERGE's INSERT: columns and values side by side. */
export function mergedColumns(
  targetList: readonly Node[] | undefined,
  values: readonly Node[] | undefined,
  columns: readonly string[],
): Assignments {
  const named = allOf<ResTarget>(targetList, 'ResTarget').map(({ name = '' }) => name)
  const names = named.length > 0 ? named : columns.slice(0, values?.length ?? 0)
  return new Map(names.map((name, index) => [name, assigned(values?.[index])] as const))
}

/** All of these get values. */
export function allColumns(columns: readonly string[], how: Assigned = 'value'): Assignments {
  return new Map(columns.map((name) => [name, how] as const))
}

function assigned(node: Node | undefined): Assigned {
  if (unwrap(node)?.tag === 'SetToDefault') return 'default'
  return isNullLiteral(node) ? 'null' : 'value'
}

function unite(all: readonly Assigned[]): Assigned {
  const [first = 'value'] = all
  return all.every((one) => one === first) ? first : 'value'
}
