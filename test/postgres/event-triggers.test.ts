import type { Client, QueryResult } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeEvent, installEventTriggers, type DdlEvent } from '../../src/postgres/event-triggers.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { majors, startServer } from './servers.ts'

const marker = 'pgrehearse-test'

const schema = `
  create table orgs (id bigint primary key, name text);
  create table users (id bigint primary key, org_id bigint references orgs, "é name" varchar(10));
  create index users_org on users (org_id);
  create table events (id bigint, at date) partition by range (at);
  create table events_2024 partition of events for values from ('2024-01-01') to ('2025-01-01');
  insert into orgs values (1, 'a'); insert into users values (1, 1, 'x');
`

describe.each(majors)('event triggers on Postgres %i', (major) => {
  let server: PostgresServer
  let withEvents: string
  let without: string
  let firstNewOid: number

  beforeAll(async () => {
    server = await startServer(major)
    without = await server.createDatabase()
    const migrator = await server.connectMigrator(without)
    await migrator.query(schema)
    const oids = await migrator.query<{ last: number }>('select max(oid)::int8::int4 as last from pg_class')
    firstNewOid = (oids.rows[0]?.last ?? 0) + 1
    await migrator.end()
    withEvents = await server.createDatabase({ template: without })
    const admin = await server.connectAdmin(withEvents)
    await installEventTriggers(admin, marker)
    await admin.end()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  async function eventsOf(sql: string): Promise<readonly DdlEvent[]> {
    const migrator = await server.connectMigrator(withEvents)
    const events: DdlEvent[] = []
    migrator.on('notice', (notice) => {
      const event = decodeEvent(marker, notice.message ?? '')
      if (event !== undefined) events.push(event)
    })
    try {
      for (const one of ['begin', sql, 'rollback']) await migrator.query(one)
    } finally {
      await migrator.end()
    }
    return events
  }

  test('report an added column with the whole table', async () => {
    const events = await eventsOf('alter table users add column age integer not null default 1')
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({
      event: 'command',
      commandTag: 'ALTER TABLE',
      objectType: 'table',
      names: ['public', 'users'],
      relation: { schema: 'public', name: 'users', relkind: 'r' },
    })
    const relation = events[0]?.event === 'command' ? events[0].relation : null
    expect(relation?.columns.map((column) => [column.name, column.type, column.notNull])).toEqual([
      ['id', 'bigint', true],
      ['org_id', 'bigint', false],
      ['é name', 'character varying(10)', false],
      ['age', 'integer', true],
    ])
  })

  test('report the table of an index, a constraint and a trigger', async () => {
    const events = await eventsOf(`
      create index orgs_name on orgs (name);
      create function f() returns trigger language plpgsql as 'begin return new; end';
      create trigger t before insert on orgs for each row execute function f();
    `)
    const tables = events.map((event) => event.event === 'command' && [event.objectType, event.table])
    expect(tables).toEqual([
      ['index', 'public.orgs'],
      ['function', null],
      ['trigger', 'public.orgs'],
    ])
  })

  test('report what a cascade drops, and that it was not named', async () => {
    const events = await eventsOf('drop table orgs cascade')
    const drops = events.flatMap((event) =>
      event.event === 'drop'
        ? [{ identity: event.identity, original: event.original, normal: event.normal }]
        : [],
    )
    expect(drops).toContainEqual({ identity: 'public.orgs', original: true, normal: false })
    expect(drops).toContainEqual({
      identity: 'users_org_id_fkey on public.users',
      original: false,
      normal: true,
    })
  })

  test('report a rewrite with its reason', async () => {
    const events = await eventsOf('alter table users alter column id type numeric')
    expect(events.filter((event) => event.event === 'rewrite')).toMatchObject([{ reason: 4 }])
  })

  test('report a GRANT, which names no object', async () => {
    const events = await eventsOf('grant select on users to public')
    expect(events).toMatchObject([{ commandTag: 'GRANT', objid: null, identity: null, names: null }])
  })

  test('are heard under any client encoding, message level, search path and replication role', async () => {
    const events = await eventsOf(`
      set client_encoding = 'LATIN1'; set client_min_messages = 'error'; set search_path = '';
      set quote_all_identifiers = on;
      ${major >= 15 ? 'set session_replication_role = replica;' : ''}
      create table public."日本" (id int)`)
    expect(events).toMatchObject([{ names: ['public', '日本'], relation: { name: '日本' } }])
  })

  test('keep up with a schema of hundreds of objects that is dropped at once', async () => {
    const events = await eventsOf(`
      do $$ begin
        create schema many;
        for i in 1..300 loop execute format('create table many.t%s (id int primary key)', i); end loop;
        drop schema many cascade;
      end $$`)
    const dropped = new Set(events.flatMap((event) => (event.event === 'drop' ? [event.identity] : [])))
    expect([...dropped].filter((identity) => /^many\.t\d+$/.test(identity))).toHaveLength(300)
  })

  test('ignore messages that a migration made up', () => {
    expect(decodeEvent(marker, 'hello')).toBeUndefined()
    expect(decodeEvent(marker, `${marker} nonsense`)).toBeUndefined()
  })

  const statements = [
    'alter table users add column x int default 1',
    'alter table users alter column org_id set not null',
    'alter table users add constraint u unique (org_id)',
    'alter table users rename column org_id to organisation_id',
    'alter table users alter column id type numeric',
    'create index on users (org_id)',
    'create table members (id bigint primary key, user_id bigint references users)',
    'create view v as select * from users',
    'drop table users',
    'drop table orgs cascade',
    'grant select on users to public',
    'alter table events detach partition events_2024',
    "comment on table users is 'x'",
    'truncate users',
  ]

  test.each(statements)('leave the locks of `%s` as they are', async (sql) => {
    expect(await locksOf(withEvents, sql)).toEqual(await locksOf(without, sql))
  })

  async function locksOf(database: string, sql: string): Promise<unknown> {
    const migrator = await server.connectMigrator(database)
    try {
      await migrator.query('begin')
      await migrator.query(sql)
      const locks = await migrator.query<{ relation: number; mode: string }>(
        `select relation::int8::int4 as relation, mode from pg_locks
          where pid = pg_backend_pid() and locktype = 'relation' and relation >= 16384 order by 1, 2`,
      )
      await migrator.query('rollback')
      // New relations get other oids on every run: only those that the template has compare by oid.
      return locks.rows.map(({ relation, mode }) => [relation < firstNewOid ? relation : 'new', mode])
    } finally {
      await migrator.end()
    }
  }

  test.each([
    'create index concurrently c1 on users (id, org_id)',
    'reindex index concurrently users_org',
    'reindex table concurrently users',
    'drop index concurrently users_org',
    'alter table events detach partition events_2024 concurrently',
    'vacuum full users',
  ])('do not hinder `%s`', async (sql) => {
    const outcomes: unknown[] = []
    for (const template of [withEvents, without]) {
      const database = await server.createDatabase({ template })
      const migrator: Client = await server.connectMigrator(database)
      const result: QueryResult = await migrator.query(sql)
      const indexes = await migrator.query(
        `select c.relname, i.indisvalid, i.indisready from pg_index i join pg_class c on c.oid = i.indexrelid
          where c.relnamespace = 'public'::regnamespace order by 1`,
      )
      const partitions = await migrator.query('select inhrelid, inhdetachpending from pg_inherits')
      outcomes.push([result.command, indexes.rows, partitions.rows])
      await migrator.end()
      await server.dropDatabase(database)
    }
    expect(outcomes[0]).toEqual(outcomes[1])
  })
})
