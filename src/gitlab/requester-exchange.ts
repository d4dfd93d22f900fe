import { answerError, type Method, type RequestName } from './requester-errors.ts'
import { GitLabError } from './server.ts'

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

export interface ExchangeOptions {
  /** The API's address: no request leaves it. */
  readonly apiUrl: string
  readonly token: string
  /** `pgrehearse/1.2.3`. */
  readonly userAgent: string
  readonly signal: AbortSignal
  readonly fetch: Fetch
}

/** An answer as text, whatever its status. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** More than any list of 100 discussions has. */
const maxAnswerBytes = 64 * 1024 * 1024

/** One request and its whole answer. Redirects are followed for reads below the same address only. */
export async function exchange(
  options: ExchangeOptions,
  timeoutMs: number,
  request: RequestName,
  url: string,
  body: string | undefined,
): Promise<RawAnswer> {
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
  { apiUrl }: ExchangeOptions,
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
