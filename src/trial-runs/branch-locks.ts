/** What the migrations of two branches lock both, and in which order. */
import { existingTableLocks, relationKey, strongestPerRelation } from '../core/effects.ts'
import { conflictsWith, displayName, lockStrength } from '../core/locks.ts'
import type { Effect, LockEffect } from '../core/model.ts'
import { lockInversions, orderedLocks, type OrderedLock } from '../rule/lock-order.ts'
import type { TransactionView } from '../rule/model.ts'

/** Transactions of a file, in order. */
export interface FileTransactions {
  readonly file: string
  readonly transactions: readonly TransactionView[]
}

/** Two transactions that can wait for each other for ever. */
export interface Deadlock {
  readonly ours: string
  readonly theirs: string
  readonly first: OrderedLock
  readonly second: OrderedLock
}

/** Tables of before that both lock more strongly than writes do, and not side by side; a line each. */
export function sharedLocks(
  ours: readonly Effect[],
  theirs: readonly Effect[],
  ref: string,
): readonly string[] {
  const others = new Map(strongLocks(theirs).map((lock) => [relationKey(lock.relation), lock]))
  return strongLocks(ours).flatMap((lock) => {
    const other = others.get(relationKey(lock.relation))
    return other === undefined || !conflictsWith(lock.mode, other.mode)
      ? []
      : [`${displayName(lock.relation)}: ${lock.mode} here, ${other.mode} on ${ref}`]
  })
}

function strongLocks(effects: readonly Effect[]): readonly LockEffect[] {
  return strongestPerRelation(
    existingTableLocks(effects).filter(({ mode }) => lockStrength(mode) > lockStrength('RowExclusiveLock')),
  )
}

/** The first inversion of each pair of files. */
export function deadlocks(
  ours: readonly FileTransactions[],
  theirs: readonly FileTransactions[],
): readonly Deadlock[] {
  return ours.flatMap((own) =>
    theirs.flatMap((other): readonly Deadlock[] => {
      const applications = other.transactions.map((transaction) => ({
        name: other.file,
        locks: orderedLocks(transaction).map(({ lock: { relation, mode } }) => ({ relation, mode })),
      }))
      const [found] = own.transactions.flatMap((transaction) => lockInversions(transaction, applications))
      return found === undefined
        ? []
        : [{ ours: own.file, theirs: other.file, first: found.first, second: found.second }]
    }),
  )
}
