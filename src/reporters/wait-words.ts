/** What others go through while the locks of a finding are held, in words. */

import { formatCount, formatEstimate } from '../core/quantities.ts'
import { about, timeBasis, timeWords } from '../core/time-words.ts'
import { basisWords, measuredTables, sizeWords, speedWords } from './cost-words.ts'
import { statementOf } from './effects.ts'
import { printableLine } from './printable.ts'
import type {
  Finding,
  HarmlessFinding,
  Report,
  ReportStatement,
  SizedTable,
  StatementCost,
  Wait,
} from '../core/model.ts'

/**
 * Sentences to stand right below the message of a finding: how long who waits, at which size, and what that rests
 * on; then how many wait. Empty where that is not known, or not the harm. `lasting`: without line numbers, for texts that
 * outlive a push.
 */
export function waitLines(report: Report, finding: Finding, lasting = false): readonly string[] {
  const { wait } = finding
  if (wait === undefined) return []
  const here = statementOf(report, finding)
  const longest = here === undefined ? undefined : longestFrom(here, report)
  const cost = longest?.cost
  const size = cost === undefined ? '' : sizeWords(sizesOf(cost), wait.tables)
  const basis = basisOf(wait, cost, report)
  const at = size === '' ? '' : ` at ${size}`
  return [
    `${whoWaits[wait.blocks]} wait ${timeWords(wait.ms)}${at}${elsewhere(longest, here, lasting)}, ${basis}.`,
    ...queueWords(wait),
  ]
}

/** Of a time that a clone measured only the sizes that the clone had. */
function sizesOf(cost: StatementCost): readonly SizedTable[] {
  return cost.basis.by === 'clone' ? measuredTables(cost) : cost.tables
}

/** A moment at the end of what ran on a clone, such as that of CONCURRENTLY, was not measured there. */
function basisOf({ ms }: Wait, cost: StatementCost | undefined, report: Report): string {
  return ms.onClone !== undefined || cost === undefined || cost.basis.by === 'clone'
    ? printableLine(timeBasis(ms))
    : basisWords(cost, speedWords(report))
}

const whoWaits: Readonly<Record<Wait['blocks'], string>> = {
  'reads and writes': 'Reads and writes',
  writes: 'Writes',
  'writes to the same rows': 'Writes to the same rows',
}

/** Most of the time may go by in another statement of the transaction. */
function elsewhere(
  longest: ReportStatement | undefined,
  here: ReportStatement | undefined,
  lasting: boolean,
): string {
  if (longest === undefined || here === undefined || longest === here) return ''
  if (lasting) return ', most of it for a later statement'
  const { file, start } = longest.span
  const where = file === here.span.file ? '' : ` of ${printableLine(file)}`
  return `, most of it for line ${start.line}${where}`
}

const known = new WeakMap<Report, ReadonlyMap<ReportStatement, ReportStatement>>()

/** What takes longest from the statement to its commit; the statement itself unless another takes twice its time. */
function longestFrom(here: ReportStatement, report: Report): ReportStatement {
  const all = known.get(report) ?? longestToCommit(report)
  known.set(report, all)
  const longest = all.get(here) ?? here
  return expectedMs(longest) < 2 * expectedMs(here) ? here : longest
}

/** Of every statement; remembered, because every finding asks. */
function longestToCommit({ migrations }: Report): ReadonlyMap<ReportStatement, ReportStatement> {
  const longest = new Map<ReportStatement, ReportStatement>()
  let after: ReportStatement | undefined
  for (const statement of migrations.flatMap(({ statements }) => statements).toReversed()) {
    const isLongest =
      after?.transaction !== statement.transaction || expectedMs(statement) >= expectedMs(after)
    after = isLongest ? statement : after
    longest.set(statement, after ?? statement)
  }
  return longest
}

function expectedMs({ cost }: ReportStatement): number {
  return cost?.durationMs?.expected ?? 0
}

/** `At 120 writes per second about 16,000 sessions would be waiting at the end; production allows 500 connections.` */
function queueWords({ blocks, queue }: Wait): readonly string[] {
  if (queue === undefined) return []
  const { perSecond, sessions, connectionLimit } = queue
  const arriving = blocks === 'reads and writes' ? 'queries' : 'writes'
  const [low, expected, high] = [sessions.low, sessions.expected, sessions.high].map(formatEstimate)
  const range = low === high ? '' : ` (${low} to ${high})`
  const limit =
    connectionLimit === undefined ? '' : `; production allows ${formatCount(connectionLimit)} connections`
  return [
    `At ${formatEstimate(perSecond)} ${arriving} per second ${about(expected ?? '')}${range} sessions would be waiting at the end${limit}.`,
  ]
}

/** What was found, and why it harms nobody at production's size: two sentences. */
export function harmlessSentences({ message, harmless }: HarmlessFinding): string {
  const why = printableLine(harmless)
  return `${printableLine(message)} But ${why}${/[.!?]$/.test(why) ? '' : '.'}`
}
