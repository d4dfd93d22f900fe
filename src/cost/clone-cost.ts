import type { CloneBasis, Range, StatementCost } from '../core/cost-model.ts'

/** What a statement took on a clone of production. */
export interface CloneAmounts {
  readonly durationMs: number
  readonly walBytes: number
}

/**
 * What was measured in the place of what was estimated. The disk that a statement needs at its peak nobody measures: that
 * stays an estimate, from sizes that are known.
 */
export function onClone(cost: StatementCost, amounts: CloneAmounts, basis: CloneBasis): StatementCost {
  const { diskBytes, growth, tables } = cost
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
