import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Port number in the socket's name; nothing listens on the network. */
export const socketPort = 5432

/** Bytes of a Unix socket's path, without its final NUL (sun_path in sys/un.h: Linux 108, macOS 104). */
export const maxSocketPathBytes = 103

/**
 * Settings of the throwaway server. None changes which locks a statement takes; they make it fast and its
 * counters repeatable.
 */
const settings: Readonly<Record<string, string | number>> = {
  listen_addresses: '',
  port: socketPort,
  unix_socket_permissions: '0700',
  // Fast: the data is thrown away anyway.
  fsync: 'off',
  autovacuum: 'off',
  jit: 'off',
  checkpoint_timeout: '1h',
  max_wal_size: '1GB', // checkpoints do not count: no full pages, nothing is flushed
  min_wal_size: '32MB',
  // Repeatable WAL volume: full pages depend on when the last checkpoint was, and asynchronous commit
  // delays hint bits, so that a later scan dirties more pages.
  full_page_writes: 'off',
  synchronous_commit: 'on',
  wal_level: 'replica', // minimal would hide the WAL of CREATE TABLE AS and of rewrites
  // Repeatable scan counters: parallel workers' tuples are not counted for the leader.
  max_parallel_workers_per_gather: 0,
  max_parallel_maintenance_workers: 0,
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.save': 'off',
  // The probe walks the whole lock table with every statement. Room for 7,000 locks, as production's defaults give,
  // costs 0.07 ms; more than that, with the connections of gates, costs a multiple.
  max_locks_per_transaction: 64,
  max_pred_locks_per_transaction: 10, // pg_lock_status() walks these, too
  max_connections: 100,
  dynamic_shared_memory_type: 'mmap', // Docker's /dev/shm is 64 MB
  huge_pages: 'off',
  TimeZone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  datestyle: 'iso, mdy',
  default_text_search_config: 'pg_catalog.english',
  logging_collector: 'off',
}

/** Settings that exist from some major on. */
const settingsSince: Readonly<Record<number, Readonly<Record<string, string | number>>>> = {
  // CREATE ROLE by the migrator makes it a member that may SET ROLE, as it is for production's superuser.
  16: { createrole_self_grant: 'set, inherit' },
}

/** Settings of a server of this major, except for where its socket is. */
export function serverSettings(major: number): Readonly<Record<string, string | number>> {
  const newer = Object.entries(settingsSince).filter(([since]) => major >= Number(since))
  return Object.assign({}, settings, ...newer.map(([, values]) => values))
}

/** Settings in place of those that a replay has. */
export type SettingOverrides = Readonly<Record<string, string | number>>

/** Writes the configuration files of a data folder anew, all of them, whatever they held. */
export async function writeConfiguration(
  dataDir: string,
  socketDir: string,
  major: number,
  overrides: SettingOverrides = {},
): Promise<void> {
  const written: Readonly<Record<string, string | number>> = {
    ...serverSettings(major),
    ...overrides,
    unix_socket_directories: socketDir,
  }
  const lines = Object.entries(written).map(
    ([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'`,
  )
  await writeFile(join(dataDir, 'postgresql.conf'), `${lines.join('\n')}\n`)
  await writeFile(join(dataDir, 'postgresql.auto.conf'), '')
  await writeFile(join(dataDir, 'pg_ident.conf'), '')
  // Passwords even on the socket: SQL under rehearsal runs as the server's own operating system user and
  // could reach the socket through dblink or postgres_fdw.
  await writeFile(join(dataDir, 'pg_hba.conf'), 'local all all scram-sha-256\n')
}
