import type { PostgresServer } from '../postgres/provider.ts'

/** Cancels statements that run too long. Disposing it ends its connection. */
export interface Watchdog extends AsyncDisposable {
  /** Has it stopped what this backend runs? Told once. */
  hasStopped(processId: number): boolean
}

/** Leaves everything alone. */
export const noWatchdog: Watchdog = { hasStopped: () => false, [Symbol.asyncDispose]: async () => {} }

/**
 * Looks at the sessions of a database again and again: one that has run its statement for longer than `limitMs`
 * milliseconds is cancelled, and terminated when that is no use. Waiting for the client (COPY) is no running.
 */
export async function watchStatements(
  server: PostgresServer,
  database: string,
  limitMs: number,
): Promise<Watchdog> {
  const admin = await server.connectAdmin()
  // a server that dies is told by the sessions of the command
  admin.on('error', () => undefined)
  const stopped = new Set<number>()
  let looking: Promise<void> = Promise.resolve()
  const look = async (): Promise<void> => {
    const { rows } = await admin.query<{ pid: number; ms: number }>(lateSql, [database, limitMs])
    for (const { pid, ms } of rows) {
      stopped.add(pid)
      const how = ms > limitMs + graceMs ? 'terminate' : 'cancel'
      await admin.query(`select pg_catalog.pg_${how}_backend($1)`, [pid])
    }
  }
  const timer = setInterval(
    () => {
      looking = looking.then(look).catch(() => undefined)
    },
    Math.min(1000, Math.max(50, limitMs / 4)),
  )
  timer.unref()
  return {
    hasStopped: (processId) => stopped.delete(processId),
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer)
      await looking
      await admin.end().catch(() => undefined)
    },
  }
}

/** From the cancel request until its session is terminated. */
const graceMs = 3000

const lateSql = `select pid, ms from (
  select pid, extract(epoch from clock_timestamp() - query_start)::float8 * 1000 as ms from pg_catalog.pg_stat_activity
   where datname = $1 and state = 'active' and wait_event_type is distinct from 'Client'
     and pid <> pg_catalog.pg_backend_pid() and backend_type = 'client backend') late
 where ms > $2`
