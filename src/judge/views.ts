import type {
  Migration,
  MigrationResult,
  Statement,
  StatementResult,
  StatementSettings,
} from '../core/model.ts'
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
  productionMajor?: number,
): readonly PlacedStatement[] {
  const impacts = queries === undefined ? undefined : impactsOf(migrations, queries)
  const transactions = new Map<number, { readonly number: number; readonly statements: StatementView[] }>()
  const placed: PlacedStatement[] = []
  for (const { migration, statements } of migrations) {
    let lockTimeoutFrom: StatementSettings['lockTimeoutFrom'] = 'session'
    for (const result of statements) {
      const { statement, effects, settings } = result
      const number = statement.transaction
      const transaction = transactions.get(number) ?? { number, statements: [] }
      transactions.set(number, transaction)
      const view: StatementView = {
        statement,
        effects,
        settings: {
          ...settings,
          ...(settings.lockTimeoutMs > 0 ? { lockTimeoutFrom } : {}),
          ...(productionMajor === undefined ? {} : { productionMajor }),
        },
        ...(impacts === undefined ? {} : { queries: impacts.of(statement) }),
      }
      transaction.statements.push(view)
      placed.push({ view, result, migration, transaction })
      if (setsLockTimeout(statement)) lockTimeoutFrom = 'migration'
    }
  }
  return placed
}

/** SET [LOCAL] lock_timeout, or set_config() in whatever code. */
function setsLockTimeout({ tag, sql }: Statement): boolean {
  return setting.has(tag) && /\block_timeout\b/i.test(sql)
}

const setting: ReadonlySet<string> = new Set(['VariableSetStmt', 'SelectStmt', 'DoStmt', 'CallStmt'])
