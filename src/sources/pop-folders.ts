import type { FileTree } from '../core/source.ts'
import { folderOf, groupByFolder, isInside, joinPath, nameOf } from './paths.ts'
import { readSettings } from './read.ts'

/** A folder of pop's migrations, and what gave it away. */
export interface PopFolder {
  readonly dir: string
  readonly because: string
}

/** Names of databases in file names, as pop.go and the dialects of gobuffalo/pop v6 know them. */
export const popDialects = {
  postgres: /^(?:postgres|postgresql|pg|pgx)$/,
  others: /^(?:cockroach|cockroachdb|crdb|mysql|mariadb|sqlite3?)$/,
} as const

/**
 * Folders that only pop can read: with a .fizz file, with a database in a file's name, or `migrations` beside a
 * database.yml with a `dialect`. All other names are golang-migrate's as well.
 */
export async function popFolders(files: FileTree): Promise<readonly PopFolder[]> {
  const paths = await files.list()
  const folders = new Map<string, string>()
  for (const path of paths)
    if (isTelling(nameOf(path)) && !folders.has(folderOf(path))) folders.set(folderOf(path), path)
  const configured = paths.filter((path) => /^database\.ya?ml$/.test(nameOf(path)))
  for (const file of configured) {
    const dir = joinPath(folderOf(file).replace(/(?:^|\/)config$/, ''), 'migrations')
    if (!folders.has(dir) && holdsMigrations(paths, dir) && (await namesDialect(files, file)))
      folders.set(dir, file)
  }
  const isOutermost = (dir: string): boolean =>
    ![...folders.keys()].some((other) => other !== dir && isInside(dir, other))
  return [...folders].flatMap(([dir, because]) => (isOutermost(dir) ? { dir, because } : []))
}

function isTelling(name: string): boolean {
  if (!/^\d+_/.test(name)) return false
  if (/\.(?:up|down)\.fizz$/.test(name)) return true
  const dialect = /^\d+_[^.]+\.([a-z0-9]+)\.(?:up|down)\.sql$/.exec(name)?.[1]
  return dialect !== undefined && (popDialects.postgres.test(dialect) || popDialects.others.test(dialect))
}

function holdsMigrations(paths: readonly string[], dir: string): boolean {
  return [...groupByFolder(paths)].some(
    ([folder, inside]) =>
      isInside(folder, dir) && inside.some((path) => /^\d+_[^.]+\.up\.sql$/.test(nameOf(path))),
  )
}

/** Rails writes `adapter`. */
async function namesDialect(files: FileTree, file: string): Promise<boolean> {
  return /^[ \t]+["']?dialect["']?\s*:/m.test((await readSettings(files, file)) ?? '')
}
