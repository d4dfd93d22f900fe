/** Tries queries on a schema: prepares and plans them, and never runs one. */
import { escapeIdentifier, escapeLiteral, type Client } from 'pg'
import type { PostgresServer } from '../postgres/provider.ts'
import { ReplaySession } from '../replay/session.ts'
import type { WireCommand, WireResult } from '../replay/wire.ts'
import type { QueryShape } from './query-shape.ts'
import type { QueryState } from './query-state.ts'
import { describeStates } from './describe-states.ts'
import { tryShapes, type Tried } from './trial.ts'

export interface ProbeOptions {
  readonly signal: AbortSignal
  /** Where the application finds names without a schema; absent: where the database's sessions do. */
  readonly searchPath?: readonly string[]
  /** On performance.now(): what is left then stays unchecked. */
  readonly endsAt: number
  /** For one query to be planned. Milliseconds. */
  readonly queryTimeoutMs: number
}

/** A migrator's session on one database: planning runs IMMUTABLE functions of migrations, so never a superuser's. */
export class Prober implements AsyncDisposable {
  private readonly session: ReplaySession
  private readonly options: ProbeOptions
  /** As SHOW prints it. */
  searchPath = ''

  private constructor(session: ReplaySession, options: ProbeOptions) {
    this.session = session
    this.options = options
  }

  /** `watchdog`: an administrator's connection that nothing keeps busy. */
  static async open(
    server: PostgresServer,
    database: string,
    watchdog: Client,
    options: ProbeOptions,
  ): Promise<Prober> {
    const session = await ReplaySession.open(server, database, watchdog, {
      statementTimeoutMs: 3 * options.queryTimeoutMs,
      signal: options.signal,
      scriptsDiscard: true,
      scriptsSetDefaults: true,
    })
    const prober = new Prober(session, options)
    await prober.setUp()
    return prober
  }

  /** A session that has what new sessions have now: migrations may have changed that. */
  async renew(): Promise<void> {
    await this.session.renew()
    await this.setUp()
  }

  /** What the schema makes of each; only those of `plans` are planned, too. */
  async probe(
    shapes: readonly QueryShape[],
    plans: (shape: QueryShape) => boolean = () => true,
  ): Promise<ReadonlyMap<QueryShape, QueryState>> {
    const tried: Tried[] = []
    const states = new Map<QueryShape, QueryState>()
    for (let from = 0; from < shapes.length; from += batchSize) {
      const batch = shapes.slice(from, from + batchSize)
      if (performance.now() > this.options.endsAt) {
        for (const shape of batch) states.set(shape, { unchecked: outOfTime })
        continue
      }
      tried.push(...(await this.tryBatch(batch, plans)))
    }
    const described = await describeStates(tried, (commands) => this.send(commands))
    for (const [shape, state] of described) states.set(shape, state)
    return states
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session[Symbol.asyncDispose]()
  }

  private get tooLong(): string {
    return `Postgres takes longer than ${this.options.queryTimeoutMs / 1000} s to plan it, so it was stopped.`
  }

  private async setUp(): Promise<void> {
    const path = this.options.searchPath?.map((name) => escapeIdentifier(name)).join(', ')
    const results = await this.session.run(
      [...setUpCommands(path, this.options.queryTimeoutMs), { sql: 'show search_path' }],
      true,
    )
    this.searchPath = results.at(-1)?.rows[0]?.[0] ?? ''
  }

  /** All together; those that the end of our patience hit by chance once more alone. */
  private async tryBatch(
    batch: readonly QueryShape[],
    plans: (shape: QueryShape) => boolean,
  ): Promise<readonly Tried[]> {
    const first = await tryShapes(batch, (commands) => this.send(commands), 'all', plans)
    const results: Tried[] = []
    for (const one of first) {
      if (!wasStopped(one)) {
        const isLate = one.error?.code === '57014'
        results.push(isLate ? { shape: one.shape, unchecked: this.tooLong } : one)
        continue
      }
      if (performance.now() > this.options.endsAt) {
        results.push({ shape: one.shape, unchecked: outOfTime })
        continue
      }
      const [again = one] = await tryShapes([one.shape], (commands) => this.send(commands), 'all', plans)
      results.push(
        wasStopped(again) || again.error?.code === '57014'
          ? { shape: one.shape, unchecked: this.tooLong }
          : again,
      )
    }
    return results
  }

  private async send(commands: readonly WireCommand[]): Promise<readonly WireResult[]> {
    if (this.session.wire.isLost) await this.renew()
    return this.session.run(commands, 'each')
  }
}

/** What a session of ours needs; `local`: until the transaction ends. */
export function setUpCommands(
  searchPath: string | undefined,
  queryTimeoutMs: number,
  local: boolean = false,
): readonly WireCommand[] {
  const scope = local ? 'set local' : 'set'
  const settings = [
    `${scope} plan_cache_mode = force_generic_plan`,
    `${scope} statement_timeout = ${queryTimeoutMs}`,
    // a function that the planner evaluates must not change the database
    ...(local ? [] : ['set default_transaction_read_only = on']),
    ...(searchPath === undefined
      ? []
      : [`select pg_catalog.set_config('search_path', ${escapeLiteral(searchPath)}, ${local})`]),
  ]
  return settings.map((sql) => ({ sql }))
}

const outOfTime = 'The time for checking queries was over before it was its turn.'

const batchSize = 100

/** Did it not get an answer because of us, or because of another query of the batch? */
function wasStopped({ error, description, shape }: Tried): boolean {
  if (shape.probe === undefined) return false
  if (error === undefined) return description === undefined
  if (error.code === '57014') return !/statement timeout/.test(error.message)
  return stopCodes.has(error.code)
}

/** The connection is gone: terminated by our watchdog, or with the server. */
const stopCodes: ReadonlySet<string> = new Set(['57P01', '08006', '08003'])
