import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { expect, test } from 'vitest'
import { connectClient } from '../../src/postgres/connect.ts'
import { parseServerUrl } from '../../src/postgres/server-url.ts'
import { readProduction } from '../../src/snapshot/read.ts'
import { bareServer } from './bare-server.ts'

test('a standby can be read: its tables, and not the counters that only the primary has', async () => {
  await using server = await bareServer()
  const primary = server.start()
  const client = await reached(server.url)
  await client.query('create table public.orders (id int primary key)')
  await client.query('insert into public.orders select generate_series(1, 500)')
  await client.query('vacuum analyze public.orders')
  await client.query('create table public.uncounted as select 1 as a')
  await client.end()
  const ended = once(primary, 'exit')
  primary.kill('SIGINT') // a fast shutdown: nothing is left to recover
  await ended
  await writeFile(join(server.data, 'standby.signal'), '')
  server.start()
  await (await reached(server.url)).end()
  const snapshot = await readProduction({
    url: server.url,
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
})

async function reached(url: string): Promise<Client> {
  for (let tries = 0; tries < 600; tries += 1) {
    const client = await connectClient(parseServerUrl(url).config).catch(() => undefined)
    if (client !== undefined) return client
    await sleep(50)
  }
  throw new Error('the server never came up')
}
