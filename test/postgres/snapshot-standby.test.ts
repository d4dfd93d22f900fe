import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { expect, test } from 'vitest'
import { findInstallation } from '../../src/postgres/binaries.ts'
import { cleanUp, startWatchdog } from '../../src/postgres/cleanup.ts'
import { connectClient } from '../../src/postgres/connect.ts'
import { serverUser, spawnIdentity } from '../../src/postgres/os-user.ts'
import { initialize, superuserName } from '../../src/postgres/postmaster.ts'
import { prepareRuntime } from '../../src/postgres/runtime.ts'
import { parseServerUrl } from '../../src/postgres/server-url.ts'
import { writeConfiguration } from '../../src/postgres/settings.ts'
import { createWorkFolder } from '../../src/postgres/work-folder.ts'
import { readProduction } from '../../src/snapshot/read.ts'
import { serverOptions } from './servers.ts'

test('a standby can be read: its tables, and not the counters that only the primary has', async () => {
  const user = await serverUser()
  const installation = await findInstallation(serverOptions(18))
  const folder = await createWorkFolder(user, {}, false)
  const watchdog = startWatchdog(folder, user)
  try {
    const runtime = await prepareRuntime(installation, user, folder.dir)
    const password = await initialize({ runtime, user, folder, watchdog })
    const data = join(folder.dir, 'data')
    await writeConfiguration(data, folder.socketDir, installation.major)
    const start = (): ChildProcess =>
      spawn(join(runtime.bin, 'postgres'), ['-D', data], {
        ...spawnIdentity(user),
        cwd: '/',
        env: { ...runtime.env },
        stdio: 'ignore',
      })
    const url = `postgresql://${superuserName}:${password}@localhost/postgres?host=${encodeURIComponent(folder.socketDir)}`
    const primary = start()
    const client = await reached(url)
    await client.query('create table public.orders (id int primary key)')
    await client.query('insert into public.orders select generate_series(1, 500)')
    await client.query('vacuum analyze public.orders')
    await client.query('create table public.uncounted as select 1 as a')
    await client.end()
    const ended = once(primary, 'exit')
    primary.kill('SIGINT') // a fast shutdown: nothing is left to recover
    await ended
    await writeFile(join(data, 'standby.signal'), '')
    start()
    await (await reached(url)).end()
    const snapshot = await readProduction({
      url,
      values: { kind: 'none' },
      signal: new AbortController().signal,
    })
    expect(snapshot.server.standby).toBe(true)
    const [orders, uncounted] = snapshot.tables
    expect(orders).toMatchObject({ name: 'orders', rows: 500, columns: [{ name: 'id' }] })
    expect(orders).not.toHaveProperty('rates')
    expect(orders).not.toHaveProperty('dead')
    expect(uncounted).toMatchObject({ name: 'uncounted', rows: null, bytes: 8190, bytesFrom: 'file' })
    expect(snapshot.notRead.map(({ what }) => what).join()).toContain('this server is a standby')
  } finally {
    await cleanUp(folder, user)
    await watchdog.release()
  }
})

async function reached(url: string): Promise<Client> {
  for (let tries = 0; tries < 600; tries += 1) {
    const client = await connectClient(parseServerUrl(url).config).catch(() => undefined)
    if (client !== undefined) return client
    await sleep(50)
  }
  throw new Error('the server never came up')
}
