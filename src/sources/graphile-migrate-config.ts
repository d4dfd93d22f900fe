import type { FileTree, SkippedFile } from '../core/source.ts'
import { folderOf, isInside, joinPath, normalisePath } from './paths.ts'
import { readSettings } from './read.ts'
import { yamlValues } from './yaml.ts'

/** What a .gmrc says about the migrations. */
export interface GraphileMigrateConfig {
  readonly file: string
  /** Values by name, colon included; undefined for those that come from the environment. */
  readonly placeholders: ReadonlyMap<string, string | undefined>
  /** Actions around the migrations that run in production too. */
  readonly actions: readonly SkippedFile[]
  /** A program, which we do not run. */
  readonly isCode: boolean
}

const names = ['.gmrc', '.gmrc.js', '.gmrc.cjs']

/** The configuration in the folder of the migrations or the nearest one above it. */
export async function readGraphileConfig(
  dir: string,
  files: FileTree,
): Promise<GraphileMigrateConfig | undefined> {
  const paths = new Set(await files.list())
  for (let home = dir; ; home = folderOf(home)) {
    const file = names.map((name) => joinPath(home, name)).find((path) => paths.has(path))
    if (file !== undefined) return readConfig(file, dir, files, paths)
    if (home === '') return undefined
  }
}

async function readConfig(
  file: string,
  dir: string,
  files: FileTree,
  paths: ReadonlySet<string>,
): Promise<GraphileMigrateConfig> {
  const isCode = !file.endsWith('.gmrc')
  const settings = isCode ? undefined : await parseJson5((await readSettings(files, file)) ?? '')
  const placeholders = new Map<string, string | undefined>()
  for (const [name, value] of Object.entries(asObject(settings?.['placeholders']))) {
    if (typeof value === 'string') placeholders.set(name, value === '!ENV' ? undefined : value)
  }
  const actions = ['beforeAllMigrations', 'afterAllMigrations', 'afterReset'].flatMap((hook) =>
    actionsOf(settings?.[hook]).map((action) => skippedAction(hook, action, file, dir, paths)),
  )
  return { file, placeholders, actions, isCode }
}

function actionsOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}

/** A string names an SQL file below the migrations' folder, `!` in front says: as the root user (actions.js). */
function skippedAction(
  hook: string,
  action: unknown,
  config: string,
  dir: string,
  paths: ReadonlySet<string>,
): SkippedFile {
  const named: unknown = typeof action === 'string' ? action : asObject(action)['file']
  const file = typeof named === 'string' ? normalisePath(joinPath(dir, named.replace(/^!/, ''))) : undefined
  return file !== undefined && paths.has(file) && isInside(file, dir)
    ? { file, reason: `actions of ${hook} are not run`, affectsOthers: true }
    : { file: config, reason: `a command of ${hook} in it is not run`, affectsOthers: true }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}

/** JSON5 without its `//` and block comments is YAML, commas at the end and names without quotes included. */
async function parseJson5(text: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const bare = text.replaceAll(
    /("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)/g,
    (_, literal: string | undefined) => literal ?? ' ',
  )
  const [value] = await yamlValues(bare)
  return value === undefined ? undefined : asObject(value)
}
