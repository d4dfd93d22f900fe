/** 500 statements of a migration tool, straight to the server and through the proxy with everything measured. */
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { ClientConfig } from 'pg'
import type { Statement } from '../src/core/model.ts'
import { startEmbedded } from '../src/postgres/embedded.ts'
import { installEventTriggers } from '../src/postgres/event-triggers.ts'
import { startProxy } from '../src/proxy/start-proxy.ts'
import { canProbe } from '../src/replay/commands.ts'
import { allRelationsSql, decodeProbe, probeSql } from '../src/replay/probe.ts'
import { newMarker } from '../src/replay/session.ts'
import { loadParser, parseStatement } from '../src/sql/parse.ts'
import { generateHistory } from './generate.ts'
import { compare } from './measure.ts'

type Protocol = 'simple' | 'extended'

const projectDir = fileURLToPath(new URL('..', import.meta.url))
const statements = generateHistory({ migrations: 100, statementsPerMigration: 5 }).flatMap(
  (migration) => migration.statements,
)

await loadParser()
await using server = await startEmbedded({ projectDir, env: process.env })
const probe = {
  sql: probeSql(server.major),
  isWanted: (sql: string) => canProbe(parseStatement(sql) as unknown as Statement),
  everyRelation: { sql: allRelationsSql, isWanted: (sql: string) => /\bconcurrently\b/i.test(sql) },
}

for (const protocol of ['simple', 'extended'] as const) {
  await compare({
    title: `${statements.length} statements, ${protocol} protocol, on ${server.description}`,
    baseline: { name: 'straight to its socket', round: () => straight(protocol) },
    ours: { name: 'through the proxy, measured', round: () => proxied(protocol, true) },
    rounds: 7,
    aim: 3,
  })
  await compare({
    title: `the same, only told (a history)`,
    baseline: { name: 'straight to its socket', round: () => straight(protocol) },
    ours: { name: 'through the proxy', round: () => proxied(protocol, false) },
    rounds: 5,
    aim: 2,
  })
}

async function straight(protocol: Protocol): Promise<number> {
  const database = await server.createDatabase()
  const client = await server.connectMigrator(database)
  const { host, port, user, password } = client as ClientConfig
  await client.end()
  const took = await run({ host, port, user, password, database, ssl: false }, protocol)
  await server.dropDatabase(database)
  return took
}

async function proxied(protocol: Protocol, isMeasured: boolean): Promise<number> {
  const database = await server.createDatabase()
  const marker = newMarker()
  if (isMeasured) {
    const admin = await server.connectAdmin(database)
    await installEventTriggers(admin, marker)
    await admin.end()
  }
  let read = 0
  const proxy = await startProxy(server, {
    database,
    ...(isMeasured ? { probe } : {}),
    isOurs: (message) => message.startsWith(marker),
    listener: {
      statement: (_session, { reading }) => {
        if (reading !== undefined) read += decodeProbe(reading).relations.size
      },
    },
    signal: new AbortController().signal,
  })
  const { host, port, user, password } = proxy.address
  const took = await run({ host, port, user, password, database, ssl: false }, protocol)
  await proxy.idle()
  await proxy[Symbol.asyncDispose]()
  await server.dropDatabase(database)
  if (isMeasured && read === 0) throw new Error('nothing was measured')
  return took
}

function run(config: ClientConfig, protocol: Protocol): Promise<number> {
  const workerData = { config, statements, protocol }
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('proxy-client.mjs', import.meta.url), { workerData })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
