import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as it arrived. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** What the server does with a request; `undefined` leaves it without an answer. */
export type Reaction = (seen: Seen, response: ServerResponse, count: number) => void

export interface ScriptedServer extends AsyncDisposable {
  readonly origin: string
  readonly apiUrl: string
  readonly seen: readonly Seen[]
}

/** A server on 127.0.0.1 that reacts as it is told and remembers what it was asked; `count` begins with 1. */
export async function scriptedServer(react: Reaction): Promise<ScriptedServer> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (piece: string) => {
      body += piece
    })
    request.on('end', () => {
      const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body }
      seen.push(one)
      react(one, response, seen.length)
    })
  })
  const origin = await listen(server)
  return {
    origin,
    apiUrl: `${origin}/api/v4`,
    seen,
    [Symbol.asyncDispose]: () => close(server),
  }
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => {
    server.close(resolve)
  })
}

/** Answers with JSON. */
export function json(response: ServerResponse, status: number, value: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(value))
}
