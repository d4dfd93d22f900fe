import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { installations } from '../../src/postgres/binaries.ts'
import { serverUser, spawnIdentity } from '../../src/postgres/os-user.ts'
import { execute, root } from './execute.ts'
import type { Database } from './tool.ts'

/** A Postgres with nothing of ours in it, which writes every statement and its transaction to its log. */
export interface BareServer extends AsyncDisposable {
  readonly database: Database
  connect(as: 'app' | 'postgres'): Promise<Client>
  /** Everything it has logged. */
  log(): Promise<string>
}

const password = 'app'

/** Starts one on a free port of 127.0.0.1. */
export async function startBareServer(): Promise<BareServer> {
  const user = await serverUser()
  const installation = (await installations(root)).at(0)
  if (installation === undefined) throw new Error('No Postgres is installed here.')
  const dir = await mkdtemp(path.join(tmpdir(), 'pgrehearse-real-'))
  const data = path.join(dir, 'data')
  await mkdir(data, { mode: 0o700 })
  if (user.dropped) await Promise.all([dir, data].map((one) => chown(one, user.uid, user.gid)))
  const identity = { ...spawnIdentity(user), cwd: '/' }
  const initdb = path.join(installation.bin, 'initdb')
  await execute(initdb, ['-D', data, '-U', 'postgres', '--no-sync', '-A', 'trust', '-E', 'UTF8'], {
    identity,
  })
  const port = await freePort()
  const log = await open(path.join(dir, 'log'), 'w')
  const settings = [
    ...['listen_addresses=127.0.0.1', `port=${port}`, `unix_socket_directories=${dir}`, 'fsync=off'],
    ...['log_statement=all', 'log_line_prefix=@@%p|%v@@ ', 'lc_messages=C', 'TimeZone=UTC'],
  ]
  const server = spawn(
    path.join(installation.bin, 'postgres'),
    ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    { ...identity, stdio: ['ignore', log.fd, log.fd] },
  )
  await log.close()
  const connect = (as: string, name = 'app'): Promise<Client> => connectTo(server, port, as, name)
  const postgres = await connect('postgres', 'postgres')
  await postgres.query(`create role app login createrole createdb password '${password}'`)
  await postgres.query('create database app owner app')
  await postgres.end()
  return {
    database: {
      ...{ host: '127.0.0.1', port, user: 'app', password, name: 'app' },
      url: `postgresql://app:${password}@127.0.0.1:${port}/app?sslmode=disable`,
    },
    connect,
    log: () => readFile(path.join(dir, 'log'), 'utf8'),
    async [Symbol.asyncDispose]() {
      server.kill('SIGINT')
      if (server.exitCode === null) await once(server, 'close')
      await rm(dir, { recursive: true, force: true })
    },
  }
}

async function connectTo(
  server: ChildProcess,
  port: number,
  user: string,
  database: string,
): Promise<Client> {
  for (let attempt = 0; ; attempt++) {
    const client = new Client({ host: '127.0.0.1', port, user, password, database })
    try {
      await client.connect()
      return client
    } catch (error) {
      if (attempt === 200 || server.exitCode !== null) throw error
      await sleep(25)
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  probe.listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
