import { jsonTime, orNull } from './json-sql.ts'
import { notReadSql } from './not-read-sql.ts'
import { relationsSql } from './relations-sql.ts'
import { factsSql, replicationJson, serverJson, settingsJson, statisticsJson } from './server-sql.ts'
import { ownMark, statementsSql } from './statements-sql.ts'
import type { ValuesChoice } from './values-choice.ts'

/**
 * What differs between servers, as `:name` in the text of {@link exportSql}: psql puts its variables there, we put
 * the answer of {@link preparationSql}.
 */
export interface Placeholders {
  /** A query for column statistics: pg_stats, or the function that a DBA created. */
  readonly column_statistics: string
  /** `true` when that is the function. */
  readonly by_function: string
  /** A query for the rows of pg_stat_statements, wherever and however old it is. */
  readonly statements: string
  /** A literal: why there are none, or NULL. */
  readonly statements_missing: string
  /** How many relations may be measured by the length of their files. */
  readonly measure_at_most: string
}

/** Settings that the export needs in its transaction, whatever the server, the database or the role have. */
export const sessionSql = `set local search_path = pg_catalog;
set local statement_timeout = '60s';
set local lock_timeout = '200ms';
set local standard_conforming_strings = on;
set local row_security = on;
set local quote_all_identifiers = off;
set local extra_float_digits = 1;
set local max_parallel_workers_per_gather = 0;
set local jit = off;`

export const beginSql = 'begin transaction isolation level repeatable read read only;'

/** Relations of which VACUUM and ANALYZE know nothing, at most: 5,000 take a tenth of a second. */
const measureAtMost = 5000

/**
 * Finds out what this server has, and gives the {@link Placeholders} as columns. The function is only called where
 * its owner is one whose code the superuser would not mind to run, and only by those who need it.
 */
export const preparationSql = `select ${ownMark}
  case when f.usable then 'select * from pgrehearse.column_statistics()'
       else 'select schemaname, tablename, attname, inherited, null_frac, n_distinct, avg_width, correlation from pg_stats' end
    as column_statistics,
  coalesce(f.usable, false)::text as by_function,
  case when s.missing is null then
    format('select query, calls, %I as ms, rows, %s as since, %s as seconds from %s as s where dbid = (select oid from pg_database where datname = current_database())',
           case when s.exec_time then 'total_exec_time' else 'total_time' end,
           s.since, s.seconds, s.name)
    else 'select null::text as query, 1 as calls, 1 as ms, 1 as rows, now() as since, 1 as seconds where false' end as statements,
  coalesce(quote_literal(s.missing), 'null') as statements_missing,
  '${measureAtMost}' as measure_at_most
from (select bool_or(p.prosecdef and has_function_privilege(p.oid, 'execute') and has_schema_privilege(n.oid, 'usage')
               and (o.rolsuper or p.proowner = d.datdba or pg_has_role(p.proowner, all_data.oid, 'usage'))
               and not (select rolsuper from pg_roles where rolname = current_user)) as usable
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_roles o on o.oid = p.proowner
             join pg_database d on d.datname = current_database()
             left join pg_roles all_data on all_data.rolname = 'pg_read_all_data'
       where n.nspname = 'pgrehearse' and p.proname = 'column_statistics' and p.pronargs = 0) f,
     (select x.name, x.exec_time,
             case when x.info is null then 'null::timestamptz' else format('(select stats_reset from %s)', x.info) end as since,
             case when x.info is null then 'greatest(extract(epoch from now() - (select since from facts))::float8, 1)'
                  -- an entry that was evicted begins anew; an hour, because one call a second ago is no rate
                  when x.entry_since then format('greatest(extract(epoch from now() - s.stats_since)::float8, '
                       || 'least(extract(epoch from now() - (select stats_reset from %s))::float8, 3600), 1)', x.info)
                  else format('greatest(extract(epoch from now() - (select stats_reset from %s))::float8, 1)', x.info) end as seconds,
             case when x.name is null then 'the extension pg_stat_statements is not installed in this database'
                  when current_setting('pg_stat_statements.max', true) is null then 'pg_stat_statements is not in shared_preload_libraries'
                  when not x.readable then 'the view pg_stat_statements may not be read by this role' end as missing
        from (select max(format('%I.pg_stat_statements', n.nspname)) as name,
                     max(case when i.oid is not null then format('%I.pg_stat_statements_info', n.nspname) end) as info,
                     bool_or(has_table_privilege(v.oid, 'select') and has_schema_privilege(n.oid, 'usage')) as readable,
                     bool_or(exists (select from pg_attribute a where a.attrelid = v.oid and a.attname = 'total_exec_time')) as exec_time,
                     bool_or(exists (select from pg_attribute a where a.attrelid = v.oid and a.attname = 'stats_since')) as entry_since
                from pg_extension e join pg_namespace n on n.oid = e.extnamespace
                     join pg_class v on v.relnamespace = n.oid and v.relname = 'pg_stat_statements'
                     left join pg_class i on i.relnamespace = n.oid and i.relname = 'pg_stat_statements_info'
               where e.extname = 'pg_stat_statements') x) s`

/** One SELECT that gives the whole file as one text. With placeholders; see {@link fillIn}. */
export function exportSql(values: ValuesChoice): string {
  return `select ${ownMark}
  '{' || chr(10) || '  ' || concat_ws(',' || chr(10) || '  ',
    '"format": "pgrehearse-snapshot"', '"version": 1',
    '"takenAt": ' || (${jsonTime('now()')}),
    '"containsValues": ${String(values.kind !== 'none')}', '"statementsNormalised": false',
    '"server": ' || (${serverJson}),
    '"statistics": ' || (${statisticsJson}),
    '"settings": ' || (${settingsJson}),
    '"replication": ' || (${replicationJson}),
    '"notRead": ' || (select json from not_read),
    '"statements": ' || (${orNull('case when :statements_missing is null then (select json from statements) end')}),
    '"tables": ' || (select json from tables)) || chr(10) || '}' as snapshot
from facts`.replace(/^select/, () => `with ${ctes(values)}\nselect`)
}

function ctes(values: ValuesChoice): string {
  return [factsSql, relationsSql(values), statementsSql, notReadSql].join(',').trim()
}

/** The text with the placeholders filled in, as psql does with its variables. */
export function fillIn(sql: string, placeholders: Placeholders): string {
  const value = (name: keyof Placeholders): string => placeholders[name]
  return sql.replace(
    /(?<![:\w]):(column_statistics|by_function|statements_missing|statements|measure_at_most)\b/g,
    (_, name: keyof Placeholders) => value(name),
  )
}
