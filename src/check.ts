import { editedMigration, sourceProblem } from './judge/reserved.ts'
import { judge } from './judge/judge.ts'
import type { Config } from './config/schema.ts'
import { configDefaults } from './config/defaults.ts'
import { ConfigError } from './core/errors.ts'
import type { FailOn, Limit, Migration, MigrationResult, Report } from './core/model.ts'
import type { MigrationScript, ReviewSet } from './core/source.ts'
import { predictRun, type StatementPrediction } from './predict/index.ts'
import { unite } from './replay/agree.ts'
import type { Rehearsal } from './rehearse.ts'
import type { Budget, NotRehearsed } from './rehearse-within.ts'
import { buildReport } from './report.ts'
import { decideReviewSet } from './review/review-set.ts'
import { loadParser, parseScript, type ParsedScript } from './sql/parse.ts'
import { readAllowComments } from './sql/suppressions.ts'
import { layOutTransactions } from './sql/transactions.ts'
import { sources } from './sources/index.ts'

/** What the command line decides; everything else comes from the configuration. */
export interface CheckOptions {
  /** Project root: where configuration and migrations are looked for. */
  readonly cwd: string
  /** Migration files or folders named on the command line, relative to `cwd`. */
  readonly paths: readonly string[]
  /** Judge every migration. */
  readonly all: boolean
  /** Judge what the next commit changes, as the index holds it; absent: no. */
  readonly staged?: boolean
  readonly base?: string
  /** False for `lint`. */
  readonly replay: boolean
  readonly failOn: FailOn
  readonly requireRehearsal: boolean
  readonly pgVersion?: number
  readonly serverUrl?: string
  readonly sharedServer: boolean
  readonly superuser: boolean
  readonly cacheDir?: string
  /** Replay only when the cache makes that fit into this time; absent: whatever it takes. */
  readonly budget?: Budget
  readonly config: Config
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted on SIGINT and SIGTERM: the run stops and leaves nothing behind. */
  readonly signal: AbortSignal
  /** One sentence per phase, for a spinner or a CI log. */
  readonly progress: (message: string) => void
  readonly now: Date
}

/**
 * Runs the main job: what is new -> parsed -> predicted -> replayed -> judged -> reported.
 * Throws ToolError for what the user can mend; the report says everything else.
 */
export async function check(options: CheckOptions): Promise<Report> {
  const reviewSet = await decideReviewSet(reviewRequest(options))
  const scripts = await readScripts(reviewSet)
  const attempt =
    options.replay && scripts.review.length > 0 ? await rehearse(options, reviewSet, scripts) : undefined
  const rehearsal = attempt !== undefined && 'notRehearsed' in attempt ? undefined : attempt
  const serverMajor = rehearsal === undefined ? options.pgVersion : Number.parseInt(rehearsal.server, 10)
  const predictions = predictRun({
    ...scripts,
    sharesSession: reviewSet.sharesSession,
    timeZone: timeZoneOf(options),
    ...(serverMajor === undefined ? {} : { serverMajor }),
  })
  const results = scripts.review.map((migration, index): MigrationResult =>
    unite(migration, predictions[index] ?? [], rehearsal?.migrations[index], rehearsal?.server),
  )
  return concludeReport(
    options,
    reviewSet,
    scripts,
    results,
    [...limitsOf(attempt), ...opaqueStatements(results, predictions)],
    rehearsal,
  )
}

/** Code that only a server can look into, where there was none. */
function opaqueStatements(
  results: readonly MigrationResult[],
  predictions: readonly (readonly StatementPrediction[])[],
): readonly Limit[] {
  return results.flatMap(({ statements }, at) =>
    statements.flatMap(({ statement, measured }, position): readonly Limit[] => {
      const unknown = predictions[at]?.[position]?.unknown
      if (measured || unknown === undefined) return []
      return [
        {
          code: 'not-predictable',
          message: `What this statement does cannot be told without running it: ${unknown}.`,
          hint: 'Run `pgrehearse check`, which replays it.',
          span: statement.span,
        },
      ]
    }),
  )
}

/** The migrations in their transactions, and what parsing could not look at. */
interface Scripts {
  readonly history: readonly Migration[]
  readonly review: readonly Migration[]
  readonly parsed: readonly ParsedScript[]
  readonly limits: readonly Limit[]
}

async function readScripts(reviewSet: ReviewSet): Promise<Scripts> {
  if (reviewSet.underReview.length === 0) return { history: [], review: [], parsed: [], limits: [] }
  await loadParser()
  const parse = (scripts: readonly MigrationScript[]): readonly ParsedScript[] => scripts.map(parseScript)
  const parsed = parse(reviewSet.underReview)
  return {
    history: layOutTransactions(parse(reviewSet.history), reviewSet.sharesSession),
    review: layOutTransactions(parsed, reviewSet.sharesSession),
    parsed,
    limits: parsed.flatMap(({ limits }) => limits),
  }
}

/** Loads the replay only when it is needed: `lint` must start fast. */
async function rehearse(
  options: CheckOptions,
  reviewSet: ReviewSet,
  scripts: Scripts,
): Promise<Rehearsal | NotRehearsed> {
  const run = { ...scripts, sharesSession: reviewSet.sharesSession }
  if (options.budget !== undefined) {
    const { rehearseWithin } = await import('./rehearse-within.ts')
    return rehearseWithin(options.budget, options, run)
  }
  const rehearsal = await import('./rehearse.ts')
  return rehearsal.rehearse(options, run)
}

function limitsOf(attempt: Rehearsal | NotRehearsed | undefined): readonly Limit[] {
  if (attempt === undefined) return []
  return 'notRehearsed' in attempt ? [attempt.notRehearsed] : attempt.limits
}

async function concludeReport(
  options: CheckOptions,
  reviewSet: ReviewSet,
  scripts: Scripts,
  results: readonly MigrationResult[],
  limits: readonly Limit[],
  rehearsal: Rehearsal | undefined,
): Promise<Report> {
  const replayedOnly = new Set(reviewSet.replayedOnly ?? [])
  const judged = results.filter(({ migration }) => !replayedOnly.has(migration.file))
  const { rules } = await import('../rules/index.ts')
  const findings = judge({
    migrations: judged,
    rules: [...(options.config.customRules ?? []), ...rules],
    severities: options.config.rules ?? {},
    allows: scripts.parsed.filter(({ script }) => !replayedOnly.has(script.file)).map(readAllowComments),
    today: options.now.toISOString().slice(0, 10),
    onEmptyDatabase: options.all,
    aboutFiles: [...reviewSet.edited.map(editedMigration), ...reviewSet.problems.map(sourceProblem)],
  })
  return buildReport({
    findings,
    results: judged,
    base: reviewSet.base,
    project: reviewSet.project,
    historyCount: reviewSet.history.length,
    timeZone: timeZoneOf(options),
    failOn: options.failOn,
    requireRehearsal: options.requireRehearsal,
    notChecked: [...reviewSet.notChecked, ...scripts.limits, ...limits],
    now: options.now,
    ...(rehearsal === undefined ? {} : { server: { version: rehearsal.server, kind: rehearsal.serverKind } }),
  })
}

function reviewRequest(options: CheckOptions): Parameters<typeof decideReviewSet>[0] {
  const { cwd, paths, all, staged, base, env, config } = options
  const [settings, ...others] = config.migrations ?? []
  if (others.length > 0) {
    throw new ConfigError('The configuration lists several folders of migrations; one run judges one.', {
      hint: 'Keep one entry under "migrations", or give each folder a configuration file of its own.',
    })
  }
  return {
    cwd,
    paths,
    all,
    env,
    sources: [...(config.customSources ?? []), ...sources],
    ...(staged === undefined ? {} : { staged }),
    ...(base === undefined ? {} : { base }),
    ...(settings === undefined ? {} : { settings: sourceSettings(settings) }),
  }
}

type MigrationsConfig = NonNullable<Config['migrations']>[number]

function sourceSettings(
  settings: MigrationsConfig,
): NonNullable<Parameters<typeof decideReviewSet>[0]['settings']> {
  const { transaction, dir, ...rest } = settings
  return {
    ...rest,
    ...(dir === undefined ? {} : { dirs: [dir] }),
    ...(transaction === undefined ? {} : { transaction: { mode: transaction, why: 'configuration' } }),
  }
}

/** The TimeZone that production's migrations run under; UTC is assumed. */
export function timeZoneOf(options: Pick<CheckOptions, 'config'>): string {
  return options.config.timeZone ?? configDefaults.timeZone
}
