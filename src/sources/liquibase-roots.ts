import type { FileTree, SourceRoot } from '../core/source.ts'
import { changelogWalks } from './liquibase-changelogs.ts'
import type { ChangelogWalk } from './liquibase-walk.ts'
import { foldersOf } from './owners.ts'
import { folderOf, isInside } from './paths.ts'

/**
 * Root changelogs: those that a configuration names, then those that no other changelog includes; then folders of
 * formatted SQL that none of them includes.
 */
export async function findLiquibaseRoots(files: FileTree): Promise<readonly SourceRoot[]> {
  const paths = await files.list()
  const marked = (await foldersOf(files, 'liquibase')).filter(({ found }) => found === 'marker comment')
  const walks = await changelogWalks(files)
  const roots: SourceRoot[] = []
  for (const [changelog, walk] of walks) {
    const isIncluded = [...walks].some(([other, { seen }]) => other !== changelog && seen.has(changelog))
    if (!isIncluded) roots.push(rootOf(changelog, walk))
  }
  const seen = new Set([...walks.values()].flatMap((walk) => [...walk.seen]))
  const dirs = new Set<string>()
  for (const { dir } of marked) {
    const isTaken = paths.some((path) => folderOf(path) === dir && seen.has(path))
    if (!isTaken && paths.some((path) => folderOf(path) === dir)) dirs.add(layoutRoot(dir))
  }
  const outermost = [...dirs].filter(
    (dir) => ![...dirs].some((other) => other !== dir && isInside(dir, other)),
  )
  return [
    ...roots,
    ...outermost.map((dir) => ({ source: 'liquibase', dir, found: 'marker comment' }) as const),
  ]
}

function rootOf(changelog: string, { seen }: ChangelogWalk): SourceRoot {
  const folders = [...new Set([...seen].map(folderOf))]
  const own = folderOf(changelog)
  // a changelog in the project's own folder does not make the whole project its folder
  const [dir = '', ...others] = own === '' ? folders.filter((folder) => folder !== '') : [own, ...folders]
  const otherDirs = others.filter((other) => !isInside(other, dir))
  const found = { source: 'liquibase', dir, found: 'config file', configFile: changelog } as const
  return otherDirs.length === 0 ? found : { ...found, otherDirs }
}

/** The innermost folder on the way that is named like one of Liquibase; chapters below it belong to it. */
function layoutRoot(dir: string): string {
  const parts = dir.split('/')
  const at = parts.findLastIndex((part) => /^(?:changelogs?|changesets?|migrations?|liquibase)$/i.test(part))
  return at < 0 ? dir : parts.slice(0, at + 1).join('/')
}
