/** Makes a command fail at one of its statements, on the wire, as production might. */
import type { CallStmt, DropStmt } from '@pgsql/types'
import type { Client } from 'pg'
import type { PostgresServer } from '../postgres/provider.ts'
import type { ProxiedSession, ProxyListener } from '../proxy/model.ts'
import { holdAsWriter, waitsForLock } from '../replay/break-inside.ts'
import { nameWords } from '../sql/ast.ts'
import { brokenOffAtCommit } from '../sql/interrupted-code.ts'
import type { RecordedStatement } from './model.ts'

/** Where a command is made to fail, and how. */
export interface Interruption {
  readonly at: RecordedStatement
  /** How often its text is sent before. */
  readonly earlier: number
  /**
   * - `refused`: lock_not_available is answered, and it does not run.
   * - `killed before`: its backend is terminated, and it does not run.
   * - `cancelled inside`, `killed inside`: it has committed something already.
   */
  readonly how: 'refused' | 'killed before' | 'cancelled inside' | 'killed inside'
}

/** Fails once, at the place it was given, in a run of the command on one database. */
export interface Interrupter
  extends AsyncDisposable, Required<Pick<ProxyListener, 'interrupt' | 'statement' | 'disconnected'>> {
  /** The statement came and ended with an error. */
  readonly hasHappened: boolean
}

/** The same statement of the first run, told by its text and by how often that was sent before. */
export function interruptionAt(
  at: RecordedStatement,
  statements: readonly RecordedStatement[],
  how: Interruption['how'],
): Interruption {
  const before = statements.slice(0, statements.indexOf(at))
  return { at, earlier: before.filter(({ sent }) => sent.sql === at.sent.sql).length, how }
}

/** Connects once more to the database. Disposing it ends that connection. */
export async function interrupter(
  server: PostgresServer,
  database: string,
  interruption: Interruption,
): Promise<Interrupter> {
  const client = await (server.hasSuperuser
    ? server.connectAdmin(database)
    : server.connectMigrator(database))
  // a server that dies is told by the sessions of the command
  client.on('error', () => undefined)
  return new OneFailure(client, database, interruption)
}

class OneFailure implements Interrupter {
  readonly #client: Client
  readonly #database: string
  readonly #interruption: Interruption
  #sent = 0
  /** The session in which it is to fail. */
  #session: ProxiedSession | undefined
  #isOver = false
  #work: Promise<void> = Promise.resolve()
  hasHappened = false

  constructor(client: Client, database: string, interruption: Interruption) {
    this.#client = client
    this.#database = database
    this.#interruption = interruption
  }

  async interrupt(session: ProxiedSession, sql: string, canFail: boolean): Promise<string | undefined> {
    const { at, earlier, how } = this.#interruption
    if (session.database !== this.#database || sql !== at.sent.sql || this.#session !== undefined)
      return undefined
    this.#sent += 1
    if (this.#sent <= earlier) return undefined
    this.#session = session
    if (!canFail) {
      this.#isOver = true
      return undefined
    }
    if (how === 'refused') return refusing
    if (how === 'killed before') {
      this.#begin(async () => this.#stop(session, killWaitingSql))
      return waiting
    }
    // what cannot be arranged does not happen
    return this.#inside(session, at).catch(() => undefined)
  }

  statement(
    session: ProxiedSession,
    { sql, error }: { readonly sql: string; readonly error: unknown },
  ): void {
    if (session.id !== this.#session?.id || sql !== this.#interruption.at.sent.sql || this.#isOver) return
    this.#isOver = true
    this.hasHappened = error !== undefined
  }

  disconnected({ id }: ProxiedSession): void {
    if (id !== this.#session?.id || this.#isOver) return
    this.#isOver = true
    this.hasHappened = this.#interruption.how.startsWith('killed')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    await this.#work
    await this.#client.end().catch(() => undefined)
  }

  /** Does something beside the command; what cannot be done makes nothing happen. */
  #begin(work: () => Promise<void>): void {
    this.#work = work().catch(() => undefined)
  }

  /** Tells the backend again and again to stop. */
  async #stop({ processId }: ProxiedSession, sql: string): Promise<void> {
    while (!this.#isOver) {
      await this.#client.query(sql, [processId])
      await pause(retryMs)
    }
  }

  async #inside(session: ProxiedSession, at: RecordedStatement): Promise<string | undefined> {
    if (at.tag === 'DoStmt') return brokenOffAtCommit(at.sent.sql)
    if (at.tag === 'CallStmt') await this.#breakProcedure(at)
    else await this.#hold(session, at)
    return undefined
  }

  /** It begins, and has to wait for this transaction of ours. */
  async #hold(session: ProxiedSession, at: RecordedStatement): Promise<void> {
    await this.#client.query('begin')
    const [table] = (await this.#client.query<{ name: string }>(tableSql, relationOf(at))).rows
    const isHeld = table !== undefined && (await holdAsWriter(this.#client, table.name).catch(() => false))
    if (!isHeld) {
      await this.#client.query('rollback')
      return
    }
    this.#begin(async () => {
      try {
        const until = performance.now() + longestWaitMs
        while (!this.#isOver && !(await waitsForLock(this.#client, session.processId))) {
          if (performance.now() > until) return
          await pause(pollMs)
        }
        await this.#stop(session, this.#interruption.how === 'killed inside' ? killSql : cancelSql)
      } finally {
        await this.#client.query('rollback')
      }
    })
  }

  /** For one call; it is what it was when that has ended. */
  async #breakProcedure({ node }: RecordedStatement): Promise<void> {
    const { funccall } = node as CallStmt
    const words = (funccall?.funcname ?? []).flatMap((one) => nameWords(one))
    const { rows } = await this.#client.query<{ definition: string }>(procedureSql, schemaAndName(words))
    const definition = rows.length === 1 ? rows[0]?.definition : undefined
    const breaking = definition === undefined ? undefined : brokenOffAtCommit(definition)
    if (definition === undefined || breaking === undefined) return
    await this.#client.query(breaking)
    this.#begin(async () => {
      while (!this.#isOver) await pause(pollMs)
      await this.#client.query(definition)
    })
  }
}

const pollMs = 5
/** Until the backend is told again to stop. */
const retryMs = 50
/** At this long the statement has passed where it was to wait, or waits for something else. */
const longestWaitMs = 10_000

/** As ProcessInterrupts() says it (postgres.c). */
const refusing =
  "do $$begin raise exception using errcode = 'lock_not_available', message = 'canceling statement due to lock timeout'; end$$"

const waiting = 'select pg_catalog.pg_sleep(60)'

const killSql = 'select pg_catalog.pg_terminate_backend($1)'
const cancelSql = 'select pg_catalog.pg_cancel_backend($1)'
/** Not before it waits: what stands before it in the same message comes to its end. */
const killWaitingSql = `select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
  where pid = $1 and wait_event = 'PgSleep'`

/** Schema, or an empty string, and name of the table or index. */
function relationOf({ tag, node }: RecordedStatement): string[] {
  const relation = node?.['relation'] as { schemaname?: string; relname?: string } | undefined
  const words =
    tag === 'DropStmt'
      ? nameWords((node as DropStmt).objects?.[0])
      : [relation?.schemaname ?? '', relation?.relname ?? ''].filter((word) => word !== '')
  return schemaAndName(words)
}

function schemaAndName(words: readonly string[]): string[] {
  return [words.at(-2) ?? '', words.at(-1) ?? '']
}

const ofUsers = "($1 = '' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' or n.nspname = $1)"

/** The table, or the table of an index, as SQL; the search_path of the command is not known. */
const tableSql = `select pg_catalog.format('%I.%I', s.nspname, t.relname) as name from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_index i on i.indexrelid = c.oid
  join pg_catalog.pg_class t on t.oid = coalesce(i.indrelid, c.oid)
  join pg_catalog.pg_namespace s on s.oid = t.relnamespace
 where c.relname = $2 and c.relkind in ('r', 'p', 'm', 'i', 'I')
   and ${ofUsers} order by n.nspname = 'public' desc limit 1`

const procedureSql = `select pg_catalog.pg_get_functiondef(p.oid) as definition from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
 where p.proname = $2 and p.prokind = 'p' and ${ofUsers}`

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
