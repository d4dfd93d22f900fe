import {
  jsonBoolean,
  jsonList,
  jsonNumber,
  jsonObject,
  jsonRate,
  jsonText,
  jsonTime,
  orNull,
} from './json-sql.ts'

/** Settings that decide how long work takes, who waits how long, and what is planned. All `enable_…` come on top. */
const settings = [
  // memory
  'shared_buffers',
  'work_mem',
  'hash_mem_multiplier',
  'maintenance_work_mem',
  'autovacuum_work_mem',
  'temp_buffers',
  'effective_cache_size',
  // WAL and checkpoints
  'wal_level',
  'wal_buffers',
  'wal_compression',
  'wal_keep_size',
  'wal_segment_size',
  'max_wal_size',
  'min_wal_size',
  'max_slot_wal_keep_size',
  'checkpoint_timeout',
  'checkpoint_completion_target',
  'fsync',
  'full_page_writes',
  'synchronous_commit',
  'data_checksums',
  // timeouts and connections
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'transaction_timeout',
  'deadlock_timeout',
  'max_connections',
  'superuser_reserved_connections',
  'reserved_connections',
  'max_locks_per_transaction',
  // standbys
  'hot_standby_feedback',
  'max_standby_streaming_delay',
  'max_standby_archive_delay',
  'max_wal_senders',
  'max_replication_slots',
  // what statements mean
  'TimeZone',
  'DateStyle',
  'search_path',
  'default_transaction_isolation',
  'default_toast_compression',
  // planner
  'seq_page_cost',
  'random_page_cost',
  'cpu_tuple_cost',
  'cpu_index_tuple_cost',
  'cpu_operator_cost',
  'parallel_setup_cost',
  'parallel_tuple_cost',
  'min_parallel_table_scan_size',
  'min_parallel_index_scan_size',
  'default_statistics_target',
  'from_collapse_limit',
  'join_collapse_limit',
  'geqo_threshold',
  'cursor_tuple_fraction',
  'plan_cache_mode',
  'constraint_exclusion',
  'jit',
  'jit_above_cost',
  'effective_io_concurrency',
  'maintenance_io_concurrency',
  'io_method',
  // parallelism
  'max_worker_processes',
  'max_parallel_workers',
  'max_parallel_workers_per_gather',
  'max_parallel_maintenance_workers',
  // autovacuum
  'autovacuum',
  'autovacuum_max_workers',
  'autovacuum_vacuum_cost_delay',
  'autovacuum_vacuum_cost_limit',
  'vacuum_cost_limit',
  'track_counts',
]

/**
 * One row of what everything else asks. The counters of a database survive restarts. From 15 on their `stats_reset` is
 * NULL until somebody resets them: then they are as old as the statistics of the whole server, whose start
 * pg_stat_bgwriter and pg_stat_archiver note (pgstat_reset_after_failure, pgstat.c), if nobody reset both.
 */
export const factsSql = `
facts as materialized (
  select *, greatest(extract(epoch from now() - since)::float8, 1) as seconds
    from (select current_setting('server_version_num')::int / 10000 as major,
                 current_setting('block_size')::bigint as block_size,
                 pg_is_in_recovery() as standby,
                 coalesce(d.stats_reset, start.first, pg_postmaster_start_time()) as since,
                 case when d.stats_reset is not null then 'reset of the statistics'
                      when start.first is not null then 'first start of the statistics'
                      else 'start of the server' end as since_from,
                 d.numbackends, d.xact_commit + d.xact_rollback as transactions
            from (select least((select stats_reset from pg_stat_bgwriter),
                               (select stats_reset from pg_stat_archiver)) as first) start,
                 pg_stat_database d
           where d.datname = current_database()) one
)`

/** to_jsonb(d), because the columns of pg_database differ between majors. */
export const serverJson = `(select ${jsonObject({
  version: jsonText(`split_part(current_setting('server_version'), ' ', 1)`),
  database: jsonText('d.datname'),
  standby: jsonBoolean('facts.standby'),
  encoding: jsonText('pg_encoding_to_char(d.encoding)'),
  collation: jsonText('d.datcollate'),
  ctype: jsonText('d.datctype'),
  localeProvider: `case to_jsonb(d) ->> 'datlocprovider' when 'i' then '"icu"' when 'b' then '"builtin"' else '"libc"' end`,
  locale: jsonText(`coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale')`),
  blockSize: jsonNumber('facts.block_size'),
  connections: jsonRate('facts.numbackends'),
  transactionsPerSecond: jsonRate('facts.transactions / facts.seconds'),
})} from pg_database d where d.datname = current_database())`

export const statisticsJson = jsonObject({
  since: jsonTime('facts.since'),
  sinceFrom: jsonText('facts.since_from'),
})

/** reset_val is what a new session of our role gets; our own SET LOCAL does not show in it. */
export const settingsJson = `(select '{' || string_agg(chr(10) || '    ' || to_json(name)::text || ': ' || value, ',' order by name collate "C")
           || chr(10) || '  }'
  from (select name, case when vartype = 'bool' then case reset_val when 'on' then 'true' else 'false' end
                          when vartype not in ('integer', 'real') then ${jsonText('reset_val')}
                          when reset_val::numeric <= 0 or unit is null then reset_val
                          when unit ~ '^[0-9]' then (reset_val::numeric * pg_size_bytes(unit))::text
                          when unit in ('kB', 'MB') then (reset_val::numeric * pg_size_bytes('1 ' || unit))::text
                          when unit in ('s', 'min') then (reset_val::numeric * case unit when 's' then 1000 else 60000 end)::text
                          else reset_val end as value
          from pg_settings
         where name like 'enable\\_%' or name in (${settings.map((name) => `'${name}'`).join(', ')})) one
 where value is not null)`

const position = 'case when facts.standby then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end'

export const replicationJson = jsonObject({
  standbys: `(select ${jsonList(
    jsonObject({
      name: orNull(jsonText('application_name')),
      state: orNull(jsonText('state')),
      sync: orNull(jsonText('sync_state')),
      lagBytes: orNull(jsonRate(`greatest(pg_wal_lsn_diff(${position}, replay_lsn), 0)`)),
      lagMs: orNull(jsonRate('extract(epoch from replay_lag) * 1000')),
    }),
    'application_name collate "C"',
    6,
  )} from pg_stat_replication where state is null or state = 'streaming' or state = 'catchup')`,
  slots: `(select ${jsonList(
    jsonObject({
      name: jsonText('slot_name'),
      type: jsonText('slot_type'),
      active: jsonBoolean('active'),
      retainedBytes: orNull(jsonRate(`greatest(pg_wal_lsn_diff(${position}, restart_lsn), 0)`)),
    }),
    'slot_name collate "C"',
    6,
  )} from pg_replication_slots where not coalesce((to_jsonb(pg_replication_slots) ->> 'temporary')::boolean, false))`,
})
