import type { EvidencedEffect, Migration, SessionSettings } from '../core/model.ts'
import { PredictionRun } from './run.ts'

export interface PredictionInput {
  /** Read for what they leave behind in the schema; not judged. */
  readonly history: readonly Migration[]
  readonly review: readonly Migration[]
  /** TimeZone of production's sessions, until a file sets another. */
  readonly timeZone: string
  /** Default 18. */
  readonly serverMajor?: number
  /** Do SET and temporary tables of one file reach the next? Default no. */
  readonly sharesSession?: boolean
}

/** What one statement will do, as far as the files tell. */
export interface StatementPrediction {
  readonly effects: readonly EvidencedEffect[]
  /** In force when the statement begins. */
  readonly settings: SessionSettings
  /** Why the effects may be incomplete, as a clause: `the DO block puts SQL together at run time`. */
  readonly unknown?: string
}

/**
 * Predicts every statement of the migrations under review, without a server: from the syntax tree and from what
 * all files before it say about the schema. One list per migration, one prediction per statement.
 */
export function predictRun(input: PredictionInput): readonly (readonly StatementPrediction[])[] {
  const run = new PredictionRun(input)
  for (const migration of input.history) run.read(migration)
  run.beginReview()
  return input.review.map((migration) => run.predict(migration))
}
