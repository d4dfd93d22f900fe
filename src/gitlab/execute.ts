/**
 * Carries out a review: reads what stands on the merge request, asks the plan, and does what it says, in an order in
 * which a crash between any two requests leaves something that the next run finds again and completes.
 *
 * state → plan → may we? → stale drafts → threads → look again, plan again → edits, replies, resolves → look again,
 * plan again → may we still? → sticky note. Nothing is ever deleted but drafts of our own, which nobody has seen.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { changeThreads, type ThreadChange } from './execute-changes.ts'
import { createThreads, deleteStaleDrafts, type CreateThread } from './execute-creates.ts'
import { ReviewSession, Superseded, type SessionOptions } from './execute-session.ts'
import { readState, refreshState } from './execute-state.ts'
import { writeSticky } from './execute-sticky.ts'
import { gate, reviewedWithoutServer } from './gate.ts'
import { reasonNotToWrite } from './guard.ts'
import { plan } from './plan.ts'
import { GitLabError, type GitLabServer } from './server.ts'
import type { Finding } from '../core/model.ts'
import type { Action, RemoteState, ReviewedFinding, ReviewInput, ReviewOutcome, ReviewPlan } from './model.ts'

/** What is reviewed: all that the plan needs but the server's side. */
export type ReviewSubject = Omit<ReviewInput, 'remote' | 'forbiddenThreads'>

export interface ReviewDependencies {
  readonly server: GitLabServer
  readonly signal?: AbortSignal
  /** One line for the job's log; plain text, may be hostile. */
  readonly log?: (line: string) => void
  /** For tests: waits between a failure and the look at what it left behind. */
  readonly sleep?: SessionOptions['sleep']
}

export interface ReviewResult {
  readonly outcome: ReviewOutcome
  /** As the sticky note lists them; without a server nobody has accepted or acknowledged anything. */
  readonly findings: readonly ReviewedFinding[]
  /** Does the gate pass? The exit code follows it, whatever became of the posting. */
  readonly passed: boolean
}

/**
 * Posts the review. Failures of the server are an outcome, never an exception: they must not hide a finding. Throws the
 * signal's reason when it is aborted; what was done until then is found again by the next run.
 */
export async function review(
  subject: ReviewSubject,
  dependencies: ReviewDependencies,
): Promise<ReviewResult> {
  const run = new Review(subject, sessionOf(subject, dependencies))
  return run.result()
}

/** What `review` would do now, for `--dry-run`. Sends nothing but reads; throws GitLabError. */
export async function previewReview(
  subject: ReviewSubject,
  dependencies: ReviewDependencies,
): Promise<{ readonly plan: ReviewPlan; readonly notBecause: string | undefined }> {
  const remote = await readState(sessionOf(subject, dependencies))
  return {
    plan: plan({ ...fitting(subject, remote), remote }),
    notBecause: reasonNotToWrite(remote, subject.pipeline, subject.policy),
  }
}

function sessionOf(
  { pipeline }: ReviewSubject,
  { server, signal, log, sleep }: ReviewDependencies,
): ReviewSession {
  return new ReviewSession({
    server,
    pipeline,
    signal: signal ?? new AbortController().signal,
    log: log ?? (() => undefined),
    sleep: sleep ?? ((ms, until) => wait(ms, undefined, { signal: until })),
  })
}

/** Places belong to one diff: where the server has another one, or none, every finding goes to the summary. */
function fitting(subject: ReviewSubject, { version }: RemoteState): ReviewSubject {
  return version?.headSha === subject.pipeline.headSha ? subject : { ...subject, places: new Map() }
}

class Review {
  readonly #subject: ReviewSubject
  readonly #session: ReviewSession
  /** The newest plan; its findings and its gate are the result. */
  #plan: ReviewPlan | undefined

  constructor(subject: ReviewSubject, session: ReviewSession) {
    this.#subject = subject
    this.#session = session
  }

  async result(): Promise<ReviewResult> {
    const outcome = await this.#post().catch((error: unknown) => this.#failure(error))
    if (this.#plan !== undefined) {
      const { findings, passed } = this.#plan
      return { outcome, findings, passed }
    }
    const findings = reviewedWithoutServer(this.#subject.report)
    return { outcome, findings, passed: gate(this.#subject.report, findings) }
  }

  async #post(): Promise<ReviewOutcome> {
    const session = this.#session
    const { policy } = this.#subject
    let remote = await readState(session)
    let current = this.#planFor(remote)
    const reason = this.#reasonNotToWrite(remote)
    if (reason !== undefined) return { kind: 'skipped', reason }
    await deleteStaleDrafts({ session, remote, policy })
    const tried = new Set<Finding>()
    for (;;) {
      const creates = newCreates(current, tried)
      const { version } = remote
      if (creates.length === 0 || version === undefined) break
      await createThreads({ session, remote, version, policy }, creates)
      remote = await refreshState(session, remote)
      if (session.creatingStopped) this.#giveUpOnThreads(remote)
      // a thread that the server did not take leaves room for another
      current = this.#planFor(remote)
      const newReason = this.#reasonNotToWrite(remote)
      if (newReason !== undefined) return { kind: 'skipped', reason: newReason }
    }
    const changes = current.actions.filter(isThreadChange)
    if (changes.length > 0) {
      await changeThreads({ session, remote, policy }, changes)
      remote = await refreshState(session, remote)
      current = this.#planFor(remote)
    }
    const newReason = this.#reasonNotToWrite(remote)
    if (newReason !== undefined) return { kind: 'skipped', reason: newReason }
    await writeSticky({ session, remote, policy }, current, (now) => this.#planFor(now))
    const [problem] = session.problems
    if (problem !== undefined) return incomplete(problem)
    return { kind: 'posted', writes: session.writes, webUrl: remote.mergeRequest.webUrl }
  }

  #planFor(remote: RemoteState): ReviewPlan {
    const { unplaced, forbiddenThreads } = this.#session
    const subject = fitting(this.#subject, remote)
    const places = new Map([...subject.places].filter(([finding]) => !unplaced.has(finding)))
    const newest = plan({ ...subject, remote, places, forbiddenThreads })
    this.#plan = newest
    return newest
  }

  /** Every finding that has no thread by now stands in the summary. */
  #giveUpOnThreads(remote: RemoteState): void {
    const { findings, actions } = this.#planFor(remote)
    const creates = actions.flatMap((action) => (action.kind === 'create thread' ? [action.finding] : []))
    const waiting = findings.flatMap((each) => (each.standing === 'over limit' ? [each.finding] : []))
    for (const finding of [...creates, ...waiting]) this.#session.unplaced.add(finding)
  }

  #reasonNotToWrite(remote: RemoteState): string | undefined {
    return reasonNotToWrite(remote, this.#subject.pipeline, this.#subject.policy)
  }

  /** A failure that ended the run. The findings are those of the last plan. */
  #failure(error: unknown): ReviewOutcome {
    if (error instanceof Superseded) return { kind: 'skipped', reason: error.message }
    if (!(error instanceof GitLabError)) throw error
    if (this.#session.writes > 0) return incomplete(error)
    return { kind: 'failed', reason: error.message, hint: error.hint ?? 'Run the job again later.' }
  }
}

function incomplete(error: GitLabError): ReviewOutcome {
  return {
    kind: 'failed',
    reason: `The review is not complete. ${error.message}`,
    hint: error.hint ?? 'Run the job again: it continues where this one stopped.',
  }
}

/** Threads to create for findings that were not tried yet; marks them as tried. */
function newCreates({ actions }: ReviewPlan, tried: Set<Finding>): readonly CreateThread[] {
  const creates = actions.flatMap((action) =>
    action.kind === 'create thread' && !tried.has(action.finding) ? [action] : [],
  )
  for (const { finding } of creates) tried.add(finding)
  return creates
}

function isThreadChange(action: Action): action is ThreadChange {
  return ['edit note', 'reply', 'resolve', 'reopen'].includes(action.kind)
}
