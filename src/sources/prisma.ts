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
} from '../core/source.ts'
import type { TransactionChoice } from '../core/model.ts'
import { compareInEnglish, folderOf, joinPath, nameOf } from './paths.ts'
import { loadScripts } from './read.ts'
import { detectOwned } from './owners.ts'
import { prismaWriter } from './write-folders.ts'

/**
 * Prisma Migrate: `<name>/migration.sql` in the order of the folders' names, as `prisma migrate deploy` runs them.
 *
 * - Order: every folder beside migration_lock.toml is a migration, whatever its name; sorted by `localeCompare`
 *   (packages/migrate/src/utils/listMigrations.ts of prisma/prisma). All that the database has not recorded run,
 *   also those that sort before recorded ones; a recorded one that was edited is not looked at
 *   (schema-engine/commands/src/commands/apply_migrations.rs of prisma/prisma-engines). Only `migrate dev` compares
 *   checksums (diagnose_migration_history.rs).
 * - Transactions: the script is sent as one simple Query (apply_migration_script in
 *   schema-engine/connectors/sql-schema-connector/src/flavour/postgres/connector/native/mod.rs), the bookkeeping in
 *   statements of their own around it. A driver adapter in prisma.config.ts sends it cut at every semicolon instead
 *   (executeScript of @prisma/adapter-pg), which no file of ours tells.
 * - Session: one connection runs all of them (get_connection_and_params, same file), so a SET lasts.
 * - migration_lock.toml: another provider than the schema's is refused (migrations_directory.rs); the first line that
 *   begins with `provider` counts.
 * - After a failure: its row has no finished_at, and nothing is applied until `migrate resolve` (P3009;
 *   detect_failed_migrations in apply_migrations.rs).
 */
export const prisma: MigrationSource = {
  id: 'prisma',
  title: 'Prisma Migrate',
  docs: 'https://www.prisma.io/docs/orm/prisma-migrate',
  detect: detectOwned('prisma'),
  load,
  writer: prismaWriter,
}

const defaultTransaction: TransactionChoice = {
  mode: 'simple query',
  why: 'Prisma sends each migration.sql as one query',
}

/** create_migrations_table in flavour/postgres.rs of the schema engine, with its types spelled out. */
const foundation: Foundation = {
  title: 'Prisma’s own table',
  sql: `CREATE TABLE _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
);
`,
}

async function load(root: SourceRoot, files: FileTree, options: SourceOptions): Promise<MigrationSet> {
  const { names, skipped, problems } = await readFolders(root, files)
  const entries = names.toSorted(compareInEnglish).map((name) => ({
    name,
    file: joinPath(joinPath(root.dir, name), 'migration.sql'),
  }))
  const loaded = await loadScripts(files, entries, (entry, text) => scriptOf(entry, text, options), 'Prisma')
  return {
    root,
    scripts: loaded.scripts,
    sharesSession: true,
    whenFailed: {
      outcome: 'refused',
      says: 'Prisma refuses to apply anything (P3009) until `prisma migrate resolve`',
    },
    problems: [...problems, ...loaded.problems],
    skipped,
    foundation,
    whenOutOfOrder: {
      outcome: 'runs',
      says: '`prisma migrate deploy` runs it after those that are applied already',
    },
  }
}

async function readFolders(
  root: SourceRoot,
  files: FileTree,
): Promise<{
  names: readonly string[]
  skipped: readonly SkippedFile[]
  problems: readonly SourceProblem[]
}> {
  const prefix = joinPath(root.dir, '.').slice(0, -1)
  const names = new Set<string>()
  const first = new Map<string, string>()
  const skipped: SkippedFile[] = []
  for (const file of await files.list()) {
    if (!file.startsWith(prefix)) continue
    const name = file.slice(prefix.length).split('/', 1)[0] ?? ''
    const isDirect = folderOf(file) === root.dir
    if (!isDirect && !first.has(name)) first.set(name, file)
    if (folderOf(file) === prefix + name && nameOf(file) === 'migration.sql') names.add(name)
    else if (file.endsWith('.sql'))
      skipped.push({ file, reason: 'Prisma runs only <name>/migration.sql', affectsOthers: false })
  }
  const problems = [...first].flatMap(([name, file]) =>
    names.has(name) ? [] : [missing(prefix, name, file)],
  )
  return { names: [...names], skipped, problems }
}

/** P3015 of packages/migrate (ensureMigrationFiles): every folder must hold a script. */
function missing(prefix: string, name: string, file: string): SourceProblem {
  return {
    code: 'refused-by-tool',
    file,
    message: `${prefix}${name} has no migration.sql; Prisma takes every folder there for a migration and stops at this one.`,
    remedy: `Add ${prefix}${name}/migration.sql, or move the folder out of ${prefix.slice(0, -1) || 'the migrations'}.`,
  }
}

function scriptOf(
  { name, file }: { readonly name: string; readonly file: string },
  text: string,
  options: SourceOptions,
): MigrationScript {
  return {
    source: prisma.id,
    file,
    version: name,
    title: name.replace(/^\d+_/, '').replaceAll('_', ' '),
    text,
    start: 0,
    end: text.length,
    transaction: options.transaction ?? defaultTransaction,
    repeatable: false,
  }
}
