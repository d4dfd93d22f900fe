/** What was tried besides the way up: down and up again, failures in the middle, other branches before and behind. */

/**
 * - `way down`: up, down and up again; what the way down locks and destroys.
 * - `retry`: a failure after each statement of what is not one transaction, and the tool's next attempt.
 * - `silent changes`: what is another afterwards without a word in the migrations that says so.
 * - `other branch`: the migrations of a branch that is not merged yet, before and behind those under review.
 * - `clone`: the migrations under review on a clone of production.
 */
export type TrialKind = 'way down' | 'retry' | 'silent changes' | 'other branch' | 'clone'

/** A paragraph of the report about one trial. Plain text throughout. */
export interface ReportTrial {
  readonly kind: TrialKind
  /** The migration that it is about, else the revision; empty where it is about all under review. */
  readonly about: string
  /** `holds`: nothing to say against it; `finding`: a finding says what is wrong; `not tried`: `says` tells why. */
  readonly outcome: 'holds' | 'finding' | 'not tried'
  /** One sentence: `Down and up again leads to the same schema.` */
  readonly says: string
  /** Receipts, one a line: differences as `+ column public.orders.note text`, locks, what is destroyed. */
  readonly lines: readonly string[]
}
