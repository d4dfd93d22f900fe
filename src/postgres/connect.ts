import { Client } from 'pg'
import type { ClientConfig } from 'pg'
import { limitMessages } from './message-limit.ts'

/**
 * Connects a client that does not end the process when its server or backend dies between two queries
 * (a migration may kill its own backend); a query that is under way still rejects.
 */
export async function connectClient(config: ClientConfig): Promise<Client> {
  const client = new Client(config)
  client.on('error', () => undefined)
  await client.connect()
  limitMessages(client)
  return client
}

/**
 * Nothing that a migration created is found by an unqualified name, so that it cannot get its code called by a
 * superuser (CVE-2018-1058).
 */
export const adminSearchPath = 'search_path=pg_catalog'

/** What ALTER DATABASE … SET of a migration could change for us: whose rights we have, and how long we may take. */
const undone = [
  'role=none',
  'default_transaction_read_only=off',
  'standard_conforming_strings=on',
  'quote_all_identifiers=off',
  'statement_timeout=0',
  'lock_timeout=0',
  'idle_session_timeout=0',
  'idle_in_transaction_session_timeout=0',
]

/** Settings of administrator sessions, on a server of this major where it is known: they outrank those of databases. */
export function adminOptions(major?: number): string {
  const settings = [adminSearchPath, ...undone, ...((major ?? 0) >= 17 ? ['transaction_timeout=0'] : [])]
  return settings.map((setting) => `-c ${setting}`).join(' ')
}
