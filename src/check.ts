import type { Config } from './config/schema.ts'
import { ConfigError } from './core/errors.ts'
import type { FailOn, Finding, Limit, MigrationResult, Report, Suggestion } from './core/model.ts'
import type { ReviewSet } from './core/source.ts'
import { judgeRun, readScripts, timeZoneOf, type Scripts } from './judge-run.ts'
import type { Priced } from './price.ts'
import type { Rehearsal } from './rehearse.ts'
import type { Budget, NotRehearsed } from './rehearse-within.ts'
import { buildReport } from './report.ts'
import { decideReviewSet } from './review/review-set.ts'
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
  /** Facts about production, in the place of the configuration's `snapshot`; absolute. */
  readonly snapshotFile?: string
  /** Replay only when the cache makes that fit into this time; absent: whatever it takes. */
  readonly budget?: Budget
  /** Try out remedies in the place of statements; absent: in merge request pipelines. Never with a budget. */
  readonly suggestions?: boolean
  /** Milliseconds for trying them out; absent: half of the rehearsal's time, within bounds. */
  readonly suggestionsLimitMs?: number
  readonly config: Config
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted on SIGINT and SIGTERM: the run stops and leaves nothing behind. */
  readonly signal: AbortSignal
  /** One sentence per phase, for a spinner or a CI log. */
  readonly progress: (message: string) => void
  /** One sentence that only whoever looks for a fault wants to read; absent: nobody does. */
  readonly debug?: (message: string) => void
  readonly now: Date
}

/**
 * Runs the main job: what is new -> parsed -> predicted -> replayed -> judged -> reported.
 * Throws ToolError for what the user can mend; the report says everything else.
 */
export async function check(options: CheckOptions): Promise<Report> {
  const reviewSet = await decideReviewSet(reviewRequest(options))
  const scripts = await readScripts(reviewSet)
  const suggestions = new Map<string, Suggestion>()
  const attempt =
    options.replay && scripts.review.length > 0
      ? await rehearse(options, reviewSet, scripts, suggestions)
      : undefined
  const rehearsal = attempt !== undefined && 'notRehearsed' in attempt ? undefined : attempt
  let priced: Priced | undefined
  const judged = await judgeRun(options, reviewSet, scripts, rehearsal, async (results) => {
    priced = await price(options, reviewSet, scripts, results, rehearsal !== undefined)
    return priced ?? { results }
  })
  return buildReport({
    findings: judged.findings.map((finding) => withSuggestion(finding, suggestions)),
    harmless: judged.harmless,
    results: judged.results,
    production: priced?.report,
    base: reviewSet.base,
    project: reviewSet.project,
    historyCount: reviewSet.history.length,
    timeZone: timeZoneOf(options),
    failOn: options.failOn,
    requireRehearsal: options.requireRehearsal,
    notChecked: [
      ...reviewSet.notChecked,
      ...scripts.limits,
      ...limitsOf(attempt),
      ...judged.limits,
      ...(priced?.limits ?? []),
    ],
    now: options.now,
    ...(rehearsal === undefined ? {} : { server: { version: rehearsal.server, kind: rehearsal.serverKind } }),
  })
}

/** Loaded only where something is known of production. */
async function price(
  options: CheckOptions,
  ...run: [ReviewSet, Scripts, readonly MigrationResult[], boolean]
): Promise<Priced | undefined> {
  const { config, snapshotFile } = options
  if (snapshotFile === undefined && config.snapshot === undefined && config.tables === undefined)
    return undefined
  const { priceRun } = await import('./price.ts')
  return priceRun(options, ...run)
}

/** Loads the replay only when it is needed: `lint` must start fast. Fills `suggestions`, by fingerprint. */
async function rehearse(
  options: CheckOptions,
  reviewSet: ReviewSet,
  scripts: Scripts,
  suggestions: Map<string, Suggestion>,
): Promise<Rehearsal | NotRehearsed> {
  const begun = performance.now()
  const run = { ...scripts, sharesSession: reviewSet.sharesSession }
  if (options.budget !== undefined) {
    const { rehearseWithin } = await import('./rehearse-within.ts')
    return rehearseWithin(options.budget, options, run)
  }
  const rehearsing = await import('./rehearse.ts')
  if (!wantsSuggestions(options)) return rehearsing.rehearse(options, run)
  return rehearsing.rehearse(options, run, async (rehearsal, alternatives) => {
    const { proveSuggestions } = await import('./suggestions.ts')
    const elapsedMs = performance.now() - begun
    const mended = { options, reviewSet, scripts, rehearsal, alternatives, elapsedMs }
    for (const [fingerprint, suggestion] of await proveSuggestions(mended))
      suggestions.set(fingerprint, suggestion)
  })
}

/** Where there is a merge request to post them on, unless the command line says otherwise. */
function wantsSuggestions({ suggestions, env }: CheckOptions): boolean {
  return suggestions ?? (env['CI_MERGE_REQUEST_IID'] ?? '') !== ''
}

function withSuggestion(finding: Finding, suggestions: ReadonlyMap<string, Suggestion>): Finding {
  const suggestion = suggestions.get(finding.fingerprint)
  return suggestion === undefined ? finding : { ...finding, suggestion }
}

function limitsOf(attempt: Rehearsal | NotRehearsed | undefined): readonly Limit[] {
  if (attempt === undefined) return []
  return 'notRehearsed' in attempt ? [attempt.notRehearsed] : attempt.limits
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
