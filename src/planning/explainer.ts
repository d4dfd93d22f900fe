import { escapeIdentifier, type Client } from 'pg'
import type { Query } from '../core/query-model.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { inTime, runOne } from './in-time.ts'
import { planShape, type IndexNames } from './plan-shape.ts'
import { planText } from './plan-text.ts'
import { plannedText } from './parameters.ts'
import type { ParameterChoice, Plan, PlanError, PlanNode } from './plan.ts'

export interface ExplainerOptions {
  readonly settings: readonly (readonly [name: string, value: string])[]
  readonly searchPath?: readonly string[]
  readonly signal: AbortSignal
  /** On performance.now(). */
  readonly endsAt: number
  /** What the server does not take as a setting: its name. */
  readonly refused: (setting: string) => void
  readonly indexes: IndexNames
}

/** A statement that takes longer to plan is left out. */
const statementMs = 2000

/** What EXPLAIN takes and an application sends. */
const explainable: ReadonlySet<string> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
])

/**
 * A session of the migrator that plans and never executes. Planning runs functions of migrations (constants are
 * folded, statistics are compared), so each statement has its time, after which the session is ended; the next one
 * begins another.
 */
export class Explainer implements AsyncDisposable {
  readonly #server: PostgresServer
  readonly #database: string
  readonly #options: ExplainerOptions
  #client: Client | undefined
  /** One at a time: a session answers in order, and a deadline is that of one statement. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(server: PostgresServer, database: string, options: ExplainerOptions) {
    this.#server = server
    this.#database = database
    this.#options = options
  }

  /** Never throws for what Postgres refuses. */
  explain(query: Query, parameters?: ParameterChoice): Promise<Plan | PlanError> {
    const answer = this.#last.then(() => this.#explain(query, parameters))
    this.#last = answer.catch(() => undefined)
    return answer
  }

  async #explain(query: Query, parameters: ParameterChoice | undefined): Promise<Plan | PlanError> {
    this.#options.signal.throwIfAborted()
    if (!explainable.has(query.tag)) return { error: 'it is nothing that EXPLAIN takes' }
    if (performance.now() >= this.#options.endsAt) return { error: 'the time for planning was over' }
    try {
      const client = (this.#client ??= await this.#connect())
      const text = plannedText(query, parameters?.literals)
      const { endsAt, signal } = this.#options
      const ms = Math.min(statementMs, endsAt - performance.now())
      const root = await inTime(this.#server, client, { ms, signal }, () =>
        this.#plan(client, text.sql, text.parameters.length, query.node !== undefined),
      )
      return root === undefined ? { error: 'EXPLAIN gave no plan' } : this.#planOf(root)
    } catch (error) {
      this.#options.signal.throwIfAborted()
      const { message, code } = error as { message?: string; code?: string }
      if (code === undefined || /^(?:57P|08)/.test(code)) await this.#forget()
      return { error: message ?? String(error), ...(code === undefined ? {} : { sqlstate: code }) }
    }
  }

  #planOf(root: PlanNode): Plan {
    return {
      root,
      summary: {
        cost: root['Total Cost'],
        rows: root['Plan Rows'],
        text: planText(root),
        shape: planShape(root, this.#options.indexes),
      },
    }
  }

  async #plan(
    client: Client,
    sql: string,
    parameters: number,
    isOneStatement: boolean,
  ): Promise<PlanNode | undefined> {
    if (parameters === 0) return explained(client, `explain (verbose, format json) ${sql}`)
    // the extended protocol takes one statement only, but wants values for parameters; without
    // standard_conforming_strings a backslash may make several of what is one for our parser
    if (this.#server.major >= 16 && isOneStatement && !sql.includes('\\')) {
      const text = `explain (verbose, generic_plan, format json) ${sql}`
      return rolledBack(client, async () => planIn((await client.query<ExplainRow>(text)).rows))
    }
    // a function that planning calls may have prepared what has this name
    await client.query('deallocate all')
    await runOne(client, `prepare pgrehearse_query as ${sql}`)
    const nulls = Array.from({ length: parameters }, () => 'null').join(', ')
    return explained(client, `explain (verbose, format json) execute pgrehearse_query(${nulls})`)
  }

  async #connect(): Promise<Client> {
    const client = await this.#server.connectMigrator(this.#database)
    const { settings, searchPath, refused } = this.#options
    const wanted: (readonly [string, string])[] = [
      ['statement_timeout', String(statementMs)],
      ['plan_cache_mode', 'force_generic_plan'],
      ['default_transaction_read_only', 'on'],
      ...settings,
      ...(searchPath === undefined
        ? []
        : [['search_path', searchPath.map((schema) => escapeIdentifier(schema)).join(', ')] as const]),
    ]
    for (const [name, value] of wanted) {
      await client
        .query('select pg_catalog.set_config($1, $2, false)', [name, value])
        .catch(() => refused(name))
    }
    return client
  }

  async #forget(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    await client?.end().catch(() => undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last
    await this.#forget()
  }
}

async function explained(client: Client, sql: string): Promise<PlanNode | undefined> {
  return rolledBack(client, async () => planIn(await runOne(client, sql)))
}

/**
 * A function that planning calls may set search_path, say, for its session: the next query must not
 * meet that.
 */
async function rolledBack<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query('begin read only')
  try {
    return await work()
  } finally {
    // on a connection that is gone there is nothing to take back
    await client.query('rollback').catch(() => undefined)
  }
}

type ExplainRow = Readonly<Record<string, unknown>>

function planIn(rows: readonly ExplainRow[]): PlanNode | undefined {
  const [plan] = (rows[0]?.['QUERY PLAN'] ?? []) as readonly { readonly Plan?: PlanNode }[]
  return plan?.Plan
}
