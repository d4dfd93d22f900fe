import { readFile } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo, type Server } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gitlabFetch } from '../../src/cli/gitlab-connection.ts'
import { createServer } from '../../src/gitlab/client.ts'
import { GitLabError } from '../../src/gitlab/server.ts'
import { fastClock } from './fast-clock.ts'
import { json, scriptedServer } from './scripted-server.ts'

const me = { id: 7, username: 'bot' }
const ref = { projectId: '42', iid: 3 }
let tlsServer: https.Server
let tlsUrl: string
/** Made for these tests with `openssl req -x509`, valid for a hundred years; nobody trusts them. */
const caFile = fileURLToPath(new URL('certificate.pem', import.meta.url))
const otherCaFile = fileURLToPath(new URL('other-certificate.pem', import.meta.url))
const keyFile = fileURLToPath(new URL('certificate-key.pem', import.meta.url))

/** A server whose certificate only its own authority vouches for, as on many self-managed installations. */
beforeAll(async () => {
  const [key, cert] = await Promise.all([readFile(keyFile), readFile(caFile)])
  tlsServer = https.createServer({ key, cert }, (request, response) => {
    if (request.url === '/api/v4/user') json(response, 200, me)
    else if (request.method === 'POST') request.pipe(response.writeHead(201))
    else response.writeHead(204).end()
  })
  tlsUrl = `https://localhost:${await listen(tlsServer)}/api/v4`
})

afterAll(async () => {
  tlsServer.closeAllConnections()
  tlsServer.close()
})

async function listen(server: Server | http.Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return (server.address() as AddressInfo).port
}

/** A proxy that tunnels and forwards, and remembers for whom. */
async function startProxy(status = 200): Promise<AsyncDisposable & { url: string; asked: string[] }> {
  const asked: string[] = []
  const sockets = new Set<net.Socket>()
  const server = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim())
    request.pipe(
      http.request(request.url ?? '', { method: request.method, headers: request.headers }, (answer) =>
        answer.pipe(response.writeHead(answer.statusCode ?? 500, answer.headers)),
      ),
    )
  })
  server.on('connect', (request, socket: net.Socket) => {
    asked.push(`CONNECT ${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim())
    if (status !== 200) return socket.end(`HTTP/1.1 ${status} No\r\n\r\n`)
    const [, port] = (request.url ?? '').split(':')
    const upstream = net.connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.pipe(socket).pipe(upstream)
    })
    for (const one of [socket, upstream]) {
      sockets.add(one)
      one.on('error', () => one.destroy())
    }
  })
  const port = await listen(server)
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.closeAllConnections()
      server.close()
    },
  }
}

async function askWhoIAm(apiUrl: string, env: Record<string, string>, log: string[] = []): Promise<unknown> {
  const fetch = await gitlabFetch(env, apiUrl, (sentence) => log.push(sentence))
  const { signal } = new AbortController()
  const options = { signal, version: '1.2.3', clock: fastClock(), fetch, requestTimeoutMs: 5000 }
  return createServer({ apiUrl, ...ref }, 'glpat-abcdefgh', options).currentUser()
}

describe('a connection', () => {
  it('is left to fetch where there is no proxy and no authority of its own', async () => {
    expect(await gitlabFetch({ PATH: '/bin' }, tlsUrl, () => {})).toBeUndefined()
    expect(
      await gitlabFetch({ CI_SERVER_TLS_CA_FILE: caFile }, 'http://gitlab/api/v4', () => {}),
    ).toBeUndefined()
  })

  it('trusts the authority that the runner was given', async () => {
    await expect(askWhoIAm(tlsUrl, {})).rejects.toMatchObject({
      problem: 'network',
      message: expect.stringContaining('its certificate is not trusted'),
      hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    })
    expect(await askWhoIAm(tlsUrl, { CI_SERVER_TLS_CA_FILE: caFile })).toEqual(me)
    expect(
      await askWhoIAm(tlsUrl.replace('localhost', '127.0.0.1'), { CI_SERVER_TLS_CA_FILE: caFile }),
    ).toEqual(me)
  })

  it('still trusts what NODE_EXTRA_CA_CERTS adds', async () => {
    const env = { CI_SERVER_TLS_CA_FILE: otherCaFile, NODE_EXTRA_CA_CERTS: caFile }
    await expect(askWhoIAm(tlsUrl, { CI_SERVER_TLS_CA_FILE: otherCaFile })).rejects.toMatchObject({
      problem: 'network',
    })
    expect(await askWhoIAm(tlsUrl, env)).toEqual(me)
  })

  it('says when the file of the authority cannot be read', async () => {
    const log: string[] = []
    await expect(askWhoIAm(tlsUrl, { CI_SERVER_TLS_CA_FILE: '/nowhere/ca.pem' }, log)).rejects.toThrow(
      GitLabError,
    )
    expect(log).toEqual(['The certificates of CI_SERVER_TLS_CA_FILE cannot be read: /nowhere/ca.pem'])
  })

  it('goes through a proxy, which does not see the token', async () => {
    await using proxy = await startProxy()
    const env = {
      CI_SERVER_TLS_CA_FILE: caFile,
      HTTPS_PROXY: proxy.url.replace('//', '//user:p%40ss@'),
    }
    expect(await askWhoIAm(tlsUrl, env)).toEqual(me)
    const authorization = `Basic ${Buffer.from('user:p@ss').toString('base64')}`
    expect(proxy.asked).toEqual([`CONNECT ${new URL(tlsUrl).host} ${authorization}`])
  })

  it('asks the proxy itself for an http address', async () => {
    await using proxy = await startProxy()
    await using server = await scriptedServer((_, response) => json(response, 200, me))
    expect(await askWhoIAm(server.apiUrl, { http_proxy: proxy.url })).toEqual(me)
    expect(proxy.asked).toEqual([`GET ${server.apiUrl}/user`])
    expect(server.seen[0]?.headers['private-token']).toBe('glpat-abcdefgh')
  })

  it('does not go through a proxy that NO_PROXY excepts', async () => {
    await using proxy = await startProxy()
    const env = { CI_SERVER_TLS_CA_FILE: caFile, HTTPS_PROXY: proxy.url, NO_PROXY: 'localhost' }
    expect(await askWhoIAm(tlsUrl, env)).toEqual(me)
    expect(proxy.asked).toEqual([])
  })

  it('that the proxy refuses is never made, and is an error of the network', async () => {
    await using proxy = await startProxy(407)
    const env = { CI_SERVER_TLS_CA_FILE: caFile, HTTPS_PROXY: proxy.url }
    await expect(askWhoIAm(tlsUrl, env)).rejects.toMatchObject({
      problem: 'network',
      maybeDone: false,
      message: expect.stringContaining('the proxy does not connect to it (EPROXY)'),
    })
  })

  it('carries bodies, empty answers, and the end of time', async () => {
    const apiUrl = tlsUrl
    const fetch = await gitlabFetch({ CI_SERVER_TLS_CA_FILE: caFile }, apiUrl, () => {})
    if (fetch === undefined) throw new Error('no connection')
    const init = { headers: {}, redirect: 'manual', signal: AbortSignal.timeout(5000) } as const
    const posted = await fetch(`${apiUrl}/notes`, { ...init, method: 'POST', body: '{"body":"ünï"}' })
    expect([posted.status, await posted.text()]).toEqual([201, '{"body":"ünï"}'])
    const empty = await fetch(`${apiUrl}/notes`, { ...init, method: 'DELETE' })
    expect([empty.status, await empty.text()]).toEqual([204, ''])
    const reason = new Error('stopped')
    const stopped = fetch(`${apiUrl}/user`, { ...init, method: 'GET', signal: AbortSignal.abort(reason) })
    await expect(stopped).rejects.toBe(reason)
  })
})
