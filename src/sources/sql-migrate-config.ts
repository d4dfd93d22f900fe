import type { FileTree } from '../core/source.ts'
import { oncePerTree } from './once-per-tree.ts'
import { folderOf, joinPath, nameOf, normalisePath } from './paths.ts'
import { readSettings } from './read.ts'
import { yamlValues } from './yaml.ts'

/** An environment of a dbconfig.yml. */
export interface SqlMigrateConfig {
  readonly file: string
  /** `postgres`, `mysql`, `sqlite3`. */
  readonly dialect: string
  /** Folder of the migrations, relative to the project root. */
  readonly dir: string
  readonly table: string
  readonly schema: string | undefined
}

/**
 * Reads every dbconfig.yml (sql-migrate/config.go of rubenv/sql-migrate): `production` where it names one, then the
 * others as they stand. Folders are relative to where the command is run, taken to be the file's.
 */
export const readSqlMigrateConfigs = oncePerTree(lookForSqlMigrateConfigs)

async function lookForSqlMigrateConfigs(files: FileTree): Promise<readonly SqlMigrateConfig[]> {
  const configs: SqlMigrateConfig[] = []
  for (const file of (await files.list()).filter((path) => /^dbconfig\.ya?ml$/.test(nameOf(path)))) {
    const text = await readSettings(files, file)
    if (text !== undefined) configs.push(...(await configsOf(file, text)))
  }
  return configs
}

async function configsOf(file: string, text: string): Promise<readonly SqlMigrateConfig[]> {
  const [environments] = await yamlValues(text)
  if (typeof environments !== 'object' || environments === null) return []
  const named = Object.entries(environments as Record<string, unknown>)
  const isProduction = ([name]: readonly [string, unknown]): boolean => /^prod/i.test(name)
  return [...named.filter(isProduction), ...named.filter((entry) => !isProduction(entry))].flatMap(
    ([, settings]) => configOf(file, settings) ?? [],
  )
}

function configOf(file: string, settings: unknown): SqlMigrateConfig | undefined {
  if (typeof settings !== 'object' || settings === null) return undefined
  const value = (key: string): string | undefined => {
    const found = (settings as Record<string, unknown>)[key]
    return typeof found === 'string' && found !== '' ? found : undefined
  }
  const dir = normalisePath(joinPath(folderOf(file), value('dir') ?? 'migrations'))
  const dialect = value('dialect')
  if (dialect === undefined || dir === undefined) return undefined
  return { file, dialect, dir, table: value('table') ?? 'gorp_migrations', schema: value('schema') }
}
