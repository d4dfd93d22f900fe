import type { Duration, SizedTable, Wait } from '../core/cost-model.ts'
import { displayKey } from '../core/locks.ts'
import { formatBytes, formatMs, formatRows } from '../core/quantities.ts'
import { isMeasuredTime, timeBasis } from '../core/time-words.ts'
import { enumerate } from '../rule.ts'

/** A part of a sentence: `currencies has 168 rows (24 kB), so writes wait 3 ms (at most 9 ms)` */
export function describeHarmless(waits: readonly Wait[], tables: readonly SizedTable[]): string {
  const times = waits.map(({ blocks, ms }) => `${waiters[blocks]} ${describeMost(ms)}`).join(', ')
  const [measured] = waits.every(({ ms }) => isMeasuredTime(ms)) ? waits : []
  const waiting = measured === undefined ? times : `${times}, ${timeBasis(measured.ms)}`
  if (tables.length === 0) return waiting
  const sizes = tables.map(({ table, rows, bytes }) => {
    const size = bytes === undefined ? '' : ` (${formatBytes(bytes)})`
    return `${displayKey(table)} has ${formatRows(rows)}${size}`
  })
  // a measurement follows from no size
  return `${enumerate(sizes)}, ${measured === undefined ? 'so' : 'and'} ${waiting}`
}

const waiters: Readonly<Record<Wait['blocks'], string>> = {
  'reads and writes': 'reads and writes wait',
  writes: 'writes wait',
  'writes to the same rows': 'its rows stay locked for',
}

function describeMost({ expected, high }: Duration): string {
  const [about, most] = [formatMs(expected), formatMs(high)]
  return about === most ? about : `${about} (at most ${most})`
}
