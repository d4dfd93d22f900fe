/**
 * What statements cost at production size, in words. Every number is an estimate, unless a clone of production measured
 * it: it stands with its range, with what it rests on, or below a line that says both.
 */

import { formatBytesRange, formatEstimate, formatMsRange, formatRows } from '../core/quantities.ts'
import { about, measuredOn, timeWords } from '../core/time-words.ts'
import { displayKey } from '../core/locks.ts'
import { printableLine } from './printable.ts'
import { list } from './words.ts'
import type { Duration, Range, Report, SizedTable, StatementCost } from '../core/model.ts'

/** Longer lists of tables are cut. */
const maxTables = 8

/** Fewer bytes are not worth a word. */
const fewBytes = 1024 * 1024

/** A statement that nobody waits for and that takes this long is worth a line of its own. */
export const longMs = 60_000

/** `orders` for `public.orders`. */
export function tableName(qualified: string): string {
  return printableLine(displayKey(qualified))
}

/** What one statement costs, a line each; empty when nothing is known of production. */
export interface CostLines {
  /**
   * `at 48,000,000 rows of orders about 2 min 10 s (…), 3.1 GB of WAL, estimated from samples of …`, or
   * `costs 2 min and 3 GB of WAL at 48,000,000 rows of orders, measured on a clone of production (…)`
   */
  readonly cost: readonly string[]
  /** What was assumed, and tables whose size is not known. */
  readonly notes: readonly string[]
}

/** What a reader has seen above the receipt: it is not said again. */
export interface Said {
  /** A duration with what it rests on. */
  readonly ms?: Duration
  readonly notes?: readonly string[]
}

/** The lines of a statement's receipt. */
export function costLines(cost: StatementCost | undefined, said: Said = {}): CostLines {
  if (cost === undefined) return { cost: [], notes: [] }
  const { durationMs, basis } = cost
  const { ms, notes = [] } = said
  const isNews = durationMs !== undefined && (ms === undefined || !isPartOf(durationMs, ms))
  const time = isNews ? [timeWords(durationMs)] : []
  const unknown = durationMs === undefined && basis.by === 'nothing'
  return {
    cost: unknown
      ? [`duration in production ${basisWords(cost)}`]
      : basis.by === 'clone'
        ? measuredLine(cost, time, said)
        : estimatedLine(cost, [...time, ...byteWords(cost, notes)], ms !== undefined),
    notes: costNotes(cost).filter((note) => !notes.some((other) => saysTheSame(note, other))),
  }
}

function estimatedLine(
  cost: StatementCost,
  amounts: readonly string[],
  hasBasis: boolean,
): readonly string[] {
  if (amounts.length === 0) return []
  if (hasBasis) return [`costs ${list(amounts)}`]
  const size = sizeWords(cost.tables)
  return [`${size === '' ? 'in production' : `at ${size}`} ${list(amounts)}, ${basisWords(cost)}`]
}

/** What a clone measured, and apart from it the disk, which nobody measures. */
function measuredLine(
  cost: StatementCost,
  time: readonly string[],
  { ms, notes = [] }: Said,
): readonly string[] {
  const { diskBytes, ...rest } = cost
  const measured = [...time, ...byteWords(rest, notes)]
  const disk = diskBytes === undefined ? [] : byteWords({ diskBytes }, notes)
  const size = sizeWords(measuredTables(cost))
  const at = size === '' ? '' : ` at ${size}`
  const basis = ms?.onClone === undefined ? basisWords(cost) : 'measured on the clone'
  const parts = [
    ...(measured.length === 0 ? [] : [`${list(measured)}${ms === undefined ? at : ''}, ${basis}`]),
    ...disk.map((amount) => `${about(amount)}, estimated`),
  ]
  return parts.length === 0 ? [] : [`costs ${parts.join('; ')}`]
}

/** Those whose size is that of the clone: another one is not what the time goes with. */
export function measuredTables({ tables }: StatementCost): readonly SizedTable[] {
  return tables.filter(({ from }) => from === 'clone')
}

/** The same time for a reader, or too little of it to be worth a word beside it. */
function isPartOf(part: Range, whole: Range): boolean {
  return isSameTime(part, whole) || part.expected * 10 < whole.expected
}

/** Also sentences of others about tables of unknown size. */
function saysTheSame(note: string, other: string): boolean {
  return other.includes(note) || [note, other].every((text) => text.includes('treated as large'))
}

/** What was assumed for the estimate, and what is not known. */
function costNotes({ basis, notes, unknownTables }: StatementCost): readonly string[] {
  const why = basis.by === 'structure' ? [`not sampled, because ${printableLine(basis.why)}`] : []
  const unknown = unknownTables.length === 0 ? [] : [unknownSizes(unknownTables)]
  return [...why, ...notes.map(printableLine), ...unknown]
}

/** Would a reader see the same time? */
export function isSameTime(one: Range, other: Range): boolean {
  return formatMsRange(one) === formatMsRange(other)
}

/** `3.1 GB of WAL`, `4.4 GB (3.1 GB to 9 GB) of disk at its peak`; what `said` gives already is left out. */
export function byteWords(
  { walBytes, tempBytes, diskBytes }: Pick<StatementCost, 'walBytes' | 'tempBytes' | 'diskBytes'>,
  said: readonly string[] = [],
): readonly string[] {
  const amounts = [
    { range: walBytes, of: 'of WAL' },
    { range: tempBytes, of: 'of temporary files' },
    { range: diskBytes, of: 'of disk at its peak' },
  ]
  return amounts.flatMap(({ range, of }) =>
    range === undefined ||
    range.high < fewBytes ||
    said.some((line) => line.includes(` ${formatBytesRange(range)} `))
      ? []
      : [`${formatBytesRange(range)} ${of}`],
  )
}

/** How the note begins under a catalogue change that the rehearsal did not get to. */
const notRun = 'it was not run'

/** What the estimate rests on: `estimated from samples of 30,000 and 100,000 rows`; `speed` follows it. */
export function basisWords({ basis, notes }: StatementCost, speed = ''): string {
  switch (basis.by) {
    case 'rehearsal':
      return notes.some((note) => note.startsWith(notRun)) ? 'estimated' : 'estimated from the rehearsal'
    case 'samples': {
      const rows = [...new Set(basis.rows.map(formatEstimate))].slice(0, maxTables)
      if (rows.length === 0) return `estimated from samples${speed}`
      return `estimated from ${rows.length === 1 ? 'a sample' : 'samples'} of ${list(rows)} rows${speed}`
    }
    case 'clone':
      return printableLine(measuredOn(basis))
    case 'structure':
      return `estimated from sizes${speed}, not sampled`
    case 'nothing':
      return `not known, because ${printableLine(basis.why)}`
  }
}

/** Whose speed a duration is given for. */
export function speedWords({ production }: Report): string {
  return production?.hardware === 'production' ? " at production's speed" : " at this machine's speed"
}

/**
 * `48,000,000 rows of orders`; without the name where `named` says it already; `… and 3 more tables` where work is that
 * of several, such as partitions. Empty when no table decides.
 */
export function sizeWords(tables: readonly SizedTable[], named: readonly string[] = []): string {
  const [largest] = tables
  if (largest === undefined) return ''
  const isNamed = named.length === 1 && named[0] === largest.table
  const others = tables.filter(({ rows }) => rows > 0).length - 1
  // a foreign key has two tables, and only one whose rows are gone through
  const more = others < 2 ? '' : ` and ${others} more tables`
  return `${formatRows(largest.rows)}${isNamed && more === '' ? '' : ` of ${tableName(largest.table)}`}${more}`
}

/** `size unknown, treated as large: audit_log and events` */
export function unknownSizes(tables: readonly string[]): string {
  const names = [...new Set(tables.map(tableName))]
  const left = names.length - maxTables
  const shown = left > 0 ? [...names.slice(0, maxTables), `${left} more`] : names
  return `size unknown, treated as large: ${list(shown)}`
}

const known = new WeakMap<Report, readonly string[]>()

/** Why nothing at all was sampled, as the report says it: no statement needs to say it again. */
export function samplingLimits(report: Report): readonly string[] {
  const limits =
    known.get(report) ??
    report.notChecked
      .filter(({ code }) => code === 'not-sampled')
      .map(({ message }) => printableLine(message))
  known.set(report, limits)
  return limits
}
