/** What a merge request changes, as git tells it: the patch that review lines are looked up in, and which files differ. */
import { UsageError } from '../core/errors.ts'
import { haveCommit } from './fetch.ts'
import { askGit, listFromGit, runGit, type GitPlace, type Repository } from './git.ts'

/** Bytes of the largest patch that is read. */
const patchSizeLimit = 64 * 1024 * 1024

/** A patch, or why there is none: a sentence. */
export type PatchResult =
  | { readonly kind: 'patch'; readonly text: string }
  | { readonly kind: 'unavailable'; readonly reason: string }

/**
 * The patch between two commits in the form that GitLab's positions are checked against: three lines of context,
 * renames from 30 % (both as Gitaly asks git for them), names from the top of the repository with `a/` and `b/`.
 * Nobody's settings change its form, neither the user's nor those of a `.gitattributes` in the commits: `*.sql -diff`
 * there would hide every line. A commit that the clone lacks is fetched.
 *
 * @see https://gitlab.com/gitlab-org/gitaly/-/blob/master/internal/gitaly/service/diff/commit.go (CommitDiff)
 */
export async function patchBetween(repository: Repository, base: string, head: string): Promise<PatchResult> {
  const missing = await firstMissing(repository, [
    [base, "The merge request's base commit"],
    [head, "The source branch's commit"],
  ])
  if (missing !== undefined) return { kind: 'unavailable', reason: missing }
  const bare = await withoutWorkTree(repository)
  const { code, stdout } = await runGit(
    bare.place,
    [...bare.options, ...diffOptions, base, head, '--'],
    patchSizeLimit,
  )
  if (code === 0) return { kind: 'patch', text: stdout.toString() }
  const reason =
    code === null
      ? `The diff of the merge request is larger than ${patchSizeLimit / 1024 / 1024} MB.`
      : 'git could not make the diff of the merge request.'
  return { kind: 'unavailable', reason }
}

const diffOptions: readonly string[] = [
  'diff',
  '--no-ext-diff',
  '--no-textconv',
  '--no-color',
  '--find-renames=30%',
  '--unified=3',
  '--inter-hunk-context=0',
  '--diff-algorithm=myers',
  '--indent-heuristic',
  '--no-relative',
  '-O/dev/null',
  '--src-prefix=a/',
  '--dst-prefix=b/',
  '--full-index',
  '--ignore-submodules=all',
  '--end-of-options',
]

/**
 * The paths, from the top of the repository, whose content is not the same in both commits. Undefined when a commit
 * cannot be had.
 */
export async function changedPaths(
  repository: Repository,
  from: string,
  to: string,
): Promise<ReadonlySet<string> | undefined> {
  if (from === to) return new Set()
  const missing = await firstMissing(repository, [
    [from, 'The commit'],
    [to, 'The commit'],
  ])
  if (missing !== undefined) return undefined
  const options = ['-r', '-z', '--name-only', '--no-renames', '--end-of-options']
  return new Set(await listFromGit(repository, ['diff-tree', ...options, from, to]))
}

/** The reason why one of the commits cannot be had; undefined when all are here. */
async function firstMissing(
  repository: Repository,
  commits: readonly (readonly [sha: string, what: string])[],
): Promise<string | undefined> {
  try {
    for (const [sha, what] of commits) await haveCommit(repository, sha, what)
    return undefined
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
}

/**
 * A place where git sees the objects and no working tree, and with it no `.gitattributes` file.
 * `attr.tree` keeps git from 2.43 on from reading the one of HEAD instead; older versions do not look there.
 */
async function withoutWorkTree(
  repository: Repository,
): Promise<{ readonly place: GitPlace; readonly options: readonly string[] }> {
  const folder = await askGit(repository, ['rev-parse', '--path-format=absolute', '--git-common-dir'])
  if (folder === undefined)
    throw new UsageError(`git does not tell where the repository of ${repository.cwd} is.`)
  // the empty tree, which every version of git knows without having it
  const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'
  const settings = [
    'core.bare=true',
    'core.quotePath=false',
    `attr.tree=${emptyTree}`,
    'diff.suppressBlankEmpty=false',
    'diff.mnemonicPrefix=false',
    'diff.noprefix=false',
  ]
  return {
    place: { cwd: folder, env: repository.env },
    options: [`--git-dir=${folder}`, ...settings.flatMap((setting) => ['-c', setting])],
  }
}
