import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EnvironmentError } from '../../src/core/errors.ts'
import { startEmbedded } from '../../src/postgres/embedded.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { calibrate } from '../../src/sampling/calibrate.ts'
import { measureHardware } from '../../src/sampling/hardware.ts'
import { majors, serverOptions } from '../postgres/servers.ts'

const password = 'p@ss:w%rd'
const { signal } = new AbortController()

describe.each(majors)('the speed of a machine, measured on Postgres %i', (major) => {
  let server: PostgresServer
  let boss: Client

  beforeAll(async () => {
    server = await startEmbedded(serverOptions(major), { fsync: 'on', wal_level: 'logical' })
    boss = await server.connectAdmin()
    await boss.query(`CREATE ROLE nobody_special LOGIN PASSWORD '${password}'`)
  })
  afterAll(async () => {
    await boss.end()
    await server[Symbol.asyncDispose]()
  })

  function url(secret = password): string {
    const host = encodeURIComponent(boss.host)
    return `postgresql://nobody_special:${encodeURIComponent(secret)}@localhost/postgres?host=${host}`
  }

  /** Relations that measuring has left, of any session; those that pg_temp of a dead session keeps, too. */
  async function leftovers(): Promise<number> {
    const { rows } = await boss.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_class WHERE relname LIKE 'pgrehearse_calibrate%'`,
    )
    return rows[0]?.count ?? NaN
  }

  it('needs no rights and leaves nothing', async () => {
    const { server: description, hardware } = await calibrate(
      serverOptions(major, { serverUrl: url() }),
      signal,
    )
    expect(description).toMatch(new RegExp(`^PostgreSQL ${major}\\.\\d+$`))
    expect(Object.keys(hardware)).toEqual([
      'sortMicrosPerRow',
      'scanBytesPerSecond',
      'walBytesPerSecond',
      'commitMs',
    ])
    for (const rate of Object.values(hardware)) expect(rate).toBeGreaterThanOrEqual(0)
    expect(hardware.sortMicrosPerRow).toBeGreaterThan(0.001)
    expect(hardware.scanBytesPerSecond).toBeGreaterThan(1_000_000)
    expect(hardware.walBytesPerSecond).toBeGreaterThan(100_000)
    expect(await leftovers()).toBe(0)
  })

  it('sends nothing to consumers of logical decoding', async () => {
    await boss.query('CREATE PUBLICATION everything FOR ALL TABLES')
    await boss.query(`SELECT pg_create_logical_replication_slot('consumer', 'pgoutput')`)
    const messages = async (): Promise<unknown> => {
      // 77 is the letter M of a message
      const { rows } = await boss.query(`
        SELECT count(*)::int AS count FROM pg_logical_slot_get_binary_changes('consumer', NULL, NULL,
          'proto_version', '1', 'publication_names', 'everything', 'messages', 'true')
         WHERE get_byte(data, 0) = 77`)
      return rows[0]
    }
    await boss.query(`SELECT pg_logical_emit_message(true, 'told', 'something')`)
    expect(await messages()).toEqual({ count: 1 })
    await calibrate(serverOptions(major, { serverUrl: url() }), signal)
    expect(await messages()).toEqual({ count: 0 })
  })

  it('is the same session afterwards, without commits when it has to be quick', async () => {
    const client = await server.connectMigrator('postgres')
    try {
      const before = await client.query('SHOW ALL')
      expect(await measureHardware(client, { quick: true, signal })).not.toHaveProperty('commitMs')
      expect((await client.query('SHOW ALL')).rows).toEqual(before.rows)
    } finally {
      await client.end()
    }
  })

  it('ends when it is told to, and leaves nothing', async () => {
    const reason = new Error('enough')
    const controller = new AbortController()
    setTimeout(() => controller.abort(reason), 100)
    const measuring = calibrate(serverOptions(major, { serverUrl: url() }), controller.signal)
    await expect(measuring).rejects.toBe(reason)
    await expect.poll(leftovers).toBe(0)
  })

  it('says why a server cannot be measured, without the password', async () => {
    await boss.query('REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC')
    try {
      const failed = calibrate(serverOptions(major, { serverUrl: url() }), signal)
      await expect(failed).rejects.toThrow(/cannot be measured: permission denied to create temporary tables/)
      await expect(failed).rejects.toBeInstanceOf(EnvironmentError)
    } finally {
      await boss.query('GRANT TEMPORARY ON DATABASE postgres TO PUBLIC')
    }
    const refused = calibrate(serverOptions(major, { serverUrl: url('wr%ng') }), signal)
    await expect(refused).rejects.toThrow(/^The server at .* cannot be measured: (?!.*wr%ng)/)
  })
})
