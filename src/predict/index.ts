import type { SchemaCatalogs } from '../core/model.ts'
import { catalogOf } from './predicted-schema.ts'
import type { PredictionInput, StatementPrediction } from './prediction.ts'
import type { Schema } from '../sql/schema.ts'
import { PredictionRun } from './run.ts'

export type { PredictionInput, StatementPrediction } from './prediction.ts'

/**
 * Predicts every statement of the migrations under review, without a server: from the syntax tree and from what
 * all files before it say about the schema. One list per migration, one prediction per statement.
 */
export function predictRun(input: PredictionInput): readonly (readonly StatementPrediction[])[] {
  return predictReview(new PredictionRun(input), input)
}

export interface RunWithSchema {
  readonly predictions: readonly (readonly StatementPrediction[])[]
  /** The schema before and after the review; absent where some statement of the review cannot be predicted. */
  readonly schema?: SchemaCatalogs
}

/** The same, with the schema before and after. */
export function predictRunWithSchema(input: PredictionInput): RunWithSchema {
  const run = new PredictionRun(input)
  let before: SchemaCatalogs['before'] = { tables: [] }
  const predictions = predictReview(run, input, () => {
    before = catalogOf(run.schema)
  })
  if (predictions.some((ofOne) => ofOne.some(({ unknown }) => unknown !== undefined))) return { predictions }
  return { predictions, schema: { before, after: catalogOf(run.schema), evidence: 'predicted' } }
}

function predictReview(
  run: PredictionRun,
  input: PredictionInput,
  onPrepared?: () => void,
): readonly (readonly StatementPrediction[])[] {
  for (const migration of input.history) run.read(migration)
  run.beginReview()
  onPrepared?.()
  return input.review.map((migration) => run.predict(migration))
}

/** The schema that the migrations leave, as far as the files tell. */
export function predictSchema(input: PredictionInput): Schema {
  const run = new PredictionRun(input)
  for (const migration of [...input.history, ...input.review]) run.read(migration)
  return run.schema
}
