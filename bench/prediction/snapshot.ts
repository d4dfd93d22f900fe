import { randomBytes } from 'node:crypto'
import { escapeLiteral, type Client } from 'pg'
import { printSnapshot } from '../../src/snapshot/print.ts'
import { readProduction } from '../../src/snapshot/read.ts'
import type { ValuesChoice } from '../../src/snapshot/values-choice.ts'

const reader = 'snapshot_reader'

/** The snapshot file of a database, read as users read it: by URL, with a role that may only read. */
export async function takeSnapshot(
  admin: Client,
  database: string,
  values: ValuesChoice = { kind: 'none' },
): Promise<string> {
  const password = randomBytes(16).toString('hex')
  await admin.query(`drop role if exists ${reader}`)
  await admin.query(
    `create role ${reader} login password ${escapeLiteral(password)} in role pg_monitor, pg_read_all_data`,
  )
  const { rows } = await admin.query<{ folder: string }>(
    "select current_setting('unix_socket_directories') as folder",
  )
  const host = encodeURIComponent(rows[0]?.folder ?? '')
  const url = `postgresql://${reader}:${password}@localhost/${database}?host=${host}`
  const snapshot = await readProduction({
    url,
    values,
    signal: new AbortController().signal,
  })
  return printSnapshot(snapshot)
}
