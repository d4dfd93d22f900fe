import path from 'node:path'
import { UsageError } from '../../core/errors.ts'
import { readReport, type ReceivedReport } from '../../gitlab/report-file.ts'
import { printableLine } from '../../reporters/printable.ts'
import type { CommandContext } from '../context.ts'
import { exitCodes } from '../exit.ts'
import { parseFormats, targetOf, writeReports } from '../formats.ts'
import { readUntrustedFile, takeToken } from '../review-input.ts'
import type { ReviewFlags } from '../review-options.ts'
import { describePlan } from '../review-plan-text.ts'
import { reviewPlace, runReviewOf, type ReviewVerdict } from '../review-run.ts'

/**
 * `review <report.json…>`: posts the review of a report that another job made, and is the gate. Loads no code and no
 * configuration of the checkout, and trusts nothing that the report says about how it is to be judged.
 */
export async function runReview(
  files: readonly string[],
  flags: ReviewFlags,
  context: CommandContext,
): Promise<number> {
  const targets = parseFormats(flags.format ?? [])
  const { token, env } = takeToken(context.env, flags.tokenEnv)
  const place = await reviewPlace(flags, env, context)
  const log = reviewLog(context)
  // all are read before the first is posted: a file that is none is said without consequences
  const all: { readonly file: string; readonly received: ReceivedReport }[] = []
  for (const file of files) {
    const bytes = await readUntrustedFile(path.resolve(context.cwd, file), file)
    all.push({ file, received: readReport(bytes, { name: file, commit: place.commit }) })
  }
  refuseSameReview(all, flags)
  let exitCode: number = exitCodes.clean
  for (const { received } of all) {
    const verdict = await runReviewOf({
      ...{ ...place, received, flags, token, env, context, log },
      gate: 'policy',
    })
    context.signal.throwIfAborted()
    const { preview } = verdict
    if (preview !== undefined) await context.out.write(describePlan(preview))
    const { database } = received.report
    const named = targets.map((target) => (database === undefined ? target : targetOf(target, database)))
    // the plan has standard output for itself
    const written = preview === undefined ? named : named.filter((target) => target.file !== undefined)
    await writeReports(verdict.report, written, context)
    tellVerdict(verdict, log)
    exitCode = graver(exitCode, reviewExitCode(verdict, flags))
  }
  return exitCode
}

/** Findings are graver than a review that could not be posted. */
export function graver(one: number, other: number): number {
  if (one === exitCodes.findings || other === exitCodes.findings) return exitCodes.findings
  return Math.max(one, other)
}

/** Two reports of one database, or two reports without one, would undo each other's review. */
function refuseSameReview(
  all: readonly { readonly file: string; readonly received: ReceivedReport }[],
  { reviewName }: ReviewFlags,
): void {
  const seen = new Map<string, string>()
  for (const { file, received } of all) {
    const name = reviewName ?? received.report.database ?? ''
    const before = seen.get(name)
    if (before !== undefined) {
      throw new UsageError(`${before} and ${file} would be one review of the merge request.`, {
        hint:
          reviewName === undefined
            ? 'Give `review` the reports of one run; those of several databases carry their names.'
            : 'Leave out --review-name, or review them one by one, each under a name of its own.',
      })
    }
    seen.set(name, file)
  }
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
