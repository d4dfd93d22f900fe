import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EnvironmentError, UsageError } from '../../src/core/errors.ts'
import { openServer } from '../../src/postgres/server.ts'
import type { PostgresServer, ServerOptions } from '../../src/postgres/provider.ts'
import { majors, serverOptions, startServer } from './servers.ts'

const password = 'p@ss:w%rd'

describe.each(majors)('an existing Postgres %i', (major) => {
  let host: PostgresServer
  let boss: Client
  let socketDir: string

  beforeAll(async () => {
    host = await startServer(major)
    boss = await host.connectAdmin()
    socketDir = boss.host
    await boss.query(`create role boss superuser login password '${password}'`)
    await boss.query(`create role maker createdb createrole login password '${password}'`)
    await boss.query(`create role nobody_special login password '${password}'`)
    await boss.query('create role app_owner')
  })
  afterAll(async () => {
    await boss.end()
    await host[Symbol.asyncDispose]()
  })

  function url(user: string, database = 'postgres', secret = password): string {
    const login = `${user}:${encodeURIComponent(secret)}`
    return `postgresql://${login}@localhost/${database}?host=${encodeURIComponent(socketDir)}`
  }

  function connect(serverUrl: string, more: Partial<ServerOptions> = {}): Promise<PostgresServer> {
    return openServer(serverOptions(major, { serverUrl, ...more }))
  }

  async function inventory(): Promise<unknown> {
    const { rows } = await boss.query(`
      select (select json_agg(datname order by 1) from pg_database) as databases,
             (select json_agg(to_json(r) order by rolname) from pg_roles r) as roles,
             (select json_agg(row(roleid::regrole, member::regrole) order by roleid, member)
                from pg_auth_members) as members
             ${major >= 15 ? ', (select json_agg(to_json(p)) from pg_parameter_acl p) as parameters' : ''}`)
    return rows[0]
  }

  test('gets databases and roles of our own, and has none of them left in the end', async () => {
    const before = await inventory()
    await using server = await connect(url('boss'))
    expect(server).toMatchObject({ kind: 'existing', major, hasSuperuser: true, migratorIsSuperuser: false })
    await server.ensureRoles(['app_owner', 'app_new'])
    const database = await server.createDatabase()
    const copy = await server.createDatabase({ template: database })
    const migrator = await server.connectMigrator(copy)
    const who = await migrator.query(
      'select session_user = $1 as right, rolsuper from pg_roles where rolname = session_user',
      [server.migrator],
    )
    expect(who.rows).toEqual([{ right: true, rolsuper: false }])
    await migrator.query('create table t (id int); create schema app authorization app_new')
    if (major >= 16) await migrator.query('create role app_made')
    await migrator.end()
    expect(server.foreignRoles).toContain('app_owner')
    expect(server.foreignRoles).not.toContain('app_new')
    await server[Symbol.asyncDispose]()
    expect(await inventory()).toEqual(before)
  })

  test('never alters a role that was there', async () => {
    await using server = await connect(url('boss'))
    await server.ensureRoles(['app_owner', 'pg_monitor', 'public', 'boss'])
    const { rows } = await boss.query(
      "select count(*)::int as members from pg_auth_members where member::regrole::text like 'pgrehearse_migrator_%'",
    )
    expect(rows).toEqual([{ members: 0 }])
  })

  test('works with a user that is no superuser, who is then the migrator', async () => {
    const before = await inventory()
    await using server = await connect(url('maker'))
    expect(server).toMatchObject({ hasSuperuser: false, migrator: 'maker' })
    await server.ensureRoles(['app_new'])
    const database = await server.createDatabase()
    const migrator = await server.connectMigrator(database)
    await migrator.query('create schema app authorization app_new; set role app_new')
    await migrator.end()
    await server[Symbol.asyncDispose]()
    expect(await inventory()).toEqual(before)
  })

  test('is refused when its user may not create databases', async () => {
    const attempt = connect(url('nobody_special'))
    await expect(attempt).rejects.toThrow(EnvironmentError)
    await expect(attempt).rejects.toThrow('The user nobody_special may not create databases on the server.')
  })

  test('is refused when it holds other databases, unless it may be shared', async () => {
    await boss.query('create database production')
    try {
      const attempt = connect(url('boss'))
      await expect(attempt).rejects.toThrow(UsageError)
      await expect(attempt).rejects.toThrow('The server holds other databases: production.')
      await using server = await connect(url('boss'), { sharedServer: true })
      await server.createDatabase()
    } finally {
      await boss.query('drop database production')
    }
  })

  test('is refused when the database of the URL holds tables', async () => {
    const client = await host.connectAdmin('postgres')
    await client.query('create table public.customers (id int)')
    try {
      await expect(connect(url('boss'))).rejects.toThrow('it holds public.customers.')
    } finally {
      await client.query('drop table public.customers')
      await client.end()
    }
  })

  test('is refused when another major was asked for', async () => {
    await expect(connect(url('boss'), { pgVersion: 17 })).rejects.toThrow(/but Postgres 17 was asked for/)
  })

  test('does not print the password when it is wrong', async () => {
    const attempt = await connect(url('boss', 'postgres', 's3cret!')).catch((error: unknown) => error)
    expect(attempt).toBeInstanceOf(EnvironmentError)
    expect(JSON.stringify(attempt) + String(attempt)).not.toContain('s3cret')
    expect(String(attempt)).toContain('password authentication failed')
  })

  test('is cleaned of what a killed run left, but not of what a living one uses', async () => {
    await boss.query('create database pgrehearse_0123456789ab')
    await boss.query("comment on database pgrehearse_0123456789ab is 'pgrehearse run dead'")
    await boss.query('create role left_over')
    await boss.query("comment on role left_over is 'pgrehearse run dead'")
    await using living = await connect(url('boss'))
    const database = await living.createDatabase()
    await using other = await connect(url('boss'))
    expect(other.kind).toBe('existing')
    const { rows } = await boss.query<{ datname: string }>(
      "select datname from pg_database where datname like 'pgrehearse%'",
    )
    expect(rows).toEqual([{ datname: database }])
    const roles = await boss.query("select 1 from pg_roles where rolname = 'left_over'")
    expect(roles.rowCount).toBe(0)
  })

  test('keeps a role of somebody else that appears meanwhile on a shared server', async () => {
    const server = await connect(url('boss'), { sharedServer: true })
    await boss.query('create role of_a_colleague')
    await server[Symbol.asyncDispose]()
    await boss.query('drop role of_a_colleague')
    expect(await connect(url('boss')).then((one) => one[Symbol.asyncDispose]())).toBeUndefined()
  })

  test('lets no migration grant itself the right to run programs', async () => {
    await using server = await connect(url('boss'))
    const migrator = await server.connectMigrator(await server.createDatabase())
    const grant = migrator.query(`grant pg_execute_server_program to ${server.migrator}`)
    await expect(grant).rejects.toMatchObject({ code: '42501' })
    await migrator.end()
  })
})

test('a server that does not answer is an environment error', async () => {
  const attempt = openServer(serverOptions(18, { serverUrl: 'postgresql://me:geheim@127.0.0.1:1/x' }))
  await expect(attempt).rejects.toThrow(EnvironmentError)
  await expect(attempt).rejects.toThrow(/127\.0\.0\.1:1 cannot be used: .*ECONNREFUSED/)
})

test.each([
  ['mysql://me@x/y', 'not a postgresql:// URL'],
  ['nonsense geheim', 'not a postgresql:// URL'],
  ['postgresql://me:a:b/geheim@host/db', 'The server URL cannot be read'],
  ['postgresql://host/db', 'names no user'],
  ['postgresql://me:50%geheim@host/db', '%'],
  ['postgresql://me:geheim@host/db?sslmode=strict', 'unknown sslmode: strict'],
])('the URL %s is a usage error that does not repeat the password', async (serverUrl, reason) => {
  const error = await openServer(serverOptions(18, { serverUrl })).catch((one: unknown) => one)
  expect(error).toBeInstanceOf(UsageError)
  expect(String(error)).toContain(reason)
  expect(String(error)).not.toContain('geheim')
})
