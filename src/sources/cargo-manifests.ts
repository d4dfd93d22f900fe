import type { FileTree } from '../core/source.ts'
import { folderOf, isInside } from './paths.ts'
import { readText } from './read.ts'

/** A Rust crate that runs migrations, and how it is recognised. */
export interface RustTool {
  readonly tool: string
  readonly source: string
  /** Any of them in a manifest; their features name the database. */
  readonly crates: readonly string[]
  /** Macros and functions that name a folder, relative to the manifest. */
  readonly calls: RegExp
  /** Does a folder hold its migrations? `names` are paths below the folder. */
  readonly fits: (names: readonly string[]) => boolean
  /** No other tool names its files like this. */
  readonly isParticular: boolean
}

export const rustTools: readonly RustTool[] = [
  {
    tool: 'Diesel',
    source: 'diesel',
    crates: ['diesel', 'diesel_migrations'],
    calls: /\b(?:embed_migrations!|FileBasedMigrations::from_path)\s*\(\s*"([^"\n]+)"/g,
    fits: (names) => names.some((name) => /^[^/]+\/up\.sql$/.test(name)),
    isParticular: true,
  },
  {
    tool: 'refinery',
    source: 'refinery',
    crates: ['refinery', 'refinery-core', 'refinery_core'],
    calls: /\b(?:embed_migrations!|load_sql_migrations)\s*\(\s*"([^"\n]+)"/g,
    fits: (names) => names.some((name) => /(?:^|\/)[UV]\d+(?:\.\d+)?__[^/]*\.sql$/.test(name)),
    isParticular: true,
  },
  {
    tool: 'sqlx',
    source: 'sqlx',
    crates: ['sqlx'],
    calls: /\b(?:migrate!\s*\(\s*|Migrator::new\s*\(\s*(?:(?:\w+::)*Path::new\s*\(\s*)?)"([^"\n]+)"/g,
    fits: (names) => names.some((name) => /^\d+_[^/]*\.sql$/.test(name)),
    isParticular: false,
  },
]

/** A file with its text. */
export interface ReadFile {
  readonly path: string
  /** The folder it stands in. */
  readonly dir: string
  readonly text: string
}

/** The files whose paths match, with their texts; what is not UTF-8 is left out. */
export async function readMatching(
  files: FileTree,
  paths: readonly string[],
  pattern: RegExp,
): Promise<readonly ReadFile[]> {
  const read = paths
    .filter((path) => pattern.test(path))
    .map(async (path) => {
      const text = await readText(files, path)
      return 'text' in text ? [{ path, dir: folderOf(path), text: text.text }] : []
    })
  return (await Promise.all(read)).flat()
}

/** Every Cargo.toml of the project. */
export async function readManifests(files: FileTree, paths: readonly string[]): Promise<readonly ReadFile[]> {
  const manifests = await readMatching(files, paths, /(?:^|\/)Cargo\.toml$/)
  return manifests.map(({ text, ...file }) => ({ ...file, text: text.slice(0, maxManifestLength) }))
}

/** Nobody writes a longer one, and the patterns below are made for short ones. */
const maxManifestLength = 100_000

/** Does the manifest depend on one of the tool's crates? */
export function dependsOn(manifest: string, { crates }: RustTool): boolean {
  return crates.some((crate) =>
    new RegExp(`^[ \\t]*"?${crate}"?\\s*[.=]|dependencies\\.${crate}\\]`, 'm').test(manifest),
  )
}

/** The features that a manifest, or a workspace's, turns on for the tool's crates, as written. */
export function featuresIn(manifest: string, { crates }: RustTool): string {
  const found: string[] = []
  for (const crate of crates) {
    const inline = new RegExp(`^[ \\t]*"?${crate}"?\\s*=\\s*\\{([^}]*)\\}`, 'gm')
    const table = new RegExp(`dependencies\\.${crate}\\]([\\s\\S]*?)(?=^\\[|(?![\\s\\S]))`, 'gm')
    for (const [, body = ''] of [...manifest.matchAll(inline), ...manifest.matchAll(table)]) {
      const list = /\bfeatures\s*=\s*\[([^\]]*)\]/.exec(body)?.[1]
      if (list !== undefined) found.push(list)
    }
  }
  return found.join(' ')
}

/** Reading all code of a very large repository would cost more than it finds. */
const maxRustFiles = 3000

export interface RustCode extends ReadFile {
  /** The innermost of the given manifests around it: what its paths are relative to. */
  readonly manifest: ReadFile
}

/** The Rust code of the packages of these manifests. */
export async function rustCodeBelow(
  files: FileTree,
  paths: readonly string[],
  manifests: readonly ReadFile[],
): Promise<readonly RustCode[]> {
  if (manifests.length === 0) return []
  const innermost = manifests.toSorted((a, b) => b.dir.length - a.dir.length)
  const around = (path: string): ReadFile | undefined => innermost.find(({ dir }) => isInside(path, dir))
  const inPackages = paths
    .filter((path) => path.endsWith('.rs') && !/(?:^|\/)target\//.test(path) && around(path) !== undefined)
    .slice(0, maxRustFiles)
  const code = await readMatching(files, inPackages, /./)
  return code.flatMap((file) => {
    const manifest = around(file.path)
    return manifest === undefined ? [] : [{ ...file, manifest }]
  })
}
