import type { TransactionChoice } from '../core/model.ts'
import type {
  FileTree,
  MigrationScript,
  MigrationSet,
  MigrationSource,
  OutOfOrder,
  SkippedFile,
  SourceOptions,
  SourceProblem,
  SourceRoot,
} from '../core/source.ts'
import { rustProjectOf } from './cargo.ts'
import { detectOwned } from './owners.ts'
import { compareText, isInside, nameOf } from './paths.ts'
import { duplicateVersions } from './read.ts'
import { compareVersions, readWholeFiles, type WholeFile } from './whole-file.ts'
import { refineryWriter } from './write-whole-files.ts'

/**
 * refinery: `V<version>__<name>.sql` and `U<version>__<name>.sql`, subfolders included. Read in refinery-core 0.10.1.
 *
 * - Names and order: src/util.rs (`^([U|V])(\d+(?:\.\d+)?)__(\w+)\.sql$`, other names are passed over with a
 *   warning, versions are i32, i64 with the feature int8-versions), by version whatever the letter (src/runner.rs). U
 *   is not undo: it is a version that may come late. Holes are allowed. .rs files are functions that make SQL; only
 *   embed_migrations! takes them (refinery-macros/src/lib.rs), the command line does not.
 * - Transactions: BEGIN, the file as one simple Query, COMMIT, then the row of refinery_schema_history likewise, the
 *   asynchronous drivers both in one (src/traits/sync.rs, src/drivers/postgres.rs); set_grouped(true) puts all pending
 *   files into one. There is no way to run a file without.
 * - Session: one client.
 * - Order of merging: a V below the database's version stops the run; after set_abort_missing(false), and on the command
 *   line without -m, it is never run. Edits and new names stop it likewise (verify_migrations, src/traits/mod.rs).
 * - After a failure: the file is rolled back and has no row, so it runs again (src/traits/sync.rs).
 */
export const refinery: MigrationSource = {
  id: 'refinery',
  title: 'refinery',
  docs: 'https://docs.rs/refinery/latest/refinery/',
  detect: detectOwned('refinery', (path, dir) => isInside(path, dir) && namePattern.test(nameOf(path))),
  load,
  writer: refineryWriter,
}

const namePattern = /^[UV](\d+(?:\.\d+)?)__([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+)\.(sql|rs)$/u

interface Entry extends WholeFile {
  readonly version: bigint
}

/** What the program that runs the migrations has set. */
interface RunnerSettings {
  readonly isGrouped: boolean
  readonly passesOverLate: boolean
  readonly hasWideVersions: boolean
  readonly table: string
}

async function load(root: SourceRoot, files: FileTree, options: SourceOptions): Promise<MigrationSet> {
  const settings = await readSettings(files)
  const { entries, skipped, problems } = await readFolder(root, files, settings)
  entries.sort((a, b) => compareVersions(a, b) || compareText(a.file, b.file))
  problems.push(
    ...duplicateVersions(
      entries.map(({ file, version }) => ({ file, version: String(version) })),
      'refinery runs each version once and fails',
    ),
  )
  const transaction = options.transaction ?? transactionOf(settings)
  const sender = { ...refinery, table: settings.table }
  const read = await readWholeFiles(entries, files, sender, () => transaction)
  return {
    root,
    scripts: read.scripts.map(withLateness),
    sharesSession: true,
    whenFailed: { outcome: 'runs again', says: 'refinery runs the file again, from its first statement' },
    problems: [...problems, ...read.problems],
    skipped,
    whenOutOfOrder: outOfOrder(settings),
    whenEdited: 'refinery stops at its name or checksum, unless set_abort_divergent(false)',
    whenDeleted: 'refinery stops, unless set_abort_missing(false)',
    foundation: {
      title: 'refinery’s own table',
      sql: `CREATE TABLE IF NOT EXISTS ${settings.table} (
  version ${settings.hasWideVersions ? 'int8' : 'int4'} PRIMARY KEY,
  name varchar(255),
  applied_on varchar(255),
  checksum varchar(255)
);`,
    },
  }
}

async function readSettings(files: FileTree): Promise<RunnerSettings> {
  const { code, features } = await rustProjectOf(files, refinery.id)
  const says = (pattern: RegExp): boolean => code.some((text) => pattern.test(text))
  const named = /\bset_migration_table_name\(\s*"([A-Za-z_][\w.]*)"/
  const table = code.map((text) => named.exec(text)?.[1]).find((name) => name !== undefined)
  return {
    isGrouped: says(/\bset_grouped\(\s*true\s*\)/),
    passesOverLate: says(/\bset_abort_missing\(\s*false\s*\)/),
    hasWideVersions: features.includes('int8-versions'),
    table: table ?? 'refinery_schema_history',
  }
}

async function readFolder(
  root: SourceRoot,
  files: FileTree,
  { hasWideVersions }: RunnerSettings,
): Promise<{ entries: Entry[]; skipped: SkippedFile[]; problems: SourceProblem[] }> {
  const entries: Entry[] = []
  const skipped: SkippedFile[] = []
  const problems: SourceProblem[] = []
  const maxVersion = hasWideVersions ? (1n << 63n) - 1n : (1n << 31n) - 1n
  for (const file of await files.list()) {
    if (!isInside(file, root.dir)) continue
    const [, version = '', name = '', extension] = namePattern.exec(nameOf(file)) ?? []
    if (extension === 'rs')
      skipped.push({ file, reason: 'migrations in Rust are not run', affectsOthers: true })
    else if (extension === undefined) {
      const reason =
        'refinery ignores names other than V<version>__<name>.sql, <name> of letters, digits and _'
      if (file.endsWith('.sql')) skipped.push({ file, reason, affectsOthers: false })
    } else if (version.includes('.') || BigInt(version) > maxVersion)
      problems.push(refusedVersion(file, version, hasWideVersions))
    else entries.push({ file, version: BigInt(version), title: name.replaceAll('_', ' ') })
  }
  return { entries, skipped, problems }
}

function refusedVersion(file: string, version: string, hasWideVersions: boolean): SourceProblem {
  const isTooBig = !version.includes('.') && !hasWideVersions
  const what = `a whole number of ${hasWideVersions ? 64 : 32} bits`
  const message = `refinery refuses the whole folder: the version of ${file}, ${version}, is not ${what}.`
  const remedy = isTooBig
    ? 'Turn on the feature int8-versions of the crate, or choose a smaller version.'
    : 'Choose a version without a point.'
  return { code: 'refused-by-tool', file, message, remedy }
}

function transactionOf({ isGrouped }: RunnerSettings): TransactionChoice {
  return isGrouped
    ? { mode: 'run', why: 'the program says set_grouped(true)' }
    : { mode: 'file', why: 'refinery default' }
}

function outOfOrder({ passesOverLate }: RunnerSettings): OutOfOrder {
  return passesOverLate
    ? { outcome: 'skipped', says: 'refinery never runs it, because of set_abort_missing(false)' }
    : { outcome: 'refused', says: 'refinery stops with an error' }
}

function withLateness(script: MigrationScript): MigrationScript {
  return nameOf(script.file).startsWith('U') ? { ...script, whenOutOfOrder: late } : script
}

const late: OutOfOrder = { outcome: 'runs', says: 'refinery runs it, because its name starts with U' }
