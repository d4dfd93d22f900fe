import type { CloneBasis, Range, StatementCost } from '../core/cost-model.ts'
import type { StatementResult } from '../core/model.ts'

/** What a statement took on a clone of production. */
export interface CloneAmounts {
  readonly durationMs: number
  readonly walBytes: number
  readonly effects: readonly { readonly kind: string }[]
}

/** Did ALTER TABLE write a table anew in the rehearsal, and none on the clone? It needs none of the disk then. */
function isLess({ statement, effects }: StatementResult, amounts: CloneAmounts): boolean {
  const rewrites = ({ kind }: { readonly kind: string }): boolean => kind === 'rewrite'
  return statement.tag === 'AlterTableStmt' && effects.some(rewrites) && !amounts.effects.some(rewrites)
}

/**
 * What was measured in the place of what was estimated. The disk that a statement needs at its peak nobody measures: that
 * stays an estimate, from sizes that are known.
 */
export function onClone(
  cost: StatementCost,
  result: StatementResult,
  amounts: CloneAmounts,
  basis: CloneBasis,
): StatementCost {
  const { growth, tables } = cost
  const diskBytes = isLess(result, amounts) ? undefined : cost.diskBytes
  return {
    growth,
    basis: { by: 'clone', ...basis },
    durationMs: { ...exactly(amounts.durationMs), onClone: basis },
    walBytes: exactly(amounts.walBytes),
    ...(diskBytes === undefined ? {} : { diskBytes }),
    tables,
    unknownTables: [],
    notes: [],
  }
}

function exactly(amount: number): Range {
  return { low: amount, expected: amount, high: amount }
}
