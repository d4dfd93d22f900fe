import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CatalogEffect, TransactionMode } from '../../src/core/model.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { majors } from '../postgres/servers.ts'
import { allWords, measure, words } from './laboratory.ts'
import { openMajor } from './servers.ts'

const setup = `
create table orgs (id int primary key, name text);
create table users (id bigint primary key, org_id int references orgs, email varchar(50), created timestamp, note text);
create index users_email_idx on users (email);
create index users_created_idx on users (created);
create table events (id bigint, at date not null, kind int) partition by range (at);
create table events_2024 partition of events for values from ('2024-01-01') to ('2025-01-01');
create table events_rest partition of events default;
create view org_names as select id, name from orgs;
create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
create function index_notes() returns void language plpgsql as $$ begin create index on users (note); end $$;
insert into orgs values (1, 'a'), (2, 'b');
insert into users select g, 1, 'x' || g, now() from generate_series(1, 10) g;
insert into events values (1, '2024-05-05', 1), (2, '2026-01-01', 1);
`

type Case = readonly [statement: string, expected: readonly string[], mode?: TransactionMode]

/** From the matrix of postgres-facts.md; the same on every major from 14. */
const cases: readonly Case[] = [
  ['alter table users add column x int', ['lock users AccessExclusiveLock']],
  ['alter table users add column x timestamptz default now()', ['lock users AccessExclusiveLock']],
  [
    'alter table users add column x uuid default gen_random_uuid()',
    ['lock users AccessExclusiveLock', 'rewrite users (column default)', 'scan users (rewrite)'],
  ],
  ['alter table users alter email type varchar(80)', ['lock users AccessExclusiveLock']],
  [
    'alter table users alter email type varchar(20)',
    ['lock users AccessExclusiveLock', 'rewrite users (column type)', 'scan users (rewrite)'],
  ],
  [
    'alter table users alter created type timestamptz',
    [
      'lock users AccessExclusiveLock',
      'rewrite users_created_idx (index rebuild)',
      'scan users (build index)',
    ],
  ],
  [
    'alter table users alter org_id set not null',
    ['lock users AccessExclusiveLock', 'scan users (validate)'],
  ],
  ['alter table users add check (id > 0)', ['lock users AccessExclusiveLock', 'scan users (validate)']],
  ['alter table users add check (id > 0) not valid', ['lock users AccessExclusiveLock']],
  [
    'alter table users add foreign key (org_id) references orgs',
    [
      'lock orgs ShareRowExclusiveLock',
      'lock users ShareRowExclusiveLock',
      'scan orgs (validate)',
      'scan users (validate)',
    ],
  ],
  [
    'alter table users add foreign key (org_id) references orgs not valid',
    ['lock orgs ShareRowExclusiveLock', 'lock users ShareRowExclusiveLock'],
  ],
  ['alter table users add unique (email)', ['lock users AccessExclusiveLock', 'scan users (build index)']],
  ['create index i on users (note)', ['lock users ShareLock', 'scan users (build index)']],
  ['create index concurrently i on users (note)', ['scan users (build index)'], 'statement'],
  ['drop index users_email_idx', ['lock users AccessExclusiveLock']],
  [
    'reindex table users',
    [
      'lock users ShareLock',
      'rewrite users_created_idx (reindex)',
      'rewrite users_email_idx (reindex)',
      'rewrite users_pkey (reindex)',
      'scan users (build index)',
    ],
  ],
  ['vacuum full users', ['rewrite users (vacuum full)', 'scan users (rewrite)'], 'statement'],
  [
    'cluster users using users_pkey',
    ['lock users AccessExclusiveLock', 'rewrite users (cluster)', 'scan users (rewrite)'],
  ],
  [
    'alter table users set unlogged',
    ['lock users AccessExclusiveLock', 'rewrite users (persistence)', 'scan users (rewrite)'],
  ],
  ['create table t (o int references orgs)', ['lock orgs ShareRowExclusiveLock']],
  ['drop table users', ['lock orgs AccessExclusiveLock', 'lock users AccessExclusiveLock']],
  [
    'truncate orgs cascade',
    [
      'lock orgs AccessExclusiveLock',
      'lock users AccessExclusiveLock',
      'truncate orgs',
      'truncate users (cascaded)',
    ],
  ],
  [
    "create table events_2026 partition of events for values from ('2027-01-01') to ('2028-01-01')",
    [
      'lock events AccessExclusiveLock',
      'lock events_rest AccessExclusiveLock',
      'scan events_rest (validate)',
    ],
  ],
  [
    'create index on events (kind)',
    [
      'lock events ShareLock',
      'lock events_2024 ShareLock',
      'lock events_rest ShareLock',
      'scan events_2024 (build index)',
      'scan events_rest (build index)',
    ],
  ],
  ['update users set note = email', ['UPDATE users', 'lock users RowExclusiveLock']],
  [
    'insert into users (id, org_id) values (99, 1)',
    ['INSERT users', 'lock orgs RowShareLock', 'lock users RowExclusiveLock'],
  ],
  [
    'create trigger t before update on users for each row execute function touch()',
    ['lock users ShareRowExclusiveLock'],
  ],
  ["comment on table users is 'x'", ['lock users ShareUpdateExclusiveLock']],
  ['create view v as select id from users', ['lock users AccessShareLock']],
  [
    "do $$ begin execute 'alter table users add check (id > 0)'; end $$",
    ['lock users AccessExclusiveLock', 'scan users (validate)'],
  ],
  ['select index_notes()', ['lock users ShareLock', 'scan users (build index)']],
  ['select 1', []],
]

describe.each(majors)('measuring on Postgres %i', (major) => {
  let server: PostgresServer
  beforeAll(async () => {
    await loadParser()
    server = await openMajor(major)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it.each(cases.map((row) => ({ row, statement: row[0] })))('$statement', async ({ row }) => {
    const [statement, expected, mode = 'file'] = row
    expect(allWords(await measure(server, setup, statement, mode))).toEqual([...expected].toSorted())
  })

  it('reports a lock once per transaction, where it was first taken', async () => {
    const { statements } = await measure(
      server,
      setup,
      'create index i on users (note); alter table users add column x int; alter table users add column y int',
    )
    expect(statements.map(({ effects }) => words(effects))).toEqual([
      ['lock users ShareLock', 'scan users (build index)'],
      ['lock users AccessExclusiveLock'],
      [],
    ])
  })

  it('takes locks anew in each transaction', async () => {
    const text = 'alter table users add column x int; alter table users add column y int'
    const { statements } = await measure(server, setup, text, 'statement')
    expect(statements.map(({ effects }) => words(effects))).toEqual([
      ['lock users AccessExclusiveLock'],
      ['lock users AccessExclusiveLock'],
    ])
  })

  it('does not count a scan twice, nor for the next statement', async () => {
    const text =
      'alter table users add check (id > 0); alter table users add check (id > 1) not valid; alter table users add check (id > -1)'
    const { statements } = await measure(server, setup, text, 'statement')
    expect(statements.map(({ effects }) => words(effects).filter((word) => word.startsWith('scan')))).toEqual(
      [['scan users (validate)'], [], ['scan users (validate)']],
    )
  })

  it('tells an index rebuild where it happened, not where the table is read next', async () => {
    const { statements } = await measure(
      server,
      'create table a (id int primary key); create table b (id int, a_id int references a); insert into a values (1); insert into b values (1, 1)',
      'alter table a alter id type bigint; alter table b alter a_id type bigint',
    )
    expect(words(statements[1]?.effects ?? []).toSorted()).toEqual([
      'rewrite b (column type)',
      'scan a (validate)',
      'scan b (rewrite)',
    ])
  })

  it('leaves the comparison inside REFRESH … CONCURRENTLY to the prediction', async () => {
    const view = 'create materialized view mv as select id from users; create unique index on mv (id);'
    const { statements } = await measure(server, setup + view, 'refresh materialized view concurrently mv')
    expect(words(statements[0]?.effects ?? []).filter((word) => word.startsWith('scan'))).toEqual([])
  })

  it('forgets rolled-back work', async () => {
    const text =
      'begin; alter table orgs rename to organisations; rollback; alter table orgs add column x int'
    const { statements } = await measure(server, setup, text, 'statement')
    expect(words(statements[3]?.effects ?? [])).toEqual(['lock orgs AccessExclusiveLock'])
  })

  it.each([
    'lock table t in share mode; alter table t add column locked_at date',
    "set local lock_timeout = '1s'; alter table t add column locked_at date",
  ])(
    'a simple Query of several statements is a transaction block from its first one on: %s',
    async (text) => {
      const { failure, statements } = await measure(server, 'create table t (id int)', text, 'simple query')
      expect(failure).toBeUndefined()
      expect(statements).toHaveLength(2)
    },
  )

  it('refuses CONCURRENTLY in a simple Query of several statements, as the server does', async () => {
    const text = 'create index concurrently i on users (note); select 1'
    const { failure, statements } = await measure(server, setup, text, 'simple query')
    expect(failure?.error.sqlstate).toBe('25001')
    expect(statements).toHaveLength(1)
  })

  it('runs a single CONCURRENTLY in a simple Query', async () => {
    const { failure } = await measure(
      server,
      setup,
      'create index concurrently i on users (note)',
      'simple query',
    )
    expect(failure).toBeUndefined()
  })

  it('lets a simple Query fail as one', async () => {
    const { failure, statements } = await measure(
      server,
      setup,
      'create table t (a int); selec 1',
      'simple query',
    )
    expect(failure?.error).toMatchObject({ sqlstate: '42601', position: { line: 1, column: 25 } })
    expect(statements).toHaveLength(2)
  })

  it('lets SET TRANSACTION come first, and reads the timeouts in force', async () => {
    const text = `begin; set transaction isolation level serializable; set local lock_timeout = '2s';
      alter table users add column x int; commit; alter table users add column y int`
    const { failure, statements } = await measure(server, setup, text, 'statement')
    expect(failure).toBeUndefined()
    expect(statements.map(({ settings }) => settings.lockTimeoutMs).slice(3)).toEqual([2000, 2000, 0])
  })

  it('looks behind statements whose statement_timeout leaves no time for that', async () => {
    const text = `set statement_timeout = '90ms'; begin; set local statement_timeout = '80ms';
      alter table users add column x int; commit; alter table users add column y int; reset statement_timeout; select 1`
    const { failure, statements } = await measure(server, setup, text, 'statement')
    expect(failure).toBeUndefined()
    expect(statements.map(({ settings }) => settings.statementTimeoutMs)).toEqual([
      90, 90, 80, 80, 80, 90, 0, 0,
    ])
    expect(words(statements[3]?.effects ?? [])).toEqual(['lock users AccessExclusiveLock'])
  })

  it('says when a statement_timeout that is too short for measuring ended it', async () => {
    const { failure } = await measure(
      server,
      setup,
      "set statement_timeout = '5ms'; select pg_sleep(9)",
      'statement',
    )
    expect(failure).toMatchObject({ error: { sqlstate: '57014' }, tooLong: false, shortTimeoutMs: 5 })
  })

  it('survives search_path, SET ROLE and DISCARD ALL', async () => {
    const text = `create schema other; set search_path = other; create table pg_class (a int); set role none;
      discard all; alter table users add column x int`
    const { failure, statements } = await measure(server, setup, text, 'statement')
    expect(failure).toBeUndefined()
    expect(words(statements.at(-1)?.effects ?? [])).toEqual(['lock users AccessExclusiveLock'])
  })

  it('says what CASCADE removed and what only went along', async () => {
    const { statements } = await measure(server, setup, 'drop table orgs cascade')
    const drops = (statements[0]?.effects ?? []).filter(
      (effect): effect is CatalogEffect => effect.kind === 'catalog',
    )
    expect(drops.map(({ object, change }) => [object.kind, object.name, change])).toEqual(
      expect.arrayContaining([
        ['table', 'orgs', { type: 'drop', cascaded: false }],
        ['view', 'org_names', { type: 'drop', cascaded: true }],
        ['table constraint', 'users_org_id_fkey', { type: 'drop', cascaded: true }],
      ]),
    )
    expect(drops.map(({ object }) => object.kind)).toHaveLength(3)
  })

  it('knows which of the dropped things the run itself had made', async () => {
    const { statements } = await measure(
      server,
      setup,
      `create table a (id int primary key); create table b (id int references a);
       create function made() returns int language sql as 'select 1';
       alter table users alter note set default made();
       drop table a cascade; drop function made cascade; alter table orgs drop constraint orgs_pkey cascade`,
    )
    const drops = statements.flatMap(({ effects }) =>
      effects.flatMap((effect) =>
        effect.kind === 'catalog' && effect.change.type === 'drop'
          ? [`${effect.object.kind} ${effect.object.name} ${effect.existedBefore ? 'old' : 'new'}`]
          : [],
      ),
    )
    expect(drops.toSorted()).toEqual([
      'default value note new',
      'function made new',
      'table a new',
      'table constraint b_id_fkey new',
      'table constraint orgs_pkey old',
      'table constraint users_org_id_fkey old',
    ])
  })

  it('tells columns added, renamed, retyped and dropped, even from inside a DO block', async () => {
    const text = `do $$ begin
      alter table users add column required int not null default 1;
      alter table users rename column note to remark;
      alter table users alter created type date;
      alter table users drop column email;
    end $$`
    const { statements } = await measure(server, setup, text)
    const changes = (statements[0]?.effects ?? []).flatMap((effect) =>
      effect.kind === 'catalog' && effect.object.name === 'users' ? [effect.change] : [],
    )
    expect(changes).toEqual(
      expect.arrayContaining([
        { type: 'add column', column: { name: 'required', type: 'integer', notNull: true, filled: true } },
        { type: 'rename column', from: 'note', to: 'remark' },
        { type: 'change type', column: 'created', from: 'timestamp without time zone', to: 'date' },
        { type: 'drop column', column: 'email' },
      ]),
    )
  })

  it('loads the rows that follow COPY … FROM STDIN', async () => {
    const result = await measure(
      server,
      setup,
      'copy orgs from stdin;\n8\tx\n9\ty\n\\.\nselect 1 / (count(*) - 3) from orgs;',
    )
    expect(result.failure).toBeUndefined()
    expect(allWords(result)).toContain('COPY orgs')
  })

  it('attributes an error at COMMIT to the transaction that made it', async () => {
    const text = `create table t (a int references orgs deferrable initially deferred); insert into t values (77)`
    const { failure, statements } = await measure(server, setup, text)
    expect(failure?.error.sqlstate).toBe('23503')
    expect(statements.at(-1)?.effects).toContain(failure?.error)
  })

  it('cancels a statement that runs too long', async () => {
    const { failure } = await measure(
      server,
      setup,
      'set statement_timeout = 0; select pg_sleep(3600)',
      'file',
      {
        statementTimeoutMs: 300,
      },
    )
    expect(failure).toMatchObject({ tooLong: true, error: { sqlstate: '57014' } })
  })

  it('survives a migration that kills its own backend', async () => {
    const { failure } = await measure(server, setup, 'select pg_terminate_backend(pg_backend_pid())')
    expect(failure).toMatchObject({ tooLong: false, error: { sqlstate: '57P01' } })
  })

  it('stops at once when the run is aborted', async () => {
    const controller = new AbortController()
    const running = measure(server, setup, 'select pg_sleep(3600)', 'file', { signal: controller.signal })
    setTimeout(() => controller.abort(), 200)
    await expect(running).rejects.toThrow(/abort/i)
  })
})
