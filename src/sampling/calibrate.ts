import type { Client } from 'pg'
import { EnvironmentError, ToolError, UsageError } from '../core/errors.ts'
import type { HardwareRates } from '../core/production.ts'
import { adminSearchPath, connectClient } from '../postgres/connect.ts'
import { startEmbedded } from '../postgres/embedded.ts'
import type { ServerOptions } from '../postgres/provider.ts'
import { parseServerUrl, safeReason } from '../postgres/server-url.ts'
import { measureHardware } from './hardware.ts'

export interface Calibration {
  /** e.g. `PostgreSQL 18.4 (embedded)`. */
  readonly server: string
  readonly hardware: HardwareRates
}

const oldestMajor = 12

/**
 * Measures the server of `serverUrl`, else one of our own on this machine. The server may be production's: a few seconds
 * of one CPU, 48 MB of WAL, nothing that stays.
 * @throws UsageError for a standby and a URL that is none; EnvironmentError when there is no server, or it refuses
 */
export async function calibrate(options: ServerOptions, signal: AbortSignal): Promise<Calibration> {
  if (options.serverUrl !== undefined) return calibrateExisting(options.serverUrl, signal)
  await using server = await startEmbedded(options)
  const client = await server.connectMigrator(await server.createDatabase())
  try {
    return { server: server.description, hardware: await measure(client, signal) }
  } finally {
    await client.end()
  }
}

async function calibrateExisting(url: string, signal: AbortSignal): Promise<Calibration> {
  const address = parseServerUrl(url)
  let client: Client | undefined
  try {
    client = await connectClient({
      ...address.config,
      application_name: 'pgrehearse-calibrate',
      query_timeout: 30_000,
    })
    // poolers refuse options at the start
    await client.query(`SET ${adminSearchPath}`)
    return { server: await suitableServer(client), hardware: await measure(client, signal) }
  } catch (error) {
    if (signal.aborted || error instanceof ToolError) throw error
    throw new EnvironmentError(
      `The server at ${address.place} cannot be measured: ${safeReason(address, error)}`,
      {
        hint: 'Check host, port, user and password of --server-url. The user needs the right to create temporary tables.',
      },
    )
  } finally {
    await client?.end().catch(() => undefined)
  }
}

async function suitableServer(client: Client): Promise<string> {
  const { rows } = await client.query<{ version: string; standby: boolean }>(`
    SELECT split_part(current_setting('server_version'), ' ', 1) AS version, pg_is_in_recovery() AS standby`)
  const { version = '', standby } = rows[0] ?? {}
  if (Number.parseInt(version, 10) < oldestMajor) {
    throw new EnvironmentError(`The server is Postgres ${version}; ${oldestMajor} or later is needed.`)
  }
  if (standby === true) {
    throw new UsageError('The server is a standby, which can have no temporary tables and write no WAL.', {
      hint: 'Give the URL of the primary, or of a server on a machine like it.',
    })
  }
  return `PostgreSQL ${version}`
}

/** Ends the connection when the run is interrupted, so that nobody waits for the statement that is under way. */
async function measure(client: Client, signal: AbortSignal): Promise<HardwareRates> {
  signal.throwIfAborted()
  const abort = (): void => void client.end().catch(() => undefined)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await measureHardware(client, { quick: false, signal })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
