import type { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { installBroker } from '../../src/postgres/broker.ts'
import { availableExtensions } from '../../src/postgres/extensions.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { brokered } from '../../src/replay/broker.ts'
import { loadParser, parseStatement } from '../../src/sql/parse.ts'
import { majors, startServer } from './servers.ts'

beforeAll(loadParser)

/** What a statement of a migration is run as. */
function detour(sql: string): string {
  return brokered(parseStatement(sql)) ?? sql
}

describe.each(majors)('the broker on Postgres %i', (major) => {
  let server: PostgresServer
  let database: string
  let migrator: Client

  beforeAll(async () => {
    server = await startServer(major)
    await server.ensureRoles(['app_owner', 'app_ro', 'postgres'])
  })
  afterAll(() => server[Symbol.asyncDispose]())

  beforeEach(async () => {
    database = await server.createDatabase()
    const admin = await server.connectAdmin(database)
    await installBroker(admin, server.migrator)
    await admin.end()
    migrator = await server.connectMigrator(database)
  })
  afterEach(async () => {
    await migrator.end()
    await server.dropDatabase(database)
  })

  async function run(...statements: readonly string[]): Promise<void> {
    for (const sql of statements) await migrator.query(detour(sql))
  }

  async function value(sql: string): Promise<unknown> {
    const { rows } = await migrator.query<{ value: unknown }>(`select (${sql}) as value`)
    return rows[0]?.value
  }

  const owner = (table: string) =>
    value(`select relowner::regrole::text from pg_class where relname = '${table}'`)

  test('creates an untrusted extension where the search path points', async () => {
    await run(
      'create schema stats',
      'set search_path = stats, public',
      'create extension pg_stat_statements',
      "comment on extension pg_stat_statements is 'it''s ours'",
      'create extension if not exists pg_stat_statements',
    )
    expect(
      await value("select extnamespace::regnamespace::text from pg_extension where extname like 'pg_stat%'"),
    ).toBe('stats')
    await run('alter extension pg_stat_statements set schema public', 'drop extension pg_stat_statements')
    expect(await value("select count(*)::int from pg_extension where extname like 'pg_stat%'")).toBe(0)
  })

  test('creates required extensions with CASCADE', async () => {
    await run('create extension earthdistance cascade')
    expect(
      await value("select count(*)::int from pg_extension where extname in ('cube', 'earthdistance')"),
    ).toBe(2)
  })

  test('lets the migrator use a foreign data wrapper that it created', async () => {
    await run(
      'create extension postgres_fdw',
      "create server s foreign data wrapper postgres_fdw options (host 'x')",
    )
    expect(await value('select count(*)::int from pg_foreign_server')).toBe(1)
  })

  test.each(['plpython3u', 'pltclu', 'plperlu'])(
    'does not create the untrusted language %s',
    async (name) => {
      await expect(run(`create extension ${name}`)).rejects.toThrow(/permission denied/)
      const direct = `select pgrehearse.create_extension('${name}', 'public', null, null, false, true)`
      await expect(migrator.query(direct)).rejects.toThrow(/permission denied/)
    },
  )

  test('offers only extensions that load', async () => {
    const admin = await server.connectAdmin(database)
    const names = await availableExtensions(admin)
    await admin.end()
    expect(names).toContain('postgres_fdw')
    expect(names.filter((name) => /plperl|plpython/.test(name))).toEqual([])
  })

  test.each([
    ['create table t (id int)', 'alter table t owner to app_owner', 't'],
    ['create table "T t" (id int)', 'alter table public."T t" owner to app_owner', 'T t'],
    ['create sequence s', 'alter sequence s owner to app_owner', 's'],
    ['create view v as select 1', 'alter view v owner to app_owner', 'v'],
    ['create materialized view m as select 1', 'alter materialized view m owner to app_owner', 'm'],
  ])('gives away what `%s` made', async (create, alter, name) => {
    await run(create, alter)
    expect(await owner(name)).toBe('app_owner')
  })

  test.each([
    ['pg_namespace', 'nspowner', 'create schema s', 'alter schema s owner to app_owner'],
    ['pg_type', 'typowner', "create type e as enum ('a')", 'alter type e owner to app_owner'],
    ['pg_publication', 'pubowner', 'create publication p', 'alter publication p owner to app_owner'],
    ['pg_type', 'typowner', 'create domain d as int', 'alter domain d owner to app_owner'],
    ['pg_type', 'typowner', 'create type c as (a int)', 'alter type c owner to app_owner'],
    [
      'pg_proc',
      'proowner',
      "create function f(a integer, b varchar(3)[], out c int) language sql as 'select 1'",
      'alter function f(integer, varchar(3)[], out int) owner to app_owner',
    ],
    [
      'pg_proc',
      'proowner',
      "create procedure p() language sql as 'select 1'",
      'alter procedure p owner to app_owner',
    ],
    [
      'pg_proc',
      'proowner',
      'create aggregate total(int) (sfunc = int4pl, stype = int)',
      'alter aggregate total(int) owner to app_owner',
    ],
    [
      'pg_operator',
      'oprowner',
      'create operator public.### (leftarg = int, rightarg = int, function = int4pl)',
      'alter operator public.###(int, int) owner to app_owner',
    ],
    ['pg_collation', 'collowner', 'create collation c from "C"', 'alter collation c owner to app_owner'],
    [
      'pg_statistic_ext',
      'stxowner',
      'create table t (a int, b int); create statistics st on a, b from t',
      'alter statistics public.st owner to app_owner',
    ],
    [
      'pg_ts_config',
      'cfgowner',
      'create text search configuration c (copy = simple)',
      'alter text search configuration c owner to app_owner',
    ],
  ])('gives away an object of %s.%s', async (catalogue, column, create, alter) => {
    await migrator.query(create)
    await run(alter)
    expect(
      await value(`select count(*)::int from ${catalogue} where ${column} = 'app_owner'::regrole`),
    ).not.toBe(0)
  })

  test('says what Postgres says of a missing table, and nothing with IF EXISTS', async () => {
    await expect(run('alter table nowhere owner to app_owner')).rejects.toMatchObject({ code: '42P01' })
    await run('alter table if exists nowhere owner to app_owner')
    await run('create table t (id int)')
    await expect(run('alter table t owner to nobody_of_that_name')).rejects.toMatchObject({ code: '42704' })
  })

  test('takes the same locks as Postgres does for an owner change', async () => {
    await run('create table t (id int primary key)', 'begin', 'alter table t owner to app_owner')
    const mode = `select string_agg(distinct mode, ',') from pg_locks
                   where pid = pg_backend_pid() and relation = 't'::regclass`
    expect(await value(mode)).toBe('AccessExclusiveLock')
    await run('rollback')
  })

  test('never gives an object to a role with more rights', async () => {
    const admin = await server.connectAdmin(database)
    await admin.query('create role mighty superuser; create role in_mighty in role mighty')
    await run('create table t (id int)', 'alter table t owner to in_mighty', 'alter table t owner to mighty')
    expect(await owner('t')).toBe(server.migrator)
    await run(
      "create function evil() returns text security definer language sql as 'select pg_read_file(''/etc/passwd'')'",
      'alter function evil() owner to pgrehearse_superuser',
      'alter function evil() owner to pg_read_server_files',
    )
    await expect(run('select evil()')).rejects.toThrow(/permission denied/)
    await admin.query('drop role in_mighty, mighty')
    await admin.end()
  })

  test("does not take over what is not the migrator's", async () => {
    const take = 'alter function pgrehearse.create_extension owner to app_owner'
    await expect(run(take)).rejects.toThrow(/must be owner/)
    await expect(run('alter table pg_catalog.pg_authid owner to app_owner')).rejects.toThrow(/must be owner/)
  })

  test('obeys only sessions that logged in as the migrator', async () => {
    const admin = await server.connectAdmin(database)
    await admin.query("create role stranger login password 'x'")
    const direct = "select pgrehearse.comment_on_extension('plpgsql', 'x')"
    await admin.query('set session authorization stranger')
    await expect(admin.query(direct)).rejects.toThrow(/only the migrator/)
    await admin.query('reset session authorization')
    await admin.query('drop role stranger')
    await admin.end()
    await run('set role app_ro', "comment on extension plpgsql is 'x'", 'reset role')
  })

  test('creates event triggers that exist but never fire, so that their code gets no rights', async () => {
    await run(
      "create function public.escalate() returns event_trigger language plpgsql as $$ begin execute 'alter role app_ro createrole'; end $$",
      "create event trigger trap on ddl_command_end when tag in ('CREATE EXTENSION', 'ALTER TABLE') execute function escalate()",
      'alter event trigger trap enable always',
      "comment on event trigger trap is 'x'",
      'alter event trigger trap rename to trap2',
      'alter event trigger trap2 owner to app_owner',
      'create extension pg_stat_statements',
      'create table t (id int)',
      'alter table t owner to app_owner',
    )
    expect(await value("select evtenabled::text from pg_event_trigger where evtname = 'trap2'")).toBe('D')
    expect(await value("select rolcreaterole from pg_roles where rolname = 'app_ro'")).toBe(false)
    await run('drop event trigger trap2')
    await expect(run('drop event trigger pgrehearse_sql_drop')).rejects.toThrow(/belongs to the rehearsal/)
  })

  test('creates, alters and drops a publication for all tables', async () => {
    await run(
      "create publication p for all tables with (publish = 'insert, update', publish_via_partition_root)",
      "alter publication p set (publish = 'insert')",
      'alter publication p rename to q',
    )
    expect(
      await value(
        'select row(pubname, puballtables, pubinsert, pubupdate, pubviaroot)::text from pg_publication',
      ),
    ).toBe('(q,t,t,f,t)')
    await run(
      'drop publication q',
      'create table t (id int)',
      'create publication own for table t',
      'drop publication own',
    )
  })

  test.runIf(major >= 15)('creates a publication for the tables of schemas', async () => {
    await run('create schema a', 'create publication p for tables in schema a, public')
    expect(await value('select count(*)::int from pg_publication_namespace')).toBe(2)
    await run('drop publication p')
    expect(await value('select count(*)::int from pg_publication')).toBe(0)
  })

  test('sets the harmless superuser settings, for the session or the transaction', async () => {
    await run('set session_replication_role = replica')
    expect(await value("current_setting('session_replication_role')")).toBe('replica')
    await run('reset session_replication_role', 'begin', 'set local deadlock_timeout = 250')
    expect(await value("current_setting('deadlock_timeout')")).toBe('250ms')
    await run('commit')
    expect(await value("current_setting('deadlock_timeout')")).toBe('1s')
    expect(await value("current_setting('session_replication_role')")).toBe('origin')
    const direct = "select pgrehearse.set_parameter('session_preload_libraries', 'x', false)"
    await expect(migrator.query(direct)).rejects.toThrow(/permission denied/)
  })

  test('turns SET SESSION AUTHORIZATION into SET ROLE', async () => {
    await run("set session authorization 'app_owner'")
    expect(await value("current_user || ' ' || session_user")).toBe(`app_owner ${server.migrator}`)
    await run('set session authorization default')
    expect(await value('current_user')).toBe(server.migrator)
  })

  test('is not fooled by quotes, old string escapes or names that look like SQL', async () => {
    await run(
      'set standard_conforming_strings = off',
      "comment on extension plpgsql is '\\'');drop schema pgrehearse cascade; --'",
      'create schema "x"";drop table t;--"',
      'alter schema "x"";drop table t;--" owner to app_owner',
    )
    expect(
      await value(
        "select count(*)::int from pg_namespace where nspname like 'x%' and nspowner = 'app_owner'::regrole",
      ),
    ).toBe(1)
  })
})

test.each([
  'create extension hstore',
  'alter table t add column a int',
  'alter table t add column a int, owner to x',
  'alter table t owner to current_user',
  'create publication p for table t',
  'create operator class c for type int using btree as operator 1 <',
  'set lock_timeout = 1',
  'drop table t',
  'alter index i owner to x',
  'select 1',
])('`%s` needs no broker', (sql) => {
  expect(brokered(parseStatement(sql))).toBeUndefined()
})
