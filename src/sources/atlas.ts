import type { TransactionChoice } from '../core/model.ts'
import type {
  FileTree,
  Foundation,
  MigrationScript,
  MigrationSet,
  MigrationSource,
  OutOfOrder,
  SkippedFile,
  SourceOptions,
  SourceProblem,
  SourceRoot,
} from '../core/source.ts'
import { readAtlasConfigs, type AtlasConfig } from './atlas-config.ts'
import { atlasDirectives } from './atlas-directives.ts'
import { splitAtlasStatements } from './atlas-statements.ts'
import { validateSum, type HashedFile } from './atlas-sum.ts'
import { markProblem } from './byte-order-mark.ts'
import { endedTransactionProblem } from './ended-transaction.ts'
import { foldersOf } from './owners.ts'
import { compareText, folderOf, joinPath, nameOf } from './paths.ts'
import { duplicateVersions, readSettings, readText } from './read.ts'
import { atlasWriter } from './write-atlas.ts'

/**
 * Atlas versioned migrations: `{version}_{title}.sql` in one folder, beside an atlas.sum. Read in ariga.io/atlas v1.3
 * (module) and in cmd/atlas on GitHub, and compared with what that module sends; the command itself comes from no
 * registry.
 *
 * - Names and order: every .sql file of the folder, in the order of the whole name as text; the version is what
 *   stands before the first `_` (LocalDir.Files and LocalFile.Version in sql/migrate/dir.go).
 * - Integrity: nothing runs when the files and atlas.sum do not fit (Validate in dir.go, atlas-sum.ts).
 * - Checkpoints: a new database starts with the newest file that says `-- atlas:checkpoint`; others never run one
 *   (Executor.Pending in sql/migrate/migrate.go).
 * - Statements: Atlas cuts the file itself and sends each statement alone, in a simple Query message (Execute in
 *   migrate.go, atlas-statements.ts; lib/pq sends what has no parameters so).
 * - Transactions: BEGIN … COMMIT around a file; none with `-- atlas:txmode none` among the comments at the top, which
 *   an empty line must follow; --tx-mode all is the command line's (modeFor and driverFor in
 *   cmd/atlas/internal/cmdapi/migrate.go).
 * - Session: database/sql hands out the connection it has again, and nothing resets it: a SET lasts.
 * - Order of merging: refused unless exec_order or --exec-order says otherwise (Executor.Pending).
 * - After a failure: the row of the version counts the statements that ran and keeps their hashes. The next run compares
 *   these and goes on behind them (Executor.Execute in migrate.go).
 */
export const atlas: MigrationSource = {
  id: 'atlas',
  title: 'Atlas',
  docs: 'https://atlasgo.io/versioned/apply',
  detect,
  load,
  writer: atlasWriter,
}

async function detect(files: FileTree): Promise<readonly SourceRoot[]> {
  const [folders, configs] = await Promise.all([foldersOf(files, atlas.id), readAtlasConfigs(files)])
  return folders.map(({ dir, found }): SourceRoot => {
    const config = configs.find((candidate) => candidate.dir === dir)
    return config === undefined
      ? { source: atlas.id, dir, found }
      : { source: atlas.id, dir, found: 'config file', configFile: config.file }
  })
}

async function load(root: SourceRoot, files: FileTree, options: SourceOptions): Promise<MigrationSet> {
  const config = (await readAtlasConfigs(files)).find(({ dir }) => dir === root.dir)
  const paths = (await files.list())
    .filter((file) => folderOf(file) === root.dir && file.endsWith('.sql'))
    .sort(compareText)
  const loaded = await Promise.all(paths.map((file) => loadFile(file, files, options)))
  const { scripts, skipped, baseline } = fromCheckpoint(loaded.flatMap(({ script }) => script ?? []))
  return {
    root,
    scripts,
    sharesSession: true,
    whenFailed: {
      outcome: 'goes on',
      says: 'Atlas goes on with the statement that failed, unless a statement before it was changed',
    },
    problems: [
      ...(await sumProblems(root, paths, files)),
      ...duplicateVersions(versionsOf(scripts), 'Atlas keeps its books by version and fails at the second'),
      ...loaded.flatMap(({ problems }) => problems),
    ],
    skipped,
    ...(baseline === undefined ? {} : { baseline }),
    identifiedBy: 'version',
    whenOutOfOrder: outOfOrder(config),
    foundation: foundationOf(config),
  }
}

interface Loaded {
  readonly script?: MigrationScript
  readonly problems: readonly SourceProblem[]
}

async function loadFile(file: string, files: FileTree, options: SourceOptions): Promise<Loaded> {
  const read = await readText(files, file)
  if ('problem' in read) return { problems: [read.problem] }
  const { text, hasMark } = read
  const problems: SourceProblem[] = [...markProblem(hasMark, file, 'Atlas')]
  const refuse = (because: string, remedy: string): unknown =>
    problems.push({ code: 'refused-by-tool', file, message: `Atlas refuses ${file}: ${because}.`, remedy })
  const { parts, error } = splitAtlasStatements(text)
  const modes = atlasDirectives(text, 'txmode')
  if (error !== undefined)
    refuse(
      `its scanner finds ${error.what} in line ${lineAt(text, error.at)}`,
      'Put -- atlas:delimiter and a delimiter of your own into the first line.',
    )
  if (modes.length > 1) refuse('it has several txmode directives', 'Keep one of them.')
  else if (modes[0] !== undefined && modes[0] !== 'none' && modes[0] !== 'file')
    refuse(`it does not know the txmode "${modes[0]}" for a file`, 'Write none or file.')
  const transaction = transactionOf(modes)
  if (transaction.mode === 'file') problems.push(...endedTransactionProblem(file, text, 'Atlas'))
  const name = nameOf(file).replace(/\.sql$/, '')
  const at = name.indexOf('_')
  const script: MigrationScript = {
    source: atlas.id,
    file,
    version: at < 0 ? name : name.slice(0, at),
    title: at < 0 ? '' : name.slice(at + 1).replaceAll('_', ' '),
    text,
    start: 0,
    end: text.length,
    ...(error === undefined ? { parts } : {}),
    transaction: options.transaction ?? transaction,
    repeatable: false,
  }
  return { script, problems }
}

function transactionOf(modes: readonly string[]): TransactionChoice {
  if (modes.length === 1 && modes[0] === 'none')
    return { mode: 'simple query', why: 'the file says txmode none: Atlas sends each statement by itself' }
  return { mode: 'file', why: modes[0] === 'file' ? 'the file says txmode file' : 'Atlas default' }
}

/** On a new database the newest checkpoint stands for what is older; an older checkpoint never runs. */
function fromCheckpoint(scripts: readonly MigrationScript[]): {
  readonly scripts: readonly MigrationScript[]
  readonly skipped: readonly SkippedFile[]
  readonly baseline?: string
} {
  const newest = scripts.findLastIndex(({ text }) => atlasDirectives(text, 'checkpoint').length > 0)
  const checkpoint = scripts[newest]
  if (checkpoint === undefined) return { scripts, skipped: [] }
  const reason = `${checkpoint.file} replaces it on a new database`
  const skipped = scripts.slice(0, newest).map(({ file }) => ({ file, reason, affectsOthers: false }))
  return { scripts: scripts.slice(newest), skipped, baseline: checkpoint.file }
}

async function sumProblems(
  root: SourceRoot,
  paths: readonly string[],
  files: FileTree,
): Promise<readonly SourceProblem[]> {
  const sumFile = joinPath(root.dir, 'atlas.sum')
  const hashed = await Promise.all(
    paths.map(async (file): Promise<HashedFile> => {
      const bytes = await files.read(file)
      return { name: nameOf(file), bytes: bytes ?? new Uint8Array() }
    }),
  )
  const mismatch = validateSum(await readSettings(files, sumFile), hashed)
  if (mismatch === undefined) return []
  const { reason, name } = mismatch
  const file = name === undefined || reason === 'removed' ? sumFile : joinPath(root.dir, name)
  const because = {
    missing: `${sumFile} is missing`,
    format: `${sumFile} holds a line that is none of a checksum file`,
    sum: `the lines of ${sumFile} do not fit its first one`,
    added: `${name} was added without it`,
    edited: `${name} was edited since`,
    removed: `${name} was removed since`,
  }[reason]
  const remedy = 'Run `atlas migrate hash` and commit atlas.sum.'
  return [
    {
      code: 'refused-by-tool',
      file,
      message: `Atlas refuses to run, because atlas.sum does not fit the files: ${because}.`,
      remedy,
    },
  ]
}

function versionsOf(scripts: readonly MigrationScript[]): readonly { file: string; version: string }[] {
  return scripts.map(({ file, version }) => ({ file, version: version ?? '' }))
}

function outOfOrder(config: AtlasConfig | undefined): OutOfOrder {
  if (config?.execOrder === 'non-linear')
    return { outcome: 'runs', says: 'Atlas runs it, because exec_order is non-linear' }
  if (config?.execOrder === 'linear-skip')
    return { outcome: 'skipped', says: 'Atlas never runs it, because exec_order is linear-skip' }
  return { outcome: 'refused', says: 'Atlas refuses to run anything unless --exec-order is non-linear' }
}

/** Fields of cmd/atlas/internal/migrate/ent/schema/revision.go, as ent makes a Postgres table of them. */
function foundationOf(config: AtlasConfig | undefined): Foundation {
  const schema = `"${(config?.revisionsSchema ?? 'atlas_schema_revisions').replaceAll('"', '""')}"`
  const sql = `CREATE SCHEMA IF NOT EXISTS ${schema};
CREATE TABLE ${schema}.atlas_schema_revisions (
  version varchar PRIMARY KEY,
  description varchar NOT NULL,
  type bigint NOT NULL DEFAULT 2,
  applied bigint NOT NULL DEFAULT 0,
  total bigint NOT NULL DEFAULT 0,
  executed_at timestamptz NOT NULL,
  execution_time bigint NOT NULL,
  error text,
  error_stmt text,
  hash varchar NOT NULL,
  partial_hashes jsonb,
  operator_version varchar NOT NULL
);
`
  return { title: 'Atlas’s own table', sql }
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}
