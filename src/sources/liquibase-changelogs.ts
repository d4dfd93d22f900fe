import type { FileTree } from '../core/source.ts'
import { looksLikeChangelog, readLiquibaseConfigs, type LiquibaseConfig } from './liquibase-config.ts'
import { ChangelogWalk } from './liquibase-walk.ts'
import { folderOf, isInside, joinPath, nameOf, normalisePath } from './paths.ts'
import { readSettings } from './read.ts'

/** Copies that a build makes of the real files. */
const buildOutput = /(?:^|\/)(?:target|build|out|bin)\/(?:classes|test-classes|resources|main|production)\//

const known = new WeakMap<FileTree, Promise<ReadonlyMap<string, ChangelogWalk>>>()

/** Every changelog of the project that is not SQL itself, and what reading it comes across. */
export function changelogWalks(files: FileTree): Promise<ReadonlyMap<string, ChangelogWalk>> {
  const before = known.get(files)
  if (before !== undefined) return before
  const found = walkAll(files)
  known.set(files, found)
  return found
}

/** Folders of SQL files that a changelog includes: no other tool's, whatever their names look like. */
export async function includedFolders(
  files: FileTree,
): Promise<readonly { readonly dir: string; readonly changelog: string }[]> {
  const walks = await changelogWalks(files)
  return [...walks].flatMap(([changelog, { seen }]) => {
    const dirs = new Set([...seen].filter((path) => /\.sql$/i.test(path)).map(folderOf))
    return [...dirs].filter((dir) => dir !== '').map((dir) => ({ dir, changelog }))
  })
}

async function walkAll(files: FileTree): Promise<ReadonlyMap<string, ChangelogWalk>> {
  const paths = (await files.list()).filter((path) => !buildOutput.test(path))
  const configs = await readLiquibaseConfigs(files)
  const walks = new Map<string, ChangelogWalk>()
  // one that another includes is no root: reading it by itself would tell nothing more
  const included = new Set<string>()
  for (const changelog of await changelogsIn(files, paths, configs)) {
    if (included.has(changelog)) continue
    const walk = await walkFrom(changelog, files, paths, configs)
    walks.set(changelog, walk)
    for (const path of walk.seen) included.add(path)
  }
  return walks
}

/** Files that hold a changelog, by name or by configuration. */
async function changelogsIn(
  files: FileTree,
  paths: readonly string[],
  configs: readonly LiquibaseConfig[],
): Promise<readonly string[]> {
  const found = new Set<string>()
  for (const config of configs) {
    const wanted = config.changelog?.replace(/^classpath\*?:/, '').replace(/^\/+/, '')
    if (wanted === undefined) continue
    const folders = searchPathFor(config.file, config)
    const there = folders
      .map((folder) => normalisePath(joinPath(folder, wanted)))
      .find((path) => path !== undefined && paths.includes(path))
    if (there !== undefined) found.add(there)
  }
  const sqlFolders = [...new Set(paths.filter((path) => /\.(?:sql|xml)$/i.test(path)).map(folderOf))]
  for (const path of paths.filter(looksLikeChangelog)) {
    // folders of release notes may hold thousands of files, and no SQL
    const isNamed = /changelog|liquibase/i.test(nameOf(path))
    if (found.has(path) || !(isNamed || sqlFolders.some((dir) => isInside(dir, folderOf(path))))) continue
    const text = await readSettings(files, path)
    if (text?.includes('databaseChangeLog') === true) found.add(path)
  }
  return [...found]
}

async function walkFrom(
  changelog: string,
  files: FileTree,
  paths: readonly string[],
  configs: readonly LiquibaseConfig[],
): Promise<ChangelogWalk> {
  const walk = new ChangelogWalk(files, paths, {
    parameters: {},
    contexts: [],
    labelFilter: undefined,
    searchPath: searchPathFor(changelog, configs.length === 1 ? configs[0] : undefined),
    options: {},
  })
  await walk.read(changelog)
  return walk
}

/**
 * Folders that a changelog's paths may be relative to. The configured ones, the folder that the class path begins
 * with, the project, and as a last resort every folder on the way to the file.
 */
export function searchPathFor(file: string, config: LiquibaseConfig | undefined): readonly string[] {
  const ancestors: string[] = []
  for (let dir = folderOf(file); dir !== ''; dir = folderOf(dir)) ancestors.unshift(dir)
  const classPath = ancestors.filter((dir) => nameOf(dir) === 'resources')
  const resources = config === undefined ? [] : [joinPath(folderOf(config.file), 'src/main/resources')]
  const configured = (config?.searchPath ?? []).flatMap((dir) => {
    const home = config === undefined ? '' : folderOf(config.file)
    return isInside(dir, home) ? [dir] : [joinPath(home, dir), dir]
  })
  return [...new Set([...configured, ...classPath, '', ...resources, ...ancestors])]
}
