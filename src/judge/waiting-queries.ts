import { relationKey } from '../core/effects.ts'
import { displayKey, displayName, lockStrength } from '../core/locks.ts'
import { queryRef } from '../core/query-model.ts'
import type {
  AffectedQuery,
  Finding,
  LockEffect,
  MigrationResult,
  QueryLock,
  QueryResult,
} from '../core/model.ts'
import { obstaclesOf, standsInTheWay, type Obstacle } from '../sql/obstacles.ts'
import type { PlacedFinding } from './recorder.ts'

/**
 * The findings, each with the queries that wait for a lock in its receipt: behind what was named already, most called
 * first, then by name.
 */
export function withWaitingQueries(
  findings: readonly PlacedFinding[],
  migrations: readonly MigrationResult[],
  results: readonly QueryResult[] = [],
): readonly PlacedFinding[] {
  if (results.every(({ locks }) => locks.length === 0)) return findings
  const waiting = new WaitingQueries(migrations, results)
  return findings.map((placed) => {
    const queries = waiting.of(placed.finding)
    return queries.length === 0 ? placed : { ...placed, finding: { ...placed.finding, queries } }
  })
}

interface Wanted {
  readonly result: QueryResult
  readonly lock: QueryLock
}

class WaitingQueries {
  /** By `schema.name` before the run. */
  private readonly wanted = new Map<string, Wanted[]>()
  private readonly obstacles: ReadonlyMap<LockEffect, Obstacle>

  constructor(migrations: readonly MigrationResult[], results: readonly QueryResult[]) {
    this.obstacles = new Map(obstaclesOf(migrations).map((obstacle) => [obstacle.lock, obstacle] as const))
    for (const result of results) {
      for (const lock of result.locks) {
        const key = relationKey(lock.relation)
        const known = this.wanted.get(key)
        if (known === undefined) this.wanted.set(key, [{ result, lock }])
        else known.push({ result, lock })
      }
    }
  }

  of({ because, query, queries: named = [] }: Finding): readonly AffectedQuery[] {
    if (query !== undefined) return named
    const plainest = new Map<QueryResult, Reason>()
    for (const effect of because) {
      const obstacle = effect.kind === 'lock' ? this.obstacles.get(effect) : undefined
      if (obstacle === undefined) continue
      for (const { result, lock } of this.wanted.get(obstacle.relation) ?? []) {
        if (!standsInTheWay(obstacle, lock)) continue
        const reason = { lock, table: obstacle.lock.relation.table }
        const known = plainest.get(result)
        if (known === undefined || isPlainer(reason, known)) plainest.set(result, reason)
      }
    }
    const waiting = [...plainest].map(([{ reviewed }, reason]): AffectedQuery => ({
      ...queryRef(reviewed),
      what: 'waits',
      detail: describe(reason),
    }))
    return [...named, ...waiting.toSorted(byCalls)]
  }
}

interface Reason {
  readonly lock: QueryLock
  /** Of an index: `schema.name` of its table. */
  readonly table: string | undefined
}

/** What the query names says more than its indexes, and than what somebody else does for it. */
function isPlainer(a: Reason, b: Reason): boolean {
  const [first, second] = [distance(a.lock), distance(b.lock)]
  return first === second ? lockStrength(a.lock.mode) > lockStrength(b.lock.mode) : first < second
}

function distance({ through, relation }: QueryLock): number {
  return (
    (through === 'itself' ? 0 : through === 'partition' ? 2 : 4) + (relation.kind.endsWith('index') ? 1 : 0)
  )
}

/** e.g. `reads orders`, `writes to orders through the trigger items_count`. */
function describe({ lock, table }: Reason): string {
  const { relation, mode, through, name } = lock
  const what = displayName(relation)
  if (relation.kind === 'sequence' && mode === 'RowExclusiveLock') return `draws from the sequence ${what}`
  if (relation.kind.endsWith('index')) {
    const of = table === undefined ? '' : ` of ${displayKey(table)}`
    return `is planned with the index ${what}${of}${throughWords(lock)}`
  }
  const does = `${verbs[mode] ?? 'locks'} ${what}`
  if (through === 'partition' && name !== undefined)
    return `${does}${partitionWords(relation, displayKey(name))}`
  return `${does}${throughWords(lock)}`
}

const verbs: Readonly<Partial<Record<QueryLock['mode'], string>>> = {
  AccessShareLock: 'reads',
  RowShareLock: 'locks rows of',
  RowExclusiveLock: 'writes to',
}

/** Writing to a partition looks at the bounds of its table, too. */
function partitionWords({ kind }: QueryLock['relation'], name: string): string {
  return kind === 'partitioned table' ? `, of which ${name} is a partition` : `, a partition of ${name}`
}

function throughWords({ through, name }: QueryLock): string {
  if (through === 'itself' || through === 'partition' || through === 'sequence') return ''
  if (name === undefined) return ` through a ${through}`
  return ` through the ${through} ${through === 'function' ? `${name}()` : name}`
}

function byCalls(a: AffectedQuery, b: AffectedQuery): number {
  const byRate = (b.callsPerSecond ?? 0) - (a.callsPerSecond ?? 0)
  if (byRate !== 0) return byRate
  return a.name === b.name ? 0 : a.name < b.name ? -1 : 1
}
