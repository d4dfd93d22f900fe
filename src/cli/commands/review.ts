import path from 'node:path'
import { UsageError } from '../../core/errors.ts'
import { readReports, type ReceivedReport } from '../../gitlab/report-file.ts'
import { printableLine } from '../../reporters/printable.ts'
import type { CommandContext } from '../context.ts'
import { exitCodes } from '../exit.ts'
import { isForReaders, spokenOf, tellFailing } from '../each-database.ts'
import { parseFormats, writeReports, writeReportsOfAll } from '../formats.ts'
import { readUntrustedFile, takeToken } from '../review-input.ts'
import type { ReviewFlags } from '../review-options.ts'
import { describePlan } from '../review-plan-text.ts'
import { reviewPlace, runReviewOf, type ReviewRun, type ReviewVerdict } from '../review-run.ts'

/**
 * `review <report.json>`: posts the review of a report that another job made, and is the gate. Loads no code and no
 * configuration of the checkout, and trusts nothing that the report says about how it is to be judged.
 */
export async function runReview(file: string, flags: ReviewFlags, context: CommandContext): Promise<number> {
  const targets = parseFormats(flags.format ?? [])
  const { token, env } = takeToken(context.env, flags.tokenEnv)
  const place = await reviewPlace(flags, env, context)
  const bytes = await readUntrustedFile(path.resolve(context.cwd, file), file)
  const all = readReports(bytes, { name: file, commit: place.commit })
  refuseOneName(all, flags)
  const log = reviewLog(context)
  const verdicts: ReviewVerdict[] = []
  for (const received of all) {
    const run = { ...place, received, flags, token, env, context, gate: 'policy', log } as const
    verdicts.push(await reviewAndTell(run))
    context.signal.throwIfAborted()
  }
  const reports = verdicts.map(({ report }) => report)
  // the plan has standard output for itself
  const isDryRun = verdicts.some(({ preview }) => preview !== undefined)
  const written = isDryRun ? targets.filter((target) => target.file !== undefined) : targets
  const [only, ...others] = reports
  if (only !== undefined && others.length === 0) await writeReports(only, written, context)
  else await writeReportsOfAll(reports, spokenOf(reports), written, context)
  const exitCode = verdicts.map((verdict) => reviewExitCode(verdict, flags)).reduce(graver)
  if (others.length > 0 && isForReaders(written)) {
    const failing = verdicts.filter(({ passed }) => !passed).map(({ report: { database = '' } }) => database)
    await tellFailing(failing, exitCode, context)
  }
  return exitCode
}

/** Posts the review of one report, and says in the log what came of it. */
export async function reviewAndTell(run: ReviewRun): Promise<ReviewVerdict> {
  const verdict = await runReviewOf(run)
  run.context.signal.throwIfAborted()
  const { preview } = verdict
  if (preview !== undefined) await run.context.out.write(describePlan(preview))
  tellVerdict(verdict, run.log)
  return verdict
}

/** Reviews of several databases under one name would undo each other. */
export function refuseOneName(all: readonly ReceivedReport[], { reviewName }: ReviewFlags): void {
  if (all.length === 1 || reviewName === undefined) return
  throw new UsageError('--review-name gives several databases one review.', {
    hint: 'Leave it out: each review is called after its database.',
  })
}

/** Findings are graver than a review that could not be posted. */
export function graver(one: number, other: number): number {
  if (one === exitCodes.findings || other === exitCodes.findings) return exitCodes.findings
  return Math.max(one, other)
}

/** A line of the review on standard error. */
export function reviewLog(context: CommandContext): (line: string) => void {
  return (line) => void context.err.write(`review: ${printableLine(line)}\n`)
}

/** Says in one line each what was posted, or why not, and what people accepted. */
function tellVerdict({ outcome, accepted, report }: ReviewVerdict, log: (line: string) => void): void {
  const whose = report.database === undefined ? '' : `${report.database}: `
  if (outcome.kind === 'posted') {
    log(`${whose}${outcome.writes === 0 ? 'Everything is up to date' : 'Posted'}: ${outcome.webUrl}`)
  } else {
    log(`${whose}${outcome.reason}`)
    if (outcome.kind === 'failed' && outcome.hint !== undefined) log(outcome.hint)
  }
  if (accepted > 0) {
    log(
      `${whose}${accepted} ${accepted === 1 ? 'finding is' : 'findings are'} accepted by comments on the merge request.`,
    )
  }
}

/** Findings first: a review that could not be posted never hides one. */
export function reviewExitCode({ passed, outcome }: ReviewVerdict, { reviewFailure }: ReviewFlags): number {
  if (!passed) return exitCodes.findings
  return outcome.kind === 'failed' && reviewFailure === 'error' ? exitCodes.environment : exitCodes.clean
}
