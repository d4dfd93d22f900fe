import type { Client } from 'pg'
import { EnvironmentError, ToolError } from '../core/errors.ts'
import { connectClient } from '../postgres/connect.ts'
import { parseServerUrl, type ServerAddress } from '../postgres/server-url.ts'
import { beginSql, exportSql, fillIn, preparationSql, sessionSql, type Placeholders } from './export-sql.ts'
import { parseSnapshot, type Snapshot } from './format.ts'
import type { ValuesChoice } from './values-choice.ts'

export interface ReadOptions {
  readonly url: string
  readonly values: ValuesChoice
  readonly signal: AbortSignal
}

const oldestMajor = 12

/** Any other setting here would look like one of production's: the export reads what new sessions get. */
const sessionOptions = '-c default_transaction_read_only=on'

/**
 * Reads the statistics of a database: one read-only transaction, no lock that anybody waits for, at most a minute.
 * @throws {UsageError} for a URL that is none; {EnvironmentError} when the server cannot be reached or read
 */
export async function readProduction({ url, values, signal }: ReadOptions): Promise<Snapshot> {
  const address = parseServerUrl(url)
  signal.throwIfAborted()
  const client = await connect(address)
  const abort = (): void => void client.end().catch(() => undefined)
  signal.addEventListener('abort', abort, { once: true })
  try {
    await refuseOld(client)
    return await parseSnapshot(await exportText(client, values), `The answer of ${address.place}`)
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof ToolError ? error : unreadable(address, error)
  } finally {
    signal.removeEventListener('abort', abort)
    await client.end().catch(() => undefined)
  }
}

async function connect(address: ServerAddress): Promise<Client> {
  const more = { application_name: 'pgrehearse-snapshot', query_timeout: 90_000 }
  try {
    return await connectClient({ ...address.config, ...more, options: sessionOptions })
  } catch (error) {
    // Poolers such as PgBouncer refuse start-up options; the transaction sets all of them again.
    if (!/unsupported startup parameter/.test(String(error))) throw unreadable(address, error)
  }
  try {
    return await connectClient({ ...address.config, ...more })
  } catch (error) {
    throw unreadable(address, error)
  }
}

async function refuseOld(client: Client): Promise<void> {
  const { rows } = await client.query<{ version: string }>('show server_version')
  const version = rows[0]?.version ?? ''
  if (Number.parseInt(version, 10) < oldestMajor) {
    throw new EnvironmentError(`The server is Postgres ${version}; ${oldestMajor} or later is needed.`)
  }
}

/**
 * The length of a file is had under a lock that may come too late in spite of all care: then the whole is asked for
 * again without lengths, which never waits.
 */
async function exportText(client: Client, values: ValuesChoice): Promise<string> {
  try {
    return await exportOnce(client, values, {})
  } catch (error) {
    const { code } = error as { code?: string }
    if (code !== lockNotAvailable && code !== internalError) throw error
  }
  return exportOnce(client, values, { measure_at_most: '0' })
}

const lockNotAvailable = '55P03'
/** Also what the catalogue says of a relation that is dropped in between: `could not open relation with OID …`. */
const internalError = 'XX000'

async function exportOnce(
  client: Client,
  values: ValuesChoice,
  overrides: Partial<Placeholders>,
): Promise<string> {
  await client.query(`${beginSql}\n${sessionSql}`)
  try {
    const prepared = await client.query<Placeholders & Record<string, string>>(preparationSql)
    const [placeholders] = prepared.rows
    if (placeholders === undefined) throw new Error('the preparation gave no row')
    const sql = fillIn(exportSql(values), { ...placeholders, ...overrides })
    const { rows } = await client.query<{ snapshot: string | null }>(sql)
    const snapshot = rows[0]?.snapshot ?? null
    if (snapshot === null) throw new Error('the export gave nothing')
    return snapshot
  } finally {
    await client.query('rollback').catch(() => undefined)
  }
}

function unreadable({ place, password }: ServerAddress, error: unknown): EnvironmentError {
  const { message, code } = error as { message?: string; code?: string }
  const reason = message || code || String(error)
  const safe = password === '' ? reason : reason.replaceAll(password, '***')
  // The cause is left out: node-pg's errors may carry the connection's parameters.
  return new EnvironmentError(`The statistics of ${place} cannot be read: ${safe}`, {
    hint: 'Check host, port, user, password, database and sslmode of --from.',
  })
}
