import { Client } from 'pg'
import type { ClientConfig } from 'pg'

/**
 * Connects a client that does not end the process when its server or backend dies between two queries
 * (a migration may kill its own backend); a query that is under way still rejects.
 */
export async function connectClient(config: ClientConfig): Promise<Client> {
  const client = new Client(config)
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/**
 * Settings of administrator sessions: nothing that a migration created is found by an unqualified name,
 * so that it cannot get its code called by a superuser (CVE-2018-1058).
 */
export const adminOptions = '-c search_path=pg_catalog'
