import type {
  FileTree,
  MigrationSet,
  MigrationSource,
  SkippedFile,
  SourceOptions,
  SourceProblem,
  SourceRoot,
  WayDown,
} from '../core/source.ts'
import { defaultConfig, readFlywayConfigs, type FlywayConfig } from './flyway-config.ts'
import { holds, otherVendors, readFlywayFolder, type FlywayEntry } from './flyway-folder.ts'
import { placeCallbacks, type FlywayCallback } from './flyway-callbacks.ts'
import { isFlywayName, parseFlywayName } from './flyway-names.ts'
import { loadFlywayScript } from './flyway-script.ts'
import { flywayFoundation, readSettingsSql } from './flyway-session.ts'
import { compareNumbers, compareText, folderOf, isInside, nameOf } from './paths.ts'
import { duplicateVersions } from './read.ts'
import { folderOwners } from './owners.ts'
import { withWaysDown } from './way-down.ts'
import { flywayWriter } from './write-flyway.ts'

/**
 * Flyway: `V1.2__title.sql` in the order of their versions, then `R__title.sql` in the order of their
 * descriptions; folders are read with their subfolders. Checked against flyway/flyway on GitHub:
 *
 * - Versions: MigrationVersion.java (`_` is `.`, numeric parts, 1 equals 1.0). Names: ResourceNameParser.java.
 * - Baseline migrations: on a database without history the newest B__ replaces every version up to its own
 *   (https://www.red-gate.com/hub/product-learning/flyway/flyways-baseline-migrations-explained-simply).
 * - Transactions: one per migration; none when a statement of the script cannot run in one; both kinds in one
 *   script are refused unless `mixed` (ParserSqlScript.java); `group` puts all pending ones in one transaction
 *   (DbMigrate.java); `<script>.conf` may say executeInTransaction (SqlScriptMetadata.java).
 * - Way down: `U1.2__title.sql` undoes the version, in a transaction of its own, with the callbacks of undo left out here
 *   (https://documentation.red-gate.com/flyway/flyway-concepts/migrations/undo-migrations); only Flyway Teams and
 *   Enterprise run it.
 * - Session: one connection runs all migrations, so SET lasts, but role and search_path are put back before each
 *   (DbMigrate.doMigrateGroup calls restoreOriginalState and changeCurrentSchemaTo); callbacks of the whole run have
 *   sessions of their own. Compared with flyway-core 11.8.0.
 * - After a failure: what ran in a transaction is rolled back and not noted; else a row with success = false stays, at
 *   which validate stops until `repair` (DbMigrate.java, DbValidate.java).
 */
export const flyway: MigrationSource = {
  id: 'flyway',
  title: 'Flyway',
  docs: 'https://documentation.red-gate.com/flyway',
  detect,
  load,
  writer: flywayWriter,
}

/** Copies that a build makes of the real folder. */
const buildOutput = /(?:^|\/)(?:target|build|out|bin)\/(?:classes|test-classes|resources|main|production)\//

async function detect(files: FileTree): Promise<readonly SourceRoot[]> {
  const paths = await files.list()
  const foreign = await folderOwners(files)
  const roots: SourceRoot[] = []
  for (const config of await readFlywayConfigs(files)) {
    const [dir, ...otherDirs] = config.dirs.filter((folder) =>
      paths.some((path) => isScriptIn(path, folder, config)),
    )
    if (dir === undefined || config.file === undefined) continue
    const found = { source: flyway.id, dir, found: 'config file', configFile: config.file } as const
    roots.push(otherDirs.length === 0 ? found : { ...found, otherDirs })
  }
  const dirs = new Set<string>()
  for (const path of paths) {
    const dir = folderOf(path)
    if (!isFlywayName(nameOf(path)) || otherVendors.test(dir) || buildOutput.test(`${dir}/`)) continue
    if (roots.some((root) => holds(root, path)) || foreign.some((folder) => isInside(dir, folder.dir)))
      continue
    dirs.add(layoutRoot(dir))
  }
  const outermost = [...dirs].filter(
    (dir) => ![...dirs].some((other) => other !== dir && isInside(dir, other)),
  )
  return [...roots, ...outermost.map((dir) => ({ source: flyway.id, dir, found: 'layout' }) as const)]
}

function isScriptIn(path: string, folder: string, config: FlywayConfig): boolean {
  if (!isInside(path, folder)) return false
  const kind = parseFlywayName(nameOf(path), config.naming)?.kind
  return kind === 'versioned' || kind === 'repeatable' || kind === 'baseline'
}

/** The innermost folder on the way that is named like a location; Flyway reads what is below it as well. */
function layoutRoot(dir: string): string {
  const parts = dir.split('/')
  const at = parts.findLastIndex((part) => /^(?:migrations?|migrate|flyway|sql)$/i.test(part))
  return at < 0 ? dir : parts.slice(0, at + 1).join('/')
}

async function load(root: SourceRoot, files: FileTree, options: SourceOptions): Promise<MigrationSet> {
  const config = await configFor(root, files)
  const paths = await files.list()
  const folder = readFlywayFolder(root, paths, config)
  const baseline = folder.baselines.sort(byVersion).at(-1)
  const versioned = folder.versioned
    .filter((entry) => isAfter(entry, baseline, folder.skipped))
    .sort(byVersion)
  const repeatable = folder.repeatable.sort(
    (a, b) => compareText(a.title, b.title) || compareText(a.file, b.file),
  )
  const callbacks = placeCallbacks(folder.callbacks, config, repeatable.length > 0)
  const entries = [
    ...callbacks.first,
    ...(baseline === undefined ? [] : [baseline]),
    ...versioned,
    ...callbacks.beforeRepeatables,
    ...repeatable,
    ...callbacks.last,
  ]
  const known = new Set(paths)
  const loaded = await Promise.all(
    entries.map((entry) => loadFlywayScript(entry, config, files, options, known.has(`${entry.file}.conf`))),
  )
  const undo = new Map(folder.undo.map((entry) => [entry.text ?? '', entry]))
  const each = await settingsOfEach(callbacks.beforeEach, config, files, options)
  return {
    root,
    scripts: await withWaysDown(
      loaded.flatMap(({ script }) => script ?? []),
      async (script) => {
        const entry = undo.get(script.repeatable ? '' : (script.version ?? ''))
        return entry === undefined ? undefined : loadUndo(entry, config, files, options, known)
      },
    ),
    sharesSession: true,
    whenFailed: {
      outcome: 'refused',
      says: 'Flyway notes what failed outside of a transaction, and refuses to migrate until `flyway repair`',
    },
    problems: [...duplicates(versioned, repeatable), ...loaded.flatMap(({ problem }) => problem ?? [])],
    skipped: [
      ...folder.skipped,
      ...callbacks.skipped,
      ...each.skipped,
      ...loaded.flatMap(({ skipped }) => skipped ?? []),
    ],
    foundation: flywayFoundation(config, each.settings),
    ...(baseline === undefined ? {} : { baseline: baseline.file }),
    whenOutOfOrder: config.outOfOrder
      ? { outcome: 'runs', says: 'Flyway runs it, because outOfOrder is set' }
      : { outcome: 'refused', says: 'Flyway refuses to run it unless outOfOrder is set' },
    whenEdited: 'Flyway refuses to migrate until `flyway repair` takes its new name and checksum',
    whenDeleted: 'Flyway refuses to migrate until `flyway repair` marks it as deleted',
  }
}

async function loadUndo(
  entry: FlywayEntry,
  config: FlywayConfig,
  files: FileTree,
  options: SourceOptions,
  known: ReadonlySet<string>,
): Promise<WayDown | undefined> {
  const { script } = await loadFlywayScript(entry, config, files, options, known.has(`${entry.file}.conf`))
  if (script === undefined) return undefined
  const { file, text, start, end, transaction } = script
  return { file, text, start, end, transaction }
}

/** What beforeEachMigrate sets is as good as set from the start; what else it does is not rehearsed. */
async function settingsOfEach(
  callbacks: readonly FlywayCallback[],
  config: FlywayConfig,
  files: FileTree,
  options: SourceOptions,
): Promise<{ readonly settings: Record<string, string>; readonly skipped: readonly SkippedFile[] }> {
  const settings: Record<string, string> = {}
  const skipped: SkippedFile[] = []
  for (const callback of callbacks) {
    const { script } = await loadFlywayScript(callback, config, files, options, false)
    const found = readSettingsSql(script?.text.replace(/RESET [\w ]+;\n/g, '') ?? '')
    Object.assign(settings, found.settings)
    if (found.others.length === 0) continue
    const reason = 'Flyway runs it in the transaction of every migration, and we follow only what it sets'
    skipped.push({ file: callback.file, reason, affectsOthers: true })
  }
  return { settings, skipped }
}

async function configFor(root: SourceRoot, files: FileTree): Promise<FlywayConfig> {
  const configs = await readFlywayConfigs(files)
  const isOurs = (config: FlywayConfig): boolean =>
    root.configFile === undefined
      ? config.dirs.some((dir) => isInside(root.dir, dir))
      : config.file === root.configFile
  return configs.find(isOurs) ?? defaultConfig
}

function byVersion(a: FlywayEntry, b: FlywayEntry): number {
  return compareNumbers(a.version ?? [], b.version ?? []) || compareText(a.file, b.file)
}

function isAfter(entry: FlywayEntry, baseline: FlywayEntry | undefined, skipped: SkippedFile[]): boolean {
  if (baseline === undefined || compareNumbers(entry.version ?? [], baseline.version ?? []) > 0) return true
  skipped.push({
    file: entry.file,
    reason: `${baseline.file} replaces it on a new database`,
    affectsOthers: false,
  })
  return false
}

function duplicates(
  versioned: readonly FlywayEntry[],
  repeatable: readonly FlywayEntry[],
): readonly SourceProblem[] {
  const canonical = ({ version = [] }: FlywayEntry): string => version.join('.').replace(/(?:\.0)+$/, '')
  return [
    ...duplicateVersions(
      versioned.map((entry) => ({ file: entry.file, version: canonical(entry) })),
      'Flyway refuses to run at all',
    ),
    ...duplicateVersions(
      repeatable.map((entry) => ({ file: entry.file, version: `R "${entry.title}"` })),
      'Flyway refuses to run at all',
    ),
  ]
}
