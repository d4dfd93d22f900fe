/** What the report says of one migration that was broken off and run again, by files or by a command. */
import type { Finding, Remedy, ReportTrial, Statement } from '../core/model.ts'
import { TryOut } from '../remedies/try-out.ts'
import { blameOf, retryTrial, unsafeRetry, type Blame, type TriedMigration } from './judge-retry.ts'
import type { TrialRun } from './trials.ts'

/** Rules that say it of a statement already. */
const saysTheSame: ReadonlySet<string> = new Set([
  'avoid-concurrent-index-if-not-exists',
  'ban-concurrently-in-transaction',
  'require-concurrent-index',
  'require-rerunnable-migration',
])

/** The paragraph, and the finding where there is something to blame that no rule has found. */
export async function told(
  run: TrialRun,
  of: TriedMigration,
  remedyOf: (blame: Blame) => Promise<Remedy>,
): Promise<{ readonly trial: ReportTrial; readonly findings: readonly Finding[] }> {
  const blame = blameOf(of)
  const leftover = of.tried.find(({ aftermath }) => aftermath.kind === 'ends otherwise')
  const statement = blame?.statement ?? leftover?.cut.statement
  // no rule knows what the command makes of an error
  const mayBeTold = statement !== undefined && blame?.shown.aftermath.kind !== 'goes on'
  const isTold = mayBeTold && (await isToldByRule(run, statement))
  const trial = retryTrial(of, blame, isTold)
  if (blame === undefined || isTold) return { trial, findings: [] }
  return { trial, findings: [unsafeRetry(of, blame, await remedyOf(blame))] }
}

async function isToldByRule(run: TrialRun, { span }: Statement): Promise<boolean> {
  const { before } = await TryOut.begin(run)
  return before.findings.some(
    (finding) =>
      saysTheSame.has(finding.ruleId) &&
      finding.span.file === span.file &&
      finding.span.start.offset === span.start.offset,
  )
}

/** What to do, where no SQL is offered. */
export function summaryOf({ statement: { tag, node }, isSilent, shown }: Blame): string {
  if (shown.aftermath.kind === 'goes on')
    return 'Have the command stop at the first error, and end with it: `-v ON_ERROR_STOP=1` for psql, `set -e` in a script of the shell.'
  if (!isSilent) return 'Give it a file of its own, or write it so that it may run again.'
  return tag === 'IndexStmt' && node?.['idxname'] === undefined
    ? 'Give the index a name, so that a second run finds the first one.'
    : 'Give it a file of its own, or write it so that running it again changes nothing (a condition that no longer holds, ON CONFLICT DO NOTHING).'
}
