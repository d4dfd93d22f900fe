import type { Limit } from '../core/model.ts'
import type { MigrationScript, MigrationSet, ReviewSet, SourceProblem } from '../core/source.ts'
import { scriptKey } from '../core/script-name.ts'
import { skippedLimits } from './compare.ts'
import { withoutDrafts } from './scripts.ts'
import type { RootReview } from './root-review.ts'
import { surroundingsOf, type Surroundings } from './surroundings.ts'

export interface NamedScripts {
  /** The scripts as they are now. */
  readonly head: MigrationSet
  readonly isNamed: (file: string) => boolean
  /** Nothing is history: everything up to the last named script starts from an empty database. */
  readonly all: boolean
  /** The comparison with the base revision, where there is one. */
  readonly review?: RootReview
}

/** The part of a review set that comes from the named scripts of one root. */
export interface NamedOrder extends Pick<ReviewSet, 'base' | 'history' | 'underReview'>, Surroundings {
  readonly replayedOnly: readonly string[]
  readonly problems: readonly SourceProblem[]
  readonly notChecked: readonly Limit[]
  /** No file that was named means anything to the tool. */
  readonly isEmpty: boolean
}

interface Sequence {
  readonly history: readonly MigrationScript[]
  /** From the first to the last named script, with what stands between. */
  readonly rest: readonly MigrationScript[]
}

/** Puts named scripts on top of what runs before them. */
export function orderNamed(named: NamedScripts): NamedOrder {
  const { head, isNamed, review } = named
  const { history, rest } = review === undefined ? sequenceOf(named) : sequenceAtBase(named, review)
  const skipped = (head.skipped ?? []).filter(({ file, affectsOthers }) => affectsOthers || isNamed(file))
  const problems = [...head.problems, ...(review?.orderProblems ?? [])].filter(({ file }) => isNamed(file))
  const onBase = review?.revision.base
  return {
    base:
      onBase?.commit === undefined
        ? { description: named.all ? '--all' : 'paths' }
        : { description: `paths, on top of ${onBase.description}`, commit: onBase.commit },
    history,
    underReview: rest,
    replayedOnly: named.all ? [] : rest.filter(({ file }) => !isNamed(file)).map(scriptKey),
    ...surroundingsOf(head, review?.base),
    problems,
    notChecked: [
      ...skippedLimits(skipped),
      ...(head.limits ?? []),
      ...(review === undefined ? [] : editedLimits(named, review)),
    ],
    isEmpty: rest.length === 0 && problems.length === 0 && !skipped.some(({ file }) => isNamed(file)),
  }
}

/** Without a base revision the files themselves are the history. */
function sequenceOf({ head, isNamed, all }: NamedScripts): Sequence {
  const first = all ? 0 : head.scripts.findIndex(({ file }) => isNamed(file))
  const last = head.scripts.findLastIndex(({ file }) => isNamed(file))
  if (last < 0) return { history: [], rest: [] }
  return { history: withoutDrafts(head.scripts.slice(0, first)), rest: head.scripts.slice(first, last + 1) }
}

/**
 * A named script that the base has is judged in its old place, after the base's scripts before it. One that
 * the base lacks runs after all of the base's, and after the new ones that come before it.
 */
function sequenceAtBase({ head, isNamed }: NamedScripts, review: RootReview): Sequence {
  const key = ({ id, file }: MigrationScript): string => (id === undefined ? file : `\0${id}`)
  const present = new Map(head.scripts.map((script) => [key(script), script]))
  const base = review.base.scripts
  const isJudgedInPlace = (script: MigrationScript): boolean => {
    const now = present.get(key(script))
    return !script.repeatable && now !== undefined && isNamed(now.file)
  }
  const added = new Set(review.comparison.underReview.map(key))
  const later = head.scripts.filter(
    (script) =>
      added.has(key(script)) || ((script.repeatable || script.draft === true) && isNamed(script.file)),
  )
  const laterOnes = later.slice(0, later.findLastIndex(({ file }) => isNamed(file)) + 1)
  const first = base.findIndex(isJudgedInPlace)
  if (first < 0) return { history: laterOnes.length === 0 ? [] : base, rest: laterOnes }
  const end = laterOnes.length > 0 ? base.length : base.findLastIndex(isJudgedInPlace) + 1
  const inPlace = base.slice(first, end).map((script) => {
    const now = present.get(key(script))
    return isJudgedInPlace(script) && now !== undefined ? now : script
  })
  return { history: base.slice(0, first), rest: [...inPlace, ...laterOnes] }
}

/** Said, not judged: whoever names an old script wants to know what it does, not that it is old. */
function editedLimits({ isNamed }: NamedScripts, review: RootReview): readonly Limit[] {
  return review.comparison.edited
    .filter(({ script }) => isNamed(script.file))
    .map(({ script }) => ({
      code: 'edited-migration',
      message: `${script.file} was edited since ${review.revision.base.description}; it is judged as it stands.`,
    }))
}
