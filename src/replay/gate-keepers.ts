import { escapeIdentifier, type Client } from 'pg'
import { conflictsWith } from '../core/locks.ts'
import type { LockMode, Relation } from '../core/model.ts'
import { relationKind } from './relations.ts'

export interface GatedTable {
  readonly oid: number
  readonly relation: Pick<Relation, 'kind' | 'schema' | 'name'>
}

/** One connection of ours that holds, or waits for, a lock on one table. */
export class Keeper {
  readonly client: Client
  readonly pid: number
  readonly table: GatedTable
  readonly mode: LockMode
  /** Resolves when the lock is granted and the snapshot taken, or when neither will happen. */
  readonly ready: Promise<void>
  state: 'waiting' | 'holding' | 'lost' = 'waiting'
  /** Why a gate stayed open that should not have. */
  error: unknown

  constructor(
    connection: { readonly client: Client; readonly pid: number },
    table: GatedTable,
    mode: LockMode,
  ) {
    this.client = connection.client
    this.pid = connection.pid
    this.table = table
    this.mode = mode
    this.ready = this.stand()
  }

  private async stand(): Promise<void> {
    const { schema, name } = this.table.relation
    const target = `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`
    try {
      await this.client.query('begin isolation level repeatable read')
      await this.client.query(`lock table only ${target} in ${lockWords[this.mode]} mode`)
      // The first query takes the snapshot, as in a transaction that has begun to work.
      await this.client.query('select 1')
      this.state = 'holding'
    } catch (error) {
      this.state = 'lost'
      // 42P01: the statement dropped or renamed the table and committed; there is nothing left to guard.
      if ((error as { code?: string }).code !== '42P01') this.error = error
    }
  }
}

/** LOCK TABLE's spelling of a mode. */
const lockWords: Readonly<Record<LockMode, string>> = {
  AccessShareLock: 'access share',
  RowShareLock: 'row share',
  RowExclusiveLock: 'row exclusive',
  ShareUpdateExclusiveLock: 'share update exclusive',
  ShareLock: 'share',
  ShareRowExclusiveLock: 'share row exclusive',
  ExclusiveLock: 'exclusive',
  AccessExclusiveLock: 'access exclusive',
}

/** LOCK TABLE takes tables; views would only stand for the tables below them. */
const tablesSql = `select c.oid::int8 as oid, c.relkind::text as relkind, n.nspname::text as schema, c.relname::text as name
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.oid = any ($1::oid[]) and c.relkind in ('r', 'p') and c.relpersistence <> 't' order by c.oid`

interface TableRow {
  readonly oid: string
  readonly relkind: string
  readonly schema: string
  readonly name: string
}

/**
 * What the statement waits for, and the locks of our own. One reading of pg_locks: it shows one moment
 * (GetLockStatusData holds all partitions of the lock table). pg_locks.waitstart would not tell one wait from the
 * next: ProcWakeup() leaves it as it was until the next wait sets it.
 */
const locksSql = `select pid, locktype, relation::int8 as relation, mode, granted, virtualxid, virtualtransaction as transaction
  from pg_catalog.pg_locks where pid = $1 and not granted
    or pid = any ($2::int[]) and locktype = 'relation' and relation >= 16384`

interface LockRow {
  readonly pid: number
  readonly locktype: string
  readonly relation: string | null
  readonly mode: LockMode
  readonly granted: boolean
  readonly virtualxid: string | null
  readonly transaction: string
}

/** The statement stands still. */
export interface Stop {
  readonly locktype: string
  readonly mode: LockMode
  /** For a relation lock: the table, when it is gated. */
  readonly table: GatedTable | undefined
  /** Who of ours it waits for; empty when it has just been let through, or waits for somebody else. */
  readonly keepers: readonly Keeper[]
}

function isInTheWay(lock: LockRow, wait: LockRow): boolean {
  if (wait.locktype === 'virtualxid') return lock.transaction === wait.virtualxid
  // By the lock and not by the keeper's table: a committed RENAME may have led LOCK TABLE to another one.
  const isSame = wait.locktype === 'relation' && lock.relation === wait.relation
  return isSame && lock.granted && conflictsWith(lock.mode, wait.mode)
}

/** The transactions that stand at the gates. */
export class GateKeepers {
  private readonly observer: Client
  private readonly connect: () => Promise<Client>
  private readonly timeoutMs: number
  private readonly tables = new Map<number, GatedTable>()
  private readonly keepers = new Set<Keeper>()
  private readonly idle: { readonly client: Client; readonly pid: number }[] = []

  /** @param timeoutMs after which a gate that cannot close is given up */
  constructor(observer: Client, connect: () => Promise<Client>, timeoutMs: number) {
    this.timeoutMs = timeoutMs
    this.observer = observer
    this.connect = connect
  }

  /** The tables with these ids that others can see and lock, by object id. */
  async find(oids: readonly number[]): Promise<readonly GatedTable[]> {
    const { rows } = await this.observer.query<TableRow>(tablesSql, [oids])
    for (const { oid, relkind, schema, name } of rows) {
      this.tables.set(Number(oid), {
        oid: Number(oid),
        relation: { kind: relationKind(relkind), schema, name },
      })
    }
    return [...this.tables.values()]
  }

  /** Why not everything was guarded; undefined when it was. */
  async shortcoming(oids: readonly number[]): Promise<string | undefined> {
    const missing = new Set(oids).size - this.tables.size
    if (missing > 0) return `${missing} of the tables to gate could not be gated`
    const lost = await this.lostTable()
    if (lost !== undefined) return lost
    const failed = [...this.keepers].find(({ error }) => error !== undefined)
    if (failed === undefined) return undefined
    const reason = failed.error instanceof Error ? failed.error.message : String(failed.error)
    return `the gate of ${failed.table.relation.schema}.${failed.table.relation.name} stayed open: ${reason}`
  }

  /**
   * What the backend waits for; undefined while it runs. A keeper that it waits for means a wait not seen before: the
   * keepers of an earlier one were dismissed, and whoever queued behind it holds nothing until it has had its lock.
   */
  async stop(pid: number): Promise<Stop | undefined> {
    const keepers = [...this.keepers]
    const { rows } = await this.observer.query<LockRow>(locksSql, [pid, keepers.map((keeper) => keeper.pid)])
    const wait = rows.find((row) => row.pid === pid)
    if (wait === undefined) return undefined
    const blocking = keepers.filter((keeper) =>
      rows.some((row) => row.pid === keeper.pid && isInTheWay(row, wait)),
    )
    // It stands until we let it go, so those of its keepers that were granted can catch up.
    const holding = blocking.filter((keeper) => rows.some((row) => row.pid === keeper.pid && row.granted))
    await Promise.all(holding.map(({ ready }) => ready))
    const table = wait.relation === null ? undefined : this.tables.get(Number(wait.relation))
    return { locktype: wait.locktype, mode: wait.mode, table, keepers: blocking }
  }

  /** Holds the mode on the table, unless somebody of ours does already. The caller knows that it is free. */
  async take(table: GatedTable, mode: LockMode): Promise<void> {
    if (this.at(table).some((keeper) => keeper.mode === mode && keeper.state === 'holding')) return
    const keeper = await this.place(table, mode)
    await keeper.ready
  }

  /** Stands in line for the mode, unless somebody of ours does already; returns when Postgres has it in its queue. */
  async queue(table: GatedTable, mode: LockMode): Promise<void> {
    if (this.at(table).some((keeper) => keeper.mode === mode && keeper.state === 'waiting')) return
    await this.place(table, mode)
  }

  /** Ends these transactions. */
  async release(keepers: readonly Keeper[]): Promise<void> {
    for (const keeper of keepers) await this.dismiss(keeper)
  }

  /**
   * Ends these transactions and starts others like them. Those that stand in line are meant too: parsing LOCK TABLE
   * takes a catalogue snapshot, so a statement that waits for old snapshots while it holds the table would wait
   * for whoever waits for it, until the deadlock detector ends one.
   */
  async renew(keepers: readonly Keeper[]): Promise<void> {
    for (const keeper of keepers) {
      await this.place(keeper.table, keeper.mode)
      await this.dismiss(keeper)
    }
  }

  /** Ends every transaction and connection, those that wait included. */
  async end(): Promise<void> {
    const pids = [...this.keepers].map(({ pid }) => pid)
    await this.observer
      .query('select pg_catalog.pg_terminate_backend(pid) from unnest($1::int[]) pid', [pids])
      .catch(() => undefined)
    const clients = [
      ...[...this.keepers].map(({ client }) => client),
      ...this.idle.map(({ client }) => client),
    ]
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)))
  }

  private at(table: GatedTable): readonly Keeper[] {
    return [...this.keepers].filter((keeper) => keeper.table.oid === table.oid)
  }

  /** Asks for the lock and returns when Postgres knows about it. */
  private async place(table: GatedTable, mode: LockMode): Promise<Keeper> {
    const keeper = new Keeper(this.idle.pop() ?? (await this.open()), table, mode)
    this.keepers.add(keeper)
    while (keeper.state === 'waiting' && !(await this.isKnown(keeper)));
    return keeper
  }

  /** LOCK TABLE goes by name, and looks the name up again after it had to wait. */
  /** That a table has another name by now; undefined when none has. */
  async lostTable(): Promise<string | undefined> {
    const renamed = await this.renamedTable()
    return renamed === undefined
      ? undefined
      : `${renamed} was renamed and committed; a gate cannot follow that`
  }

  private async renamedTable(): Promise<string | undefined> {
    const { rows } = await this.observer.query<TableRow>(tablesSql, [[...this.tables.keys()]])
    for (const { oid, schema, name } of rows) {
      const before = this.tables.get(Number(oid))?.relation
      if (before !== undefined && (before.schema !== schema || before.name !== name)) {
        return `${before.schema}.${before.name}`
      }
    }
    return undefined
  }

  private async isKnown(keeper: Keeper): Promise<boolean> {
    const { rows } = await this.observer.query<LockRow>(locksSql, [0, [keeper.pid]])
    return rows.some(({ relation }) => Number(relation) === keeper.table.oid)
  }

  private async dismiss(keeper: Keeper): Promise<void> {
    this.keepers.delete(keeper)
    if (keeper.state === 'waiting') {
      // Its connection is not used again: the signal might come late and hit the next command.
      await this.observer.query('select pg_catalog.pg_cancel_backend($1)', [keeper.pid])
      await keeper.ready
      await keeper.client.end().catch(() => undefined)
      return
    }
    await keeper.client.query('rollback').catch(() => undefined)
    this.idle.push(keeper)
  }

  private async open(): Promise<{ readonly client: Client; readonly pid: number }> {
    const client = await this.connect()
    client.on('error', () => undefined)
    // The administrator's own limits must not end a gate that waits.
    await client.query(
      `set lock_timeout = ${this.timeoutMs}; set statement_timeout = 0; set idle_in_transaction_session_timeout = 0`,
    )
    const { rows } = await client.query<{ pid: number }>('select pg_catalog.pg_backend_pid() as pid')
    return { client, pid: rows[0]?.pid ?? 0 }
  }
}
