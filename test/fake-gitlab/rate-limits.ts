/** Limits that count requests, not seconds, so that tests are certain [facts 1.5]. */
import type { FakeGitLabOptions, RateLimit } from './options.ts'
import type { Answer } from './route.ts'

export class Limiter {
  readonly #options: FakeGitLabOptions
  readonly #requests: Counter | undefined
  readonly #notes: Counter | undefined

  constructor(options: FakeGitLabOptions) {
    this.#options = options
    this.#requests = options.requestLimit === undefined ? undefined : new Counter(options.requestLimit)
    this.#notes = options.noteLimit === undefined ? undefined : new Counter(options.noteLimit)
  }

  /** The 429 for this request, undefined when it may pass. */
  reject(method: string, path: string): Answer | undefined {
    if (this.#requests?.isOver() === true) {
      const seconds = this.#options.requestLimit?.retryAfterSeconds ?? 1
      return tooMany(seconds)
    }
    // check_rate_limit! sits on POST notes only [src lib/api/notes.rb].
    const isNote = method === 'POST' && /\/merge_requests\/\d+\/notes$/.test(path)
    if (isNote && this.#notes?.isOver() === true) return tooMany(undefined, 'json')
    return undefined
  }

  /** On every response while the limiter of Rack::Attack is on. */
  headers(): Readonly<Record<string, string>> {
    if (this.#requests === undefined) return {}
    return {
      'ratelimit-limit': String(this.#requests.limit),
      'ratelimit-name': 'throttle_authenticated_api',
      'ratelimit-observed': String(this.#requests.observed),
      'ratelimit-remaining': String(Math.max(0, this.#requests.limit - this.#requests.observed)),
    }
  }
}

/** 429: plain text with Retry-After from Rack::Attack, no such header from application limits. */
export function tooMany(retryAfterSeconds: number | undefined, form: 'text' | 'json' = 'text'): Answer {
  const error = 'This endpoint has been requested too many times. Try again later.'
  const content = form === 'text' ? { text: 'Retry later\n' } : { body: { message: { error } } }
  if (retryAfterSeconds === undefined) return { status: 429, ...content }
  const reset = new Date(Date.now() + retryAfterSeconds * 1000)
  const headers = { 'retry-after': String(retryAfterSeconds), 'ratelimit-resettime': reset.toUTCString() }
  return { status: 429, ...content, headers }
}

class Counter {
  readonly limit: number
  readonly #rejections: number
  observed = 0

  constructor(limit: RateLimit) {
    this.limit = limit.every
    this.#rejections = limit.rejections
  }

  isOver(): boolean {
    if (this.observed >= this.limit + this.#rejections) this.observed = 0
    this.observed += 1
    return this.observed > this.limit
  }
}
