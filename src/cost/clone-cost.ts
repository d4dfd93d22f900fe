import type { Range, StatementCost } from '../core/cost-model.ts'

/** What a statement took on a clone of production. */
export interface CloneAmounts {
  readonly durationMs: number
  readonly walBytes: number
}

/** The clone that it was measured on. */
export interface CloneBasis {
  /** e.g. `16.3`. */
  readonly server: string
  readonly databaseBytes: number
}

/** Less is not worth a word in a report. */
const fewBytes = 1024 * 1024

/**
 * What was measured in the place of what was estimated. The disk that a statement needs at its peak nobody measures: that
 * stays an estimate, from sizes that are known.
 */
export function onClone(cost: StatementCost, amounts: CloneAmounts, basis: CloneBasis): StatementCost {
  const { diskBytes, growth, tables } = cost
  const needsDisk = diskBytes !== undefined && diskBytes.high >= fewBytes
  return {
    growth,
    basis: { by: 'clone', ...basis },
    durationMs: exactly(amounts.durationMs),
    walBytes: exactly(amounts.walBytes),
    ...(diskBytes === undefined ? {} : { diskBytes }),
    tables,
    unknownTables: [],
    notes: needsDisk ? ['the disk that it needs is estimated'] : [],
  }
}

function exactly(amount: number): Range {
  return { low: amount, expected: amount, high: amount }
}
