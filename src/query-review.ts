/**
 * The application's queries in a run: found in both revisions, tried on the rehearsal's server, planned at production's
 * sizes. Joins the rooms queries, compatibility, blocking, query-catalog and planning; nothing else does.
 */
import type { Client } from 'pg'
import { collectLocks } from './blocking/collect-locks.ts'
import { waitsOf } from './blocking/waits.ts'
import { functionBodies } from './compatibility/function-bodies.ts'
import { checkCompatibility, type Compatibility } from './compatibility/check-compatibility.ts'
import { ConfigError, UsageError } from './core/errors.ts'
import type { Limit, MigrationResult } from './core/model.ts'
import type { Production } from './core/production.ts'
import type { QueryCatalog } from './core/query-catalog.ts'
import {
  type DeploymentOrder,
  type QueriesOutcome,
  type QueryLock,
  type QueryResult,
  type ReviewedQuery,
} from './core/query-model.ts'
import type { Scripts } from './judge-run.ts'
import type { PlanningOutcome } from './planning/plan-queries.ts'
import { predictSchema } from './predict/index.ts'
import { sessionDefaults, timeZoneOf } from './rehearsal/session-defaults.ts'
import { predictedCatalog } from './query-catalog/predicted-catalog.ts'
import { readQueryCatalog } from './query-catalog/read-query-catalog.ts'
import type { Code } from './query-files.ts'
import { samplingCircumstances } from './rehearsal/rehearse.ts'
import type { Leftovers } from './replay/alternatives.ts'
import type { QueryStage } from './replay/query-stage.ts'
import { connected } from './replay/stage.ts'
import { quoteIdent } from './sql/quote.ts'
import type { CheckOptions } from './check-options.ts'

/** What was found out on the rehearsal's server. */
export interface TriedQueries {
  readonly compatibility: Compatibility
  readonly locks: ReadonlyMap<string, readonly QueryLock[]>
  /** Of the new schema. */
  readonly catalog: QueryCatalog
  readonly limits: readonly Limit[]
}

/** Time for all queries, so that no set of them makes a run endless. */
const compatibilityBudgetMs = 60_000
const locksBudgetMs = 20_000
const planningBudgetMs = 60_000

/** Tries the queries on the schema before and after the migrations. */
export async function tryQueries(
  options: CheckOptions,
  { queries, searchPath }: Code,
  { queries: stage, incompleteSchema }: Leftovers,
  production: Production | undefined,
): Promise<TriedQueries> {
  const { progress } = options
  progress(`Trying ${queries.length === 1 ? '1 query' : `${queries.length} queries`} of the application`)
  const path = searchPath === undefined ? {} : { searchPath }
  const compatibility = await checkCompatibility(stage, queries, {
    ...path,
    incompleteSchema,
    budgetMs: compatibilityBudgetMs,
    progress,
  })
  const { locks, limits } = await collectLocks(stage, checkableOf(queries, compatibility), {
    ...(searchPath === undefined ? {} : { searchPath: searchPath.map(quoteIdent).join(', ') }),
    budgetMs: locksBudgetMs,
    progress,
  })
  await using admin = await connected(stage.server, stage.after ?? stage.before)
  const catalog = await readQueryCatalog(admin.client, production)
  const bodies = stage.after === undefined ? [] : await bodiesThatMayFail(stage, admin.client, catalog)
  return {
    compatibility,
    locks,
    catalog: searchPath === undefined ? catalog : { ...catalog, searchPath },
    limits: [...compatibility.limits, ...limits, ...bodies],
  }
}

function checkableOf(
  queries: readonly ReviewedQuery[],
  { results }: Compatibility,
): readonly ReviewedQuery[] {
  return queries.filter(({ id }) => results.get(id)?.notCheckable === undefined)
}

type RunScripts = Scripts & { readonly sharesSession: boolean }

async function bodiesThatMayFail(
  stage: QueryStage,
  after: Client,
  catalog: QueryCatalog,
): Promise<readonly Limit[]> {
  await using before = await connected(stage.server, stage.before)
  return await functionBodies(after, await readQueryCatalog(before.client), catalog)
}

/** Plans of the queries at production's sizes; a limit when there can be none. */
async function planCode(
  options: CheckOptions,
  scripts: RunScripts,
  { queries, searchPath }: Code,
  tried: TriedQueries,
  results: readonly MigrationResult[],
  production: Production,
): Promise<PlanningOutcome | Limit> {
  const checkable = checkableOf(queries, tried.compatibility)
  if (checkable.length === 0) return noPlans('none of the queries could be checked')
  options.progress('Planning the queries at production’s sizes')
  try {
    const { planQueries } = await import('./planning/plan-queries.ts')
    const {
      cacheDir: _cacheDir,
      tool: _tool,
      ...circumstances
    } = await samplingCircumstances(options, scripts)
    return await planQueries({
      ...circumstances,
      results,
      production,
      queries: checkable,
      ...(searchPath === undefined ? {} : { searchPath }),
      budgetMs: planningBudgetMs,
    })
  } catch (error) {
    options.signal.throwIfAborted()
    if (error instanceof UsageError || error instanceof ConfigError) throw error
    if (error instanceof Error) options.debug?.(error.stack ?? error.message)
    return noPlans(error instanceof Error ? error.message.replace(/\.$/, '') : String(error))
  }
}

function noPlans(why: string): Limit {
  return {
    code: 'plans-not-compared',
    message: `Plans of the application’s queries were not compared, because ${why}.`,
  }
}

/** Everything about every query, for the rules and the report. */
function queriesOutcome(
  { queries }: Code,
  { compatibility, locks, catalog }: TriedQueries,
  planned: PlanningOutcome | undefined,
  results: readonly MigrationResult[],
): QueriesOutcome {
  return {
    results: queries.map((reviewed): QueryResult => {
      const { id } = reviewed
      const { effects = [], notCheckable } = compatibility.results.get(id) ?? {}
      // code that is not out yet does not wait
      const own = reviewed.old === undefined ? [] : (locks.get(id) ?? [])
      const plan = planned?.plans.get(id)
      return {
        reviewed,
        // the longest says it; a statement after it makes nobody wait longer
        effects: [...effects, ...waitsOf(own, results).slice(0, 1), ...(planned?.effects.get(id) ?? [])],
        locks: own,
        ...(notCheckable === undefined ? {} : { notCheckable }),
        ...(plan === undefined ? {} : { plan }),
      }
    }),
    catalog,
    indexes: planned?.indexes ?? [],
    statistics: planned?.statistics,
    ...(compatibility.limits.some(({ code }) => code === 'queries-not-compared')
      ? { untried: 'the migrations did not all succeed here' }
      : {}),
  }
}

/** What judging and the report have to know of the queries. */
export interface AskedQueries {
  readonly queries?: QueriesOutcome
  readonly deployment?: DeploymentOrder
  readonly limits: readonly Limit[]
}

/** Plans the queries where production is known, and puts together what was found out about them. */
export async function askAboutQueries(
  options: CheckOptions,
  scripts: RunScripts,
  code: Code,
  tried: TriedQueries | undefined,
  results: readonly MigrationResult[],
  production: Production | undefined,
): Promise<AskedQueries> {
  if (tried === undefined) return readOnly(options, scripts, code, production)
  const planned =
    production === undefined
      ? noPlans('nothing is known of production: see `snapshot` in the configuration')
      : await planCode(options, scripts, code, tried, results, production)
  const plans = 'plans' in planned ? planned : undefined
  const { deployment } = tried.compatibility
  return {
    queries: queriesOutcome(code, tried, plans, results),
    ...(deployment === undefined ? {} : { deployment }),
    limits: [...tried.limits, ...('plans' in planned ? planned.limits : [planned])],
  }
}

/** Without a server they are only read, with the schema that the files tell. */
function readOnly(
  options: CheckOptions,
  scripts: RunScripts,
  { queries, searchPath }: Code,
  production: Production | undefined,
): AskedQueries {
  const schema = predictSchema({
    ...scripts,
    timeZone: timeZoneOf(options),
    settings: sessionDefaults(options, scripts.settings),
  })
  return {
    queries: {
      results: queries.map((reviewed) => ({ reviewed, effects: [], locks: [] })),
      catalog: predictedCatalog(schema, production, searchPath),
      indexes: [],
      statistics: undefined,
      untried: 'they were only read, and trying them takes a server',
    },
    // with a server, somebody has said why not
    limits: options.replay ? [] : [notTried],
  }
}

const notTried: Limit = {
  code: 'queries-not-checked',
  message:
    'The application’s queries were only read: whether they break, wait or get slower takes a server to tell.',
  hint: 'Run `pgrehearse check`, which starts one.',
}
