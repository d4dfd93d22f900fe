/** Branches that are not merged yet: which migrations they bring, and what the tool makes of them together with ours. */
import { UsageError } from '../core/errors.ts'
import type { Limit } from '../core/model.ts'
import type {
  FileTree,
  MigrationScript,
  MigrationSet,
  OtherBranch,
  ReviewSet,
  ScriptOrigin,
  SourceProblem,
} from '../core/source.ts'
import { decideBase } from './base-revision.ts'
import { withoutExcluded } from './exclude.ts'
import { commitOf, short } from './fetch.ts'
import { GitTree } from './git-tree.ts'
import { askGit, findRepository, listFromGit, type Repository } from './git.ts'
import { nothingToCompareWith } from './limits.ts'
import { fullRequest, type FullRequest, type ReviewRequest } from './request.ts'
import { openRevision, type Revision } from './revision.ts'
import { reviewRoot } from './root-review.ts'
import { rootHolds } from './roots.ts'
import { nameScripts } from './scripts.ts'
import { mergedTree } from './target-branch.ts'

/**
 * What is new on each of these revisions since it left the target branch, in the folder of migrations that is under
 * review; `--with`. Read from git alone. Throws UsageError for a revision that is not here, and where there is no git.
 */
export async function otherBranches(
  request: ReviewRequest,
  reviewSet: ReviewSet,
  refs: readonly string[],
): Promise<readonly OtherBranch[]> {
  const full = fullRequest(request)
  const search = await findRepository(full.cwd, full.env)
  const { repository } = search
  if (repository === undefined) throw nothingToCompareWith(search.reason)
  const tips: (readonly [string, string])[] = []
  for (const ref of new Set(refs)) tips.push([ref, await tipOf(repository, ref)])
  const { origin } = reviewSet
  if (origin === undefined || reviewSet.underReview.length === 0) return []
  const base = await decideBase(repository, full.base, full.env)
  await using ours = await openRevision(repository, base, full.settings.exclude)
  const target = (await base.target?.find()) ?? base.commit
  const branches: OtherBranch[] = []
  for (const [ref, tip] of tips)
    branches.push(await otherBranch({ full, repository, reviewSet, origin, ours }, ref, tip, target))
  return branches
}

/** As it is named, else as a branch of origin: the runner's clone has no other. */
async function tipOf(repository: Repository, ref: string): Promise<string> {
  const commit =
    (await commitOf(repository, ref)) ?? (await commitOf(repository, `refs/remotes/origin/${ref}`))
  if (commit !== undefined) return commit
  throw new UsageError(`There is no commit "${ref}" in this repository for --with.`, {
    hint: 'Fetch it first: git fetch origin <branch>:refs/remotes/origin/<branch>. docs/branches.md shows how a job does that.',
  })
}

interface Sides {
  readonly full: FullRequest
  readonly repository: Repository
  readonly reviewSet: ReviewSet
  readonly origin: ScriptOrigin
  /** What ours is compared with. */
  readonly ours: Revision
}

async function otherBranch(
  sides: Sides,
  ref: string,
  tip: string,
  target: string | undefined,
): Promise<OtherBranch> {
  const { repository, full, origin } = sides
  const nothing = { ref, commit: tip, scripts: [], order: [], problems: [] }
  const left =
    target === undefined
      ? undefined
      : await askGit(repository, ['merge-base', '--end-of-options', target, tip])
  if (left === undefined) return { ...nothing, limits: [noCommonCommit(sides, ref)] }
  const exclude = full.settings.exclude ?? []
  await using base = await GitTree.open(repository, left)
  await using tree = await GitTree.open(repository, tip)
  const [baseFiles, files] = [
    withoutExcluded(await base.list(), exclude),
    withoutExcluded(await tree.list(), exclude),
  ]
  const changed = withoutExcluded(await changedPaths(repository, left, tip), exclude)
  if (!changed.some((path) => rootHolds(origin.root, path))) return { ...nothing, limits: [] }
  const theirs: FileTree = { list: () => Promise.resolve(files), read: (path) => tree.read(path) }
  const revision: Revision = {
    base: { commit: left, description: short(left), knowsDeletions: true },
    tree: { list: () => Promise.resolve(baseFiles), read: (path) => base.read(path) },
    files: new Set(baseFiles),
    touched: new Set(changed),
    target: () => Promise.resolve(undefined),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  const review = await reviewRoot(full, theirs, origin.root, revision, () => false)
  const branch = {
    name: ref,
    tree: theirs,
    files: new Set(files),
    changed: new Set(changed),
  }
  const merged = await mergedSet(sides, branch)
  return { ref, commit: tip, ...compared(sides, ref, review.comparison, merged) }
}

function changedPaths(repository: Repository, from: string, to: string): Promise<readonly string[]> {
  const options = ['--name-only', '-z', '--no-renames', '--no-ext-diff', '--no-textconv']
  return listFromGit(repository, [
    'diff',
    ...options,
    '--ignore-submodules=all',
    '--relative',
    from,
    to,
    '--',
  ])
}

/** What the tool makes of the files when both are merged. */
async function mergedSet(
  { origin, ours }: Sides,
  target: Parameters<typeof mergedTree>[0]['target'],
): Promise<MigrationSet> {
  const { source, root, files, options } = origin
  const headFiles = new Set(await files.list())
  const isTouched = (path: string): boolean => ours.touched.has(path) || !ours.files.has(path)
  return source.load(
    root,
    mergedTree({ head: files, headFiles, baseFiles: ours.files, isTouched, target }),
    options,
  )
}

function compared(
  { reviewSet }: Sides,
  ref: string,
  { underReview, edited }: { underReview: readonly MigrationScript[]; edited: ReviewSet['edited'] },
  merged: MigrationSet,
): Omit<OtherBranch, 'ref' | 'commit'> {
  const keyOf = ({ id, file }: MigrationScript): string => (id === undefined ? file : `\0${id}`)
  const present = new Map(
    [...reviewSet.history, ...reviewSet.underReview].map((script) => [keyOf(script), script]),
  )
  const fresh = underReview.filter(({ draft }) => draft !== true)
  const scripts = fresh.filter((script) => !present.has(keyOf(script)))
  const nameOf = nameScripts(merged)
  const clashing = fresh.flatMap((script): readonly SourceProblem[] => {
    const own = reviewSet.underReview.find((one) => keyOf(one) === keyOf(script))
    if (own === undefined || own.repeatable || textOf(own) === textOf(script)) return []
    const message = `${nameOf(own)} is on ${ref} too, with another text: git stops at a conflict, and only one of the two texts runs.`
    return [{ code: 'duplicate-version', file: own.file, message }]
  })
  const known = new Set(reviewSet.problems.map(({ message }) => message))
  const theirs = new Set(scripts.map(({ file }) => file))
  const taken = merged.problems.filter(
    ({ code, message, file }) =>
      code === 'duplicate-version' &&
      !known.has(message) &&
      [...theirs].some((one) => one === file || message.includes(one)) &&
      reviewSet.underReview.some((one) => one.file === file || message.includes(one.file)),
  )
  return {
    scripts,
    order: merged.scripts.map(({ file, id }) => (id === undefined ? { file } : { file, id })),
    problems: [...clashing, ...taken],
    ...(merged.whenOutOfOrder === undefined ? {} : { whenOutOfOrder: merged.whenOutOfOrder }),
    limits: edited.map(({ script }) => ({
      code: 'branch-not-compared',
      message: `${ref} changes ${script.file}, which has already been merged: it was replayed as it is here.`,
    })),
  }
}

function textOf({ text, start, end }: MigrationScript): string {
  return text.slice(start, end).replaceAll('\r\n', '\n').trim()
}

function noCommonCommit({ repository }: Sides, ref: string): Limit {
  const why = repository.isShallow ? ' in this shallow clone' : ''
  return {
    code: 'branch-not-compared',
    message: `${ref} and the target branch have no common commit${why}, so nobody can tell what is new on ${ref}.`,
    ...(repository.isShallow
      ? { hint: 'Clone with the whole history: GIT_DEPTH: 0 in GitLab CI, or git fetch --unshallow.' }
      : {}),
  }
}
