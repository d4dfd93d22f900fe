import type { Span, TransactionChoice } from '../core/model.ts'
import type {
  FileTree,
  MigrationScript,
  MigrationSet,
  MigrationSource,
  SkippedFile,
  SourceOptions,
  SourceProblem,
  SourceRoot,
  WayDown,
} from '../core/source.ts'
import type { FolderOwner } from './owners.ts'
import { isInside, joinPath } from './paths.ts'
import { fillPsqlVariables } from './psql-variables.ts'
import { readSettings, readText } from './read.ts'
import { sqitchProjects, type SqitchProject } from './sqitch-config.ts'
import { lineOf, maxProblems, parseSqitchPlan, type PlannedChange } from './sqitch-plan.ts'
import { sqitchRegistry } from './sqitch-registry.ts'

/**
 * Sqitch: the changes of sqitch.plan, each with a script in deploy/. Read in Sqitch 1.3.1 (App/Sqitch/…).
 *
 * - Order: the plan's (Plan.pm); requirements are checked, nothing is sorted. Of a change that was reworked the older
 *   script is `<change>@<tag>.sql`, the first that exists of the tags since, the latest first (Plan/Change.pm,
 *   _path_segments).
 * - Transactions and session: `psql --file` with ON_ERROR_STOP and --no-psqlrc for every script, so each has a session of
 *   its own and commits as it says itself (Engine/pg.pm, run_file). Variables come from sqitch.conf
 *   (Role/RevertDeployCommand.pm), `registry` is set too.
 * - Way down: the script of the same name in revert/, likewise (Plan/Change.pm, revert_file; Engine.pm, revert_change).
 * - Order of merging: a change's id is a hash over its line and the id before it (Plan/Change.pm, info). After a
 *   change in the middle the last deployed id is in no plan: nothing is deployed (Engine.pm, _sync_plan).
 *   Edited scripts are not noticed by deploy.
 * - Its tables: Engine/pg.sql; two scripts of a project with the same content cannot both be recorded.
 * - After a failure: the failure is noted, changes that the same deploy made before are reverted unless --mode says
 *   otherwise, and the change itself is still to be deployed (Engine.pm, deploy_change and _deploy_all).
 */
export const sqitch: MigrationSource = {
  id: 'sqitch',
  title: 'Sqitch',
  docs: 'https://sqitch.org/docs/',
  detect,
  load,
}

const byPsql: TransactionChoice = { mode: 'statement', why: 'Sqitch runs each script by psql' }

/** Every folder of scripts of a Sqitch project; one for another database has no source. */
export async function sqitchFolders(files: FileTree): Promise<readonly FolderOwner[]> {
  return (await sqitchProjects(files)).flatMap((project) => {
    const { planFile, deployDir, reworkedDeployDir, otherScriptDirs, isPostgres } = project
    const owner = isPostgres
      ? { tool: sqitch.title, source: sqitch.id }
      : { tool: `${sqitch.title} for another database than Postgres` }
    return [...new Set([deployDir, reworkedDeployDir, ...otherScriptDirs])].map((dir) => ({
      ...owner,
      dir,
      because: planFile,
      found: 'layout' as const,
    }))
  })
}

async function detect(files: FileTree): Promise<readonly SourceRoot[]> {
  const projects = (await sqitchProjects(files)).filter(({ isPostgres }) => isPostgres)
  return projects.map(({ config, deployDir, reworkedDeployDir, planFile }) => ({
    source: sqitch.id,
    dir: deployDir,
    ...(config === undefined
      ? { found: 'layout' as const }
      : { found: 'config file' as const, configFile: config }),
    // the plan is one of the files that are read, although no folder
    otherDirs: [planFile, ...(reworkedDeployDir === deployDir ? [] : [reworkedDeployDir])],
  }))
}

async function load(root: SourceRoot, files: FileTree, options: SourceOptions): Promise<MigrationSet> {
  const project = await projectFor(root, files)
  const planText = (await readSettings(files, project.planFile)) ?? ''
  const plan = parseSqitchPlan(planText, project.planFile)
  const paths = await files.list()
  const known = new Set(paths)
  const missing = plan.changes.filter((change) => !known.has(scriptFile(change, project, known)))
  const told = new Set(missing.slice(0, maxProblems))
  const read = await Promise.all(
    plan.changes.map(async (change): Promise<LoadedChange> => {
      const file = scriptFile(change, project, known)
      if (known.has(file)) {
        const loaded = await loadScript(change, file, project, files, options)
        const down = await loadRevert(change, project, known, files, options)
        const { script } = loaded
        return script === undefined || down === undefined
          ? loaded
          : { ...loaded, script: { ...script, down } }
      }
      if (!told.has(change)) return { text: '', problems: [] }
      const place = lineOf(planText, project.planFile, change.line)
      return { text: '', problems: [missingScript(change, file, place)] }
    }),
  )
  const scripts = read.flatMap(({ script }) => script ?? [])
  const run = new Set(scripts.map(({ file }) => file))
  return {
    root,
    scripts,
    sharesSession: false,
    whenFailed: { outcome: 'runs again', says: 'Sqitch runs the script again, from its first statement' },
    problems: [...plan.problems, ...read.flatMap(({ problems }) => problems), ...sameContents(read)],
    skipped: paths.flatMap((path) => skippedFile(path, project, run)),
    whenOutOfOrder: {
      outcome: 'refused',
      says: 'Sqitch deploys nothing then, because the id of each change covers those before it',
    },
    whenDeleted: 'Sqitch deploys nothing when the plan has lost a change',
    foundation: sqitchRegistry(project.registry),
  }
}

/** A folder that was configured may be the top one as well as that of the deploy scripts. */
async function projectFor({ dir, configFile }: SourceRoot, files: FileTree): Promise<SqitchProject> {
  const projects = await sqitchProjects(files)
  const ofFolder = projects.filter(({ deployDir, topDir }) => deployDir === dir || topDir === dir)
  return (
    ofFolder.find(({ config }) => config === configFile) ??
    ofFolder[0] ?? {
      planFile: joinPath(dir, 'sqitch.plan'),
      topDir: dir,
      deployDir: joinPath(dir, 'deploy'),
      reworkedDeployDir: joinPath(dir, 'deploy'),
      otherScriptDirs: [],
      revertDir: joinPath(dir, 'revert'),
      extension: 'sql',
      registry: 'sqitch',
      variables: {},
      isPostgres: true,
    }
  )
}

function scriptFile(
  { name, reworkTags }: PlannedChange,
  { deployDir, reworkedDeployDir, extension }: SqitchProject,
  known: ReadonlySet<string>,
): string {
  if (reworkTags.length === 0) return joinPath(deployDir, `${name}.${extension}`)
  const candidates = reworkTags.map((tag) => joinPath(reworkedDeployDir, `${name}${tag}.${extension}`))
  return candidates.find((file) => known.has(file)) ?? candidates[0] ?? ''
}

async function loadRevert(
  change: PlannedChange,
  project: SqitchProject,
  known: ReadonlySet<string>,
  files: FileTree,
  options: SourceOptions,
): Promise<WayDown | undefined> {
  const { revertDir, reworkedRevertDir = revertDir } = project
  if (revertDir === undefined || reworkedRevertDir === undefined) return undefined
  const dirs = { ...project, deployDir: revertDir, reworkedDeployDir: reworkedRevertDir }
  const file = scriptFile(change, dirs, known)
  if (!known.has(file)) return undefined
  const { script } = await loadScript(change, file, project, files, options)
  if (script === undefined) return undefined
  const { text, start, end, transaction } = script
  return { file, text, start, end, transaction }
}

interface LoadedChange {
  readonly text: string
  readonly script?: MigrationScript
  readonly problems: readonly SourceProblem[]
}

async function loadScript(
  { name, reworks, recordedAs }: PlannedChange,
  file: string,
  { variables, registry }: SqitchProject,
  files: FileTree,
  options: SourceOptions,
): Promise<LoadedChange> {
  const read = await readText(files, file)
  if ('problem' in read) return { text: '', problems: [read.problem] }
  const values = { ...variables, registry, ...options.placeholders }
  const { text, unresolved } = fillPsqlVariables(read.text, values)
  const script: MigrationScript = {
    source: sqitch.id,
    file,
    id: idOf(name, reworks),
    version: null,
    title: name,
    text,
    start: 0,
    end: text.length,
    transaction: options.transaction ?? byPsql,
    repeatable: false,
    recordedAs,
  }
  const problems = unresolved.length === 0 ? [] : [unresolvedProblem(file, unresolved)]
  return { text: read.text, script, problems }
}

/** The same for a change before and after a later one reworks it, although its file changes. */
function idOf(name: string, reworks: number): string {
  if (reworks === 0) return name
  return reworks === 1 ? `${name} (reworked)` : `${name} (reworked ${reworks} times)`
}

function unresolvedProblem(file: string, names: readonly string[]): SourceProblem {
  const written = names.map((name) => `:${name}`).join(', ')
  const message = `${file} uses ${written}, for which no value is known.`
  const remedy = 'Give one under placeholders in the configuration, or under deploy.variables in sqitch.conf.'
  // the command line's --set may give one
  return { code: 'unresolved-placeholder', file, message, remedy, severity: 'warning' }
}

function missingScript({ name }: PlannedChange, file: string, place: Span): SourceProblem {
  return {
    code: 'refused-by-tool',
    file: place.file,
    message: `Sqitch stops at ${name} (line ${place.start.line} of ${place.file}), because there is no ${file}.`,
    remedy: `Add ${file}, or take the change out of the plan.`,
    place,
  }
}

function sameContents(read: readonly LoadedChange[]): readonly SourceProblem[] {
  const problems: SourceProblem[] = []
  const taken = new Map<string, string>()
  for (const { script, text } of read) {
    if (script === undefined) continue
    const { file } = script
    const twin = taken.get(text)
    const message = `${file} is the same as ${twin}, byte by byte; Sqitch deploys it and then fails to record it.`
    const remedy = 'Put a comment into one of them.'
    if (twin !== undefined) problems.push({ code: 'refused-by-tool', file, message, remedy })
    taken.set(text, file)
  }
  return problems
}

function skippedFile(path: string, project: SqitchProject, run: ReadonlySet<string>): readonly SkippedFile[] {
  const { deployDir, reworkedDeployDir, otherScriptDirs, extension, planFile } = project
  if (run.has(path) || !path.endsWith(`.${extension}`)) return []
  if (isInside(path, deployDir) || isInside(path, reworkedDeployDir))
    return [{ file: path, reason: `${planFile} does not name it`, affectsOthers: false }]
  if (!otherScriptDirs.some((dir) => isInside(path, dir))) return []
  const reason = 'revert and verify scripts change nothing on the way up'
  return [{ file: path, reason, affectsOthers: false }]
}
