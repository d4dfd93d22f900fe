import { relationKey } from '../core/effects.ts'
import { displayKey } from '../core/locks.ts'
import { tableFactsByKey, type Production } from '../core/production.ts'
import type { Range, Severity, Wait } from '../core/model.ts'
import type { Thresholds, WaitThresholds } from '../core/thresholds.ts'
import { enumerate } from '../rule.ts'
import { describeHarmless } from './harmless.ts'
import type { PlacedFinding, Run } from './recorder.ts'
import { isAtLeast } from './sort.ts'
import { Tails, type Tail } from './tails.ts'
import type { PlacedStatement } from './views.ts'
import { waitsFor } from './waits.ts'

/** What decides how bad a wait is. */
export interface Scale {
  readonly thresholds: Thresholds
  readonly production: Production | undefined
}

/**
 * Lets severity follow consequence: findings whose harm is time get the severity of what others go through at
 * production size, or become harmless. What is not known to take how long keeps its severity, and what the
 * configuration or (as the most there can be) the rule says about severities counts more.
 */
export function weighFindings(
  findings: readonly PlacedFinding[],
  run: Run,
  scale: Scale,
): readonly PlacedFinding[] {
  const tails = new Tails(run)
  return findings.map((finding) => {
    if (finding.harm === undefined || fails(finding)) return finding
    const tail = tails.from(beginOf(finding, run))
    const waits =
      finding.harm === 'work'
        ? lockedRows(finding, tail)
        : waitsFor(finding.finding.because, scale.production)
    return waits === undefined || tail.unknownTables.length > 0
      ? withUnknown(finding, tail)
      : weigh(finding, waits, tail, scale)
  })
}

/** The statement from which on others wait: the first that took one of the locks, or the one that works. */
function beginOf({ finding, placed, harm }: PlacedFinding, run: Run): PlacedStatement {
  if (harm === 'work') return placed
  const takers = finding.because.flatMap((effect) => {
    const taker = effect.kind === 'lock' ? run.recorded(effect) : undefined
    return taker?.placed.transaction === placed.transaction ? [taker] : []
  })
  return takers.toSorted((a, b) => a.position - b.position)[0]?.placed ?? placed
}

/** Rows stay locked until the transaction ends. */
function lockedRows({ finding }: PlacedFinding, { durationMs }: Tail): readonly Wait[] | undefined {
  const tables = finding.because.flatMap((effect) =>
    effect.kind === 'write' ? [relationKey(effect.relation)] : [],
  )
  return durationMs === undefined
    ? undefined
    : [{ blocks: 'writes to the same rows', ms: durationMs, tables }]
}

function fails({ placed }: PlacedFinding): boolean {
  return placed.view.effects.some(({ kind }) => kind === 'error')
}

function withUnknown(placed: PlacedFinding, { unknownTables }: Tail): PlacedFinding {
  if (unknownTables.length === 0) return placed
  const tables = enumerate(unknownTables.map(displayKey))
  const note = `The size of ${tables} is not known: treated as large.`
  return withNotes(placed, note)
}

function withNotes(placed: PlacedFinding, ...notes: readonly string[]): PlacedFinding {
  return { ...placed, finding: { ...placed.finding, notes: [...placed.finding.notes, ...notes] } }
}

function weigh(
  placed: PlacedFinding,
  waits: readonly Wait[],
  tail: Tail,
  { thresholds, production }: Scale,
): PlacedFinding {
  const ranked = waits.map((wait) => ({ wait, severity: severityOf(wait, thresholds, production) }))
  const worst = ranked.reduce((known, one) => (isWorse(one.severity, known.severity) ? one : known))
  const { wait } = worst
  const severity = worst.severity === 'harmless' && tail.isGuess ? 'info' : worst.severity
  const weighed = { ...placed, finding: { ...placed.finding, wait } }
  if (severity === 'harmless') return { ...weighed, harmless: describeHarmless(waits, tail.tables) }
  const { configured = false, cap } = placed
  const allowed = cap !== undefined && isAtLeast(severity, cap) ? cap : severity
  const told = { ...weighed, finding: { ...weighed.finding, ...(configured ? {} : { severity: allowed }) } }
  return wait.queue !== undefined && countsRows(wait, production) ? withNotes(told, rowsNotQueries) : told
}

const rowsNotQueries =
  'Arrivals come from counters of scans and rows, which a query may move many times: at most that many wait.'

/** Do its rates count what one statement does many times? Then there are fewer queries than that. */
function countsRows({ tables }: Wait, production: Production | undefined): boolean {
  return tables.some((table) => tableFactsByKey(production, table)?.rates?.from === 'scans and rows')
}

type Rank = Severity | 'harmless'

function isWorse(a: Rank, b: Rank): boolean {
  if (a === 'harmless' || b === 'harmless') return a !== b && b === 'harmless'
  return a !== b && isAtLeast(a, b)
}

function severityOf(wait: Wait, thresholds: Thresholds, production: Production | undefined): Rank {
  const { readsBlocked, writesBlocked } = thresholds
  const byTime = rank(wait.ms, wait.blocks === 'reads and writes' ? readsBlocked : writesBlocked)
  const byQueue = countsRows(wait, production) ? 'harmless' : rankQueue(wait.queue)
  return isWorse(byQueue, byTime) ? byQueue : byTime
}

function rank({ expected, high }: Range, { warningMs, errorMs }: WaitThresholds): Rank {
  if (expected >= errorMs) return 'error'
  if (expected >= warningMs || high >= errorMs) return 'warning'
  return high >= warningMs ? 'info' : 'harmless'
}

/** When all connections wait, the whole database is out, however short the wait. */
function rankQueue(queue: Wait['queue']): Rank {
  if (queue?.connectionLimit === undefined) return 'harmless'
  if (queue.sessions.expected >= queue.connectionLimit) return 'error'
  return queue.sessions.high >= queue.connectionLimit ? 'warning' : 'harmless'
}
