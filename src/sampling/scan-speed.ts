import type { Client } from 'pg'
import { waitedForCpuMs } from './statement-counters.ts'

const runs = 3
/** A sample has some hundred megabytes at most. */
const timeoutMs = 5000

/**
 * Milliseconds per byte of a sequential scan that looks at every row: with small buffers it reads each page anew.
 * Undefined when it takes too long.
 * @param admin connected to the database with the table; rows are counted only, so nobody's code runs
 */
export async function scanMsPerByte(
  admin: Client,
  { schema, name }: { readonly schema: string; readonly name: string },
  bytes: number,
): Promise<number | undefined> {
  const sql = `select count(*) from ${admin.escapeIdentifier(schema)}.${admin.escapeIdentifier(name)}`
  const { processID } = admin as unknown as { readonly processID: number }
  await admin.query('set enable_indexscan = off; set enable_indexonlyscan = off; set enable_bitmapscan = off')
  await admin.query(`set statement_timeout = ${timeoutMs}`)
  const times: number[] = []
  for (let run = 0; run < runs; run++) {
    const waited = waitedForCpuMs(processID)
    const begun = performance.now()
    if ((await admin.query(sql).catch(() => undefined)) === undefined) return undefined
    times.push(performance.now() - begun - (waitedForCpuMs(processID) - waited))
  }
  const middle = times.toSorted((a, b) => a - b)[Math.floor(runs / 2)] ?? 0
  return Math.max(0, middle) / bytes
}
