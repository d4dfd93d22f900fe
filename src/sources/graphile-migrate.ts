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
} from '../core/source.ts'
import { readCurrent } from './graphile-migrate-current.ts'
import { chainProblems, readHeaders, type CommittedScript } from './graphile-migrate-headers.ts'
import { readGraphileConfig } from './graphile-migrate-config.ts'
import { fillGraphile, type GraphileValues } from './graphile-migrate-placeholders.ts'
import { foldersOf } from './owners.ts'
import { compareInEnglish, folderOf, joinPath, nameOf } from './paths.ts'
import { duplicateVersions, readText } from './read.ts'
import { graphileWriter } from './write-graphile.ts'

/**
 * Graphile Migrate: `committed/<number>[-<message>].sql`, then current.sql or the files of current/, which run in
 * development only, again and again, until they are committed. Read in graphile-migrate 1.4.1 (dist):
 *
 * - Order: by the number as text; every file names the hash of the one before it. The chain is checked before anything
 *   runs, a file's own hash when its turn comes: a hole in the chain, an edit or two of the same number stop it, a number
 *   left out does not (getAllMigrations and runCommittedMigration in migration.js, hash.js).
 * - Transactions: BEGIN, the text below the headers as one message, its row, COMMIT; with `--! no-transaction` in the
 *   first line of that text the message alone (runStringMigration in migration.js, header.js).
 * - Session: one connection (commands/migrate.js).
 * - Order of merging: only files after the last one applied run (getMigrationsAfter in migration.js); which the chain
 *   of hashes makes the only way.
 * - Placeholders: `:DATABASE_NAME`, `:DATABASE_OWNER` and those of .gmrc, everywhere in the text (migration.js).
 * - current/: the files by their numbers, joined; no `--! no-transaction` there (current.js).
 * - After a failure: the row is written behind the text, so nothing of one that failed is known (runStringMigration).
 */
export const graphileMigrate: MigrationSource = {
  id: 'graphile-migrate',
  title: 'Graphile Migrate',
  docs: 'https://github.com/graphile/migrate',
  detect,
  load,
  writer: graphileWriter,
}

const inTransaction: TransactionChoice = {
  mode: 'file',
  why: 'Graphile Migrate runs each migration in a transaction',
}
const joined: TransactionChoice = {
  mode: 'run',
  why: 'Graphile Migrate joins the files of current/ into one migration',
}
const noTransaction: TransactionChoice = {
  mode: 'simple query',
  why: 'the file begins with --! no-transaction',
}

/** _migrateMigrationSchema in migration.js. */
const foundation: Foundation = {
  title: 'Graphile Migrate’s own tables',
  sql: `CREATE SCHEMA IF NOT EXISTS graphile_migrate;
CREATE TABLE IF NOT EXISTS graphile_migrate.migrations (
  hash text PRIMARY KEY,
  previous_hash text REFERENCES graphile_migrate.migrations,
  filename text NOT NULL,
  date timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS graphile_migrate.current (
  filename text PRIMARY KEY DEFAULT 'current.sql',
  content text NOT NULL,
  date timestamptz NOT NULL DEFAULT now()
);
`,
}

/** VALID_FILE_REGEX in current.js. */
const namePattern = /^([0-9]+)(-[-_a-zA-Z0-9]*)?\.sql$/

async function detect(files: FileTree): Promise<readonly SourceRoot[]> {
  const owners = await foldersOf(files, graphileMigrate.id)
  const dirs = new Map(
    owners.map(({ dir, found }) => [nameOf(dir) === 'committed' ? folderOf(dir) : dir, found]),
  )
  return [...dirs].map(([dir, found]) => ({ source: graphileMigrate.id, dir, found }))
}

async function load(root: SourceRoot, files: FileTree, options: SourceOptions): Promise<MigrationSet> {
  const config = await readGraphileConfig(root.dir, files)
  const values: GraphileValues = { config, given: options.placeholders ?? {} }
  const { committed, skipped, problems } = await readCommitted(root, files)
  const current = await readCurrent(root.dir, files)
  const scripts: MigrationScript[] = []
  for (const { file, number, body } of [...committed, ...current.files]) {
    const filled = fillGraphile(body.text, values)
    if (filled.missing.length > 0) problems.push(unresolved(file, filled.missing))
    scripts.push(scriptOf({ file, number, text: filled.text, start: body.start }, options))
  }
  return {
    root,
    scripts,
    sharesSession: true,
    whenFailed: {
      outcome: 'runs again',
      says: 'Graphile Migrate runs the file again, from its first statement',
    },
    problems: [
      ...duplicateVersions(
        committed.map(({ file, number }) => ({ file, version: number ?? '' })),
        'Graphile Migrate refuses to run at all',
      ),
      ...problems,
      ...chainProblems(committed),
      ...current.problems,
    ],
    skipped: [...skipped, ...current.skipped, ...(config?.actions ?? [])],
    identifiedBy: 'version',
    foundation,
    whenOutOfOrder: {
      outcome: 'refused',
      says: 'Graphile Migrate refuses it, because the hash of the migration before it is not the one it names',
    },
  }
}

async function readCommitted(
  root: SourceRoot,
  files: FileTree,
): Promise<{
  readonly committed: readonly CommittedScript[]
  readonly skipped: readonly SkippedFile[]
  readonly problems: SourceProblem[]
}> {
  const committed: CommittedScript[] = []
  const skipped: SkippedFile[] = []
  const problems: SourceProblem[] = []
  const dir = joinPath(root.dir, 'committed')
  for (const file of await files.list()) {
    if (folderOf(file) !== dir || !file.endsWith('.sql')) continue
    const number = namePattern.exec(nameOf(file))?.[1]
    if (number === undefined) {
      skipped.push({ file, reason: 'Graphile Migrate ignores its name', affectsOthers: false })
      continue
    }
    const read = await readText(files, file)
    if ('problem' in read) problems.push(read.problem)
    else {
      const { script, problem } = readHeaders(file, number, read.hasMark ? `\uFEFF${read.text}` : read.text)
      committed.push(script)
      if (problem !== undefined) problems.push(problem)
    }
  }
  committed.sort((a, b) => compareInEnglish(a.number ?? '', b.number ?? ''))
  return { committed, skipped, problems }
}

function unresolved(file: string, names: readonly string[]): SourceProblem {
  return {
    code: 'unresolved-placeholder',
    file,
    message: `${file} needs ${names.join(', ')}, which .gmrc takes from the environment.`,
    remedy: 'Give the values under placeholders in the configuration of pgrehearse.',
  }
}

function scriptOf(
  script: {
    readonly file: string
    readonly number: string | undefined
    readonly text: string
    readonly start: number
  },
  options: SourceOptions,
): MigrationScript {
  const { file, number, text, start } = script
  const firstLine = text.slice(start).trimStart().split('\n', 1)[0] ?? ''
  const isAlone = number !== undefined || nameOf(file) === 'current.sql'
  const usual = isAlone ? inTransaction : joined
  const standard = /^--!\s*no-transaction\b/.test(firstLine) ? noTransaction : usual
  return {
    source: graphileMigrate.id,
    file,
    version: number ?? null,
    title: nameOf(file)
      .replace(/^\d+-?|\.sql$/g, '')
      .replaceAll(/[-_]/g, ' '),
    text,
    start,
    end: text.length,
    transaction: options.transaction ?? standard,
    ...(number === undefined ? { draft: true, repeatable: true } : { repeatable: false }),
  }
}
