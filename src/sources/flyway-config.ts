import type { FileTree } from '../core/source.ts'
import { defaultNaming, type FlywayNaming } from './flyway-names.ts'
import { parseProperties, parseTomlSettings, type Settings } from './flyway-settings.ts'
import { folderOf, isInside, joinPath, nameOf, normalisePath } from './paths.ts'
import { parseYamlSettings, settingsBelow } from './spring.ts'
import { decodeText } from './text.ts'

/** What Flyway's own configuration says about its scripts. */
export interface FlywayConfig {
  /** The file it came from; undefined for the defaults. */
  readonly file: string | undefined
  /** Folders to scan, relative to the project root, existing ones only. */
  readonly dirs: readonly string[]
  readonly naming: FlywayNaming
  readonly mixed: boolean
  readonly group: boolean
  readonly outOfOrder: boolean
  readonly executeInTransaction: boolean
  readonly placeholderReplacement: boolean
  readonly placeholderPrefix: string
  readonly placeholderSuffix: string
  readonly placeholders: Readonly<Record<string, string>>
  /** Where unqualified names go and the history table is; undefined: that of the connection. */
  readonly defaultSchema: string | undefined
  /** Schemas that Flyway creates when they are missing. */
  readonly schemas: readonly string[]
  readonly table: string
  /** Runs in every new connection. */
  readonly initSql: string | undefined
  readonly encoding: string
  /** Does a transaction of Flyway's stay open during migrations, which CREATE INDEX CONCURRENTLY waits for? */
  readonly locksInTransaction: boolean
}

const configName =
  /(?:^|\/)(?:flyway\.toml|(?:conf\/)?flyway\.conf|src\/main\/resources\/application\.(?:properties|ya?ml))$/

/**
 * Reads every Flyway configuration of the project: flyway.toml, flyway.conf, conf/flyway.conf and, for Spring
 * Boot, `spring.flyway.*` in src/main/resources/application.*. What only the command line or the environment
 * says cannot be seen here.
 *
 * @see https://documentation.red-gate.com/fd/flyway-projects-271585108.html
 */
export async function readFlywayConfigs(files: FileTree): Promise<readonly FlywayConfig[]> {
  const paths = await files.list()
  const configs: FlywayConfig[] = []
  for (const file of paths.filter((path) => configName.test(path))) {
    const bytes = await files.read(file)
    const decoded = bytes === undefined ? undefined : decodeText(bytes)
    if (decoded === undefined || !('text' in decoded)) continue
    const settings = await settingsOf(file, decoded.text)
    if (settings !== undefined) configs.push(configOf(file, settings, paths))
  }
  return configs
}

/** What Flyway does when nothing is configured. */
export const defaultConfig: FlywayConfig = {
  file: undefined,
  dirs: [],
  naming: defaultNaming,
  mixed: false,
  group: false,
  outOfOrder: false,
  executeInTransaction: true,
  placeholderReplacement: true,
  placeholderPrefix: '${',
  placeholderSuffix: '}',
  placeholders: {},
  defaultSchema: undefined,
  schemas: [],
  table: 'flyway_schema_history',
  initSql: undefined,
  encoding: 'UTF-8',
  locksInTransaction: true,
}

async function settingsOf(file: string, text: string): Promise<Settings | undefined> {
  const below = (settings: Settings, prefix: string): Settings | undefined =>
    settingsBelow(settings, prefix, (name) => name.startsWith('placeholders.'))
  if (file.endsWith('.toml')) {
    const all = parseTomlSettings(text)
    const own = below(all, 'flyway.')
    // the connection stands in a table of its own (EnvironmentModel.java)
    const environment = below(all, `environments.${own?.get('environment') ?? 'default'}.`)
    return own === undefined && environment === undefined
      ? undefined
      : new Map([...(environment ?? []), ...(own ?? [])])
  }
  if (file.endsWith('.conf')) return below(parseProperties(text), 'flyway.')
  const settings = file.endsWith('.properties') ? parseProperties(text) : await parseYamlSettings(text)
  return below(settings, 'spring.flyway.')
}

function configOf(file: string, settings: Settings, paths: readonly string[]): FlywayConfig {
  const text = (key: string, otherwise: string): string => settings.get(key) ?? otherwise
  const flag = (key: string, otherwise: boolean): boolean =>
    (settings.get(key) ?? String(otherwise)) === 'true'
  return {
    file,
    dirs: resolveLocations(file, settings.get('locations'), paths),
    naming: {
      versionedPrefix: text('sqlMigrationPrefix', defaultNaming.versionedPrefix),
      baselinePrefix: text('baselineMigrationPrefix', defaultNaming.baselinePrefix),
      undoPrefix: text('undoSqlMigrationPrefix', defaultNaming.undoPrefix),
      repeatablePrefix: text('repeatableSqlMigrationPrefix', defaultNaming.repeatablePrefix),
      separator: text('sqlMigrationSeparator', defaultNaming.separator),
      suffixes: text('sqlMigrationSuffixes', '.sql')
        .split(',')
        .map((suffix) => suffix.trim()),
    },
    mixed: flag('mixed', false),
    group: flag('group', false),
    outOfOrder: flag('outOfOrder', false),
    executeInTransaction: flag('executeInTransaction', true),
    placeholderReplacement: flag('placeholderReplacement', true),
    placeholderPrefix: text('placeholderPrefix', '${'),
    placeholderSuffix: text('placeholderSuffix', '}'),
    placeholders: placeholdersOf(settings),
    ...sessionOf(settings),
  }
}

function sessionOf(
  settings: Settings,
): Pick<FlywayConfig, 'defaultSchema' | 'schemas' | 'table' | 'initSql' | 'encoding' | 'locksInTransaction'> {
  const schemas = (settings.get('schemas') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const defaultSchema = settings.get('defaultSchema') ?? schemas[0]
  const creates = (settings.get('createSchemas') ?? 'true') === 'true'
  const all = defaultSchema === undefined ? schemas : [defaultSchema, ...schemas]
  return {
    defaultSchema,
    schemas: creates ? [...new Set(all)] : [],
    table: settings.get('table') ?? defaultConfig.table,
    initSql: settings.get('initSql') ?? settings.get('initSqls'),
    encoding: settings.get('encoding') ?? defaultConfig.encoding,
    locksInTransaction:
      settings.get('postgresql.transactional.lock') !== 'false' &&
      settings.get('postgresql.transactionalLock') !== 'false',
  }
}

/** The configured ones, and those of Flyway's own `flyway:` names that the configuration decides. */
function placeholdersOf(settings: Settings): Record<string, string> {
  const values: Record<string, string> = {}
  const own: readonly (readonly [string, string | undefined])[] = [
    ['flyway:defaultSchema', settings.get('defaultSchema') ?? settings.get('schemas')?.split(',')[0]?.trim()],
    ['flyway:table', settings.get('table')],
    ['flyway:user', settings.get('user')],
    ['flyway:database', /^jdbc:postgresql:.*\/([^/?;]+)/.exec(settings.get('url') ?? '')?.[1]],
  ]
  for (const [name, value] of own) if (value !== undefined) values[name] = value
  for (const [key, value] of settings) {
    if (key.startsWith('placeholders.')) values[key.slice('placeholders.'.length)] = value
  }
  return values
}

/**
 * Folders that `locations` names. `filesystem:` is relative to the folder Flyway is run in, taken to be the
 * configuration's; `classpath:` and bare names are looked for in src/main/resources first.
 */
function resolveLocations(
  file: string,
  locations: string | undefined,
  paths: readonly string[],
): readonly string[] {
  const home = homeOf(file)
  const wanted = locations?.split(',') ?? defaultLocations(file)
  const dirs: string[] = []
  for (const location of wanted) {
    const path = location
      .trim()
      .replace(/^(?:filesystem|classpath):/, '')
      .replaceAll('{vendor}', 'postgresql')
    const fixed = path
      .replace(/^\/+(?=db\/)/, '')
      .split('/')
      .filter((part) => !part.includes('*'))
      .join('/')
    const candidates = location.trim().startsWith('filesystem:')
      ? [joinPath(home, fixed)]
      : [joinPath(joinPath(home, 'src/main/resources'), fixed), joinPath(home, fixed)]
    for (const candidate of candidates) {
      const dir = normalisePath(candidate)
      if (dir === undefined || dirs.includes(dir) || !paths.some((known) => isInside(known, dir))) continue
      dirs.push(dir)
      break
    }
  }
  return dirs
}

function defaultLocations(file: string): readonly string[] {
  return file.includes('src/main/resources/')
    ? ['classpath:db/migration']
    : ['db/migration', 'sql', 'migrations']
}

function homeOf(file: string): string {
  const dir = folderOf(file)
  if (nameOf(dir) === 'conf') return folderOf(dir)
  return dir.replace(/(?:^|\/)src\/main\/resources$/, '')
}
