import type { Migration, MigrationResult, StatementResult } from '../core/model.ts'
import type { QueriesOutcome } from '../core/query-model.ts'
import type { StatementView, TransactionView } from '../rule.ts'
import { impactsOf } from './query-impacts.ts'

/** A statement under review with everything a rule may ask about it. */
export interface PlacedStatement {
  readonly view: StatementView
  readonly result: StatementResult
  readonly migration: Migration
  readonly transaction: TransactionView
}

/** All statements of a run, in order, each with the transaction it commits in. */
export function placeStatements(
  migrations: readonly MigrationResult[],
  queries?: QueriesOutcome,
): readonly PlacedStatement[] {
  const impacts = queries === undefined ? undefined : impactsOf(migrations, queries)
  const transactions = new Map<number, { readonly number: number; readonly statements: StatementView[] }>()
  const placed: PlacedStatement[] = []
  for (const { migration, statements } of migrations) {
    for (const result of statements) {
      const { statement, effects, settings } = result
      const number = statement.transaction
      const transaction = transactions.get(number) ?? { number, statements: [] }
      transactions.set(number, transaction)
      const view: StatementView = {
        statement,
        effects,
        settings,
        ...(impacts === undefined ? {} : { queries: impacts.of(statement) }),
      }
      transaction.statements.push(view)
      placed.push({ view, result, migration, transaction })
    }
  }
  return placed
}
