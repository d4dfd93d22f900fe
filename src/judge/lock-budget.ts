/** What a whole deployment makes one table's queries wait, where no single transaction of it is long enough to be told. */
import { addTimes, nothing, type Duration } from '../core/cost-model.ts'
import { blockingLocks, relationKey } from '../core/effects.ts'
import { blocksReads, displayKey } from '../core/locks.ts'
import type { EvidencedEffect, LockEffect } from '../core/model.ts'
import { formatMs } from '../core/quantities.ts'
import { isMeasuredTime, timeBasis, timeWords } from '../core/time-words.ts'
import type { Thresholds } from '../core/thresholds.ts'
import type { PlacedFinding } from './recorder.ts'
import { reservedFinding } from './reserved.ts'
import type { PlacedStatement } from './views.ts'

/** How long one transaction keeps a table's queries waiting. */
interface Hold {
  readonly placed: PlacedStatement
  readonly lock: LockEffect & EvidencedEffect
  readonly ms: Duration
}

/**
 * `exceeds-lock-budget`: several transactions lock the same table, each for less than the threshold, together for more.
 * One that is too long by itself is for the rule to tell that knows its statement.
 */
export function lockBudgetFindings(
  statements: readonly PlacedStatement[],
  { readsBlocked, writesBlocked }: Thresholds,
): readonly PlacedFinding[] {
  const tables = new Map<string, Hold[]>()
  for (const placed of statements) {
    for (const lock of locksOf(placed)) {
      if (lock.heldMs === undefined) continue
      const key = relationKey(lock.relation)
      tables.set(key, [...(tables.get(key) ?? []), { placed, lock, ms: lock.heldMs }])
    }
  }
  return [...tables].flatMap(([table, holds]) => {
    const onReads = holds.filter(({ lock }) => blocksReads(lock.mode))
    if (onReads.some(({ ms }) => ms.expected >= readsBlocked.warningMs)) return []
    return (
      tooLong(table, onReads, 'Reads and writes of', readsBlocked.warningMs) ??
      tooLong(table, holds, 'Writes to', writesBlocked.warningMs) ??
      []
    )
  })
}

function locksOf({ result }: PlacedStatement): readonly (LockEffect & EvidencedEffect)[] {
  const blocking = new Set(blockingLocks(result.effects))
  return result.effects.filter(
    (effect): effect is LockEffect & EvidencedEffect => effect.kind === 'lock' && blocking.has(effect),
  )
}

function tooLong(
  table: string,
  holds: readonly Hold[],
  queries: string,
  limitMs: number,
): readonly PlacedFinding[] | undefined {
  const longest = longestOfTransactions(holds)
  const total = longest.reduce((sum, { ms }) => addTimes(sum, ms), nothing)
  const [worst] = longest.toSorted((a, b) => b.ms.expected - a.ms.expected)
  if (worst === undefined || longest.length < 2) return undefined
  if (worst.ms.expected >= limitMs || total.expected < limitMs) return undefined
  const name = displayKey(table)
  const { placed } = worst
  const finding = reservedFinding('exceeds-lock-budget', {
    message: `${queries} ${name} wait ${longest.length} times in this deployment, in all longer than the ${formatMs(limitMs)} that one lock may make them wait.`,
    span: placed.view.statement.span,
    sql: placed.view.statement.sql,
    object: name,
    because: longest.map(({ lock }) => lock),
    notes: [
      `In all they wait ${timeWords(total)}${isMeasuredTime(total) ? '' : ' at production size'}, ${timeBasis(total)}.`,
      'Each of these locks has to wait anew for whoever uses the table, and queries queue up behind it.',
    ],
    remedy: {
      summary: `Change ${name} in one transaction, with one ALTER TABLE where that is possible, or spread the changes over several deployments.`,
      migrations: [],
    },
  })
  return [{ finding, placed, secondary: false }]
}

/** The longest of each transaction: it holds what it took first until the end. */
function longestOfTransactions(holds: readonly Hold[]): readonly Hold[] {
  const longest = new Map<unknown, Hold>()
  for (const hold of holds) {
    const { transaction } = hold.placed
    const known = longest.get(transaction)
    if (known === undefined || hold.ms.expected > known.ms.expected) longest.set(transaction, hold)
  }
  return [...longest.values()]
}
