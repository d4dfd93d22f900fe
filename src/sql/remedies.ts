import type { Relation, Remedy, SessionSettings } from '../core/model.ts'
import { objectName, quoteIdent, quoteName } from './quote.ts'

/** One migration of a remedy. */
export type RemedyStep = Remedy['migrations'][number]

/** SQL that runs in a transaction of its own; every statement ended by a semicolon. */
export function step(...statements: readonly string[]): RemedyStep {
  return { sql: joinStatements(statements), transaction: true }
}

/** SQL that must run outside a transaction block. */
export function stepOutsideTransaction(...statements: readonly string[]): RemedyStep {
  return { sql: joinStatements(statements), transaction: false }
}

/** A script of `batches.ts`. */
export function batchStep(sql: string): RemedyStep {
  return {
    ...stepOutsideTransaction(sql),
    note: 'in batches that commit one by one; safe to stop and run again',
  }
}

/**
 * As {@link step}, beginning with a lock_timeout: the one in force, which the file may have set for the transaction
 * that the step leaves.
 */
export function stepWithLockTimeout(settings: SessionSettings, ...statements: readonly string[]): RemedyStep {
  if (statements.some((sql) => /\block_timeout\b/i.test(sql))) return step(...statements)
  return step(`SET LOCAL lock_timeout = '${duration(settings.lockTimeoutMs || 2000)}'`, ...statements)
}

function duration(milliseconds: number): string {
  return milliseconds % 1000 === 0 ? `${milliseconds / 1000}s` : `${milliseconds}ms`
}

/** The statement as it is, under an allow comment whose reason is for the user to give. */
export function stepAccepted(
  settings: SessionSettings,
  ruleId: string,
  reason: string,
  statement: string,
): RemedyStep {
  return stepWithLockTimeout(settings, `-- pgrehearse-allow ${ruleId}: ${reason}\n${statement}`)
}

function joinStatements(statements: readonly string[]): string {
  return statements.map((sql) => `${sql.trim().replace(/;$/, '')};`).join('\n')
}

/**
 * SET NOT NULL without a scan under AccessExclusiveLock: a validated CHECK proves that no row is NULL
 * (NotNullImpliedByRelConstraints, tablecmds.c; since PostgreSQL 12).
 */
export function notNullSteps(
  settings: SessionSettings,
  table: Relation,
  columns: readonly string[],
): readonly RemedyStep[] {
  const name = quoteName(table)
  const checks = columns.map((column) => ({
    column: quoteIdent(column),
    constraint: quoteIdent(objectName(table.name, column, 'not_null')),
  }))
  const add = checks.map(
    ({ column, constraint }) => `ADD CONSTRAINT ${constraint} CHECK (${column} IS NOT NULL) NOT VALID`,
  )
  return [
    stepWithLockTimeout(settings, `ALTER TABLE ${name} ${add.join(', ')}`),
    step(
      `ALTER TABLE ${name} ${checks.map(({ constraint }) => `VALIDATE CONSTRAINT ${constraint}`).join(', ')}`,
    ),
    stepWithLockTimeout(
      settings,
      `ALTER TABLE ${name} ${checks.map(({ column }) => `ALTER COLUMN ${column} SET NOT NULL`).join(', ')}`,
      `ALTER TABLE ${name} ${checks.map(({ constraint }) => `DROP CONSTRAINT ${constraint}`).join(', ')}`,
    ),
  ]
}
