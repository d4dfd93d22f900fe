import type { TransactionChoice } from '../core/model.ts'
import type {
  FileTree,
  Foundation,
  MigrationScript,
  MigrationSet,
  MigrationSource,
  SourceOptions,
  SourceProblem,
  SourceRoot,
} from '../core/source.ts'
import { splitScript } from '../sql/split.ts'
import { endedTransactionProblem } from './ended-transaction.ts'
import { foldersOf } from './owners.ts'
import { lostTableProblem } from './own-table.ts'
import { compareText, folderOf, nameOf } from './paths.ts'
import { readText } from './read.ts'
import { readSqlMigrateConfigs, type SqlMigrateConfig } from './sql-migrate-config.ts'
import { readSqlMigrateSections, type SqlMigrateSections } from './sql-migrate-sections.ts'
import { sqlMigrateWriter } from './write-sections.ts'

/**
 * sql-migrate: every .sql file of one folder, the parts behind `-- +migrate Up`. Read in rubenv/sql-migrate v1.8 and
 * compared with the command of that version:
 *
 * - Names and order: by the number that a name begins with, then by the name; names without one come last
 *   (Migration.Less in migrate.go). The whole name is what the books know, so two of one number are nothing unusual.
 * - Statements: sql-migrate cuts the sections itself (sql-migrate-sections.ts). One file that it cannot read keeps all
 *   from running (findMigrations in migrate.go).
 * - Transactions: BEGIN … COMMIT around a file and its note; with `-- +migrate Up notransaction` each statement goes to
 *   the server alone, in a simple Query message (applyMigrations in migrate.go; lib/pq sends what has no parameters so).
 * - Way down: the parts behind `-- +migrate Down`, likewise, with a notransaction of their own (ToApply and
 *   planMigrationCommon in migrate.go).
 * - Session: database/sql hands out the one connection it has again, and nothing resets it: a SET lasts.
 * - Order of merging: what is missing below the newest runs first (ToCatchup in migrate.go); a file that was renamed or
 *   deleted ends everything (planMigrationCommon).
 * - After a failure: the file is noted behind its last statement, so nothing of one that failed is known
 *   (applyMigrations).
 */
export const sqlMigrate: MigrationSource = {
  id: 'sql-migrate',
  title: 'sql-migrate',
  docs: 'https://github.com/rubenv/sql-migrate#writing-migrations',
  detect,
  load,
  writer: sqlMigrateWriter,
}

async function detect(files: FileTree): Promise<readonly SourceRoot[]> {
  const [folders, configs] = await Promise.all([
    foldersOf(files, sqlMigrate.id),
    readSqlMigrateConfigs(files),
  ])
  return folders.map(({ dir, found }): SourceRoot => {
    const config = configs.find((candidate) => isFor(candidate, dir))
    return config === undefined
      ? { source: sqlMigrate.id, dir, found }
      : { source: sqlMigrate.id, dir, found: 'config file', configFile: config.file }
  })
}

function isFor({ dialect, dir }: SqlMigrateConfig, folder: string): boolean {
  return dialect === 'postgres' && dir === folder
}

interface Entry {
  readonly file: string
  readonly version: bigint | undefined
  readonly title: string
}

async function load(root: SourceRoot, files: FileTree, options: SourceOptions): Promise<MigrationSet> {
  const config = (await readSqlMigrateConfigs(files)).find((candidate) => isFor(candidate, root.dir))
  const entries = (await files.list())
    .filter((file) => folderOf(file) === root.dir && file.endsWith('.sql'))
    .map(parseName)
    .sort(compareEntries)
  const table = config?.table ?? 'gorp_migrations'
  const loaded = await Promise.all(entries.map((entry) => loadFile(entry, table, files, options)))
  return {
    root,
    scripts: loaded.flatMap(({ script }) => script ?? []),
    sharesSession: true,
    whenFailed: { outcome: 'runs again', says: 'sql-migrate runs the file again, from its first statement' },
    problems: loaded.flatMap(({ problems }) => problems),
    whenOutOfOrder: { outcome: 'runs', says: 'sql-migrate runs it all the same, before those that follow' },
    foundation: foundationOf(table, config),
  }
}

function parseName(file: string): Entry {
  const stem = nameOf(file).replace(/\.sql$/, '')
  const digits = /^\d+/.exec(stem)?.[0]
  return {
    file,
    version: digits === undefined ? undefined : BigInt(digits),
    title: stem
      .slice(digits?.length ?? 0)
      .replaceAll(/[_-]+/g, ' ')
      .trim(),
  }
}

function compareEntries(a: Entry, b: Entry): number {
  if (a.version === b.version) return compareText(a.file, b.file)
  if (a.version === undefined || b.version === undefined) return a.version === undefined ? 1 : -1
  return a.version < b.version ? -1 : 1
}

interface Loaded {
  readonly script?: MigrationScript
  readonly problems: readonly SourceProblem[]
}

async function loadFile(
  entry: Entry,
  table: string,
  files: FileTree,
  options: SourceOptions,
): Promise<Loaded> {
  const { file } = entry
  const read = await readText(files, file)
  if ('problem' in read) return { problems: [read.problem] }
  const { text } = read
  // with a byte order mark before it, the first line is none that sql-migrate knows
  const seen = read.hasMark ? text.replace(/^.*/, (line) => ' '.repeat(line.length)) : text
  const sections = readSqlMigrateSections(seen)
  const problems = problemsOf(file, text, sections, read.hasMark)
  const parts = problems.length === 0 ? sections.parts : sections.sections
  const script = scriptOf(entry, text, { ...sections, parts }, options)
  const up = sections.parts.map(({ start, end }) => text.slice(start, end)).join('')
  if (sections.inTransaction) problems.push(...endedTransactionProblem(file, up, 'sql-migrate'))
  problems.push(...lostTableProblem(file, up, 'sql-migrate', table))
  return { script, problems }
}

/** A file that sql-migrate would not take is still rehearsed, as its author meant it. */
function scriptOf(
  { file, version, title }: Entry,
  text: string,
  { parts, inTransaction, down, refusal }: SqlMigrateSections,
  options: SourceOptions,
): MigrationScript {
  const [first] = down.parts
  const end = down.parts.at(-1)?.end ?? 0
  return {
    source: sqlMigrate.id,
    file,
    version: version === undefined ? null : String(version),
    title,
    text,
    start: parts[0]?.start ?? 0,
    end: parts.at(-1)?.end ?? 0,
    parts,
    transaction: options.transaction ?? transactionOf(inTransaction),
    repeatable: false,
    ...(first === undefined || refusal !== undefined
      ? {}
      : {
          down: {
            ...{ file, text, start: first.start, end, parts: down.parts },
            transaction: options.transaction ?? transactionOf(down.inTransaction),
          },
        }),
  }
}

function transactionOf(inTransaction: boolean): TransactionChoice {
  return inTransaction
    ? { mode: 'file', why: 'sql-migrate default' }
    : { mode: 'simple query', why: 'the file says notransaction: sql-migrate sends each statement by itself' }
}

function problemsOf(
  file: string,
  text: string,
  sections: SqlMigrateSections,
  hasMark: boolean,
): SourceProblem[] {
  const refused = (message: string, remedy: string): SourceProblem[] => [
    { code: 'refused-by-tool', file, message, remedy },
  ]
  if (hasMark && text.startsWith('-- +migrate'))
    return refused(
      `sql-migrate does not see the first line of ${file}, because a byte order mark stands before it.`,
      'Save the file as UTF-8 without it.',
    )
  const { refusal, parts } = sections
  if (refusal !== undefined)
    return refused(
      `sql-migrate refuses all of the folder, because of ${file}: ${refusal.because}.`,
      refusal.remedy,
    )
  for (const { start, end } of parts) {
    const { unterminated } = splitScript(text, start, end)
    if (unterminated === undefined) continue
    const line = text.slice(0, unterminated.start).split('\n').length
    return refused(
      `sql-migrate cuts ${file} at a semicolon inside the ${unterminated.what} that begins in line ${line}, so the server gets pieces and refuses them.`,
      'Put "-- +migrate StatementBegin" before the statement and "-- +migrate StatementEnd" after it.',
    )
  }
  return []
}

/** As gorp makes it of MigrationRecord (getMigrationDbMap in migrate.go). */
function foundationOf(table: string, config: SqlMigrateConfig | undefined): Foundation {
  const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`
  const schema = config?.schema
  const name = schema === undefined ? quote(table) : `${schema}.${quote(table)}`
  const create = `CREATE TABLE IF NOT EXISTS ${name} (id text NOT NULL PRIMARY KEY, applied_at timestamptz);\n`
  const sql = schema === undefined ? create : `CREATE SCHEMA IF NOT EXISTS ${schema};\n${create}`
  return { title: 'sql-migrate’s own table', sql }
}
