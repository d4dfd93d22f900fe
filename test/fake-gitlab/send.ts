/** Puts an answer on the wire, or what a fault leaves of it. */
import type { ServerResponse } from 'node:http'

import type { Fault } from './faults.ts'
import type { LoggedRequest } from './model.ts'
import { tooMany } from './rate-limits.ts'
import type { Answer } from './route.ts'

const html =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>GitLab is not responding</body>\r\n</html>\r\n'

export function send(
  response: ServerResponse,
  entry: LoggedRequest,
  answer: Answer,
  fault: Fault | undefined,
): void {
  switch (fault?.kind) {
    case 'hang':
      return
    case 'reset':
      response.socket?.resetAndDestroy()
      return
    case 'reset midway':
      cutMidway(response, entry, answer)
      return
    case 'redirect':
      write(response, entry, 302, undefined, 'text/html', { location: fault.to })
      return
    case 'truncated':
      write(response, entry, answer.status, half(answer), 'application/json', answer.headers)
      return
    case '502 html':
      write(response, entry, 502, html, 'application/json')
      return
    case '500':
      write(response, entry, 500, '{"message":"500 Internal Server Error"}', 'application/json')
      return
    case '503':
      write(response, entry, 503, 'GitLab is not responding\n', 'text/plain')
      return
    case '504':
      write(response, entry, 504, html.replaceAll('502 Bad Gateway', '504 Gateway Time-out'), 'text/html')
      return
    case 'rate limit':
      write(response, entry, ...plain(tooMany(fault.retryAfterSeconds, fault.form)))
      return
    default:
      write(response, entry, ...plain(answer))
  }
}

type Written = readonly [status: number, body: string | undefined, type: string, headers?: Answer['headers']]

function plain(answer: Answer): Written {
  if (answer.text !== undefined) return [answer.status, answer.text, 'text/plain', answer.headers]
  const body = answer.body === undefined ? undefined : JSON.stringify(answer.body)
  return [answer.status, body, 'application/json', answer.headers]
}

function half(answer: Answer): string {
  const whole = answer.text ?? JSON.stringify(answer.body ?? {})
  return whole.slice(0, Math.max(1, Math.floor(whole.length / 2)))
}

function write(
  response: ServerResponse,
  entry: LoggedRequest,
  status: number,
  body: string | undefined,
  type: string,
  headers: Answer['headers'] = {},
): void {
  entry.status = status
  response.writeHead(status, {
    ...(body === undefined ? {} : { 'content-type': type }),
    ...headers,
    'x-request-id': `fake-${entry.number}`,
  })
  response.end(body)
}

/** The status arrives, the body does not. */
function cutMidway(response: ServerResponse, entry: LoggedRequest, answer: Answer): void {
  const whole = answer.text ?? JSON.stringify(answer.body ?? {})
  entry.status = answer.status
  response.writeHead(answer.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(whole),
  })
  response.write(half(answer), () => response.socket?.destroy())
}
