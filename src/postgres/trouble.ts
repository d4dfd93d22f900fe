import { EnvironmentError } from '../core/errors.ts'

/**
 * An error of one of our own queries, when it is the machine's fault or the server's: no room, no memory, gone.
 * Anything else is a mistake of ours and stays what it is.
 */
export function serverTrouble(error: unknown): EnvironmentError | undefined {
  if (!(error instanceof Error)) return undefined
  const { code } = error as Error & { code?: unknown }
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
