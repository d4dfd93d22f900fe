import { blocksReads, conflictsWith } from '../core/locks.ts'
import type { LockEffect, MigrationResult, QueryLock, StatementRef } from '../core/model.ts'
import { originalRelations } from '../core/original-relations.ts'
import { nonTransactionalForm } from './non-transactional.ts'

/** A lock of the run on something that others use. */
export interface Obstacle {
  readonly lock: LockEffect
  readonly cause: StatementRef
  /** What the relation was called before the run, `schema.name`. */
  readonly relation: string
  /** Statement.transaction of that statement. */
  readonly transaction: number
  /** Of a statement that lets others go on and locks what nobody finds any more. */
  readonly isConcurrent: boolean
}

/** All of them, in order. */
export function obstaclesOf(results: readonly MigrationResult[]): readonly Obstacle[] {
  const originals = originalRelations(results)
  return results.flatMap(({ migration, statements }) =>
    statements.flatMap(({ statement, effects }) => {
      const { index, span, transaction } = statement
      const isConcurrent = nonTransactionalForm(statement)?.includes('CONCURRENTLY') === true
      return effects.flatMap((effect): readonly Obstacle[] => {
        const relation = effect.kind === 'lock' ? originals.get(effect) : undefined
        if (effect.kind !== 'lock' || relation === undefined) return []
        const cause = { file: migration.file, index, span }
        return [{ lock: effect, cause, relation, transaction, isConcurrent }]
      })
    }),
  )
}

/**
 * Does a query that wants this lock wait? CONCURRENTLY locks an index exclusively when no plan uses it any more
 * (index_set_state_flags(), index.c), and a partition when its table no longer shows it.
 */
export function standsInTheWay({ lock, transaction, isConcurrent }: Obstacle, wanted: QueryLock): boolean {
  if (!conflictsWith(lock.mode, wanted.mode)) return false
  const { after = -Infinity, upTo = Infinity } = wanted.transactions ?? {}
  if (transaction <= after || transaction > upTo) return false
  if (!isConcurrent || !blocksReads(lock.mode)) return true
  return !lock.relation.kind.endsWith('index') && wanted.through !== 'partition'
}
