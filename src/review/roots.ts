import { UsageError } from '../core/errors.ts'
import type { FileTree, MigrationSource, SourceRoot } from '../core/source.ts'
import { oncePerTree } from '../sources/once-per-tree.ts'
import { isInside, normalisePath } from '../sources/paths.ts'
import { sources as allSources } from '../sources/index.ts'
import { codeToolOf, type CodeTool } from './code-tools.ts'
import { unsupportedFolders, type UnsupportedFolder } from '../sources/owners.ts'

/** What the configuration says about where migrations are. */
export interface RootSettings {
  /** Id of the source; the layout decides when it is absent. */
  readonly source?: string
  /** Folders relative to the project root; detection decides when absent or empty. */
  readonly dirs?: readonly string[]
  /** Patterns of paths that are left out, in the working tree and in the base revision; see matchesGlob(). */
  readonly exclude?: readonly string[]
  /** Folders of databases that have runs of their own: this run says which others there are. Absent: it says nothing. */
  readonly besides?: readonly string[]
}

export interface FoundRoots {
  /** The roots that count. */
  readonly roots: readonly SourceRoot[]
  /** Roots that give way to those: test data, examples, numbered SQL that is not called migrations. */
  readonly minor: readonly SourceRoot[]
  readonly unsupported: readonly UnsupportedFolder[]
  /** Where there are no roots at all: a tool whose migrations are code. */
  readonly code?: CodeTool
}

/** Finds the migration folders of a tree. Throws UsageError for a configured folder or source that is not there. */
export async function findRoots(
  files: FileTree,
  sources: readonly MigrationSource[],
  settings: RootSettings,
): Promise<FoundRoots> {
  const eligible = eligibleSources(sources, settings.source)
  const unsupported = await unsupportedFolders(files)
  if (settings.dirs !== undefined && settings.dirs.length > 0) {
    const roots = await Promise.all(
      settings.dirs.map((dir) => configuredRoot(files, eligible, dir, settings)),
    )
    return { roots, minor: await nobodysRoots(files, sources, settings), unsupported }
  }
  const found = await detectRoots(files, eligible)
  const major = found.filter((root) => !isMinor(root))
  if (major.length === 0) {
    const code = found.length === 0 ? codeToolOf(await files.list()) : undefined
    return { roots: found, minor: [], unsupported, ...(code === undefined ? {} : { code }) }
  }
  return { roots: major, minor: found.filter(isMinor), unsupported }
}

/** What no run looks at, without test data and examples. */
async function nobodysRoots(
  files: FileTree,
  sources: readonly MigrationSource[],
  { besides }: RootSettings,
): Promise<readonly SourceRoot[]> {
  if (besides === undefined) return []
  const isKnown = ({ dir }: SourceRoot): boolean =>
    besides.some((other) => isInside(dir, other) || isInside(other, dir))
  return (await detectRoots(files, sources)).filter((root) => !isKnown(root) && !testFolders.test(root.dir))
}

/** Is the path one that the root's tool reads? */
export function rootHolds(root: SourceRoot, path: string): boolean {
  return isInside(path, root.dir) || (root.otherDirs ?? []).some((dir) => isInside(path, dir))
}

/** The root of a folder that was named, by configuration or on the command line. */
export async function configuredRoot(
  files: FileTree,
  sources: readonly MigrationSource[],
  named: string,
  settings: RootSettings,
): Promise<SourceRoot> {
  const dir = normalisePath(named)
  const paths = dir === undefined ? [] : (await files.list()).filter((path) => isInside(path, dir))
  if (dir === undefined || paths.length === 0)
    throw new UsageError(`There are no files in the migration folder "${named}".`)
  // the tool's own configuration may know more about it
  const around = await detectRoots(files, sources)
  const own = around.find((root) => root.dir === dir)
  if (own?.configFile !== undefined || (own !== undefined && settings.source !== undefined)) return own
  if (settings.source !== undefined) return { source: settings.source, dir, found: 'configured' }
  const foreign = (await unsupportedFolders(files)).find((folder) => isInside(dir, folder.dir))
  if (foreign !== undefined) throw unsupportedTool([foreign])
  const below: FileTree = { list: () => Promise.resolve(paths), read: (path) => files.read(path) }
  const isBelow = (root: SourceRoot): boolean => isInside(root.dir, dir)
  // what tells a folder's tool may stand outside of it: Cargo.toml and Rust code, sqitch.conf
  const detected = own ?? around.find(isBelow) ?? (await detectRoots(below, sources)).find(isBelow)
  return { source: detected?.source ?? 'plain-sql', dir, found: 'configured' }
}

/** `Diesel, Flyway and folders of numbered .sql files` */
export const supportedTools = `${allSources
  .filter(({ id }) => id !== 'plain-sql')
  .map(({ title }) => title)
  .join(', ')} and folders of numbered .sql files`

/** The sentence for a project whose tool we do not know yet. */
export function unsupportedTool(folders: readonly UnsupportedFolder[]): UsageError {
  const [first] = folders
  const where = `${first?.dir || 'the project root'} (${first?.because ?? ''})`
  return new UsageError(
    `This looks like ${first?.tool ?? 'another tool'} in ${where}, which is not supported yet.`,
    {
      hint: `Supported are ${supportedTools}.`,
    },
  )
}

function eligibleSources(
  sources: readonly MigrationSource[],
  id: string | undefined,
): readonly MigrationSource[] {
  if (id === undefined) return sources
  const wanted = sources.filter((source) => source.id === id)
  if (wanted.length > 0) return wanted
  const ids = sources.map((source) => source.id).join(', ')
  throw new UsageError(`There is no migration source "${id}"; there are ${ids}.`)
}

/** Each folder goes to the first source that claims it. */
async function detectRoots(
  files: FileTree,
  sources: readonly MigrationSource[],
): Promise<readonly SourceRoot[]> {
  const byDir = new Map<string, SourceRoot>()
  for (const source of sources) {
    for (const root of await rootsOf(source, files)) if (!byDir.has(root.dir)) byDir.set(root.dir, root)
  }
  return [...byDir.values()]
}

const known = new WeakMap<MigrationSource, (files: FileTree) => Promise<readonly SourceRoot[]>>()

/** Asked for all folders, for each that is configured and for those that are nobody's. */
function rootsOf(source: MigrationSource, files: FileTree): Promise<readonly SourceRoot[]> {
  const detect = known.get(source) ?? oncePerTree((tree) => source.detect(tree))
  known.set(source, detect)
  return detect(files)
}

const testFolders =
  /(?:^|\/)(?:tests?|__tests__|e2e|specs?|fixtures?|testdata|test-data|examples?|samples?|demos?|docs?|seeds?|seeders|vendor|third_party|dist|build|target|out)(?:\/|$)/i

function isMinor(root: SourceRoot): boolean {
  if (testFolders.test(root.dir)) return true
  return root.source === 'plain-sql' && root.found === 'layout' && !/migrat/i.test(root.dir)
}
