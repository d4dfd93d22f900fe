/** Bodies as Rack and Grape read them: JSON, urlencoded, multipart; `position[new_line]=3` nests. */
import { badParameter } from './errors.ts'

export type Params = Record<string, unknown>

/** Parameters of a body; ApiError 400 for JSON that is none, 415 is not used by GitLab's Grape for unknown types. */
export function parseBody(contentType: string | undefined, body: Buffer): Params | undefined {
  if (body.length === 0) return undefined
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/json') return parseJson(body.toString('utf8'))
  if (type === 'multipart/form-data') return parseMultipart(contentType ?? '', body)
  return parseUrlEncoded(body.toString('utf8'))
}

/** `a=1&b[c]=2` with Rack's nesting. */
export function parseUrlEncoded(text: string): Params {
  return nest([...new URLSearchParams(text)])
}

function parseJson(text: string): Params {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw badParameter('message body does not match declared format')
  }
  return isParams(value) ? value : {}
}

/** Field names and contents are taken as they come: CRLF stays CRLF. */
function parseMultipart(contentType: string, body: Buffer): Params {
  const boundary = /boundary=(?:"([^"]+)"|([^;]+))/i.exec(contentType)
  const mark = `--${boundary?.[1] ?? boundary?.[2] ?? ''}`
  const fields: [string, string][] = []
  // latin1 keeps every byte; each value is decoded on its own.
  const parts = body.toString('latin1').split(mark)
  for (const part of parts.slice(1, -1)) {
    const end = part.indexOf('\r\n\r\n')
    const name = /;\s*name="((?:[^"\\]|\\.)*)"/i.exec(part.slice(0, end))?.[1]
    if (name === undefined) continue
    fields.push([utf8(name), utf8(part.slice(end + 4).replace(/\r\n$/, ''))])
  }
  return nest(fields)
}

function nest(fields: readonly (readonly [string, string])[]): Params {
  const params: Params = {}
  for (const [name, value] of fields) {
    const keys = name.split('[').map((key, index) => (index === 0 ? key : key.replace(/\]$/, '')))
    put(params, keys, value)
  }
  return params
}

function put(params: Params, keys: readonly string[], value: string): void {
  const [key = '', ...rest] = keys
  if (rest.length === 0) {
    params[key] = value
  } else if (rest[0] === '') {
    const list = params[key]
    params[key] = [...(Array.isArray(list) ? list : []), value]
  } else {
    const inner = params[key]
    const child: Params = isParams(inner) ? inner : {}
    params[key] = child
    put(child, rest, value)
  }
}

export function isParams(value: unknown): value is Params {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8')
}
