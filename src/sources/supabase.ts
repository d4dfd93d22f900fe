import type {
  FileTree,
  MigrationScript,
  MigrationSet,
  MigrationSource,
  SkippedFile,
  SourceOptions,
  SourceRoot,
} from '../core/source.ts'
import { compareText, folderOf, isInside, joinPath, nameOf } from './paths.ts'
import { duplicateVersions, loadScripts } from './read.ts'
import { detectOwned } from './owners.ts'
import { supabasePlatform } from './supabase-platform.ts'
import { readSupabaseScript } from './supabase-script.ts'
import { supabaseWriter } from './write-whole-files.ts'

/**
 * Supabase: `supabase/migrations/<digits>_<name>.sql`, as `supabase db push` and `supabase migration up` run them.
 *
 * - Names and order: `^([0-9]+)_(.*)\.sql$`, directly in the folder, by version as text; a first file
 *   `<14 digits>_init.sql` from before 2021-12-09 is passed over (pkg/migration/list.go of supabase/cli; the CLI's
 *   version 3, written anew, does the same). Other files are skipped with a line on the console.
 * - Transactions: see supabase-script.ts.
 * - Session: one connection, but RESET ALL before every file (pkg/migration/apply.go), so that no setting lasts.
 * - Order of merging: a new file before the last one applied is refused unless `--include-all`
 *   (FindPendingMigrations, same file). Versions alone are compared; the row of a version is a primary key
 *   (pkg/migration/history.go).
 * - seed.sql and what config.toml names as seeds run on `db reset` and with `--include-seed` only, roles.sql with
 *   `--include-roles`, supabase/schemas never: migrations are made from it.
 * - After a failure: the version is written with the last batch, so nothing of one that failed is known (ExecBatch in
 *   pkg/migration/file.go).
 */
export const supabase: MigrationSource = {
  id: 'supabase',
  title: 'Supabase',
  docs: 'https://supabase.com/docs/guides/deployment/database-migrations',
  detect: detectOwned('supabase', (path, dir) => folderOf(path) === dir && namePattern.test(nameOf(path))),
  load,
  writer: supabaseWriter,
}

const namePattern = /^([0-9]+)_(.*)\.sql$/

interface Entry {
  readonly file: string
  readonly version: string
  readonly title: string
}

async function load(root: SourceRoot, files: FileTree, options: SourceOptions): Promise<MigrationSet> {
  const paths = await files.list()
  const { entries, skipped } = readFolder(root, paths)
  const loaded = await loadScripts(files, entries, (entry, text) => scriptOf(entry, text, options))
  return {
    root,
    scripts: loaded.scripts,
    sharesSession: false,
    whenFailed: {
      outcome: 'runs again',
      says: 'the Supabase CLI runs the file again, from its first statement',
    },
    problems: [
      ...duplicateVersions(entries, 'the Supabase CLI runs both and fails when it records the second'),
      ...loaded.problems,
    ],
    skipped: [...skipped, ...besides(root, paths)],
    identifiedBy: 'version',
    foundation: supabasePlatform,
    whenOutOfOrder: {
      outcome: 'refused',
      says: '`supabase db push` refuses to run anything unless it is given --include-all',
    },
  }
}

function readFolder(
  root: SourceRoot,
  paths: readonly string[],
): { readonly entries: readonly Entry[]; readonly skipped: readonly SkippedFile[] } {
  const entries: Entry[] = []
  const skipped: SkippedFile[] = []
  const first = paths.find((path) => folderOf(path) === root.dir)
  for (const file of paths.filter((path) => path.endsWith('.sql') && isInside(path, root.dir))) {
    const match = folderOf(file) === root.dir ? namePattern.exec(nameOf(file)) : null
    const version = match?.[1]
    const skip = (reason: string): unknown => skipped.push({ file, reason, affectsOthers: false })
    if (version === undefined) skip('the Supabase CLI runs only <digits>_<name>.sql directly in the folder')
    else if (file === first && isOldInit(nameOf(file)))
      skip('the Supabase CLI passes over an _init.sql from before 2021-12-09')
    else entries.push({ file, version, title: (match?.[2] ?? '').replaceAll('_', ' ') })
  }
  entries.sort((a, b) => compareText(a.version, b.version) || compareText(a.file, b.file))
  return { entries, skipped }
}

function isOldInit(name: string): boolean {
  const timestamp = /([0-9]{14})_init\.sql/.exec(name)?.[1]
  return timestamp !== undefined && Number(timestamp) < 20_211_209_000_000
}

/** SQL of the project that stands beside its migrations. */
function besides(root: SourceRoot, paths: readonly string[]): readonly SkippedFile[] {
  const home = folderOf(root.dir)
  const reasons: readonly (readonly [string, string])[] = [
    ['seed.sql', 'seeds are for development; production gets them only with --include-seed'],
    ['seeds', 'seeds are for development; production gets them only with --include-seed'],
    ['roles.sql', 'the Supabase CLI runs it only with --include-roles'],
    ['schemas', 'declarative schemas are not run: migrations are made from them'],
  ]
  return reasons.flatMap(([name, reason]) =>
    paths
      .filter((path) => path.endsWith('.sql') && isInside(path, joinPath(home, name)))
      .map((file) => ({ file, reason, affectsOthers: false })),
  )
}

function scriptOf({ file, version, title }: Entry, text: string, options: SourceOptions): MigrationScript {
  const { transaction, parts } = readSupabaseScript(text)
  return {
    source: supabase.id,
    file,
    version,
    title,
    text,
    start: 0,
    end: text.length,
    ...(parts === undefined ? {} : { parts }),
    transaction: options.transaction ?? transaction,
    repeatable: false,
  }
}
