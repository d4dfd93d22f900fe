import type { Client } from 'pg'
import { groupBy } from '../core/groups.ts'
import type { Production } from '../core/production.ts'
import type { QueryCatalog, QueryColumn, QueryIndex, QueryTable } from '../core/query-catalog.ts'
import { isUserSchema } from '../postgres/catalog-fragments.ts'
import { parseSearchPath, splitIdentifierList } from '../sql/names.ts'
import { withRows } from './rows.ts'

/**
 * The schema of the client's database as queries see it, with production's rows where they are known. Asks catalogues
 * only, in four queries, however many tables there are.
 */
export async function readQueryCatalog(client: Client, production?: Production): Promise<QueryCatalog> {
  const tables = await client.query<TableRow>(tableQuery)
  const columns = groupBy((await client.query<ColumnRow>(columnQuery)).rows, ({ table }) => table)
  const indexes = groupBy((await client.query<IndexRow>(indexQuery)).rows, ({ table }) => table)
  const path = await client.query<{ readonly path: string }>(searchPathQuery)
  return {
    tables: tables.rows.map(({ oid, schema, name, kind }) =>
      withRows(
        {
          schema,
          name,
          kind,
          columns: (columns.get(oid) ?? []).map(toColumn),
          indexes: (indexes.get(oid) ?? []).map(toIndex),
        },
        production,
      ),
    ),
    searchPath: parseSearchPath(splitIdentifierList(path.rows[0]?.path ?? '')),
  }
}

/** What sessions begin with; ours has another. What ALTER ROLE sets is not known: nobody says who the application is. */
const searchPathQuery = `select coalesce((select substring(item from '^search_path=(.*)$')
    from pg_db_role_setting s, unnest(s.setconfig) item
    where s.setdatabase = (select oid from pg_database where datname = current_database())
      and s.setrole = 0 and item like 'search_path=%'),
  (select boot_val from pg_settings where name = 'search_path')) as path`

interface TableRow extends Pick<QueryTable, 'schema' | 'name' | 'kind'> {
  readonly oid: string
}

interface ColumnRow extends QueryColumn {
  readonly table: string
}

interface IndexRow extends Omit<QueryIndex, 'keys' | 'predicate'> {
  readonly table: string
  readonly predicate: string | null
  readonly keys: readonly {
    readonly column: string | null
    readonly expression: string | null
    readonly class: string | null
  }[]
}

const tableQuery = `select c.oid::text as oid, n.nspname::text as schema, c.relname::text as name,
  case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
    when 'm' then 'materialized view' else 'foreign table' end as kind
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and ${isUserSchema('n.nspname')}
order by n.nspname, c.relname`

const columnQuery = `select a.attrelid::text as "table", a.attname::text as name,
  format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as "notNull"
from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and ${isUserSchema('n.nspname')}
order by a.attrelid, a.attnum`

/** Default operator classes go without saying; INCLUDE columns are no keys. */
const indexQuery = `select x.indrelid::text as "table", i.relname::text as name, am.amname::text as method,
  x.indisunique as "unique", pg_get_expr(x.indpred, x.indrelid) as predicate,
  (select json_agg(json_build_object(
      'column', (select a.attname from pg_attribute a where a.attrelid = x.indrelid and a.attnum = x.indkey[k] and x.indkey[k] <> 0),
      'expression', case when x.indkey[k] = 0 then pg_get_indexdef(x.indexrelid, k + 1, false) end,
      'class', (select o.opcname from pg_opclass o where o.oid = x.indclass[k] and not o.opcdefault)) order by k)
    from generate_series(0, x.indnkeyatts - 1) k) as keys
from pg_index x join pg_class i on i.oid = x.indexrelid join pg_am am on am.oid = i.relam
join pg_namespace n on n.oid = i.relnamespace
where x.indisvalid and ${isUserSchema('n.nspname')}
order by x.indrelid, i.relname`

function toColumn({ name, type, notNull }: ColumnRow): QueryColumn {
  return { name, type, notNull }
}

function toIndex({ name, method, unique, predicate, keys }: IndexRow): QueryIndex {
  return {
    name,
    method,
    unique,
    keys: keys.map((key) => ({
      ...(key.column === null ? {} : { column: key.column }),
      ...(key.expression === null ? {} : { expression: key.expression }),
      ...(key.class === null ? {} : { operatorClass: key.class }),
    })),
    ...(predicate === null ? {} : { predicate }),
  }
}
