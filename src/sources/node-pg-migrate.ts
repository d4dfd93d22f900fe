import type { TransactionChoice } from '../core/model.ts'
import type {
  FileTree,
  Foundation,
  MigrationScript,
  MigrationSet,
  MigrationSource,
  OutOfOrder,
  ScriptPart,
  SkippedFile,
  SourceOptions,
  SourceProblem,
  SourceRoot,
} from '../core/source.ts'
import { readNodePgMigrateConfigs, type NodePgMigrateConfig } from './node-pg-migrate-config.ts'
import { detectOwned } from './owners.ts'
import { folderOf, nameOf } from './paths.ts'
import { loadScripts } from './read.ts'
import { wholeWayDown, withWaysDown } from './way-down.ts'
import { nodePgMigrateWriter } from './write-sections.ts'

/**
 * node-pg-migrate's SQL migrations, `<number>_<name>.sql`. Read in node-pg-migrate 9.0.0 (dist/legacy):
 *
 * - Order: by the number before the name (17 digits are a UTC time), then by name with digits as numbers and without
 *   punctuation (utils/comparators.js, utils/fileNameUtils.js). A file without a number stops the run, whatever it is.
 * - Up: from the comment `-- Up Migration` to `-- Down Migration`, the whole file without the former
 *   (sqlMigration.js). `x.up.sql` with `x.down.sql` are one migration for programs that ask for the loader `sql`; the
 *   command line would run both as they are (migrationLoader.js).
 * - Down: from `-- Down Migration` to `-- Up Migration` where that comes later (getActions); the other file of a pair.
 * - Transactions: all pending migrations in one, unless `--no-single-transaction`; then one each. SQL files cannot
 *   leave it, those in JavaScript can (runner.js, migration.js).
 * - Session: one connection, with search_path set to `public` (runner.js).
 * - Order of merging: a new one before one that has run is refused, unless `--no-check-order` (checkOrder, runner.js).
 *   Names without their extension are compared.
 * - After a failure: the row is written behind the file (runner.js, migration.js), so it runs again.
 */
export const nodePgMigrate: MigrationSource = {
  id: 'node-pg-migrate',
  title: 'node-pg-migrate',
  docs: 'https://salsita.github.io/node-pg-migrate/',
  detect: detectOwned('node-pg-migrate', (path, dir) => folderOf(path) === dir && path.endsWith('.sql')),
  load,
  writer: nodePgMigrateWriter,
}

/** ensureMigrationsTable in runner.js. */
const foundation: Foundation = {
  title: 'node-pg-migrate’s own table',
  sql: `CREATE TABLE public.pgmigrations (
  id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL
);
`,
}

const oneTransaction: TransactionChoice = {
  mode: 'run',
  why: 'node-pg-migrate runs all pending migrations in one transaction',
}
const oneEach: TransactionChoice = { mode: 'file', why: 'package.json says --no-single-transaction' }

const code = /\.[cm]?[jt]s$/

interface Entry {
  readonly file: string
  readonly name: string
  readonly number: bigint
}

async function load(root: SourceRoot, files: FileTree, options: SourceOptions): Promise<MigrationSet> {
  const config = await configFor(root, files)
  const { entries, skipped, problems } = readFolder(root, await files.list(), config)
  const transaction = options.transaction ?? (config?.singleTransaction === false ? oneEach : oneTransaction)
  const loaded = await loadScripts(
    files,
    entries,
    (entry, text) => scriptOf(entry, text, transaction),
    'node-pg-migrate',
  )
  const passedOver = new Set(skipped.map(({ file }) => file))
  return {
    root,
    scripts: await withWaysDown(loaded.scripts, async (script) => {
      const pair = script.file.replace(/\.up\.sql$/, '.down.sql')
      const isPair = pair !== script.file && passedOver.has(pair)
      return script.down ?? (isPair ? wholeWayDown(files, pair, () => transaction) : undefined)
    }),
    sharesSession: true,
    whenFailed: {
      outcome: 'runs again',
      says: 'node-pg-migrate runs the file again, from its first statement',
    },
    problems: [...problems, ...loaded.problems],
    skipped,
    foundation,
    whenOutOfOrder: outOfOrder(config?.checkOrder !== false),
  }
}

async function configFor(root: SourceRoot, files: FileTree): Promise<NodePgMigrateConfig | undefined> {
  const configs = await readNodePgMigrateConfigs(files, [root.dir])
  return configs.find(({ dir }) => dir === root.dir)
}

function outOfOrder(checks: boolean): OutOfOrder {
  return checks
    ? { outcome: 'refused', says: 'node-pg-migrate refuses to run anything unless --no-check-order is given' }
    : { outcome: 'runs', says: 'node-pg-migrate runs it, because package.json says --no-check-order' }
}

function readFolder(
  root: SourceRoot,
  paths: readonly string[],
  config: NodePgMigrateConfig | undefined,
): {
  readonly entries: readonly Entry[]
  readonly skipped: readonly SkippedFile[]
  readonly problems: readonly SourceProblem[]
} {
  const entries: Entry[] = []
  const skipped: SkippedFile[] = []
  const problems: SourceProblem[] = []
  const inFolder = paths.filter((path) => folderOf(path) === root.dir)
  const known = new Set(inFolder)
  const skip = (file: string, reason: string, affectsOthers = false): unknown =>
    skipped.push({ file, reason, affectsOthers })
  for (const file of inFolder) {
    const name = nameOf(file)
    const number = numberOf(name)
    // by default names that begin with a dot (getMigrationFilePaths in migration.js)
    if (name.startsWith('.')) continue
    if (number === undefined) {
      if (config?.ignoresSome === true) skip(file, 'it has no number in front of its name')
      else problems.push(withoutNumber(file))
    } else if (code.test(name)) skip(file, 'migrations in JavaScript and TypeScript are not run', true)
    else if (!name.endsWith('.sql')) continue
    else if (known.has(file.replace(/\.down\.sql$/, '.up.sql')) && name.endsWith('.down.sql'))
      skip(file, 'down migrations run only on a rollback')
    else entries.push({ file, number, name: name.replace(/\.sql$/, '') })
  }
  entries.sort((a, b) => compareBigints(a.number, b.number) || byName.compare(nameOf(a.file), nameOf(b.file)))
  return { entries, skipped, problems }
}

/** localeCompareStringsNumerically in utils/comparators.js. */
const byName = new Intl.Collator('en', {
  usage: 'sort',
  numeric: true,
  sensitivity: 'variant',
  ignorePunctuation: true,
})

function compareBigints(a: bigint, b: bigint): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** getNumericPrefix in utils/fileNameUtils.js. */
function numberOf(name: string): bigint | undefined {
  const digits = /^\d+/.exec(name)?.[0]
  if (digits?.length !== 17) return digits === undefined ? undefined : BigInt(digits)
  const parts = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{3})$/.exec(digits)?.slice(1).map(Number) ?? []
  const [year = 0, month = 1, day = 1, hours = 0, minutes = 0, seconds = 0, ms = 0] = parts
  return BigInt(Date.UTC(year, month - 1, day, hours, minutes, seconds, ms))
}

function withoutNumber(file: string): SourceProblem {
  return {
    code: 'refused-by-tool',
    file,
    message: `${file} has no number in front of its name; node-pg-migrate stops at it before it runs anything.`,
    remedy: 'Move the file out of the folder, or give its name a number.',
  }
}

function scriptOf({ file, name }: Entry, text: string, transaction: TransactionChoice): MigrationScript {
  const { up, down } = actionsOf(text)
  return {
    source: nodePgMigrate.id,
    file,
    version: name,
    title: name
      .replace(/^\d+[_-]?/, '')
      .replace(/\.up$/, '')
      .replaceAll(/[_-]/g, ' '),
    text,
    ...up,
    transaction,
    repeatable: false,
    ...(down === undefined ? {} : { down: { file, text, ...down, transaction } }),
  }
}

/** getActions in sqlMigration.js; line by line, so that no text takes long. */
function actionsOf(text: string): { readonly up: ScriptPart; readonly down: ScriptPart | undefined } {
  let [up, down] = [-1, -1]
  let start = 0
  for (const line of text.split('\n')) {
    if (up < 0 && /^\s*--[\s-]*up\s+migration/i.test(line)) up = start
    if (down < 0 && /^\s*--[\s-]*down\s+migration/i.test(line)) down = start
    start += line.length + 1
  }
  return {
    up: up < 0 ? { start: 0, end: text.length } : { start: up, end: down < up ? text.length : down },
    down: down < 0 ? undefined : { start: down, end: up < down ? text.length : up },
  }
}
