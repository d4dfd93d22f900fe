import type { Client } from 'pg'
import { waitedForCpuMs } from './statement-counters.ts'

const runs = 3
/** A sample has some hundred megabytes at most. */
const timeoutMs = 5000

/**
 * Milliseconds per byte of a sequential scan that looks at every row: with small buffers it reads each page anew.
 * Undefined when it takes too long, or the role may not read all rows.
 * @param client the migrating role in the database with the table: planning folds the expressions of its indexes
 * (RelationGetIndexExpressions(), relcache.c), which runs functions of migrations
 */
export async function scanMsPerByte(
  client: Client,
  { schema, name }: { readonly schema: string; readonly name: string },
  bytes: number,
): Promise<number | undefined> {
  const sql = `select count(*) from ${client.escapeIdentifier(schema)}.${client.escapeIdentifier(name)}`
  const { processID } = client as unknown as { readonly processID: number }
  await client.query(
    `set enable_indexscan = off; set enable_indexonlyscan = off; set enable_bitmapscan = off;
     set max_parallel_workers_per_gather = 0; set row_security = off; set statement_timeout = ${timeoutMs}`,
  )
  const times: number[] = []
  for (let run = 0; run < runs; run++) {
    const waited = waitedForCpuMs(processID)
    const begun = performance.now()
    if ((await client.query(sql).catch(() => undefined)) === undefined) return undefined
    times.push(performance.now() - begun - (waitedForCpuMs(processID) - waited))
  }
  const middle = times.toSorted((a, b) => a - b)[Math.floor(runs / 2)] ?? 0
  return Math.max(0, middle) / bytes
}
