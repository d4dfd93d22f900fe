import type { TransactionChoice } from '../core/model.ts'
import type {
  FileTree,
  MigrationScript,
  MigrationSet,
  MigrationSource,
  SourceOptions,
  SourceProblem,
  SourceRoot,
} from '../core/source.ts'
import { lostTableProblem } from './own-table.ts'
import { detectOwned } from './owners.ts'
import { compareText, folderOf, nameOf } from './paths.ts'
import { readRamblerConfigs } from './rambler-config.ts'
import { readText } from './read.ts'
import { readRamblerSections, type RamblerSections } from './rambler-sections.ts'
import { ramblerWriter } from './write-sections.ts'

/**
 * rambler: every .sql file of one folder, the parts behind `-- rambler up`. From its source on GitHub (elwinar/rambler);
 * no registry has it, so it was not run.
 *
 * - Names and order: the whole name, as text (Available in service.go).
 * - Transactions: none of its own. Each up section is one message (Apply in service.go, Execute in
 *   driver/postgresql/driver.go; lib/pq sends what has no parameters as a simple Query), which is one transaction as
 *   soon as it holds two statements; a file of several sections stops between them when one fails.
 * - Way down: the parts behind `-- rambler down`, the last first (Down in migration.go, Reverse in service.go).
 * - Session: database/sql hands out the one connection it has again, and nothing resets it: a SET lasts.
 * - Order of merging: refused, as is a file that was renamed or deleted (apply.go compares both lists in step).
 * - After a failure: the file is noted behind its last section, so nothing of one that failed is known (Apply in service.go).
 */
export const rambler: MigrationSource = {
  id: 'rambler',
  title: 'rambler',
  docs: 'https://github.com/elwinar/rambler#migrations',
  detect: detectOwned('rambler'),
  load,
  writer: ramblerWriter,
}

async function load(root: SourceRoot, files: FileTree, options: SourceOptions): Promise<MigrationSet> {
  const table = await tableOf(root, files)
  const paths = (await files.list())
    .filter((file) => folderOf(file) === root.dir && file.endsWith('.sql'))
    .sort(compareText)
  const loaded = await Promise.all(paths.map((file) => loadFile(file, table, files, options)))
  return {
    root,
    scripts: loaded.flatMap(({ script }) => script ?? []),
    sharesSession: true,
    whenFailed: { outcome: 'runs again', says: 'rambler runs the file again, from its first section' },
    problems: loaded.flatMap(({ problems }) => problems),
    whenOutOfOrder: { outcome: 'refused', says: 'rambler refuses to run anything' },
    foundation: {
      title: 'rambler’s own table',
      // CreateTable in driver/postgresql/driver.go, the name unquoted
      sql: `CREATE TABLE ${table} (migration VARCHAR(255) NOT NULL);\n`,
    },
  }
}

interface Loaded {
  readonly script?: MigrationScript
  readonly problems: readonly SourceProblem[]
}

async function loadFile(
  file: string,
  table: string,
  files: FileTree,
  options: SourceOptions,
): Promise<Loaded> {
  const read = await readText(files, file)
  if ('problem' in read) return { problems: [read.problem] }
  const { text, hasMark } = read
  const { parts, down, tooLong } = readRamblerSections(text)
  const up = parts.map(({ start, end }) => text.slice(start, end)).join('')
  const problems = [...lostTableProblem(file, up, 'rambler', table)]
  const refuse = (message: string, remedy: string): unknown =>
    problems.push({ code: 'refused-by-tool', file, message, remedy })
  if (hasMark && text.startsWith('-- rambler'))
    refuse(
      `rambler does not see the first line of ${file}, because a byte order mark stands before it.`,
      'Save the file as UTF-8 without it.',
    )
  if (tooLong !== undefined)
    refuse(
      `rambler stops reading ${file} at line ${tooLong} without a word, because the line has 64 kB or more.`,
      'Break the line.',
    )
  return { script: scriptOf(file, text, { parts, down }, options), problems }
}

function scriptOf(
  file: string,
  text: string,
  { parts, down }: Pick<RamblerSections, 'parts' | 'down'>,
  options: SourceOptions,
): MigrationScript {
  const transaction: TransactionChoice = options.transaction ?? {
    mode: 'simple query',
    why: 'rambler default: each up section is one message',
  }
  const [last] = down
  const start = down.at(-1)?.start ?? 0
  const stem = nameOf(file).replace(/\.sql$/, '')
  const digits = /^\d+/.exec(stem)?.[0]
  return {
    source: rambler.id,
    file,
    version: digits ?? null,
    title: stem
      .slice(digits?.length ?? 0)
      .replaceAll(/[_-]+/g, ' ')
      .trim(),
    text,
    start: parts[0]?.start ?? 0,
    end: parts.at(-1)?.end ?? 0,
    parts,
    transaction,
    repeatable: false,
    ...(last === undefined ? {} : { down: { file, text, start, end: last.end, parts: down, transaction } }),
  }
}

/** `table` of the configuration whose `directory` is the root's; else the default (configuration.go). */
async function tableOf(root: SourceRoot, files: FileTree): Promise<string> {
  const configs = await readRamblerConfigs(files)
  const table = configs.find(({ dir }) => dir === root.dir)?.table
  return table !== undefined && /^[\w.]+$/.test(table) ? table : 'migrations'
}
