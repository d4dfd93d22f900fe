import { readdirSync, readFileSync, type Dirent } from 'node:fs'
import { join, relative } from 'node:path'
import { readControlFile } from './control-file.ts'

/** A cluster that cannot be packed, or an image that is none; the message completes `… because`. */
export class ClusterImageError extends Error {
  override readonly name = 'ClusterImageError'
}

/** The files of one relation: its forks, in segments of 1 GB (relpath.c). */
const relation = String.raw`\d{1,10}(?:_(?:fsm|vm|init))?(?:\.\d{1,5})?`

/**
 * Paths, below the data folder, of everything that a cleanly stopped cluster needs besides its configuration. What
 * is packed and what is unpacked must match, so no path can lead out of the folder, and no configuration file,
 * `standby.signal` or tablespace link can come from an image.
 */
const neededFile = new RegExp(
  `^(?:${[
    'PG_VERSION',
    `global/(?:${relation}|pg_control|pg_filenode\\.map)`,
    `base/\\d{1,10}/(?:${relation}|PG_VERSION|pg_filenode\\.map)`,
    'pg_wal/[0-9A-F]{24}',
    'pg_xact/[0-9A-F]{4,15}',
    'pg_multixact/(?:members|offsets)/[0-9A-F]{4,15}',
  ].join('|')})$`,
)

/** What initdb writes anew, the server makes again when it starts, or only matters while it runs. */
const dispensableFile = new RegExp(
  `^(?:${[
    'postgresql\\.(?:auto\\.)?conf|pg_(?:hba|ident)\\.conf',
    'postmaster\\.opts',
    '(?:global|base/\\d+)/pg_internal\\.init',
    'base/\\d+/t\\d+_.*', // temporary tables of sessions that ended badly
    '(?:base/pgsql_tmp|pg_(?:dynshmem|notify|serial|snapshots|stat|stat_tmp|subtrans))/.*',
    'pg_logical/replorigin_checkpoint',
    'pg_wal/(?:(?:archive_status|summaries)/)?[^/]*',
  ].join('|')})$`,
)

/** Folders of a cluster (initdb.c: subdirs), parents first; the server does not make them itself. */
export const clusterFolders: readonly string[] = [
  'base',
  'global',
  ...['pg_commit_ts', 'pg_dynshmem', 'pg_notify', 'pg_replslot', 'pg_serial', 'pg_snapshots', 'pg_stat'],
  ...['pg_stat_tmp', 'pg_subtrans', 'pg_tblspc', 'pg_twophase', 'pg_xact'],
  ...['pg_logical', 'pg_logical/mappings', 'pg_logical/snapshots'],
  ...['pg_multixact', 'pg_multixact/members', 'pg_multixact/offsets'],
  ...['pg_wal', 'pg_wal/archive_status', 'pg_wal/summaries'],
]

/** True for the path of a file that an image may hold. */
export function isNeededFile(path: string): boolean {
  return neededFile.test(path)
}

/**
 * The files of a stopped cluster that have to be kept, sorted.
 * @throws ClusterImageError when it was not stopped in good order, or holds what is not kept: tablespaces,
 * replication slots, prepared transactions, settings of ALTER SYSTEM.
 */
export function listNeededFiles(dataDir: string): readonly string[] {
  const control = readControlFile(readFileSync(join(dataDir, 'global', 'pg_control')))
  if (!control.isCleanlyStopped) throw new ClusterImageError('the server did not shut down in good order')
  refuseSystemSettings(dataDir)
  const needed: string[] = []
  for (const entry of readdirSync(dataDir, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue
    const path = relative(dataDir, join(entry.parentPath, entry.name))
    if (isKept(entry, path, control.walFile)) needed.push(path)
  }
  return needed.toSorted()
}

function isKept(entry: Dirent, path: string, walFile: string): boolean {
  if (entry.isFile() && isNeededFile(path)) return !path.startsWith('pg_wal/') || entry.name === walFile
  if (entry.isFile() && dispensableFile.test(path)) return false
  throw new ClusterImageError(`it changed more of the server than its databases (${path})`)
}

function refuseSystemSettings(dataDir: string): void {
  const lines = readFileSync(join(dataDir, 'postgresql.auto.conf'), 'utf8').split('\n')
  if (lines.some((line) => line.trim() !== '' && !line.startsWith('#'))) {
    throw new ClusterImageError('it changes settings of the whole server (ALTER SYSTEM)')
  }
}
