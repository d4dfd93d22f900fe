import { spawn, type ChildProcess } from 'node:child_process'
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

/**
 * The least that a rehearsal needs, without any of our code on the way: initdb, start, connect, send the file
 * as one query, stop. Resolves to milliseconds; making and deleting the folder is not counted.
 */
export async function bareServerApplies(sql: string): Promise<number> {
  const user = await serverUser()
  const installation = (await installations(root)).at(0)
  if (installation === undefined) throw new Error('No Postgres is installed here.')
  await using folder = await temporaryFolder()
  const { bin } = installation
  const data = path.join(folder.dir, 'data')
  await mkdir(data, { mode: 0o700 })
  if (user.dropped) await Promise.all([folder.dir, data].map((dir) => chown(dir, user.uid, user.gid)))
  const options = { ...spawnIdentity(user), cwd: '/', env: { PATH: process.env['PATH'] } }
  return await timeMs(async () => {
    await execute(path.join(bin, 'initdb'), ['-D', data, '-U', 'bench', '--no-sync', '-A', 'trust'], options)
    const server = spawn(
      path.join(bin, 'postgres'),
      [
        '-D',
        data,
        '-c',
        'listen_addresses=',
        '-c',
        `unix_socket_directories=${folder.dir}`,
        '-c',
        'fsync=off',
      ],
      { ...options, stdio: 'ignore' },
    )
    await apply(sql, folder.dir, server)
    server.kill('SIGINT')
    await once(server, 'close')
  })
}

async function apply(sql: string, socketDir: string, server: ChildProcess): Promise<void> {
  while (!(await exists(path.join(socketDir, '.s.PGSQL.5432')))) {
    if (server.exitCode !== null) throw new Error('The bare server did not start.')
    await sleep(3)
  }
  const client = await connect(socketDir)
  await client.query(sql)
  await client.end()
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
