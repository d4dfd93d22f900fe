import type { Finding, Report } from '../core/model.ts'
import { UsageError } from '../core/errors.ts'
import { readPipeline, type PipelineReading } from '../gitlab/environment.ts'
import type { ReviewResult } from '../gitlab/execute.ts'
import type { ReviewedFinding, ReviewPlan } from '../gitlab/model.ts'
import type { ReceivedReport, ReviewReport } from '../gitlab/report-file.ts'
import type { TokenReading } from '../gitlab/token.ts'
import {
  GitLabError,
  openMergeRequest,
  previewMergeRequest,
  reviewMergeRequest,
  reviewWithoutServer,
  type MergeRequestReview,
  type OpenMergeRequest,
} from '../merge-request.ts'
import { findRepository, type Environment, type Repository } from '../review/git.ts'
import type { CommandContext } from './context.ts'
import { gitlabFetch } from './gitlab-connection.ts'
import type { ReviewFlags } from './review-options.ts'
import { gatePolicy, targetConfig, type GatePolicy } from './review-policy.ts'

/** Where a review runs, known before the report is read. */
export interface ReviewPlace {
  readonly reading: PipelineReading
  readonly repository: Repository | undefined
  /** The commit that must have been judged. */
  readonly commit: string
}

export interface ReviewRun extends ReviewPlace {
  readonly received: ReceivedReport
  readonly flags: ReviewFlags
  readonly token: TokenReading
  /** Without the token. */
  readonly env: Environment
  readonly context: CommandContext
  /** Whose settings decide the gate: those of flags and target branch, or those that the report was made with. */
  readonly gate: 'policy' | 'report'
  /** One line for the log; plain text, may be hostile. */
  readonly log: (line: string) => void
}

/** What a review came to. */
export interface ReviewVerdict {
  /** With the settings of the gate; findings that a comment accepts count as allowed. */
  readonly report: Report
  readonly passed: boolean
  readonly accepted: number
  readonly outcome: ReviewResult['outcome']
  /** With `--dry-run`, when the merge request could be read. */
  readonly preview?: { readonly plan: ReviewPlan; readonly notBecause: string | undefined }
}

/**
 * Which pipeline this is, and which commit it is about: CI_COMMIT_SHA in GitLab CI, else HEAD.
 * @throws {UsageError} when no commit is known
 */
export async function reviewPlace(
  flags: ReviewFlags,
  env: Environment,
  context: CommandContext,
): Promise<ReviewPlace> {
  const reading = readPipeline(env, { gitlabUrl: flags.gitlabUrl })
  const { repository } = await findRepository(context.cwd, env)
  const told = env['GITLAB_CI'] ? env['CI_COMMIT_SHA'] : undefined
  const commit = told || repository?.head
  if (commit === undefined) {
    throw new UsageError(
      'Which commit is under review is not known: there is no git repository here and no CI_COMMIT_SHA.',
    )
  }
  return { reading, repository, commit }
}

/**
 * Posts the review of a report and asks the gate. A server that fails, and a token that is missing, are an outcome: they
 * change nothing about the gate.
 */
export async function runReviewOf(run: ReviewRun): Promise<ReviewVerdict> {
  const { flags, received, repository, env } = run
  const opened = await openIfPossible(run)
  const version = 'open' in opened ? opened.open.version : undefined
  const isConfigNeeded = flags.config !== false && ('open' in opened || run.gate === 'policy')
  const config = isConfigNeeded
    ? await targetConfig({
        ...{ repository, env, prefix: received.prefix, log: run.log },
        targetSha: env['CI_MERGE_REQUEST_TARGET_BRANCH_SHA'] || version?.startSha,
      })
    : {}
  const policy = gatePolicy(flags, config, received.report.database)
  const report = run.gate === 'report' ? received.report : withSettings(received.report, policy)
  if (!('open' in opened)) return verdict(report, await reviewWithoutServer(report, opened.outcome))
  const options = { ...opened, report, policy: policy.review, repository, ...commonOptions(run) }
  if (flags.dryRun !== true) return verdict(report, await reviewMergeRequest(opened.open, options))
  return dryRun(opened.open, options)
}

async function dryRun(open: OpenMergeRequest, options: MergeRequestReview): Promise<ReviewVerdict> {
  const { report } = options
  try {
    const preview = await previewMergeRequest(open, options)
    const outcome = { kind: 'skipped', reason: 'This is a dry run: nothing was sent.' } as const
    return { ...verdict(report, { ...preview.plan, outcome }), preview }
  } catch (error) {
    return verdict(report, await reviewWithoutServer(report, failure(error)))
  }
}

function commonOptions({
  env,
  context,
  log,
}: ReviewRun): Pick<MergeRequestReview, 'diffBase' | 'signal' | 'log'> {
  return { diffBase: env['CI_MERGE_REQUEST_DIFF_BASE_SHA'] || undefined, signal: context.signal, log }
}

type Opened =
  | { readonly open: OpenMergeRequest; readonly pipeline: MergeRequestReview['pipeline'] }
  | { readonly outcome: ReviewResult['outcome'] }

async function openIfPossible({ reading, token, env, context, log }: ReviewRun): Promise<Opened> {
  if (reading.kind === 'none') {
    return { outcome: { kind: 'skipped', reason: `Nothing is posted. ${reading.reason}` } }
  }
  if (token.kind === 'missing') return { outcome: { ...token, kind: 'failed' } }
  const { ref, pipeline, remark } = reading
  if (remark !== undefined) log(remark)
  try {
    const fetch = await gitlabFetch(env, ref.apiUrl, log)
    const { signal, version } = context
    const open = await openMergeRequest({ ref, token: token.value, signal, version, log, fetch })
    return { open, pipeline }
  } catch (error) {
    return { outcome: failure(error) }
  }
}

function failure(error: unknown): ReviewResult['outcome'] {
  if (error instanceof GitLabError) return { kind: 'failed', reason: error.message, hint: error.hint }
  throw error
}

function withSettings(report: ReviewReport, { failOn, requireRehearsal }: GatePolicy): ReviewReport {
  return { ...report, settings: { ...report.settings, failOn, requireRehearsal } }
}

function verdict(
  report: ReviewReport,
  { findings, passed, outcome }: Pick<ReviewResult, 'findings' | 'passed' | 'outcome'>,
): ReviewVerdict {
  const acceptances = new Map(findings.map((reviewed) => [reviewed.finding, reviewed]))
  const judged = report.findings.map((finding) => withAcceptance(finding, acceptances.get(finding)))
  return {
    report: { ...report, findings: judged, exitCode: passed ? 0 : 1 },
    passed,
    accepted: findings.filter(({ standing }) => standing === 'accepted').length,
    outcome,
  }
}

function withAcceptance(finding: Finding, reviewed: ReviewedFinding | undefined): Finding {
  const acceptance = reviewed?.standing === 'accepted' ? reviewed.acceptance : undefined
  if (acceptance === undefined || finding.allowed !== undefined) return finding
  const reason = `${acceptance.reason} (accepted by ${acceptance.by.username} on the merge request)`
  return { ...finding, allowed: { reason } }
}
