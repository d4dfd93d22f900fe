import { existsSync, statSync, type Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { ConfigError } from '../core/errors.ts'
import type { Limit } from '../core/model.ts'
import { misnamedConfig } from './misnamed.ts'
import type { Config } from './schema.ts'
import type { KnownNames } from './name-issues.ts'

/** Names of the configuration file, in the order in which a folder is searched. */
export const configFileNames = ['ts', 'js', 'mjs', 'json', 'yaml', 'yml'].map(
  (ending) => `pgrehearse.config.${ending}`,
)

export interface LoadConfigOptions {
  /** Where the command runs; the search goes up from here to the root of the git repository. */
  readonly cwd: string
  /** `--config`: this file and no search. */
  readonly file?: string
  /** `--no-config`: no search at all. */
  readonly enabled: boolean
  readonly known: KnownNames
}

export interface LoadedConfig {
  readonly config: Config
  /** Absolute; undefined when there is none. */
  readonly file: string | undefined
  /**
   * The project root, absolute: the folder of the configuration file that was found; with `--config` and
   * without any configuration, the current folder.
   */
  readonly root: string
  /** Files that it extends, relative to the project root; absent: none in the project. */
  readonly extended?: readonly string[]
  /** There is none, but a file whose name says that it was meant to be. */
  readonly unread?: Limit
}

/**
 * Finds, reads and validates the configuration. Without one it costs a few looks at the file system:
 * zod, yaml and jiti are loaded for a file only.
 *
 * A TypeScript or JavaScript configuration is code, and it is run.
 * @throws {ConfigError} when the file is missing, does not load or is not valid
 */
export async function loadConfig(options: LoadConfigOptions): Promise<LoadedConfig> {
  const none = { config: {}, file: undefined, root: options.cwd }
  if (options.file !== undefined) {
    const file = path.resolve(options.cwd, options.file)
    return { ...(await readConfigFile(file, options)), root: options.cwd }
  }
  if (!options.enabled) return none
  const file = await findConfigFile(options.cwd)
  if (file !== undefined) return readConfigFile(file, options)
  const unread = await misnamedConfig(searchedFolders(options.cwd), options.cwd, configFileNames)
  return unread === undefined ? none : { ...none, unread }
}

async function readConfigFile(file: string, options: LoadConfigOptions): Promise<LoadedConfig> {
  const root = options.file === undefined ? path.dirname(file) : options.cwd
  const name = path.relative(options.cwd, file)
  const { readWithExtended, watchFiles } = await import('./extend.ts')
  const { filesOnDisk } = await import('./files-on-disk.ts')
  const { validateConfig } = await import('./validate.ts')
  const watched = watchFiles(filesOnDisk(options.cwd))
  const value = await readWithExtended(file, watched.files)
  const config = await validateConfig(value, name, options.known)
  if (config.policy === 'target-branch' && isCode(file)) throw codeAsPolicy(name)
  const bases = watched.read.filter((each) => each !== file)
  return { config: withAbsolutePaths(config, root), file, root, ...extendedIn(root, bases) }
}

/** Those in the project, by absolute paths; packages are not. */
export function extendedIn(root: string, files: readonly string[]): Pick<LoadedConfig, 'extended'> {
  const below = files
    .map((file) => path.relative(root, file).replaceAll(path.sep, '/'))
    .filter((file) => !path.isAbsolute(file) && !/(?:^|\/)node_modules\//.test(file))
  return below.length === 0 ? {} : { extended: [...new Set(below)] }
}

/** Is the file run, not read? */
export function isCode(file: string): boolean {
  return !/\.(?:json|ya?ml)$/.test(file)
}

function codeAsPolicy(name: string): ConfigError {
  return new ConfigError(
    `${name} says \`policy: target-branch\`, but it is code, and code of another commit is not run.`,
    { hint: 'Write the configuration as pgrehearse.config.yaml or .json, or take `policy` out.' },
  )
}

/** Found by lilconfig; two files in one folder are refused, because one would be ignored without a word. */
export async function findConfigFile(cwd: string): Promise<string | undefined> {
  refuseDevices(cwd)
  const { lilconfig } = await import('lilconfig')
  const asText = (_file: string, content: string): string => content
  const searcher = lilconfig('pgrehearse', {
    searchPlaces: configFileNames,
    stopDir: projectTop(cwd),
    loaders: Object.fromEntries(configFileNames.map((name) => [path.extname(name), asText])),
    ignoreEmptySearchPlaces: false,
    cache: false,
  })
  const found = await searcher.search(cwd)
  if (found === null) return undefined
  const folder = path.dirname(found.filepath)
  const siblings = (await readdir(folder, { withFileTypes: true })).filter(isConfigFile)
  if (siblings.length > 1) {
    throw new ConfigError(
      `There are ${siblings.length} configuration files in ${folder}: ${siblings.map(({ name }) => name).join(', ')}.`,
      { hint: 'Keep one of them, or choose one with --config.' },
    )
  }
  return found.filepath
}

/** The search reads what it finds, and a link to a device would never end. */
function refuseDevices(cwd: string): void {
  for (const folder of searchedFolders(cwd)) {
    for (const name of configFileNames) {
      const found = statSync(path.join(folder, name), { throwIfNoEntry: false })
      if (found !== undefined && !found.isFile() && !found.isDirectory())
        throw new ConfigError(`${path.relative(cwd, path.join(folder, name))} is not a file.`)
    }
  }
}

/** From the current folder to the top of the project. */
function searchedFolders(cwd: string): readonly string[] {
  const top = projectTop(cwd)
  const folders = [cwd]
  for (let folder = cwd; folder !== top && folder !== path.dirname(folder);) {
    folder = path.dirname(folder)
    folders.push(folder)
  }
  return folders
}

function isConfigFile(entry: Dirent): boolean {
  return configFileNames.includes(entry.name)
}

/** The folder that holds `.git` (a folder, or a file in a worktree); without git, the current folder. */
export function projectTop(cwd: string): string {
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, '.git'))) return folder
    if (folder === path.dirname(folder)) return cwd
  }
}

/** Paths of the configuration that are used as they are, from the project root. */
export function withAbsolutePaths(config: Config, root: string): Config {
  const { cacheDir, server } = config
  return {
    ...config,
    ...(cacheDir === undefined ? {} : { cacheDir: path.resolve(root, cacheDir) }),
    ...(server?.binaries === undefined
      ? {}
      : { server: { ...server, binaries: path.resolve(root, server.binaries) } }),
  }
}
