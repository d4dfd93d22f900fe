import {
  jsonCount,
  jsonFlag,
  jsonList,
  jsonNumber,
  jsonObject,
  jsonRate,
  jsonText,
  orNull,
} from './json-sql.ts'
import type { ValuesChoice } from './values-choice.ts'
import { valuesCondition } from './values-choice.ts'

/**
 * Tables, their indexes and TOAST. Sizes are relpages: pg_relation_size() takes an AccessShareLock, waits behind
 * AccessExclusiveLock, and keeps 2.5 kB of cache per relation in the backend (100,000 relations: 2.4 s, 400 MB, against
 * nothing). Only relations that neither VACUUM nor ANALYZE has counted are measured, at most
 * :measure_at_most, and none that somebody locks exclusively or wants to.
 */
export function relationsSql(values: ValuesChoice): string {
  return `
relations as materialized (
  select c.oid, n.nspname, c.relname, c.relkind, c.relpages, c.reltuples, c.relallvisible, c.relpersistence,
         c.reloptions, c.reltoastrelid, c.relispartition,
         -- before 14, a table that nobody counted has no pages and no rows
         c.relkind <> 'p' and (c.reltuples < 0 or (c.relpages = 0 and c.reltuples = 0 and facts.major < 14)) as uncounted,
         c.reltuples > 0 or (c.reltuples = 0 and (facts.major >= 14 or c.relpages > 0)) as counted
    from pg_class c join pg_namespace n on n.oid = c.relnamespace cross join facts
   where c.relkind in ('r', 'p', 'm') and c.relpersistence <> 't'
     and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
),
index_relations as materialized (
  select r.oid as table_oid, c.oid, c.relname, c.relkind, c.relpages, c.reltuples, a.amname,
         i.indisprimary, i.indisunique, i.indisvalid, r.nspname, r.uncounted and c.relkind = 'i' as uncounted
    from relations r join pg_index i on i.indrelid = r.oid
    join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
),
toast_relations as materialized (
  select r.oid as table_oid, t.oid, t.relpages, x.oid as index_oid, x.relpages as index_relpages,
         -- ANALYZE of the table does not count its TOAST
         t.reltuples < 0 or (t.relpages = 0 and t.reltuples = 0 and facts.major < 14) as uncounted
    from relations r join pg_class t on t.oid = r.reltoastrelid
    join pg_index i on i.indrelid = t.oid join pg_class x on x.oid = i.indexrelid cross join facts
),
uncounted as materialized (
  select u.oid
    from (select oid, oid as table_oid from relations where uncounted
          union all select oid, table_oid from index_relations where uncounted
          union all select oid, table_oid from toast_relations where uncounted
          union all select index_oid, table_oid from toast_relations where uncounted) u
   where not exists (select from pg_locks l
                      where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock' and l.relation in (u.oid, u.table_oid)
                        and l.database = (select oid from pg_database where datname = current_database()))
   order by pg_stat_get_tuples_inserted(u.table_oid) desc, u.table_oid, u.oid
   limit :measure_at_most
),
measured as materialized (
  select oid, pg_relation_size(oid) as bytes from uncounted
),
column_sources as materialized (
  :column_statistics
),
${values.kind === 'none' ? '' : columnValues(values)}
column_texts as materialized (
  select s.schemaname, s.tablename, s.inherited,
         ${jsonList(columnJson(values), 's.attname collate "C"', 8)} as json
    from column_sources s${values.kind === 'none' ? '' : columnValuesJoin}
   group by s.schemaname, s.tablename, s.inherited
),
indexes as materialized (
  select i.table_oid, sum(pg_stat_get_numscans(i.oid)) as scans,
         ${jsonList(indexJson, 'i.relname collate "C"', 8)} as json
    from index_relations i cross join facts left join measured on measured.oid = i.oid
    left join column_texts on column_texts.schemaname = i.nspname and column_texts.tablename = i.relname
   group by i.table_oid
),
toast as materialized (
  select t.table_oid,
         coalesce(m.bytes, t.relpages * facts.block_size) + coalesce(x.bytes, t.index_relpages * facts.block_size) as bytes,
         t.uncounted and m.bytes is null as unknown
    from toast_relations t cross join facts
    left join measured m on m.oid = t.oid left join measured x on x.oid = t.index_oid
),
counters as materialized (
  select r.oid, pg_stat_get_live_tuples(r.oid) as live, pg_stat_get_dead_tuples(r.oid) as dead,
         pg_stat_get_numscans(r.oid) as scans, pg_stat_get_tuples_inserted(r.oid) as inserted,
         pg_stat_get_tuples_updated(r.oid) as updated, pg_stat_get_tuples_deleted(r.oid) as deleted
    from relations r cross join facts
   where r.relkind <> 'p' and not facts.standby
),
tables as (
  select count(*) as total,
         count(*) filter (where r.uncounted and m.bytes is null) as unmeasured,
         count(*) filter (where r.uncounted and coalesce(c.live, 0) = 0 and coalesce(m.bytes, 1) > 0) as unknown_rows,
         count(*) filter (where not has_table_privilege(r.oid, 'select') or row_security_active(r.oid)) as unreadable,
         ${jsonList(tableJson, 'r.nspname collate "C", r.relname collate "C"')} as json
    from relations r cross join facts
    left join measured m on m.oid = r.oid left join toast on toast.table_oid = r.oid
    left join counters c on c.oid = r.oid left join indexes on indexes.table_oid = r.oid
    left join column_texts on column_texts.schemaname = r.nspname and column_texts.tablename = r.relname
                          and column_texts.inherited = (r.relkind = 'p')
    left join pg_inherits h on h.inhrelid = r.oid and r.relispartition
    left join pg_class p on p.oid = h.inhparent left join pg_namespace pn on pn.oid = p.relnamespace
    left join pg_partitioned_table k on k.partrelid = r.oid
)`
}

const tableJson = jsonObject({
  schema: jsonText('r.nspname'),
  name: jsonText('r.relname'),
  kind: `case r.relkind when 'p' then '"partitioned table"' when 'm' then '"materialized view"' else '"table"' end`,
  partitionOf: `case when p.oid is not null then ${jsonObject({
    schema: jsonText('pn.nspname'),
    name: jsonText('p.relname'),
  })} end`,
  partitionedBy: `case k.partstrat when 'l' then '"list"' when 'r' then '"range"' when 'h' then '"hash"' end`,
  unlogged: jsonFlag(`r.relpersistence = 'u'`),
  options: 'to_json(r.reloptions)::text',
  rows: orNull(
    `case when r.counted then ${jsonCount('r.reltuples')}
          when m.bytes = 0 then '0' when c.live > 0 then ${jsonCount('c.live')} end`,
  ),
  rowsFrom: `case when r.counted then '"reltuples"'
      when m.bytes = 0 then '"file"' when c.live > 0 then '"live tuples"' end`,
  pages: orNull(
    `case when not r.uncounted then ${jsonCount('greatest(r.relpages, 0)')} else ${jsonCount('m.bytes / facts.block_size')} end`,
  ),
  bytes: orNull(
    `case when not r.uncounted then ${jsonCount('greatest(r.relpages, 0) * facts.block_size')} else ${jsonCount('m.bytes')} end`,
  ),
  bytesFrom: `case when not r.uncounted then '"relpages"' when m.bytes is not null then '"file"' end`,
  toastBytes: `case when toast.table_oid is not null then
      ${orNull(`case when not toast.unknown then ${jsonCount('toast.bytes')} end`)} end`,
  allVisiblePages: `case when r.relkind <> 'p' and not r.uncounted then ${jsonCount('r.relallvisible')} end`,
  live: jsonRate('c.live'),
  dead: jsonRate('c.dead'),
  rates: `case when c.oid is not null then ${jsonObject({
    sequentialScans: jsonRate('c.scans / facts.seconds'),
    indexScans: jsonRate('coalesce(indexes.scans, 0) / facts.seconds'),
    inserted: jsonRate('c.inserted / facts.seconds'),
    updated: jsonRate('c.updated / facts.seconds'),
    deleted: jsonRate('c.deleted / facts.seconds'),
  })} end`,
  columns: 'column_texts.json',
  indexes: `coalesce(indexes.json, '[]')`,
})

const indexJson = jsonObject({
  name: jsonText('i.relname'),
  method: jsonText('i.amname'),
  primary: jsonFlag('i.indisprimary'),
  unique: jsonFlag('i.indisunique'),
  invalid: jsonFlag('not i.indisvalid'),
  rows: orNull(`case when i.reltuples >= 0 and not i.uncounted then ${jsonCount('i.reltuples')} end`),
  pages: orNull(`case when not i.uncounted then ${jsonCount('greatest(i.relpages, 0)')}
      else ${jsonCount('measured.bytes / facts.block_size')} end`),
  bytes: orNull(`case when not i.uncounted then ${jsonCount('greatest(i.relpages, 0) * facts.block_size')}
      else ${jsonCount('measured.bytes')} end`),
  scansPerSecond: `case when i.relkind = 'i' and not facts.standby
      then ${jsonRate('pg_stat_get_numscans(i.oid) / facts.seconds')} end`,
  columns: 'column_texts.json',
})

function columnJson(values: ValuesChoice): string {
  return jsonObject({
    name: jsonText('s.attname'),
    nullFraction: jsonCount('s.null_frac'),
    distinct: jsonCount('s.n_distinct'),
    width: jsonNumber('s.avg_width'),
    correlation: jsonNumber('round(s.correlation::numeric, 2)'),
    ...(values.kind === 'none' ? {} : { values: 'v.json' }),
  })
}

function columnValues(values: ValuesChoice): string {
  const json = jsonObject({
    mostCommon: jsonText('most_common_vals'),
    frequencies: `(select '[' || string_agg(${jsonCount('f')}, ', ' order by at) || ']'
                     from unnest(most_common_freqs) with ordinality as one (f, at))`,
    histogram: jsonText('histogram_bounds'),
  })
  return `column_values as materialized (
  select schemaname, tablename, attname, inherited, ${json} as json
    from pg_stats
   where (most_common_vals is not null or histogram_bounds is not null) and (${valuesCondition(values)})
),
`
}

const columnValuesJoin = `
    left join column_values v on v.schemaname = s.schemaname and v.tablename = s.tablename
                             and v.attname = s.attname and v.inherited = s.inherited`
