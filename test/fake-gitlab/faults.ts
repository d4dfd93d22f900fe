/** What can go wrong between client and server, on demand. */

/** Which requests are meant. All given conditions must hold; they are counted from when the fault was set. */
export interface RequestMatcher {
  readonly method?: string
  /** Text that the path behind /api/v4 contains, or a pattern. */
  readonly path?: string | RegExp
  /** Only writes (true) or only reads (false). */
  readonly write?: boolean
  /** The first of the matching requests that is meant, from 1; default 1. */
  readonly nth?: number
  /** How many in a row; default 1; Infinity from then on. */
  readonly times?: number
}

export type Fault =
  /** Rack::Attack with `retryAfterSeconds`, an application limit without; text is `Retry later`. */
  | { readonly kind: 'rate limit'; readonly retryAfterSeconds?: number; readonly form?: 'text' | 'json' }
  /** Carried out (`saved`) or not, the client sees the status. */
  | { readonly kind: '500' | '503' | '504'; readonly saved?: boolean }
  /** The proxy's HTML page, labelled JSON. */
  | { readonly kind: '502 html'; readonly saved?: boolean }
  /** No answer at all; the connection stays open. */
  | { readonly kind: 'hang'; readonly saved?: boolean }
  /** ECONNRESET before or after the request was carried out. */
  | { readonly kind: 'reset'; readonly saved?: boolean }
  /** Headers and half of the body, then the connection is cut. Carried out. */
  | { readonly kind: 'reset midway' }
  /** To another address, which a client must not send its token to. */
  | { readonly kind: 'redirect'; readonly to: string }
  /** 2xx with half of the JSON. Carried out. */
  | { readonly kind: 'truncated' }
  /** 401 for this and all later requests. */
  | { readonly kind: 'unauthorized from now on' }
  | { readonly kind: 'insufficient scope' | 'forbidden' | 'not found' | 'resource lock' }

/** A matcher that counts. */
export class Trigger {
  readonly #matcher: RequestMatcher
  #seen = 0

  constructor(matcher: RequestMatcher) {
    this.#matcher = matcher
  }

  /** Is this request meant? Counts it when the conditions hold. */
  fires(request: { readonly method: string; readonly path: string; readonly write: boolean }): boolean {
    const { method, path, write, nth = 1, times = 1 } = this.#matcher
    if (method !== undefined && method !== request.method) return false
    if (write !== undefined && write !== request.write) return false
    if (typeof path === 'string' && !request.path.includes(path)) return false
    if (path instanceof RegExp && !path.test(request.path)) return false
    this.#seen += 1
    return this.#seen >= nth && this.#seen < nth + times
  }
}

/** Is the request carried out although the client is told otherwise? */
export function isCarriedOut(fault: Fault): boolean {
  if (fault.kind === 'truncated' || fault.kind === 'reset midway') return true
  return 'saved' in fault && fault.saved
}
