import type { Method } from './requester-errors.ts'

/** The parts of gitbeaker's requests that are honoured. */
export interface RequestParts {
  readonly body?: FormData | Record<string, unknown> | undefined
  readonly searchParams?: Record<string, unknown> | undefined
}

/** The address with its query, in snake case. */
export function requestUrl(method: Method, address: string, { searchParams }: RequestParts): string {
  const url = new URL(address)
  // a write has its parameters in the body, as GitLab's contract declares them
  if (method !== 'GET') return url.href
  for (const [key, value] of Object.entries(searchParams ?? {})) {
    if (value !== undefined && value !== null) url.searchParams.append(snakeCase(key), String(value))
  }
  return url.href
}

/** The body as JSON in snake case; undefined where a request has none. */
export function requestBody(method: Method, { body, searchParams }: RequestParts): string | undefined {
  if (method === 'GET' || method === 'DELETE') return undefined
  // gitbeaker's forms have lost what stands behind & and = before they get here
  if (body instanceof FormData) throw new TypeError('forms are not sent: use JSON')
  return JSON.stringify(snakeCaseKeys({ ...searchParams, ...body }))
}

function snakeCaseKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCaseKeys)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [snakeCase(key), snakeCaseKeys(one)]))
}

function snakeCase(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/**
 * The path below the API's address, for errors.
 * @throws {TypeError} when the address leaves it.
 */
export function pathBelow(apiUrl: string, url: string): string {
  const { origin, pathname } = new URL(url)
  const below = `${origin}${pathname}`
  if (!below.startsWith(`${apiUrl}/`)) throw new TypeError(`${below} is not below ${apiUrl}`)
  return below.slice(apiUrl.length + 1)
}
