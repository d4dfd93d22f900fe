import { setImmediate } from 'node:timers/promises'
import type { Limit, Query, QueryLock, ReviewedQuery } from '../core/model.ts'
import { queryState } from '../core/query-model.ts'
import { formatMs } from '../core/quantities.ts'
import type { QueryStage } from '../replay/query-stage.ts'
import { connected } from '../replay/stage.ts'
import { deriveLocks, type DerivedLocks } from './derive-locks.ts'
import { ExplainSession, type ExplainedLocks } from './explain-locks.ts'
import type { TakenLock } from './footprint.ts'
import { LockCatalog } from './lock-catalog.ts'
import { LocksOverTime, visitSchemas } from './schema-steps.ts'

export interface CollectOptions {
  /** Of the application's sessions, as `SET search_path` takes it; default: the migrator's. */
  readonly searchPath?: string
  /** For all queries together; what is not planned by then is derived from the catalogue alone. */
  readonly budgetMs: number
  readonly progress: (message: string) => void
}

export interface CollectedLocks {
  /** By {@link ReviewedQuery.id}; queries that fail on the old schema have none. */
  readonly locks: ReadonlyMap<string, readonly QueryLock[]>
  /** By the same id: why there are no locks, or may be more. */
  readonly unknown: ReadonlyMap<string, string>
  readonly limits: readonly Limit[]
}

/**
 * The relation locks that each query takes on the schema before the migrations: planned once, for any parameters, and
 * completed with what only execution locks (foreign keys, triggers, functions, sequences, partitions). Locks are those
 * that some values of the parameters make it take. The old version counts, as it runs during the deployment; of a new
 * query the new one.
 */
export async function collectLocks(
  stage: QueryStage,
  queries: readonly ReviewedQuery[],
  options: CollectOptions,
): Promise<CollectedLocks> {
  const endsAt = performance.now() + options.budgetMs
  options.progress(
    `Collecting the locks of ${queries.length === 1 ? '1 query' : `${queries.length} queries`}`,
  )
  const catalog = await readCatalog(stage)
  const collection = await planAll(stage, catalog, queries, { ...options, endsAt })
  await followSchemas(stage, collection, endsAt)
  return collection.end()
}

/** The session ends with it: copies can only be made of a database without sessions. */
async function planAll(
  stage: QueryStage,
  catalog: LockCatalog,
  queries: readonly ReviewedQuery[],
  { searchPath, endsAt }: CollectOptions & { readonly endsAt: number },
): Promise<Collection> {
  await using session = new ExplainSession(stage.server, stage.before, searchPath)
  const collection = new Collection(catalog, await session.path())
  for (const [index, reviewed] of queries.entries()) {
    // deriving does not wait for anything: let an interruption through
    if (index % 100 === 99) await setImmediate()
    stage.signal.throwIfAborted()
    const query = reviewed.old ?? reviewed.new
    if (query === undefined) continue
    if (performance.now() > endsAt + derivingMs) collection.skip(query)
    else collection.add(reviewed, query, await planOne(session, query, endsAt, stage.signal))
  }
  return collection
}

function planOne(
  session: ExplainSession,
  query: Query,
  endsAt: number,
  signal: AbortSignal,
): Promise<ExplainedLocks | 'no time' | undefined> {
  if (!isExplained(query)) return Promise.resolve(undefined)
  const remainingMs = Math.min(planningMs, endsAt - performance.now())
  return remainingMs < leastMs ? Promise.resolve('no time') : session.explain(query, remainingMs, signal)
}

/** Foreign keys, triggers and partitions that the run makes or removes change what queries lock from then on. */
async function followSchemas(stage: QueryStage, collection: Collection, endsAt: number): Promise<void> {
  await visitSchemas(stage, (schema, transaction) => {
    stage.signal.throwIfAborted()
    if (performance.now() < endsAt) return collection.seeSchema(schema, transaction)
    collection.skipSchemas()
    return false
  })
}

/** What planning a query may take; a function that planning runs may never end. */
const planningMs = 5000

/** What deriving locks from the catalogue may take beyond the time for planning. */
const derivingMs = 20_000

/** With less time left nothing is planned any more. */
const leastMs = 20

async function readCatalog({ server, before }: QueryStage): Promise<LockCatalog> {
  await using admin = await connected(server, before)
  return await LockCatalog.read(admin.client, server.major)
}

const explainedTags: ReadonlySet<string> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
])

/** Only these can be prepared; what our parser does not know may be one of them. */
function isExplained({ tag, node }: Query): boolean {
  return node === undefined || explainedTags.has(tag)
}

/** What is found out about one query after the other. */
class Collection {
  private readonly catalog: LockCatalog
  private readonly path: readonly string[]
  private readonly collected = new Map<
    string,
    { readonly query: Query; readonly locks: readonly TakenLock[] }
  >()
  /** Once the run has changed what queries lock. */
  private overTime: ReadonlyMap<string, LocksOverTime> | undefined
  private readonly unknown = new Map<string, string>()
  private readonly limits: Limit[] = []
  /** Queries by what cannot be followed. */
  private readonly reasons = new Map<string, string[]>()
  private readonly unplanned: string[] = []

  constructor(catalog: LockCatalog, path: readonly string[]) {
    this.catalog = catalog
    this.path = path
  }

  add(reviewed: ReviewedQuery, query: Query, explained: ExplainedLocks | 'no time' | undefined): void {
    const { id } = reviewed
    if (explained === 'no time') this.unplanned.push(query.name)
    else if (explained !== undefined && 'late' in explained) {
      this.addUnplanned(id, query, `planning it took longer than ${formatMs(explained.late)}`)
    } else if (explained !== undefined && 'refused' in explained && !isUndecided(explained)) {
      // one that did not change was taken before, else nobody would ask for its locks; its functions may know who asks
      if (isWorking(reviewed))
        this.addUnplanned(id, query, `planning it failed (${explained.refused.slice(0, 200)})`)
      else {
        this.unknown.set(id, `it cannot be planned on the schema before the migrations: ${explained.refused}`)
        return
      }
    }
    const measured =
      explained !== undefined && explained !== 'no time' && 'locks' in explained ? explained.locks : []
    const derived = this.derive(this.catalog, query, measured)
    this.collected.set(id, { query, locks: derived.locks })
    const [reason] = derived.unknown
    if (reason === undefined) return
    if (!this.unknown.has(id)) this.unknown.set(id, `it may take more locks than are known: ${reason}`)
    for (const one of derived.unknown) this.reasons.set(one, [...(this.reasons.get(one) ?? []), query.name])
  }

  /** For want of time. */
  skip({ name }: Query): void {
    this.unplanned.push(name)
  }

  /** Always true: the next one, please. */
  seeSchema(schema: LockCatalog, transaction: number): boolean {
    this.overTime ??= new Map(
      [...this.collected].map(([id, { query, locks }]) => {
        const { locks: derived } = this.derive(this.catalog, query, [])
        return [id, new LocksOverTime(locks, derived)] as const
      }),
    )
    for (const [id, { query }] of this.collected) {
      this.overTime.get(id)?.see(this.derive(schema, query, []).locks, transaction, this.catalog)
    }
    return true
  }

  skipSchemas(): void {
    this.limits.push({
      code: 'query-locks-unknown',
      message: 'What queries lock between the migrations was not looked at: there was no time left.',
    })
  }

  private derive(catalog: LockCatalog, { tag, node, sql }: Query, measured: DerivedMeasured): DerivedLocks {
    const statement = node === undefined ? undefined : { tag, value: node }
    return deriveLocks(catalog, statement, { path: this.path, sql, measured })
  }

  private addUnplanned(id: string, { name, span }: Query, why: string): void {
    this.unknown.set(id, `it may take more locks than are known: ${why}`)
    this.limits.push({
      code: 'query-locks-unknown',
      message: `The locks of ${name} are derived from the catalogue only: ${why} on the throwaway server.`,
      ...(span === undefined ? {} : { span }),
    })
  }

  end(): CollectedLocks {
    for (const [reason, names] of this.reasons) {
      this.limits.push({
        code: 'query-locks-unknown',
        message: `${listNames(names)} may wait for more locks than are known: ${reason}.`,
      })
    }
    if (this.unplanned.length > 0) {
      this.limits.push({
        code: 'query-locks-unknown',
        message: `The locks of ${listNames(this.unplanned)} are derived from the catalogue only: there was no time left to plan them.`,
      })
    }
    const locks = [...this.collected].map(([id, one]) => {
      const known = this.overTime?.get(id) ?? new LocksOverTime(one.locks, [])
      return [id, known.locks()] as const
    })
    return { locks: new Map(locks), unknown: this.unknown, limits: this.limits }
  }
}

type DerivedMeasured = Parameters<typeof deriveLocks>[2]['measured']

function isWorking(reviewed: ReviewedQuery): boolean {
  return queryState(reviewed) === 'unchanged' || queryState(reviewed) === 'removed'
}

/** The types of its parameters are for the application's driver to say (indeterminate_datatype). */
function isUndecided(explained: ExplainedLocks): boolean {
  return 'sqlstate' in explained && explained.sqlstate === '42P18'
}

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ')
  return names.length <= 3 ? shown : `${shown} and ${names.length - 3} more queries`
}
