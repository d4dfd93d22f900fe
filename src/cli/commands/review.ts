import path from 'node:path'
import { readReport } from '../../gitlab/report-file.ts'
import { printableLine } from '../../reporters/printable.ts'
import type { CommandContext } from '../context.ts'
import { exitCodes } from '../exit.ts'
import { parseFormats, writeReports } from '../formats.ts'
import { readUntrustedFile, takeToken } from '../review-input.ts'
import type { ReviewFlags } from '../review-options.ts'
import { describePlan } from '../review-plan-text.ts'
import { reviewPlace, runReviewOf, type ReviewVerdict } from '../review-run.ts'

/**
 * `review <report.json>`: posts the review of a report that another job made, and is the gate. Loads no code and no
 * configuration of the checkout, and trusts nothing that the report says about how it is to be judged.
 */
export async function runReview(file: string, flags: ReviewFlags, context: CommandContext): Promise<number> {
  const targets = parseFormats(flags.format ?? [])
  const { token, env } = takeToken(context.env, flags.tokenEnv)
  const place = await reviewPlace(flags, env, context)
  const bytes = await readUntrustedFile(path.resolve(context.cwd, file), file)
  const received = readReport(bytes, { name: file, commit: place.commit })
  const log = reviewLog(context)
  const verdict = await runReviewOf({ ...place, received, flags, token, env, context, gate: 'policy', log })
  context.signal.throwIfAborted()
  const { preview } = verdict
  if (preview !== undefined) await context.out.write(describePlan(preview))
  // the plan has standard output for itself
  const written = preview === undefined ? targets : targets.filter((target) => target.file !== undefined)
  await writeReports(verdict.report, written, context)
  tellVerdict(verdict, log)
  return reviewExitCode(verdict, flags)
}

/** A line of the review on standard error. */
export function reviewLog(context: CommandContext): (line: string) => void {
  return (line) => void context.err.write(`review: ${printableLine(line)}\n`)
}

/** Says in one line each what was posted, or why not, and what people accepted. */
export function tellVerdict({ outcome, accepted }: ReviewVerdict, log: (line: string) => void): void {
  if (outcome.kind === 'posted') {
    log(`${outcome.writes === 0 ? 'Everything is up to date' : 'Posted'}: ${outcome.webUrl}`)
  } else {
    log(outcome.reason)
    if (outcome.kind === 'failed' && outcome.hint !== undefined) log(outcome.hint)
  }
  if (accepted > 0) {
    log(
      `${accepted} ${accepted === 1 ? 'finding is' : 'findings are'} accepted by comments on the merge request.`,
    )
  }
}

/** Findings first: a review that could not be posted never hides one. */
export function reviewExitCode({ passed, outcome }: ReviewVerdict, { reviewFailure }: ReviewFlags): number {
  if (!passed) return exitCodes.findings
  return outcome.kind === 'failed' && reviewFailure === 'error' ? exitCodes.environment : exitCodes.clean
}
