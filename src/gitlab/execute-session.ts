import { reasonOfMergeRequest } from './guard.ts'
import { GitLabError, type GitLabServer } from './server.ts'
import type { PipelineFacts } from './model.ts'
import type { Finding } from '../core/model.ts'

/** A 5xx may be answered while the server is still at it: it gets so long before we look what came of it. */
const settleMs = 2000

/** The merge request changed while we were at it: what is left to do is not ours to do any more. */
export class Superseded extends Error {}

export interface SessionOptions {
  readonly server: GitLabServer
  readonly pipeline: PipelineFacts
  readonly signal: AbortSignal
  /** What a reader of the job's log should know; plain text, may be hostile. */
  readonly log: (line: string) => void
  /** Rejects when the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
}

/** One run of the executor: what it did so far, and what went wrong without ending it. */
export class ReviewSession {
  readonly server: GitLabServer
  /** Requests that changed something on the server. */
  writes = 0
  /** Failures that left a part of the review undone. */
  readonly problems: GitLabError[] = []
  /** Threads that we may not resolve or reopen. */
  readonly forbiddenThreads = new Set<string>()
  /** Findings that no thread of this run can hold. */
  readonly unplaced = new Set<Finding>()
  /** No more threads in this run, e.g. because the server counts our requests. */
  creatingStopped = false
  /** Threads in a row for which the server had no place. */
  refusedPlaces = 0
  readonly log: (line: string) => void
  readonly signal: AbortSignal
  readonly sleep: SessionOptions['sleep']
  readonly #pipeline: PipelineFacts

  constructor({ server, pipeline, signal, log, sleep }: SessionOptions) {
    this.server = server
    this.#pipeline = pipeline
    this.log = log
    this.signal = signal
    this.sleep = sleep
  }

  read<T>(request: (server: GitLabServer) => Promise<T>): Promise<T> {
    this.signal.throwIfAborted()
    return request(this.server)
  }

  /** Something that people see. Throws Superseded when the merge request is not what was judged any more. */
  async write<T>(request: (server: GitLabServer) => Promise<T>): Promise<T> {
    const reason = reasonOfMergeRequest(await this.read((server) => server.mergeRequest()), this.#pipeline)
    if (reason !== undefined) throw new Superseded(reason)
    return this.writeUnseen(request)
  }

  /** Something that only our own user sees: a draft. */
  async writeUnseen<T>(request: (server: GitLabServer) => Promise<T>): Promise<T> {
    this.signal.throwIfAborted()
    const answer = await request(this.server)
    this.writes += 1
    return answer
  }

  /**
   * Posts something that must not stand there twice. Where the answer leaves open whether it was done, `find` looks for
   * it before the request is repeated, once.
   */
  async post<T>(
    request: (server: GitLabServer) => Promise<T>,
    find: () => Promise<T | undefined>,
    isUnseen = false,
  ): Promise<T> {
    const write = (): Promise<T> => (isUnseen ? this.writeUnseen(request) : this.write(request))
    try {
      return await write()
    } catch (error) {
      const done = await this.#foundAfter(error, find)
      if (done !== undefined) return done
    }
    try {
      return await write()
    } catch (error) {
      const done = await this.#foundAfter(error, find)
      if (done !== undefined) return done
      throw error
    }
  }

  /** Gives the server time for what it may still be at. */
  settle(): Promise<void> {
    return this.sleep(settleMs, this.signal)
  }

  /** What a failed request left behind, if it can have done so; every other failure is thrown on. */
  async #foundAfter<T>(error: unknown, find: () => Promise<T | undefined>): Promise<T | undefined> {
    if (!(error instanceof GitLabError) || !error.maybeDone) throw error
    await this.settle()
    const found = await find()
    if (found !== undefined) this.writes += 1
    return found
  }
}
