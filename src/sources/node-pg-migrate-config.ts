import type { FileTree } from '../core/source.ts'
import type { FolderOwner } from './owners.ts'
import { folderOf, isInside, joinPath, nameOf, normalisePath } from './paths.ts'
import { readSettings } from './read.ts'

/** What the scripts of a package.json say about node-pg-migrate; the rest are its defaults. */
export interface NodePgMigrateConfig {
  readonly file: string
  /** Relative to the project root. */
  readonly dir: string
  readonly singleTransaction: boolean
  readonly checkOrder: boolean
  /** Some names are left out: `--ignore-pattern`, a regular expression that we do not run. */
  readonly ignoresSome: boolean
}

/**
 * Every package.json that names node-pg-migrate and has SQL files below it: the folder is the one that its scripts give
 * with `-m` or `--migrations-dir`, else `migrations` beside it (bin/node-pg-migrate.js of node-pg-migrate 9). What a
 * configuration file or the environment says cannot be seen here.
 */
export async function readNodePgMigrateConfigs(
  files: FileTree,
  sqlFolders: readonly string[],
): Promise<readonly NodePgMigrateConfig[]> {
  const manifests = (await files.list()).filter(
    (path) =>
      nameOf(path) === 'package.json' && sqlFolders.some((folder) => isInside(folder, folderOf(path))),
  )
  const configs = await Promise.all(
    manifests.map(async (file): Promise<NodePgMigrateConfig | undefined> => {
      const text = await readSettings(files, file)
      return text?.includes('node-pg-migrate') === true ? configIn(file, text) : undefined
    }),
  )
  return configs.filter((config) => config !== undefined)
}

/** The folders of node-pg-migrate that hold SQL files. */
export async function packageFolders(
  files: FileTree,
  sqlFolders: readonly string[],
): Promise<readonly FolderOwner[]> {
  const configs = await readNodePgMigrateConfigs(files, sqlFolders)
  return configs
    .filter(({ dir }) => sqlFolders.includes(dir))
    .map(({ dir, file }) => ({
      tool: 'node-pg-migrate',
      source: 'node-pg-migrate',
      dir,
      because: file,
      found: 'layout',
    }))
}

function configIn(file: string, text: string): NodePgMigrateConfig {
  const home = folderOf(file)
  const command = commandsIn(text)
  const given = /(?:^|\s)(?:-m|--migrations-dir)[\s=]+["']?([^\s"'*]+)/.exec(command)?.[1]
  const dir = given === undefined ? undefined : normalisePath(joinPath(home, given))
  return {
    file,
    dir: dir ?? joinPath(home, 'migrations'),
    singleTransaction: !isOff(command, 'single-transaction'),
    checkOrder: !isOff(command, 'check-order'),
    ignoresSome: command.includes('--ignore-pattern'),
  }
}

/** yargs takes `--no-x`, `--x=false` and `--x false` for the same. */
function isOff(command: string, flag: string): boolean {
  return new RegExp(`--no-${flag}(?![\\w-]|[= ]false)|--${flag}[= ]false`).test(command)
}

/** The scripts that call node-pg-migrate, joined. */
function commandsIn(text: string): string {
  try {
    const { scripts } = JSON.parse(text) as { scripts?: Readonly<Record<string, unknown>> }
    return Object.values(scripts ?? {})
      .filter((script) => typeof script === 'string' && script.includes('node-pg-migrate'))
      .join('\n')
  } catch {
    return ''
  }
}
