/** What the schema makes of queries on the way through the migrations, statement by statement. */
import type { StatementRef } from '../core/model.ts'
import { walk } from '../sql/ast.ts'
import type { QueryStage } from '../replay/query-stage.ts'
import { watchdogOf } from '../replay/stage.ts'
import { probeInside } from './probe-inside.ts'
import { Prober, type ProbeOptions } from './prober.ts'
import type { QueryShape } from './query-shape.ts'
import { isRefused, stateKey, type QueryState } from './query-state.ts'
import { reviewedTransactions, walkReview, type PlacedStatement } from '../replay/walk-review.ts'

/** The state of a query from a statement on. */
export interface Point {
  /** Absent: it is one of several statements, and could not be told which. */
  readonly ref?: StatementRef
  readonly state: QueryState
  /** Others see it: its transaction ends there. */
  readonly committed: boolean
}

/** A query that is followed. */
export interface Followed {
  readonly shape: QueryShape
  readonly before: QueryState
  readonly after: QueryState
}

/**
 * Where the state of each changes, in order; empty where it never does. Queries that are the same in the end are looked at
 * after every commit, too: they may fail in between.
 */
export async function followQueries(
  stage: QueryStage,
  followed: readonly Followed[],
  options: ProbeOptions,
): Promise<ReadonlyMap<QueryShape, readonly Point[]>> {
  const groups = reviewedTransactions(stage.review).filter((group) => candidates(group).length > 0)
  if (groups.length === 0 || followed.length === 0) return new Map()
  const commits =
    groups.length === 1 ? onlyCommit(groups, followed) : await afterCommits(stage, followed, options)
  const inside = await insideTransactions(stage, commits, options)
  return new Map(followed.map(({ shape }) => [shape, pointsOf(shape, commits, inside)]))
}

const nothing: QueryState = { unchecked: '' }

/** A transaction, and the states of queries that it changes. */
interface Commit {
  readonly statements: readonly PlacedStatement[]
  readonly changed: ReadonlyMap<QueryShape, QueryState>
}

function onlyCommit(
  [statements = []]: readonly (readonly PlacedStatement[])[],
  followed: readonly Followed[],
): readonly Commit[] {
  return [{ statements, changed: new Map(changedIn(followed).map(({ shape, after }) => [shape, after])) }]
}

/** Is the difference one that preparing alone does not show? */
function mustPlan(shape: QueryShape, after: QueryState): boolean {
  return shape.needsPlanning || (isRefused(after) && after.refusal.sqlstate === '42501')
}

function changedIn(followed: readonly Followed[]): readonly Followed[] {
  return followed.filter(({ before, after }) => stateKey(before) !== stateKey(after))
}

async function afterCommits(
  stage: QueryStage,
  followed: readonly Followed[],
  options: ProbeOptions,
): Promise<readonly Commit[]> {
  const database = await stage.copyBefore()
  const commits: Commit[] = []
  const shapes = followed.map(({ shape }) => shape)
  const differs = new Map(changedIn(followed).map(({ shape, after }) => [shape, mustPlan(shape, after)]))
  const last = new Map(followed.map(({ shape, before }) => [shape, stateKey(before)]))
  try {
    await using watchdog = await watchdogOf(stage.server)
    await using prober = await Prober.open(stage.server, database, watchdog.client, options)
    await walkReview(stage, database, {
      inside: () => Promise.resolve(),
      async committed(statements) {
        if (candidates(statements).length === 0) return true
        if (stage.sessionOptions.scriptsSetDefaults) await prober.renew()
        const states = await prober.probe(shapes, (shape) => differs.get(shape) ?? shape.needsPlanning)
        const changed = new Map([...states].filter(([shape, state]) => hasChanged(shape, state, last)))
        for (const [shape, state] of changed) last.set(shape, stateKey(state))
        commits.push({ statements, changed })
        return true
      },
    })
  } finally {
    await stage.server.dropDatabase(database)
  }
  return commits
}

function hasChanged(shape: QueryShape, state: QueryState, last: ReadonlyMap<QueryShape, string>): boolean {
  return !('unchecked' in state) && stateKey(state) !== last.get(shape)
}

type InsidePoints = ReadonlyMap<Commit, ReadonlyMap<QueryShape, readonly Point[]>>

/** Goes once more through the transactions of which one statement or another may have changed a query. */
async function insideTransactions(
  stage: QueryStage,
  commits: readonly Commit[],
  options: ProbeOptions,
): Promise<InsidePoints> {
  const unclear = commits.filter(
    ({ statements, changed }) => changed.size > 0 && candidates(statements).length > 1,
  )
  const found = new Map<Commit, Map<QueryShape, Point[]>>()
  if (unclear.length === 0) return found
  const database = await stage.copyBefore()
  try {
    const searchPath = await pathOf(stage, database, options)
    let left = unclear.length
    await walkReview(stage, database, {
      async inside(session, placed) {
        const commit = unclear.find(({ statements }) => statements.some((one) => isSame(one, placed)))
        if (commit === undefined || isInert(placed) || performance.now() > options.endsAt) return
        const shapes = [...commit.changed.keys()]
        const states = await probeInside(session, shapes, {
          searchPath,
          queryTimeoutMs: options.queryTimeoutMs,
          plans: (shape) => mustPlan(shape, commit.changed.get(shape) ?? nothing),
        })
        const points = found.get(commit) ?? new Map<QueryShape, Point[]>()
        found.set(commit, points)
        for (const [shape, asked] of states) {
          const state = withNewValues(asked, commit.changed.get(shape))
          if ('unchecked' in state) continue
          points.set(shape, [...(points.get(shape) ?? []), { ref: placed.ref, state, committed: false }])
        }
      },
      committed(statements) {
        if (
          unclear.some((commit) =>
            commit.statements.some((one) => statements.some((other) => isSame(one, other))),
          )
        )
          left -= 1
        return Promise.resolve(left > 0)
      },
    })
  } finally {
    await stage.server.dropDatabase(database)
  }
  return found
}

/** Before its commit a new value of an enum is known but must not be used (55P04). */
function withNewValues(state: QueryState, committed: QueryState | undefined): QueryState {
  return committed !== undefined && isRefused(state) && state.refusal.sqlstate === '55P04' ? committed : state
}

async function pathOf(stage: QueryStage, database: string, options: ProbeOptions): Promise<string> {
  await using watchdog = await watchdogOf(stage.server)
  await using prober = await Prober.open(stage.server, database, watchdog.client, options)
  return prober.searchPath
}

function isSame({ ref: one }: PlacedStatement, { ref: other }: PlacedStatement): boolean {
  return one.file === other.file && one.span.start.offset === other.span.start.offset
}

function pointsOf(shape: QueryShape, commits: readonly Commit[], inside: InsidePoints): readonly Point[] {
  return commits.flatMap((commit): readonly Point[] => {
    const state = commit.changed.get(shape)
    if (state === undefined) return []
    const steps = inside.get(commit)?.get(shape)
    if (steps !== undefined)
      return steps.map((step, index) =>
        index < steps.length - 1 ? step : { ...step, state, committed: true },
      )
    const [first, ...others] = candidates(commit.statements)
    return [
      { state, committed: true, ...(first === undefined || others.length > 0 ? {} : { ref: first.ref }) },
    ]
  })
}

/** Statements that may change what queries meet. */
function candidates(statements: readonly PlacedStatement[]): readonly PlacedStatement[] {
  return statements.filter((placed) => !isInert(placed))
}

function isInert({ statement: { tag, node } }: PlacedStatement): boolean {
  if (tag === 'IndexStmt') return node?.['unique'] !== true
  if (!dataTags.has(tag)) return inertTags.has(tag)
  // a function may do anything
  let calls = false
  walk(node, (inner) => {
    calls ||= inner === 'FuncCall'
    return !calls
  })
  return !calls
}

const dataTags: ReadonlySet<string> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
])

const inertTags: ReadonlySet<string> = new Set([
  'TransactionStmt',
  'VariableSetStmt',
  'VariableShowStmt',
  'CommentStmt',
  'LockStmt',
  'VacuumStmt',
  'ReindexStmt',
  'ClusterStmt',
  'CopyStmt',
  'NotifyStmt',
  'CheckPointStmt',
  'ConstraintsSetStmt',
  'TruncateStmt',
  'RefreshMatViewStmt',
  'CreateStatsStmt',
])
