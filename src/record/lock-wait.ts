/** Sees that a command does nothing but ask for a lock which a run before it has left as a row of a table. */

/** What of a statement tells whether somebody waits. */
interface Asked {
  readonly sql: string
  /** Milliseconds of one clock. */
  readonly startedAtMs: number
}

/** Does the statement name a table in which tools keep such a lock: `databasechangeloglock`, `knex_migrations_lock`? */
export function namesLockTable(sql: string): boolean {
  return /(?:log|(?<!\bpg)_)locks?\b/i.test(sql) && !/advisory/i.test(sql)
}

/**
 * Liquibase asks `SELECT LOCKED FROM databasechangeloglock` every 10 s, for five minutes (StandardLockService.waitForLock):
 * the second time that a question is asked, a while after the first and with nothing written in between, it has been told
 * that somebody else holds the lock. Who that is, is dead.
 */
export class LockWait {
  readonly #told = new AbortController()
  readonly #asked = new Map<string, number>()

  /** Aborted once it is seen. */
  get seen(): AbortSignal {
    return this.#told.signal
  }

  /** The statements of all sessions, as they are answered. */
  statement({ sql, startedAtMs }: Asked): void {
    if (!harmless.test(sql)) this.#asked.clear()
    if (!asking.test(sql) || !namesLockTable(sql)) return
    const first = this.#asked.get(sql)
    if (first === undefined) this.#asked.set(sql, startedAtMs)
    else if (startedAtMs - first >= leastPauseMs) this.#told.abort()
  }
}

/** Nobody asks twice within it who waits for people; who sets up its tables may. */
const leastPauseMs = 3000
const asking = /^\s*select\b/i
const harmless = /^\s*(?:select|show|set|reset|begin|start|commit|end|rollback)\b/i
