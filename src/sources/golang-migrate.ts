import type {
  FileTree,
  MigrationScript,
  MigrationSet,
  MigrationSource,
  SkippedFile,
  SourceOptions,
  SourceRoot,
} from '../core/source.ts'
import type { TransactionChoice } from '../core/model.ts'
import { compareText, folderOf, groupByFolder, isInside, nameOf } from './paths.ts'
import { duplicateVersions, loadScripts } from './read.ts'
import { folderOwners } from './owners.ts'
import { wholeWayDown, withWaysDown } from './way-down.ts'
import { compareVersions } from './whole-file.ts'
import { golangMigrateWriter } from './write-whole-files.ts'

/**
 * golang-migrate: `{version}_{title}.up.sql`, versions are uint64, one folder, no subfolders.
 *
 * - Names and order: `^([0-9]+)_(.*)\.(down|up)\.(.*)$`, compared as numbers; a second file for a version and
 *   direction is an error (source/parse.go, source/iofs/iofs.go of golang-migrate/migrate v4).
 * - Transactions: the file is sent as one query without parameters, hence one simple Query message and one
 *   implicit transaction; `x-multi-statement=true` in the database URL splits it at semicolons, which no file
 *   can tell (Run in database/postgres/postgres.go; pgx sends it likewise).
 * - Way down: `.down.sql` of the same version, sent likewise (readDown and newMigration in migrate.go; a version without
 *   one is stepped over).
 * - Session: the driver keeps one connection for all migrations (WithInstance, same file), so a SET lasts. Its table is
 *   named with the schema that it found when it began, so it does not mind a search_path.
 * - Identity: schema_migrations holds the version and nothing else (SetVersion, same file); titles may change.
 * - Order of merging: `up` only ever steps to versions above the database's current one (migrate.go, readUp).
 * - After a failure: the version is noted as dirty before its file runs, and clean afterwards; a dirty one is an error until
 *   `force` (runMigrations and Up in migrate.go).
 */
export const golangMigrate: MigrationSource = {
  id: 'golang-migrate',
  title: 'golang-migrate',
  docs: 'https://github.com/golang-migrate/migrate/blob/master/MIGRATIONS.md',
  detect,
  load,
  writer: golangMigrateWriter,
}

const namePattern = /^([0-9]+)_(.*)\.(down|up)\.(.*)$/
const maxVersion = (1n << 64n) - 1n

/** ensureVersionTable in database/postgres/postgres.go; it holds one row while a migration runs, with dirty = true. */
const bookkeeping =
  'CREATE TABLE IF NOT EXISTS schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);\n'

const defaultTransaction: TransactionChoice = {
  mode: 'simple query',
  why: 'golang-migrate default, unless the database URL says x-multi-statement=true',
}

/** Does the file name make its folder one of golang-migrate? Other extensions than .sql do not decide. */
export function isGolangMigrateName(name: string): boolean {
  const match = namePattern.exec(name)
  return match?.[3] === 'up' && match[4] === 'sql'
}

async function detect(files: FileTree): Promise<readonly SourceRoot[]> {
  const foreign = await folderOwners(files)
  const roots: SourceRoot[] = []
  for (const [dir, paths] of groupByFolder(await files.list())) {
    if (!paths.some((path) => isGolangMigrateName(nameOf(path)))) continue
    if (foreign.some((folder) => isInside(dir, folder.dir))) continue
    roots.push({ source: golangMigrate.id, dir, found: 'layout' })
  }
  return roots
}

interface Entry {
  readonly file: string
  readonly version: bigint
  readonly title: string
}

async function load(root: SourceRoot, files: FileTree, options: SourceOptions): Promise<MigrationSet> {
  const { up, down, skipped } = await readFolder(root, files)
  up.sort((a, b) => compareVersions(a, b) || compareText(a.file, b.file))
  const { scripts, problems } = await loadScripts(
    files,
    up,
    (entry, text) => scriptOf(entry, text, options),
    'golang-migrate',
  )
  const duplicates = duplicateVersions(
    up.map(({ file, version }) => ({ file, version: String(version) })),
    'golang-migrate refuses to run at all',
  )
  const whenOutOfOrder = {
    outcome: 'skipped',
    says: 'golang-migrate never runs it on a database that is already at a later version',
  } as const
  return {
    root,
    scripts: await withWaysDown(scripts, ({ version }) =>
      wholeWayDown(files, down.get(version ?? ''), () => options.transaction ?? defaultTransaction),
    ),
    sharesSession: true,
    whenFailed: {
      outcome: 'refused',
      says: 'golang-migrate marks the version dirty and refuses to run anything until `migrate force`',
    },
    problems: [...duplicates, ...problems],
    skipped,
    identifiedBy: 'version',
    whenOutOfOrder,
    foundation: { title: 'golang-migrate’s own table', sql: bookkeeping },
  }
}

async function readFolder(
  root: SourceRoot,
  files: FileTree,
): Promise<{ up: Entry[]; down: ReadonlyMap<string, string>; skipped: SkippedFile[] }> {
  const up: Entry[] = []
  const down = new Map<string, string>()
  const skipped: SkippedFile[] = []
  for (const file of await files.list()) {
    if (folderOf(file) !== root.dir) continue
    const match = namePattern.exec(nameOf(file))
    const version = BigInt(match?.[1] ?? 0)
    const skip = (reason: string): unknown => skipped.push({ file, reason, affectsOthers: false })
    if (match === null) {
      if (file.endsWith('.sql')) skip('golang-migrate ignores names other than {version}_{title}.up.sql')
    } else if (version > maxVersion) skip('golang-migrate ignores versions above 2^64 - 1')
    else if (match[3] === 'down') {
      skip('down migrations run only on a rollback')
      down.set(String(version), file)
    } else up.push({ file, version, title: (match[2] ?? '').replaceAll('_', ' ') })
  }
  return { up, down, skipped }
}

function scriptOf(entry: Entry, text: string, options: SourceOptions): MigrationScript {
  return {
    source: golangMigrate.id,
    file: entry.file,
    version: String(entry.version),
    title: entry.title,
    text,
    start: 0,
    end: text.length,
    transaction: options.transaction ?? defaultTransaction,
    repeatable: false,
  }
}
