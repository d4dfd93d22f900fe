import { addTimes, nothing, type Duration } from '../core/cost-model.ts'
import { blocksWrites } from '../core/locks.ts'
import type { EvidencedEffect, LockEffect, MigrationResult, StatementResult } from '../core/model.ts'
import { nonTransactionalForm } from '../sql/non-transactional.ts'
import { momentaryMs } from './constants.ts'

/**
 * The results with how long each lock is held: from its own statement, which takes it first and then works, to the end
 * of the transaction, over all migrations that it spans. Absent where the duration of one of these statements is not
 * known.
 */
export function withWindows(results: readonly MigrationResult[]): readonly MigrationResult[] {
  const windows = windowsToEnd(results)
  return results.map((result) => ({
    ...result,
    statements: result.statements.map((statement) => withHeldLocks(statement, windows.get(statement))),
  }))
}

/** From each statement's beginning to the end of its transaction; undefined where it cannot be told. */
function windowsToEnd(
  results: readonly MigrationResult[],
): ReadonlyMap<StatementResult, Duration | undefined> {
  const windows = new Map<StatementResult, Duration | undefined>()
  const rest = new Map<number, Duration | undefined>()
  const backwards = results.flatMap(({ statements }) => statements).toReversed()
  for (const result of backwards) {
    const { transaction } = result.statement
    const own = result.cost?.durationMs
    const after = rest.has(transaction) ? rest.get(transaction) : nothing
    const window = own === undefined || after === undefined ? undefined : addTimes(own, after)
    windows.set(result, window)
    rest.set(transaction, window)
  }
  return windows
}

function withHeldLocks(result: StatementResult, toEnd: Duration | undefined): StatementResult {
  if (!result.effects.some(({ kind }) => kind === 'lock')) return result
  const isConcurrent = nonTransactionalForm(result.statement)?.includes('CONCURRENTLY') === true
  const effects = result.effects.map((effect): EvidencedEffect => {
    if (effect.kind !== 'lock') return effect
    const heldMs = heldFor(effect, result.cost?.durationMs, toEnd, isConcurrent)
    return heldMs === undefined ? effect : { ...effect, heldMs }
  })
  return { ...result, effects }
}

/**
 * CONCURRENTLY works under ShareUpdateExclusiveLock; what is stronger it takes for a moment at the end (index_drop() and
 * ReindexRelationConcurrently(), DetachPartitionFinalize()).
 */
function heldFor(
  { mode, until }: LockEffect,
  own: Duration | undefined,
  toEnd: Duration | undefined,
  isConcurrent: boolean,
): Duration | undefined {
  if (until === 'commit' && !isConcurrent) return toEnd
  return isConcurrent && blocksWrites(mode) ? momentaryMs : own
}
