import { existsSync } from 'node:fs'
import path from 'node:path'
import { UsageError } from '../core/errors.ts'
import { scriptKey } from '../core/script-name.ts'
import type { FileTree, MigrationScript, ReviewSet, SourceProblem, SourceRoot } from '../core/source.ts'
import { isInside } from '../sources/paths.ts'
import { decideBase, type BaseRevision } from './base-revision.ts'
import { reviewChanges, type ReviewScope } from './changes.ts'
import { short } from './fetch.ts'
import type { Repository } from './git.ts'
import { openIndex, stagedPlace, type StagedFiles } from './index-tree.ts'
import type { FullRequest } from './request.ts'
import { openRevision, type Revision } from './revision.ts'
import { rootHolds } from './roots.ts'

/**
 * What the next commit changes, with the contents of the index; unstaged and untracked files do not count. The
 * base is the usual one, because it says what production has run: an earlier commit of the branch may be mended.
 * New migrations of such commits are replayed before the staged ones, and not judged: they are committed already.
 * Paths on the command line leave fewer of the staged files.
 */
export function reviewStaged(request: FullRequest, found: Repository): Promise<ReviewSet> {
  return withStaged(request, found, {
    nothing: nothingStaged,
    use: async ({ base, since, tree, scope }) => {
      const review = (revision: BaseRevision): Promise<ReviewSet> =>
        since(revision, (opened) => reviewChanges(request, tree, opened, scope))
      const known: { sinceHead?: Promise<ReviewSet> } = {}
      const sinceHead = (): Promise<ReviewSet> => (known.sinceHead ??= review(headOf(found)))
      return onlyJudged(await review(base), scope.isJudged, sinceHead)
    },
  })
}

interface Staged {
  readonly base: BaseRevision
  readonly tree: FileTree
  readonly scope: ReviewScope
  readonly since: <T>(revision: BaseRevision, use: (opened: Revision) => Promise<T>) => Promise<T>
}

interface StagedUse<T> {
  readonly use: (staged: Staged) => Promise<T>
  /** What to give when no migration is staged. */
  readonly nothing: (base: BaseRevision) => T
}

async function withStaged<T>(
  request: FullRequest,
  found: Repository,
  { use, nothing }: StagedUse<T>,
): Promise<T> {
  const repository = await stagedPlace(found)
  await using index = await openIndex(repository, request.settings.exclude)
  const isJudged = await judgedPredicate(request, index)
  const judged = [...index.staged].filter(isJudged)
  const base = await stagedBase(request, repository)
  if (judged.length === 0) return nothing(base)
  const concerns = (root: SourceRoot): boolean => judged.some((file) => rootHolds(root, file))
  const since: Staged['since'] = async (revision, look) => {
    await using opened = await openRevision(repository, revision, request.settings.exclude, true)
    return await look(opened)
  }
  try {
    return await use({ base, tree: index.tree, scope: { concerns, isJudged }, since })
  } catch (error) {
    // a hook runs at every commit, also where a project has no migrations yet
    if (error instanceof UsageError && !judged.some((file) => file.endsWith('.sql'))) return nothing(base)
    throw error
  }
}

/** Is the path staged, and among those that were named? Throws UsageError for a name that is nowhere. */
async function judgedPredicate(
  { cwd, paths }: FullRequest,
  { staged, committed, tree }: StagedFiles,
): Promise<(file: string) => boolean> {
  if (paths.length === 0) return (file) => staged.has(file)
  const known = [...committed, ...(await tree.list())]
  const named = paths.map((given) => {
    const place = path.relative(cwd, path.resolve(cwd, given)).split(path.sep).join('/')
    // lint-staged and others also name files that were deleted meanwhile
    if (known.some((file) => isInside(file, place)) || existsSync(path.resolve(cwd, given))) return place
    throw new UsageError(`There is no file or folder "${given}" in the index of git, nor in ${cwd}.`)
  })
  return (file) => staged.has(file) && named.some((place) => isInside(file, place))
}

/** A base that was asked for must be had; without one what is committed here counts as run in production. */
async function stagedBase(request: FullRequest, repository: Repository): Promise<BaseRevision> {
  try {
    const base = await decideBase(repository, request.base, request.env)
    if (base.commit === undefined || base.commit !== repository.head) return base
  } catch (error) {
    if (request.base !== undefined || !(error instanceof UsageError)) throw error
  }
  return headOf(repository)
}

function headOf({ head }: Repository): BaseRevision {
  const description = head === undefined ? 'no commit yet' : `HEAD (${short(head)})`
  return { commit: head, description, knowsDeletions: true }
}

function nothingStaged(base: BaseRevision): ReviewSet {
  return {
    base: stagedOnly(base.description, base.commit),
    history: [],
    underReview: [],
    edited: [],
    sharesSession: false,
    problems: [],
    notChecked: [],
  }
}

function stagedOnly(description: string, commit: string | undefined): ReviewSet['base'] {
  const base = { description: `${description}, staged files only` }
  return commit === undefined ? base : { ...base, commit }
}

/** Leaves what the next commit is to blame for; of a file that holds several scripts, those that it changes. */
async function onlyJudged(
  changes: ReviewSet,
  isJudged: (file: string) => boolean,
  sinceHead: () => Promise<ReviewSet>,
): Promise<ReviewSet> {
  const scripts = [...changes.underReview, ...changes.edited.map(({ script }) => script)]
  const isAnyInside = scripts.some(({ id, file }) => id !== undefined && isJudged(file))
  const changed = isAnyInside ? changedKeys(await sinceHead()) : new Set<string>()
  const isFresh = (script: MigrationScript): boolean =>
    isJudged(script.file) && (script.id === undefined || changed.has(scriptKey(script)))
  const underReview = changes.underReview.slice(0, changes.underReview.findLastIndex(isFresh) + 1)
  return {
    ...changes,
    base: stagedOnly(changes.base.description, changes.base.commit),
    underReview,
    replayedOnly: underReview.filter((script) => !isFresh(script)).map(scriptKey),
    edited: changes.edited.filter(
      ({ script, renamedTo }) => isFresh(script) || (renamedTo !== undefined && isJudged(renamedTo)),
    ),
    problems: await judgedProblems(changes.problems, isJudged, sinceHead),
  }
}

function changedKeys({ underReview, edited }: ReviewSet): ReadonlySet<string> {
  return new Set([...underReview, ...edited.map(({ script }) => script)].map(scriptKey))
}

/** A version that two files claim is told at one of them, and the commit may add the other. */
async function judgedProblems(
  problems: readonly SourceProblem[],
  isJudged: (file: string) => boolean,
  sinceHead: () => Promise<ReviewSet>,
): Promise<readonly SourceProblem[]> {
  if (problems.every(({ file }) => isJudged(file))) return problems
  const fresh = new Set((await sinceHead()).problems.map(({ message }) => message))
  return problems.filter(({ file, message }) => isJudged(file) || fresh.has(message))
}
