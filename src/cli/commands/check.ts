import { existsSync } from 'node:fs'
import path from 'node:path'
import type { CheckOptions } from '../../check-options.ts'
import { configDefaults } from '../../config/defaults.ts'
import type { Baseline } from '../../core/baseline.ts'
import type { Database } from '../../databases.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { UsageError } from '../../core/errors.ts'
import type { FailOn, Report } from '../../core/model.ts'
import { nearest } from '../../core/suggest.ts'
import { budgetLine, budgetOf, cacheFolder, ofDatabase, refuseUnusableBudget } from '../budget.ts'
import { queriesPart } from '../../report.ts'
import { printable, printableLine } from '../../reporters/printable.ts'
import type { CommandContext } from '../context.ts'
import { decideConfig, type DecidedConfig } from '../decide-config.ts'
import { checkEach } from '../each-database.ts'
import { parseFormats } from '../formats.ts'
import { startProgress } from '../progress.ts'
import { chooseServer, refuseSeveralVersions } from '../server-choice.ts'

/** The options as commander hands them over. */
export interface CheckFlags {
  readonly base?: string
  readonly all?: boolean
  readonly staged?: boolean
  readonly replay?: boolean
  readonly failOn?: FailOn
  readonly requireRehearsal?: boolean
  readonly format?: readonly string[]
  /** One major version or several. */
  readonly pgVersion?: number | readonly number[]
  readonly serverUrl?: string
  readonly image?: string
  readonly sharedServer?: boolean
  readonly superuser?: boolean
  readonly cacheDir?: string
  readonly cache?: boolean
  /** Milliseconds. */
  readonly budget?: number
  /** A file with facts about production. */
  readonly snapshot?: string
  /** Undefined: where there is a merge request. */
  readonly prove?: boolean
  /** `baseline`: tries everything, though no remedy is replayed. */
  readonly trials?: boolean
  /** False: `--no-down`; a command: `run --down`. */
  readonly down?: boolean | string
  readonly clone?: boolean
  /** Revisions whose migrations are replayed with those under review. */
  readonly with?: readonly string[]
  /** False: failures in the middle are not tried. */
  readonly retry?: boolean
  readonly suggestions?: boolean
  /** A file, false for `--no-config`, else to be looked for. */
  readonly config?: string | boolean
  /** Whose configuration decides; undefined: the target branch's says. */
  readonly policy?: 'branch' | 'target-branch'
  /** Names of databases: judge these only. */
  readonly database?: readonly string[]
  /** `run`: program and arguments. */
  readonly command?: readonly string[]
  /** `run --history`. */
  readonly history?: string
  /** `queries`: leaves out what is about migrations alone. */
  readonly queriesOnly?: boolean
  /** `queries --all` */
  readonly everyQuery?: boolean
}

/** The flags of every command that rehearses what is under review. */
export type RehearsalFlags = Pick<
  CheckFlags,
  | 'all'
  | 'base'
  | 'snapshot'
  | 'config'
  | 'pgVersion'
  | 'serverUrl'
  | 'image'
  | 'sharedServer'
  | 'superuser'
  | 'cacheDir'
  | 'cache'
  | 'database'
>

/** `check` and `lint`: runs the main job, writes the reports, gives the exit code. */
export async function runCheck(
  paths: readonly string[],
  flags: CheckFlags,
  context: CommandContext,
): Promise<number> {
  refuseContradictions(paths, flags)
  // what is staged may be gone from disk
  if (!flags.staged) refuseMissingPaths(paths, context.cwd)
  const loaded = await decideConfig(flags, context)
  const targets = parseFormats(flags.format ?? [], loaded.config.customReporters)
  const named = { ...checkOptions(paths, flags, loaded, context, () => {}), only: flags.database ?? [] }
  const { databasesOf } = await import('../../databases.ts')
  const databases = await databasesOf(named)
  const checkOne = (database: Database): Promise<Report> => checkDatabase(database, flags, loaded, context)
  return checkEach(databases, checkOne, targets, context)
}

/** The report about one of the databases, with its progress. */
export async function checkDatabase(
  database: Database,
  flags: CheckFlags,
  loaded: DecidedConfig,
  context: CommandContext,
): Promise<Report> {
  const { checkOnMajors } = await import('../../merged/several-majors.ts')
  const progress = startProgress(context, flags.replay === false || flags.budget !== undefined)
  const label = database.name === undefined ? '' : `${database.name}: `
  const update = (message: string): void => progress.update(label + message)
  try {
    const result = await checkOnMajors(
      await databaseOptions(database, database.paths, flags, loaded, context, update),
    )
    context.signal.throwIfAborted()
    const report = flags.queriesOnly === true ? queriesPart(result) : result
    // nothing under review is one line in all
    if (report.migrations.length > 0) update('Writing the report')
    progress.stop()
    const budget =
      flags.budget === undefined ? undefined : budgetLine(report, performance.now(), flags.budget)
    if (budget !== undefined) await context.err.write(`${label}${printable(budget)}\n`)
    return report
  } finally {
    progress.stop()
  }
}

/** What a check of one of the databases is to know. */
export async function databaseOptions(
  { name, config, codeDir, besides, speaksFor }: Database,
  paths: readonly string[],
  ...[flags, loaded, context, update]: [CheckFlags, DecidedConfig, CommandContext, (message: string) => void]
): Promise<CheckOptions> {
  const { baseline: whole, says } = await loaded.baselineOf(config)
  const baseline = whole && baselineFor(whole, speaksFor)
  const snapshotBytes = flags.snapshot === undefined ? await loaded.snapshotOf?.(config) : undefined
  return {
    ...checkOptions(paths, flags, { ...loaded, config }, context, update),
    ...ofDatabase(await cacheFolder(flags, config.cacheDir, { ...context, root: loaded.root }), name),
    paths,
    ...(name === undefined ? {} : { database: name }),
    ...(codeDir === undefined ? {} : { codeDir }),
    ...(besides === undefined ? {} : { besides }),
    ...(baseline === undefined ? {} : { baseline }),
    ...(loaded.extended === undefined ? {} : { configExtends: loaded.extended }),
    ...(loaded.unread === undefined ? {} : { limits: [loaded.unread] }),
    ...(snapshotBytes === undefined ? {} : { snapshotBytes }),
    decidedBy: [loaded.says, says].filter((sentence) => sentence !== undefined),
  }
}

/** Entries about files that are gone are for one database of several to report. */
function baselineFor(baseline: Baseline, speaksFor: Database['speaksFor']): Baseline {
  if (speaksFor === undefined) return baseline
  const entries = baseline.entries.filter(({ gone, file }) => gone !== true || speaksFor(file))
  return { ...baseline, entries }
}

function refuseContradictions(paths: readonly string[], flags: CheckFlags): void {
  refuseUnusableBudget(flags)
  if (flags.all && paths.length > 0) {
    throw new UsageError('Paths and --all contradict each other.', {
      hint: 'Paths judge what they name; --all judges every migration.',
    })
  }
  if (flags.suggestions && (flags.replay === false || flags.budget !== undefined)) {
    throw new UsageError('--suggestions takes replays that --no-replay and --budget leave no room for.', {
      hint: 'Leave out one of the two options.',
    })
  }
  if (flags.suggestions && flags.prove === false) {
    throw new UsageError('--suggestions are proven fixes; --no-prove leaves the proof out.', {
      hint: 'Leave out one of the two options.',
    })
  }
  if (flags.with !== undefined && (flags.replay === false || flags.budget !== undefined)) {
    throw new UsageError('--with takes replays that --no-replay and --budget leave no room for.', {
      hint: 'Leave out one of the two options.',
    })
  }
  if (flags.with !== undefined && (flags.all || flags.staged)) {
    throw new UsageError(
      '--with compares what two branches bring; --all and --staged judge something else.',
      {
        hint: 'Leave out one of the two options.',
      },
    )
  }
  if (flags.requireRehearsal && flags.replay === false) {
    throw new UsageError('--require-rehearsal needs the replay that --no-replay leaves out.', {
      hint: 'Leave out one of the two options.',
    })
  }
}

const commandNames = [
  'check',
  'lint',
  'fix',
  'review',
  'explain',
  'rules',
  'init',
  'doctor',
  'queries',
  'run',
  'snapshot',
  'calibrate',
  'baseline',
  'help',
]

/** `pgrehearse chekc` reaches us as a path, because `check` is the default command. */
export function refuseMissingPaths(paths: readonly string[], cwd: string): void {
  const missing = paths.find((name) => !existsSync(path.resolve(cwd, name)))
  if (missing === undefined) return
  const command = nearest(missing, commandNames)
  throw new UsageError(
    `There is no file or folder ${JSON.stringify(missing)}.`,
    command === undefined ? {} : { hint: `Did you mean the command \`pgrehearse ${command}\`?` },
  )
}

/** The command line wins over the configuration, the configuration over the defaults. */
export function checkOptions(
  paths: readonly string[],
  flags: CheckFlags,
  { config, root }: LoadedConfig,
  context: CommandContext,
  progress: (message: string) => void,
): CheckOptions {
  const base = flags.all ? undefined : (flags.base ?? config.base)
  const server = chooseServer(flags, config)
  if (flags.budget !== undefined) refuseSeveralVersions(server, '--budget')
  return {
    cwd: root,
    paths: paths.map((name) => fromRoot(root, path.resolve(context.cwd, name))),
    all: flags.all ?? false,
    staged: flags.staged ?? false,
    replay: flags.replay ?? true,
    failOn: flags.failOn ?? config.failOn ?? configDefaults.failOn,
    requireRehearsal: flags.requireRehearsal ?? config.requireRehearsal ?? configDefaults.requireRehearsal,
    sharedServer: flags.sharedServer ?? config.server?.shared ?? false,
    superuser: flags.superuser ?? config.server?.superuser ?? false,
    ...(base === undefined ? {} : { base }),
    ...server,
    ...(flags.snapshot === undefined ? {} : { snapshotFile: path.resolve(context.cwd, flags.snapshot) }),
    ...budgetOf(flags, config.cacheDir),
    ...(flags.prove === undefined ? {} : { prove: flags.prove }),
    ...(flags.trials === true ? { down: true, retry: true, silent: true } : {}),
    ...(flags.down === false ? { down: false } : {}),
    ...(typeof flags.down === 'string' ? { down: true } : {}),
    ...(flags.retry === false ? { retry: false } : {}),
    ...(flags.clone === false ? { clone: false } : {}),
    ...(flags.with === undefined ? {} : { with: flags.with }),
    ...(flags.suggestions === undefined ? {} : { suggestions: flags.suggestions }),
    ...(flags.queriesOnly === undefined ? {} : { queriesOnly: flags.queriesOnly }),
    ...(flags.everyQuery === undefined ? {} : { everyQuery: flags.everyQuery }),
    ...(context.debug ? { debug: progress } : {}),
    ...commandOf(flags),
    commandOutput: (chunk) => void context.err.write(Buffer.from(chunk).toString('utf8')),
    config,
    env: context.env,
    signal: context.signal,
    progress,
    log: (line) => void context.err.write(`${printableLine(line)}\n`),
    now: new Date(),
  }
}

function commandOf({ command, history, down }: CheckFlags): Pick<CheckOptions, 'command'> {
  if (command === undefined) return {}
  const back = typeof down === 'string' ? { down } : {}
  return { command: { run: command, ...(history === undefined ? {} : { history }), ...back } }
}

function fromRoot(root: string, file: string): string {
  return path.relative(root, file).replaceAll(path.sep, '/') || '.'
}
