import type { MigrationSet, ReviewSet } from '../core/source.ts'

/** What surrounds the scripts of a set when they run. */
export type Surroundings = Pick<ReviewSet, 'sharesSession' | 'foundation' | 'leftOut' | 'whenFailed'>

/**
 * What the review has to know of a set besides its scripts. `base` is the set at the base revision, where the history
 * comes from there: what was left out then is missing from it, also when it is gone by now.
 */
export function surroundingsOf(head: MigrationSet, base?: MigrationSet): Surroundings {
  // a dump at the base is history of its own
  const hasHistory = base !== undefined && (base.scripts.length > 0 || base.foundation?.dump !== undefined)
  const foundation = hasHistory ? base.foundation : head.foundation
  const skipped = [...(base?.skipped ?? []), ...(head.skipped ?? [])]
  const leftOut = new Map(
    skipped.filter(({ affectsOthers }) => affectsOthers).map((each) => [each.file, each]),
  )
  return {
    sharesSession: head.sharesSession,
    ...(foundation === undefined ? {} : { foundation }),
    ...(head.whenFailed === undefined ? {} : { whenFailed: head.whenFailed }),
    ...(leftOut.size === 0 ? {} : { leftOut: [...leftOut.values()] }),
  }
}
