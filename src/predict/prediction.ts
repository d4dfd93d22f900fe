import type { EvidencedEffect, Migration, SessionSettings } from '../core/model.ts'

/** What prediction is made from: files, and what production is like. */
export interface PredictionInput {
  /** Read for what they leave behind in the schema; not judged. */
  readonly history: readonly Migration[]
  readonly review: readonly Migration[]
  /** TimeZone of production's sessions, until a file sets another. */
  readonly timeZone: string
  /** Other settings that production's sessions begin with, by name; only those that prediction understands count. */
  readonly settings?: Readonly<Record<string, string>>
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
