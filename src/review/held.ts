import { scriptKey } from '../core/script-name.ts'
import type { MigrationScript, ReviewSet } from '../core/source.ts'
import { skippedLimits } from './compare.ts'

/**
 * Leaves out the scripts that the dump under the history holds already: history silently, since nothing is missing,
 * and those under review with a word.
 */
export function withoutHeld(reviewSet: ReviewSet): ReviewSet {
  const holds = new Set(reviewSet.foundation?.holds)
  if (holds.size === 0) return reviewSet
  const isLeft = (script: MigrationScript): boolean => !holds.has(scriptKey(script))
  const reason = `${reviewSet.foundation?.dump?.file} holds it already`
  const held = reviewSet.underReview
    .filter((script) => !isLeft(script))
    .map(({ file }) => ({ file, reason, affectsOthers: false }))
  return {
    ...reviewSet,
    history: reviewSet.history.filter(isLeft),
    underReview: reviewSet.underReview.filter(isLeft),
    notChecked: [...reviewSet.notChecked, ...skippedLimits(held)],
  }
}
