import { relationKey } from '../core/effects.ts'
import { conflictsWith, lockStrength } from '../core/locks.ts'
import { originalRelations } from '../core/original-relations.ts'
import type { LockEffect, MigrationResult, QueryLock, QueryWaitEffect, StatementRef } from '../core/model.ts'

/**
 * What a query with these locks waits for while the migrations run: locks that they hold, or wait for, which makes
 * everybody else wait behind them. One effect per lock of the query and statement, with the strongest lock that the
 * statement has in the way and the longest time; longest first, then strongest. What the run itself made is nobody's
 * obstacle.
 */
export function waitsOf(
  locks: readonly QueryLock[],
  results: readonly MigrationResult[],
): readonly QueryWaitEffect[] {
  if (locks.length === 0) return []
  const obstacles = obstaclesOf(results)
  const effects = locks.flatMap((lock) => {
    const inTheWay = obstacles.get(relationKey(lock.relation)) ?? []
    return inTheWay.flatMap(({ cause, held }) => waitFor(lock, cause, held))
  })
  return withoutParts(effects, obstacles).toSorted(byWeight)
}

/** The locks of one statement on one relation. */
interface Obstacle {
  readonly cause: StatementRef
  readonly held: readonly LockEffect[]
}

type Obstacles = ReadonlyMap<string, readonly Obstacle[]>

function obstaclesOf(results: readonly MigrationResult[]): Obstacles {
  const known = obstaclesBy.get(results)
  if (known !== undefined) return known
  const original = originalRelations(results)
  const obstacles = new Map<string, Obstacle[]>()
  for (const { migration, statements } of results) {
    for (const { statement, effects } of statements) {
      const cause = { file: migration.file, index: statement.index, span: statement.span }
      const byRelation = new Map<string, LockEffect[]>()
      for (const effect of effects) {
        const key = effect.kind === 'lock' ? original.get(effect) : undefined
        if (effect.kind === 'lock' && key !== undefined)
          byRelation.set(key, [...(byRelation.get(key) ?? []), effect])
      }
      for (const [key, held] of byRelation) {
        obstacles.set(key, [...(obstacles.get(key) ?? []), { cause, held }])
      }
    }
  }
  obstaclesBy.set(results, obstacles)
  return obstacles
}

/** Asked for every query of a run. */
const obstaclesBy = new WeakMap<readonly MigrationResult[], Obstacles>()

function waitFor(
  lock: QueryLock,
  cause: StatementRef,
  held: readonly LockEffect[],
): readonly QueryWaitEffect[] {
  const conflicting = held.filter(({ mode }) => conflictsWith(mode, lock.mode))
  const [strongest] = conflicting.toSorted((a, b) => lockStrength(b.mode) - lockStrength(a.mode))
  if (strongest === undefined) return []
  const known = conflicting.flatMap(({ heldMs }) => heldMs ?? [])
  const longest = known.toSorted((a, b) => b.expected - a.expected)[0]
  const ms = known.length < conflicting.length ? undefined : longest
  return [{ kind: 'wait', lock, held: strongest.mode, cause, ...(ms === undefined ? {} : { ms }) }]
}

/** Whoever waits for a table need not be told that he waits for its indexes and partitions, too. */
function withoutParts(effects: readonly QueryWaitEffect[], obstacles: Obstacles): readonly QueryWaitEffect[] {
  const waitsFor = new Set(effects.map((effect) => placeKey(effect, relationKey(effect.lock.relation))))
  return effects.filter((effect) => {
    const { lock, cause } = effect
    const key = relationKey(lock.relation)
    if (lock.relation.kind.endsWith('index')) {
      const own = obstacles.get(key)?.find((one) => isSame(one.cause, cause))?.held[0]
      return own?.relation.table === undefined || !waitsFor.has(placeKey(effect, own.relation.table))
    }
    if (lock.through !== 'partition' || lock.name === undefined) return true
    return !waitsFor.has(placeKey(effect, lock.name))
  })
}

function placeKey({ cause }: QueryWaitEffect, relation: string): string {
  return `${cause.file}\0${cause.index}\0${relation}`
}

function isSame(a: StatementRef, b: StatementRef): boolean {
  return a.file === b.file && a.index === b.index
}

function byWeight(a: QueryWaitEffect, b: QueryWaitEffect): number {
  const [first, second] = [a.ms?.expected ?? Infinity, b.ms?.expected ?? Infinity]
  if (first !== second) return second - first
  return lockStrength(b.held) - lockStrength(a.held)
}
