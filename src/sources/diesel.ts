import type { TransactionChoice } from '../core/model.ts'
import type {
  FileTree,
  MigrationScript,
  MigrationSet,
  MigrationSource,
  SkippedFile,
  SourceOptions,
  SourceProblem,
  SourceRoot,
} from '../core/source.ts'
import { detectOwned } from './owners.ts'
import { compareText, folderOf, isInside, joinPath, nameOf } from './paths.ts'
import { duplicateVersions, readText } from './read.ts'
import { wholeWayDown, withWaysDown } from './way-down.ts'
import { readWholeFiles, type WholeFile } from './whole-file.ts'
import { dieselWriter } from './write-folders.ts'

/**
 * Diesel: `<version>_<name>/up.sql` with down.sql and metadata.toml. Read in diesel 2.3.14, diesel_migrations 2.3.2,
 * migrations_internals 2.3.0; `embed_migrations!` embeds the same files and is run by the same code.
 *
 * - Names and order: the version is what stands before the first `_`, without dashes, compared as text
 *   (migrations_internals/src/lib.rs, pending_migrations in diesel_migrations/src/migration_harness.rs: of two folders
 *   with one version a HashMap keeps one). Files and folders with a leading dot are passed over; a folder
 *   without up.sql stops the run, as does an empty up.sql (file_based_migrations.rs).
 * - Transactions: BEGIN, the file as one simple Query (batch_execute, diesel/src/pg/connection/mod.rs), the row of
 *   __diesel_schema_migrations, COMMIT (run_migration in migration_harness.rs). With `run_in_transaction = false` in
 *   metadata.toml no BEGIN. A metadata.toml that does not say counts as false, one that cannot be read as true
 *   (TomlMetadata in migrations_internals/src/lib.rs: serde's default against its own).
 * - Way down: down.sql, in the same kind of transaction (revert_migration in migration_harness.rs).
 * - Session: one connection, `SET TIME ZONE 'UTC'` at its beginning.
 * - Order of merging: every version that has no row is run; changed and deleted files are not noticed.
 * - Its table: diesel/src/migration/setup_migration_table.sql.
 * - After a failure: the row is written behind the file, so nothing of one that failed is known (run_migration).
 */
export const diesel: MigrationSource = {
  id: 'diesel',
  title: 'Diesel',
  docs: 'https://docs.rs/diesel_migrations/latest/diesel_migrations/',
  detect: detectOwned('diesel', (path, dir) => isInside(path, dir) && nameOf(path) === 'up.sql'),
  load,
  writer: dieselWriter,
}

const table = '__diesel_schema_migrations'

interface Entry extends WholeFile {
  readonly version: string
  readonly metadata: string | undefined
  readonly down: string | undefined
}

async function load(root: SourceRoot, files: FileTree, options: SourceOptions): Promise<MigrationSet> {
  const { entries, skipped, problems } = await readFolder(root, files)
  entries.sort((a, b) => compareText(a.version, b.version) || compareText(a.file, b.file))
  problems.push(...duplicateVersions(entries, 'Diesel runs only one of them'))
  const read = await readWholeFiles(
    entries,
    files,
    { ...diesel, table },
    (entry) => options.transaction ?? transactionOf(entry, files),
  )
  const downOf = new Map(entries.map(({ file, down }) => [file, down]))
  const empty = read.scripts.filter(({ text }) => text === '')
  return {
    root,
    scripts: await withWaysDown(read.scripts, ({ file, transaction }) =>
      wholeWayDown(files, downOf.get(file), () => transaction),
    ),
    sharesSession: true,
    whenFailed: { outcome: 'runs again', says: 'Diesel runs the migration again, from its first statement' },
    problems: [...problems, ...read.problems, ...empty.map(emptyProblem)],
    skipped,
    identifiedBy: 'version',
    whenOutOfOrder: { outcome: 'runs', says: 'Diesel runs every version that is not in its table' },
    foundation: {
      title: 'Diesel’s own table',
      sql: `CREATE TABLE IF NOT EXISTS ${table} (
  version varchar(50) PRIMARY KEY NOT NULL,
  run_on timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);`,
      settings: { TimeZone: 'UTC' },
    },
  }
}

async function readFolder(
  root: SourceRoot,
  files: FileTree,
): Promise<{ entries: Entry[]; skipped: SkippedFile[]; problems: SourceProblem[] }> {
  const entries: Entry[] = []
  const skipped: SkippedFile[] = []
  const problems: SourceProblem[] = []
  const held = new Map<string, string[]>()
  for (const path of await files.list()) {
    if (!isInside(path, root.dir)) continue
    const [name = '', ...rest] = (root.dir === '' ? path : path.slice(root.dir.length + 1)).split('/')
    const isFolder = rest.length > 0 && !name.startsWith('.')
    if (isFolder) held.set(name, [...(held.get(name) ?? []), path])
    const reason = isFolder ? whySkipped(rest.join('/')) : 'Diesel runs only <version>_<name>/up.sql'
    if (path.endsWith('.sql') && reason !== undefined)
      skipped.push({ file: path, reason, affectsOthers: false })
  }
  for (const [name, paths] of held) {
    const file = joinPath(joinPath(root.dir, name), 'up.sql')
    if (paths.includes(file)) entries.push(entryOf(file, name, paths))
    else problems.push(noUpFile(joinPath(root.dir, name), paths[0] ?? file))
  }
  return { entries, skipped, problems }
}

/** `path` is one below the migration's folder. */
function whySkipped(path: string): string | undefined {
  if (path === 'up.sql') return undefined
  if (path === 'down.sql') return 'down migrations run only on a rollback'
  return path.includes('/')
    ? 'Diesel does not look into subfolders'
    : 'Diesel runs only the up.sql of its folder'
}

function entryOf(file: string, name: string, paths: readonly string[]): Entry {
  const [version = ''] = name.split('_')
  const metadata = joinPath(folderOf(file), 'metadata.toml')
  const down = joinPath(folderOf(file), 'down.sql')
  return {
    file,
    version: version.replaceAll('-', ''),
    title: name.slice(version.length + 1).replaceAll('_', ' '),
    metadata: paths.includes(metadata) ? metadata : undefined,
    down: paths.includes(down) ? down : undefined,
  }
}

async function transactionOf({ metadata }: Entry, files: FileTree): Promise<TransactionChoice> {
  if (metadata === undefined) return { mode: 'file', why: 'Diesel default' }
  const read = await readText(files, metadata)
  if ('problem' in read) return { mode: 'file', why: `${metadata} cannot be read` }
  const [root = ''] = read.text.split(/^[ \t]*\[/m)
  const said = /^[ \t]*"?run_in_transaction"?[ \t]*=([^#\n]*)/m.exec(root)?.[1]
  const value = said?.trim()
  if (value === undefined)
    return { mode: 'simple query', why: `${metadata} does not say run_in_transaction, which counts as false` }
  if (value === 'false') return { mode: 'simple query', why: `${metadata} says run_in_transaction = false` }
  return {
    mode: 'file',
    why: `${metadata} ${value === 'true' ? 'says run_in_transaction = true' : 'is invalid'}`,
  }
}

function noUpFile(folder: string, file: string): SourceProblem {
  const message = `Diesel refuses the whole folder: ${folder} holds no up.sql.`
  return { code: 'refused-by-tool', file, message, remedy: 'Add an up.sql, or delete the folder.' }
}

function emptyProblem({ file }: MigrationScript): SourceProblem {
  const message = `Diesel refuses ${file}, because it is empty.`
  return { code: 'refused-by-tool', file, message, remedy: 'Put a comment into it, or delete its folder.' }
}
