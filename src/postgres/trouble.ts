import { EnvironmentError } from '../core/errors.ts'

/**
 * An error of one of our own queries, when it is the machine's fault or the server's: no room, no memory, gone.
 * Anything else is a mistake of ours and stays what it is.
 */
export function serverTrouble(error: unknown): EnvironmentError | undefined {
  if (!(error instanceof Error)) return undefined
  const { code } = error as Error & { code?: unknown }
  if (code === tooManyConnections) return noConnection(error)
  if (typeof code === 'string' && /^53|^58030$/.test(code)) {
    return new EnvironmentError(`The server ran out of something: ${error.message}.`, {
      hint: 'Free disk space or memory on this machine, or set TMPDIR to a folder on another disk.',
      cause: error,
    })
  }
  if (
    (typeof code === 'string' && goneCodes.has(code)) ||
    error.message.startsWith('Connection terminated')
  ) {
    return new EnvironmentError(`The server went away during the rehearsal: ${error.message}.`, {
      hint: 'Look whether the disk or the memory of this machine is full, and whether something ends its processes.',
      cause: error,
    })
  }
  return undefined
}

/** too_many_connections */
const tooManyConnections = '53300'

/** Which limit it is, Postgres' sentence tells (InitializeSessionUserId() in miscinit.c, CheckMyDatabase() in postinit.c). */
function noConnection(error: Error): EnvironmentError {
  const { message } = error
  return /^too many connections for (?:database|role) /.test(message)
    ? new EnvironmentError(`The migrations leave no room for the sessions of the rehearsal: ${message}.`, {
        hint:
          'ALTER DATABASE or ALTER ROLE of a migration sets CONNECTION LIMIT, and that holds for the rehearsal as well. ' +
          'Let it leave a few connections, or set it outside of the migrations.',
        cause: error,
      })
    : new EnvironmentError(`The server has no connection left for us: ${message}.`, {
        hint: 'End sessions that nobody needs on it, or raise its max_connections.',
        cause: error,
      })
}

/**
 * admin_shutdown, crash_shutdown, cannot_connect_now, connection_failure, and what the socket says.
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const goneCodes: ReadonlySet<string> = new Set([
  '57P01',
  '57P02',
  '57P03',
  '08003',
  '08006',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
])
