import type { PredictionInput, StatementPrediction } from './prediction.ts'
import type { Schema } from '../sql/schema.ts'
import { PredictionRun } from './run.ts'

export type { PredictionInput, StatementPrediction } from './prediction.ts'

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

/** The schema that the migrations leave, as far as the files tell. */
export function predictSchema(input: PredictionInput): Schema {
  const run = new PredictionRun(input)
  for (const migration of [...input.history, ...input.review]) run.read(migration)
  return run.schema
}
