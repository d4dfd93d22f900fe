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
import { readDbmateSections, type DbmateSections } from './dbmate-sections.ts'
import { endedTransactionProblem } from './ended-transaction.ts'
import { lostTableProblem } from './own-table.ts'
import { detectOwned } from './owners.ts'
import { compareText, folderOf, nameOf } from './paths.ts'
import { duplicateVersions, readText } from './read.ts'
import { dbmateWriter } from './write-sections.ts'

/**
 * dbmate: `{version}{anything}.sql`, one folder, the part between `-- migrate:up` and `-- migrate:down`. Read in
 * amacneil/dbmate v2.35 and compared with the binary of v2.36 (npm package @dbmate/linux-x64):
 *
 * - Names and order: names that begin with a digit, in the order of the whole name as text, so 10 runs before 9
 *   (migrationFileRegexp and FindMigrations in pkg/dbmate/db.go).
 * - Transactions: BEGIN … COMMIT around the section and the note of its version; with `transaction:false` in the line
 *   of `-- migrate:up` the section goes to the server as one simple Query message (Migrate in db.go; lib/pq sends
 *   what has no parameters so), which is one transaction again as soon as it holds two statements.
 * - Way down: the part from `-- migrate:down` on, likewise, with options of its own (Rollback in db.go).
 * - Session: database/sql hands out the one connection it has again, and neither dbmate nor lib/pq resets it: a SET
 *   lasts. The table of versions is looked up in current_schema() each time (pkg/driver/postgres/postgres.go).
 * - Identity: the version, as text; whatever is not noted runs, wherever it sorts, unless --strict (Migrate in db.go).
 * - After a failure: the version is noted behind the section, so nothing of one that failed is known (Migrate in db.go).
 */
export const dbmate: MigrationSource = {
  id: 'dbmate',
  title: 'dbmate',
  docs: 'https://github.com/amacneil/dbmate#creating-migrations',
  detect: detectOwned('dbmate'),
  load,
  writer: dbmateWriter,
}

/** CreateMigrationsTable in pkg/driver/postgres/postgres.go. */
const bookkeeping = `CREATE TABLE IF NOT EXISTS schema_migrations (version varchar PRIMARY KEY);
`

interface Entry {
  readonly file: string
  readonly version: string
  readonly title: string
}

async function load(root: SourceRoot, files: FileTree, options: SourceOptions): Promise<MigrationSet> {
  const { entries, skipped } = await readFolder(root, files)
  const loaded = await Promise.all(entries.map((entry) => loadFile(entry, files, options)))
  return {
    root,
    scripts: loaded.flatMap(({ script }) => script ?? []),
    sharesSession: true,
    whenFailed: { outcome: 'runs again', says: 'dbmate runs the file again, from its first statement' },
    problems: [
      ...duplicateVersions(
        entries,
        'dbmate fails at the second, or never runs it where the version is noted',
      ),
      ...loaded.flatMap(({ problems }) => problems),
    ],
    skipped,
    identifiedBy: 'version',
    whenOutOfOrder: {
      outcome: 'runs',
      says: 'dbmate runs it all the same (with --strict it refuses)',
    },
    foundation: { title: 'dbmate’s own table', sql: bookkeeping },
  }
}

async function readFolder(
  root: SourceRoot,
  files: FileTree,
): Promise<{ readonly entries: readonly Entry[]; readonly skipped: readonly SkippedFile[] }> {
  const entries: Entry[] = []
  const skipped: SkippedFile[] = []
  for (const file of await files.list()) {
    if (folderOf(file) !== root.dir || !file.endsWith('.sql')) continue
    const match = /^(\d+)(.*)\.sql$/.exec(nameOf(file))
    if (match === null)
      skipped.push({ file, reason: 'dbmate ignores names that begin with no digit', affectsOthers: false })
    else
      entries.push({
        file,
        version: match[1] ?? '',
        title: (match[2] ?? '').replaceAll(/[_-]+/g, ' ').trim(),
      })
  }
  return { entries: entries.sort((a, b) => compareText(a.file, b.file)), skipped }
}

interface Loaded {
  readonly script?: MigrationScript
  readonly problems: readonly SourceProblem[]
}

async function loadFile(entry: Entry, files: FileTree, options: SourceOptions): Promise<Loaded> {
  const read = await readText(files, entry.file)
  if ('problem' in read) return { problems: [read.problem] }
  const sections = readDbmateSections(read.text)
  const refused = refusalOf(entry.file, sections, read.hasMark)
  if ('refusal' in sections) return { problems: refused }
  const up = read.text.slice(sections.start, sections.end)
  return {
    script: scriptOf(entry, read.text, sections, options),
    problems: [
      ...refused,
      ...(sections.inTransaction ? endedTransactionProblem(entry.file, up, 'dbmate') : []),
      // dbmate falls back to public where current_schema() is null
      ...lostTableProblem(entry.file, up, 'dbmate', 'schema_migrations').filter(
        ({ severity }) => severity === 'warning',
      ),
    ],
  }
}

function scriptOf(
  entry: Entry,
  text: string,
  { start, end, inTransaction, down }: Exclude<DbmateSections, { refusal: string }>,
  options: SourceOptions,
): MigrationScript {
  return {
    source: dbmate.id,
    file: entry.file,
    version: entry.version,
    title: entry.title,
    text,
    start,
    end,
    transaction: options.transaction ?? transactionOf(inTransaction),
    repeatable: false,
    down: {
      ...{ file: entry.file, text, start: down.start, end: down.end },
      transaction: options.transaction ?? transactionOf(down.inTransaction),
    },
  }
}

function transactionOf(inTransaction: boolean): TransactionChoice {
  return inTransaction
    ? { mode: 'file', why: 'dbmate default' }
    : {
        mode: 'simple query',
        why: 'the file says transaction:false: dbmate sends the section as one message',
      }
}

function refusalOf(file: string, sections: DbmateSections, hasMark: boolean): readonly SourceProblem[] {
  const refused = (message: string, remedy: string): readonly SourceProblem[] => [
    { code: 'refused-by-tool', file, message, remedy },
  ]
  if (hasMark)
    return refused(
      `dbmate refuses ${file}: a byte order mark stands before its first line.`,
      'Save the file as UTF-8 without it.',
    )
  if ('refusal' in sections) return refused(`dbmate refuses ${file}: ${sections.refusal}.`, sections.remedy)
  if (!sections.isRepeated) return []
  return refused(
    `dbmate fails at the second "-- migrate:up" of ${file}: it notes the same version for each, and the table of versions takes it once.`,
    'Make a migration of its own of each up section.',
  )
}
