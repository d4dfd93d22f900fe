import type { Limit } from '../core/model.ts'
import type { MigrationScript, MigrationSet, SourceProblem } from '../core/source.ts'
import type { Comparison } from './compare.ts'
import { lateProblems } from './late.ts'
import { nameScripts } from './scripts.ts'

/** What the tool would see once the branch is merged. */
export interface MergedSet {
  /** The target branch's name. */
  readonly target: string
  readonly set: MigrationSet
  /** Files that both sides changed and that are no scripts: journals, plans, sums. */
  readonly conflicts: readonly string[]
}

export interface OrderInput {
  readonly head: MigrationSet
  readonly comparison: Comparison
  /** Where others have merged something to the target branch since this branch left it. */
  readonly merged?: MergedSet
}

export interface OrderCheck {
  readonly problems: readonly SourceProblem[]
  readonly notChecked: readonly Limit[]
  /** Messages of problems of the branch that are none once it is merged: somebody else has the missing number. */
  readonly settled: ReadonlySet<string>
}

/** New scripts that come too late, versions that somebody else has taken meanwhile, and those that nobody has. */
export function checkOrder(input: OrderInput): OrderCheck {
  const { head, merged } = input
  const places = placesOf(input)
  if (merged === undefined) return { problems: lateProblems(places), notChecked: [], settled: new Set() }
  const remaining = new Set(merged.set.problems.map(({ message }) => message))
  const settled = head.problems.filter(
    ({ code, message }) => code === 'missing-version' && !remaining.has(message),
  )
  const known = new Set(head.problems.map(({ message }) => message))
  const holes = merged.set.problems.filter(
    ({ code, file, message }) =>
      code === 'missing-version' &&
      !known.has(message) &&
      places.all.some((script) => script.file === file && places.isReviewed(script)),
  )
  return {
    problems: [...takenVersions(places, merged), ...holes, ...lateProblems(places)],
    notChecked: [...othersLimits(places, merged), ...conflictLimits(merged)],
    settled: new Set(settled.map(({ message }) => message)),
  }
}

/** The scripts of the branch and of the target branch, as they stand to each other. */
export interface Places extends OrderInput {
  /** Everything there will be, in the tool's order. */
  readonly all: readonly MigrationScript[]
  readonly nameOf: (script: MigrationScript) => string
  readonly isReviewed: (script: MigrationScript) => boolean
  /** Has somebody else merged it since the branch was begun? */
  readonly isOthers: (script: MigrationScript) => boolean
}

function placesOf(input: OrderInput): Places {
  const { head, comparison, merged } = input
  const set = merged?.set ?? head
  const reviewed = new Set(comparison.underReview.map(keyOf))
  const present = new Set(head.scripts.map(keyOf))
  const versions = new Set(comparison.old.map(({ version }) => version))
  return {
    ...input,
    all: set.scripts,
    nameOf: nameScripts(set),
    isReviewed: (script) => reviewed.has(keyOf(script)),
    isOthers: (script) =>
      script.draft !== true &&
      !present.has(keyOf(script)) &&
      !comparison.isOld(script) &&
      // an old one to which they gave another name
      (script.version === null || !versions.has(script.version)),
  }
}

function keyOf({ id, file }: MigrationScript): string {
  return id === undefined ? file : `\0${id}`
}

/** Two branches took the same number, and the other one was merged first. */
function takenVersions(places: Places, { set, target }: MergedSet): readonly SourceProblem[] {
  const { head, comparison, all, isOthers } = places
  const known = new Set(head.problems.map(({ message }) => message))
  return set.problems.flatMap((problem): readonly SourceProblem[] => {
    if (problem.code !== 'duplicate-version' || known.has(problem.message)) return []
    const own = comparison.underReview.find(
      ({ file }) => problem.file === file || problem.message.includes(file),
    )
    if (own === undefined) return []
    const other = all.find((script) => isOthers(script) && problem.message.includes(script.file))
    const what = other === undefined ? 'The other' : other.file
    return [
      {
        ...problem,
        file: own.file,
        message: `${problem.message} ${what} was merged to ${target} after this branch left it.`,
        remedy: 'Give the migration of this branch the next free version.',
      },
    ]
  })
}

function othersLimits({ all, isOthers }: Places, { target }: MergedSet): readonly Limit[] {
  const others = all.filter(isOthers).length
  if (others === 0) return []
  const were = others === 1 ? '1 migration was' : `${others} migrations were`
  return [
    {
      code: 'others-migrations',
      message: `${were} merged to ${target} since this branch began; the rehearsal does without.`,
      hint: `Rebase, or merge ${target}, to rehearse on top of what others have merged.`,
    },
  ]
}

function conflictLimits({ target, conflicts }: MergedSet): readonly Limit[] {
  return conflicts.map((file) => ({
    code: 'order-not-compared',
    message: `${file} was changed here and on ${target}, so the order was compared with the merge base only.`,
    hint: `Rebase, or merge ${target}.`,
  }))
}

/** Said where the target branch cannot be had. */
export function unreachableTarget(name: string): Limit {
  return {
    code: 'order-not-compared',
    message: `${name} could not be fetched, so versions and order were compared with the merge base only.`,
    hint: 'What others have merged meanwhile may have taken the same version, or a later one.',
  }
}
