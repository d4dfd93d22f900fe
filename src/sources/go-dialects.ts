import type { FileTree } from '../core/source.ts'
import { readAtlasConfigs } from './atlas-config.ts'
import { folderOf, joinPath } from './paths.ts'
import { readRamblerConfigs } from './rambler-config.ts'
import { readSettings } from './read.ts'
import { readSqlMigrateConfigs } from './sql-migrate-config.ts'

/**
 * For which database a folder of a Go tool is, by its configuration: `postgres` where that is one of several; undefined
 * where nothing says so.
 */
export async function goDialect(
  files: FileTree,
  source: string | undefined,
  dir: string,
): Promise<string | undefined> {
  const named = await namedDialects(files, source, dir)
  const isOurs = (dialect: string): boolean =>
    /^(?:postgres(?:ql)?|pg|pgx|cockroach(?:db)?|crdb)$/.test(dialect)
  return named.some(isOurs) ? 'postgres' : named[0]
}

async function namedDialects(
  files: FileTree,
  source: string | undefined,
  dir: string,
): Promise<readonly string[]> {
  if (source === 'sql-migrate') {
    const configs = (await readSqlMigrateConfigs(files)).filter((config) => config.dir === dir)
    return configs.map(({ dialect }) => dialect)
  }
  if (source === 'pop') return popDialectsOf(files, dir)
  if (source === 'rambler') return ramblerDrivers(files, dir)
  return source === 'atlas' ? atlasUrls(files, dir) : []
}

/** `dialect`, or the scheme of `url`, of the database.yml that the folder belongs to. */
async function popDialectsOf(files: FileTree, dir: string): Promise<readonly string[]> {
  const home = folderOf(dir)
  for (const file of ['database.yml', 'database.yaml', 'config/database.yml', 'config/database.yaml']) {
    const text = await readSettings(files, joinPath(home, file))
    if (text === undefined) continue
    const named = text.matchAll(/^[ \t]+["']?(?:dialect["']?\s*:\s*["']?(\w+)|url["']?\s*:.*?\b(\w+):\/\/)/gm)
    return [...named].map(([, dialect, scheme]) => dialect ?? scheme ?? '')
  }
  return []
}

async function ramblerDrivers(files: FileTree, dir: string): Promise<readonly string[]> {
  const configs = (await readRamblerConfigs(files)).filter((config) => config.dir === dir)
  return configs.flatMap(({ driver }) => driver ?? [])
}

/** Schemes of `url` and `dev` in the atlas.hcl that names the folder; `docker://mysql/8` is MySQL. */
async function atlasUrls(files: FileTree, dir: string): Promise<readonly string[]> {
  const config = (await readAtlasConfigs(files)).find((candidate) => candidate.dir === dir)
  const text = config === undefined ? undefined : await readSettings(files, config.file)
  const urls = (text ?? '').matchAll(/^[ \t]*(?:url|dev)[ \t]*=[ \t]*"(?:docker:\/\/)?(\w+)/gm)
  return [...urls].flatMap(([, scheme = '']) =>
    /^(?:postgres|pg|mysql|maria|sqlite|sqlserver|clickhouse|libsql)/.test(scheme)
      ? scheme.replace(/^(?:postgres|pg).*/, 'postgres')
      : [],
  )
}
