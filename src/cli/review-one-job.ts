import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Command } from 'commander'
import { ToolError } from '../core/errors.ts'
import { readPipeline } from '../gitlab/environment.ts'
import { readReports } from '../gitlab/report-file.ts'
import type { Environment } from '../review/git.ts'
import { graver, refuseOneName, reviewAndTell, reviewExitCode, reviewLog } from './commands/review.ts'
import type { CommandContext } from './context.ts'
import { endingSignals, exitCodes, Interrupted, signalExitCode, type EndingSignal } from './exit.ts'
import { readUntrustedFile, takeToken } from './review-input.ts'
import { checkReviewOptions, withoutOptions, type ReviewFlags } from './review-options.ts'
import { reviewPlace, type ReviewPlace, type ReviewRun, type ReviewVerdict } from './review-run.ts'

/**
 * `check --review gitlab`: the two jobs in one. This process holds the token and touches nothing of the checkout; a
 * second one without the token does the check, and its report is trusted no more than one from another job.
 *
 * Exit codes of the check other than 0 and 1 stay what they are, and nothing is posted then: there is no report.
 */
export async function runCheckAndReview(
  command: Command,
  flags: ReviewFlags,
  context: CommandContext,
): Promise<number> {
  const { token, env } = takeToken(context.env, flags.tokenEnv)
  // a wrong address is said at once
  readPipeline(env, { gitlabUrl: flags.gitlabUrl })
  const log = reviewLog(context)
  const folder = await mkdtemp(path.join(tmpdir(), 'pgrehearse-review-'))
  try {
    const file = path.join(folder, 'report.json')
    const exitCode = await runCheckAlone(command, file, env, context)
    context.signal.throwIfAborted()
    if (!existsSync(file) || isEnded(exitCode)) {
      log('Nothing is posted, because the check did not come to an end.')
      return exitCode
    }
    const run = { flags, token, env, context, gate: 'report', log } as const
    return exitCodeAfter(exitCode, await reviewsOf(file, run), run)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A check that was ended from outside, or by a bug of ours, has judged a part only. */
function isEnded(exitCode: number): boolean {
  return exitCode >= exitCodes.bug
}

type OwnReport = Omit<ReviewRun, keyof ReviewPlace | 'received'>

/** Undefined, and a sentence in the log, when a report or the target branch cannot be reviewed. */
async function reviewsOf(file: string, run: OwnReport): Promise<readonly ReviewVerdict[] | undefined> {
  const { flags, env, context, log } = run
  try {
    const place = await reviewPlace(flags, env, context)
    const name = 'The report of the check'
    const all = readReports(await readUntrustedFile(file, name), { name, commit: place.commit })
    refuseOneName(all, flags)
    const verdicts: ReviewVerdict[] = []
    for (const received of all) verdicts.push(await reviewAndTell({ ...run, ...place, received }))
    return verdicts
  } catch (error) {
    if (!(error instanceof ToolError)) throw error
    log(`Nothing is posted. ${error.message}`)
    if (error.hint !== undefined) log(error.hint)
    return undefined
  }
}

/**
 * The exit code of check and reviews together. Findings that fail the check pass when comments accept them; nothing else
 * makes a failed check pass.
 */
function exitCodeAfter(
  check: number,
  verdicts: readonly ReviewVerdict[] | undefined,
  { flags, log }: Pick<OwnReport, 'flags' | 'log'>,
): number {
  if (check !== exitCodes.clean && check !== exitCodes.findings) return check
  if (verdicts === undefined)
    return check === exitCodes.clean && flags.reviewFailure === 'error' ? exitCodes.environment : check
  if (check === exitCodes.findings && !verdicts.some(({ accepted }) => accepted > 0)) return check
  const exitCode = verdicts.map((verdict) => reviewExitCode(verdict, flags)).reduce(graver)
  // the report above was written before the comments were read
  if (check === exitCodes.findings && exitCode !== exitCodes.findings)
    log('Nothing that is left fails the job, whatever the report above says of the check alone.')
  return exitCode
}

/** Runs `check` as it was called, without the review and without the token; its output is ours. Gives its exit code. */
function runCheckAlone(
  command: Command,
  report: string,
  env: Environment,
  context: CommandContext,
): Promise<number> {
  const [, script = '', ...args] = process.argv
  // in front of the paths, which may stand behind --
  const asked = [
    'check',
    '--format',
    `json:${report}`,
    ...withoutOptions(args, command, checkReviewOptions()),
  ]
  context.signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...process.execArgv, script, ...asked], {
      cwd: context.cwd,
      env: { ...env },
      stdio: 'inherit',
    })
    const forward = (): void => {
      const reason: unknown = context.signal.reason
      const signal = reason instanceof Interrupted ? reason.signal : 'SIGTERM'
      // a terminal sends Ctrl-C to both of us, and a second one would end the child at once, before it has tidied up
      if (!(process.stdin.isTTY && signal !== 'SIGTERM')) child.kill(signal)
    }
    context.signal.addEventListener('abort', forward)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      context.signal.removeEventListener('abort', forward)
      resolve(code ?? (isEnding(signal) ? signalExitCode(signal) : exitCodes.bug))
    })
  })
}

function isEnding(signal: NodeJS.Signals | null): signal is EndingSignal {
  return endingSignals.some((name) => name === signal)
}
