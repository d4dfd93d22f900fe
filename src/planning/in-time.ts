import type { Client } from 'pg'
import type { PostgresServer } from '../postgres/provider.ts'
import { endLate, terminateSql } from '../replay/end-late.ts'

/** Works on a session that runs code of migrations, and ends the session when that takes longer or the run ends. */
export async function inTime<T>(
  server: PostgresServer,
  client: Client,
  { ms, signal }: { readonly ms: number; readonly signal: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  const watch = endLate(client, { endsAt: performance.now() + ms, signal }, async (processId) => {
    const admin = await server.connectAdmin()
    try {
      await admin.query(terminateSql, [processId])
    } finally {
      await admin.end()
    }
  })
  try {
    return await work()
  } finally {
    watch[Symbol.dispose]()
  }
}

/** Sends one statement by the extended protocol, which takes no second one. */
export async function runOne(client: Client, text: string): Promise<readonly Record<string, unknown>[]> {
  const config = { text, queryMode: 'extended' }
  const { rows } = await client.query<Record<string, unknown>>(config)
  return rows
}
