/** Findings about durations as such: a deployment waits for the migrations, and Postgres may not wait that long. */
import { blockingLocks, unboundedWrites } from '../core/effects.ts'
import { addTimes, nothing, type Duration } from '../core/cost-model.ts'
import { formatMs } from '../core/quantities.ts'
import type { Thresholds } from '../core/thresholds.ts'
import { isMeasuredTime, timeBasis, timeWords } from '../core/time-words.ts'
import { isOpaque } from '../sql/statement-nodes.ts'
import { lockBudgetFindings } from './lock-budget.ts'
import type { PlacedFinding } from './recorder.ts'
import { reservedFinding, type ReservedId } from './reserved.ts'
import type { PlacedStatement } from './views.ts'

/** A statement whose duration at production size is known. */
interface TimedStatement {
  readonly placed: PlacedStatement
  readonly ms: Duration
}

/**
 * `exceeds-run-budget`, `exceeds-statement-timeout` and `exceeds-lock-budget`, where durations are known. Estimates stand in the receipt:
 * messages, which name tests and threads, stay the same from run to run.
 */
export function budgetFindings(
  statements: readonly PlacedStatement[],
  thresholds: Thresholds,
): readonly PlacedFinding[] {
  const timed = statements.flatMap((placed): readonly TimedStatement[] => {
    const ms = placed.result.cost?.durationMs
    return ms === undefined ? [] : [{ placed, ms }]
  })
  const apart = new Set(timed.filter(({ placed }) => blocksNobody(placed)))
  const unknown = statements.filter(
    (placed) =>
      placed.result.cost !== undefined &&
      placed.result.cost.durationMs === undefined &&
      !blocksNobody(placed),
  ).length
  return [
    ...longRun(
      timed.filter((one) => !apart.has(one)),
      unknown,
      thresholds.runMs,
    ),
    ...[...apart]
      .filter(({ ms }) => ms.expected > thresholds.concurrentMs)
      .map((one) => longStatement(one, thresholds.concurrentMs)),
    ...timed.flatMap(timedOut),
    ...lockBudgetFindings(statements, thresholds),
  ]
}

/**
 * CREATE INDEX CONCURRENTLY and its like, and code that commits as it goes: no lock that others wait for, and no
 * transaction that stays open.
 */
function blocksNobody({ view: { statement, effects } }: PlacedStatement): boolean {
  if (statement.inTransactionBlock || blockingLocks(effects).length > 0) return false
  return isOpaque(statement) || unboundedWrites(effects).length === 0
}

function longRun(
  timed: readonly TimedStatement[],
  unknown: number,
  budgetMs: number,
): readonly PlacedFinding[] {
  const total = timed.reduce((sum, { ms }) => addTimes(sum, ms), nothing)
  const byLength = timed.toSorted((a, b) => b.ms.expected - a.ms.expected)
  const [longest] = byLength
  if (longest === undefined || total.expected <= budgetMs) return []
  return [
    place(longest, 'exceeds-run-budget', {
      messageId: 'run',
      ms: total,
      message: `The migrations take longer in all than the ${formatMs(budgetMs)} that a deployment should wait for them.`,
      notes: [
        `In all they take ${timeWords(total)}${isMeasuredTime(total) ? '' : ' at production size'}, ${timeBasis(total)}.`,
        ...contributors(byLength),
        ...unknownNotes(unknown),
      ],
      remedy:
        'Split them: leave for a migration after the deployment what the new code does not need, change rows in batches, and build indexes and validate constraints outside of a transaction, where nobody waits.',
    }),
  ]
}

const mostContributors = 3

/** The longest, where they are not all there is. */
function contributors(byLength: readonly TimedStatement[]): readonly string[] {
  if (byLength.length < 2) return []
  const longest = byLength.slice(0, mostContributors).map(({ placed, ms }) => {
    const { file, start } = placed.view.statement.span
    return `${file}:${start.line} takes ${formatMs(ms.expected)}`
  })
  return [`The longest: ${longest.join(', ')}.`]
}

function unknownNotes(unknown: number): readonly string[] {
  if (unknown === 0) return []
  return [
    unknown === 1
      ? 'One more statement is not in the sum: how long it takes is not known.'
      : `${unknown} more statements are not in the sum: how long they take is not known.`,
  ]
}

function longStatement(timed: TimedStatement, budgetMs: number): PlacedFinding {
  return place(timed, 'exceeds-run-budget', {
    messageId: 'concurrent',
    message: `This statement takes longer than the ${formatMs(budgetMs)} that a deployment should wait for one that blocks nobody.`,
    remedy: 'Run it apart from the deployment, in a job of its own.',
  })
}

function timedOut(timed: TimedStatement): readonly PlacedFinding[] {
  const { settings, effects } = timed.placed.view
  const { statementTimeoutMs: limit } = settings
  // a failure of its own comes first
  if (limit === 0 || timed.ms.expected <= limit || effects.some(({ kind }) => kind === 'error')) return []
  return [
    place(timed, 'exceeds-statement-timeout', {
      message: `Postgres cancels this statement after ${formatMs(limit)} (statement_timeout): at production size it takes longer.`,
      notes: timed.ms.low <= limit ? ['At the lower end of its range it would just get through.'] : [],
      remedy: 'Make it shorter, in batches or without its lock, or give it a statement_timeout that fits.',
    }),
  ]
}

function place(
  { placed, ms: own }: TimedStatement,
  id: ReservedId,
  {
    remedy,
    ms = own,
    ...options
  }: {
    readonly message: string
    readonly messageId?: string
    readonly notes?: readonly string[]
    readonly remedy: string
    /** What it is about; absent: the statement's own time. */
    readonly ms?: Duration
  },
): PlacedFinding {
  const { span, sql } = placed.view.statement
  const finding = reservedFinding(id, {
    ...options,
    span,
    sql,
    evidence: isMeasuredTime(ms) ? 'measured' : 'predicted',
    remedy: { summary: remedy, migrations: [] },
  })
  return { finding, placed, secondary: false }
}
