import { relationKey } from '../core/effects.ts'
import { lockStrength } from '../core/locks.ts'
import type { MigrationResult, QueryLock, QueryWaitEffect } from '../core/model.ts'
import { obstaclesOf, standsInTheWay, type Obstacle } from '../sql/obstacles.ts'

/**
 * What a query with these locks waits for while the migrations run: locks that they hold, or wait for, which makes
 * everybody else wait behind them. One effect per lock of the query and statement, with the strongest lock that the
 * statement has in the way and the longest time; longest first, then strongest, then tables before indexes. What the run
 * itself made is nobody's obstacle.
 */
export function waitsOf(
  locks: readonly QueryLock[],
  results: readonly MigrationResult[],
): readonly QueryWaitEffect[] {
  if (locks.length === 0) return []
  const places = placesOf(results)
  const waits = locks.flatMap((lock) =>
    (places.get(relationKey(lock.relation)) ?? []).flatMap((place) => waitAt(place, lock)),
  )
  return withoutParts(waits)
    .map(({ effect }) => effect)
    .toSorted(byWeight)
}

/** Locks of one statement on one relation. */
type Place = readonly [Obstacle, ...Obstacle[]]

type Places = ReadonlyMap<string, readonly Place[]>

function placesOf(results: readonly MigrationResult[]): Places {
  const known = knownPlaces.get(results)
  if (known !== undefined) return known
  const places = new Map<string, [Obstacle, ...Obstacle[]][]>()
  for (const obstacle of obstaclesOf(results)) {
    const onRelation = places.get(obstacle.relation) ?? []
    places.set(obstacle.relation, onRelation)
    const last = onRelation.at(-1)
    if (last !== undefined && isSameStatement(last[0], obstacle)) last.push(obstacle)
    else onRelation.push([obstacle])
  }
  knownPlaces.set(results, places)
  return places
}

/** The same run is asked about for every query. */
const knownPlaces = new WeakMap<readonly MigrationResult[], Places>()

function isSameStatement({ cause: a }: Obstacle, { cause: b }: Obstacle): boolean {
  return a.file === b.file && a.span.start.offset === b.span.start.offset
}

interface WaitAt {
  readonly effect: QueryWaitEffect
  readonly at: Obstacle
}

function waitAt(place: Place, lock: QueryLock): readonly WaitAt[] {
  const inTheWay = place.filter((obstacle) => standsInTheWay(obstacle, lock))
  const [strongest] = inTheWay.toSorted((a, b) => lockStrength(b.lock.mode) - lockStrength(a.lock.mode))
  if (strongest === undefined) return []
  const windows = inTheWay.flatMap((obstacle) => obstacle.lock.heldMs ?? [])
  const longest = windows.toSorted((a, b) => b.expected - a.expected)[0]
  const ms = windows.length < inTheWay.length || longest === undefined ? {} : { ms: longest }
  const { cause, lock: held } = strongest
  const { transactions: _when, ...wanted } = lock
  return [{ effect: { kind: 'wait', lock: wanted, held: held.mode, cause, ...ms }, at: strongest }]
}

/** Whoever waits for a table need not be told that he waits for its indexes and partitions, too. */
function withoutParts(waits: readonly WaitAt[]): readonly WaitAt[] {
  const waitsFor = new Set(waits.map(({ at }) => keyOf(at, at.relation)))
  return waits.filter(({ effect, at }) => {
    const { relation, through, name } = effect.lock
    if (relation.kind.endsWith('index')) {
      const { table } = at.lock.relation
      return table === undefined || !waitsFor.has(keyOf(at, table))
    }
    return through !== 'partition' || name === undefined || !waitsFor.has(keyOf(at, name))
  })
}

function keyOf({ cause }: Obstacle, relation: string): string {
  return `${cause.file}\0${cause.span.start.offset}\0${relation}`
}

function byWeight(a: QueryWaitEffect, b: QueryWaitEffect): number {
  const [first, second] = [a.ms?.expected ?? Infinity, b.ms?.expected ?? Infinity]
  if (first !== second) return second - first
  return lockStrength(b.held) - lockStrength(a.held) || indexRank(a) - indexRank(b)
}

function indexRank({ lock: { relation } }: QueryWaitEffect): number {
  return relation.kind.endsWith('index') ? 1 : 0
}
