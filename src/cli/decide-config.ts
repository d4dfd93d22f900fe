import path from 'node:path'
import {
  extendedIn,
  findConfigFile,
  loadConfig,
  withAbsolutePaths,
  type LoadedConfig,
} from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { ConfigError, ToolError, UsageError } from '../core/errors.ts'
import { printable } from '../reporters/printable.ts'
import { findRepository, type Repository } from '../review/git.ts'
import { baselineOfTarget, baselineOnDisk, type FoundBaseline } from './baseline-input.ts'
import { knownNames } from './catalogue.ts'
import type { CommandContext } from './context.ts'
import type { TargetCommit, TargetConfig } from './target-config.ts'

/** What the command line says about the configuration. */
export interface ConfigFlags {
  /** A file, false for `--no-config`, else to be looked for. */
  readonly config?: string | boolean
  readonly policy?: 'branch' | 'target-branch'
  readonly base?: string
}

/** The configuration that counts, and the baseline that goes with it. */
export interface DecidedConfig extends LoadedConfig {
  /** A sentence for the report, where it is not simply the branch's own. */
  readonly says?: string
  /** The findings that were accepted for good; `config` may be that of one of several databases. */
  readonly baselineOf: (config: Config) => Promise<FoundBaseline>
  /** Production's sizes, where they are not those on disk. */
  readonly snapshotOf?: (config: Config) => Promise<Uint8Array | undefined>
}

/**
 * Decides whose configuration counts. Where that of the target branch says `policy: target-branch` it is read from there,
 * whatever the branch has made of it, and nothing of the branch's own is run or read.
 * @throws {ConfigError} {@link UsageError}
 */
export async function decideConfig(flags: ConfigFlags, context: CommandContext): Promise<DecidedConfig> {
  const { policy } = flags
  if (flags.config === false) {
    if (policy === 'target-branch') {
      throw new UsageError('--no-config and --policy target-branch contradict each other.', {
        hint: 'Leave out one of the two options.',
      })
    }
    return { ...(await load(flags, context)), baselineOf: () => Promise.resolve({}) }
  }
  const found = policy === 'branch' ? undefined : await lookAtTarget(flags, context)
  if (found !== undefined) return fromTarget(found.target, found.decided, flags, context)
  const loaded = await load(flags, context)
  const { unread } = loaded
  if (unread !== undefined)
    await context.err.write(`${printable(`${unread.message} ${unread.hint ?? ''}`)}\n`)
  const isNew = policy === undefined && loaded.config.policy === 'target-branch'
  return {
    ...loaded,
    ...(isNew ? { says: newPolicy } : {}),
    baselineOf: (config) => baselineOnDisk(loaded.root, config),
  }
}

const newPolicy =
  '`policy: target-branch` is not on the target branch yet: until it is merged, this branch’s own configuration decides.'

function load(flags: ConfigFlags, { cwd }: CommandContext): Promise<LoadedConfig> {
  return loadConfig({
    cwd,
    enabled: flags.config !== false,
    ...(typeof flags.config === 'string' ? { file: flags.config } : {}),
    known: knownNames,
  })
}

interface Found {
  readonly target: TargetCommit
  /** Undefined: it was asked for, and there is none. */
  readonly decided: TargetConfig | undefined
}

/** Undefined where the branch's own configuration decides. */
async function lookAtTarget(flags: ConfigFlags, context: CommandContext): Promise<Found | undefined> {
  const { cwd, env } = context
  const asked = flags.policy === 'target-branch'
  // in a merge request nothing that the branch does may keep us from looking
  const isStrict = asked || Boolean(env['CI_MERGE_REQUEST_IID'])
  if (!isStrict && !env['CI'] && (await nothingToLookFor(flags, cwd))) return undefined
  try {
    const { repository, ...search } = await findRepository(cwd, env)
    if (repository === undefined) {
      if (asked && 'reason' in search) throw noTarget(search.reason)
      return undefined
    }
    const { readTargetConfig, targetCommit } = await import('./target-config.ts')
    const target = await targetCommit(repository, flags.base, env)
    if (target === undefined) return undefined
    const where = placeOf(flags, repository, target, cwd)
    if (where === undefined) return undefined
    const decided = await readTargetConfig(target, where, asked)
    return decided === undefined && !asked ? undefined : { target, decided }
  } catch (error) {
    // without a base the check itself says so, or needs none
    if (!isStrict && error instanceof ToolError && !(error instanceof ConfigError)) return undefined
    throw error
  }
}

/** Outside of pipelines git is asked only where somebody configures something; in one the branch may have removed it. */
async function nothingToLookFor({ config }: ConfigFlags, cwd: string): Promise<boolean> {
  return typeof config !== 'string' && (await findConfigFile(cwd)) === undefined
}

/** Which file to look for; undefined where the command line names one outside of the repository. */
function placeOf(
  { config }: ConfigFlags,
  { prefix }: Repository,
  { top }: TargetCommit,
  cwd: string,
): { readonly prefix: string } | { readonly file: string } | undefined {
  if (typeof config !== 'string') return { prefix }
  const file = path.relative(top, path.resolve(cwd, config)).replaceAll(path.sep, '/')
  return file.startsWith('../') || path.isAbsolute(file) ? undefined : { file }
}

function fromTarget(
  target: TargetCommit,
  decided: TargetConfig | undefined,
  flags: ConfigFlags,
  { cwd }: CommandContext,
): DecidedConfig {
  const file = decided === undefined ? undefined : path.join(target.top, decided.file)
  const root = file === undefined || typeof flags.config === 'string' ? cwd : path.dirname(file)
  const { config = {}, isChanged = false } = decided ?? {}
  const rest = isChanged ? '; this branch changes it, which holds once it is merged' : ''
  const says =
    decided === undefined
      ? `${target.name} has no configuration, so the defaults decide.`
      : `The configuration of ${target.name} decides${rest}.`
  return {
    config: withAbsolutePaths(config, root),
    file,
    root,
    says,
    ...extendedIn(
      root,
      (decided?.extended ?? []).map((each) => path.join(target.top, each)),
    ),
    baselineOf: (own) => baselineOfTarget(target, root, own),
    snapshotOf: async ({ snapshot }) => {
      if (snapshot === undefined) return undefined
      const { readTargetFile } = await import('./target-config.ts')
      return readTargetFile(target, path.resolve(root, snapshot))
    },
  }
}

function noTarget(why: string): UsageError {
  return new UsageError(`The configuration of the target branch cannot be read: ${why}.`, {
    hint: 'Run in a clone of the repository, or leave out --policy target-branch.',
  })
}
