import { GitLabError, type GitLabProblem } from './server.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** A request as it is named in errors. `path` is below the API's address, without a query. */
export interface RequestName {
  readonly method: Method
  readonly path: string
}

/** An answer with a status that is no success. */
export interface Refusal {
  readonly status: number
  readonly text: string
}

/** What failed below HTTP. `sent` is false when the server cannot have seen the request. */
export interface ConnectionFailure {
  readonly code: string
  readonly detail: string
  readonly sent: boolean
  /** A bad certificate stays bad. */
  readonly permanent: boolean
}

/** The final error for an answer that is no success; `text` may be anything. */
export function refusalError(request: RequestName, { status, text }: Refusal): GitLabError {
  const problem = problemOf(request, status, text)
  const said = serverMessage(text)
  const message = `GitLab answered ${status} to ${describe(request)}${said === '' ? '' : `: ${said}`}`
  return new GitLabError(endSentence(message), {
    problem,
    status,
    // a 5xx may come after the note was saved, e.g. when the web server gave up waiting; 409 is a lock that was busy
    maybeDone: request.method === 'POST' && (status >= 500 || status === 409),
    hint: hints[problem],
  })
}

/** The final error for no answer at all. */
export function connectionError(
  request: RequestName,
  origin: string,
  failure: ConnectionFailure,
  cause: unknown,
): GitLabError {
  return new GitLabError(
    `No answer from ${origin} to ${describe(request)}: ${failure.detail}${failure.code === '' ? '' : ` (${failure.code})`}.`,
    {
      problem: 'network',
      maybeDone: request.method === 'POST' && failure.sent,
      hint: failure.permanent ? certificateHint : connectionHint,
      cause,
    },
  )
}

/** The final error for an answer that is no JSON, or no such JSON as was asked for. */
export function answerError(
  request: RequestName,
  status: number | undefined,
  what: string,
  cause?: unknown,
): GitLabError {
  return new GitLabError(`GitLab's answer to ${describe(request)} is ${what}.`, {
    problem: 'server',
    ...(status === undefined ? {} : { status }),
    maybeDone: request.method === 'POST',
    hint: 'Something between this job and GitLab may have answered instead: a proxy, a sign-in page, a maintenance page.',
    cause,
  })
}

/** Reads what fetch threw. Undefined when it is no failure of the connection but a bug. */
export function readConnectionFailure(error: unknown): ConnectionFailure | undefined {
  if (!(error instanceof Error)) return undefined
  // the user's own signal was looked at before: what is left is the time limit of the request
  if (error.name === 'TimeoutError' || error.name === 'AbortError') {
    return { code: '', detail: 'it took too long', sent: true, permanent: false }
  }
  // undici wraps the failure of the socket, and several of them when a host has several addresses
  const causes = [error, ...(error.cause instanceof Error ? [error.cause] : [])].flatMap((one) =>
    one instanceof AggregateError ? [one, ...one.errors] : [one],
  )
  const coded = causes.flatMap((one: unknown) =>
    one instanceof Error && 'code' in one && typeof one.code === 'string' ? [{ one, code: one.code }] : [],
  )
  const [first] = coded
  if (first === undefined) {
    const isFetch = error instanceof TypeError && /fetch failed|terminated/.test(error.message)
    return isFetch ? { code: '', detail: 'the connection broke', sent: true, permanent: false } : undefined
  }
  const { code } = first
  const permanent = certificateCodes.test(code)
  return {
    code,
    detail: details[code] ?? (permanent ? 'its certificate is not trusted' : 'the connection broke'),
    sent: !permanent && !neverSent.has(code),
    permanent,
  }
}

const certificateCodes =
  /^(?:CERT_|ERR_TLS_CERT|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|HOSTNAME_MISMATCH|ERR_SSL_|EPROTO$)/

const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'EPROXY',
])

const details: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be looked up',
  EHOSTUNREACH: 'it cannot be reached',
  ENETUNREACH: 'it cannot be reached',
  ETIMEDOUT: 'it took too long',
  UND_ERR_CONNECT_TIMEOUT: 'it took too long to connect',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  EPROTO: 'it does not speak TLS as we do',
  EPROXY: 'the proxy does not connect to it',
}

const connectionHint =
  'Is the server reachable from this job? HTTPS_PROXY, HTTP_PROXY and NO_PROXY are followed where they are set.'

const certificateHint =
  'With a certificate authority of your own: set NODE_EXTRA_CA_CERTS to its file, or tls-ca-file of the runner, which sets CI_SERVER_TLS_CA_FILE.'

const hints: Readonly<Partial<Record<GitLabProblem, string>>> = {
  unauthorized:
    'The token is wrong, expired or revoked: make a new one with the scope api and the role Developer.',
  scope: 'The token needs the scope api; read_api may not write.',
  forbidden:
    "The token's user needs the role Developer on the project, and the discussion must not be locked.",
  'not found': 'Either it does not exist, or the token may not see it: is the token of this project?',
  'rate limit': 'Run the job again later.',
}

function problemOf({ method, path }: RequestName, status: number, text: string): GitLabProblem {
  if (status >= 500) return 'server'
  switch (status) {
    case 401:
      return 'unauthorized'
    case 403:
      return /insufficient_(?:granular_)?scope/.test(text) ? 'scope' : 'forbidden'
    case 404:
      return mayBeMissing.test(path) ? 'unsupported' : 'not found'
    case 405:
      return 'unsupported'
    case 409:
      return 'server'
    case 429:
      return 'rate limit'
    default: {
      // the text is a Ruby hash whose look depends on the Ruby version: only the two words are reliable
      const aboutPosition = (status === 400 || status === 422) && method === 'POST'
      return aboutPosition && /line_code|position/.test(text) ? 'position' : 'refused'
    }
  }
}

/** Endpoints that came later than the rest: drafts, /metadata, /personal_access_tokens/self. */
const mayBeMissing = /\/draft_notes(?:\/bulk_publish)?$|^metadata$|^personal_access_tokens\/self$/

/** `GET /projects/42/merge_requests/3`. */
function describe({ method, path }: RequestName): string {
  return `${method} /${path}`
}

/** The server's own words in one short line: the message of a JSON answer, the first words of a text, nothing of HTML. */
function serverMessage(text: string): string {
  const said = messageOf(text)
  const line = said.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
  return line.length > 200 ? `${line.slice(0, 200)}…` : line
}

function messageOf(text: string): string {
  if (/^\s*</.test(text)) return ''
  try {
    const answer: unknown = JSON.parse(text)
    if (typeof answer !== 'object' || answer === null) return ''
    const parts = [
      'message' in answer ? answer.message : undefined,
      'error' in answer ? answer.error : undefined,
    ]
    return (
      parts.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).find((part) => part) ?? ''
    )
  } catch {
    return text
  }
}

function endSentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`
}
