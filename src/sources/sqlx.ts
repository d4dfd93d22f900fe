import type { TransactionChoice } from '../core/model.ts'
import type {
  FileTree,
  Foundation,
  MigrationSet,
  MigrationSource,
  SkippedFile,
  SourceOptions,
  SourceProblem,
  SourceRoot,
} from '../core/source.ts'
import { parseTomlSettings } from './flyway-settings.ts'
import { detectOwned } from './owners.ts'
import { compareText, folderOf, isInside, joinPath, nameOf } from './paths.ts'
import { duplicateVersions } from './read.ts'
import { wholeWayDown, withWaysDown } from './way-down.ts'
import { compareVersions, readWholeFiles, type WholeFile } from './whole-file.ts'
import { sqlxWriter } from './write-whole-files.ts'

/**
 * sqlx: `<version>_<description>.sql`, or `.up.sql` with `.down.sql`, directly in one folder. Read in sqlx 0.9.0:
 *
 * - Names and order: sqlx-core/src/migrate/source.rs (what does not end in .sql or has no `_` is ignored, a prefix
 *   that is no i64 is an error) and migration.rs (by version).
 * - Transactions: BEGIN, the file as one simple Query, the row of _sqlx_migrations, COMMIT; without BEGIN and COMMIT
 *   when the text starts with `-- no-transaction` (`apply` in sqlx-postgres/src/migrate.rs). So several statements of
 *   such a file still share the implicit transaction of their message.
 * - Way down: `.down.sql` of the same version, sent likewise (`revert` in sqlx-postgres/src/migrate.rs).
 * - Session: one connection, with TimeZone UTC, for the whole run (connection/establish.rs of sqlx-postgres, `run_direct` in sqlx-core/src/migrate/migrator.rs; sqlx-cli's run
 *   likewise, sqlx-cli/src/migrate.rs).
 * - Order of merging: every version that has no row is applied, wherever it sorts. A row without its file stops the
 *   run, as does a changed checksum (migrator.rs); descriptions are not compared.
 * - Its table, and sqlx.toml's `table-name` and `create-schemas`: sqlx-postgres/src/migrate.rs,
 *   sqlx-core/src/config/migrate.rs.
 * - After a failure: the row is written behind the file, with success = true, so nothing of one that failed is known and
 *   nothing is ever dirty on Postgres (`apply` and `execute_migration` in sqlx-postgres/src/migrate.rs; MySQL's differs).
 */
export const sqlx: MigrationSource = {
  id: 'sqlx',
  title: 'sqlx',
  docs: 'https://docs.rs/sqlx/latest/sqlx/macro.migrate.html',
  detect: detectOwned('sqlx'),
  load,
  writer: sqlxWriter,
}

const minVersion = -(1n << 63n)
const maxVersion = (1n << 63n) - 1n
const inTransaction: TransactionChoice = { mode: 'file', why: 'sqlx default' }
const noTransaction: TransactionChoice = {
  mode: 'simple query',
  why: 'the file starts with -- no-transaction, so sqlx sends it as one message without BEGIN',
}

interface Entry extends WholeFile {
  readonly version: bigint
}

async function load(root: SourceRoot, files: FileTree, options: SourceOptions): Promise<MigrationSet> {
  const { entries, down, skipped, problems } = await readFolder(root, files)
  entries.sort((a, b) => compareVersions(a, b) || compareText(a.file, b.file))
  problems.push(
    ...duplicateVersions(
      entries.map(({ file, version }) => ({ file, version: String(version) })),
      'sqlx runs them both and fails when it records the second',
    ),
  )
  const { table, foundation } = await ownTable(root, files)
  const read = await readWholeFiles(
    entries,
    files,
    { ...sqlx, table },
    (_, text) => options.transaction ?? transactionOf(text),
  )
  return {
    root,
    scripts: await withWaysDown(read.scripts, ({ version }) =>
      wholeWayDown(files, down.get(version ?? ''), (text) => options.transaction ?? transactionOf(text)),
    ),
    sharesSession: true,
    whenFailed: { outcome: 'runs again', says: 'sqlx runs the file again, from its first statement' },
    problems: [...problems, ...read.problems],
    skipped,
    identifiedBy: 'version',
    whenOutOfOrder: { outcome: 'runs', says: 'sqlx applies every version that is not in its table' },
    whenEdited: 'sqlx stops at its checksum and applies nothing newer',
    whenDeleted: 'sqlx applies nothing unless it is told to ignore missing ones',
    foundation,
  }
}

async function readFolder(
  root: SourceRoot,
  files: FileTree,
): Promise<{
  entries: Entry[]
  down: ReadonlyMap<string, string>
  skipped: SkippedFile[]
  problems: SourceProblem[]
}> {
  const entries: Entry[] = []
  const down = new Map<string, string>()
  const skipped: SkippedFile[] = []
  const problems: SourceProblem[] = []
  const skip = (file: string, reason: string): unknown => skipped.push({ file, reason, affectsOthers: false })
  for (const file of await files.list()) {
    if (!file.endsWith('.sql') || !isInside(file, root.dir)) continue
    const [, prefix, rest] = /^([^_]*)_(.*)$/s.exec(nameOf(file)) ?? []
    if (folderOf(file) !== root.dir) skip(file, 'sqlx does not look into subfolders')
    else if (prefix === undefined || rest === undefined)
      skip(file, 'sqlx ignores names other than <version>_<description>.sql')
    else {
      const version = parseVersion(prefix)
      if (version === undefined) problems.push(refusedName(file, prefix))
      else if (rest.endsWith('.down.sql')) {
        skip(file, 'down migrations run only on a rollback')
        down.set(String(version), file)
      } else entries.push({ file, version, title: titleOf(rest) })
    }
  }
  return { entries, down, skipped, problems }
}

/** As Rust's `str::parse::<i64>`: digits with an optional sign. */
function parseVersion(text: string): bigint | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined
  const version = BigInt(text.replace('+', ''))
  return version >= minVersion && version <= maxVersion ? version : undefined
}

function refusedName(file: string, prefix: string): SourceProblem {
  const message = `sqlx refuses the whole folder: the name of ${file} starts with "${prefix}", which is no whole number that fits into 64 bits.`
  return { code: 'refused-by-tool', file, message, remedy: 'Rename the file, or move it out of the folder.' }
}

/** `trim_end_matches` takes the suffix away as often as it stands there. */
function titleOf(rest: string): string {
  const suffix = rest.endsWith('.up.sql') ? /(?:\.up\.sql)+$/ : /(?:\.sql)+$/
  return rest.replace(suffix, '').replaceAll('_', ' ')
}

function transactionOf(text: string): TransactionChoice {
  return text.startsWith('-- no-transaction') ? noTransaction : inTransaction
}

/** The nearest sqlx.toml around the folder decides; it is the crate's. */
async function ownTable(
  { dir }: SourceRoot,
  files: FileTree,
): Promise<{ readonly table: string; readonly foundation: Foundation }> {
  let config: ReadonlyMap<string, string> = new Map<string, string>()
  for (let home = dir; ; home = folderOf(home)) {
    const bytes = await files.read(joinPath(home, 'sqlx.toml'))
    if (bytes !== undefined) config = parseTomlSettings(new TextDecoder().decode(bytes))
    if (bytes !== undefined || home === '') break
  }
  const schemas = (config.get('migrate.create-schemas') ?? '').split(',').filter(isName)
  const named = config.get('migrate.table-name') ?? ''
  const table = isName(named) ? named : '_sqlx_migrations'
  const sql = [
    ...schemas.map((schema) => `CREATE SCHEMA IF NOT EXISTS ${schema};`),
    `CREATE TABLE IF NOT EXISTS ${table} (`,
    '  version bigint PRIMARY KEY,',
    '  description text NOT NULL,',
    '  installed_on timestamptz NOT NULL DEFAULT now(),',
    '  success boolean NOT NULL,',
    '  checksum bytea NOT NULL,',
    '  execution_time bigint NOT NULL',
    ');',
  ]
  const settings = { TimeZone: 'UTC', DateStyle: 'ISO, MDY' }
  return { table, foundation: { title: 'sqlx’s own table', sql: sql.join('\n'), settings } }
}

/** sqlx pastes it into its SQL as it is; what is no name could be any statement. */
function isName(text: string): boolean {
  return /^(?:[A-Za-z_][\w$]*|"[^"]+")(?:\.(?:[A-Za-z_][\w$]*|"[^"]+"))?$/.test(text)
}
