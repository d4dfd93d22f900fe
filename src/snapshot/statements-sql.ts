import {
  jsonCount,
  jsonList,
  jsonNumber,
  jsonObject,
  jsonRate,
  jsonText,
  jsonTime,
  orNull,
} from './json-sql.ts'

/** Statements that are kept by each of the two orders. */
const kept = 500
const longest = 100_000

/** Stands in our own queries, so that no snapshot lists the one before. */
export const ownMark = '/* pgrehearse snapshot */'

/**
 * pg_stat_statements of this database. SQL cannot parse SQL, so this errs on the safe side: a text with a string in
 * any form, once its comments are away, is counted and left out. What is left is normalised where the file is read.
 */
export const statementsSql = `
raw_statements as materialized (
  :statements
),
bare_statements as (
  select btrim(regexp_replace(regexp_replace(query, '/\\*.*?\\*/', ' ', 'g'), '--[^\\r\\n]*', ' ', 'g'),
               ' ;' || chr(9) || chr(10) || chr(13)) as query,
         query = '<insufficient privilege>' as hidden, calls, ms, rows, seconds
    from raw_statements
   where calls > 0 and position('pgrehearse snapshot' in query) = 0
),
sorted_statements as materialized (
  select *, case when hidden then 'hidden'
       when lower(substring(query from '^[\\s(]*([A-Za-z]+)')) in
            ('select', 'insert', 'update', 'delete', 'merge', 'with', 'values', 'table') then
            case when position('''' in query) > 0 or query ~ '\\$(?:[^0-9$\\s][^$\\s]*)?\\$' then 'literals'
                 when length(query) > ${longest} then 'unparsed' else 'list' end
       else 'other' end as place
    from bare_statements
),
ranked_statements as (
  select query, calls_per_second, mean_ms, rows_per_call,
         row_number() over (order by calls_per_second desc, query collate "C") as by_calls,
         row_number() over (order by calls_per_second * mean_ms desc, query collate "C") as by_time
    from (select query, sum(calls / seconds) as calls_per_second, sum(ms) / sum(calls) as mean_ms,
                 sum(rows)::float8 / sum(calls)::float8 as rows_per_call
            from sorted_statements where place = 'list' group by query) merged
),
statements as (
  select ${jsonObject({
    since: orNull(jsonTime('(select min(since) from raw_statements)')),
    list: `(select ${jsonList(
      jsonObject({
        sql: jsonText('query'),
        callsPerSecond: jsonRate('calls_per_second'),
        meanMs: jsonRate('mean_ms'),
        rowsPerCall: jsonCount('rows_per_call'),
      }),
      'query collate "C"',
      6,
    )} from ranked_statements where by_calls <= ${kept} or by_time <= ${kept})`,
    leftOut: jsonObject({
      hidden: jsonNumber(`count(*) filter (where place = 'hidden')`),
      otherCommands: jsonRate(`count(*) filter (where place = 'other')`),
      literals: jsonNumber(`count(*) filter (where place = 'literals')`),
      rare: `(select ${jsonRate('count(*)')} from ranked_statements where by_calls > ${kept} and by_time > ${kept})`,
      unparsed: jsonNumber(`count(*) filter (where place = 'unparsed')`),
    }),
  })} as json, count(*) filter (where place = 'hidden') as hidden
    from sorted_statements
)`
