import { exchange, type ExchangeOptions, type RawAnswer } from './requester-exchange.ts'
import { nextPage } from './requester-pages.ts'
import { pathBelow, requestBody, requestUrl, type RequestParts } from './requester-parts.ts'
import {
  answerError,
  connectionError,
  readConnectionFailure,
  refusalError,
  type Method,
  type RequestName,
} from './requester-errors.ts'
import { pauseMs, retryAfterMs, type Clock, type TimeBudget, type WritePace } from './retry.ts'
import { GitLabError } from './server.ts'
import { redact } from './token.ts'

export interface RequesterOptions extends ExchangeOptions {
  readonly clock: Clock
  readonly budget: TimeBudget
  readonly pace: WritePace
  /** One request including its answer. */
  readonly requestTimeoutMs: number
  readonly maxTries: number
  /** Hears a sentence before every wait. */
  readonly log: (sentence: string) => void
}

interface Answer<T> {
  readonly body: T
  readonly headers: Record<string, string>
  readonly status: number
}

type Send = <T>(endpoint: string, parts?: RequestParts) => Promise<Answer<T>>

/** gitbeaker's `RequesterType`. */
export interface Requester {
  readonly get: Send
  readonly post: Send
  readonly put: Send
  readonly patch: Send
  readonly delete: Send
}

/**
 * A `requesterFn` for gitbeaker in place of its own transport, which repeats POSTs, ignores Retry-After, cuts paths at
 * `&` and loses the status of an HTML answer (measured with 43.8.0). Requests are JSON. GET, PUT and DELETE are repeated
 * on 429, 409, 5xx and broken connections; POST only when it cannot have been carried out.
 * Errors are GitLabErrors, or the reason of the signal. Answers have no checked shape.
 */
export function createRequester(options: RequesterOptions): (service: { readonly url: string }) => Requester {
  return ({ url }) => {
    const send =
      (method: Method): Send =>
      (endpoint, parts = {}) =>
        options.budget.run(() =>
          sendPatiently(options, method, `${url.replace(/\/+$/, '')}/${endpoint}`, parts),
        )
    return {
      get: send('GET'),
      post: send('POST'),
      put: send('PUT'),
      patch: send('PATCH'),
      delete: send('DELETE'),
    }
  }
}

async function sendPatiently<T>(
  options: RequesterOptions,
  method: Method,
  address: string,
  parts: RequestParts,
): Promise<Answer<T>> {
  const { apiUrl, clock, log } = options
  const url = requestUrl(method, address, parts)
  const request = { method, path: pathBelow(apiUrl, url) }
  const body = requestBody(method, parts)
  if (method === 'POST') await pause(options, options.pace.nextPauseMs(clock.now()))
  for (let tries = 1; ; tries += 1) {
    const outcome = await tryOnce(options, request, url, body)
    if ('answer' in outcome) return understand<T>(options, request, url, outcome.answer)
    const { error, repeatable, askedMs } = outcome
    if (!repeatable || tries >= options.maxTries) throw error
    const ms = pauseMs(tries, askedMs, clock.random)
    if (ms >= options.budget.remainingMs()) throw atLimit(options, error, ms)
    log(`${error.message} Trying again in ${Math.ceil(ms / 1000)} s.`)
    await pause(options, ms)
  }
}

type Outcome =
  | { readonly answer: RawAnswer }
  | { readonly error: GitLabError; readonly repeatable: boolean; readonly askedMs: number | undefined }

async function tryOnce(
  options: RequesterOptions,
  request: RequestName,
  url: string,
  body: string | undefined,
): Promise<Outcome> {
  const isPost = request.method === 'POST' || request.method === 'PATCH'
  try {
    const answer = await exchange(options, timeoutMs(options), request, url, body)
    if (answer.status < 300) {
      const error = jsonTrouble(request, answer)
      // cut off on its way; a page in HTML is what somebody means to say, and stays
      return error === undefined
        ? { answer }
        : { error, repeatable: !isPost && !looksLikeHtml(answer.text), askedMs: undefined }
    }
    const { status } = answer
    const error = refusalError(request, { status, text: redact(answer.text, options.token) })
    const isBusy = status === 409 && /resource lock/i.test(answer.text)
    return {
      error,
      // a rate limit comes before anything is done
      repeatable: status === 429 || (!isPost && (status >= 500 || isBusy)),
      askedMs: retryAfterMs(answer.headers.get('retry-after'), Date.now()) ?? limitPauseMs(request, status),
    }
  } catch (error) {
    options.signal.throwIfAborted()
    if (error instanceof GitLabError) throw error
    const failure = readConnectionFailure(error)
    if (failure === undefined) throw error
    const { origin } = new URL(options.apiUrl)
    return {
      error: connectionError(request, origin, failure, error),
      repeatable: !failure.permanent && (!isPost || !failure.sent),
      askedMs: undefined,
    }
  }
}

/** The limits on notes are counted per minute, and their 429 does not say when to come back. */
function limitPauseMs({ method }: RequestName, status: number): number | undefined {
  return status === 429 && method === 'POST' ? 60_000 : undefined
}

function jsonTrouble(request: RequestName, { status, text }: RawAnswer): GitLabError | undefined {
  if (text.trim() === '') return undefined
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    const what = looksLikeHtml(text) ? 'a page in HTML, not data' : 'cut off or no JSON'
    return answerError(request, status, what, error)
  }
}

function looksLikeHtml(text: string): boolean {
  return /^\s*</.test(text)
}

function understand<T>(
  { apiUrl }: RequesterOptions,
  request: RequestName,
  url: string,
  { status, headers, text }: RawAnswer,
): Answer<T> {
  const next = nextPage(apiUrl, url, headers)
  if (next === 'circle') throw answerError(request, status, 'a list that goes round in a circle')
  return {
    // gitbeaker believes the type that it asks for; client.ts checks every answer that comes out of it
    body: text.trim() === '' ? JSON.parse('null') : JSON.parse(text),
    headers: { ...Object.fromEntries(headers.entries()), link: next?.link ?? '' },
    status,
  }
}

/** @throws {GitLabError} when no time is left. */
function timeoutMs({ budget, requestTimeoutMs }: RequesterOptions): number {
  const remaining = budget.remainingMs()
  if (remaining <= 0) throw outOfTime({ budget })
  return Math.max(1, Math.ceil(Math.min(requestTimeoutMs, remaining)))
}

async function pause({ budget, clock, signal }: RequesterOptions, ms: number): Promise<void> {
  if (ms <= 0) return
  if (ms >= budget.remainingMs()) throw outOfTime({ budget })
  try {
    await clock.sleep(ms, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}

/** There is no time for another try: a limit says so, anything else keeps its own words. */
function atLimit({ budget }: RequesterOptions, last: GitLabError, ms: number): GitLabError {
  if (last.problem !== 'rate limit') return last
  return new GitLabError(
    `GitLab limits the requests of this job (429): the next one may be sent in ${Math.ceil(ms / 1000)} s, and less than that is left of the ${seconds(budget)} for the review.`,
    { problem: 'rate limit', status: 429, hint: 'Run the job again later.' },
  )
}

function outOfTime({ budget }: Pick<RequesterOptions, 'budget'>): GitLabError {
  return new GitLabError(`The ${seconds(budget)} for the review are over.`, {
    problem: 'rate limit',
    hint: 'Run the job again later: it goes on where this one stopped.',
  })
}

function seconds({ totalMs }: TimeBudget): string {
  return `${Math.round(totalMs / 1000)} s`
}
