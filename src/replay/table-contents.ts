/** What stands in tables, told apart column by column: enough to see rows that were written twice. */
import type { Client } from 'pg'
import { quoteIdent } from '../sql/quote.ts'

/** A table by its name; without a schema (empty), the only one of the name. */
export interface NamedTable {
  readonly schema: string
  readonly name: string
}

/** One table; absent where there is none of this name. */
export interface TableContents {
  readonly rows: number
  /** A hash over the values of each column, in no order. */
  readonly columns: ReadonlyMap<string, string>
}

/** By `schema.name`. */
export type Contents = ReadonlyMap<string, TableContents>

/** How a table differs. */
export interface ContentsDifference {
  /** `public.orders` */
  readonly table: string
  readonly rows: { readonly before: number; readonly after: number }
  /** Columns whose values differ, where the rows are as many. */
  readonly columns: readonly string[]
}

/** Bounds what is read of tables that a script has filled. */
const timeoutMs = 5000

/** Reads tables; values that a sequence gives are left out, since a number that was lost means nothing. */
export async function readContents(client: Client, tables: readonly NamedTable[]): Promise<Contents> {
  await client.query(`set statement_timeout = ${timeoutMs}`)
  const contents = new Map<string, TableContents>()
  for (const table of tables) {
    const found = await readTable(client, table)
    if (found !== undefined)
      contents.set(table.schema === '' ? table.name : `${table.schema}.${table.name}`, found)
  }
  return contents
}

async function readTable(client: Client, table: NamedTable): Promise<TableContents | undefined> {
  const oid = await oidOf(client, table)
  if (oid === undefined) return undefined
  const { rows: columns } = await client.query<{ name: string }>(
    `select a.attname as name from pg_catalog.pg_attribute a
     left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped and a.attidentity = ''
     and coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') not like '%nextval(%'
     order by a.attnum`,
    [oid],
  )
  const { rows: named } = await client.query<{ relation: string }>(
    'select $1::pg_catalog.oid::pg_catalog.regclass::text as relation',
    [oid],
  )
  const hashes = columns.map(({ name: column }, index) => {
    const value = `coalesce(pg_catalog.md5(t.${quoteIdent(column)}::text), '-')`
    return `pg_catalog.md5(pg_catalog.string_agg(${value}, ',' order by ${value})) as c${index}`
  })
  const { rows } = await client.query<Record<string, string>>(
    `select ${['pg_catalog.count(*) as n', ...hashes].join(', ')} from ${named[0]?.relation} as t`,
  )
  const [row = {}] = rows
  return {
    rows: Number(row['n'] ?? 0),
    columns: new Map(columns.map(({ name: column }, index) => [column, row[`c${index}`] ?? ''])),
  }
}

/** Undefined where there is none, or several. */
async function oidOf(client: Client, { schema, name }: NamedTable): Promise<number | undefined> {
  const { rows } = await client.query<{ oid: number }>(
    `select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace s on s.oid = c.relnamespace
     where c.relname = $1 and c.relkind in ('r', 'p') and ($2 = '' and s.nspname !~ '^pg_' or s.nspname = $2)`,
    [name, schema],
  )
  return rows.length === 1 ? rows[0]?.oid : undefined
}

/** Tables that hold something else, as far as `isSteady` says that it is the same in every run. */
export function diffContents(
  before: Contents,
  after: Contents,
  isSteady: (table: string, column?: string) => boolean = () => true,
): readonly ContentsDifference[] {
  return [...before].flatMap(([table, old]) => {
    const current = after.get(table)
    // a table that is gone is a difference of the schema, and so is a column
    if (current === undefined || !isSteady(table)) return []
    const rows = { before: old.rows, after: current.rows }
    if (rows.before !== rows.after) return [{ table, rows, columns: [] }]
    const columns = [...old.columns]
      .filter(([column, hash]) => (current.columns.get(column) ?? hash) !== hash && isSteady(table, column))
      .map(([column]) => column)
    return columns.length === 0 ? [] : [{ table, rows, columns }]
  })
}

/** For {@link diffContents}: do two runs to the end agree about the column, or, without one, about the number of rows? */
export function againstChance(one: Contents, other: Contents): (table: string, column?: string) => boolean {
  return (table, column) => {
    const [a, b] = [one.get(table), other.get(table)]
    if (a === undefined || b === undefined) return false
    return column === undefined ? a.rows === b.rows : a.columns.get(column) === b.columns.get(column)
  }
}

/** Names of indexes that a failed CREATE INDEX CONCURRENTLY or REINDEX left. */
export async function invalidIndexes(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
     where not i.indisvalid and c.relkind = 'i' order by 1`,
  )
  return rows.map(({ name }) => name)
}
