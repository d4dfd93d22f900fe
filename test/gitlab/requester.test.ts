import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { connect, type ClientOptions } from '../../src/gitlab/client-connection.ts'
import type { Requester } from '../../src/gitlab/requester.ts'
import { errorOf } from './error-of.ts'
import { fastClock } from './fast-clock.ts'
import { json, scriptedServer } from './scripted-server.ts'

const token = 'glpat-Zx81_kk2-abcdefgh12'

function requester(apiUrl: string, options: Partial<ClientOptions> = {}): Requester {
  const service = connect(apiUrl, token, {
    signal: new AbortController().signal,
    version: '1.2.3',
    clock: fastClock(),
    ...options,
  })
  return service.requesterFn({ url: `${apiUrl}/projects` })
}

describe('a request', () => {
  it('carries nested JSON, the token and our name', async () => {
    await using server = await scriptedServer((_, response) => json(response, 201, { id: 1 }))
    const body = { body: 'a&b=c\nd', position: { newPath: 'db/a&b=c.sql', old_line: null } }
    await requester(server.apiUrl).post('42/notes', {
      body,
      searchParams: { mergeRequestDiffHeadSha: 'abc' },
    })
    const [seen] = server.seen
    expect(seen).toMatchObject({
      method: 'POST',
      url: '/api/v4/projects/42/notes',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'user-agent': 'pgrehearse/1.2.3',
        'private-token': token,
      },
    })
    expect(JSON.parse(seen?.body ?? '')).toEqual({
      merge_request_diff_head_sha: 'abc',
      body: 'a&b=c\nd',
      position: { new_path: 'db/a&b=c.sql', old_line: null },
    })
  })

  it('asks in snake case', async () => {
    await using server = await scriptedServer((_, response) => json(response, 200, []))
    const searchParams = { perPage: 100, orderBy: 'a&b', page: undefined }
    await requester(server.apiUrl).get('42/notes', { searchParams })
    expect(server.seen[0]?.url).toBe('/api/v4/projects/42/notes?per_page=100&order_by=a%26b')
  })

  it('that deletes has no body', async () => {
    await using server = await scriptedServer((_, response) => response.writeHead(204).end())
    const answer = await requester(server.apiUrl).delete('42/draft_notes/1', { body: {} })
    expect(answer).toMatchObject({ status: 204, body: null })
    expect(server.seen[0]).toMatchObject({ body: '' })
    expect(server.seen[0]?.headers).not.toHaveProperty('content-type')
  })

  it('never is a form, which has lost half of a path before it gets here', async () => {
    await using server = await scriptedServer((_, response) => json(response, 200, {}))
    await expect(requester(server.apiUrl).post('42/notes', { body: new FormData() })).rejects.toThrow(
      TypeError,
    )
    expect(server.seen).toEqual([])
  })

  it('goes below the address of the API or nowhere', async () => {
    await using server = await scriptedServer((_, response) => json(response, 200, {}))
    await expect(requester(server.apiUrl).get('../../../admin')).rejects.toThrow(/is not below/)
    expect(server.seen).toEqual([])
  })
})

describe('a read or a change of what is there', () => {
  it.each([
    ['get', 429],
    ['get', 500],
    ['get', 502],
    ['get', 503],
    ['put', 504],
    ['put', 429],
    ['delete', 500],
  ] as const)('is repeated: %s on %i', async (method, status) => {
    await using server = await scriptedServer((_, response, count) =>
      count < 3 ? response.writeHead(status).end('no') : json(response, 200, { ok: true }),
    )
    const clock = fastClock()
    const sentences: string[] = []
    const log = (sentence: string): number => sentences.push(sentence)
    const answer = await requester(server.apiUrl, { clock, log })[method]('42/notes/1')
    expect(answer.body).toEqual({ ok: true })
    expect(clock.waits).toEqual([1000, 2000])
    expect(sentences).toEqual([
      `GitLab answered ${status} to ${method.toUpperCase()} /projects/42/notes/1: no. Trying again in 1 s.`,
      `GitLab answered ${status} to ${method.toUpperCase()} /projects/42/notes/1: no. Trying again in 2 s.`,
    ])
  })

  it('is given up after five tries', async () => {
    await using server = await scriptedServer((_, response) => response.writeHead(502).end())
    const clock = fastClock()
    const error = await errorOf(requester(server.apiUrl, { clock }).get('42/notes'))
    expect(error).toMatchObject({ problem: 'server', status: 502, maybeDone: false })
    expect(server.seen).toHaveLength(5)
    expect(clock.waits).toEqual([1000, 2000, 4000, 8000])
  })

  it.each([401, 403, 404, 400, 422])('is not repeated on %i', async (status) => {
    await using server = await scriptedServer((_, response) => json(response, status, {}))
    await errorOf(requester(server.apiUrl).get('42/notes'))
    expect(server.seen).toHaveLength(1)
  })

  it('is repeated while a lock is busy, and not on another conflict', async () => {
    await using busy = await scriptedServer((_, response, count) =>
      count === 1 ? json(response, 409, { message: '409 Conflict: Resource lock' }) : json(response, 200, {}),
    )
    await requester(busy.apiUrl).put('42/notes/1', { body: { body: 'x' } })
    expect(busy.seen).toHaveLength(2)
    await using other = await scriptedServer((_, response) =>
      json(response, 409, { message: 'SHA mismatch' }),
    )
    await errorOf(requester(other.apiUrl).put('42/notes/1', { body: { body: 'x' } }))
    expect(other.seen).toHaveLength(1)
  })

  it.each([
    ['before the answer', (response: { destroy: () => void }) => response.destroy()],
    [
      'within the answer',
      (response: ServerResponse) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 })
        response.write('{"a":', () => response.destroy())
      },
    ],
    ['with half of the JSON', (response: ServerResponse) => response.end('{"a":')],
  ])('is repeated when the connection breaks %s', async (_, breakOff) => {
    await using server = await scriptedServer((__, response, count) =>
      count === 1 ? breakOff(response) : json(response, 200, { ok: true }),
    )
    expect((await requester(server.apiUrl).get('42/notes')).body).toEqual({ ok: true })
    expect(server.seen).toHaveLength(2)
  })
})

describe('a POST', () => {
  it('waits and is repeated on a rate limit, which comes before anything is done', async () => {
    await using server = await scriptedServer((_, response, count) =>
      count === 1
        ? response.writeHead(429, { 'content-type': 'text/plain', 'retry-after': '17' }).end('Retry later')
        : json(response, 201, { id: 1 }),
    )
    const clock = fastClock()
    await requester(server.apiUrl, { clock }).post('42/notes', { body: { body: 'x' } })
    expect(server.seen).toHaveLength(2)
    expect(clock.waits).toEqual([17_000])
  })

  it('waits a minute where the limit does not say how long', async () => {
    await using server = await scriptedServer((_, response, count) =>
      count === 1 ? response.writeHead(429).end('Retry later') : json(response, 201, { id: 1 }),
    )
    const clock = fastClock()
    await requester(server.apiUrl, { clock }).post('42/notes', { body: { body: 'x' } })
    expect(clock.waits).toEqual([60_000])
  })

  it.each([500, 502, 503, 504])(
    'may have been carried out when %i comes back, and is not repeated',
    async (status) => {
      await using server = await scriptedServer((_, response) => response.writeHead(status).end())
      const error = await errorOf(requester(server.apiUrl).post('42/notes', { body: { body: 'x' } }))
      expect(error).toMatchObject({ problem: 'server', status, maybeDone: true })
      expect(server.seen).toHaveLength(1)
    },
  )

  it('may have been carried out when the connection breaks, and is not repeated', async () => {
    await using server = await scriptedServer((_, response) => response.destroy())
    const error = await errorOf(requester(server.apiUrl).post('42/notes', { body: { body: 'x' } }))
    expect(error).toMatchObject({ problem: 'network', status: undefined, maybeDone: true })
    expect(server.seen).toHaveLength(1)
  })

  it('may have been carried out when no answer comes in time, and is not repeated', async () => {
    await using server = await scriptedServer(() => {})
    const request = requester(server.apiUrl, { requestTimeoutMs: 50 }).post('42/notes', {
      body: { body: 'x' },
    })
    const error = await errorOf(request)
    expect(error).toMatchObject({ problem: 'network', maybeDone: true })
    expect(error.message).toMatch('it took too long')
    expect(server.seen).toHaveLength(1)
  })

  it('is carried out when its answer cannot be read', async () => {
    await using server = await scriptedServer((_, response) => response.writeHead(201).end('{"id":'))
    const error = await errorOf(requester(server.apiUrl).post('42/notes', { body: { body: 'x' } }))
    expect(error).toMatchObject({ problem: 'server', status: 201, maybeDone: true })
    expect(server.seen).toHaveLength(1)
  })

  it('is repeated where nothing listens, for nobody has seen it', async () => {
    const server = await scriptedServer(() => {})
    await server[Symbol.asyncDispose]()
    const clock = fastClock()
    const error = await errorOf(requester(server.apiUrl, { clock }).post('42/notes', { body: {} }))
    expect(error).toMatchObject({ problem: 'network', maybeDone: false })
    expect(error.message).toBe(
      `No answer from ${server.origin} to POST /projects/42/notes: nothing listens there (ECONNREFUSED).`,
    )
    expect(clock.waits).toHaveLength(4)
  })

  it('keeps a pace of one a second after the first twenty', async () => {
    await using server = await scriptedServer((_, response) => json(response, 201, {}))
    const clock = fastClock()
    const { post } = requester(server.apiUrl, { clock })
    for (let count = 0; count < 23; count += 1) await post('42/notes', { body: {} })
    expect(clock.waits).toEqual([1000, 1000, 1000])
  })
})

describe('time', () => {
  it('is waited as long as the server asks, in seconds or until a date', async () => {
    const soon = new Date(Date.now() + 40_000).toUTCString()
    for (const header of ['40', soon]) {
      await using server = await scriptedServer((_, response, count) =>
        count === 1 ? response.writeHead(503, { 'retry-after': header }).end() : json(response, 200, {}),
      )
      const clock = fastClock()
      await requester(server.apiUrl, { clock }).get('42/notes')
      expect(clock.waits).toHaveLength(1)
      expect(clock.waits[0]).toBeGreaterThan(30_000)
      expect(clock.waits[0]).toBeLessThanOrEqual(40_000)
    }
  })

  it('is not waited when the server asks for more than is left', async () => {
    await using server = await scriptedServer((_, response) =>
      response.writeHead(429, { 'retry-after': '3600' }).end('Retry later'),
    )
    const clock = fastClock()
    const error = await errorOf(requester(server.apiUrl, { clock }).post('42/notes', { body: {} }))
    expect(error).toMatchObject({ problem: 'rate limit', status: 429, maybeDone: false })
    expect(error.message).toBe(
      'GitLab limits the requests of this job (429): the next one may be sent in 3600 s, and less than that is left of the 120 s for the review.',
    )
    expect(clock.waits).toEqual([])
  })

  it('ends with the budget, which all requests share', async () => {
    await using server = await scriptedServer((_, response) =>
      response.writeHead(503, { 'retry-after': '50' }).end(),
    )
    const clock = fastClock()
    const { get } = requester(server.apiUrl, { clock })
    const error = await errorOf(get('42/notes'))
    expect(error).toMatchObject({ problem: 'server', status: 503 })
    expect(clock.waits).toEqual([50_000, 50_000])
    await errorOf(get('42/notes'))
    expect(clock.waits).toEqual([50_000, 50_000])
  })

  it('does not run while nothing is asked', async () => {
    await using server = await scriptedServer((_, response, count) =>
      count === 2 ? response.writeHead(503).end() : json(response, 200, {}),
    )
    const clock = fastClock()
    const { get } = requester(server.apiUrl, { clock })
    await get('42/notes')
    await clock.sleep(3_600_000, new AbortController().signal)
    await get('42/notes')
    expect(server.seen).toHaveLength(3)
  })

  it('belongs to each request by itself', async () => {
    await using server = await scriptedServer((_, response, count) => {
      if (count > 1) json(response, 200, { ok: true })
    })
    const answer = await requester(server.apiUrl, { requestTimeoutMs: 50 }).get('42/notes')
    expect(answer.body).toEqual({ ok: true })
  })

  it('stops when the user stops the run, with their reason', async () => {
    const controller = new AbortController()
    const reason = new Error('interrupted')
    await using server = await scriptedServer(() => controller.abort(reason))
    await expect(requester(server.apiUrl, { signal: controller.signal }).get('42/notes')).rejects.toBe(reason)
    expect(server.seen).toHaveLength(1)
  })

  it('stops within a wait, too', async () => {
    const controller = new AbortController()
    const reason = new Error('interrupted')
    await using server = await scriptedServer((_, response) => response.writeHead(503).end())
    const service = connect(server.apiUrl, token, {
      signal: controller.signal,
      version: '1.2.3',
      log: () => controller.abort(reason),
    })
    await expect(service.requesterFn({ url: server.apiUrl }).get('user')).rejects.toBe(reason)
  })
})

describe('an answer that is no answer', () => {
  it('is told by its status, whatever its label says', async () => {
    await using server = await scriptedServer((_, response) =>
      response.writeHead(502, { 'content-type': 'application/json' }).end('<html>Bad gateway</html>'),
    )
    const error = await errorOf(requester(server.apiUrl).get('42/notes'))
    expect(error).toMatchObject({ problem: 'server', status: 502 })
    expect(error.message).toBe('GitLab answered 502 to GET /projects/42/notes.')
  })

  it('is not asked for again when it is a page for humans', async () => {
    await using server = await scriptedServer((_, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('<!doctype html><p>Sign in'),
    )
    const error = await errorOf(requester(server.apiUrl).get('42/notes'))
    expect(error).toMatchObject({ problem: 'server', status: 200 })
    expect(error.message).toBe("GitLab's answer to GET /projects/42/notes is a page in HTML, not data.")
    expect(server.seen).toHaveLength(1)
  })

  it('is one short line of the error, without control characters and without the token', async () => {
    const message = `\u001b[31mno\n\n/approve ${token} ${'x'.repeat(500)}`
    await using server = await scriptedServer((_, response) => json(response, 400, { message }))
    const error = await errorOf(requester(server.apiUrl).get('42/notes'))
    expect(error.message).toMatch(/: \[31mno \/approve \[token\] x{100,200}…$/)
    expect(error.message).not.toMatch(/\p{Cc}/u)
  })
})

describe('a redirect', () => {
  it('is followed when a read stays below the address of the API', async () => {
    await using server = await scriptedServer((seen, response) =>
      seen.url.includes('/old/')
        ? response.writeHead(301, { location: '/api/v4/projects/new/notes' }).end()
        : json(response, 200, { ok: true }),
    )
    expect((await requester(server.apiUrl).get('old/notes')).body).toEqual({ ok: true })
  })

  it('to another origin is refused, and the token does not go there', async () => {
    await using other = await scriptedServer((_, response) => json(response, 200, {}))
    await using server = await scriptedServer((_, response) =>
      response.writeHead(302, { location: `${other.apiUrl}/projects/42/notes?a=${token}` }).end(),
    )
    const error = await errorOf(requester(server.apiUrl).get('42/notes'))
    expect(error).toMatchObject({ problem: 'server', status: 302 })
    expect(error.message).toBe(`GitLab redirects GET /projects/42/notes to ${other.origin} (302).`)
    expect(error.hint).toContain(server.apiUrl)
    expect(other.seen).toEqual([])
  })

  it('of a write is refused: it would become a read', async () => {
    await using server = await scriptedServer((_, response) =>
      response.writeHead(302, { location: '/api/v4/projects/new/notes' }).end(),
    )
    expect(await errorOf(requester(server.apiUrl).post('old/notes', { body: {} }))).toMatchObject({
      problem: 'server',
    })
    expect(server.seen).toHaveLength(1)
  })

  it('to itself ends', async () => {
    await using server = await scriptedServer((seen, response) =>
      response.writeHead(302, { location: seen.url }).end(),
    )
    expect(await errorOf(requester(server.apiUrl).get('42/notes'))).toMatchObject({ problem: 'server' })
    expect(server.seen.length).toBeLessThan(10)
  })
})

describe('what the server refuses', () => {
  it.each([
    [401, { message: '401 Unauthorized' }, 'get', '42/notes', 'unauthorized'],
    [403, { error: 'insufficient_scope', scope: 'api' }, 'put', '42/notes/1', 'scope'],
    [403, { message: '403 Forbidden' }, 'put', '42/notes/1', 'forbidden'],
    [404, { message: '404 Not found' }, 'get', '42/merge_requests/3', 'not found'],
    [404, { error: '404 Not Found' }, 'get', '42/merge_requests/3/draft_notes', 'unsupported'],
    [405, { error: '405 Not Allowed' }, 'post', '42/merge_requests/3/draft_notes', 'unsupported'],
    [
      400,
      { message: `400 Bad request - Note {:line_code=>["can't be blank", "must be a valid line code"]}` },
      'post',
      '42/merge_requests/3/discussions',
      'position',
    ],
    [
      400,
      { message: '400 Bad request - Note {position: ["is incomplete"]}' },
      'post',
      '42/discussions',
      'position',
    ],
    [400, { message: 'body is missing' }, 'post', '42/merge_requests/3/notes', 'refused'],
    [413, {}, 'post', '42/merge_requests/3/notes', 'refused'],
  ] as const)('with %i %j on %s %s is "%5$s"', async (status, body, method, path, problem) => {
    await using server = await scriptedServer((_, response) => json(response, status, body))
    const error = await errorOf(requester(server.apiUrl)[method](path, { body: {} }))
    expect(error).toMatchObject({ problem, status, maybeDone: false })
    expect(error.message).toMatch(/^GitLab answered \d+ to [A-Z]+ \/projects\/42\/[^\n]+[.!?]$/)
  })
})

describe('the token', () => {
  it('that no header can carry is not sent and not shown', async () => {
    const bad = 'glpat-a\nb'
    expect(() =>
      connect('https://gitlab.example.com/api/v4', bad, { signal: AbortSignal.abort(), version: '1' }),
    ).toThrow('The token has spaces or characters that no token has.')
  })
})
