/** What became of the migrations that a command sent, as the replay of files tells it. */
import type { ErrorEffect, Limit, Migration, Statement } from '../core/model.ts'
import { classifyFailure, type FailureCause } from '../replay/failures.ts'
import type { MeasuredStatement, MigrationFailure } from '../replay/measure.ts'
import type { ReplayedMigration } from '../replay/replay.ts'
import { dependsOnData, notRehearsed } from '../replay/review-limits.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import type { RecordedStatement } from './model.ts'

/** Whose failure a statement's is. */
export function causeOf(
  { sent, stoppedAfterMs }: RecordedStatement,
  seeded: boolean,
  server: PostgresServer,
): FailureCause {
  if (stoppedAfterMs !== undefined)
    return {
      whose: 'ours',
      why: `it ran longer than ${stoppedAfterMs / 1000} s on nearly empty tables and was cancelled`,
      hint: 'If that is intended, raise statementTimeout in the configuration.',
    }
  const { code = '', message = '' } = sent.error ?? {}
  const error = { sqlstate: code, message }
  return classifyFailure(error, { superuser: server.migratorIsSuperuser, lost: undefined, seeded, server })
}

export interface ReplayedRecording {
  readonly migrations: readonly ReplayedMigration[]
  readonly limits: readonly Limit[]
}

/**
 * @param failed the statement that the command failed at, in the transcript
 * @param cause whose failure it is
 * @param onlySeeded it failed on rows of ours, and without them the command came to its end
 */
export function replayedMigrations(
  review: readonly Migration[],
  measured: ReadonlyMap<Statement, MeasuredStatement>,
  failed: { readonly statement: Statement; readonly cause: FailureCause } | undefined,
): ReplayedRecording {
  const limits: Limit[] = []
  const migrations = review.map((migration): ReplayedMigration => {
    const statements = migration.statements.flatMap((statement) => measured.get(statement) ?? [])
    // the command failed before it came to it
    if (migration.statements.length === 0) return { migration, outcome: 'not rehearsed', statements }
    if (failed === undefined || !migration.statements.includes(failed.statement))
      return { migration, outcome: 'rehearsed', statements }
    const failure = failureOf(failed.statement, statements)
    if (failed.cause.whose !== 'ours' || failure === undefined)
      return { migration, outcome: 'failed', statements }
    limits.push(notRehearsed(migration, failure, failed.cause, neverSent))
    const before = statements.filter(({ statement }) => statement !== failed.statement)
    return { migration, outcome: 'not rehearsed', statements: before }
  })
  return { migrations, limits }
}

/** What was never sent cannot even be predicted. */
const neverSent = 'What the command would do behind it is not known, and not judged.'

/** A command that fails on rows of ours and passes without them: production's decide. */
export function failsOnRows(statement: Statement, error: ErrorEffect): Limit {
  return dependsOnData({ statement, error, tooLong: false, sessionLost: false })
}

/**
 * The same, where no statement failed, and the program itself could do nothing with the rows, or where the one that failed
 * was not sent again.
 * @param error the server's message; absent: no statement failed
 */
export function givesUpOnRows(command: string, error?: string): Limit {
  const why = error === undefined ? ', though no statement did,' : ` (${error})`
  return {
    code: 'depends-on-data',
    message: `\`${command}\` failed on tables with a few rows of ours${why} and not on empty ones: whether it succeeds in production depends on what these tables hold there.`,
    hint: 'It was measured on empty tables. What it printed on the others stands in the log of this run.',
  }
}

function failureOf(
  statement: Statement,
  measured: readonly MeasuredStatement[],
): MigrationFailure | undefined {
  const error = measured
    .find((one) => one.statement === statement)
    ?.effects.find((effect) => effect.kind === 'error')
  return error === undefined ? undefined : { statement, error, tooLong: false, sessionLost: false }
}
