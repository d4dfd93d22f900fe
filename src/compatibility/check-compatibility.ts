/** Which of the application's queries fail, or give something else, once the migrations under review have run. */
import type { DeploymentOrder, Limit, Query, ReviewedQuery } from '../core/model.ts'
import { latest, queryRef } from '../core/query-model.ts'
import type { QueryStage } from '../replay/query-stage.ts'
import { isServerGone, watchdogOf } from '../replay/stage.ts'
import { deploymentOrder } from './deployment-order.ts'
import type { LimitContext } from './own-limits.ts'
import { Prober, type ProbeOptions } from './prober.ts'
import { effectsOf, type Checked, type CompatibilityResult } from './query-effects.ts'
import { queryShape, type QueryShape } from './query-shape.ts'
import { isAccepted, isRefused, stateKey, type QueryState } from './query-state.ts'
import { followQueries, type Followed, type Point } from './schema-points.ts'

export interface CompatibilityOptions {
  /** Where the application finds names without a schema; absent: where the database's sessions do. */
  readonly searchPath?: readonly string[]
  /** For everything; what is left then is not checked. */
  readonly budgetMs: number
  readonly progress: (message: string) => void
  /** Something of the history could not be replayed: a new query that misses an object may be right. */
  readonly incompleteSchema?: boolean
  /** For one query to be planned on one schema. Milliseconds; absent: 5000. */
  readonly queryTimeoutMs?: number
}

export interface Compatibility {
  /** By ReviewedQuery.id. */
  readonly results: ReadonlyMap<string, CompatibilityResult>
  /** Absent when no code changes, or the migrations did not succeed. */
  readonly deployment?: DeploymentOrder
  readonly limits: readonly Limit[]
}

type States = ReadonlyMap<QueryShape, QueryState>

/**
 * Prepares and plans each query, in both of its versions, on the schemas before and after the migrations, and finds the
 * statements that make a difference. Nothing is executed; nothing that a query is stops the run.
 */
export async function checkCompatibility(
  stage: QueryStage,
  queries: readonly ReviewedQuery[],
  options: CompatibilityOptions,
): Promise<Compatibility> {
  if (queries.length === 0) return { results: new Map(), limits: [] }
  options.progress(
    `Preparing ${queries.length === 1 ? '1 query' : `${queries.length} queries`} on both schemas`,
  )
  const probe: ProbeOptions = {
    signal: stage.signal,
    endsAt: performance.now() + options.budgetMs,
    queryTimeoutMs: options.queryTimeoutMs ?? 5000,
    ...(options.searchPath === undefined ? {} : { searchPath: options.searchPath }),
  }
  const shapes = shapesOf(queries)
  const [before, after] = await bothSchemas(stage, [...shapes.values()], probe)
  const points = after === undefined ? noPoints : await follow(stage, queries, shapes, before, after, probe)
  const checked = new Map(
    [...shapes].map(([sql, shape]): [string, Checked] => [
      sql,
      {
        shape,
        before: before.get(shape) ?? missing,
        after: after === undefined ? undefined : (after.get(shape) ?? missing),
        points: points.get(shape) ?? [],
      },
    ]),
  )
  return conclude(stage, queries, checked, options)
}

const missing = { unchecked: 'It was not checked.' }
const noPoints: ReadonlyMap<QueryShape, readonly Point[]> = new Map()

function versions({ old, new: current }: ReviewedQuery): readonly Query[] {
  return [old, current].filter((query) => query !== undefined)
}

/** Each SQL text once. */
function shapesOf(queries: readonly ReviewedQuery[]): ReadonlyMap<string, QueryShape> {
  const shapes = new Map<string, QueryShape>()
  for (const query of queries.flatMap(versions)) {
    if (!shapes.has(query.sql)) shapes.set(query.sql, queryShape(query))
  }
  return shapes
}

/** Side by side; both have ended when this does. */
async function bothSchemas(
  stage: QueryStage,
  shapes: readonly QueryShape[],
  options: ProbeOptions,
): Promise<readonly [States, States | undefined]> {
  const outcomes = await Promise.allSettled([
    statesOn(stage, stage.before, shapes, options),
    stage.after === undefined ? undefined : statesOn(stage, stage.after, shapes, options),
  ])
  const [before, after] = outcomes
  if (before.status === 'rejected') throw before.reason as Error
  if (after.status === 'rejected') throw after.reason as Error
  return [before.value, after.value]
}

async function statesOn(
  { server }: QueryStage,
  database: string,
  shapes: readonly QueryShape[],
  options: ProbeOptions,
): Promise<States> {
  await using watchdog = await watchdogOf(server)
  await using prober = await Prober.open(server, database, watchdog.client, options)
  return await prober.probe(shapes)
}

/** What works on the old schema, and new code that does not work there yet. */
async function follow(
  stage: QueryStage,
  queries: readonly ReviewedQuery[],
  shapes: ReadonlyMap<string, QueryShape>,
  before: States,
  after: States,
  options: ProbeOptions,
): Promise<ReadonlyMap<QueryShape, readonly Point[]>> {
  const old = new Set(queries.flatMap((one) => (one.old === undefined ? [] : [one.old.sql])))
  const followed = [...shapes].flatMap(([sql, shape]): readonly Followed[] => {
    const [was, is] = [before.get(shape), after.get(shape)]
    if (was === undefined || is === undefined || 'unchecked' in is || 'unchecked' in was) return []
    const wanted = isAccepted(was) ? old.has(sql) : isRefused(was) && isAccepted(is)
    return wanted ? [{ shape, before: was, after: is }] : []
  })
  try {
    return await followQueries(stage, followed, options)
  } catch (error) {
    // no room for a copy, say: the causes stay unknown, and that is said
    if (stage.signal.aborted || !isOfServer(error)) throw error
    return noPoints
  }
}

/** Did Postgres, or the connection to it, answer with an error? Everything else is a bug of ours. */
function isOfServer(error: unknown): boolean {
  return (
    isServerGone(error) ||
    (error instanceof Error && /^[0-9A-Z]{5}$/.test(String((error as { code?: unknown }).code)))
  )
}

function conclude(
  stage: QueryStage,
  queries: readonly ReviewedQuery[],
  checked: ReadonlyMap<string, Checked>,
  { incompleteSchema = false }: CompatibilityOptions,
): Compatibility {
  const context: LimitContext = { incompleteSchema, ownTables: ownTables(queries) }
  const of = (query: Query | undefined): Checked | undefined =>
    query === undefined ? undefined : checked.get(query.sql)
  const results = new Map(
    queries.map((reviewed) => [
      reviewed.id,
      effectsOf(reviewed, of(reviewed.old), of(reviewed.new), context),
    ]),
  )
  const isDone = stage.after !== undefined
  const deployment = isDone && stage.review.length > 0 ? deploymentOrder(queries, results) : undefined
  return {
    results,
    ...(deployment === undefined ? {} : { deployment }),
    limits: [
      ...(isDone ? [] : [notCompared]),
      ...triggerLimits(queries, checked),
      ...causeLimits(queries, checked),
    ],
  }
}

/** Tables that the application creates itself, temporary ones above all. */
function ownTables(queries: readonly ReviewedQuery[]): ReadonlySet<string> {
  const names = queries.flatMap(versions).flatMap(({ tag, node }) => {
    const into = node?.['into'] as { rel?: { relname?: string } } | undefined
    const relation = node?.['relation'] as { relname?: string } | undefined
    const name = tag === 'CreateStmt' ? relation?.relname : into?.rel?.relname
    return name === undefined ? [] : [name]
  })
  return new Set(names)
}

const notCompared: Limit = {
  code: 'queries-not-compared',
  message:
    'Which queries break was not looked at, because the migrations did not all succeed here: there is no schema to try them on.',
}

/** INSERTs that omit a required column which a trigger may fill. */
function triggerLimits(
  queries: readonly ReviewedQuery[],
  checked: ReadonlyMap<string, Checked>,
): readonly Limit[] {
  return queries.flatMap((reviewed): readonly Limit[] => {
    const one = reviewed.old === undefined ? undefined : checked.get(reviewed.old.sql)
    if (one === undefined || !isAccepted(one.before) || !isAccepted(one.after)) return []
    const { unfilled } = one.after
    if (unfilled === undefined || unfilled === one.before.unfilled) return []
    const { span } = latest(reviewed)
    return [
      {
        code: 'insert-trigger-may-fill',
        message: `${queryRef(reviewed).name} gives no value to ${unfilled}, which is required after the migrations; whether its BEFORE INSERT trigger does was not looked at.`,
        ...(span === undefined ? {} : { span }),
      },
    ]
  })
}

/** Something changes for old code, and no statement was found that does it. */
function causeLimits(
  queries: readonly ReviewedQuery[],
  checked: ReadonlyMap<string, Checked>,
): readonly Limit[] {
  const old = new Set(queries.flatMap((one) => one.old?.sql ?? []))
  const unclear = [...checked].filter(
    ([sql, { before, after, points }]) =>
      old.has(sql) &&
      isAccepted(before) &&
      after !== undefined &&
      points.length === 0 &&
      stateKey(before) !== stateKey(after),
  )
  if (unclear.length === 0) return []
  return [
    {
      code: 'query-cause-not-found',
      message: `Which statement of the migrations makes the difference could not be found for ${unclear.length === 1 ? '1 query' : `${unclear.length} queries`}; the finding stands at the last migration.`,
    },
  ]
}
