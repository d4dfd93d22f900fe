import type { FileTree } from '../core/source.ts'
import { folderOf, isInside, joinPath, nameOf, normalisePath } from './paths.ts'
import { readSettings } from './read.ts'

/** One plan with its scripts, as sqitch.conf describes it. Paths are relative to the project root. */
export interface SqitchProject {
  /** Absent: a plan that no configuration mentions. */
  readonly config?: string
  readonly planFile: string
  readonly topDir: string
  readonly deployDir: string
  /** Where the older scripts of reworked changes are. */
  readonly reworkedDeployDir: string
  /** Folders of scripts that never run on the way up. */
  readonly otherScriptDirs: readonly string[]
  /** Where the scripts are that undo; absent: outside of the repository. */
  readonly revertDir?: string
  readonly reworkedRevertDir?: string
  readonly extension: string
  /** Schema of Sqitch's own tables. */
  readonly registry: string
  /** What psql is given with --set, besides `registry`. */
  readonly variables: Readonly<Record<string, string>>
  readonly isPostgres: boolean
}

/**
 * Every Sqitch project of the tree: all targets of each sqitch.conf, as App::Sqitch::Target::all_targets lists them, then
 * plans without a configuration, which are taken for Postgres'. Targets that share plan and scripts are one project.
 */
export async function sqitchProjects(files: FileTree): Promise<readonly SqitchProject[]> {
  const paths = await files.list()
  const projects = new Map<string, SqitchProject>()
  const configs = paths.filter((file) => nameOf(file) === 'sqitch.conf')
  for (const path of configs) {
    const settings = parseSqitchConfig((await readSettings(files, path)) ?? '')
    for (const target of targetsOf(settings)) {
      const project = projectOf(settings, target, path)
      if (project === undefined || !paths.includes(project.planFile)) continue
      const key = `${project.planFile}\0${project.deployDir}`
      if (!projects.has(key)) projects.set(key, project)
    }
  }
  for (const path of paths.filter((file) => nameOf(file) === 'sqitch.plan')) {
    if (configs.some((config) => isInside(path, folderOf(config)))) continue
    const alone = joinPath(folderOf(path), 'sqitch.conf')
    const project = projectOf(new Map(), { name: 'db:pg:', engine: 'pg' }, alone)
    if (project === undefined) continue
    const { config: _config, ...rest } = project
    projects.set(path, rest)
  }
  return [...projects.values()]
}

/** Keys are `section.key` or `section.subsection.key`, section and key in lower case, with the key as it was written. */
type SqitchSettings = ReadonlyMap<string, { readonly key: string; readonly value: string }>

/**
 * git's configuration format, as Config::GitLike reads it for Sqitch (parse_content): sections in lower case,
 * subsections as they are, blanks within a value become one, `#` and `;` after a blank begin a comment.
 */
export function parseSqitchConfig(text: string): SqitchSettings {
  const settings = new Map<string, { key: string; value: string }>()
  let section = ''
  for (const line of text.replaceAll(/\\\r?\n/g, '').split(/\r?\n/)) {
    let rest = line.trim()
    const header = /^\[([^\s[\]"]+)(?:[\t ]*"([^"]*)")?\]\s*/.exec(rest)
    if (header !== null) {
      section = (header[1] ?? '').toLowerCase() + (header[2] === undefined ? '' : `.${header[2]}`)
      rest = rest.slice(header[0].length)
    }
    if (rest === '' || /^[#;]/.test(rest)) continue
    const equals = rest.indexOf('=')
    const key = (equals < 0 ? (rest.split(/[#;]/, 1)[0] ?? '') : rest.slice(0, equals)).trim()
    const value = equals < 0 ? 'true' : valueOf(rest.slice(equals + 1))
    settings.set(`${section}.${key.toLowerCase()}`, { key, value })
  }
  return settings
}

function valueOf(text: string): string {
  let value = ''
  const token = /[ \t]*[#;].*$|[ \t]+|"((?:[^"\\]|\\.)*)"|\\(.)|[^\s"\\]+/y
  token.lastIndex = /^[ \t]*/.exec(text)?.[0].length ?? 0
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [whole, quoted, escaped] = match
    if (/^[ \t]*[#;]/.test(whole)) break
    if (quoted !== undefined) value += quoted.replaceAll(/\\(.)/g, (_, letter: string) => unescaped(letter))
    else if (escaped !== undefined) value += unescaped(escaped)
    else value += /^[ \t]/.test(whole) ? ' ' : whole
    if (token.lastIndex >= text.length) break
  }
  return value.trimEnd()
}

function unescaped(letter: string): string {
  return { n: '\n', t: '\t', b: '\b' }[letter] ?? letter
}

/** Nobody has more; each looks through the whole configuration. */
const maxTargets = 100

interface Target {
  /** A target's name, or the URI that stands for one. */
  readonly name: string
  readonly engine: string
}

/** In the order of all_targets: the default, the named ones, those of engines. */
function targetsOf(settings: SqitchSettings): readonly Target[] {
  const get = (key: string): string | undefined => settings.get(key)?.value
  const names: string[] = []
  const engine = get('core.engine')
  const main = get('core.target') ?? (engine && (get(`engine.${engine}.target`) ?? `db:${engine}:`))
  if (main !== undefined && main !== '') names.push(main)
  for (const key of settings.keys()) {
    const named = /^target\.(.+)\.uri$/.exec(key)?.[1]
    const ofEngine = /^engine\.([^.]+)\./.exec(key)?.[1]
    if (named !== undefined) names.push(named)
    else if (ofEngine !== undefined) names.push(get(`engine.${ofEngine}.target`) ?? `db:${ofEngine}:`)
  }
  return [...new Set(names)].slice(0, maxTargets).flatMap((name) => {
    const uri = name.includes(':') ? name : get(`target.${name}.uri`)
    const found = /^(?:db:)?([a-z]+):/i.exec(uri ?? '')?.[1]?.toLowerCase()
    return found === undefined ? [] : [{ name, engine: /^postgres(?:ql)?$/.test(found) ? 'pg' : found }]
  })
}

/** Undefined when a folder lies outside of the repository. */
function projectOf(
  settings: SqitchSettings,
  { name, engine }: Target,
  config: string,
): SqitchProject | undefined {
  const home = folderOf(config)
  const get = (key: string): string | undefined =>
    settings.get(`target.${name}.${key}`)?.value ??
    settings.get(`engine.${engine}.${key}`)?.value ??
    settings.get(`core.${key}`)?.value
  const dirOf = (key: string, otherwise: string | undefined): string | undefined => {
    const set = get(key)
    return set === undefined ? otherwise : normalisePath(joinPath(home, set))
  }
  const topDir = dirOf('top_dir', home)
  if (topDir === undefined) return undefined
  const reworked = dirOf('reworked_dir', topDir) ?? topDir
  const deployDir = dirOf('deploy_dir', joinPath(topDir, 'deploy'))
  const planFile = dirOf('plan_file', joinPath(topDir, 'sqitch.plan'))
  const reworkedDeployDir = dirOf('reworked_deploy_dir', joinPath(reworked, 'deploy'))
  if (deployDir === undefined || planFile === undefined || reworkedDeployDir === undefined) return undefined
  const others = ['revert', 'verify'].flatMap((script) => [
    dirOf(`${script}_dir`, joinPath(topDir, script)),
    dirOf(`reworked_${script}_dir`, joinPath(reworked, script)),
  ])
  return {
    ...{ config, planFile, topDir, deployDir, reworkedDeployDir },
    otherScriptDirs: [...new Set(others.filter((dir) => dir !== undefined))],
    ...ofDir('revertDir', dirOf('revert_dir', joinPath(topDir, 'revert'))),
    ...ofDir('reworkedRevertDir', dirOf('reworked_revert_dir', joinPath(reworked, 'revert'))),
    extension: get('extension') ?? 'sql',
    registry: get('registry') ?? 'sqitch',
    variables: variablesOf(settings, name, engine),
    isPostgres: engine === 'pg',
  }
}

function ofDir<Key extends string>(key: Key, dir: string | undefined): Partial<Record<Key, string>> {
  return dir === undefined ? {} : ({ [key]: dir } as Record<Key, string>)
}

/** _collect_deploy_vars of App::Sqitch::Role::RevertDeployCommand; the command line's --set cannot be seen. */
function variablesOf(settings: SqitchSettings, name: string, engine: string): Record<string, string> {
  const variables: Record<string, string> = {}
  for (const section of ['core', 'deploy', `engine.${engine}`, `target.${name}`]) {
    const prefix = `${section}.variables.`
    for (const [path, { key, value }] of settings) {
      const rest = path.slice(prefix.length)
      if (path.startsWith(prefix) && !rest.includes('.')) variables[key] = value
    }
  }
  return variables
}
