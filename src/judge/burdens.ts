/** What a statement does to the servers besides making others wait: notes for its receipt. */
import { existingTableLocks } from '../core/effects.ts'
import { blocksReads } from '../core/locks.ts'
import { nothing, type Range } from '../core/cost-model.ts'
import type { StatementCost } from '../core/model.ts'
import type { Production, ReplicationFacts } from '../core/production.ts'
import { measuredOn } from '../core/time-words.ts'
import { formatBytes, formatBytesRange, formatMsRange } from '../core/quantities.ts'
import type { PlacedFinding } from './recorder.ts'
import { isAtLeast } from './sort.ts'
import type { PlacedStatement } from './views.ts'

/** What is less is not worth a line. */
const leastBytes = 1024 ** 3
const leastLagMs = 10_000

/** Adds what is known to the worst finding of each statement, once. */
export function noteBurdens(
  findings: readonly PlacedFinding[],
  production: Production | undefined,
): readonly PlacedFinding[] {
  const worst = new Map<PlacedStatement, PlacedFinding>()
  for (const finding of findings) {
    const known = worst.get(finding.placed)
    if (known === undefined || isWorse(finding, known)) worst.set(finding.placed, finding)
  }
  return findings.map((placed) => {
    if (worst.get(placed.placed) !== placed) return placed
    const notes = [
      ...standbyNotes(placed, production?.replication),
      ...costNotes(placed.placed.result.cost, production?.replication),
    ]
    if (notes.length === 0) return placed
    return { ...placed, finding: { ...placed.finding, notes: [...placed.finding.notes, ...notes] } }
  })
}

function isWorse({ finding: a }: PlacedFinding, { finding: b }: PlacedFinding): boolean {
  if ((a.allowed === undefined) !== (b.allowed === undefined)) return a.allowed === undefined
  return a.severity !== b.severity && isAtLeast(a.severity, b.severity)
}

/** Only AccessExclusiveLock is written to WAL (LogAccessExclusiveLock(), standby.c). */
function standbyNotes(
  { finding, placed }: PlacedFinding,
  replication: ReplicationFacts | undefined,
): readonly string[] {
  const { standbys = 0 } = replication ?? {}
  if (standbys === 0) return []
  const locks = existingTableLocks([...finding.because, ...placed.view.effects])
  if (!locks.some(({ mode }) => blocksReads(mode))) return []
  const where = standbys === 1 ? 'the standby' : `${standbys} standbys`
  return [`AccessExclusiveLock is replayed on ${where}: reads there wait as long, or are cancelled.`]
}

function costNotes(
  cost: StatementCost | undefined,
  replication: ReplicationFacts | undefined,
): readonly string[] {
  const disk = cost?.diskBytes ?? nothing
  return [
    ...(cost === undefined ? [] : walNotes(cost, replication)),
    ...(disk.expected < leastBytes
      ? []
      : [`It needs about ${formatBytesRange(disk)} more on disk at its peak.`]),
  ]
}

function walNotes(
  { walBytes, durationMs, basis }: StatementCost,
  { standbys, slots, applyBytesPerSecond }: ReplicationFacts = { standbys: 0, slots: 0 },
): readonly string[] {
  const wal = walBytes ?? nothing
  const bytes = wal.expected
  const rate = standbys > 0 ? (applyBytesPerSecond ?? 0) : 0
  // standbys replay while it is written
  const lagMs = rate > 0 ? lagOf(wal, rate, durationMs ?? nothing) : nothing
  if (bytes < leastBytes && lagMs.expected < leastLagMs) return []
  const amount = `${formatBytesRange(wal)} of WAL`
  const parts = [
    basis.by === 'clone' ? `It writes ${amount}, ${measuredOn(basis)}` : `It writes about ${amount}`,
  ]
  if (lagMs.expected >= leastLagMs) {
    parts.push(`standbys that replay ${formatBytes(rate)}/s fall about ${formatMsRange(lagMs)} behind`)
  }
  if (slots > 0) {
    const keepers =
      slots === 1
        ? '1 replication slot keeps it until its consumer has it'
        : `${slots} replication slots keep it until their consumers have it`
    parts.push(keepers)
  }
  return [`${parts.join('; ')}.`]
}

function lagOf(wal: Range, rate: number, durationMs: Range): Range {
  const lag = (bytes: number, ms: number): number => Math.max((bytes / rate) * 1000 - ms, 0)
  return {
    low: lag(wal.low, durationMs.high),
    expected: lag(wal.expected, durationMs.expected),
    high: lag(wal.high, durationMs.low),
  }
}
