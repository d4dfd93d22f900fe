import type { Limit } from '../core/model.ts'
import type {
  EditedScript,
  MigrationScript,
  MigrationSet,
  SkippedFile,
  SourceProblem,
} from '../core/source.ts'
import { nameOf } from '../sources/paths.ts'

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
  /** New scripts and changed repeatable ones, in the tool's order. */
  readonly underReview: readonly MigrationScript[]
  readonly edited: readonly EditedScript[]
  /** Problems that were not there at the base. */
  readonly problems: readonly SourceProblem[]
  readonly notChecked: readonly Limit[]
}

/**
 * What is new, edited and deleted.
 *
 * A script that is gone while its version lives on in a new file was renamed: the tool takes the two for the
 * same migration and will not run it again, so it counts as edited (as nothing at all when it only moved to
 * another folder, or when the tool does not look at titles). A script that is gone while its content lives on under a new version counts as deleted,
 * and the new file is under review: the tool runs it a second time.
 */
export function compareVersions(versions: TwoVersions): Comparison {
  const places = placesOf(versions)
  const fresh = versions.head.scripts.filter(
    (script) => isNew(script, places) || isChangedRepeatable(script, places),
  )
  const { edited, renamed } = findEdited(versions, places, fresh)
  const underReview = fresh.filter((script) => !renamed.has(script.file))
  const oldMessages = new Set(versions.base.problems.map(({ message }) => message))
  const isOld = (problem: SourceProblem): boolean => oldMessages.has(problem.message)
  return {
    underReview,
    edited,
    problems: versions.head.problems.filter((problem) => !isOld(problem)),
    notChecked: [
      ...versions.head.problems.filter(isOld).map(({ code, message }) => ({ code, message })),
      ...skippedLimits((versions.head.skipped ?? []).filter((skipped) => isWorthSaying(skipped, versions))),
      ...outOfOrderLimits(versions.head, underReview, places),
    ],
  }
}

interface Places {
  readonly versions: TwoVersions
  /** A path below the root, the same in both versions even when the folder was renamed. */
  readonly placeOf: (path: string) => string
  readonly baseScripts: ReadonlyMap<string, MigrationScript>
  readonly headScripts: ReadonlyMap<string, MigrationScript>
  readonly basePlaces: ReadonlySet<string>
  readonly headPlaces: ReadonlySet<string>
  readonly moved: boolean
}

function placesOf(versions: TwoVersions): Places {
  const { base, head } = versions
  const moved = base.root.dir !== head.root.dir
  const place = (dir: string) => (path: string) =>
    moved && path.startsWith(`${dir}/`) ? path.slice(dir.length + 1) : path
  const [basePlace, headPlace] = [place(base.root.dir), place(head.root.dir)]
  const unreadable = new Set(
    base.problems.filter(({ code }) => code !== 'duplicate-version').map(({ file }) => file),
  )
  const readable = [...versions.baseFiles].filter((path) => !unreadable.has(path))
  return {
    versions,
    placeOf: headPlace,
    baseScripts: new Map(base.scripts.map((script) => [basePlace(script.file), script])),
    headScripts: new Map(head.scripts.map((script) => [headPlace(script.file), script])),
    basePlaces: new Set([...readable, ...base.scripts.map(({ file }) => file)].map(basePlace)),
    headPlaces: new Set([...versions.headFiles].map(headPlace)),
    moved,
  }
}

/** A file that the base could not read counts as new: nothing of it is in the history. */
function isNew(script: MigrationScript, { placeOf, basePlaces }: Places): boolean {
  return !basePlaces.has(placeOf(script.file))
}

function isChangedRepeatable(script: MigrationScript, places: Places): boolean {
  if (!script.repeatable) return false
  const before = places.baseScripts.get(places.placeOf(script.file))
  return before !== undefined && differs(before, script, places)
}

/** Line ends do not count: a checkout may translate them, and no tool's checksum sees them. */
function differs(before: MigrationScript, after: MigrationScript, { versions, moved }: Places): boolean {
  return (moved || versions.isTouched(after.file)) && normalised(before) !== normalised(after)
}

function normalised({ text }: MigrationScript): string {
  return text.replaceAll('\r\n', '\n')
}

function findEdited(
  versions: TwoVersions,
  places: Places,
  fresh: readonly MigrationScript[],
): { readonly edited: readonly EditedScript[]; readonly renamed: ReadonlySet<string> } {
  const edited: EditedScript[] = []
  const renamed = new Set<string>()
  const additions = fresh.filter((script) => isNew(script, places))
  const byVersion = new Map(
    additions.flatMap((script) => (script.version === null ? [] : [[script.version, script]])),
  )
  const byText = new Map(additions.map((script) => [normalised(script), script]))
  for (const [place, script] of places.baseScripts) {
    const after = places.headScripts.get(place)
    if (after !== undefined) {
      if (!script.repeatable && differs(script, after, places)) edited.push({ script, change: 'edited' })
    } else if (places.headPlaces.has(place)) {
      if (versions.isTouched(script.file)) edited.push({ script, change: 'edited' })
    } else if (versions.knowsDeletions && versions.isTouched(script.file)) {
      const successor = script.version === null ? undefined : byVersion.get(script.version)
      if (successor !== undefined) renamed.add(successor.file)
      const entry =
        successor === undefined ? deleted(script, byText) : renamedScript(script, successor, versions)
      if (entry !== undefined) edited.push(entry)
    }
  }
  return { edited, renamed }
}

function renamedScript(
  script: MigrationScript,
  successor: MigrationScript,
  { head }: TwoVersions,
): EditedScript | undefined {
  const isSameName = head.identifiedBy === 'version' || nameOf(script.file) === nameOf(successor.file)
  if (isSameName && normalised(script) === normalised(successor)) return undefined
  return { script, change: 'edited', renamedTo: successor.file }
}

function deleted(script: MigrationScript, byText: ReadonlyMap<string, MigrationScript>): EditedScript {
  const copy = byText.get(normalised(script))
  return copy === undefined
    ? { script, change: 'deleted' }
    : { script, change: 'deleted', renamedTo: copy.file }
}

function isWorthSaying(skipped: SkippedFile, versions: TwoVersions): boolean {
  const { file, affectsOthers } = skipped
  return (
    affectsOthers || (versions.isJudged(file) && (!versions.baseFiles.has(file) || versions.isTouched(file)))
  )
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

/** New scripts that sort before one that has been run already. */
function outOfOrderLimits(
  head: MigrationSet,
  underReview: readonly MigrationScript[],
  places: Places,
): readonly Limit[] {
  if (head.whenOutOfOrder === undefined || head.whenOutOfOrder.outcome === 'runs') return []
  const reviewed = new Set(underReview.map(({ file }) => file))
  const last = head.scripts.findLast(
    (script) => !script.repeatable && places.baseScripts.has(places.placeOf(script.file)),
  )
  if (last === undefined) return []
  const late = head.scripts.slice(0, head.scripts.indexOf(last)).filter(({ file }) => reviewed.has(file))
  return late.map(({ file }) => ({
    code: 'out-of-order',
    message: `${file} sorts before ${last.file}, which is in the history: ${head.whenOutOfOrder?.says}. It was taken as the next one to run.`,
  }))
}
