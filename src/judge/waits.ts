import { addRanges, scaleRange, type Duration, type Range, type Wait } from '../core/cost-model.ts'
import { blockingLocks, relationKey } from '../core/effects.ts'
import { blocksReads } from '../core/locks.ts'
import type { Effect, LockEffect } from '../core/model.ts'
import { tableFactsByKey, type Production } from '../core/production.ts'

/**
 * What others go through while the locks of a receipt are held, reads before writes, each with its longest window.
 * Undefined when one of the windows is not known, or there is no lock that anybody waits for.
 */
export function waitsFor(
  because: readonly Effect[],
  production: Production | undefined,
): readonly Wait[] | undefined {
  const held = heldLocks(because)
  if (held === undefined || held.length === 0) return undefined
  const onReads = held.filter(({ lock }) => blocksReads(lock.mode))
  const onWrites = held.filter(({ lock }) => lock.relation.kind !== 'materialized view')
  return [
    ...(onReads.length === 0 ? [] : [toWait('reads and writes', onReads, production)]),
    // where reads wait, writes wait as long
    ...(onWrites.every(({ lock }) => blocksReads(lock.mode)) ? [] : [toWait('writes', onWrites, production)]),
  ]
}

interface HeldLock {
  readonly lock: LockEffect
  /** `schema.name` of what queries name. */
  readonly table: string
  readonly ms: Duration
}

function heldLocks(because: readonly Effect[]): readonly HeldLock[] | undefined {
  const onTables = blockingLocks(because).map((lock) => ({ lock, table: relationKey(lock.relation) }))
  const locks = [...onTables, ...lockedIndexes(because)]
  const held = locks.flatMap(({ lock, table }) => {
    const ms = lock.heldMs ?? onTables.find((one) => one.table === table)?.lock.heldMs
    return ms === undefined ? [] : [{ lock, table, ms }]
  })
  return held.length < locks.length ? undefined : held
}

/**
 * Planning a query locks every index of its table (get_relation_info(), plancat.c), so whoever locks an index
 * exclusively makes the table's queries wait.
 */
function lockedIndexes(because: readonly Effect[]): readonly Omit<HeldLock, 'ms'>[] {
  return because.flatMap((effect) => {
    if (effect.kind !== 'lock' || !effect.relation.existedBefore || !blocksReads(effect.mode)) return []
    const { kind, table } = effect.relation
    return kind === 'index' && table !== undefined ? [{ lock: effect, table }] : []
  })
}

function toWait(
  blocks: 'reads and writes' | 'writes',
  held: readonly HeldLock[],
  production: Production | undefined,
): Wait {
  const ms = held.map((one) => one.ms).reduce(longer)
  const queue = queueOf(blocks, held, production)
  return {
    blocks,
    ms,
    tables: [...new Set(held.map(({ table }) => table))].toSorted(),
    ...(queue === undefined ? {} : { queue }),
  }
}

function longer(a: Duration, b: Duration): Duration {
  // of what was measured there is no more that it could be
  if (a.onClone !== undefined || b.onClone !== undefined) return b.expected > a.expected ? b : a
  return {
    low: Math.max(a.low, b.low),
    expected: Math.max(a.expected, b.expected),
    high: Math.max(a.high, b.high),
  }
}

interface Arrivals {
  readonly perSecond: number
  readonly sessions: Range
}

function queueOf(
  blocks: 'reads and writes' | 'writes',
  held: readonly HeldLock[],
  production: Production | undefined,
): Wait['queue'] {
  const byTable = new Map(held.map((one) => [one.table, one]))
  const arrivals = [...byTable.values()].flatMap(({ table, ms }): readonly Arrivals[] => {
    const rates = tableFactsByKey(production, table)?.rates
    if (rates === undefined) return []
    const perSecond = blocks === 'writes' ? rates.writes : rates.reads + rates.writes
    return [{ perSecond, sessions: scaleRange(ms, perSecond / 1000) }]
  })
  if (arrivals.length === 0) return undefined
  // a query of a partitioned table may be counted for its partitions again
  const counted = held.some(({ lock }) => lock.relation.kind === 'partitioned table')
    ? arrivals.toSorted((a, b) => b.sessions.expected - a.sessions.expected).slice(0, 1)
    : arrivals
  const connectionLimit = production?.settings.maxConnections
  return {
    perSecond: counted.reduce((sum, { perSecond }) => sum + perSecond, 0),
    sessions: addRanges(...counted.map(({ sessions }) => sessions)),
    ...(connectionLimit === undefined ? {} : { connectionLimit }),
  }
}
