import type { Limit } from '../core/model.ts'
import type {
  FileTree,
  MigrationScript,
  MigrationSet,
  ScriptOrigin,
  SourceProblem,
  SourceRoot,
} from '../core/source.ts'
import { compareVersions, type Comparison } from './compare.ts'
import { checkOrder, unreachableTarget, type MergedSet } from './order.ts'
import { sourceOf, type FullRequest } from './request.ts'
import type { Revision } from './revision.ts'
import { rootHolds } from './roots.ts'
import { mergedTree, type MergeInput, type TargetBranch } from './target-branch.ts'

/** One root, at the base revision and now, and what came of it. */
export interface RootReview {
  readonly root: SourceRoot
  readonly base: MigrationSet
  readonly head: MigrationSet
  readonly comparison: Comparison
  /** New scripts that come too late, versions that others have taken; `comparison` holds these too. */
  readonly orderProblems: readonly SourceProblem[]
  /** Where `head` was read. */
  readonly origin: ScriptOrigin
  readonly revision: Revision
}

/** Does anything in the root differ from the base revision? Decided by paths alone, without reading a file. */
export function rootHasChanges(
  root: SourceRoot,
  headFiles: ReadonlySet<string>,
  revision: Revision,
): boolean {
  for (const path of headFiles) if (rootHolds(root, path) && !revision.files.has(path)) return true
  for (const path of revision.touched) if (rootHolds(root, path)) return true
  return false
}

/** Loads both versions of a root and compares them. */
export async function reviewRoot(
  request: FullRequest,
  tree: FileTree,
  root: SourceRoot,
  revision: Revision,
  isJudged: (file: string) => boolean,
): Promise<RootReview> {
  const source = sourceOf(request, root.source)
  const headFiles = new Set(await tree.list())
  const baseRoot = await rootAtBase(request, root, headFiles, revision)
  const [base, newest] = await Promise.all([
    source.load(baseRoot, revision.tree, request.settings),
    source.load(root, tree, request.settings),
  ])
  const ignored = newBaseline(newest, base, revision)
  const files = ignored === undefined ? tree : without(tree, ignored)
  // the problems are those of the files as they are: without one of them a checksum of the folder would be wrong
  const head =
    ignored === undefined
      ? newest
      : { ...(await source.load(root, files, request.settings)), problems: newest.problems }
  // an untracked file stands where git saw a deletion, or git does not know it at all
  const isTouched = (path: string): boolean => revision.touched.has(path) || !revision.files.has(path)
  const comparison = compareVersions({
    base,
    head,
    baseFiles: revision.files,
    headFiles,
    isTouched,
    isJudged,
    knowsDeletions: revision.base.knowsDeletions,
  })
  const origin = { source, root, files, options: request.settings }
  const target = comparison.underReview.some(hasOrder) ? await revision.target() : undefined
  const merged =
    typeof target === 'object' && hasTheirs(root, target)
      ? await mergedSet(origin, { head: files, headFiles, baseFiles: revision.files, isTouched, target })
      : undefined
  const order = checkOrder({ head, comparison, ...(merged === undefined ? {} : { merged }) })
  return {
    root,
    base: { ...base, scripts: comparison.old },
    head,
    comparison: {
      ...comparison,
      problems: [
        ...comparison.problems.filter(({ message }) => !order.settled.has(message)),
        ...order.problems,
      ],
      notChecked: [
        ...comparison.notChecked,
        ...order.notChecked,
        ...(target === 'unreachable' ? [unreachableTarget(revision.base.target?.name ?? '')] : []),
        ...(ignored === undefined ? [] : [baselineLimit(ignored)]),
      ],
    },
    orderProblems: order.problems,
    origin,
    revision,
  }
}

function hasOrder({ repeatable, draft }: MigrationScript): boolean {
  return !repeatable && draft !== true
}

function hasTheirs(root: SourceRoot, { changed }: TargetBranch): boolean {
  for (const path of changed) if (rootHolds(root, path)) return true
  return false
}

/** What the tool makes of the files that a merge would leave. */
async function mergedSet({ source, root, options }: ScriptOrigin, input: MergeInput): Promise<MergedSet> {
  const { target, isTouched } = input
  const set = await source.load(root, mergedTree(input), options)
  const isWhole = new Set(set.scripts.filter(({ id }) => id === undefined).map(({ file }) => file))
  // atlas.sum is changed by every branch, and says nothing of the order
  const holdsOrder = (path: string): boolean =>
    !/(?:^|\/)atlas\.sum$/.test(path) && (!path.endsWith('.sql') || !isWhole.has(path))
  const conflicts = [...target.changed].filter(
    (path) => rootHolds(root, path) && input.headFiles.has(path) && isTouched(path) && holdsOrder(path),
  )
  return { target: target.name, set, conflicts }
}

/** The same root at the base; a folder that was renamed since is found by its layout. */
async function rootAtBase(
  request: FullRequest,
  root: SourceRoot,
  headFiles: ReadonlySet<string>,
  revision: Revision,
): Promise<SourceRoot> {
  for (const path of revision.files) if (rootHolds(root, path)) return root
  const before = await sourceOf(request, root.source).detect(revision.tree)
  const gone = before.filter((candidate) => {
    for (const path of headFiles) if (rootHolds(candidate, path)) return false
    return true
  })
  return gone.length === 1 ? { ...root, dir: gone[0]?.dir ?? root.dir } : root
}

/** A baseline that is new runs on new databases only: production goes on from the scripts that it replaces. */
function newBaseline(head: MigrationSet, base: MigrationSet, revision: Revision): string | undefined {
  const { baseline } = head
  if (baseline === undefined || base.scripts.length === 0 || revision.files.has(baseline)) return undefined
  return baseline
}

function without(tree: FileTree, hidden: string): FileTree {
  return {
    list: async () => (await tree.list()).filter((path) => path !== hidden),
    read: (path) => (path === hidden ? Promise.resolve(undefined) : tree.read(path)),
  }
}

function baselineLimit(file: string): Limit {
  return {
    code: 'file-not-rehearsed',
    message: `${file} is not rehearsed: a baseline migration runs only on a database without migrations.`,
    hint: 'Rehearse a new database with --all.',
  }
}
