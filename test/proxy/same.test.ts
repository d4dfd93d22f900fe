import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startEmbedded } from '../../src/postgres/embedded.ts'
import { installEventTriggers } from '../../src/postgres/event-triggers.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { openWire } from '../../src/postgres/wire-login.ts'
import type { Proxy } from '../../src/proxy/model.ts'
import { startProxy } from '../../src/proxy/start-proxy.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { majors, serverOptions } from '../postgres/servers.ts'
import { Conversation } from './conversation.ts'
import { fullProbe } from './full-probe.ts'
import { scenarios } from './scenarios.ts'

const marker = 'pgrehearse:test'

/** Before 18, several statements in one Query are sent in another way. */
const olderToo = [
  'several statements in one Query',
  'COPY in the simple protocol',
  'commits that fail',
  'procedures that commit',
]
const all = Object.entries(scenarios)
const wantedOn = majors.map((major) => ({
  major,
  wanted: major === 14 ? all.filter(([title]) => olderToo.includes(title)) : all,
}))

describe.each(wantedOn)('a client of $major sees no difference', ({ major, wanted }) => {
  let server: PostgresServer
  let databases: { readonly raw: string; readonly proxied: string }
  let proxy: Proxy

  beforeAll(async () => {
    await loadParser()
    server = await startEmbedded(serverOptions(major, { env: process.env }))
    databases = { raw: await server.createDatabase(), proxied: await server.createDatabase() }
    const admin = await server.connectAdmin(databases.proxied)
    await installEventTriggers(admin, marker)
    await admin.end()
    proxy = await startProxy(server, {
      database: databases.proxied,
      probe: fullProbe(server.major),
      isOurs: (message) => message.startsWith(marker),
      listener: { statement: () => undefined },
      signal: new AbortController().signal,
    })
  })

  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]()
    await server?.[Symbol.asyncDispose]()
  })

  test.each(wanted)('%s', async (_title, { run }) => {
    const raw = await heard(run, () => server.openWire(start(databases.raw)))
    const { host, port, user, password } = proxy.address
    const address = { host, port, user, password, tls: false } as const
    const proxied = await heard(run, () => openWire(address, start(databases.proxied)))
    expect(proxied).toEqual(raw)
  })
})

function start(database: string) {
  return { database, parameters: { application_name: 'test', client_encoding: 'UTF8' }, minorVersion: 0 }
}

async function heard(
  run: (one: Conversation, other: Conversation) => Promise<void>,
  connect: () => ReturnType<typeof openWire>,
): Promise<readonly (readonly string[])[]> {
  await using one = new Conversation(await connect())
  await using other = new Conversation(await connect())
  const greeting = one.wire.greeting.map(({ type, bytes }) => (type === 'K' ? 'K' : bytes.toString('latin1')))
  await run(one, other)
  return [greeting, one.heard, other.heard]
}
