import type { TransactionChoice } from '../core/model.ts'
import type {
  FileTree,
  Foundation,
  MigrationScript,
  MigrationSet,
  MigrationSource,
  SkippedFile,
  SourceOptions,
  SourceProblem,
  SourceRoot,
  WayDown,
} from '../core/source.ts'
import { detectOwned } from './owners.ts'
import { lostTableProblem } from './own-table.ts'
import { compareText, isInside, nameOf } from './paths.ts'
import { popDialects } from './pop-folders.ts'
import { duplicateVersions, loadScripts } from './read.ts'
import { wholeWayDown, withWaysDown } from './way-down.ts'
import { popWriter } from './write-whole-files.ts'

/**
 * pop (soda, buffalo): `{version}_{title}[.dialect].up.sql` or `.fizz`, a folder with all below it. Read in
 * gobuffalo/pop v6.4 and compared with the soda command of that version; ory's popx keeps to it.
 *
 * - Names: `^(\d+)_([^.]+)(\.[a-z0-9]+)?\.(up|down)\.(sql|fizz)$`; others are ignored (ParseMigrationFilename in match.go,
 *   mrx in migrator.go).
 * - Order: by version as text; of one version the file for the database runs, and the one for all databases is taken for
 *   done (UpMigrations.Less in migration_info.go, UpTo in migrator.go).
 * - Transactions: BEGIN … COMMIT around a file and the note of its version (UpTo in migrator.go).
 * - Way down: `.down.sql` of the same version, in a transaction with the note (Down in migrator.go).
 * - Templates: a file is a Go template that gets the connection's settings (migration_content.go); those are not known here.
 * - Session: database/sql hands out the one connection it has again, and nothing resets it: a SET lasts.
 * - Order of merging: whatever version is not noted runs, wherever it sorts (UpTo).
 * - After a failure: all of the file is rolled back with its note (UpTo).
 */
export const pop: MigrationSource = {
  id: 'pop',
  title: 'pop',
  docs: 'https://gobuffalo.io/documentation/database/migrations/',
  detect: detectOwned('pop'),
  load,
  writer: popWriter,
}

interface Entry {
  readonly file: string
  readonly version: string
  readonly title: string
  readonly isForAll: boolean
  readonly isCode: boolean
}

async function load(root: SourceRoot, files: FileTree, options: SourceOptions): Promise<MigrationSet> {
  const { entries, down, skipped } = await readFolder(root, files)
  const isShadowed = ({ version, isForAll }: Entry): boolean =>
    isForAll && entries.some((other) => other.version === version && !other.isForAll)
  const effective = entries.filter((entry) => !isShadowed(entry))
  const sql = effective.filter(({ isCode }) => !isCode)
  const loaded = await loadScripts(
    files,
    sql,
    (entry, text) => ({ ...scriptOf(entry, text, options), ...sharedWith(entry, skipped) }),
    pop.id,
  )
  const templates = loaded.scripts.filter(({ text }) => text.includes('{{'))
  return {
    root,
    scripts: await withWaysDown(
      loaded.scripts.filter((script) => !templates.includes(script)),
      (script) => wayDownOf(script, down, files, options),
    ),
    sharesSession: true,
    whenFailed: { outcome: 'runs again', says: 'pop runs the file again, from its first statement' },
    problems: [
      ...duplicateVersions(effective, 'pop runs one of them and takes the others for done'),
      ...loaded.problems,
      ...templates.map(templateProblem),
      ...loaded.scripts.flatMap(({ file, text }) => lostTableProblem(file, text, pop.id, 'schema_migration')),
    ],
    skipped: [
      ...skipped,
      ...entries
        .filter(isShadowed)
        .map(({ file }) => skip(file, 'pop runs the file for Postgres of the same version')),
      ...effective
        .filter(({ isCode }) => isCode)
        .map(({ file }) => ({ file, reason: 'fizz is no SQL, and is not translated', affectsOthers: true })),
    ],
    identifiedBy: 'version',
    whenOutOfOrder: { outcome: 'runs', says: 'pop runs it all the same' },
    foundation: foundationOf(entries),
  }
}

async function readFolder(
  root: SourceRoot,
  files: FileTree,
): Promise<{
  readonly entries: readonly Entry[]
  /** By version. */
  readonly down: ReadonlyMap<string, Entry>
  readonly skipped: readonly SkippedFile[]
}> {
  const entries: Entry[] = []
  const down = new Map<string, Entry>()
  const skipped: SkippedFile[] = []
  for (const file of await files.list()) {
    if (!isInside(file, root.dir) || !/\.(?:sql|fizz)$/.test(file)) continue
    const match = /^(\d+)_([^.]+)(?:\.([a-z0-9]+))?\.(up|down)\.(sql|fizz)$/.exec(nameOf(file))
    const [, version = '', title = '', dialect, direction, extension] = match ?? []
    if (match === null) skipped.push(skip(file, 'pop ignores names other than {version}_{title}.up.sql'))
    else if (dialect !== undefined && !popDialects.postgres.test(dialect))
      skipped.push(skip(file, 'made for another database'))
    else {
      const entry = {
        ...{ file, version, title: title.replaceAll(/[_-]+/g, ' ') },
        isForAll: dialect === undefined,
        isCode: extension === 'fizz',
      }
      if (direction === 'up') entries.push(entry)
      else {
        skipped.push(skip(file, 'down migrations run only on a rollback'))
        if (!entry.isForAll || !down.has(version)) down.set(version, entry)
      }
    }
  }
  const byVersion = (a: Entry, b: Entry): number =>
    compareText(a.version, b.version) || compareText(a.file, b.file)
  return { entries: entries.sort(byVersion), down, skipped }
}

function skip(file: string, reason: string): SkippedFile {
  return { file, reason, affectsOthers: false }
}

/** None in fizz, and none that is a template: what it comes to is not known here. */
async function wayDownOf(
  { version }: MigrationScript,
  down: ReadonlyMap<string, Entry>,
  files: FileTree,
  options: SourceOptions,
): Promise<WayDown | undefined> {
  const entry = down.get(version ?? '')
  if (entry === undefined || entry.isCode) return undefined
  const way = await wholeWayDown(files, entry.file, () => options.transaction ?? inTransaction)
  return way?.text.includes('{{') === true ? undefined : way
}

const inTransaction: TransactionChoice = { mode: 'file', why: 'pop default' }

function scriptOf(entry: Entry, text: string, options: SourceOptions): MigrationScript {
  return {
    source: pop.id,
    file: entry.file,
    version: entry.version,
    title: entry.title,
    text,
    start: 0,
    end: text.length,
    transaction: options.transaction ?? inTransaction,
    repeatable: false,
  }
}

/** The file for all databases runs on those of the folder that have none of their own for its version. */
function sharedWith(
  { version, isForAll }: Entry,
  skipped: readonly SkippedFile[],
): Pick<MigrationScript, 'otherDatabases'> {
  const others = skipped.flatMap(({ file }) => {
    const [, of = '', dialect = ''] = /^(\d+)_[^.]+\.([a-z0-9]+)\.(?:up|down)\.\w+$/.exec(nameOf(file)) ?? []
    const isUp = /\.up\.\w+$/.test(file)
    return popDialects.others.test(dialect)
      ? [{ dialect: popName(dialect), owns: isUp && of === version }]
      : []
  })
  const owners = new Set(others.flatMap(({ dialect, owns }) => (owns ? [dialect] : [])))
  const left = new Set(others.flatMap(({ dialect }) => (owners.has(dialect) ? [] : [dialect])))
  return isForAll && left.size > 0 ? { otherDatabases: [...left].toSorted() } : {}
}

/** One name for each: dialects have synonyms. */
function popName(dialect: string): string {
  return dialect.replace(/^(?:cockroachdb|crdb)$/, 'cockroach').replace(/^sqlite3$/, 'sqlite')
}

function templateProblem({ file }: MigrationScript): SourceProblem {
  const message = `${file} holds a template ({{ … }}), which pop fills in with the settings of the connection; they are not known here, so it is not rehearsed.`
  return { code: 'unresolved-placeholder', file, message }
}

/**
 * newSchemaMigrations in schema_migrations.go, as fizz makes it. Its versions have 14 characters at most; longer ones
 * are those of ory's popx, with a table of its own (createTransactionalMigrationTable in popx/migrator.go of ory/x).
 */
function foundationOf(entries: readonly Entry[]): Foundation {
  const isPopx = entries.some(({ version }) => version.length > 14)
  const table = isPopx
    ? `CREATE TABLE schema_migration (version VARCHAR (48) NOT NULL, version_self INT NOT NULL DEFAULT 0);
CREATE INDEX schema_migration_version_self_idx ON schema_migration (version_self);
`
    : `CREATE TABLE schema_migration (version VARCHAR (14) NOT NULL, PRIMARY KEY (version));
`
  const sql = `${table}CREATE UNIQUE INDEX schema_migration_version_idx ON schema_migration (version);\n`
  return { title: 'pop’s own table', sql }
}
