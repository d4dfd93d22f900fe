import type { FileTree } from '../core/source.ts'
import { oncePerTree } from './once-per-tree.ts'
import { parseProperties, type Settings } from './flyway-settings.ts'
import { folderOf, nameOf } from './paths.ts'
import { readSettings } from './read.ts'
import { camelCase, parseYamlSettings, settingsBelow } from './spring.ts'

/** What liquibase.properties or Spring's spring.liquibase.* say; the command line cannot be seen here. */
export interface LiquibaseConfig {
  /** The file it came from. */
  readonly file: string
  /** As written: relative to a search path. */
  readonly changelog: string | undefined
  /** Folders that changelog paths may be relative to, relative to the project root. */
  readonly searchPath: readonly string[]
  readonly contexts: readonly string[]
  readonly labelFilter: string | undefined
  readonly defaultSchema: string | undefined
  readonly liquibaseSchema: string | undefined
  readonly table: string | undefined
  readonly lockTable: string | undefined
  readonly parameters: Readonly<Record<string, string>>
}

const propertiesName = /(?:^|\/)liquibase[^/]*\.properties$/
const springName = /(?:^|\/)src\/main\/resources\/application\.(?:properties|ya?ml)$/

/** Every Liquibase configuration of the project, by path. */
export const readLiquibaseConfigs = oncePerTree(lookForLiquibaseConfigs)

async function lookForLiquibaseConfigs(files: FileTree): Promise<readonly LiquibaseConfig[]> {
  const configs: LiquibaseConfig[] = []
  for (const file of await files.list()) {
    const isSpring = springName.test(file)
    if (!isSpring && !propertiesName.test(file)) continue
    const text = await readSettings(files, file)
    if (text === undefined) continue
    const settings = isSpring ? await springSettings(file, text) : ownSettings(parseProperties(text))
    if (settings !== undefined) configs.push(configOf(file, settings, isSpring))
  }
  return configs
}

async function springSettings(file: string, text: string): Promise<Settings | undefined> {
  const all = file.endsWith('.properties') ? parseProperties(text) : await parseYamlSettings(text)
  const own = settingsBelow(all, 'spring.liquibase.', isParameter)
  return own === undefined ? undefined : withoutCase(own)
}

/** `liquibase.command.changelogFile`, `changeLogFile` and `changelog-file` are the same. */
function ownSettings(settings: Settings): Settings {
  return withoutCase(
    [...settings].map(([key, value]) => [key.replace(/^liquibase\.(?:command\.(?:update\.)?)?/, ''), value]),
  )
}

function withoutCase(entries: Iterable<readonly [string, string]>): Settings {
  return new Map(
    [...entries].map(([key, value]) => [isParameter(key) ? key : camelCase(key).toLowerCase(), value]),
  )
}

function isParameter(key: string): boolean {
  return /^parameters?\./.test(key)
}

function configOf(file: string, settings: Settings, isSpring: boolean): LiquibaseConfig {
  const first = (...keys: readonly string[]): string | undefined =>
    keys.map((key) => settings.get(key)).find((value) => value !== undefined && value !== '')
  const home = folderOf(file)
  const paths = (first('searchpath') ?? '').split(',').map((path) => path.trim())
  return {
    file,
    changelog: first('changelog', 'changelogfile') ?? (isSpring ? springChangelog : undefined),
    searchPath: [...paths.filter((path) => path !== '' && !path.includes(':')), home],
    contexts: list(first('contexts', 'contextfilter')),
    labelFilter: first('labelfilter', 'labels'),
    defaultSchema: first('defaultschema', 'defaultschemaname'),
    liquibaseSchema: first('liquibaseschema', 'liquibaseschemaname'),
    table: first('databasechangelogtable', 'databasechangelogtablename'),
    lockTable: first('databasechangeloglocktable', 'databasechangeloglocktablename'),
    parameters: parametersOf(settings),
  }
}

/** LiquibaseProperties of Spring Boot. */
const springChangelog = 'classpath:/db/changelog/db.changelog-master.yaml'

function list(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

function parametersOf(settings: Settings): Record<string, string> {
  const values: Record<string, string> = {}
  for (const [key, value] of settings) {
    if (isParameter(key)) values[key.slice(key.indexOf('.') + 1)] = value
  }
  return values
}

/** A name that changelogs usually have; others are found through a configuration. */
export function looksLikeChangelog(path: string): boolean {
  if (!/\.(?:xml|ya?ml|json)$/i.test(path)) return false
  return (
    /changelog|liquibase/i.test(nameOf(path)) ||
    /(?:^|\/)(?:changelogs?|liquibase)(?:\/|$)/i.test(folderOf(path))
  )
}
