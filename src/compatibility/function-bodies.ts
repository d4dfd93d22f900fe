import type { Client } from 'pg'
import type { Limit } from '../core/model.ts'
import { displayKey } from '../core/locks.ts'
import { relationKey } from '../core/effects.ts'
import { tableNamed, type QueryCatalog } from '../core/query-catalog.ts'

/** What the migrations take away from code that names it. */
interface Gone {
  /** As people call it: `invoice_lines.unit_cents`. */
  readonly name: string
  /** `schema.table` */
  readonly table: string
  readonly tableWord: string
  /** Absent: the table itself is gone. */
  readonly columnWord?: string
}

/** Enough to look into the functions. */
const mostMentioned = 5

/**
 * Functions whose bodies are text that Postgres reads when they run (PL/pgSQL, SQL in quotes), and that name a column or
 * table which is there before the migrations and not after them. Whether that fails only running them would tell, so it
 * is said and not judged.
 * @param client the administrator, on the new schema
 */
export async function functionBodies(
  client: Client,
  before: QueryCatalog,
  after: QueryCatalog,
): Promise<readonly Limit[]> {
  const gone = goneNames(before, after)
  if (gone.length === 0) return []
  const { rows } = await client.query<FunctionRow>(functionsSql)
  const limits = rows.flatMap(({ name, body, triggered }): readonly Limit[] => {
    const words = new Set(body.toLowerCase().match(/[\p{L}_][\p{L}\p{N}_$]*/gu) ?? [])
    const named = gone.filter(
      // NEW and OLD are rows of the trigger's table, which the body does not name
      ({ table, tableWord, columnWord }) =>
        (words.has(tableWord) || (columnWord !== undefined && triggered.includes(table))) &&
        (columnWord === undefined || words.has(columnWord)),
    )
    return named.length === 0 ? [] : [limitOf(name, named)]
  })
  const more = limits.length - mostMentioned
  if (more <= 1) return limits
  const rest: Limit = {
    code: 'function-not-tried',
    message: `${more} more functions name what the migrations take away.`,
  }
  return [...limits.slice(0, mostMentioned), rest]
}

interface FunctionRow {
  readonly name: string
  readonly body: string
  /** Tables with a trigger that calls it, `schema.table`. */
  readonly triggered: readonly string[]
}

function limitOf(name: string, named: readonly Gone[]): Limit {
  const [first] = named
  const more = named.length > 1 ? ` and ${named.length - 1} more` : ''
  return {
    code: 'function-not-tried',
    message: `The body of the function ${displayKey(name)} seems to name ${first?.name ?? ''}${more}, which the migrations take away. Bodies of functions are not tried: what calls it, or a trigger that does, may fail.`,
    hint: 'Look at the function; CREATE OR REPLACE it in the same migration where it needs another name.',
  }
}

/** Tables and columns; a table that was renamed is gone under its old name. */
function goneNames(before: QueryCatalog, after: QueryCatalog): readonly Gone[] {
  return before.tables.flatMap((table): readonly Gone[] => {
    const now = tableNamed(after, table.schema, table.name)
    const key = relationKey(table)
    const place = { table: key, tableWord: table.name.toLowerCase() }
    if (now === undefined) return [{ ...place, name: displayKey(key) }]
    const columns = new Set(now.columns.map(({ name }) => name))
    return table.columns
      .filter(({ name }) => !columns.has(name))
      .map(({ name }) => ({ ...place, name: `${displayKey(key)}.${name}`, columnWord: name.toLowerCase() }))
  })
}

/** Those of extensions are not ours; a body after BEGIN ATOMIC is parsed and depends on what it names. */
const functionsSql = `
select n.nspname || '.' || p.proname as name, p.prosrc as body,
       array(select cn.nspname || '.' || c.relname
               from pg_catalog.pg_trigger t
               join pg_catalog.pg_class c on c.oid = t.tgrelid
               join pg_catalog.pg_namespace cn on cn.oid = c.relnamespace
              where t.tgfoid = p.oid and not t.tgisinternal) as triggered
  from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  join pg_catalog.pg_language l on l.oid = p.prolang
 where l.lanname in ('plpgsql', 'sql') and p.prosqlbody is null
   and n.nspname not in ('pg_catalog', 'information_schema', 'pgrehearse') and n.nspname !~ '^pg_'
   and not exists (select from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e')
 order by 1`
