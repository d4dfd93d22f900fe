import type { z } from 'zod'
import { createRequester, type Requester } from './requester.ts'
import type { Fetch } from './requester-exchange.ts'
import { systemClock, TimeBudget, WritePace, type Clock } from './retry.ts'
import { GitLabError } from './server.ts'

export interface ClientOptions {
  /** Aborted when the user stops the run. */
  readonly signal: AbortSignal
  /** Version of this tool, for the User-Agent. */
  readonly version: string
  /** The time that all requests and waits may take together; 120 s if not given. */
  readonly budgetMs?: number | undefined
  /** The time that one request may take; 60 s if not given, which is where GitLab itself gives up. */
  readonly requestTimeoutMs?: number | undefined
  /** How often a request is sent at most; 5 if not given. */
  readonly maxTries?: number | undefined
  /** Hears a sentence before every wait. */
  readonly log?: ((sentence: string) => void) | undefined
  /** How requests leave the machine: Node's fetch if not given. */
  readonly fetch?: Fetch | undefined
  /** For tests. */
  readonly clock?: Clock | undefined
}

/** What gitbeaker's resources are made of. */
export interface Service {
  readonly host: string
  readonly requesterFn: (resource: { readonly url: string }) => Requester
  /** Ours apply. */
  readonly queryTimeout: null
}

/**
 * The way to one server, shared by all its resources: one time budget, one pace of writing. The token stays with the
 * requester; gitbeaker never has it.
 * @throws {GitLabError} `unauthorized` when the token cannot be sent in a header.
 */
export function connect(apiUrl: string, token: string, options: ClientOptions): Service {
  if (!/^[!-~]+$/.test(token)) {
    throw new GitLabError('The token has spaces or characters that no token has.', {
      problem: 'unauthorized',
    })
  }
  const clock = options.clock ?? systemClock
  const requesterFn = createRequester({
    apiUrl,
    token,
    userAgent: `pgrehearse/${options.version}`,
    signal: options.signal,
    fetch: options.fetch ?? globalThis.fetch,
    clock,
    budget: new TimeBudget(options.budgetMs ?? 120_000, clock.now),
    pace: new WritePace(),
    requestTimeoutMs: options.requestTimeoutMs ?? 60_000,
    maxTries: options.maxTries ?? 5,
    log: options.log ?? (() => {}),
  })
  // gitbeaker adds it again
  return { host: apiUrl.replace(/\/api\/v4$/, ''), requesterFn, queryTimeout: null }
}

/**
 * The answer of a request, in the shape of `schema`.
 * @param what names the answer in the error.
 * @throws {GitLabError} as the requester does, and `server` when the answer is something else.
 */
export async function checked<T>(
  what: string,
  schema: z.ZodType<T>,
  request: () => Promise<unknown>,
): Promise<T> {
  const answer = await request().catch((error: unknown) => {
    if (error instanceof TypeError) throw nonsense(what, error)
    throw error
  })
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  throw nonsense(what, parsed.error)
}

/** It may well be done: what answered so is not known. */
function nonsense(what: string, cause: unknown): GitLabError {
  return new GitLabError(`GitLab's answer is not ${what}.`, {
    problem: 'server',
    maybeDone: true,
    hint: 'Something between this job and GitLab may have answered instead, or this GitLab is very old or very new.',
    cause,
  })
}
