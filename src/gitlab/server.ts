import type { DiffVersion, RemoteNote, RemoteState, RemoteThread, RemoteUser, ThreadPlace } from './model.ts'

/** What the review asks of one merge request's server; client.ts speaks HTTP, nothing else does. All lists are complete. */
export interface GitLabServer {
  currentUser(): Promise<RemoteUser>
  mergeRequest(): Promise<RemoteState['mergeRequest']>
  newestVersion(): Promise<DiffVersion | undefined>
  threads(): Promise<readonly RemoteThread[]>
  /** 0 for somebody who is no member. */
  accessLevel(userId: number): Promise<number>
  /** A new thread on a line. */
  createThread(body: string, version: DiffVersion, place: ThreadPlace): Promise<RemoteThread>
  /** A plain note on the merge request (not a thread). */
  createNote(body: string): Promise<RemoteNote>
  editNote(noteId: number, body: string): Promise<void>
  editThreadNote(threadId: string, noteId: number, body: string): Promise<void>
  reply(threadId: string, body: string): Promise<RemoteNote>
  setResolved(threadId: string, resolved: boolean): Promise<void>
  /** Our user's own drafts, which nobody else sees. Throws `unsupported` on servers without them. */
  drafts(): Promise<readonly DraftNote[]>
  createDraft(body: string, version: DiffVersion, place: ThreadPlace): Promise<DraftNote>
  deleteDraft(draftId: number): Promise<void>
  /** Publishes ALL drafts of our user on this merge request, with one mail. Not a transaction. */
  publishDrafts(): Promise<void>
}

export interface DraftNote {
  readonly id: number
  readonly body: string
}

/** Why a request failed, as far as the review treats failures differently. */
export type GitLabProblem =
  /** 401: token invalid, expired or revoked. */
  | 'unauthorized'
  /** 403 insufficient_scope: the token may not write. */
  | 'scope'
  /** 403: the user's role, or a locked discussion. */
  | 'forbidden'
  /** 404: no such merge request, or no permission to see it. */
  | 'not found'
  /** 404 or 405 on an endpoint that old servers lack. */
  | 'unsupported'
  /** 400 about line_code or position. */
  | 'position'
  /** Any other 4xx. */
  | 'refused'
  /** 429, and the time budget does not allow to wait. */
  | 'rate limit'
  /** 5xx, HTML where JSON was expected, truncated answers. */
  | 'server'
  /** No connection, timeout, reset, bad certificate. */
  | 'network'

/** A request that failed for good: retries are over. */
export class GitLabError extends Error {
  readonly problem: GitLabProblem
  /** HTTP status; undefined when there was no answer. */
  readonly status: number | undefined
  /** The request may have been carried out although its answer says otherwise: look before repeating a POST. */
  readonly maybeDone: boolean
  /** What to do about it. */
  readonly hint: string | undefined

  constructor(
    message: string,
    options: {
      problem: GitLabProblem
      status?: number
      maybeDone?: boolean
      hint?: string | undefined
      cause?: unknown
    },
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'GitLabError'
    this.problem = options.problem
    this.status = options.status
    this.maybeDone = options.maybeDone ?? false
    this.hint = options.hint
  }
}
