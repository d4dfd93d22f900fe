/** What a run is about: the migrations, and the application's queries. */
import { ConfigError, UsageError } from './core/errors.ts'
import type { Production } from './core/production.ts'
import type { ReviewSet } from './core/source.ts'
import type { Config } from './config/schema.ts'
import { changesCode } from './core/query-model.ts'
import { decideReviewSet } from './review/review-set.ts'
import { sources } from './sources/index.ts'
import type { CheckOptions } from './check.ts'
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
  const request = reviewRequest(options)
  const reviewSet = await decideReviewSet(request)
  const { readCode } = await import('./query-files.ts')
  const code = await readCode(options, request, reviewSet, production)
  if (code === undefined) {
    if (options.queriesOnly === true) throw noQueries()
    return { reviewSet }
  }
  if (reviewSet.underReview.length > 0) return { reviewSet, code }
  if (options.queriesOnly !== true && !changesCode(code.queries)) return { reviewSet }
  return { reviewSet: await decideReviewSet({ ...request, withHistory: true }), code }
}

function noQueries(): UsageError {
  return new UsageError('No queries of the application were found.', {
    hint: 'Name their files under "queries" in the configuration. sqlc, PgTyped, `-- name:` files and sql`…` templates are found without.',
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
