import path from 'node:path'
import { UsageError } from '../core/errors.ts'
import type { Report } from '../core/model.ts'
import { describeServer } from '../reporters/words.ts'
import type { CheckOptions } from '../check-options.ts'
import type { CheckFlags } from './commands/check.ts'

/** Refuses what cannot go together with --budget. */
export function refuseUnusableBudget({ budget, replay, requireRehearsal }: CheckFlags): void {
  if (budget === undefined) return
  if (replay === false) {
    throw new UsageError('--budget says when to replay, and --no-replay that there is none.', {
      hint: 'Leave out one of the two options.',
    })
  }
  if (requireRehearsal) {
    throw new UsageError(
      '--budget leaves the replay out when it takes too long, and --require-rehearsal insists.',
      {
        hint: 'Leave out one of the two options.',
      },
    )
  }
}

/** The budget of a run that began with the process. */
export function budgetOf(
  { budget, cacheDir }: CheckFlags,
  configuredCache: string | undefined,
): Pick<CheckOptions, 'budget'> {
  if (budget === undefined) return {}
  const cache =
    cacheDir !== undefined ? ` --cache-dir ${cacheDir}` : configuredCache === undefined ? ' --cache' : ''
  // the clock of performance.now() begins with the process
  return { budget: { ms: budget, endsAt: budget, warmedBy: `pgrehearse check${cache}` } }
}

/**
 * Where the history is cached: the folder of the command line or of the configuration; for --cache and --budget
 * else one in the git folder, where it is never committed, goes with the clone, and serves all worktrees.
 */
export async function cacheFolder(
  { cacheDir, cache, budget }: CheckFlags,
  configured: string | undefined,
  { root, cwd, env }: { readonly root: string; readonly cwd: string; readonly env: CheckOptions['env'] },
): Promise<Pick<CheckOptions, 'cacheDir'>> {
  if (cacheDir !== undefined) return { cacheDir: path.resolve(cwd, cacheDir) }
  if (configured !== undefined) return { cacheDir: configured }
  if (cache !== true && budget === undefined) return {}
  const { askGit } = await import('../review/git.ts')
  const gitFolder = await askGit({ cwd: root, env }, ['rev-parse', '--git-common-dir']).catch(() => undefined)
  if (gitFolder !== undefined) return { cacheDir: path.resolve(root, gitFolder, 'pgrehearse', 'cache') }
  if (cache !== true) return {}
  throw new UsageError(`--cache keeps the history in the git folder, and ${root} is in no git repository.`, {
    hint: 'Name a folder with --cache-dir.',
  })
}

/** A cache keeps the last histories only: each of several databases has one of its own. */
export function ofDatabase(
  { cacheDir }: Pick<CheckOptions, 'cacheDir'>,
  name: string | undefined,
): Pick<CheckOptions, 'cacheDir'> {
  if (cacheDir === undefined) return {}
  return { cacheDir: name === undefined ? cacheDir : path.join(cacheDir, name) }
}

/** One line that says whether the budget was enough; undefined when there was nothing to replay. */
export function budgetLine(report: Report, usedMs: number, budgetMs: number): string | undefined {
  if (report.migrations.length === 0) return undefined
  const why = report.notChecked.find(({ code }) => code === 'not-replayed')
  if (why !== undefined) return `${why.message}${why.hint === undefined ? '' : ` ${why.hint}`}`
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
  const fits = usedMs <= budgetMs ? 'within the budget' : `over the budget of ${seconds(budgetMs)}`
  return `Replayed on ${describeServer(report)}, ${fits} (${seconds(usedMs)}).`
}
