import type { Client, QueryConfig } from 'pg'
import type { Query } from '../core/model.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { isLostConnection, isServerError } from '../replay/seed-solve.ts'
import { endLate, terminateSql } from '../replay/end-late.ts'
import type { MeasuredLock } from './derive-locks.ts'

/** What planning a query locks, or why it could not be planned. */
export type ExplainedLocks =
  | { readonly locks: readonly MeasuredLock[] }
  | { readonly refused: string; readonly sqlstate: string }
  /** It was given up after so many milliseconds. */
  | { readonly late: number }

/** A session that plans queries and looks at its locks; it is replaced when a query takes it down. */
export class ExplainSession implements AsyncDisposable {
  private readonly server: PostgresServer
  private readonly database: string
  private readonly searchPath: string | undefined
  private client: Client | undefined
  /** What its session has as statement_timeout. */
  private timeoutMs: number | undefined

  constructor(server: PostgresServer, database: string, searchPath: string | undefined) {
    this.server = server
    this.database = database
    this.searchPath = searchPath
  }

  /** Where names without a schema are looked up. */
  async path(): Promise<readonly string[]> {
    const client = await this.connected()
    const { rows } = await client.query<{ path: string[] }>(
      'select pg_catalog.current_schemas(false)::text[] as path',
    )
    return rows[0]?.path ?? []
  }

  /** Plans it for any parameters and rolls back. Planning may run functions of migrations: it ends after `timeoutMs`. */
  async explain({ sql, parameters }: Query, timeoutMs: number, signal: AbortSignal): Promise<ExplainedLocks> {
    signal.throwIfAborted()
    const client = await this.connected()
    const lateness = { endsAt: performance.now() + timeoutMs, signal }
    using watch = endLate(client, lateness, (processId) => this.terminate(processId))
    try {
      await this.limit(client, Math.ceil(timeoutMs))
      // through the extended protocol, which takes one statement only
      const prepare: QueryConfig & { queryMode: 'extended' } = {
        text: `prepare pgrehearse_query as ${sql}\n`,
        queryMode: 'extended',
      }
      await client.query(prepare)
      const count = Math.max(0, ...parameters.map(({ number }) => number))
      return { locks: await explainPrepared(client, count) }
    } catch (error) {
      const outcome = toOutcome(error, watch.ended, timeoutMs)
      signal.throwIfAborted()
      if (outcome === undefined) throw error
      await this.recover(watch.ended)
      return outcome
    }
  }

  private async limit(client: Client, timeoutMs: number): Promise<void> {
    if (this.timeoutMs === timeoutMs) return
    await client.query(`set statement_timeout = ${timeoutMs}`)
    this.timeoutMs = timeoutMs
  }

  private async connected(): Promise<Client> {
    if (this.client !== undefined) return this.client
    const client = await this.server.connectMigrator(this.database)
    this.client = client
    await client.query('set plan_cache_mode = force_generic_plan')
    if (this.searchPath !== undefined) {
      await client.query(`select pg_catalog.set_config('search_path', $1, false)`, [this.searchPath])
    }
    return client
  }

  private async terminate(processId: number): Promise<void> {
    const admin = await this.server.connectAdmin()
    try {
      await admin.query(terminateSql, [processId])
    } finally {
      await admin.end()
    }
  }

  private async recover(isLost: boolean): Promise<void> {
    try {
      if (!isLost && this.client !== undefined) {
        await this.client.query('rollback; deallocate all')
        return
      }
    } catch {
      // a new session then
    }
    await this.close()
  }

  private async close(): Promise<void> {
    const { client } = this
    this.client = undefined
    this.timeoutMs = undefined
    await client?.end().catch(() => undefined)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

async function explainPrepared(client: Client, parameterCount: number): Promise<readonly MeasuredLock[]> {
  const values =
    parameterCount === 0 ? '' : `(${Array.from({ length: parameterCount }, () => 'null').join(', ')})`
  const results = (await client.query(
    `begin; explain (costs off) execute pgrehearse_query${values}; ${ownLocksSql}; rollback; deallocate pgrehearse_query`,
  )) as unknown as readonly { readonly rows: readonly MeasuredLock[] }[]
  return results[2]?.rows ?? []
}

const ownLocksSql = `select relation::int8::text as oid, mode from pg_catalog.pg_locks
where pid = pg_catalog.pg_backend_pid() and locktype = 'relation' and relation >= 16384`

function toOutcome(error: unknown, ended: boolean, timeoutMs: number): ExplainedLocks | undefined {
  const { code = '', message = '' } = error as { code?: string; message?: string }
  // query_canceled is what statement_timeout gives
  if (ended || code === '57014') return { late: timeoutMs }
  if (isServerError(error)) return { refused: message, sqlstate: code }
  return isLostConnection(error) ? { refused: 'it ends the connection', sqlstate: '' } : undefined
}
