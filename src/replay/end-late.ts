import type { Client } from 'pg'

/** When a session has to have ended. */
export interface Lateness {
  /** On performance.now(). */
  readonly endsAt: number
  /** When this is aborted the session ends at once. */
  readonly signal?: AbortSignal | undefined
}

/** A watch over a session; disposing of it ends the watch, not the session. */
export interface LateWatch extends Disposable {
  /** Was the session ended? Its query has failed then, or will. */
  readonly ended: boolean
}

/**
 * Ends a session that runs code of migrations when it goes on after its time: statement_timeout and cancelling are not
 * enough, because a function may catch query_canceled, or change the setting.
 * @param terminate ends the backend with this process id, on a connection that does nothing else meanwhile
 */
export function endLate(
  client: Client,
  { endsAt, signal }: Lateness,
  terminate: (processId: number) => Promise<unknown>,
): LateWatch {
  let ended = false
  const end = (): void => {
    const { processID } = client as unknown as { readonly processID?: number }
    if (ended || processID === undefined) return
    ended = true
    // it may be gone already
    terminate(processID).catch(() => undefined)
  }
  const timer = setTimeout(end, Math.min(longestTimerMs, Math.max(0, endsAt - performance.now()) + graceMs))
  timer.unref()
  if (signal?.aborted === true) end()
  signal?.addEventListener('abort', end, { once: true })
  return {
    get ended() {
      return ended
    },
    [Symbol.dispose]() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
    },
  }
}

/** What ends a backend, on any connection of an administrator. */
export const terminateSql = 'select pg_catalog.pg_terminate_backend($1)'

/** By then cancelling has ended everything that can be cancelled. */
const graceMs = 2000

/** What a timer can wait at most. */
const longestTimerMs = 2 ** 31 - 1
