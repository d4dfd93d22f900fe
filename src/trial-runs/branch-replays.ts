/** What the replays of two branches came to. */
import type { FileTransactions } from './branch-locks.ts'
import type { BranchStatement } from './branch-objects.ts'
import type { ErrorEffect, Statement } from '../core/model.ts'
import { grouped } from '../core/groups.ts'
import type { ReplayedAlternative } from '../replay/alternatives.ts'
import type { ReplayedMigration } from '../replay/replay.ts'
import type { TransactionView } from '../rule/model.ts'

/** A replay that ended with an error of a migration's own. */
export interface Failed {
  readonly migration: ReplayedMigration
  readonly statement: Statement
  readonly error: ErrorEffect
}

export function whyNotAlone(theirs: readonly ReplayedMigration[]): string | undefined {
  const failed = theirs.find(({ outcome }) => outcome !== 'rehearsed')
  if (failed === undefined) return undefined
  const { file } = failed.migration
  const error = errorIn(failed)
  if (failed.outcome === 'failed' && error !== undefined)
    return `${file} fails by itself on what these begin with: ${error.error.message}`
  return `${file} could not be rehearsed`
}

function errorIn(migration: ReplayedMigration): Failed | undefined {
  for (const { statement, effects } of migration.statements) {
    const error = effects.find((effect) => effect.kind === 'error')
    if (error !== undefined) return { migration, statement, error }
  }
  return undefined
}

export function failureOf({ migrations }: ReplayedAlternative): Failed | undefined {
  const failed = migrations.find(({ outcome }) => outcome === 'failed')
  return failed === undefined ? undefined : errorIn(failed)
}

export function statementsOf({ migration, statements }: ReplayedMigration): readonly BranchStatement[] {
  return statements.map(({ statement, effects }) => ({ file: migration.file, statement, effects }))
}

export function transactionsOf({ migration, statements }: ReplayedMigration): FileTransactions {
  const groups = grouped(statements, ({ statement }) => String(statement.transaction))
  return {
    file: migration.file,
    transactions: groups.map((members): TransactionView => ({
      number: members[0].statement.transaction,
      statements: members.map(({ statement, effects, settings }) => ({ statement, effects, settings })),
    })),
  }
}

const longestSql = 120

/** Where the other one stands, and what it says. */
export function noteOf({ file, statement }: BranchStatement, ref: string): string {
  const sql = statement.sql.replaceAll(/\s+/g, ' ').trim()
  const text = sql.length > longestSql ? `${sql.slice(0, longestSql - 1)}…` : sql
  return `${file}:${statement.span.start.line} of ${ref}: ${text}`
}

export function errorText({ message, sqlstate }: ErrorEffect): string {
  return `${message} (SQLSTATE ${sqlstate})`
}
