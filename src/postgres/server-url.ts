import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import type { ClientConfig } from 'pg'
import { UsageError } from '../core/errors.ts'

/** What `--server-url` says; nothing is taken from PG* variables or password files. */
export interface ServerAddress {
  readonly config: ClientConfig & { readonly user: string; readonly database: string }
  /** `host:port`, for messages: never with user name or password. */
  readonly place: string
  /** To be blotted out of every message. */
  readonly password: string
}

const example = 'Write it as postgresql://user:password@host:5432/database.'

/**
 * Reads a postgres:// or postgresql:// URL. `sslmode` means what it means for libpq: without one, or with
 * `disable`, `allow` and `prefer`, no TLS; `require` encrypts, `verify-ca` and `verify-full` also check.
 * @throws UsageError that never quotes the URL.
 */
export function parseServerUrl(text: string): ServerAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined && /^postgres(?:ql)?:\/\//i.test(text)) {
    throw new UsageError('The server URL cannot be read.', {
      hint: `${example} Special characters in passwords are written as %xx: / is %2F, @ is %40, : is %3A.`,
    })
  }
  if (url === undefined || !/^postgres(?:ql)?:$/.test(url.protocol)) {
    throw new UsageError('The server URL is not a postgresql:// URL.', { hint: example })
  }
  const user = decode(url.username)
  if (user === '') throw new UsageError('The server URL names no user.', { hint: example })
  const host = url.searchParams.get('host') ?? (decode(url.hostname) || 'localhost')
  const port = Number(url.port || '5432')
  const password = decode(url.password)
  return {
    config: {
      host: host.replace(/^\[(.*)\]$/, '$1'), // an IPv6 address
      port,
      user,
      // node-pg takes an empty password for none and looks at PGPASSWORD; it believes a function.
      password: () => password,
      database: decode(url.pathname.slice(1)) || 'postgres',
      ssl: tls(url.searchParams),
      client_encoding: 'UTF8',
      connectionTimeoutMillis: 10_000,
    },
    place: host.startsWith('/') ? host : `${host}:${port}`,
    password,
  }
}

/** What went wrong, without the password. Never the error itself: node-pg's may carry the connection's parameters. */
export function safeReason({ password }: ServerAddress, error: unknown): string {
  const { message, code } = error as { message?: string; code?: string }
  const reason = message || code || String(error)
  return password === '' ? reason : reason.replaceAll(password, '***')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new UsageError('The server URL has a % that is not followed by two hexadecimal digits.', {
      hint: 'Write special characters in passwords as %xx, and % itself as %25.',
    })
  }
}

function tls(parameters: URLSearchParams): ConnectionOptions | false {
  const mode = parameters.get('sslmode') ?? 'disable'
  switch (mode) {
    case 'disable':
    case 'allow':
    case 'prefer':
      return false
    case 'require':
    case 'no-verify':
      return { ...certificates(parameters), rejectUnauthorized: false }
    case 'verify-ca':
      return { ...certificates(parameters), checkServerIdentity: () => undefined }
    case 'verify-full':
      return certificates(parameters)
    default:
      throw new UsageError(`The server URL has an unknown sslmode: ${mode}.`, {
        hint: 'Use disable, require, verify-ca or verify-full.',
      })
  }
}

function certificates(parameters: URLSearchParams): ConnectionOptions {
  return {
    ...file('ca', parameters.get('sslrootcert')),
    ...file('cert', parameters.get('sslcert')),
    ...file('key', parameters.get('sslkey')),
  }
}

function file(key: 'ca' | 'cert' | 'key', path: string | null): ConnectionOptions {
  if (path === null || path === 'system') return {}
  try {
    return { [key]: readFileSync(path) }
  } catch (cause) {
    throw new UsageError(`The certificate file ${path} of the server URL cannot be read.`, { cause })
  }
}
