/** Keeps what a server answered, for comparison with the fake. Tokens are in headers, which are not kept. */
export interface Exchange {
  readonly method: string
  /** Path behind /api/v4 with ids and names replaced: `/projects/:id/merge_requests/:iid/notes`. */
  readonly endpoint: string
  readonly status: number
  readonly contentType: string | null
  readonly request: unknown
  readonly response: unknown
}

export class Recorder {
  readonly exchanges: Exchange[] = []

  /** A fetch that keeps a copy of every answer. */
  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const response = await fetch(url, init)
    const text = await response.clone().text()
    this.exchanges.push({
      method: init.method ?? 'GET',
      endpoint: endpointOf(url),
      status: response.status,
      contentType: response.headers.get('content-type'),
      request: parsed(typeof init.body === 'string' ? init.body : ''),
      response: parsed(text),
    })
    return response
  }
}

/** Addresses of equal meaning get equal names. */
export function endpointOf(url: string): string {
  const path = new URL(url).pathname.replace(/^.*?\/api\/v4/, '')
  return path
    .replace(/^\/projects\/[^/]+/, '/projects/:id')
    .replace(/\/merge_requests\/\d+/, '/merge_requests/:iid')
    .replace(/\/(branches|files)\/[^/]+/, '/$1/:name')
    .replace(/\/discussions\/[0-9a-f]{40}/, '/discussions/:discussion_id')
    .replaceAll(/\/\d+(?=\/|$)/g, '/:number')
}

function parsed(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
