import type { Migration } from '../../src/core/model.ts'
import { predictRun, type StatementPrediction } from '../../src/predict/index.ts'
import { migrations } from '../predict/predict-sql.ts'
import { atlasSetup, type AtlasForm, type Outcome } from './forms.ts'
import { predictedText } from './summary.ts'

/** What is predicted for one form on one major. */
export interface PredictedForm {
  readonly outcome: Outcome
  /** Why it may be incomplete. */
  readonly unknown: string | undefined
}

/** The schema of the atlas as a history. The parser must have been loaded. */
export function atlasHistory(): readonly Migration[] {
  return migrations([atlasSetup])
}

/** Predicts every form as it was measured: in a transaction that is rolled back, or by itself. */
export function predictForms(
  forms: readonly AtlasForm[],
  serverMajor: number,
  history: readonly Migration[],
): ReadonlyMap<AtlasForm, PredictedForm> {
  const predicted = new Map<AtlasForm, PredictedForm>()
  const isAlone = ({ outcomes }: AtlasForm): boolean =>
    outcomes.get(serverMajor)?.endsWith('| alone') === true
  const inBlocks = forms.filter((form) => !isAlone(form))
  const blocks = inBlocks.map(({ sql }) => `begin;\n${script(sql)}rollback;`)
  const predictions = predictLast(blocks.join('\n'), serverMajor, history)
  inBlocks.forEach((form, index) => predicted.set(form, predictions[index] ?? nothing))
  for (const form of forms.filter(isAlone)) {
    const [refused = nothing] = predictLast(`begin;\n${script(form.sql)}rollback;`, serverMajor, history)
    const alone = refused.outcome === 'fails 25001'
    const [prediction = nothing] = predictLast(`${script(form.sql)}rollback;`, serverMajor, history, alone)
    predicted.set(form, prediction)
  }
  return predicted
}

const nothing: PredictedForm = { outcome: 'nothing', unknown: undefined }

function script(sql: string): string {
  return `${sql.replaceAll(' ;; ', ';\n')};\n`
}

/** Predictions of the statements that stand before each ROLLBACK. */
function predictLast(
  text: string,
  serverMajor: number,
  history: readonly Migration[],
  alone = false,
): readonly PredictedForm[] {
  const review = migrations([text])
  const predictions = predictRun({ history, review, timeZone: 'UTC', serverMajor })[0] ?? []
  const ends = (review[0]?.statements ?? []).filter(({ sql }) => sql === 'rollback')
  return ends.map(({ index }) => summaryOf(predictions[index - 1], alone))
}

function summaryOf(prediction: StatementPrediction | undefined, alone: boolean): PredictedForm {
  if (prediction === undefined) return nothing
  return { outcome: predictedText(prediction, { alone, indexes: !alone }), unknown: prediction.unknown }
}
