/**
 * The application's SQL: where it stands, and what the migrations do to it. Plain, read-only data that survives JSON.
 */
import type { Duration, Range } from './cost-model.ts'
import type { LockMode, Relation } from './effect-model.ts'
import type { QueryCatalog } from './query-catalog.ts'
import type { Span } from './span.ts'

/** How a query is written down. */
export type QueryStyle =
  | 'sqlc'
  | 'PgTyped'
  | 'named SQL'
  | 'plain SQL'
  | 'tagged template'
  | 'pg_stat_statements'

export interface QueryParameter {
  /** From 1: it is `$1` in the SQL. */
  readonly number: number
  readonly name?: string
  /** The application expands it to as many values as it has (sqlc.slice, `IN :ids`); one of them stands in the SQL. */
  readonly isList?: boolean
}

/** An accepted finding: `-- pgrehearse-allow <rule>[ until <date>]: <reason>` above the query. */
export interface QueryAllow {
  readonly ruleId: string
  readonly reason: string
  readonly until?: string
  readonly span: Span
}

/** One statement of the application. */
export interface Query {
  /** As its file names it; else `<file>:<line>`, and for pg_stat_statements the beginning of the SQL. */
  readonly name: string
  readonly style: QueryStyle
  /** Of the SQL in its file; absent for what only pg_stat_statements knows. */
  readonly span?: Span
  /** The lines of the file that hold it, from `span.start.line`, for code frames. */
  readonly text: string
  /** As Postgres gets it: parameters are `$1`, `$2`, … */
  readonly sql: string
  readonly parameters: readonly QueryParameter[]
  /** Tag of the parse tree (`SelectStmt`). */
  readonly tag: string
  /** The tree below the tag, of `sql`. */
  readonly node: Readonly<Record<string, unknown>> | undefined
  /** What the caller takes of the result, where the file says (sqlc `:one`, aiosql `^`). */
  readonly expects?: 'one row' | 'rows' | 'count' | 'nothing'
  /** How often production runs it, where pg_stat_statements knows. */
  readonly rate?: QueryRate
  readonly allows?: readonly QueryAllow[]
}

export interface QueryRate {
  readonly callsPerSecond: number
  /** Milliseconds per call. */
  readonly meanMs: number
  /** Rows that a call gives or changes. */
  readonly rowsPerCall?: number
}

/**
 * One query in the code that production runs (`old`, the base revision) and in the code under review (`new`). Both
 * are the same object when nothing changed. Statements of production that no file has are old and new.
 */
export interface ReviewedQuery {
  /** Stable while lines move: `<file>#<name>`, or `statement#<hash>`. Unique in a run. */
  readonly id: string
  readonly old?: Query
  readonly new?: Query
}

export type QueryState = 'unchanged' | 'changed' | 'new' | 'removed'

/** Is it under review itself? Only what is new or changed can have findings on its own line. */
export function queryState({ old, new: current }: ReviewedQuery): QueryState {
  if (old === undefined) return 'new'
  if (current === undefined) return 'removed'
  return old.sql === current.sql ? 'unchanged' : 'changed'
}

/** Does the merge request change code at all? */
export function changesCode(queries: readonly ReviewedQuery[]): boolean {
  return queries.some((reviewed) => queryState(reviewed) !== 'unchanged')
}

/** The newest version that there is. */
export function latest(reviewed: ReviewedQuery): Query {
  const query = reviewed.new ?? reviewed.old
  if (query === undefined) throw new Error(`The query ${reviewed.id} is in neither revision.`)
  return query
}

/** A statement of a migration under review. */
export interface StatementRef {
  readonly file: string
  /** Position within its migration, from 0. */
  readonly index: number
  readonly span: Span
}

/** A column of a query's result. */
export interface ResultColumn {
  readonly name: string
  /** As format_type() prints it. */
  readonly type: string
  /** For a column that comes straight from a table: may it be NULL? Absent: not known. */
  readonly nullable?: boolean
  /** `schema.table.column`, for a column that comes straight from a table. */
  readonly from?: string
}

/** Why Postgres refuses a query. */
export type BreakReason =
  | 'missing relation'
  | 'missing column'
  | 'missing function'
  | 'missing type'
  | 'type mismatch'
  | 'ambiguous name'
  | 'required column omitted'
  | 'conflict target lost'
  | 'permission'
  | 'other'

/** The query fails on a schema, though it does not on the one that it was written for. */
export interface BreakEffect {
  readonly kind: 'break'
  /**
   * `old code on new schema`: what every deployment goes through. `new code on old schema`: code that is out before
   * the migrations, or a schema that is rolled back. `new code on new schema`: it never works.
   */
  readonly when: 'old code on new schema' | 'new code on old schema' | 'new code on new schema'
  readonly reason: BreakReason
  readonly sqlstate: string
  readonly message: string
  readonly hint?: string
  /** What it stumbles over: `public.orders.status`, where that is known. */
  readonly object?: string
  /** The statement of the migrations from which on it fails; for new code on the old schema: that makes it work. */
  readonly cause?: StatementRef
  /** It works again once this one has committed: it fails between two migrations only. */
  readonly until?: StatementRef
  /** `measured`: Postgres refused it. `derived`: from the catalogue (an omitted column fails when it is executed). */
  readonly evidence: 'measured' | 'derived'
}

export type ResultChange =
  | { readonly type: 'column added' | 'column removed'; readonly column: string; readonly columnType: string }
  | { readonly type: 'column renamed'; readonly column: string; readonly to: string }
  | { readonly type: 'type changed'; readonly column: string; readonly from: string; readonly to: string }
  | { readonly type: 'nullable now' | 'never null now'; readonly column: string }
  | { readonly type: 'order changed'; readonly columns: readonly string[] }

/** Old code gets another result on the new schema. */
export interface ResultChangeEffect {
  readonly kind: 'result change'
  readonly changes: readonly ResultChange[]
  /** Through `SELECT *` or `RETURNING *`: nobody wrote these columns down. */
  readonly star: boolean
  readonly cause?: StatementRef
}

/**
 * A prepared statement that a session keeps fails once with `cached plan must not change result type` (0A000,
 * RevalidateCachedQuery() in plancache.c).
 */
export interface CachedPlanEffect {
  readonly kind: 'cached plan'
  readonly cause?: StatementRef
}

/** A relation lock that a query takes. */
export interface QueryLock {
  readonly relation: Pick<Relation, 'schema' | 'name' | 'kind'>
  readonly mode: LockMode
  /** `itself`: Postgres takes it for the query. Else derived from the catalogue: who makes it take the lock. */
  readonly through:
    | 'itself'
    | 'foreign key'
    | 'trigger'
    | 'function'
    | 'rule'
    | 'policy'
    | 'sequence'
    | 'partition'
  /** Name of that constraint, trigger, …; of a partition: `schema.name` of the table that it is part of. */
  readonly name?: string
  /**
   * The run changes what leads to the lock: the query takes it in statements of later transactions only (after), or
   * of this one and earlier ones (upTo). Numbers are those of Statement.transaction; absent: always.
   */
  readonly transactions?: { readonly after?: number; readonly upTo?: number }
}

/** The query waits for a lock that a migration holds or requests. */
export interface QueryWaitEffect {
  readonly kind: 'wait'
  /** What the query wants. */
  readonly lock: QueryLock
  /** What the migration has, or waits for. */
  readonly held: LockMode
  readonly cause: StatementRef
  /** From the statement to its commit, at production size; absent: not known. */
  readonly ms?: Duration
}

/** What the planner made of a query. */
export interface PlanSummary {
  /** Total cost of the top node. */
  readonly cost: number
  /** Rows that it expects. */
  readonly rows: number
  /** EXPLAIN (COSTS on) as text, at most some dozens of lines. */
  readonly text: string
  /** How each relation is read, and what is sorted or hashed: one line each, sorted; equal lists mean equal shapes. */
  readonly shape: readonly string[]
}

export type PlanChange =
  | { readonly type: 'new sequential scan'; readonly table: string; readonly rows: number }
  | { readonly type: 'lost index'; readonly table: string; readonly index: string }
  | { readonly type: 'new sort' | 'sort spills' | 'hash spills'; readonly rows: number }
  | { readonly type: 'cost'; readonly ratio: number }

/** What plans rest on. */
export type PlanStatistics = 'with value statistics' | 'without value statistics' | 'sizes only'

/** The plan of the query is worse on the new schema, at production's sizes. */
export interface PlanChangeEffect {
  readonly kind: 'plan change'
  readonly before: PlanSummary
  readonly after: PlanSummary
  /** Worst first. */
  readonly changes: readonly PlanChange[]
  readonly cause?: StatementRef
  readonly statistics: PlanStatistics
  /** Values of the parameters that it was planned with: `any values (generic plan)` or `status = 'pending'`. */
  readonly parameters: string
}

/** A new or changed query reads a table from end to end, on the new schema. */
export interface TableReadEffect {
  readonly kind: 'table read'
  /** `schema.table` */
  readonly table: string
  /** Of the table, in production. */
  readonly tableRows: number
  /** Rows that the query wants of it. */
  readonly rows: number
  readonly plan: PlanSummary
  readonly statistics: PlanStatistics
  readonly parameters: string
  /** Tried out: created and planned for real. Absent: no index makes it better. */
  readonly advice?: IndexAdvice
}

/** An index that would serve a query. */
export interface IndexAdvice {
  /** `schema.table` */
  readonly table: string
  readonly columns: readonly string[]
  /** CREATE INDEX CONCURRENTLY … */
  readonly sql: string
  readonly costBefore: number
  readonly costAfter: number
  /** Estimated. */
  readonly bytes: number
  /** To build it, at production size; absent where it cannot be told. */
  readonly buildMs?: Range
  readonly after: PlanSummary
}

/** What the migrations, and the catalogue and sizes of production, mean for one query. */
export type QueryEffect =
  | BreakEffect
  | ResultChangeEffect
  | CachedPlanEffect
  | QueryWaitEffect
  | PlanChangeEffect
  | TableReadEffect

/** Enough of a query to name it and to find it. */
export interface QueryRef {
  readonly id: string
  readonly name: string
  readonly style: QueryStyle
  readonly file?: string
  readonly line?: number
  readonly callsPerSecond?: number
}

/** A query under a finding of a migration. */
export interface AffectedQuery extends QueryRef {
  readonly what: 'fails' | 'waits' | 'slower' | 'other result' | 'fails once' | 'uses it'
  /** e.g. `42703: column "status" does not exist`, `writes to orders through the foreign key order_items_order_id_fkey`. */
  readonly detail?: string
}

/** Which queries use an index that the migrations create or drop, by their plans at production's sizes. */
export interface IndexUse {
  readonly change: 'created' | 'dropped'
  /** `schema.index` */
  readonly index: string
  /** `schema.table` */
  readonly table: string
  /** Enforces a constraint or is unique: it has a use without any query. */
  readonly enforces: boolean
  readonly statement: StatementRef
  readonly usedBy: readonly QueryRef[]
  /**
   * Names of the table's foreign keys whose look-ups use it, when a referenced row is deleted or its key changes. Of a
   * dropped index: those that read the whole table from then on.
   */
  readonly foreignKeys?: readonly string[]
  /** How many of the known queries read or write the table. */
  readonly tableQueries?: number
  /** Without value statistics: queries that do not use it here, though they compare or sort by its first column. */
  readonly mayUse?: readonly QueryRef[]
}

/** Everything found out about one query. */
export interface QueryResult {
  readonly reviewed: ReviewedQuery
  readonly effects: readonly QueryEffect[]
  /** The locks that the old version takes (the new one where there is no old); empty where they are not known. */
  readonly locks: readonly QueryLock[]
  /** Why it could not be checked: it fails on the schema that it was written for, or cannot be understood. */
  readonly notCheckable?: string
  /** On the new schema; absent where nothing was planned. */
  readonly plan?: PlanSummary
}

/** Everything found out about the application's queries. */
export interface QueriesOutcome {
  readonly results: readonly QueryResult[]
  /** The new schema, with production's sizes. */
  readonly catalog: QueryCatalog
  readonly indexes: readonly IndexUse[]
  /** Undefined: nothing was planned. */
  readonly statistics: PlanStatistics | undefined
  /** Why the queries were not tried on the schema before and after the migrations: where no effect is known, none is ruled out. */
  readonly untried?: string
}

/** The reference to a query that findings and reports carry. */
export function queryRef(reviewed: ReviewedQuery): QueryRef {
  const { name, style, span, rate } = latest(reviewed)
  return {
    id: reviewed.id,
    name,
    style,
    ...(span === undefined ? {} : { file: span.file, line: span.start.line }),
    ...(rate === undefined ? {} : { callsPerSecond: rate.callsPerSecond }),
  }
}

/** What a report says about one query, worst first. */
export type QueryVerdict = 'broken' | 'other result' | 'slower' | 'blocked' | 'unaffected' | 'not checkable'

export interface ReportQuery extends QueryRef {
  readonly state: QueryState
  readonly verdict: QueryVerdict
  readonly span?: Span
  readonly text: string
  readonly effects: readonly QueryEffect[]
  readonly notCheckable?: string
}

/** In which order migrations and code can go out. */
export interface DeploymentOrder {
  readonly order: 'any' | 'migrations first' | 'code first' | 'none'
  /** Queries that forbid the other orders, worst first. */
  readonly because: readonly AffectedQuery[]
}

/** The section "Your queries". */
export interface ReportQueries {
  /** Worst first; without statements of files that are unaffected when there are more than some thousands. */
  readonly list: readonly ReportQuery[]
  readonly counts: Readonly<Record<QueryVerdict, number>> & { readonly checked: number }
  /** Absent when no code changes, or nothing could be checked. */
  readonly deployment?: DeploymentOrder
  /** Absent: plans were not compared; see notChecked. */
  readonly statistics?: PlanStatistics
}
