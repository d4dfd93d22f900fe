import type { Client } from 'pg'
import type { PostgresServer } from '../postgres/provider.ts'
import { endLate, terminateSql, type Lateness } from '../replay/end-late.ts'

/**
 * A session of the migrating role for what runs code of migrations: it ends with its scope, when its time is over, and
 * with the run. Queries of a session that was ended fail.
 */
export async function migratorSession(
  server: PostgresServer,
  database: string,
  lateness: Lateness,
): Promise<AsyncDisposable & { readonly client: Client }> {
  const client = await server.connectMigrator(database)
  const watch = endLate(client, lateness, async (processId) => {
    const admin = await server.connectAdmin()
    try {
      await admin.query(terminateSql, [processId])
    } finally {
      await admin.end()
    }
  })
  return {
    client,
    async [Symbol.asyncDispose]() {
      watch[Symbol.dispose]()
      await client.end().catch(() => undefined)
    },
  }
}
