/** What a run is about: the migrations, and the application's queries. */
import { ConfigError, UsageError } from './core/errors.ts'
import type { Limit } from './core/model.ts'
import type { Production } from './core/production.ts'
import type { ReviewSet } from './core/source.ts'
import type { Config } from './config/schema.ts'
import { changesCode } from './core/query-model.ts'
import type { ReviewRequest } from './review/request.ts'
import { decideReviewSet } from './review/review-set.ts'
import { sources } from './sources/index.ts'
import type { CheckOptions } from './check-options.ts'
import type { Code } from './query-files.ts'

export interface Work {
  readonly reviewSet: ReviewSet
  /** Absent where there are no queries, or nothing changes for them. */
  readonly code?: Code
}

/**
 * Decides what is under review. Where no migration is, but code that queries the database, the review set is the
 * history that the code stands on.
 */
export async function decideWork(options: CheckOptions, production: Production | undefined): Promise<Work> {
  const work = await decideOwnWork(options, production)
  if (options.with === undefined || options.with.length === 0) return work
  const { otherBranches } = await import('./review/other-branch.ts')
  const others = await otherBranches(reviewRequest(options), work.reviewSet, options.with)
  return { ...work, reviewSet: { ...work.reviewSet, others } }
}

async function decideOwnWork(options: CheckOptions, production: Production | undefined): Promise<Work> {
  const request = reviewRequest(options)
  if (options.queriesOnly === true && options.config.queries === false) throw queriesOff()
  const reviewSet = await decideReviewSet(request).catch((error: unknown) =>
    withoutRevisions(options, request, error),
  )
  const { readCode } = await import('./query-files.ts')
  const code = await readCode(options, request, reviewSet, production)
  if (code === undefined) {
    if (options.queriesOnly === true) throw noQueries()
    return { reviewSet }
  }
  if (reviewSet.underReview.length > 0) return { reviewSet, code }
  if (options.queriesOnly !== true && !changesCode(code.queries)) return { reviewSet }
  if (reviewSet.history.length > 0) return { reviewSet, code }
  const withHistory = await decideReviewSet({ ...request, withHistory: true })
  if (withHistory.history.length > 0) return { reviewSet: withHistory, code }
  return { reviewSet: { ...reviewSet, notChecked: [...reviewSet.notChecked, noSchema] } }
}

/** Every query on the schema that all migrations make: that takes no git. */
async function withoutRevisions(
  { everyQuery }: CheckOptions,
  request: ReviewRequest,
  error: unknown,
): Promise<ReviewSet> {
  if (everyQuery !== true || !(error instanceof UsageError)) throw error
  const { underReview, ...all } = await decideReviewSet({ ...request, all: true })
  return { ...all, base: { description: 'every migration' }, history: underReview, underReview: [] }
}

const noSchema: Limit = {
  code: 'queries-not-checked',
  message:
    'The application’s queries were not checked, because it is not clear which migrations make their schema.',
  hint: 'Name the folder under "migrations" in the configuration.',
}

function queriesOff(): UsageError {
  return new UsageError('The configuration leaves the application’s queries alone (`queries: false`).', {
    hint: 'Remove that, or name the files.',
  })
}

function noQueries(): UsageError {
  return new UsageError('No queries of the application were found.', {
    hint: 'Name their files under "queries" in the configuration. sqlc, PgTyped, `-- name:` files and sql`…` templates are found without.',
  })
}

/** What the review has to know of the options. */
export function reviewRequest(
  options: Pick<
    CheckOptions,
    'cwd' | 'paths' | 'all' | 'staged' | 'base' | 'config' | 'env' | 'besides' | 'changed'
  >,
): ReviewRequest {
  const { cwd, paths, all, staged, base, env, config, besides } = options
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
    ...(options.changed === undefined ? {} : { changed: options.changed }),
    ...(base === undefined ? {} : { base }),
    ...(settings === undefined
      ? {}
      : { settings: { ...sourceSettings(settings), ...(besides === undefined ? {} : { besides }) } }),
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
