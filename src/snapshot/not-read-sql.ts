import { jsonList, jsonObject, jsonText } from './json-sql.ts'

/** Each: when it applies, what was not read, and what would help; expressions over facts, tables and statements. */
const rows: readonly (readonly [condition: string, what: string, remedy: string])[] = [
  [
    'tables.unreadable > 0 and not :by_function',
    `format('column statistics of %s of %s tables: our role may not read all their rows', tables.unreadable, tables.total)`,
    `'Grant SELECT on them or pg_read_all_data, or let a DBA create the function of pgrehearse snapshot --print-sql.'`,
  ],
  [
    ':statements_missing is not null',
    `'statements: ' || (:statements_missing)`,
    `'It takes pg_stat_statements in shared_preload_libraries, CREATE EXTENSION pg_stat_statements in this database, and SELECT on its view.'`,
  ],
  [
    'statements.hidden > 0',
    `format('statements of other roles: %s', statements.hidden)`,
    `'Grant pg_monitor to the role.'`,
  ],
  [
    'exists (select from pg_stat_replication where state is null)',
    `'names, state and lag of the standbys'`,
    `'Grant pg_monitor to the role.'`,
  ],
  [
    'facts.standby',
    `'live and dead rows, scans and writes of tables, and the standbys of the primary: this server is a standby, and only the primary knows them'`,
    `'Take the snapshot from the primary for them.'`,
  ],
  [
    'tables.unmeasured > 0',
    `format('sizes of tables that neither VACUUM nor ANALYZE has counted, and that are locked or too many to measure: %s', tables.unmeasured)`,
    `'Run ANALYZE there.'`,
  ],
  [
    'tables.unknown_rows > 0',
    `format('rows of tables that neither VACUUM nor ANALYZE has counted: %s', tables.unknown_rows)`,
    `'Run ANALYZE there.'`,
  ],
  [
    `current_setting('track_counts') = 'off'`,
    `'rates and live rows: track_counts is off'`,
    `'Set track_counts to on.'`,
  ],
  [
    'facts.seconds < 3600',
    `'rates that one can rely on: the counters began less than an hour ago'`,
    `'Take the snapshot again after a usual day.'`,
  ],
]

const queries = rows.map(
  ([condition, what, remedy], at) =>
    `select ${at} as at, ${what} as what, ${remedy} as remedy from facts, tables, statements where ${condition}`,
)

export const notReadSql = `
not_read as (
  select ${jsonList(jsonObject({ what: jsonText('what'), remedy: jsonText('remedy') }), 'at')} as json
    from (${queries.join('\n     union all ')}) one
)`
