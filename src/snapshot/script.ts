import { beginSql, exportSql, preparationSql, sessionSql } from './export-sql.ts'
import type { ValuesChoice } from './values-choice.ts'

/** Statistics without values, for a role that may read the rows of no table. */
export const functionSql = `create schema if not exists pgrehearse;
create or replace function pgrehearse.column_statistics()
  returns table (schemaname name, tablename name, attname name, inherited boolean,
                 null_frac real, n_distinct real, avg_width integer, correlation real)
  language sql stable security definer set search_path = pg_catalog, pg_temp
as 'select schemaname, tablename, attname, inherited, null_frac, n_distinct, avg_width, correlation from pg_catalog.pg_stats';
revoke all on function pgrehearse.column_statistics() from public;`

/** A script for psql that writes the snapshot, or with a variable creates the function. */
export function printScript(values: ValuesChoice): string {
  return `-- Statistics of this database as one file, for pgrehearse. By psql 11 or later, read-only, as any role:
--
--   psql -X -q -f this-file.sql 'postgresql://…/shop' > pgrehearse-snapshot.json
--
-- ${values.kind === 'none' ? 'No values of columns are read.' : 'IT READS VALUES OF COLUMNS (--with-values): that is data.'}
-- Column statistics need SELECT on the tables (pg_read_all_data), the rest at best pg_monitor; what could not be read
-- is listed in the file. \`pgrehearse snapshot --from <the file>\` reads the file, removes the literals and comments that
-- statements may still have, and writes it as pgrehearse itself does.
--
-- To let a role without SELECT read column statistics (never values), run this file once as superuser, or as a member
-- of pg_read_all_data who owns the database, with the name of that role:
--
--   psql -X -v reader=some_role -f this-file.sql 'postgresql://…/shop'

\\set ON_ERROR_STOP on
\\set QUIET on
\\pset pager off
\\pset format unaligned
\\pset tuples_only on
\\encoding UTF8

\\if :{?reader}

begin;
${functionSql}
grant usage on schema pgrehearse to :"reader";
grant execute on function pgrehearse.column_statistics() to :"reader";
commit;
\\echo 'Created pgrehearse.column_statistics().'

\\else

${beginSql}
${sessionSql}

-- What this server has; the answers are used as :name below.
${preparationSql} \\gset

${exportSql(values)};

rollback;

\\endif
`
}
