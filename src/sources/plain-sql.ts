import type {
  FileTree,
  MigrationScript,
  MigrationSet,
  MigrationSource,
  SkippedFile,
  SourceOptions,
  SourceProblem,
  SourceRoot,
  WayDown,
} from '../core/source.ts'
import type { TransactionChoice } from '../core/model.ts'
import { isFlywayName } from './flyway-names.ts'
import { isGolangMigrateName } from './golang-migrate.ts'
import { compareText, folderOf, groupByFolder, isInside, nameOf } from './paths.ts'
import {
  comparePlainNames,
  downStem,
  isDownFolder,
  isDownName,
  leadingNumber,
  parsePlainName,
  titleOf,
  upStem,
} from './plain-sql-names.ts'
import { duplicateVersions, readText } from './read.ts'
import { folderOwners } from './owners.ts'
import { fillPsqlVariables } from './psql-variables.ts'
import { wholeWayDown, withWaysDown } from './way-down.ts'
import { plainSqlWriter } from './write-whole-files.ts'

/**
 * A folder of numbered `.sql` files without a tool that we know: `001_x.sql`, `20240101120000_x.sql`,
 * `2024-01-01_x.sql`, `1.2.3_x.sql`. Run as by `psql -v ON_ERROR_STOP=1 -f`: each file in a session of its
 * own, each statement its own transaction unless the file says BEGIN; with placeholders in the configuration as with
 * `psql -v name=value`.
 */
export const plainSql: MigrationSource = {
  id: 'plain-sql',
  title: 'plain SQL files',
  docs: 'https://www.postgresql.org/docs/current/app-psql.html',
  detect,
  load,
  writer: plainSqlWriter,
}

const defaultTransaction: TransactionChoice = { mode: 'statement', why: 'assumed: psql -f' }

/** A folder with one of these names needs only one numbered script to be recognised, any other needs two. */
const usualFolders = /(?:^|\/)(?:migrations?|migrate|schema_?migrations|db_?migrations?|sql_?migrations?)$/i

/** In other folders most scripts must be numbered: a few dated reports do not make migrations. */
const numberedShare = 0.8

async function detect(files: FileTree): Promise<readonly SourceRoot[]> {
  const foreign = await folderOwners(files)
  const dirs = new Set<string>()
  for (const [dir, paths] of groupByFolder(await files.list())) {
    const names = paths.map(nameOf).filter((name) => name.endsWith('.sql') && !isDownName(name))
    if (names.length === 0 || isDownFolder(dir)) continue
    if (names.some((name) => isFlywayName(name) || isGolangMigrateName(name))) continue
    if (foreign.some((folder) => isInside(dir, folder.dir))) continue
    const root = seriesRoot(dir)
    if (looksOrdered(names, usualFolders.test(root))) dirs.add(root)
  }
  return [...dirs]
    .filter((dir) => !hasNumberedParent(dir, dirs))
    .map((dir) => ({ source: plainSql.id, dir, found: 'layout' }))
}

/** `migrations/2024/q1` -> `migrations`: numbered folders are chapters of the one above. */
function seriesRoot(dir: string): string {
  let root = dir
  while (root !== '' && leadingNumber(nameOf(root)) !== undefined) root = folderOf(root)
  return usualFolders.test(root) ? root : dir
}

function hasNumberedParent(dir: string, dirs: ReadonlySet<string>): boolean {
  return leadingNumber(nameOf(dir)) !== undefined && dirs.has(folderOf(dir))
}

function looksOrdered(names: readonly string[], isUsualFolder: boolean): boolean {
  const numbered = names.filter((name) => leadingNumber(name) !== undefined).length
  if (isUsualFolder) return numbered * 2 >= names.length && numbered > 0
  return numbered >= 2 && numbered >= names.length * numberedShare
}

interface Entry {
  readonly file: string
  readonly version: string | null
  readonly title: string
  readonly isDay: boolean
}

async function load(root: SourceRoot, files: FileTree, options: SourceOptions): Promise<MigrationSet> {
  const { entries, skipped } = await readFolder(root, files)
  const texts = await Promise.all(entries.map((entry) => readText(files, entry.file)))
  const ways = waysDown((await files.list()).filter((file) => isInside(file, root.dir)))
  const problems: SourceProblem[] = [...duplicates(entries)]
  const scripts: MigrationScript[] = []
  entries.forEach((entry, index) => {
    const read = texts[index]
    if (read === undefined) return
    if ('problem' in read) problems.push(read.problem)
    else scripts.push(plainScript(entry, read.text, options))
  })
  const whenFailed = {
    outcome: 'runs again',
    says: 'psql runs the file again, from its first statement',
  } as const
  return {
    root,
    scripts: await withWaysDown(scripts, ({ file }) =>
      wayDownOf(ways.get(keyOf(folderOf(file), upStem(nameOf(file)))), files, options),
    ),
    sharesSession: false,
    whenFailed,
    problems,
    skipped,
  }
}

/** Scripts that go down, by what they undo: `x.down.sql` beside `x.sql` or `x.up.sql`, or `down/x.sql`. */
function waysDown(files: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const ways = new Map<string, string[]>()
  for (const file of files.filter((path) => path.endsWith('.sql'))) {
    const dir = folderOf(file)
    const stem = isDownFolder(dir) ? upStem(nameOf(file)) : downStem(nameOf(file))
    if (stem === undefined) continue
    const key = keyOf(isDownFolder(dir) ? folderOf(dir) : dir, stem)
    ways.set(key, [...(ways.get(key) ?? []), file])
  }
  return ways
}

function keyOf(dir: string, stem: string): string {
  return `${dir}\0${stem}`
}

/** Which of several it is, nobody knows. */
async function wayDownOf(
  ways: readonly string[] = [],
  files: FileTree,
  options: SourceOptions,
): Promise<WayDown | undefined> {
  const [only, ...others] = ways
  if (only === undefined || others.length > 0) return undefined
  const way = await wholeWayDown(files, only, () => options.transaction ?? defaultTransaction)
  if (way === undefined || options.placeholders === undefined) return way
  const { text } = fillPsqlVariables(way.text, options.placeholders)
  return { ...way, text, end: text.length }
}

/** A file alone, as `psql -f` would run it; for paths that belong to no root. */
export async function loadSingleFile(
  file: string,
  files: FileTree,
  options: SourceOptions,
): Promise<MigrationScript | SourceProblem> {
  const read = await readText(files, file)
  if ('problem' in read) return read.problem
  const named = parsePlainName(file, folderOf(file))
  const entry = {
    file,
    version: named?.version ?? null,
    title: named?.title ?? unnumberedTitle(file),
    isDay: false,
  }
  return plainScript(entry, read.text, options)
}

/** Numbered scripts in order; when no file of the folder has a number, all of them by name. */
async function readFolder(
  root: SourceRoot,
  files: FileTree,
): Promise<{ entries: readonly Entry[]; skipped: readonly SkippedFile[] }> {
  const inFolder = (await files.list()).filter((file) => file.endsWith('.sql') && isInside(file, root.dir))
  const skipped: SkippedFile[] = []
  const skip = (file: string, reason: string): unknown => skipped.push({ file, reason, affectsOthers: false })
  const numbered = []
  const unnumbered: string[] = []
  for (const file of inFolder) {
    const parsed = parsePlainName(file, root.dir)
    const isDirect = folderOf(file) === root.dir
    if (isDownName(nameOf(file)) || isDownFolder(folderOf(file))) {
      if (isDirect || parsed !== undefined) skip(file, 'down migrations run only on a rollback')
    } else if (parsed !== undefined) numbered.push(parsed)
    else if (isDirect) unnumbered.push(file)
  }
  if (numbered.length === 0) {
    const byName = unnumbered.sort(compareText)
    return {
      entries: byName.map((file) => ({ file, version: null, title: unnumberedTitle(file), isDay: false })),
      skipped,
    }
  }
  for (const file of unnumbered)
    skip(file, 'without a number in front of the name, the place in the order is unknown')
  return { entries: numbered.sort(comparePlainNames), skipped }
}

function unnumberedTitle(file: string): string {
  return titleOf(nameOf(file).replace(/\.sql$/i, ''))
}

function duplicates(entries: readonly Entry[]): readonly SourceProblem[] {
  const versioned = entries.flatMap(({ file, version, isDay }) =>
    version === null || isDay ? [] : [{ file, version }],
  )
  return duplicateVersions(versioned, 'which of them runs first depends on their names only')
}

function plainScript(entry: Entry, raw: string, options: SourceOptions): MigrationScript {
  const text = options.placeholders === undefined ? raw : fillPsqlVariables(raw, options.placeholders).text
  return {
    source: plainSql.id,
    file: entry.file,
    version: entry.version,
    title: entry.title,
    text,
    start: 0,
    end: text.length,
    transaction: options.transaction ?? defaultTransaction,
    repeatable: false,
  }
}
