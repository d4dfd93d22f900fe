/** The order in which a transaction takes its locks, and where it is another than that of the application. */
import { blockingLocks, existingTableLocks, relationKey } from '../core/effects.ts'
import { conflictsWith } from '../core/locks.ts'
import type { LockEffect, LockMode, Relation } from '../core/model.ts'
import { nameAll } from './locks.ts'
import type { ApplicationTransaction, StatementView, TransactionView } from './model.ts'
import { isOpaque } from '../sql/statement-nodes.ts'

/** What one statement locks in addition to what the transaction holds already. */
export interface LockGroup {
  readonly view: StatementView
  readonly locks: readonly LockEffect[]
}

/**
 * Locks that make queries of others wait, one group per statement: which tables a single statement has to lock
 * together (a foreign key, partitions) is decided by Postgres. A block of code and LOCK TABLE lock each table by choice.
 */
export function lockGroups({ statements }: TransactionView): readonly LockGroup[] {
  const held = new Set<string>()
  const groups: LockGroup[] = []
  for (const view of statements) {
    const fresh = blockingLocks(view.effects).filter(
      ({ relation, until }) =>
        until === 'commit' && relation.kind !== 'view' && !held.has(relationKey(relation)),
    )
    for (const { relation } of fresh) held.add(relationKey(relation))
    if (isOpaque(view.statement) || view.statement.tag === 'LockStmt') {
      groups.push(...fresh.map((lock) => ({ view, locks: [lock] })))
    } else if (fresh.length > 0) {
      groups.push({ view, locks: fresh })
    }
  }
  return groups
}

/** A lock with the statement that takes it. */
export interface OrderedLock {
  readonly view: StatementView
  readonly lock: LockEffect
}

/** Two transactions that can wait for each other for ever: Postgres ends one of them (40P01, deadlock.c). */
export interface LockInversion {
  readonly application: ApplicationTransaction
  /** What the migration holds, and what it waits for meanwhile. */
  readonly first: OrderedLock
  readonly second: OrderedLock
}

type TakenLock = ApplicationTransaction['locks'][number]

/**
 * The first place at which each of the application's transactions and this one can wait for each other: the migration
 * holds what the application wants, wants what it holds, and nothing that both need makes one of them wait earlier. On
 * tables; two sessions that change rows in another order are another matter.
 */
export function lockInversions(
  transaction: TransactionView,
  applications: readonly ApplicationTransaction[],
): readonly LockInversion[] {
  if (applications.length === 0) return []
  const taken = orderedLocks(transaction)
  return applications.flatMap((application) => inversionWith(taken, application) ?? [])
}

function inversionWith(
  taken: readonly OrderedLock[],
  application: ApplicationTransaction,
): LockInversion | undefined {
  for (const [position, second] of taken.entries()) {
    const held = taken.slice(0, position)
    for (const [at, wanted] of application.locks.entries()) {
      const heldByOther = application.locks.slice(0, at)
      const first = held.find(({ lock }) => excludes(lock, wanted))
      if (first === undefined || !heldByOther.some((other) => excludes(second.lock, other))) continue
      if (held.some(({ lock }) => heldByOther.some((other) => excludes(lock, other)))) continue
      return { application, first, second }
    }
  }
  return undefined
}

function excludes(lock: LockEffect, { relation, mode }: TakenLock): boolean {
  return relationKey(lock.relation) === relationKey(relation) && conflictsWith(lock.mode, mode as LockMode)
}

/** In the order of their statements; within one, in the order in which it names them. */
export function orderedLocks({ statements }: TransactionView): readonly OrderedLock[] {
  return statements.flatMap((view) => {
    const { sql } = view.statement
    return existingTableLocks(view.effects)
      .filter(({ until }) => until === 'commit')
      .map((lock) => ({ view, lock, at: placeOfName(sql, lock.relation) }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ lock }) => ({ view, lock }))
  })
}

/**
 * Postgres opens what a statement names in that order (parse_analyze, RangeVarGetRelidExtended), and what depends on it
 * afterwards.
 */
function placeOfName(sql: string, { name }: Relation): number {
  const quoted = name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  const found = new RegExp(`(?<![\\w$])${quoted}(?![\\w$])`, 'i').exec(sql)
  return found?.index ?? sql.length
}

/** The consequence in one sentence, for every rule that tells it. */
export function deadlockSentence({
  name,
  first,
  second,
}: {
  readonly name: string
  readonly first: string
  readonly second: string
}): string {
  return `Postgres ends this migration or the application's transaction ${name} with a deadlock when they meet: one locks ${first} before ${second}, the other ${second} before ${first}.`
}

/** What {@link deadlockSentence} takes. */
export function deadlockData({
  application,
  first,
  second,
}: LockInversion): Parameters<typeof deadlockSentence>[0] {
  return {
    name: application.name,
    first: nameAll([first.lock.relation]),
    second: nameAll([second.lock.relation]),
  }
}
