import { nextPage } from './requester-pages.ts'
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

/** What the requester needs of fetch; a connection through a proxy or with certificates of its own is handed in. */
export type Fetch = (
  url: string,
  init: {
    readonly method: Method
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
    readonly redirect: 'manual'
    readonly signal: AbortSignal
  },
) => Promise<Response>

export interface RequesterOptions {
  /** The API's address: no request leaves it. */
  readonly apiUrl: string
  readonly token: string
  /** `pgrehearse/1.2.3`. */
  readonly userAgent: string
  readonly signal: AbortSignal
  readonly fetch: Fetch
  readonly clock: Clock
  readonly budget: TimeBudget
  readonly pace: WritePace
  /** One request including its answer. */
  readonly requestTimeoutMs: number
  readonly maxTries: number
  /** Hears a sentence before every wait. */
  readonly log: (sentence: string) => void
}

/** The parts of gitbeaker's requests that are honoured. */
interface RequestParts {
  readonly body?: FormData | Record<string, unknown> | undefined
  readonly searchParams?: Record<string, unknown> | undefined
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

/** An answer as text, whatever its status. */
interface RawAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** More than any list of 100 discussions has. */
const maxAnswerBytes = 64 * 1024 * 1024

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
    const answer = await exchange(options, request, url, body)
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

/** One request and its whole answer. Redirects are followed for reads below the same address only. */
async function exchange(
  options: RequesterOptions,
  request: RequestName,
  url: string,
  body: string | undefined,
): Promise<RawAnswer> {
  const remaining = options.budget.remainingMs()
  if (remaining <= 0) throw outOfTime(options)
  const timeoutMs = Math.max(1, Math.ceil(Math.min(options.requestTimeoutMs, remaining)))
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(timeoutMs)])
  let target = url
  for (let hops = 0; hops <= 5; hops += 1) {
    const response = await options.fetch(target, {
      method: request.method,
      headers: {
        accept: 'application/json',
        'user-agent': options.userAgent,
        'private-token': options.token,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
      redirect: 'manual',
      signal,
    })
    const text = await readText(request, response)
    const location = response.headers.get('location')
    const isRedirect = response.status >= 300 && response.status < 400 && location !== null
    if (!isRedirect) return { status: response.status, headers: response.headers, text }
    target = redirectTarget(options, request, target, location, response.status)
  }
  throw answerError(request, undefined, 'one redirect after the other')
}

/** The token goes nowhere but below the address it was given for. */
function redirectTarget(
  { apiUrl }: RequesterOptions,
  request: RequestName,
  from: string,
  location: string,
  status: number,
): string {
  const target = URL.canParse(location, from) ? new URL(location, from).href : undefined
  if (request.method === 'GET' && target?.startsWith(`${apiUrl}/`)) return target
  const where = target === undefined ? 'nowhere' : `to ${new URL(target).origin}`
  throw new GitLabError(`GitLab redirects ${request.method} /${request.path} ${where} (${status}).`, {
    problem: 'server',
    status,
    hint: `The token is sent to ${apiUrl} only. Is that the address of the API (CI_API_V4_URL, --gitlab-url), with the right http or https?`,
  })
}

async function readText(request: RequestName, response: Response): Promise<string> {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  const pieces: string[] = []
  let bytes = 0
  for await (const chunk of response.body) {
    bytes += chunk.byteLength
    if (bytes > maxAnswerBytes) throw answerError(request, response.status, 'too long')
    pieces.push(decoder.decode(chunk, { stream: true }))
  }
  pieces.push(decoder.decode())
  return pieces.join('')
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

function requestUrl(method: Method, address: string, { searchParams }: RequestParts): string {
  const url = new URL(address)
  // a write has its parameters in the body, as GitLab's contract declares them
  if (method !== 'GET') return url.href
  for (const [key, value] of Object.entries(searchParams ?? {})) {
    if (value !== undefined && value !== null) url.searchParams.append(snakeCase(key), String(value))
  }
  return url.href
}

function requestBody(method: Method, { body, searchParams }: RequestParts): string | undefined {
  if (method === 'GET' || method === 'DELETE') return undefined
  // gitbeaker's forms have lost what stands behind & and = before they get here
  if (body instanceof FormData) throw new TypeError('forms are not sent: use JSON')
  return JSON.stringify(snakeCaseKeys({ ...searchParams, ...body }))
}

function snakeCaseKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCaseKeys)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [snakeCase(key), snakeCaseKeys(one)]))
}

function snakeCase(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function pathBelow(apiUrl: string, url: string): string {
  const { origin, pathname } = new URL(url)
  const below = `${origin}${pathname}`
  if (!below.startsWith(`${apiUrl}/`)) throw new TypeError(`${below} is not below ${apiUrl}`)
  return below.slice(apiUrl.length + 1)
}
