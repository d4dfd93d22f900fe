import type { CloneBasis, RunCost } from '../core/cost-model.ts'
import { relationKey } from '../core/effects.ts'
import type { Migration, MigrationResult, StatementResult } from '../core/model.ts'
import type { Production } from '../core/production.ts'
import { withFilledTables } from './filled-in-run.ts'
import { HeldLocks } from './held-locks.ts'
import { atLeastRead } from './least-read.ts'
import { onClone, type CloneAmounts } from './clone-cost.ts'
import { addedColumns } from './matching-rows.ts'
import { withRenames } from './renames.ts'
import { runCost } from './run-cost.ts'
import type { SampledStatement, SampleOutcome } from './samples.ts'
import { sizesOf } from './sizes.ts'
import { statementCost, type Pricing } from './statement-cost.ts'
import { withWindows } from './windows.ts'

export interface PricedRun {
  /** With StatementResult.cost, and LockEffect.heldMs where it can be told. Effects are new objects: judge these. */
  readonly results: readonly MigrationResult[]
  readonly run: RunCost
  /** Whose speed the durations are given for. */
  readonly hardware: 'this machine' | 'production'
  /** With facts also for the names that the run gives to tables. */
  readonly production: Production
}

/** What was measured on a clone of production, and where. */
export interface CloneMeasured {
  readonly basis: CloneBasis
  /** Undefined: the statement did not run there to its end. */
  of(migration: Migration, index: number): CloneAmounts | undefined
}

/**
 * Says what each statement of a run costs in production: what grows with a table from samples, scaled up, or else from
 * the table's size; the rest from the rehearsal. Linear in the number of statements.
 * @param sampled what was sampled, or why nothing was: completes `not sampled, because …`
 * @param clone what was measured on production's own rows, which counts more than any estimate
 */
export function priceResults(
  results: readonly MigrationResult[],
  sampled: SampleOutcome | { readonly why: string },
  knownProduction: Production,
  clone?: CloneMeasured,
): PricedRun {
  const { production: known, renamed } = withRenames(knownProduction, results)
  const held = new HeldLocks()
  const completed = results.map((result) => ({
    ...result,
    statements: result.statements.map((statement) => held.complete(statement)),
  }))
  const { production, statements: filledBefore } = withFilledTables(known, completed)
  const outcome = 'why' in sampled ? undefined : sampled
  const why = 'why' in sampled ? sampled.why : ''
  const added = addedColumns(results.flatMap(({ statements }) => statements))
  const pricing: Pricing = { production, sizes: sizesOf(production), outcome, why, added }
  const limits = { ...pricing, sampled: outcome?.tables ?? {} }
  const costed = results.map((result, index) => ({
    ...result,
    statements: result.statements.map((own, position) => {
      const statement = filledBefore[index]?.[position] ?? own
      const sample = usesOneOf(own, renamed) ? renamedSample(own) : outcome?.migrations[index]?.[position]
      const amounts = clone?.of(result.migration, own.statement.index)
      const cost = statementCost(pricing, statement, sample)
      return {
        ...own,
        cost:
          clone === undefined || amounts === undefined
            ? atLeastRead(cost, statement, limits)
            : onClone(cost, own, amounts, clone.basis),
      }
    }),
  }))
  const isConverted =
    production.hardware !== undefined && (outcome === undefined || outcome.hardware !== undefined)
  return {
    results: withWindows(costed),
    run: runCost(costed, production),
    hardware: isConverted ? 'production' : 'this machine',
    production,
  }
}

function usesOneOf({ effects }: StatementResult, tables: ReadonlySet<string>): boolean {
  return (
    tables.size > 0 &&
    effects.some((effect) => 'relation' in effect && tables.has(relationKey(effect.relation)))
  )
}

/** Samples count rows by the names that tables have before the run. */
function renamedSample({ statement }: StatementResult): SampledStatement {
  return { statement, samples: [], why: 'the run gives one of its tables another name' }
}
