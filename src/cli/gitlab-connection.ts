import { readFile } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import { isIP } from 'node:net'
import { Readable, type Duplex } from 'node:stream'
import tls from 'node:tls'
import type { ClientOptions } from '../gitlab/client-connection.ts'
import type { Fetch } from '../gitlab/requester-exchange.ts'
import type { CommandContext } from './context.ts'
import { proxyFor } from './proxy.ts'

/**
 * The options of `createServer` and `createAccount` that come from this process.
 * @param log hears a sentence before every wait.
 * @throws {GitLabError} when the proxy that the environment names is none.
 */
export async function gitlabClientOptions(
  { env, signal, version }: Pick<CommandContext, 'env' | 'signal' | 'version'>,
  apiUrl: string,
  log: (sentence: string) => void,
): Promise<ClientOptions> {
  return { signal, version, log, fetch: await gitlabFetch(env, apiUrl, log) }
}

type Environment = Readonly<Record<string, string | undefined>>
type Init = Parameters<Fetch>[1]

/**
 * How requests get to the GitLab server from this job: with the certificate authority that the runner was given
 * (CI_SERVER_TLS_CA_FILE) and through the proxy of HTTPS_PROXY, HTTP_PROXY and NO_PROXY, neither of which the fetch of
 * Node 20 knows. Undefined when there is nothing of both: then fetch does it.
 * @param log hears when the certificate file cannot be read.
 * @throws {GitLabError} when the proxy that the environment names is none.
 */
export async function gitlabFetch(
  env: Environment,
  apiUrl: string,
  log: (sentence: string) => void,
): Promise<Fetch | undefined> {
  const target = new URL(apiUrl)
  const proxy = proxyFor(target, env)
  const ca = target.protocol === 'https:' ? await trustedAuthorities(env, log) : undefined
  if (proxy === undefined && ca === undefined) return undefined
  const trust = ca === undefined ? {} : { ca }
  const agent = target.protocol === 'https:' ? new https.Agent({ keepAlive: true, ...trust }) : undefined
  return async (address, init) => {
    const url = new URL(address)
    try {
      if (proxy === undefined) return await exchange(url, init, agent === undefined ? {} : { agent })
      if (url.protocol === 'http:') return await exchange(url, init, throughHttpProxy(url, proxy))
      const socket = await openTunnel(url, proxy, init.signal)
      const host = bare(url.hostname)
      // a name is needed where several servers share an address; an address is no name
      const server = isIP(host) === 0 ? { host, servername: host } : { host }
      return await exchange(url, init, {
        createConnection: () => tls.connect({ socket, ...server, ...trust }),
      })
    } catch (error) {
      init.signal.throwIfAborted()
      throw error
    }
  }
}

/** Node's own authorities, those of NODE_EXTRA_CA_CERTS, which `ca` would replace, and the runner's. */
async function trustedAuthorities(
  env: Environment,
  log: (sentence: string) => void,
): Promise<string[] | undefined> {
  const runner = await readCertificates(env, 'CI_SERVER_TLS_CA_FILE', log)
  if (runner === undefined) return undefined
  const extra = await readCertificates(env, 'NODE_EXTRA_CA_CERTS', log)
  return [...tls.rootCertificates, ...(extra === undefined ? [] : [extra]), runner]
}

async function readCertificates(
  env: Environment,
  variable: string,
  log: (sentence: string) => void,
): Promise<string | undefined> {
  const file = env[variable]
  if (!file) return undefined
  try {
    return await readFile(file, 'utf8')
  } catch {
    log(`The certificates of ${variable} cannot be read: ${file}`)
    return undefined
  }
}

/** An http address is asked of the proxy itself. */
function throughHttpProxy(url: URL, proxy: URL): http.RequestOptions {
  return {
    protocol: proxy.protocol,
    hostname: bare(proxy.hostname),
    port: proxy.port,
    path: url.href,
    headers: { host: url.host, ...proxyAuthorization(proxy) },
  }
}

/** A connection through the proxy to an https server; what is sent on it the proxy cannot read. */
function openTunnel(url: URL, proxy: URL, signal: AbortSignal): Promise<Duplex> {
  const authority = `${url.hostname}:${url.port || '443'}`
  const request = (proxy.protocol === 'https:' ? https : http).request({
    hostname: bare(proxy.hostname),
    port: proxy.port,
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, ...proxyAuthorization(proxy) },
    agent: false,
    signal,
  })
  return new Promise((resolve, reject) => {
    const refuse = (status: number | undefined): void =>
      reject(Object.assign(new Error(`the proxy answered ${status} to CONNECT`), { code: 'EPROXY' }))
    request.on('connect', ({ statusCode }, socket) => {
      if (statusCode === 200) return resolve(socket)
      socket.destroy()
      refuse(statusCode)
    })
    request.on('response', (response) => {
      response.resume()
      refuse(response.statusCode)
    })
    request.on('error', reject)
    request.end()
  })
}

function proxyAuthorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }
}

/** One request by node:http, answered as fetch answers: redirects are not followed, the body streams. */
function exchange(url: URL, init: Init, options: https.RequestOptions): Promise<Response> {
  const { headers, ...rest } = options
  const protocol = rest.protocol ?? url.protocol
  const request = (protocol === 'https:' ? https : http).request({
    protocol: url.protocol,
    hostname: bare(url.hostname),
    port: url.port,
    path: `${url.pathname}${url.search}`,
    method: init.method,
    headers: {
      ...init.headers,
      ...headers,
      ...(init.body === undefined ? {} : { 'content-length': Buffer.byteLength(init.body) }),
    },
    signal: init.signal,
    ...rest,
  })
  return new Promise((resolve, reject) => {
    request.on('error', reject)
    request.on('response', (message) => {
      try {
        resolve(asResponse(message))
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    })
    request.end(init.body)
  })
}

function asResponse(message: http.IncomingMessage): Response {
  const headers = new Headers()
  for (const [name, values] of Object.entries(message.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value)
  }
  const status = message.statusCode ?? 0
  // fetch allows these no body
  const isEmpty = status === 204 || status === 205 || status === 304
  if (isEmpty) message.resume()
  return new Response(isEmpty ? null : Readable.toWeb(message), { status, headers })
}

/** Without the brackets of an IPv6 address. */
function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1')
}
