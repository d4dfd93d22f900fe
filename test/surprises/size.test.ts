import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { openMajor } from '../replay/servers.ts'
import { inShort, surprised } from './surprise.ts'
import { pgDump } from './pg-dump.ts'

const lines = (count: number, line: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => line(at)).join('')

describe('size', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await openMajor(18)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('a dump of 1.3 MB as the first migration', async () => {
    const dump = pgDump(1_300_000)
    const report = await surprised(server, {
      history: {
        'db/migrations/0001_init.sql': dump,
        'db/migrations/0002_a.sql': 'alter table t1 add column late int;',
      },
      added: {
        'db/migrations/0003_b.sql': 'alter table t2 add column late int;\ncreate index on t3 (name);',
      },
    })
    expect(inShort(report)).toMatchInlineSnapshot(`
      "rehearsed: db/migrations/0003_b.sql
      info db/migrations/0003_b.sql:1 require-lock-timeout: New reads and writes of t2 queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.
      error db/migrations/0003_b.sql:2 require-concurrent-index: Building t3_name_idx blocks every write to t3 until it is done.
      warning db/migrations/0003_b.sql:2 avoid-redundant-index: Every write of t3 keeps t3_name_idx and t3_name up to date, and they are the same index."
    `)
  })

  test('tens of thousands of lines of functions, triggers and views', async () => {
    const code = lines(
      400,
      (at) => `create table g${at} (id int primary key, a int, b text);
create or replace function f${at}() returns trigger language plpgsql as $body$
begin
${lines(50, (line) => `  if new.a = ${line} then new.b := 'x;y''z'; end if; -- ${line}; $$\n`)}  return new;
end
$body$;
create trigger t${at} before insert or update on g${at} for each row execute procedure f${at}();
create view v${at} as select g.id, g.b, ${at === 0 ? '0' : `(select count(*) from v${at - 1})`} as n from g${at} g;
`,
    )
    const report = await surprised(server, {
      history: { 'db/migrations/001_code.sql': code },
      added: {
        'db/migrations/002_more.sql': `alter table g3 alter column a type bigint;
alter table g7 drop column b cascade;
create or replace view v1 as select id from g1;
create or replace function f5() returns trigger language plpgsql as 'begin return new; end';
`,
      },
    })
    expect(inShort(report)).toMatchInlineSnapshot(`
      "failed: db/migrations/002_more.sql
      error db/migrations/002_more.sql:1 avoid-table-rewrite: Every read and write of g3 waits while Postgres writes all rows anew: a changes from integer to bigint.
      error db/migrations/002_more.sql:2 ban-drop-cascade: CASCADE drops more than the statement names: view v10, view v100, view v101, view v102, view v103 and 388 more.
      error db/migrations/002_more.sql:2 ban-drop-column: Every query of running code that names g7.b fails once this commits, and the data is gone.
      error db/migrations/002_more.sql:3 migration-fails: The migration fails here: cannot drop columns from view (SQLSTATE 42P16)."
    `)
  })

  test('rows by COPY and by INSERT', async () => {
    const copy = `copy places (id, name, at) from stdin;\n${lines(10_000, (at) => `${at}\tplace ${at}\t\\N\n`)}\\.\n`
    const insert = `insert into places (id, name) values\n${lines(10_000, (at) => `(${at + 10_000}, 'it''s ${at}')${at < 9999 ? ',' : ';'}\n`)}`
    const inserts = lines(3000, (at) => `insert into places (id, name) values (${at + 30_000}, 'x');\n`)
    const report = await surprised(server, {
      history: {
        'db/migrations/001_places.sql':
          'create table places (id int primary key, name text not null, at date);',
        'db/migrations/002_copy.sql': copy,
        'db/migrations/003_insert.sql': insert,
        'db/migrations/004_inserts.sql': inserts,
      },
      added: {
        'db/migrations/005_copy.sql': copy.replaceAll(/^(\d+)\t/gm, '9000$1\t'),
        'db/migrations/006_alter.sql': 'alter table places alter column name type varchar(5);',
      },
    })
    expect(inShort(report)).toMatchInlineSnapshot(`
      "rehearsed: db/migrations/005_copy.sql
      failed: db/migrations/006_alter.sql
      error db/migrations/006_alter.sql:1 avoid-table-rewrite: Every read and write of places waits while Postgres writes all rows anew: name changes from text to varchar(5).
      error db/migrations/006_alter.sql:1 migration-fails: The migration fails here: value too long for type character varying(5) (SQLSTATE 22001).
      info db/migrations/006_alter.sql:1 avoid-lossy-type-change: The change stops with an error at the first places.name that is longer than 5 characters, and writes of such values fail from then on."
    `)
  })

  test('partitions that are named after today', async () => {
    const today = `do $$
declare d date := date_trunc('month', now())::date;
begin
  for i in 0..2 loop
    execute format('create table events_%s partition of events for values from (%L) to (%L)',
      to_char(d + (i || ' month')::interval, 'YYYYMM'), d + (i || ' month')::interval, d + ((i + 1) || ' month')::interval);
  end loop;
end $$;
`
    const report = await surprised(server, {
      history: {
        'db/migrations/001_events.sql': `create table events (id bigint not null, at timestamptz not null, kind text) partition by range (at);\n${today}`,
      },
      added: {
        'db/migrations/002_index.sql': `create index on events (kind);
do $$ begin execute format('alter table events_%s add check (id > 0)', to_char(now(), 'YYYYMM')); end $$;
insert into events values (1, now(), 'x');
`,
        'db/migrations/003_old.sql': 'alter table events_202001 add column a int;',
      },
    })
    expect(inShort(report).replaceAll(/events_20[^0]\d{3}/g, 'events_<month>')).toMatchInlineSnapshot(`
      "rehearsed: db/migrations/002_index.sql
      not rehearsed: db/migrations/003_old.sql
      error db/migrations/002_index.sql:1 require-concurrent-index: Building events_kind_idx blocks every write to events until it is done.
      error db/migrations/002_index.sql:2 require-not-valid-constraint: Checking a constraint blocks reads and writes of events_<month> until every row has been read.
      info db/migrations/003_old.sql:1 require-lock-timeout: New reads and writes of events_<month> queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.
      not checked: db/migrations/003_old.sql:1:1: This statement could not be rehearsed and is judged by prediction: scripts put such names together while they run, from the date for instance, so production may have it: relation "events_<month>" does not exist."
    `)
  })

  test('a thousand files', async () => {
    const history = Object.fromEntries(
      Array.from({ length: 1000 }, (_, at) => [
        `db/migrations/${String(at).padStart(4, '0')}_step.sql`,
        at % 10 === 0
          ? `create table t${at} (id int primary key);`
          : `alter table t${at - (at % 10)} add column c${at} int;`,
      ]),
    )
    const report = await surprised(server, {
      history,
      added: { 'db/migrations/1000_last.sql': 'alter table t990 drop column c991;' },
    })
    expect(inShort(report)).toMatchInlineSnapshot(`
      "rehearsed: db/migrations/1000_last.sql
      error db/migrations/1000_last.sql:1 ban-drop-column: Every query of running code that names t990.c991 fails once this commits, and the data is gone."
    `)
  })
})
