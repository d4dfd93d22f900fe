import type { FileTree } from '../core/source.ts'
import {
  dependsOn,
  featuresIn,
  readManifests,
  readMatching,
  rustCodeBelow,
  rustTools,
  type ReadFile,
  type RustTool,
} from './cargo-manifests.ts'
import { parseTomlSettings } from './flyway-settings.ts'
import type { FolderOwner } from './owners.ts'
import { folderOf, groupByFolder, isInside, joinPath, nameOf, normalisePath } from './paths.ts'

/** A folder that a Rust tool runs; `certain`: code, configuration or layout say so, not just a manifest near by. */
export interface RustFolder extends FolderOwner {
  readonly certain: boolean
}

interface Candidate {
  readonly tool: RustTool
  /** Undefined: outside of the project. */
  readonly dir: string | undefined
  readonly because: string
  readonly certain: boolean
}

/**
 * The folders of sqlx, Diesel and refinery: named in Rust code or the tool's configuration, or in their usual
 * places around a manifest. A project for another database than Postgres gets no source.
 *
 * Defaults: `migrations` beside the manifest (sqlx-macros-core/src/migrate.rs, refinery-macros/src/lib.rs); Diesel
 * looks from `src` upwards (migrations_macros/src/migrations.rs).
 */
export async function rustFolders(files: FileTree): Promise<readonly RustFolder[]> {
  const paths = await files.list()
  const manifests = await readManifests(files, paths)
  const using = manifests.filter(({ text }) => rustTools.some((tool) => dependsOn(text, tool)))
  const configs = await readMatching(files, paths, /(?:^|\/)(?:diesel|sqlx|refinery)\.toml$/)
  if (using.length === 0 && configs.length === 0) return []
  const below = sqlBelow(paths)
  const isFit = (tool: RustTool, dir: string): boolean => tool.fits(below(dir))
  const homes = new Set(manifests.map(({ dir }) => dir))
  const candidates = [
    ...configs.flatMap(configuredFolder),
    ...(await foldersInCode(files, paths, using)),
    ...using.flatMap((manifest) => usualFolders(manifest, homes, isFit)),
  ]
  const found = new Map<string, RustFolder>()
  for (const { tool, dir, because, certain } of candidates) {
    if (dir === undefined || found.has(dir) || !isFit(tool, dir)) continue
    const isOther = isForOtherDatabase(tool, dir, because, using, configs)
    found.set(dir, {
      ...(isOther
        ? { tool: `${tool.tool} for another database than Postgres` }
        : { tool: tool.tool, source: tool.source }),
      dir,
      because,
      found: 'layout',
      certain: certain || tool.isParticular,
    })
  }
  return [...found.values()]
}

/** The Rust code of all packages that depend on the source's crate, and the features they ask of it. */
export async function rustProjectOf(
  files: FileTree,
  source: string,
): Promise<{ readonly code: readonly string[]; readonly features: string }> {
  const tool = rustTools.find((known) => known.source === source)
  if (tool === undefined) return { code: [], features: '' }
  const paths = await files.list()
  const using = (await readManifests(files, paths)).filter(({ text }) => dependsOn(text, tool))
  return {
    code: (await rustCodeBelow(files, paths, using)).map(({ text }) => text),
    features: using.map(({ text }) => featuresIn(text, tool)).join(' '),
  }
}

/** diesel.toml and sqlx.toml may name the folder; refinery.toml stands beside it. */
function configuredFolder({ path, dir, text }: ReadFile): Candidate[] {
  const tool = rustTools.find(({ source }) => nameOf(path) === `${source}.toml`)
  if (tool === undefined) return []
  const settings = parseTomlSettings(text)
  const set = settings.get('migrations_directory.dir') ?? settings.get('migrate.migrations-dir')
  return [{ tool, dir: normalisePath(joinPath(dir, set ?? 'migrations')), because: path, certain: true }]
}

const usualPlaces = ['migrations', 'src/migrations', 'db/migrations', 'database/migrations']

/**
 * Beside a manifest, else beside the nearest of those around it: the command line tools are run from a workspace's
 * root. A folder without a manifest may be another language's.
 */
function usualFolders(
  { path, dir, text }: ReadFile,
  homes: ReadonlySet<string>,
  isFit: (tool: RustTool, dir: string) => boolean,
): Candidate[] {
  return rustTools
    .filter((tool) => dependsOn(text, tool))
    .flatMap((tool) => {
      const levels = withAncestors(dir).filter((home) => homes.has(home))
      const found = levels.map((home) =>
        usualPlaces.map((place) => joinPath(home, place)).filter((place) => isFit(tool, place)),
      )
      const nearest = found.find((places) => places.length > 0) ?? []
      return nearest.map((place) => ({ tool, dir: place, because: path, certain: false }))
    })
}

function withAncestors(dir: string): readonly string[] {
  return dir === '' ? [''] : [dir, ...withAncestors(folderOf(dir))]
}

async function foldersInCode(
  files: FileTree,
  paths: readonly string[],
  using: readonly ReadFile[],
): Promise<readonly Candidate[]> {
  const found: Candidate[] = []
  for (const { manifest, text, path } of await rustCodeBelow(files, paths, using)) {
    for (const tool of rustTools.filter((known) => dependsOn(manifest.text, known))) {
      for (const [, named = ''] of text.matchAll(tool.calls)) {
        const dir = normalisePath(joinPath(manifest.dir, named))
        found.push({ tool, dir, because: path, certain: true })
      }
    }
  }
  return found
}

/** The .sql files below a folder, by their paths from there. */
function sqlBelow(paths: readonly string[]): (dir: string) => readonly string[] {
  const folders = groupByFolder(paths.filter((path) => path.endsWith('.sql')))
  return (dir) =>
    [...folders]
      .filter(([folder]) => isInside(folder, dir))
      .flatMap(([, inside]) => inside.map((path) => (dir === '' ? path : path.slice(dir.length + 1))))
}

const otherFolder = /(?:^|[/_-])(?:sqlite|mysql|mariadb|mssql)(?:$|[/_-])/i
const otherFeature = /\b(?:sqlite|mysql|rusqlite|mysql_async|tiberius)\b/
const postgresFeature = /\b(?:tokio-)?postgres(?:_backend)?\b/

/** By the folder's name, refinery.toml's `db_type`, or the features that the manifests ask of the crate. */
function isForOtherDatabase(
  tool: RustTool,
  dir: string,
  because: string,
  using: readonly ReadFile[],
  configs: readonly ReadFile[],
): boolean {
  if (otherFolder.test(dir)) return true
  const config = configs.find(({ path }) => path === because)
  const type = config === undefined ? undefined : parseTomlSettings(config.text).get('main.db_type')
  if (type !== undefined) return type.toLowerCase() !== 'postgres'
  const around = using.filter((manifest) => isInside(because, manifest.dir) && dependsOn(manifest.text, tool))
  const asking = around.length > 0 ? around : using
  const features = asking.map(({ text }) => featuresIn(text, tool)).join(' ')
  return otherFeature.test(features) && !postgresFeature.test(features)
}
