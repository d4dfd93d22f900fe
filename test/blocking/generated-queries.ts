import { escapeIdentifier as quote, type Client } from 'pg'

/** A statement with values of parameters that reach rows, in as many ways as it takes to meet all its locks. */
export interface RunnableQuery {
  readonly sql: string
  readonly runs: readonly (readonly (string | null)[])[]
}

export interface Column {
  readonly name: string
  readonly category: string
  readonly unique: boolean
  readonly required: boolean
  readonly writable: boolean
  readonly inPartitionKey: boolean
}

interface ForeignKey {
  readonly columns: readonly string[]
  readonly parent: string
  readonly parentColumns: readonly string[]
}

export type Row = Readonly<Record<string, string | null>>

export interface Table {
  /** Quoted. */
  readonly name: string
  readonly columns: readonly Column[]
  readonly key: Column
  readonly foreignKeys: readonly ForeignKey[]
  readonly rows: readonly Row[]
}

/** Reads, locks and writes of every kind for each table, view and sequence; adds rows of its own to the tables. */
export async function generateQueries(client: Client): Promise<readonly RunnableQuery[]> {
  const tables = await readTables(client)
  const { rows: names } = await client.query<RelationName>(relationsSql)
  const others = names.flatMap(({ name, relkind }) => othersOf(name, relkind))
  return [...tables.flatMap((table) => queriesOf(table, tables)), ...others]
}

/** The tables with some of their rows, one of which is new and has nobody that refers to it. */
export async function readTables(client: Client): Promise<readonly Table[]> {
  const { rows: names } = await client.query<RelationName>(relationsSql)
  const tables: Table[] = []
  for (const { name, relkind } of names) {
    if (relkind === 'r' || relkind === 'p') tables.push(await readTable(client, name))
  }
  const filled: Table[] = []
  for (const table of tables) filled.push(await addRow(client, table, tables))
  return filled
}

interface RelationName {
  readonly name: string
  readonly relkind: string
}

const relationsSql = `
select format('%I.%I', n.nspname, c.relname) as name, c.relkind
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.oid >= 16384 and c.relkind in ('r', 'p', 'v', 'm', 'S') and c.relpersistence <> 't'
and n.nspname !~ '^pg_|^pgrehearse$' order by 1`

const columnsSql = `
select a.attname as name, t.typcategory as category,
  exists (select from pg_index i where i.indrelid = a.attrelid and i.indisunique and a.attnum = any (i.indkey)) as unique,
  a.attnotnull and not a.atthasdef and a.attidentity = '' as required,
  a.attgenerated = '' and a.attidentity <> 'a' as writable,
  coalesce(a.attnum = any (p.partattrs), false) as "inPartitionKey"
from pg_attribute a join pg_type t on t.oid = a.atttypid
left join pg_partitioned_table p on p.partrelid = a.attrelid
where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`

const foreignKeysSql = `
select (select array_agg(attname::text order by ordinality) from unnest(conkey) with ordinality k
    join pg_attribute on attrelid = conrelid and attnum = k.k) as columns,
  (select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.oid = confrelid) as parent,
  (select array_agg(attname::text order by ordinality) from unnest(confkey) with ordinality k
    join pg_attribute on attrelid = confrelid and attnum = k.k) as "parentColumns"
from pg_constraint where contype = 'f' and conrelid = $1::regclass`

async function readTable(client: Client, name: string): Promise<Table> {
  const { rows: columns } = await client.query<Column>(columnsSql, [name])
  const { rows: foreignKeys } = await client.query<ForeignKey>(foreignKeysSql, [name])
  const list = columns.map((column) => `${quote(column.name)}::text`).join(', ')
  const { rows } = await client.query<Row>(`select ${list} from ${name} limit 4`)
  const [first] = columns
  if (first === undefined) throw new Error(`${name} has no columns`)
  const key = columns.find(({ unique }) => unique) ?? first
  return { name, columns, key, foreignKeys, rows }
}

let freshNumber = 1000

/** A value that no row has. */
export function fresh({ category }: Column, value: string | null): string | null {
  freshNumber += 1
  if (category === 'N') return String(freshNumber)
  if (category === 'S') return `z${freshNumber}`
  if (category === 'U' && /^[0-9a-f-]{36}$/.test(value ?? '')) {
    return `00000000-0000-4000-8000-${String(freshNumber).padStart(12, '0')}`
  }
  return value
}

/** A row like this one that may stand beside it, and refers to rows that there are. */
function freshRow(table: Table, like: Row, tables: readonly Table[]): Row {
  const row: Record<string, string | null> = { ...like }
  for (const column of table.columns)
    if (column.unique) row[column.name] = fresh(column, row[column.name] ?? null)
  for (const { columns, parent, parentColumns } of table.foreignKeys) {
    const [target] = tables.find(({ name }) => name === parent)?.rows ?? []
    columns.forEach((name, index) => {
      const isFree = !table.columns.some((one) => one.name === name && one.unique)
      if (isFree || like[name] === undefined)
        row[name] = like[name] ?? target?.[parentColumns[index] ?? ''] ?? null
      else row[name] = target?.[parentColumns[index] ?? ''] ?? null
    })
  }
  return row
}

/** With one more row, to which nobody refers. */
async function addRow(client: Client, table: Table, tables: readonly Table[]): Promise<Table> {
  const [first] = table.rows
  if (first === undefined) return table
  const row = freshRow(table, first, tables)
  const writable = table.columns.filter((column) => column.writable)
  try {
    await client.query(insertSql(table, writable), valuesOf(row, writable))
    return { ...table, rows: [...table.rows, row] }
  } catch {
    return table
  }
}

function insertSql({ name }: Table, columns: readonly Column[]): string {
  const names = columns.map((column) => quote(column.name)).join(', ')
  return `insert into ${name} (${names}) values (${columns.map((_, index) => `$${index + 1}`).join(', ')})`
}

function valuesOf(row: Row, columns: readonly Column[]): (string | null)[] {
  return columns.map(({ name }) => row[name] ?? null)
}

function queriesOf(table: Table, tables: readonly Table[]): readonly RunnableQuery[] {
  const { name, columns, key, rows, foreignKeys } = table
  const writable = columns.filter((column) => column.writable)
  const required = writable.filter((column) => column.required)
  const k = quote(key.name)
  const byKey = rows.map((row) => [row[key.name] ?? null])
  const freshRows = rows.map((row) => freshRow(table, row, tables))
  return [
    { sql: `select count(*) from ${name}`, runs: [[]] },
    { sql: `select * from ${name} where ${k} = $1`, runs: byKey },
    { sql: `select * from ${name} where ${k} = $1 for update`, runs: byKey },
    { sql: `delete from ${name} where ${k} = $1`, runs: byKey },
    { sql: insertSql(table, writable), runs: freshRows.map((row) => valuesOf(row, writable)) },
    ...(required.length === 0 || required.length === writable.length
      ? []
      : [{ sql: insertSql(table, required), runs: freshRows.map((row) => valuesOf(row, required)) }]),
    ...writable.map((column) => ({
      sql: `update ${name} set ${quote(column.name)} = $2 where ${k} = $1`,
      runs: rows.flatMap((row) =>
        newValues(table, column, row, tables).map((value) => [row[key.name] ?? null, value]),
      ),
    })),
    ...foreignKeys.map(({ columns: [child = ''], parent, parentColumns: [parentColumn = ''] }) => ({
      sql: `select count(*) from ${name} c join ${parent} p on p.${quote(parentColumn)} = c.${quote(child)}`,
      runs: [[]],
    })),
  ]
}

/** What an UPDATE may set so that it changes the column, where that matters. */
function newValues(
  { foreignKeys, rows }: Table,
  column: Column,
  row: Row,
  tables: readonly Table[],
): readonly (string | null)[] {
  const own = row[column.name] ?? null
  for (const { columns, parent, parentColumns } of foreignKeys) {
    const index = columns.indexOf(column.name)
    const parents = tables.find(({ name }) => name === parent)?.rows ?? []
    const keys = parents.map((one) => one[parentColumns[index] ?? ''] ?? null)
    if (index >= 0) return keys.filter((value) => value !== own)
  }
  if (column.inPartitionKey) return rows.map((other) => other[column.name] ?? null)
  return [column.unique ? fresh(column, own) : own]
}

function othersOf(name: string, relkind: string): readonly RunnableQuery[] {
  switch (relkind) {
    case 'v':
      return [
        { sql: `select * from ${name}`, runs: [[]] },
        { sql: `delete from ${name}`, runs: [[]] },
      ]
    case 'm':
      return [{ sql: `select * from ${name}`, runs: [[]] }]
    case 'S':
      return [{ sql: `select nextval('${name.replaceAll("'", "''")}')`, runs: [[]] }]
    default:
      return []
  }
}
