import type { Limit } from '../core/model.ts'
import type {
  EditedScript,
  MigrationScript,
  MigrationSet,
  SkippedFile,
  SourceProblem,
} from '../core/source.ts'
import { findEdited } from './edited.ts'
import { unrecordedProblems } from './recorded.ts'
import { isBlank, normalised, withoutDrafts } from './scripts.ts'

/** One root at two points in time. */
export interface TwoVersions {
  /** As the base revision had it; no scripts when the root is new. */
  readonly base: MigrationSet
  readonly head: MigrationSet
  /** Every path of the base revision, and of the working tree. */
  readonly baseFiles: ReadonlySet<string>
  readonly headFiles: ReadonlySet<string>
  /** Does git say that the path differs between the two? */
  readonly isTouched: (path: string) => boolean
  /** See ReviewScope.isJudged. */
  readonly isJudged: (path: string) => boolean
  /** See BaseRevision.knowsDeletions. */
  readonly knowsDeletions: boolean
}

export interface Comparison {
  /** New scripts, changed repeatable ones and changed drafts, in the tool's order. */
  readonly underReview: readonly MigrationScript[]
  readonly edited: readonly EditedScript[]
  /** Problems that were not there at the base. */
  readonly problems: readonly SourceProblem[]
  readonly notChecked: readonly Limit[]
  /** The base's scripts, without drafts: what databases have run. */
  readonly old: readonly MigrationScript[]
  /** Is a script of the root as it is now one that the base had? */
  readonly isOld: (script: MigrationScript) => boolean
}

/**
 * What is new, edited and deleted. A script is known by its id, without one by the place of its file.
 *
 * A script that is gone while its version lives on in a new file was renamed: the tool takes the two for the
 * same migration and will not run it again, so it counts as edited (as nothing at all when it only moved to
 * another folder, or when the tool does not look at titles). A script that is gone while its content lives on under a new version counts as deleted,
 * and the new file is under review: the tool runs it a second time.
 */
export function compareVersions(versions: TwoVersions): Comparison {
  const sides = sidesOf(versions)
  const fresh = versions.head.scripts.filter((script) => isFresh(script, sides))
  const additions = fresh.filter((script) => script.draft !== true && isNew(script, sides))
  const { edited, renamed } = findEdited(sides, additions)
  const oldMessages = new Set(versions.base.problems.map(({ message }) => message))
  const underReview = fresh.filter((script) => !renamed.has(script))
  const wasThere = (problem: SourceProblem): boolean => oldMessages.has(problem.message)
  return {
    underReview,
    edited,
    problems: [
      ...versions.head.problems.filter((problem) => !wasThere(problem)),
      ...unrecordedProblems(sides),
    ],
    notChecked: [
      ...oldProblems(versions.head.problems.filter(wasThere)),
      ...skippedLimits(
        withoutWaysDown(versions.head.skipped, underReview).filter((skipped) =>
          isWorthSaying(skipped, versions),
        ),
      ),
      ...(fresh.length === 0 ? [] : (versions.head.limits ?? [])),
    ],
    old: withoutDrafts(versions.base.scripts),
    isOld: (script) => sides.baseScripts.has(sides.headKey(script)),
  }
}

const maxOldProblems = 3

/** What was wrong before and is not judged: the first few of a kind, and in which files there is more of it. */
function oldProblems(problems: readonly SourceProblem[]): readonly Limit[] {
  return [...new Set(problems.map(({ code }) => code))].flatMap((code): readonly Limit[] => {
    const same = problems.filter((problem) => problem.code === code)
    const rest = same.slice(maxOldProblems)
    const told = rest.length < 2 ? same : same.slice(0, maxOldProblems)
    const limits = told.map(({ message }) => ({ code, message }))
    if (rest.length < 2) return limits
    const files = [...new Set(rest.map(({ file }) => file))]
    const more = files.length > maxOldProblems ? ` and ${files.length - maxOldProblems} more` : ''
    const message = `${rest.length} more of these were there before: ${files.slice(0, maxOldProblems).join(', ')}${more}.`
    return [...limits, { code, message, hint: 'pgrehearse check --all names each of them.' }]
  })
}

/** The two versions, with what their scripts and files are known by. */
export interface Sides {
  readonly versions: TwoVersions
  /** The same for a script of both versions, also when the folder was renamed. */
  readonly baseKey: (script: MigrationScript) => string
  readonly headKey: (script: MigrationScript) => string
  readonly baseScripts: ReadonlyMap<string, MigrationScript>
  readonly headScripts: ReadonlyMap<string, MigrationScript>
  /** Files that hold or held something, by their place below the root. */
  readonly basePlaces: ReadonlySet<string>
  readonly headPlaces: ReadonlySet<string>
  /** Has the script another text now? */
  readonly differs: (before: MigrationScript, after: MigrationScript) => boolean
}

function sidesOf(versions: TwoVersions): Sides {
  const { base, head } = versions
  const moved = base.root.dir !== head.root.dir
  const place = (dir: string) => (path: string) =>
    moved && path.startsWith(`${dir}/`) ? path.slice(dir.length + 1) : path
  const [basePlace, headPlace] = [place(base.root.dir), place(head.root.dir)]
  const key =
    (placeOf: (path: string) => string) =>
    ({ id, file }: MigrationScript): string =>
      id === undefined ? placeOf(file) : `\0${id}`
  const [baseKey, headKey] = [key(basePlace), key(headPlace)]
  const unreadable = new Set(
    base.problems.filter(({ code }) => code !== 'duplicate-version').map(({ file }) => file),
  )
  const readable = [...versions.baseFiles].filter((path) => !unreadable.has(path))
  return {
    versions,
    baseKey,
    headKey,
    baseScripts: new Map(base.scripts.map((script) => [baseKey(script), script])),
    headScripts: new Map(head.scripts.map((script) => [headKey(script), script])),
    basePlaces: new Set([...readable, ...base.scripts.map(({ file }) => file)].map(basePlace)),
    headPlaces: new Set([...versions.headFiles].map(headPlace)),
    differs: (before, after) =>
      (moved || before.file !== after.file || versions.isTouched(after.file)) &&
      normalised(before) !== normalised(after),
  }
}

function isFresh(script: MigrationScript, sides: Sides): boolean {
  const before = sides.baseScripts.get(sides.headKey(script))
  const isChanged = before === undefined ? isNew(script, sides) : sides.differs(before, script)
  if (script.draft === true) return isChanged && !isBlank(script)
  if (before === undefined) return isChanged
  return before.draft === true || (script.repeatable && isChanged)
}

/** A file that the base could not read counts as new: nothing of it is in the history. */
function isNew(script: MigrationScript, { baseScripts, basePlaces, headKey }: Sides): boolean {
  const key = headKey(script)
  return !baseScripts.has(key) && (script.id !== undefined || !basePlaces.has(key))
}

function isWorthSaying(skipped: SkippedFile, versions: TwoVersions): boolean {
  const { file, affectsOthers } = skipped
  return (
    affectsOthers || (versions.isJudged(file) && (!versions.baseFiles.has(file) || versions.isTouched(file)))
  )
}

/** Those that undo a script under review are rehearsed with it. */
export function withoutWaysDown(
  skipped: readonly SkippedFile[] = [],
  underReview: readonly MigrationScript[],
): readonly SkippedFile[] {
  const ways = new Set(underReview.flatMap(({ file, down }) => (down?.file === file ? [] : [down?.file])))
  return skipped.filter(({ file }) => !ways.has(file))
}

/** One sentence per reason. */
export function skippedLimits(skipped: readonly SkippedFile[]): readonly Limit[] {
  const byReason = new Map<string, string[]>()
  for (const { file, reason } of skipped) {
    const files = byReason.get(reason)
    if (files === undefined) byReason.set(reason, [file])
    else files.push(file)
  }
  return [...byReason].map(([reason, files]) => {
    const more = files.length > 3 ? ` and ${files.length - 3} more` : ''
    const verb = files.length === 1 ? 'is' : 'are'
    return {
      code: 'file-not-rehearsed',
      message: `${files.slice(0, 3).join(', ')}${more} ${verb} not rehearsed: ${reason}.`,
    }
  })
}
