import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { access, chown, mkdir } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { serverUser, spawnIdentity } from '../src/postgres/os-user.ts'
import { installations } from '../src/postgres/binaries.ts'
import { timeMs } from './measure.ts'
import { execute, root, temporaryFolder } from './processes.ts'

/** A server of its own without any of our settings; disposing it stops it. */
export async function bareServer(): Promise<{ readonly socketDir: string } & AsyncDisposable> {
  const prepared = await prepareFolder()
  const { folder, bin, data, options } = prepared
  await execute(path.join(bin, 'initdb'), initdbArguments(data), options)
  const server = startServer(prepared)
  const client = await whenReady(folder.dir, server)
  await client.end()
  return {
    socketDir: folder.dir,
    [Symbol.asyncDispose]: async () => {
      server.kill('SIGINT')
      await once(server, 'close')
      await folder[Symbol.asyncDispose]()
    },
  }
}

/**
 * The least that a rehearsal needs, without any of our code on the way: initdb, start, connect, send the file
 * as one query, stop. Resolves to milliseconds; making and deleting the folder is not counted.
 */
export async function bareServerApplies(sql: string): Promise<number> {
  const prepared = await prepareFolder()
  await using folder = prepared.folder
  const { bin, data, options } = prepared
  return await timeMs(async () => {
    await execute(path.join(bin, 'initdb'), initdbArguments(data), options)
    const server = startServer(prepared)
    const client = await whenReady(folder.dir, server)
    await client.query(sql)
    await client.end()
    server.kill('SIGINT')
    await once(server, 'close')
  })
}

interface PreparedFolder {
  readonly folder: { readonly dir: string } & AsyncDisposable
  readonly bin: string
  readonly data: string
  readonly options: SpawnOptions
}

async function prepareFolder(): Promise<PreparedFolder> {
  const user = await serverUser()
  const installation = (await installations(root)).at(0)
  if (installation === undefined) throw new Error('No Postgres is installed here.')
  const folder = await temporaryFolder()
  const data = path.join(folder.dir, 'data')
  await mkdir(data, { mode: 0o700 })
  if (user.dropped) await Promise.all([folder.dir, data].map((dir) => chown(dir, user.uid, user.gid)))
  const options = { ...spawnIdentity(user), cwd: '/', env: { PATH: process.env['PATH'] } }
  return { folder, bin: installation.bin, data, options }
}

function initdbArguments(data: string): readonly string[] {
  return ['-D', data, '-U', 'bench', '--no-sync', '-A', 'trust']
}

function startServer({ folder, bin, data, options }: PreparedFolder): ChildProcess {
  const settings = ['listen_addresses=', `unix_socket_directories=${folder.dir}`, 'fsync=off']
  const chosen = settings.flatMap((setting) => ['-c', setting])
  return spawn(path.join(bin, 'postgres'), ['-D', data, ...chosen], { ...options, stdio: 'ignore' })
}

async function whenReady(socketDir: string, server: ChildProcess): Promise<Client> {
  while (!(await exists(path.join(socketDir, '.s.PGSQL.5432')))) {
    if (server.exitCode !== null) throw new Error('The bare server did not start.')
    await sleep(3)
  }
  return connect(socketDir)
}

/** The socket is there a few milliseconds before the server takes connections. */
async function connect(socketDir: string): Promise<Client> {
  for (let attempt = 0; ; attempt++) {
    const client = new Client({ host: socketDir, user: 'bench', database: 'postgres' })
    try {
      await client.connect()
      return client
    } catch (error) {
      if (attempt === 200) throw error
      await sleep(3)
    }
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
