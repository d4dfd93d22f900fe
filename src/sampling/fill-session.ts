import { performance } from 'node:perf_hooks'
import type { Client, QueryResult } from 'pg'
import { isServerError } from '../replay/seed-solve.ts'

/** The server's refusal of a statement, as far as filling reacts to it. */
export interface Refusal {
  readonly sqlstate: string
  readonly message: string
  readonly constraint: string | undefined
  readonly column: string | undefined
  readonly dataType: string | undefined
}

export type Row = Readonly<Record<string, unknown>>

/** Rows of the last statement, or why the server refused. */
export type Answer =
  | { readonly rows: readonly Row[]; readonly refusal?: undefined }
  | { readonly refusal: Refusal }

/** The writing session, with the deadline of everything it does. */
export class FillSession {
  readonly client: Client
  private readonly admin: Client
  private readonly signal: AbortSignal
  private readonly endsAt: number
  private timeoutMs = -1

  constructor(
    client: Client,
    admin: Client,
    limits: { readonly endsAt: number; readonly signal: AbortSignal },
  ) {
    this.client = client
    this.admin = admin
    this.signal = limits.signal
    this.endsAt = limits.endsAt
  }

  /** Settings under which expressions are short to run and rows cheap to write. */
  async prepare(): Promise<void> {
    await this.client.query(
      `set synchronous_commit = off; set jit = off; set client_min_messages = error; set timezone = 'UTC'; set datestyle = 'iso, mdy';
       set lock_timeout = '2s'; set idle_in_transaction_session_timeout = 0; set max_parallel_workers_per_gather = 0;
       set maintenance_work_mem = '128MB'; set work_mem = '32MB'`,
    )
  }

  /** Milliseconds that are left for everything. */
  get leftMs(): number {
    return Math.max(0, this.endsAt - performance.now())
  }

  /**
   * Runs statements as one simple Query, for no longer than `mostMs` and what is left. A refusal is an answer; a broken
   * connection and the caller's abort are thrown.
   */
  async try(sql: string, mostMs: number): Promise<Answer> {
    this.signal.throwIfAborted()
    const ms = Math.floor(Math.min(mostMs, this.leftMs))
    if (ms < 1)
      return { refusal: { ...noRefusal, sqlstate: '57014', message: 'the time for filling was used up' } }
    if (ms !== this.timeoutMs) await this.client.query(`set statement_timeout = ${ms}`)
    this.timeoutMs = ms
    const cancel = (): void => void this.cancel()
    this.signal.addEventListener('abort', cancel, { once: true })
    try {
      const answer = (await this.client.query(sql)) as unknown as
        | QueryResult<Row>
        | readonly QueryResult<Row>[]
      const last = Array.isArray(answer)
        ? (answer as readonly QueryResult<Row>[]).at(-1)
        : (answer as QueryResult<Row>)
      return { rows: last?.rows ?? [] }
    } catch (error) {
      this.signal.throwIfAborted()
      if (!isServerError(error)) throw error
      return { refusal: refusalOf(error) }
    } finally {
      this.signal.removeEventListener('abort', cancel)
    }
  }

  /**
   * Rows of a table, also when the time for filling is over: what is there has to be known. Not for a superuser: to
   * plan even this, Postgres folds the expressions of indexes and partition keys (RelationGetIndexExpressions(),
   * relcache.c), which runs functions of migrations that call themselves IMMUTABLE.
   * @throws the server's refusal
   */
  async count(scope: string): Promise<number> {
    this.signal.throwIfAborted()
    this.timeoutMs = -1
    await this.client.query(`set statement_timeout = ${countMs}`)
    const { rows } = await this.client.query<Row>(`select count(*) as rows from ${scope}`)
    return Number(rows[0]?.['rows'] ?? 0)
  }

  /** Statements in a transaction of their own that is taken back; the answer is that of the last one. */
  async rehearse(sql: string, mostMs: number): Promise<Answer> {
    await this.client.query('begin')
    try {
      return await this.try(sql, mostMs)
    } finally {
      await this.rollback().catch(() => undefined)
    }
  }

  /** Takes the transaction back, and with it what SET changed in it. */
  async rollback(): Promise<void> {
    this.timeoutMs = -1
    await this.client.query('rollback')
  }

  private async cancel(): Promise<void> {
    const { processID } = this.client as unknown as { readonly processID?: number }
    if (processID !== undefined)
      await this.admin.query('select pg_catalog.pg_cancel_backend($1)', [processID]).catch(() => undefined)
  }
}

/** A sample has some hundred megabytes at most. */
const countMs = 5000

const noRefusal: Refusal = {
  sqlstate: '',
  message: '',
  constraint: undefined,
  column: undefined,
  dataType: undefined,
}

function refusalOf(error: Error & { readonly code: string }): Refusal {
  const { constraint, column, dataType } = error as Partial<Refusal>
  return { sqlstate: error.code, message: error.message, constraint, column, dataType }
}
