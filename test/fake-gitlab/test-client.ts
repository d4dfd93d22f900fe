/** A bare HTTP client for the tests of the fake itself: no retries, no opinions. */
import { request } from 'node:http'

import type { FakeGitLab } from './fake-gitlab.ts'
import { refsOf } from './positions.ts'

export interface TestResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly text: string
  /** Parsed body; undefined when there is none or it is not JSON. */
  readonly json: unknown
}

export interface TestClient {
  /** `/projects/42/merge_requests/17` */
  readonly mr: string
  readonly get: (path: string) => Promise<TestResponse>
  readonly post: (path: string, body?: unknown) => Promise<TestResponse>
  readonly put: (path: string, body?: unknown) => Promise<TestResponse>
  readonly delete: (path: string) => Promise<TestResponse>
  /** Any body, with the headers given. */
  readonly send: (
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: string,
  ) => Promise<TestResponse>
  /** A position on the newest version. */
  readonly position: (path: string, lines: Readonly<Record<string, unknown>>) => Record<string, unknown>
}

/** Speaks as the bot, or with the token given. */
export function client(
  server: FakeGitLab & { botToken?: string },
  token = server.botToken ?? '',
): TestClient {
  const auth = { 'private-token': token }
  const send: TestClient['send'] = (method, path, headers, body) =>
    exchange(`${server.apiUrl}${path}`, method, headers, body)
  const json = (method: string, path: string, body: unknown): Promise<TestResponse> =>
    body === undefined
      ? send(method, path, auth)
      : send(method, path, { ...auth, 'content-type': 'application/json' }, JSON.stringify(body))
  return {
    mr: `/projects/${server.projectId}/merge_requests/${server.iid}`,
    get: (path) => json('GET', path, undefined),
    post: (path, body) => json('POST', path, body),
    put: (path, body) => json('PUT', path, body),
    delete: (path) => json('DELETE', path, undefined),
    send,
    position: (path, lines) => ({
      ...refsOf(server.version),
      position_type: 'text',
      old_path: path,
      new_path: path,
      ...lines,
    }),
  }
}

function exchange(
  url: string,
  method: string,
  headers: Record<string, string>,
  body: string | undefined,
): Promise<TestResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, agent: false }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('error', reject)
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, json: parse(text) })
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
