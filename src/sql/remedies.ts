import type { Relation, Remedy, StatementSettings } from '../core/model.ts'
import { defaultObjectName } from './names.ts'
import { quoteIdent, quoteName } from './quote.ts'

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
 * As {@link step}, beginning with a lock_timeout where none is in force, or one that the migration set which the step
 * leaves. One of the connection is in force there as well.
 */
export function stepWithLockTimeout(
  settings: StatementSettings,
  ...statements: readonly string[]
): RemedyStep {
  const isSet = settings.lockTimeoutMs > 0 && settings.lockTimeoutFrom === 'session'
  if (isSet || statements.some((sql) => /\block_timeout\b/i.test(sql))) return step(...statements)
  return step(`SET LOCAL lock_timeout = '${duration(settings.lockTimeoutMs || 2000)}'`, ...statements)
}

function duration(milliseconds: number): string {
  return milliseconds % 1000 === 0 ? `${milliseconds / 1000}s` : `${milliseconds}ms`
}

/** The statement as it is, under an allow comment whose reason is for the user to give. */
export function stepAccepted(
  settings: StatementSettings,
  ruleId: string,
  reason: string,
  statement: string,
): RemedyStep {
  return stepWithLockTimeout(settings, `-- pgrehearse-allow ${ruleId}: ${reason}\n${statement}`)
}

function joinStatements(statements: readonly string[]): string {
  return statements.map((sql) => `${sql.trim().replace(/;$/, '')};`).join('\n')
}

/** What else happens in the steps that make columns NOT NULL. */
export interface NotNullExtras {
  /** Other constraints to be added NOT VALID with it: `ADD CONSTRAINT …`. */
  readonly add?: readonly string[]
  /** Names of others to be validated with it. */
  readonly validate?: readonly string[]
  /** Statements of the last transaction. */
  readonly finally?: readonly string[]
}

/**
 * SET NOT NULL without a scan under AccessExclusiveLock. From PostgreSQL 18 on it is a constraint that can be NOT VALID;
 * before, a validated CHECK proves that no row is NULL (NotNullImpliedByRelConstraints, tablecmds.c; since PostgreSQL 12).
 */
export function notNullSteps(
  settings: StatementSettings,
  table: Pick<Relation, 'schema' | 'name'>,
  columns: readonly string[],
  { add: others = [], validate = [], finally: last = [] }: NotNullExtras = {},
): readonly RemedyStep[] {
  const name = quoteName(table)
  const isNamed = (settings.productionMajor ?? 0) >= 18
  const proofs = columns.map((column) => ({
    column: quoteIdent(column),
    constraint: quoteIdent(defaultObjectName(table.name, column, isNamed ? 'not_null' : 'not_null_check')),
  }))
  const proofsAdded = proofs.map(({ column, constraint }) =>
    isNamed
      ? `ADD CONSTRAINT ${constraint} NOT NULL ${column} NOT VALID`
      : `ADD CONSTRAINT ${constraint} CHECK (${column} IS NOT NULL) NOT VALID`,
  )
  const add = [...others, ...proofsAdded]
  const validations = [...validate, ...proofs.map(({ constraint }) => constraint)].map(
    (constraint) => `VALIDATE CONSTRAINT ${constraint}`,
  )
  const swap = [
    `ALTER TABLE ${name} ${proofs.map(({ column }) => `ALTER COLUMN ${column} SET NOT NULL`).join(', ')}`,
    `ALTER TABLE ${name} ${proofs.map(({ constraint }) => `DROP CONSTRAINT ${constraint}`).join(', ')}`,
  ]
  const end = [...(isNamed || columns.length === 0 ? [] : swap), ...last]
  return [
    ...(add.length === 0 ? [] : [stepWithLockTimeout(settings, `ALTER TABLE ${name} ${add.join(', ')}`)]),
    ...(validations.length === 0 ? [] : [step(`ALTER TABLE ${name} ${validations.join(', ')}`)]),
    ...(end.length === 0 ? [] : [stepWithLockTimeout(settings, ...end)]),
  ]
}
