import { existsSync } from 'node:fs'
import { chmod, lstat, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { packCluster, unpackCluster, type ClusterImage } from '../../src/postgres/cluster-image.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { majors, startServer } from './servers.ts'

let scratch: string

beforeEach(async () => {
  scratch = await mkdtemp('/tmp/pgr-image-')
})
afterEach(() => rm(scratch, { recursive: true, force: true }))

async function image(server: PostgresServer): Promise<ClusterImage> {
  const saved = await server.save?.()
  if (saved === undefined || 'refused' in saved) throw new Error(JSON.stringify(saved))
  return saved.image
}

async function ask(server: PostgresServer, database: string, sql: string): Promise<readonly unknown[]> {
  const client = await server.connectMigrator(database)
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows.map((row) => Object.values(row)[0])
  } finally {
    await client.end()
  }
}

async function asAdmin(server: PostgresServer, sql: string): Promise<void> {
  const admin = await server.connectAdmin()
  try {
    await admin.query(sql)
  } finally {
    await admin.end()
  }
}

describe.each(majors)('an image of Postgres %i', (major) => {
  test('takes up databases and roles, with other passwords and our configuration', async () => {
    await using first = await startServer(major)
    await first.ensureRoles(['auditor'])
    const database = await first.createDatabase()
    await ask(first, database, 'create table kept as select generate_series(1, 3000) as n')
    await ask(first, database, 'create unlogged table unlogged as select 1 as n')
    const saved = await image(first)

    // the first goes on with new passwords as well
    expect(await ask(first, database, 'select count(*)::int from kept')).toEqual([3000])

    await using second = await startServer(major, { image: saved })
    expect(second).toMatchObject({ version: first.version, migratorIsSuperuser: false })
    expect(await ask(second, database, 'select count(*)::int from kept')).toEqual([3000])
    expect(await ask(second, database, 'select n from unlogged')).toEqual([1])
    expect(await ask(second, database, "select 1 from pg_roles where rolname = 'auditor'")).toEqual([1])
    const copy = await second.createDatabase({ template: database })
    expect(await ask(second, copy, 'select max(n) from kept')).toEqual([3000])
    await ask(second, await second.createDatabase(), 'create table anew (id int)')

    const admin = await second.connectAdmin()
    const { rows } = await admin.query<{ data: string }>(
      `select current_setting('data_directory') as data, rolpassword from pg_authid where rolname = session_user`,
    )
    await admin.end()
    const data = rows[0]?.data ?? ''
    expect(await readFile(join(data, 'postgresql.auto.conf'), 'utf8')).toBe('')
    await asAdmin(second, "alter system set work_mem = '8MB'")
    expect(await readFile(join(data, 'pg_hba.conf'), 'utf8')).toBe('local all all scram-sha-256\n')
    // whoever can read the image knows a password of no server
    const known = { host: join(data, '..'), port: 5432, user: 'pgrehearse_superuser', database: 'postgres' }
    const stranger = new Client({ ...known, password: saved.password })
    await expect(stranger.connect()).rejects.toMatchObject({ code: '28P01' })
  })

  test.each([
    ['ALTER SYSTEM', "alter system set work_mem = '8MB'", /ALTER SYSTEM/],
    ['a replication slot', "select pg_create_physical_replication_slot('s', true)", /pg_replslot\/s\/state/],
  ])('is refused after %s, and the server goes on', async (_title, sql, reason) => {
    await using server = await startServer(major, { superuser: true })
    const database = await server.createDatabase()
    await ask(server, database, sql)
    expect(await server.save?.()).toEqual({ refused: expect.stringMatching(reason) })
    expect(await ask(server, database, 'select 1')).toEqual([1])
  })
})

test('of a damaged image, starting says what is wrong and leaves nothing', async () => {
  const temporary = await mkdtemp('/tmp/pgr-image-tmp-')
  await chmod(temporary, 0o777)
  const bytes = handmade([['PG_VERSION', 3, 0, 1]], Buffer.from('18\n'.padEnd(8192, '\0')))
  const start = startServer(18, { env: { TMPDIR: temporary }, image: { password: 'x', bytes } })
  await expect(start).rejects.toMatchObject({ exitCode: 3 })
  expect(await readdir(temporary)).toEqual([])
  await rm(temporary, { recursive: true })
})

/** What somebody who knows the layout would write. */
function handmade(index: unknown, pages: Buffer = Buffer.alloc(8192, 'x')): Buffer {
  const header = Buffer.from(JSON.stringify(index))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(header.length)
  return Buffer.concat([length, header, pages])
}

describe('unpacking', () => {
  test('writes files of a cluster, readable for their owner alone', async () => {
    unpackCluster(
      handmade([
        ['base/5/1259_vm', 5, 0, 1],
        ['global/pg_control', 0],
      ]),
      join(scratch, 'data'),
    )
    expect(await readFile(join(scratch, 'data/base/5/1259_vm'), 'utf8')).toBe('xxxxx')
    expect((await lstat(join(scratch, 'data/base/5/1259_vm'))).mode & 0o777).toBe(0o600)
    expect((await lstat(join(scratch, 'data'))).mode & 0o777).toBe(0o700)
  })

  test.each([
    ['../outside'],
    ['base/5/../../../outside'],
    ['/tmp/outside'],
    ['base/5/1259/../../../outside'],
    ['base/5/1259\n'],
    ['./PG_VERSION'],
    ['base//1259'],
    ['postgresql.conf'],
    ['postgresql.auto.conf'],
    ['pg_hba.conf'],
    ['pg_ident.conf'],
    ['standby.signal'],
    ['recovery.signal'],
    ['backup_label'],
    ['tablespace_map'],
    ['pg_tblspc/16400'],
    ['pg_tblspc/16400/PG_18_202506291/5/1259'],
    ['pg_replslot/s/state'],
    ['pg_wal/00000001000000000000000'],
    ['base/5/t3_16400'],
  ])('refuses the path %j before it writes anything', async (path) => {
    const data = join(scratch, 'data')
    const index = [
      ['PG_VERSION', 3, 0, 1],
      [path, 3, 0, 1],
    ]
    expect(() => unpackCluster(handmade(index), data)).toThrow(/what is no file of a cluster/)
    expect(await readdir(scratch)).toEqual([])
  })

  test.each([
    ['no index', Buffer.from('x')],
    ['an index that is cut off', handmade([['PG_VERSION', 3, 0, 1]]).subarray(0, 12)],
    ['an index that is no list', handmade({ PG_VERSION: 3 })],
    ['a symbolic link', handmade([['PG_VERSION', { link: '/etc/passwd' }]])],
    ['a negative length', handmade([['PG_VERSION', -1, 0, 1]])],
    ['half a run', handmade([['PG_VERSION', 3, 0]])],
    ['missing pages', handmade([['PG_VERSION', 8193, 0, 1]])],
    ['pages beyond the end', handmade([['PG_VERSION', 3, 7, 1]])],
  ])('refuses %s', (_title, bytes) => {
    expect(() => unpackCluster(bytes, join(scratch, 'data'))).toThrow(
      expect.objectContaining({ name: 'ClusterImageError' }),
    )
  })

  test('never follows a link that waits for it, nor overwrites a file', async () => {
    const data = join(scratch, 'data')
    await mkdir(join(data, 'base/5'), { recursive: true })
    await symlink(join(scratch, 'outside'), join(data, 'base/5/1259'))
    expect(() => unpackCluster(handmade([['base/5/1259', 3, 0, 1]]), data)).toThrow(/EEXIST/)
    expect(existsSync(join(scratch, 'outside'))).toBe(false)
    const twice = [
      ['PG_VERSION', 3, 0, 1],
      ['PG_VERSION', 3, 0, 1],
    ]
    expect(() => unpackCluster(handmade(twice), join(scratch, 'other'))).toThrow(/EEXIST/)
  })
})

describe('packing', () => {
  /** A stopped cluster, as far as packing looks. */
  async function cluster(state: number): Promise<string> {
    const data = join(scratch, 'data')
    await mkdir(join(data, 'global'), { recursive: true })
    const control = Buffer.alloc(8192)
    control.writeUInt32LE(state, 16)
    await writeFile(join(data, 'global/pg_control'), control)
    await writeFile(join(data, 'postgresql.auto.conf'), '# Do not edit this file manually!\n')
    return data
  }

  test('refuses a server that was not shut down, and a link among its files', async () => {
    const running = 6 // DB_IN_PRODUCTION
    expect(() => packCluster(scratch)).toThrow(/ENOENT/)
    const data = await cluster(running)
    expect(() => packCluster(data)).toThrow(/did not shut down/)
    await cluster(1)
    expect(packCluster(data).length).toBeGreaterThan(8192)
    await mkdir(join(data, 'base/5'), { recursive: true })
    await symlink('/etc/passwd', join(data, 'base/5/1259'))
    expect(() => packCluster(data)).toThrow('it changed more of the server than its databases (base/5/1259)')
  })
})
