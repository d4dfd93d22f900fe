import type {
  FileTree,
  Foundation,
  MigrationScript,
  MigrationSet,
  MigrationSource,
  ScriptPart,
  SkippedFile,
  SourceOptions,
  SourceProblem,
  SourceRoot,
} from '../core/source.ts'
import type { TransactionChoice } from '../core/model.ts'
import { readJournal, type JournalEntry } from './drizzle-journal.ts'
import { compareInEnglish, folderOf, isInside, joinPath, nameOf } from './paths.ts'
import { loadScripts } from './read.ts'
import { detectOwned } from './owners.ts'

/**
 * Drizzle, in both of its layouts:
 *
 * - `<tag>.sql` with meta/_journal.json, in the order of the journal's entries; of a database that has migrations only
 *   those whose `when` is later than that of the last one applied run, the others are passed over without a word
 *   (migrator.js and `migrate` in pg-core/dialect.js of drizzle-orm 0.45). A file without an entry is never run, an
 *   entry without a file is an error.
 * - `<14 digits>_<name>/migration.sql` without a journal, sorted by `localeCompare`; all that are not recorded by name
 *   run, in whatever order (migrator.js, migrator.utils.js, pg-core/async/session.js of drizzle-orm 1.0.0-rc.5). It
 *   refuses a folder that has meta/_journal.json.
 * - Transactions: all pending migrations in one, whatever `breakpoints` says, also by `drizzle-kit migrate` with pg
 *   and postgres-js (same files). The drivers over HTTP send without one (neon-http/migrator.js).
 * - What stands between two `--> statement-breakpoint` is one message; the marker is searched for in the text, also
 *   inside of strings (readMigrationFiles).
 * - After a failure: all pending files are rolled back with their rows, and run again.
 */
export const drizzle: MigrationSource = {
  id: 'drizzle',
  title: 'Drizzle',
  docs: 'https://orm.drizzle.team/docs/migrations',
  detect: detectOwned('drizzle'),
  load,
}

const defaultTransaction: TransactionChoice = {
  mode: 'run',
  why: 'Drizzle runs all pending migrations in one transaction',
}

const whenFailed = {
  outcome: 'runs again',
  says: 'Drizzle runs the file again, from its first statement',
} as const

const marker = '--> statement-breakpoint'

async function load(root: SourceRoot, files: FileTree, options: SourceOptions): Promise<MigrationSet> {
  const below = (await files.list()).filter((path) => path.endsWith('.sql') && isInside(path, root.dir))
  const hasFolders = below.some((path) => nameOf(path) === 'migration.sql' && isOneDeep(path, root.dir))
  const journal = await readJournal(root.dir, files)
  if (journal === undefined && hasFolders) return loadFolders(root, files, below, options)
  return loadJournal(root, files, below, journal ?? noJournal(root.dir, below), options)
}

/** The layout without a journal. */
async function loadFolders(
  root: SourceRoot,
  files: FileTree,
  below: readonly string[],
  options: SourceOptions,
): Promise<MigrationSet> {
  const isScript = (path: string): boolean => nameOf(path) === 'migration.sql' && isOneDeep(path, root.dir)
  const entries = below
    .filter(isScript)
    .map((file) => ({ file, tag: nameOf(folderOf(file)) }))
    .toSorted((a, b) => compareInEnglish(a.tag, b.tag))
  const loaded = await loadScripts(
    files,
    entries,
    (entry, text) => scriptOf({ ...entry, version: entry.tag }, text, options),
    'Drizzle',
  )
  return {
    root,
    ...loaded,
    sharesSession: true,
    whenFailed,
    skipped: skippedOf(below, isScript, 'Drizzle runs only <name>/migration.sql'),
    foundation: foundationOf(', name text, applied_at timestamp with time zone DEFAULT now()'),
    whenOutOfOrder: { outcome: 'runs', says: 'Drizzle runs it after those that are applied already' },
  }
}

/** The layout with meta/_journal.json. */
async function loadJournal(
  root: SourceRoot,
  files: FileTree,
  below: readonly string[],
  journal: { readonly entries: readonly JournalEntry[]; readonly problems: readonly SourceProblem[] },
  options: SourceOptions,
): Promise<MigrationSet> {
  const known = new Set(below)
  const entries = journal.entries.filter(({ file }) => known.has(file))
  const listed = new Set(entries.map(({ file }) => file))
  const loaded = await loadScripts(
    files,
    entries,
    (entry, text) => scriptOf({ ...entry, version: String(entry.when) }, text, options),
    'Drizzle',
  )
  const missing = journal.entries.filter(({ file }) => !known.has(file))
  return {
    root,
    scripts: loaded.scripts,
    sharesSession: true,
    whenFailed,
    problems: [...journal.problems, ...missing.map(withoutFile), ...lateEntries(entries), ...loaded.problems],
    skipped: skippedOf(below, (file) => listed.has(file), 'it has no entry in meta/_journal.json'),
    identifiedBy: 'version',
    foundation: foundationOf(''),
    whenOutOfOrder: {
      outcome: 'skipped',
      says: 'Drizzle runs only entries whose `when` is later than that of the last migration that it applied',
    },
  }
}

function isOneDeep(path: string, dir: string): boolean {
  const folder = folderOf(path)
  return folder !== dir && folderOf(folder) === dir
}

function skippedOf(
  below: readonly string[],
  isScript: (file: string) => boolean,
  reason: string,
): readonly SkippedFile[] {
  return below.filter((file) => !isScript(file)).map((file) => ({ file, reason, affectsOthers: false }))
}

/** Entries that a database never gets that has the ones before them: the journal's trap after a merge. */
function lateEntries(entries: readonly JournalEntry[]): readonly SourceProblem[] {
  const problems: SourceProblem[] = []
  let latest: JournalEntry | undefined
  for (const entry of entries) {
    if (latest !== undefined && entry.when <= latest.when) problems.push(lateEntry(entry, latest))
    else latest = entry
  }
  return problems
}

function lateEntry(entry: JournalEntry, latest: JournalEntry): SourceProblem {
  return {
    code: 'out-of-order-migration',
    file: entry.file,
    message: `The journal’s \`when\` of ${entry.file} (${timeOf(entry)}) is not later than that of ${latest.file} (${timeOf(latest)}) before it, so Drizzle never runs it on a database that has that one, and says nothing.`,
    severity: 'error',
    remedy: 'Generate the migration again on top of the target branch, so that its entry gets a new `when`.',
  }
}

function timeOf({ when }: JournalEntry): string {
  const time = new Date(when)
  return Number.isNaN(time.getTime()) ? String(when) : time.toISOString()
}

function withoutFile({ file, tag }: JournalEntry): SourceProblem {
  return {
    code: 'refused-by-tool',
    file,
    message: `meta/_journal.json has an entry ${tag}, but ${file} is missing; Drizzle stops before it runs anything.`,
    remedy: `Add ${file}, or take its entry out of the journal.`,
  }
}

function noJournal(
  dir: string,
  below: readonly string[],
): { readonly entries: readonly JournalEntry[]; readonly problems: readonly SourceProblem[] } {
  const file = joinPath(dir, 'meta/_journal.json')
  const problem: SourceProblem = {
    code: 'refused-by-tool',
    file: below[0] ?? file,
    message: `${file} is missing, without which Drizzle’s migrator runs nothing.`,
    remedy: 'Commit the journal, or say with migrations.source which tool runs these files.',
  }
  return { entries: [], problems: below.length === 0 ? [] : [problem] }
}

/** `migrate` in pg-core/dialect.js (0.45), pg-core/async/session.js (1.0). */
function foundationOf(furtherColumns: string): Foundation {
  return {
    title: 'Drizzle’s own table',
    sql: `CREATE SCHEMA IF NOT EXISTS drizzle;
CREATE TABLE IF NOT EXISTS drizzle.__drizzle_migrations (
  id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint${furtherColumns}
);
`,
  }
}

function scriptOf(
  entry: { readonly file: string; readonly tag: string; readonly version: string },
  text: string,
  options: SourceOptions,
): MigrationScript {
  return {
    source: drizzle.id,
    file: entry.file,
    version: entry.version,
    title: entry.tag.replace(/^\d+_/, '').replaceAll('_', ' '),
    text,
    start: 0,
    end: text.length,
    parts: partsOf(text),
    transaction: options.transaction ?? defaultTransaction,
    repeatable: false,
  }
}

function partsOf(text: string): readonly ScriptPart[] {
  const parts: ScriptPart[] = []
  let start = 0
  for (let at = text.indexOf(marker); at >= 0; at = text.indexOf(marker, start)) {
    parts.push({ start, end: at })
    start = at + marker.length
  }
  return [...parts, { start, end: text.length }]
}
