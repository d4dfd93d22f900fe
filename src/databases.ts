/** Which databases a run is about: a repository may hold the migrations of several. */
import { UsageError } from './core/errors.ts'
import { nearest } from './core/suggest.ts'
import type { SourceRoot } from './core/source.ts'
import { mergeRules } from './config/merge.ts'
import type { Config, DatabaseConfig } from './config/schema.ts'
import type { CheckOptions } from './check-options.ts'
import { migrationRoots } from './review/migration-roots.ts'
import { folderOf, isInside, normalisePath } from './sources/paths.ts'
import { reviewRequest } from './under-review.ts'

/** One database of the repository, and how it is judged. */
export interface Database {
  /** Absent where there is only one. */
  readonly name?: string
  /** With what is said of this database alone in the place of what is said of all. */
  readonly config: Config
  /** Those of the paths on the command line that are about it. */
  readonly paths: readonly string[]
  /** Found by its folder: no configuration names it. */
  readonly isDetected?: true
  /** Only code below this folder queries it, relative to the project root; absent: all of the project's code. */
  readonly codeDir?: string
  /** Folders of all databases, for the first of them: it says which folders of migrations are nobody's. */
  readonly besides?: readonly string[]
  /** Is this the database to speak of a file that is gone? One of several does, not each; absent: there is only one. */
  readonly speaksFor?: (file: string) => boolean
}

/** What decides which databases there are. */
export type DatabaseRequest = Pick<
  CheckOptions,
  'cwd' | 'paths' | 'all' | 'staged' | 'base' | 'config' | 'env'
> & {
  /** Names of the databases to judge; all when empty. */
  readonly only: readonly string[]
}

/**
 * The databases of a run: those of the configuration's `databases`, one for each entry of `migrations`, or one for each
 * folder of migrations. Always at least one.
 * @throws {UsageError} for a name that no database has
 */
export async function databasesOf(request: DatabaseRequest): Promise<readonly Database[]> {
  const configured = configuredDatabases(request.config)
  const found = configured.length > 0 ? configured : await detectedDatabases(request)
  const named = withNamesOnly(found, request)
  const chosen = request.paths.length === 0 ? named : withPathsOnly(named, request.paths)
  if (chosen.length > 0) {
    const withOwnFiles = chosen.map((database) => withFiles(database, chosen))
    return request.only.length + request.paths.length > 0 ? withOwnFiles : withOthers(withOwnFiles)
  }
  const { databases: _, ...config } = request.config
  return [{ config, paths: request.paths }]
}

function withOthers([first, ...others]: readonly Database[]): readonly Database[] {
  if (first === undefined) return []
  const besides = [first, ...others].flatMap((database) => migrationsDir(database) ?? [])
  return [{ ...first, besides }, ...others]
}

/** Files belong to the database whose migrations or code are in their folder, and others to the first. */
function withFiles(database: Database, all: readonly Database[]): Database {
  // those with another baseline do not know of its entries
  const sharing = all.filter(({ config }) => config.baseline === database.config.baseline)
  if (sharing.length < 2) return database
  const isBelow = (file: string, dir: string | undefined): boolean =>
    dir !== undefined && dir !== '' && isInside(file, dir)
  const speaksFor = (file: string): boolean => {
    const owner =
      sharing.find((one) => isBelow(file, migrationsDir(one))) ??
      sharing.find(({ codeDir }) => isBelow(file, codeDir)) ??
      sharing[0]
    return owner === database
  }
  return { ...database, speaksFor }
}

/** Undefined for a folder outside of the project. */
function migrationsDir({ config }: Pick<Database, 'config'>): string | undefined {
  return normalisePath(config.migrations?.[0]?.dir ?? '')
}

function configuredDatabases({ databases, ...common }: Config): readonly Database[] {
  if (databases !== undefined) return withFolders(databases.map((one) => mergedDatabase(common, one)))
  const { migrations = [] } = common
  if (migrations.length < 2) return []
  const dirs = migrations.map(({ dir = '' }) => dir)
  return ofFolders(
    migrations.map((entry, index) => ({
      name: databaseName(dirs[index] ?? '', dirs),
      config: { ...common, migrations: [entry] },
      paths: [],
    })),
  )
}

/** What is said of one database takes the place of what is said of all, key by key; rules are united. */
function mergedDatabase(common: Config, { name, ...own }: DatabaseConfig): Database {
  const rules = mergeRules(common.rules ?? {}, own.rules ?? {})
  return {
    name,
    config: { ...common, ...own, ...(Object.keys(rules).length === 0 ? {} : { rules }) },
    paths: [],
  }
}

async function detectedDatabases(request: DatabaseRequest): Promise<readonly Database[]> {
  const { config, paths } = request
  const [settings] = config.migrations ?? []
  if (settings?.dir !== undefined || settings?.migrate !== undefined || paths.length > 0) return []
  const roots = await migrationRoots(reviewRequest(request))
  if (roots.length < 2) return []
  const dirs = roots.map(({ dir }) => dir)
  return ofFolders(
    roots.map((root) => ({
      name: databaseName(root.dir, dirs),
      config: configOf(config, root),
      paths: [],
      isDetected: true,
    })),
  )
}

/** Databases that are called after their folders. */
function ofFolders(databases: readonly Database[]): readonly Database[] {
  return withFolders(withDistinctNames(databases))
}

function configOf(config: Config, { source, dir }: SourceRoot): Config {
  return { ...config, migrations: [{ ...config.migrations?.[0], source, dir }] }
}

/**
 * `services-billing` for services/billing/db/migrations: the folders that tell it from the others, in the form of a
 * review's name.
 */
export function databaseName(dir: string, all: readonly string[]): string {
  const own = ownFolder(dir, all)
  const words = own
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  const end = words.slice(-longestName)
  const isCut = end.length < words.length && words.at(-longestName - 1) !== '-'
  // no half of a word, unless there is nothing else
  return (isCut ? end.replace(/^[^-]*-/, '') : end).replace(/^-+/, '') || 'root'
}

/** Bytes of a review's name. */
const longestName = 32

/** Names that differ in their beginnings only, or in signs that no name may have, get a number. */
function withDistinctNames(databases: readonly Database[]): readonly Database[] {
  const seen = new Map<string, number>()
  return databases.map((database) => {
    const { name = '' } = database
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    if (count === 1) return database
    const number = `-${count}`
    return { ...database, name: name.slice(0, longestName - number.length) + number }
  })
}

/** The outermost folder around `dir` that holds none of the others; '' when there are no others. */
function ownFolder(dir: string, all: readonly string[]): string {
  const others = all.filter((other) => other !== dir)
  let own = dir
  for (let around = folderOf(own); own !== ''; around = folderOf(around)) {
    if (others.some((other) => isInside(other, around))) return own
    own = around
  }
  return own
}

/** Code is taken for a database's when it lies in the folder that is this database's alone, unless the configuration says. */
function withFolders(databases: readonly Database[]): readonly Database[] {
  if (databases.length < 2) return databases
  const dirs = databases.map((database) => migrationsDir(database) ?? '')
  return databases.map((database, index) => {
    const saysQueries = database.config.queries !== undefined
    return saysQueries ? database : { ...database, codeDir: ownFolder(dirs[index] ?? '', dirs) }
  })
}

function withNamesOnly(databases: readonly Database[], { only }: DatabaseRequest): readonly Database[] {
  if (only.length === 0) return databases
  const names = databases.flatMap(({ name }) => name ?? [])
  const unknown = only.find((name) => !names.includes(name))
  if (unknown === undefined) return databases.filter(({ name }) => name !== undefined && only.includes(name))
  const suggestion = nearest(unknown, names)
  const choice = names.length === 0 ? 'There is only one here.' : `There are ${names.join(', ')}.`
  throw new UsageError(`There is no database called ${JSON.stringify(unknown)}.`, {
    hint: suggestion === undefined ? choice : `Did you mean ${JSON.stringify(suggestion)}?`,
  })
}

/** Each path goes to the databases that it is about; none when a path is about none of them. */
function withPathsOnly(databases: readonly Database[], paths: readonly string[]): readonly Database[] {
  const homes = paths.map((path) => databases.filter((database) => concerns(database, path)))
  if (homes.some((home) => home.length === 0)) return []
  return databases.flatMap((database) => {
    const own = paths.filter((_, index) => homes[index]?.includes(database) === true)
    return own.length === 0 ? [] : [{ ...database, paths: own }]
  })
}

function concerns({ config }: Database, path: string): boolean {
  const named = normalisePath(path)
  const dirs = (config.migrations ?? []).flatMap(({ dir }) => normalisePath(dir ?? '') ?? [])
  return named !== undefined && dirs.some((dir) => isInside(named, dir) || isInside(dir, named))
}
