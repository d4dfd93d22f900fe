import type { MigrationSet, ReviewSet } from '../core/source.ts'

/** What surrounds the scripts of a set when they run. */
export type Surroundings = Pick<ReviewSet, 'sharesSession' | 'foundation' | 'leftOut'>

/** What the review has to know of a set besides its scripts. */
export function surroundingsOf({ sharesSession, foundation, skipped = [] }: MigrationSet): Surroundings {
  const leftOut = skipped.filter(({ affectsOthers }) => affectsOthers)
  return {
    sharesSession,
    ...(foundation === undefined ? {} : { foundation }),
    ...(leftOut.length === 0 ? {} : { leftOut }),
  }
}
