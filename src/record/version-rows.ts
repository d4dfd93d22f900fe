import { escapeIdentifier, type Client } from 'pg'
import { areVersionColumns, isVersionTable, mayBeTheApplications } from './version-tables.ts'

interface Table {
  readonly schema: string
  readonly name: string
}

/** The tables of migration tools. */
export async function versionTables(client: Client): Promise<readonly Table[]> {
  const { rows } = await client.query<Table & { readonly columns: readonly string[] }>(
    `select n.nspname as schema, c.relname as name,
        array(select a.attname::text from pg_catalog.pg_attribute a
          where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
       from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema', 'pgrehearse')`,
  )
  return rows.filter(
    (table) => isVersionTable(table) && (!mayBeTheApplications(table) || areVersionColumns(table.columns)),
  )
}

/** Those that have no row. `client` is a superuser, or their owner. */
export async function emptyVersionTables(client: Client): Promise<readonly Table[]> {
  const empty: Table[] = []
  for (const table of await versionTables(client)) {
    const found = await client.query(`select from ${qualified(table)} limit 1`)
    if (found.rowCount === 0) empty.push(table)
  }
  return empty
}

/** Takes rows of ours out of them again: a tool that finds words of ours in its books loses its way. */
export async function clearVersionTables(client: Client, tables: readonly Table[]): Promise<void> {
  for (const table of tables) await client.query(`delete from ${qualified(table)}`)
}

function qualified({ schema, name }: Table): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`
}
