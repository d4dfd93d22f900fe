/**
 * A second rehearsal: the migrations under review once more, on a clone of production that a command of the
 * configuration creates. It tells sizes, durations, and what production's rows do to them.
 */
import type { CheckOptions } from '../check-options.ts'
import { configDefaults } from '../config/defaults.ts'
import { ToolError, UsageError } from '../core/errors.ts'
import type { Limit, Migration } from '../core/model.ts'
import { scriptKey } from '../core/script-name.ts'
import type { CloneMeasured } from '../cost/price.ts'
import { createClone, type CreatedClone } from '../postgres/clone-command.ts'
import { openClone, type Clone } from '../postgres/clone.ts'
import { replayOnClone, type CloneOutcome } from '../replay/clone-replay.ts'
import type { Snapshot } from '../snapshot/format.ts'

/** What of a run a clone is asked about. */
export interface CloneScripts {
  readonly history: readonly Migration[]
  readonly review: readonly Migration[]
  readonly sharesSession: boolean
  /** Why they cannot run there as they are: completes `… because`; absent: they can. */
  readonly notReplayable?: string
}

/** What came of it. */
export interface CloneRun {
  readonly clone?: Pick<Clone, 'version' | 'databaseBytes'>
  /** Sizes and statistics, as `pgrehearse snapshot` reads them, from before the migrations ran. */
  readonly snapshot?: Snapshot
  readonly outcome?: CloneOutcome
  /** Milliseconds from the beginning of `create` until it could be used. */
  readonly createdMs?: number
  /** Milliseconds for the migrations. */
  readonly ranMs?: number
  /** Why nothing ran there: completes `… did not run on a clone of production, because …`. */
  readonly notRun?: string
  /** It was meant to run, and could not. */
  readonly hint?: string
  readonly limits: readonly Limit[]
}

/** Is a clone configured, and is this a run that a clone is for? Never for `lint`. */
export function wantsClone(options: CheckOptions, review: readonly Migration[]): boolean {
  const { config, replay, clone = true, queriesOnly = false } = options
  return config.server?.create !== undefined && replay && clone && !queriesOnly && review.length > 0
}

/** Of a run on several majors the clone is that of all: it has a version of its own. */
const shared = new WeakMap<readonly number[], Promise<CloneRun>>()

/**
 * Creates the clone, reads its sizes, runs the migrations on it and has it taken away. What goes wrong is said.
 * @throws UsageError where what was created may be production itself; the signal's reason
 */
export function rehearseOnClone(options: CheckOptions, scripts: CloneScripts): Promise<CloneRun> {
  const { pgVersions } = options
  if (pgVersions === undefined) return rehearse(options, scripts)
  const known = shared.get(pgVersions) ?? rehearse(options, scripts)
  shared.set(pgVersions, known)
  return known
}

async function rehearse(options: CheckOptions, scripts: CloneScripts): Promise<CloneRun> {
  const { all, budget, command, config, cwd, env, signal, log = () => {} } = options
  const { create = '', destroy } = config.server ?? {}
  if (command !== undefined && command.history === undefined && options.base === undefined)
    return { notRun: 'production has them already: the command began on an empty database', limits: [] }
  if (all) return { notRun: 'production has them already: --all judges every migration', limits: [] }
  if (budget !== undefined) return { notRun: 'the budget of the run leaves no time for it', limits: [] }
  if (scripts.notReplayable !== undefined) return failed(scripts.notReplayable, undefined)
  options.progress('Creating a clone of production')
  const begun = performance.now()
  const created = await createClone(
    { create, ...(destroy === undefined ? {} : { destroy }) },
    { cwd, env, timeoutMs: timeoutOf(options), signal, log },
  )
  if ('why' in created) return failed(created.why, createHint, [...leftLimits(created.left, log)])
  let run: CloneRun = { limits: [] }
  try {
    run = await use(created, begun, options, scripts)
  } catch (error) {
    signal.throwIfAborted()
    // what is not a clone must not be destroyed as one
    if (error instanceof UsageError) created.forgetUrl()
    if (error instanceof UsageError || !(error instanceof Error)) throw error
    run = failed(reasonOf(error, options), error instanceof ToolError ? error.hint : undefined)
  } finally {
    run = { ...run, limits: [...run.limits, ...leftLimits(await created.destroy(), log)] }
  }
  return run
}

async function use(
  created: CreatedClone,
  begun: number,
  options: CheckOptions,
  { history, review, sharesSession }: CloneScripts,
): Promise<CloneRun> {
  const { url } = created
  const { signal, progress, sharedServer, log = () => {} } = options
  const server = await openClone({ url, shared: sharedServer, signal })
  const clone = { version: server.version, databaseBytes: server.databaseBytes }
  const createdMs = performance.now() - begun
  const sizes = await readSizes(url, options)
  const ran = performance.now()
  const timeoutMs = timeoutOf(options)
  try {
    const request = { server, history, review, sharesSession, timeoutMs, signal, progress, log }
    const outcome = await replayOnClone(request)
    return { clone, ...sizes, outcome, createdMs, ranMs: performance.now() - ran }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof Error)) throw error
    return { ...failed(reasonInLog(error, options), undefined, sizes.limits), clone, ...snapshotOf(sizes) }
  }
}

/** Only where no file tells more: of production itself, with who uses it. */
async function readSizes(
  url: string,
  { config, snapshotFile, signal, progress, log }: CheckOptions,
): Promise<Pick<CloneRun, 'snapshot' | 'limits'>> {
  if ((snapshotFile ?? config.snapshot) !== undefined) return { limits: [] }
  progress('Reading the sizes of the clone')
  const { readProduction } = await import('../snapshot/read.ts')
  try {
    return { snapshot: await readProduction({ url, values: { kind: 'none' }, signal }), limits: [] }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof ToolError)) throw error
    log?.(`Clone: ${error.message}`)
    const message = 'The sizes of the clone of production could not be read: the log of the job says why.'
    return { limits: [{ code: 'clone-sizes-unknown', message }] }
  }
}

function snapshotOf({ snapshot }: Pick<CloneRun, 'snapshot'>): Pick<CloneRun, 'snapshot'> {
  return snapshot === undefined ? {} : { snapshot }
}

const createHint =
  'The lines of server.create are in the log of the job. It has to end with exit code 0 and to print the URL of the clone on a line of its own.'

function failed(why: string, hint: string | undefined, limits: readonly Limit[] = []): CloneRun {
  const limit: Limit = {
    code: 'clone-failed',
    message: `The migrations did not run on a clone of production, because ${why}.`,
    ...(hint === undefined ? {} : { hint }),
  }
  return { notRun: why, limits: [limit, ...limits] }
}

/** Errors of a server may quote what rows hold: only our own sentences are for everybody. */
function reasonOf(error: Error, options: CheckOptions): string {
  return error instanceof ToolError ? clause(error.message) : reasonInLog(error, options)
}

/** Where migrations have run, a sentence of ours may quote what the server says when they reach for it again. */
function reasonInLog(error: Error, { log, debug }: CheckOptions): string {
  log?.(`Clone: ${error.message}`)
  debug?.((error.stack ?? '').replace(error.message, '…'))
  return 'the server of the clone ended that with an error, which is in the log of the job'
}

function clause(message: string): string {
  const text = message.replace(/\.$/, '')
  return /^(?:The|What|Others)\b/.test(text) ? text[0]?.toLowerCase() + text.slice(1) : text
}

function leftLimits(why: string | undefined, log: (line: string) => void): readonly Limit[] {
  if (why === undefined) return []
  log(`THE CLONE OF PRODUCTION MAY STILL BE THERE: ${why}.`)
  return [
    {
      code: 'clone-not-destroyed',
      message: `The clone of production may still be there, because ${why}.`,
      hint: 'It holds production’s data and may cost money: look for it, and take it away by hand.',
    },
  ]
}

function timeoutOf({ config }: CheckOptions): number {
  return config.server?.timeout ?? configDefaults.cloneTimeout
}

/** The durations for {@link priceRun}; undefined where nothing was measured. */
export function cloneMeasured({ clone, outcome }: CloneRun): CloneMeasured | undefined {
  if (clone === undefined || outcome === undefined || outcome.statements.length === 0) return undefined
  const keyOf = (migration: { readonly file: string; readonly id?: string }, index: number): string =>
    `${scriptKey(migration)}\0${index}`
  const amounts = new Map(
    outcome.statements.map((one) => [keyOf(one.migration, one.statement.index), one] as const),
  )
  return {
    basis: { server: clone.version, databaseBytes: clone.databaseBytes },
    of: (migration, index) => amounts.get(keyOf(migration, index)),
  }
}
