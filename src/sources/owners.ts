import type { FileTree, MigrationSource } from '../core/source.ts'
import { rustFolders } from './cargo.ts'
import { includedFolders } from './liquibase-changelogs.ts'
import { forPostgres } from './dialects.ts'
import { foreignDatabase } from './foreign-database.ts'
import { packageFolders } from './node-pg-migrate-config.ts'
import { oncePerTree } from './once-per-tree.ts'
import { folderOf, groupByFolder, isInside, joinPath, nameOf } from './paths.ts'
import { sqitchFolders } from './sqitch.ts'
import { popFolders } from './pop-folders.ts'
import { readSettings } from './read.ts'

/** A folder that belongs to a migration tool by its layout, a manifest beside it, or comments in its files. */
export interface FolderOwner {
  readonly tool: string
  /** Id of our source for it; absent: no source knows the tool. */
  readonly source?: string
  readonly dir: string
  /** What gave it away: a file or a comment. */
  readonly because: string
  readonly found: 'layout' | 'marker comment'
}

/** A folder of a migration tool that no source of ours knows. */
export type UnsupportedFolder = FolderOwner & { readonly source?: never }

interface Marker {
  readonly tool: string
  /** Id of our source for it, once there is one. */
  readonly source?: string
  readonly pattern: RegExp
  /** Up and down live in one file, so the file as a whole is not what runs. */
  readonly mixesDirections: boolean
}

/** Comments by which tools mark their files; each from the tool's own documentation. */
const markers: readonly Marker[] = [
  { tool: 'goose', source: 'goose', pattern: /^--\s*\+goose\s+up\b/im, mixesDirections: true },
  { tool: 'dbmate', source: 'dbmate', pattern: /^--\s*migrate:up\b/im, mixesDirections: true },
  { tool: 'sql-migrate', source: 'sql-migrate', pattern: /^--\s*\+migrate\s+up\b/im, mixesDirections: true },
  {
    tool: 'node-pg-migrate',
    source: 'node-pg-migrate',
    pattern: /^--\s*up migration\b/im,
    mixesDirections: true,
  },
  { tool: 'tern', pattern: /^---- create above \/ drop below ----/im, mixesDirections: true },
  { tool: 'rambler', source: 'rambler', pattern: /^--\s*rambler up\b/im, mixesDirections: true },
  {
    tool: 'Liquibase',
    source: 'liquibase',
    pattern: /^[ \t]*--[ \t]*liquibase[ \t]*formatted\b/im,
    mixesDirections: true,
  },
  {
    tool: 'Graphile Migrate',
    source: 'graphile-migrate',
    pattern: /^--!\s*previous:/im,
    mixesDirections: false,
  },
  { tool: 'Drizzle', source: 'drizzle', pattern: /^--> statement-breakpoint/im, mixesDirections: false },
]

/** Which tool a file's comments name, if any. */
export function markerIn(
  text: string,
): { readonly tool: string; readonly source?: string; readonly mixesDirections: boolean } | undefined {
  return markers.find(({ pattern }) => pattern.test(text))
}

interface LayoutRule {
  readonly tool: string
  readonly source?: string
  /** Matches a path; the first group is the folder that the tool owns. */
  readonly pattern: RegExp
  /** Another tool's, when this file stands in the same folder as the path. */
  readonly unlessBeside?: string
  /** Below that folder. */
  readonly below?: readonly string[]
}

const layoutRules: readonly LayoutRule[] = [
  {
    tool: 'Supabase',
    source: 'supabase',
    pattern: /^((?:.*\/)?supabase)\/config\.toml$/,
    below: ['migrations'],
  },
  { tool: 'Supabase', source: 'supabase', pattern: /^((?:.*\/)?supabase\/migrations)\/\d+_[^/]*\.sql$/ },
  { tool: 'Prisma', source: 'prisma', pattern: /^(?:(.*)\/)?migration_lock\.toml$/ },
  { tool: 'Drizzle', source: 'drizzle', pattern: /^(?:(.*)\/)?\d{14}_[^/]*\/snapshot\.json$/ },
  {
    tool: 'Prisma',
    source: 'prisma',
    pattern: /^(?:(.*)\/)?\d+_[^/]*\/migration\.sql$/,
    unlessBeside: 'snapshot.json',
  },
  { tool: 'Drizzle', source: 'drizzle', pattern: /^(?:(.*)\/)?meta\/_journal\.json$/ },
  {
    tool: 'Graphile Migrate',
    source: 'graphile-migrate',
    pattern: /^(?:(.*)\/)?committed\/\d+(?:-[-\w]*)?\.sql$/,
  },
  { tool: 'Diesel', source: 'diesel', pattern: /^(?:(.*)\/)?diesel\.toml$/, below: ['migrations'] },
  { tool: 'Diesel', source: 'diesel', pattern: /^(?:(.*)\/)?\d{14}_diesel_initial_setup\/up\.sql$/ },
  { tool: 'Diesel', source: 'diesel', pattern: /^(?:(.*)\/)?\d{4}-\d{2}-\d{2}-\d{6}[^/]*\/up\.sql$/ },
  { tool: 'Hasura', pattern: /^(?:(.*)\/)?\d{10,}_[^/]*\/up\.sql$/ },
  { tool: 'Bun', pattern: /^(?:(.*)\/)?\d+_[^/]*\.tx\.up\.sql$/ },
  { tool: 'Postgrator', pattern: /^(?:(.*)\/)?\d+\.do\.[^/]*sql$/ },
  { tool: 'Atlas', source: 'atlas', pattern: /^(?:(.*)\/)?atlas\.sum$/ },
]

/** Ends of all names above: most paths of a large repository need no second look. */
const telling =
  /(?:\.toml|\.sum|\.plan|_journal\.json|snapshot\.json|migration\.sql|(?:committed|supabase\/migrations)\/\d[^/]*\.sql|up\.sql|\.do\.[^/]*sql)$/i

/**
 * Folders that belong to a tool, by layout, manifest or marker comment, in that order: the first to claim a folder has
 * it. No other source may take what is in them: running a goose file from top to bottom would apply its down part too.
 */
export const folderOwners: (files: FileTree) => Promise<readonly FolderOwner[]> = oncePerTree(findOwners)

/** The `detect` of a source whose roots are the folders that it owns; with `holds`, those that hold such a path. */
export function detectOwned(
  source: string,
  holds?: (path: string, dir: string) => boolean,
): MigrationSource['detect'] {
  return async (files) => {
    const paths = holds === undefined ? [] : await files.list()
    return (await foldersOf(files, source))
      .filter(({ dir }) => holds === undefined || paths.some((path) => holds(path, dir)))
      .map(({ dir, found }) => ({ source, dir, found }))
  }
}

/** Those of one of our sources. */
export async function foldersOf(files: FileTree, source: string): Promise<readonly FolderOwner[]> {
  return (await folderOwners(files)).filter((owner) => owner.source === source)
}

/** Those of tools that no source of ours knows. */
export async function unsupportedFolders(files: FileTree): Promise<readonly UnsupportedFolder[]> {
  return (await folderOwners(files)).filter((owner): owner is UnsupportedFolder => owner.source === undefined)
}

async function findOwners(files: FileTree): Promise<readonly FolderOwner[]> {
  const paths = await files.list()
  const folders = new Map<string, FolderOwner>()
  const add = (folder: FolderOwner): void => {
    if (!folders.has(folder.dir)) folders.set(folder.dir, folder)
  }
  const sqlFolders = groupByFolder(paths.filter((path) => path.endsWith('.sql')))
  // sqlx names its files like others do: where only a manifest near by speaks for it, what the files say goes first
  const rust = await rustFolders(files)
  for (const { certain, ...folder } of rust) if (certain) add(folder)
  for (const folder of await sqitchFolders(files)) add(folder)
  const all = new Set(paths)
  const marked = await byMarker(files, sqlFolders)
  // Atlas can write files for the tools that keep up and down in one file; who runs them is in the files
  const others = new Set(
    marked.filter(({ tool }) => /^(?:goose|dbmate|Liquibase)$/.test(tool)).map(({ dir }) => dir),
  )
  for (const path of paths) {
    if (!telling.test(path)) continue
    for (const folder of byLayout(path, all, sqlFolders))
      if (folder.tool !== 'Atlas' || !others.has(folder.dir)) add(folder)
  }
  for (const { dir, changelog } of await includedFolders(files))
    add({ tool: 'Liquibase', source: 'liquibase', dir, because: changelog, found: 'layout' })
  for (const { dir, because } of await popFolders(files))
    add({ tool: 'pop', source: 'pop', dir, because, found: 'layout' })
  for (const folder of await packageFolders(files, [...sqlFolders.keys()])) add(folder)
  const byOthers = [...folders.values()]
  for (const folder of marked) {
    const isPart = byOthers.some(({ tool, dir }) => tool === folder.tool && isInside(folder.dir, dir))
    if (!isPart) add(folder)
  }
  for (const { certain, ...folder } of rust) if (!certain) add(folder)
  for (const folder of forOtherDatabases(sqlFolders)) {
    if (![...folders.keys()].some((dir) => isInside(folder.dir, dir))) add(folder)
  }
  return Promise.all([...folders.values()].map((folder) => forPostgres(files, folder)))
}

/** Numbered files that no tool marks as its own, in a folder that is called after another database. */
function forOtherDatabases(sqlFolders: ReadonlyMap<string, readonly string[]>): readonly FolderOwner[] {
  return [...sqlFolders].flatMap(([dir, paths]): readonly FolderOwner[] => {
    const database = foreignDatabase(dir)
    if (database === undefined || !paths.some((path) => /^[vrbu]?\d/i.test(nameOf(path)))) return []
    return [{ tool: `migrations for ${database}`, dir, because: 'its name', found: 'layout' }]
  })
}

function byLayout(
  path: string,
  paths: ReadonlySet<string>,
  sqlFolders: ReadonlyMap<string, readonly string[]>,
): FolderOwner[] {
  const found: FolderOwner[] = []
  for (const { tool, source, pattern, below, unlessBeside } of layoutRules) {
    const match = pattern.exec(path)
    if (match === null) continue
    if (unlessBeside !== undefined && paths.has(joinPath(folderOf(path), unlessBeside))) continue
    const owner = match[1] ?? ''
    if (tool === 'Atlas' && isRunByAnother(sqlFolders.get(owner) ?? [])) continue
    for (const name of below ?? [''])
      found.push({ ...ofTool(tool, source), dir: joinPath(owner, name), because: path, found: 'layout' })
  }
  return found
}

function ofTool(tool: string, source: string | undefined): Pick<FolderOwner, 'tool' | 'source'> {
  return source === undefined ? { tool } : { tool, source }
}

/** Atlas can write files for golang-migrate and Flyway, which then run them. */
function isRunByAnother(paths: readonly string[]): boolean {
  return paths.some((path) => /^\d+_.*\.up\.sql$|^V\d[^/]*__.*\.sql$/.test(nameOf(path)))
}

/** Looks into the first and the last file of every folder: of its numbered ones, where it has some. */
async function byMarker(
  files: FileTree,
  folders: ReadonlyMap<string, readonly string[]>,
): Promise<readonly FolderOwner[]> {
  const looks = [...folders].map(async ([dir, paths]): Promise<FolderOwner | undefined> => {
    const numbered = paths.filter((path) => /^[vV]?\d/.test(nameOf(path)))
    const looked = numbered.length > 0 ? numbered : paths
    for (const path of new Set([looked[0], looked.at(-1)])) {
      const marker = path === undefined ? undefined : markerIn((await readSettings(files, path)) ?? '')
      if (marker === undefined) continue
      const because = `a comment in ${path}`
      return { ...ofTool(marker.tool, marker.source), dir, because, found: 'marker comment' }
    }
    return undefined
  })
  return (await Promise.all(looks)).filter((folder) => folder !== undefined)
}
