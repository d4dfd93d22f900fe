/**
 * The gate pass: which relation locks a statement asks for, in order, also those that are gone before it ends.
 *
 * pg_locks read after a statement misses what a rolled-back subtransaction or an inner COMMIT gave back. Here
 * every table has a gate: a transaction of ours holding a lock on it, so that the statement stops at each request,
 * where it can be read; then the gate opens for that request and closes behind it. The sequence does not depend on
 * timing.
 *
 * At a stop for mode m on table T three things happen before the gate of T opens:
 * - a transaction takes the strongest mode on T that m leaves room for: it stops a later, stronger request;
 * - a transaction queues for the gate's own mode behind the statement: Postgres gives it the lock the moment the
 *   statement releases T (ProcLockWakeup, lmgr/proc.c), so that the next request finds the gate closed again;
 * - whoever holds T in a way that conflicts with m lets go.
 * Gates are REPEATABLE READ transactions with a snapshot, as an application's may be: statements that wait for old
 * transactions (CREATE INDEX CONCURRENTLY and the like) show it.
 *
 * Not seen: requests weaker than ShareUpdateExclusiveLock, upgrades from ShareLock to ShareRowExclusiveLock
 * within one transaction, locks on what is not a table, and a table after a rename that was committed (the result
 * says so: LOCK TABLE goes by name).
 */
import type { Client } from 'pg'
import { conflictsWith, lockModes } from '../core/locks.ts'
import type { LockMode, Relation } from '../core/model.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { GateKeepers, type GatedTable, type Stop } from './gate-keepers.ts'
import { relationKind } from './relations.ts'

export interface GateRequest {
  readonly server: Pick<PostgresServer, 'connectAdmin' | 'connectMigrator'>
  /** A private copy in the state before the statement, with nobody connected. Afterwards it is used up: drop it. */
  readonly database: string
  /** Brings the migrator's session to the point just before the statement, BEGIN and earlier statements included. */
  readonly prelude: (client: Client) => Promise<void>
  readonly statement: string
  /** Object ids of the tables to gate; see {@link import('./gate-tables.ts').chooseGatedTables}. */
  readonly tables: readonly number[]
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

export interface GateLock {
  readonly oid: number
  readonly relation: Pick<Relation, 'kind' | 'schema' | 'name'>
  readonly mode: LockMode
}

export interface GateResult {
  /** Every request for ShareUpdateExclusiveLock or more on a gated table, in order. */
  readonly requests: readonly GateLock[]
  /** Relation locks of any mode seen held at a stop or at the end, each once, on relations that existed before. */
  readonly held: readonly GateLock[]
  /** Did it wait for other transactions to end, as CREATE INDEX CONCURRENTLY does? */
  readonly waitsForTransactions: boolean
  /** False when it was cut short; `why` says by what. What was seen until then is true all the same. */
  readonly complete: boolean
  readonly why?: string
  /** The statement's own error. */
  readonly error?: { readonly sqlstate: string; readonly message: string }
}

/**
 * Runs the statement through gates. Never hangs: after `timeoutMs` it is cancelled and the result is incomplete.
 * Rejects when the prelude fails or a connection for a gate cannot be had.
 */
export async function gateLocks(request: GateRequest): Promise<GateResult> {
  const observer = await request.server.connectAdmin(request.database)
  const connect = (): Promise<Client> => request.server.connectAdmin(request.database)
  const gates = new GateKeepers(observer, connect, request.timeoutMs)
  let session: Client | undefined
  try {
    session = await request.server.connectMigrator(request.database)
    session.on('error', () => undefined)
    const { rows } = await session.query<{ pid: number }>('select pg_catalog.pg_backend_pid() as pid')
    await request.prelude(session)
    // The migration's own limits are about production; here every wait is ours.
    await session.query('set lock_timeout = 0; set statement_timeout = 0')
    return await new GatePass(request, observer, gates, session, rows[0]?.pid ?? 0).run()
  } finally {
    await session?.end().catch(() => undefined)
    await gates.end()
    await observer.end().catch(() => undefined)
  }
}

/** Relations that others can see: not those that the statement itself has just created. */
const heldSql = `select distinct l.relation::int8 as oid, l.mode, c.relkind::text as relkind, n.nspname::text as schema, c.relname::text as name
from pg_catalog.pg_locks l join pg_catalog.pg_class c on c.oid = l.relation join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where l.pid = $1 and l.granted and l.locktype = 'relation' and l.relation >= 16384 and n.nspname !~ '^pg_' order by 1, 2`

interface HeldRow {
  readonly oid: string
  readonly mode: LockMode
  readonly relkind: string
  readonly schema: string
  readonly name: string
}

class GatePass {
  private readonly request: GateRequest
  private readonly observer: Client
  private readonly gates: GateKeepers
  private readonly session: Client
  private readonly deadline: number
  private readonly requests: GateLock[] = []
  private readonly held = new Map<string, GateLock>()
  private waitsForTransactions = false
  private readonly pid: number
  private finished = false
  private error: unknown

  constructor(request: GateRequest, observer: Client, gates: GateKeepers, session: Client, pid: number) {
    this.pid = pid
    this.request = request
    this.observer = observer
    this.gates = gates
    this.session = session
    this.deadline = Date.now() + request.timeoutMs
  }

  async run(): Promise<GateResult> {
    await this.closeGates()
    const running = this.session.query(this.request.statement).then(
      () => this.finish(undefined),
      (error: unknown) => this.finish(error),
    )
    const why = await this.watch()
    if (why !== undefined) await this.stop(running)
    await this.readHeld().catch(() => undefined)
    return this.result(why)
  }

  private finish(error: unknown): void {
    this.finished = true
    this.error = error
  }

  /** Before the statement: earlier statements of the transaction may hold tables already. */
  private async closeGates(): Promise<void> {
    const held = await this.readHeld()
    for (const table of await this.gates.find(this.request.tables)) {
      const modes = held.filter(({ oid }) => oid === table.oid).map(({ mode }) => mode)
      if (modes.some((mode) => conflictsWith(mode, gateMode))) await this.prepare(table, modes)
      else await this.gates.take(table, gateMode)
    }
  }

  /** Until the statement ends; returns why it did not. */
  private async watch(): Promise<string | undefined> {
    while (!this.finished) {
      if (this.request.signal?.aborted === true) return 'the run was aborted'
      const stop = await this.gates.stop(this.pid)
      if (stop === undefined || stop.keepers.length === 0) await pause(1)
      else await this.open(stop)
      if (Date.now() > this.deadline) return this.timeoutReason(stop)
    }
    return undefined
  }

  private timeoutReason(stop: Stop | undefined): string {
    const seconds = `${this.request.timeoutMs / 1000} s`
    return stop === undefined || stop.keepers.length > 0
      ? `the statement did not end within ${seconds}`
      : `the statement waited for a lock of type ${stop.locktype} that no gate holds; stopped after ${seconds}`
  }

  private async open({ locktype, mode, table, keepers }: Stop): Promise<void> {
    const held = await this.readHeld()
    if (locktype !== 'relation') {
      this.waitsForTransactions = true
      return this.gates.renew(keepers)
    }
    if (table !== undefined) {
      this.requests.push({ oid: table.oid, relation: table.relation, mode })
      const modes = held.filter(({ oid }) => oid === table.oid).map((lock) => lock.mode)
      await this.prepare(table, [...modes, mode])
    }
    return this.gates.release(keepers)
  }

  /** Sets up what closes behind the statement once it has these modes on the table. */
  private async prepare(table: GatedTable, modes: readonly LockMode[]): Promise<void> {
    const companion = strongestBeside(modes)
    if (companion !== undefined) await this.gates.take(table, companion)
    await this.gates.queue(table, gateMode)
  }

  private async readHeld(): Promise<readonly { readonly oid: number; readonly mode: LockMode }[]> {
    const { rows } = await this.observer.query<HeldRow>(heldSql, [this.pid])
    for (const { oid, mode, relkind, schema, name } of rows) {
      const relation = { kind: relationKind(relkind), schema, name }
      this.held.set(`${oid} ${mode}`, { oid: Number(oid), relation, mode })
    }
    return rows.map(({ oid, mode }) => ({ oid: Number(oid), mode }))
  }

  private async stop(running: Promise<void>): Promise<void> {
    await this.observer.query('select pg_catalog.pg_cancel_backend($1)', [this.pid])
    await Promise.race([running, pause(500)])
    if (!this.finished) await this.observer.query('select pg_catalog.pg_terminate_backend($1)', [this.pid])
    await Promise.race([running, pause(5000)])
  }

  /** A statement may wait for ever for a table that was lost: then that is the reason, and not the time. */
  private async reasonFor(why: string | undefined): Promise<string | undefined> {
    if (why === undefined) return this.gates.shortcoming(this.request.tables)
    if (this.request.signal?.aborted === true) return why
    return (await this.gates.lostTable()) ?? why
  }

  private async result(why: string | undefined): Promise<GateResult> {
    const reason = await this.reasonFor(why)
    return {
      requests: this.requests,
      held: [...this.held.values()],
      waitsForTransactions: this.waitsForTransactions,
      complete: reason === undefined,
      ...(reason === undefined ? {} : { why: reason }),
      ...(why === undefined && this.error !== undefined ? { error: described(this.error) } : {}),
    }
  }
}

/**
 * What a gate holds: conflicts with ShareUpdateExclusiveLock and everything stronger, and with itself, so that one
 * transaction can queue for it.
 */
const gateMode: LockMode = 'ShareUpdateExclusiveLock'

/**
 * The strongest mode that others can hold besides these. For ShareLock that would be ShareLock, which would stop the
 * statement's own writes; RowShareLock takes its place.
 */
function strongestBeside(modes: readonly LockMode[]): LockMode | undefined {
  const free = lockModes.filter(
    (mode) => mode !== 'ShareLock' && modes.every((taken) => !conflictsWith(mode, taken)),
  )
  return free.at(-1)
}

function described(error: unknown): { readonly sqlstate: string; readonly message: string } {
  const { code, message } = error as { code?: string; message?: string }
  return { sqlstate: code ?? '', message: message ?? String(error) }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
