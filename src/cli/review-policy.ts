import path from 'node:path'
import { configDefaults } from '../config/defaults.ts'
import { configFileNames } from '../config/load.ts'
import type { PolicyConfig } from '../config/schema.ts'
import { ConfigError, UsageError } from '../core/errors.ts'
import type { FailOn } from '../core/model.ts'
import type { ReviewPolicy } from '../gitlab/model.ts'
import { decideBase } from '../review/base-revision.ts'
import { haveCommit, isObjectId, short } from '../review/fetch.ts'
import { GitTree } from '../review/git-tree.ts'
import { askGit, type Environment, type Repository } from '../review/git.ts'
import type { ReviewFlags } from './review-options.ts'

/** How the merge request is reviewed, and what fails the job. */
export interface GatePolicy {
  readonly review: ReviewPolicy
  readonly failOn: FailOn
  readonly requireRehearsal: boolean
}

/** The flags win over the target branch's configuration, which wins over the defaults. */
export function gatePolicy(
  flags: ReviewFlags,
  config: PolicyConfig,
  database: string | undefined,
): GatePolicy {
  const { review = {} } = config
  const defaults = configDefaults
  return {
    review: {
      name: flags.reviewName ?? reviewName(review.name, database),
      maxThreads: flags.maxThreads ?? review.maxThreads ?? defaults.review.maxThreads,
      allowBy: flags.allowBy ?? review.allow ?? defaults.review.allow,
    },
    failOn: flags.failOn ?? config.failOn ?? defaults.failOn,
    requireRehearsal: flags.requireRehearsal ?? config.requireRehearsal ?? defaults.requireRehearsal,
  }
}

/** Each database of a repository has a review of its own. */
function reviewName(configured: string | undefined, database: string | undefined): string {
  if (database === undefined) return configured ?? configDefaults.review.name
  const both = configured === undefined ? database : `${configured}-${database}`
  return both.length > longestReviewName ? database : both
}

const longestReviewName = 32

export interface TargetOptions {
  readonly repository: Repository | undefined
  readonly env: Environment
  /** Head of the target branch, as pipeline or server know it; without it, what the pipeline is compared with. */
  readonly targetSha: string | undefined
  /** Folder of the project, with `/` at its end, or empty. From the report: it only chooses among committed files. */
  readonly prefix: string
  /** Hears what could not be used. */
  readonly log: (sentence: string) => void
}

/**
 * The review's part of the configuration at the target branch: what a merge request changes in its own configuration
 * must not decide about that merge request. Searched as `check` does it, from the project's folder upwards. Nothing of
 * it is run.
 * @throws {UsageError} when the target branch cannot be read, {@link ConfigError} when its configuration is not valid
 */
export async function targetConfig(options: TargetOptions): Promise<PolicyConfig> {
  const { repository, prefix, log } = options
  if (repository === undefined) {
    throw new UsageError(
      'There is no git repository here, so the configuration of the target branch cannot be read.',
      {
        hint: 'Let the job clone the repository, or read no configuration: --no-config.',
      },
    )
  }
  const commit = await targetCommit(repository, options)
  if (commit === undefined) return {}
  const top = await askGit(repository, ['rev-parse', '--show-toplevel'])
  await using tree = await GitTree.open({ ...repository, cwd: top ?? repository.cwd }, commit)
  const file = configFileIn(await tree.list(), prefix)
  if (file === undefined) return {}
  const name = `${file} of the target branch (${short(commit)})`
  if (!/\.(?:json|ya?ml)$/.test(file)) {
    log(`${name} is code and is not run here: flags and defaults decide how the merge request is reviewed.`)
    return {}
  }
  const { readWithExtended } = await import('../config/extend.ts')
  const { filesInTree } = await import('../config/files-in-tree.ts')
  const { validatePolicy } = await import('../config/validate.ts')
  try {
    const where = `of the target branch (${short(commit)})`
    const files = filesInTree(tree, new Set(await tree.list()), where, log)
    return validatePolicy(await readWithExtended(file, files), name)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError(error.message, {
      hint: 'Correct it on the target branch, or leave it out with --no-config and say with flags what shall hold.',
      cause: error,
    })
  }
}

async function targetCommit(
  repository: Repository,
  { targetSha, env }: TargetOptions,
): Promise<string | undefined> {
  if (targetSha === undefined || !isObjectId(targetSha))
    return (await decideBase(repository, undefined, env)).commit
  await haveCommit(repository, targetSha, "The target branch's commit")
  return targetSha
}

/**
 * The configuration file in the nearest folder that has one, from `prefix` upwards.
 * @throws {ConfigError} when a folder has several
 */
export function configFileIn(files: readonly string[], prefix: string): string | undefined {
  const committed = new Set(files)
  const parts = prefix.split('/').filter((part) => part !== '')
  for (let depth = parts.length; depth >= 0; depth--) {
    const folder = parts.slice(0, depth)
    const found = configFileNames
      .map((name) => path.posix.join(...folder, name))
      .filter((file) => committed.has(file))
    if (found.length > 1) {
      throw new ConfigError(
        `The target branch has ${found.length} configuration files in one folder: ${found.join(', ')}.`,
        {
          hint: 'Keep one of them, or leave them out with --no-config and say with flags what shall hold.',
        },
      )
    }
    if (found[0] !== undefined) return found[0]
  }
  return undefined
}
