/**
 * The review of one merge request: a report is placed on the lines of its diff, compared with what stands there, and
 * posted. Joins src/review (git) and src/gitlab (everything else), as check.ts joins the rooms of a run.
 */
import type { Finding } from './core/model.ts'
import type { ClientOptions } from './gitlab/client.ts'
import type { ReviewResult, ReviewSubject } from './gitlab/execute.ts'
import type {
  DiffVersion,
  MergeRequestRef,
  PipelineFacts,
  ReviewPlan,
  ReviewPolicy,
  ThreadPlace,
} from './gitlab/model.ts'
import type { ReviewReport } from './gitlab/report-file.ts'
import { GitLabError, type GitLabServer } from './gitlab/server.ts'
import { changedPaths, patchBetween } from './review/diff.ts'
import type { Repository } from './review/git.ts'

export interface OpenOptions extends ClientOptions {
  readonly ref: MergeRequestRef
  readonly token: string
}

/** A merge request that the token can read. */
export interface OpenMergeRequest {
  readonly server: GitLabServer
  /** Its newest diff version; undefined in its first seconds. */
  readonly version: DiffVersion | undefined
}

/**
 * Asks for the newest diff of the merge request. Loads the client, which takes half a second, only now.
 * @throws {GitLabError} when the server does not answer, or does not let us
 */
export async function openMergeRequest({ ref, token, ...options }: OpenOptions): Promise<OpenMergeRequest> {
  const { createServer } = await import('./gitlab/client.ts')
  const server = createServer(ref, token, options)
  return { server, version: await server.newestVersion() }
}

/** What is reviewed, and how. Paths of the report are relative to the top of the repository. */
export interface MergeRequestReview {
  /** Its settings are those of the gate. */
  readonly report: ReviewReport
  readonly pipeline: PipelineFacts
  readonly policy: ReviewPolicy
  /** The clone; undefined where there is none, or no git. */
  readonly repository: Repository | undefined
  /** The merge base as the pipeline tells it, for when the server does not. */
  readonly diffBase: string | undefined
  readonly signal: AbortSignal
  /** One line for the job's log; plain text, may be hostile. */
  readonly log: (line: string) => void
}

/** Posts the review. Failures of the server are an outcome; see review() of src/gitlab/execute.ts. */
export async function reviewMergeRequest(
  { server, version }: OpenMergeRequest,
  options: MergeRequestReview,
): Promise<ReviewResult> {
  const { review } = await import('./gitlab/execute.ts')
  const { signal, log } = options
  return review(await subjectOf(options, version), { server, signal, log })
}

/**
 * What reviewMergeRequest() would do, without doing it.
 * @throws {GitLabError}
 */
export async function previewMergeRequest(
  { server, version }: OpenMergeRequest,
  options: MergeRequestReview,
): Promise<{ readonly plan: ReviewPlan; readonly notBecause: string | undefined }> {
  const { previewReview } = await import('./gitlab/execute.ts')
  const { signal, log } = options
  return previewReview(await subjectOf(options, version), { server, signal, log })
}

/** The result where the merge request cannot be read: nobody has accepted anything. */
export async function reviewWithoutServer(
  report: ReviewReport,
  outcome: ReviewResult['outcome'],
): Promise<ReviewResult> {
  const { gate, reviewedWithoutServer } = await import('./gitlab/gate.ts')
  const findings = reviewedWithoutServer(report)
  return { outcome, findings, passed: gate(report, findings) }
}

async function subjectOf(
  options: MergeRequestReview,
  version: DiffVersion | undefined,
): Promise<ReviewSubject> {
  const { report, pipeline, policy } = options
  const { remarks, ...diff } = await lookAtDiff(options, version)
  return { report, pipeline, policy, ...diff, remarks }
}

type DiffFacts = Required<Pick<ReviewSubject, 'places' | 'policyChanges' | 'remarks'>>

/**
 * Where the findings are in the diff, and what the diff changes in policy. A diff that cannot be had costs the threads,
 * not the review: all findings go to the summary, which says why.
 */
async function lookAtDiff(options: MergeRequestReview, version: DiffVersion | undefined): Promise<DiffFacts> {
  const { report, pipeline, repository } = options
  if (repository === undefined) return withoutDiff('There is no git repository here.')
  const isNewest = version !== undefined && version.headSha === pipeline.headSha
  const base = isNewest ? version.baseSha : options.diffBase
  if (base === undefined) return withoutDiff('The base commit of the merge request is not known.')
  const patch = await patchBetween(repository, base, pipeline.headSha)
  if (patch.kind === 'unavailable') return withoutDiff(patch.reason)
  const { readDiff } = await import('./gitlab/diff.ts')
  const { placeFindings } = await import('./gitlab/place.ts')
  const { namedFiles, policyChanges } = await import('./gitlab/policy-changes.ts')
  let changes: ReturnType<typeof readDiff>
  try {
    changes = readDiff(patch.text)
  } catch (error) {
    return withoutDiff(
      `The diff could not be read: ${error instanceof Error ? error.message : String(error)}.`,
    )
  }
  const places = placeFindings(report, changes)
  const policy = policyChanges(changes, namedFiles(report))
  return { policyChanges: policy, ...(await trustedPlaces(places, pipeline, repository)) }
}

function withoutDiff(reason: string): DiffFacts {
  const rest = 'so findings stand here instead of on their lines, and changes of the policy are not listed.'
  return { places: new Map(), policyChanges: [], remarks: [`${reason.replace(/\.$/, '')}, ${rest}`] }
}

/**
 * A pipeline for merged results judges files as they are after the merge. Where the target branch changed a file too,
 * its lines are not those of the source branch, which threads hang on.
 */
async function trustedPlaces(
  places: ReadonlyMap<Finding, ThreadPlace>,
  { headSha, judgedSha }: PipelineFacts,
  repository: Repository,
): Promise<Pick<DiffFacts, 'places' | 'remarks'>> {
  if (headSha === judgedSha || places.size === 0) return { places, remarks: [] }
  const changed = await changedPaths(repository, headSha, judgedSha)
  if (changed === undefined) {
    const remark = 'The merged result could not be compared with the source branch, so findings stand here.'
    return { places: new Map(), remarks: [remark] }
  }
  return { places: new Map([...places].filter(([, { newPath }]) => !changed.has(newPath))), remarks: [] }
}

export { GitLabError }
