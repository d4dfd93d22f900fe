/** Values for the parameters of queries that somebody wrote: such that they reach rows. */
import type {
  A_Expr,
  InsertStmt,
  Node,
  ParamRef,
  RangeVar,
  ResTarget,
  SelectStmt,
  UpdateStmt,
} from '@pgsql/types'
import type { Client } from 'pg'
import type { Query } from '../../src/core/model.ts'
import { allOf, as, columnPath, unwrap, walk } from '../../src/sql/ast.ts'
import { fresh, type Row, type RunnableQuery, type Table } from './generated-queries.ts'

/** What a parameter is compared with, or written to. */
interface Use {
  readonly column: string
  readonly how: 'compared' | 'inserted' | 'updated'
}

/** The query with as many sets of values as its tables have rows, and with mixed ones. */
export async function withValues(
  client: Client,
  { sql, node, tag }: Query,
  tables: readonly Table[],
): Promise<RunnableQuery> {
  const types = await parameterTypes(client, sql)
  const uses = usesOf({ [tag]: node })
  const named = tables.filter(({ name }) => namesOf({ [tag]: node }).has(name.split('.').at(-1) ?? ''))
  const runs = [0, 1, 2, 3, 4, 5, 6, 7].map((position) =>
    types.map((type, index) => {
      const value = valueOf(uses.get(index + 1), named, position) ?? usual(type)
      return type.endsWith('[]') && value !== null && !value.startsWith('{') ? `{${value}}` : value
    }),
  )
  return { sql, runs: types.length === 0 ? [[]] : runs }
}

async function parameterTypes(client: Client, sql: string): Promise<readonly string[]> {
  await client.query(`prepare sample as ${sql}`)
  const { rows } = await client.query<{ types: string[] }>(
    `select parameter_types::text[] as types from pg_prepared_statements where name = 'sample'`,
  )
  await client.query('deallocate sample')
  return rows[0]?.types ?? []
}

function namesOf(tree: object): ReadonlySet<string> {
  const names = new Set<string>()
  walk(tree, (tag, value) => {
    if (tag === 'RangeVar') names.add((value as RangeVar).relname ?? '')
    const { relation } = value as { relation?: RangeVar }
    if (relation?.relname !== undefined) names.add(relation.relname)
  })
  return names
}

function usesOf(tree: object): ReadonlyMap<number, Use> {
  const uses = new Map<number, Use>()
  const note = (value: Node | undefined, column: string | undefined, how: Use['how']): void => {
    walk(value === undefined ? [] : [value], (tag, one) => {
      const { number } = one as ParamRef
      if (tag === 'ParamRef' && number !== undefined && column !== undefined && !uses.has(number)) {
        uses.set(number, { column, how })
      }
    })
  }
  walk(tree, (tag, value) => {
    if (tag === 'A_Expr') {
      const { lexpr, rexpr } = value as A_Expr
      note(rexpr, columnName(lexpr), 'compared')
      note(lexpr, columnName(rexpr), 'compared')
    }
    if (tag === 'UpdateStmt') {
      for (const { name, val } of allOf<ResTarget>((value as UpdateStmt).targetList, 'ResTarget'))
        note(val, name, 'updated')
    }
    if (tag === 'InsertStmt') noteInserted(value as InsertStmt, (val, name) => note(val, name, 'inserted'))
  })
  return uses
}

function noteInserted(
  { cols, selectStmt }: InsertStmt,
  note: (value: Node | undefined, column: string) => void,
): void {
  const names = allOf<ResTarget>(cols, 'ResTarget').map(({ name = '' }) => name)
  const select = as<SelectStmt>(selectStmt, 'SelectStmt')
  const targets = allOf<ResTarget>(select?.targetList, 'ResTarget').map(({ val }) => val)
  const rows = select?.valuesLists?.map((row) => as<{ items?: Node[] }>(row, 'List')?.items ?? []) ?? [
    targets,
  ]
  for (const row of rows) names.forEach((name, index) => note(row[index], name))
}

function columnName(node: Node | undefined): string | undefined {
  const wrapped = unwrap(node)
  if (wrapped?.tag === 'ColumnRef') return columnPath(wrapped.value).at(-1)
  if (wrapped?.tag === 'FuncCall') return columnName((wrapped.value as { args?: Node[] }).args?.[0])
  return wrapped?.tag === 'TypeCast' ? columnName((wrapped.value as { arg?: Node }).arg) : undefined
}

function valueOf(
  use: Use | undefined,
  tables: readonly Table[],
  position: number,
): string | null | undefined {
  const table = tables.find(({ columns }) => columns.some(({ name }) => name === use?.column))
  if (use === undefined || table === undefined || table.rows.length === 0) return undefined
  const ordinal = table.columns.findIndex(({ name }) => name === use.column)
  // a pair of keys that no row has
  const offset = use.how === 'inserted' && position >= 4 ? ordinal : 0
  const at = use.how === 'updated' ? position + 1 : position + offset
  const row: Row = table.rows[at % table.rows.length] ?? {}
  const column = table.columns.find(({ name }) => name === use.column)
  const refers = table.foreignKeys.some(({ columns }) => columns.includes(use.column))
  const value = row[use.column]
  if (use.how === 'inserted' && column?.unique === true && !refers) return fresh(column, value ?? null)
  return value
}

/** By type, where nothing tells what it is about. */
function usual(type: string): string | null {
  if (type.endsWith('[]')) return '{}'
  if (/int|numeric|double|real/.test(type)) return '5'
  if (/^timestamp|^date/.test(type)) return '2026-06-01'
  return values[type] ?? 'x'
}

const values: Readonly<Record<string, string>> = {
  boolean: 'true',
  interval: '1 day',
  uuid: '00000000-0000-4000-8000-000000000001',
  jsonb: '{}',
  json: '{}',
  inet: '10.0.0.1',
  regclass: 'pg_class',
}
