import { readRegularFile } from '../config/regular-file.ts'
import path from 'node:path'
import { parseBaseline } from '../config/baseline-file.ts'
import { readWithExtended, watchFiles } from '../config/extend.ts'
import { filesInTree } from '../config/files-in-tree.ts'
import { isCode } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { validateConfig } from '../config/validate.ts'
import { entryKey, type Baseline } from '../core/baseline.ts'
import { ConfigError } from '../core/errors.ts'
import type { FileTree } from '../core/source.ts'
import { decideBase } from '../review/base-revision.ts'
import { short } from '../review/fetch.ts'
import { askGit, type Environment, type Repository } from '../review/git.ts'
import { GitTree } from '../review/git-tree.ts'
import { knownNames } from './catalogue.ts'
import { configFileIn } from './review-policy.ts'

/** A commit that configuration is read from; nothing of it is run. */
export interface TargetCommit {
  readonly commit: string
  /** `origin/main (1a2b3c4)` */
  readonly name: string
  /** Top of the working tree, absolute. */
  readonly top: string
  readonly repository: Repository
}

/** What the target branch's configuration says. */
export interface TargetConfig {
  /** From the top of the repository. */
  readonly file: string
  readonly config: Config
  /** What it extends, from the top of the repository. */
  readonly extended: readonly string[]
  /** The branch has other files in the place of those that were read. */
  readonly isChanged: boolean
}

/**
 * The head of the branch that this one will be merged into, else what it is compared with; undefined without a commit.
 * @throws {UsageError} when it cannot be had
 */
export async function targetCommit(
  repository: Repository,
  base: string | undefined,
  env: Environment,
): Promise<TargetCommit | undefined> {
  const decided = await decideBase(repository, base, env)
  const head = await decided.target?.find()
  const commit = head ?? decided.commit
  if (commit === undefined) return undefined
  const name =
    decided.target === undefined || head === undefined
      ? decided.description
      : `${decided.target.name} (${short(head)})`
  const top = (await askGit(repository, ['rev-parse', '--show-toplevel'])) ?? repository.cwd
  return { commit, name, top, repository }
}

/**
 * The configuration of a commit, where its own `policy` says that it decides, or `asked` does. Undefined when it does
 * not, or there is none.
 * @throws {ConfigError} when it decides and is not valid, or is code
 */
export async function readTargetConfig(
  target: TargetCommit,
  where: { readonly prefix: string } | { readonly file: string },
  asked: boolean,
): Promise<TargetConfig | undefined> {
  await using tree = await openTree(target)
  const paths = await tree.list()
  const file = 'file' in where ? where.file : configFileIn(paths, where.prefix)
  if (file === undefined || !paths.includes(file)) return undefined
  if (isCode(file)) {
    if (asked) throw codeOnTarget(file, target)
    return undefined
  }
  const watched = watchFiles(filesInTree(tree, new Set(paths), `of ${target.name}`))
  const value = await readWithExtended(file, watched.files).catch(async (error: unknown) => {
    // a branch that mends it must pass, unless the file itself says that it decides
    const alone = await watched.files.read(file).catch(() => undefined)
    if (asked || !(error instanceof ConfigError) || saysTargetBranch(alone)) throw error
    return undefined
  })
  if (!asked && !saysTargetBranch(value)) return undefined
  const config = await validateConfig(value, `${file} of ${target.name}`, knownNames)
  const extended = watched.read.filter((each) => each !== file)
  return { file, config, extended, isChanged: await differs(tree, target.top, watched.read) }
}

/** A file of a commit by its path on disk; undefined when it is outside of the repository, or the commit has none. */
export async function readTargetFile(target: TargetCommit, file: string): Promise<Uint8Array | undefined> {
  const below = path.relative(target.top, file).replaceAll(path.sep, '/')
  if (below.startsWith('../') || path.isAbsolute(below)) return undefined
  await using tree = await openTree(target)
  return await tree.read(below)
}

/** The baseline of a commit; `file` from the top of the repository, `name` relative to the project root. */
export async function readTargetBaseline(
  target: TargetCommit,
  file: string,
  name: string,
): Promise<(Baseline & { readonly isChanged: boolean }) | undefined> {
  await using tree = await openTree(target)
  const bytes = await tree.read(file)
  const own = await readRegularFile(path.join(target.top, file)).catch(() => undefined)
  if (bytes === undefined) return own === undefined ? undefined : { file: name, entries: [], isChanged: true }
  const entries = await parseBaseline(bytes, `${name} of ${target.name}`)
  if (own !== undefined && own.equals(bytes)) return { file: name, entries, isChanged: false }
  const left = own === undefined ? [] : await parseBaseline(own, name).catch(() => entries)
  const keys = new Set(left.map(entryKey))
  const removed = new Set(entries.map(entryKey).filter((key) => !keys.has(key)))
  return { file: name, entries, removed, isChanged: true }
}

function openTree({ repository, commit, top }: TargetCommit): Promise<GitTree> {
  return GitTree.open({ ...repository, cwd: top }, commit)
}

function saysTargetBranch(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'policy' in value && value.policy === 'target-branch'
}

async function differs(tree: FileTree, top: string, files: readonly string[]): Promise<boolean> {
  for (const file of files) {
    const own = await readRegularFile(path.join(top, file)).catch(() => undefined)
    const theirs = await tree.read(file)
    if (own === undefined || theirs === undefined || !own.equals(theirs)) return true
  }
  return false
}

function codeOnTarget(file: string, { name }: TargetCommit): ConfigError {
  return new ConfigError(`${file} of ${name} is code, and code of another commit is not run.`, {
    hint: 'Write the configuration as pgrehearse.config.yaml or .json, or leave out --policy target-branch.',
  })
}
