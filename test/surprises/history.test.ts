import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { branchWith, checked } from '../replay/checked.ts'
import { openMajor } from '../replay/servers.ts'
import { inShort, surprised } from './surprise.ts'

describe('history that does not replay here', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await openMajor(18)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('extensions that this server lacks', async () => {
    const report = await surprised(server, {
      history: {
        'db/migrations/001_extensions.sql': `create extension if not exists vector;
create extension if not exists postgis with schema public;
create extension if not exists pg_cron;
create extension if not exists pgcrypto;
`,
        'db/migrations/002_items.sql': `create table items (id bigint primary key, name text, embedding vector(1536));
create table tags (id bigint primary key, label text not null);
create index on items using hnsw (embedding vector_cosine_ops);
create function nearest(query vector, n int) returns setof items language sql as $$ select * from items order by embedding <=> query limit n $$;
alter table items add column source text;
create view item_names as select id, name from items;
`,
        'db/migrations/003_places.sql': `create table places (id int primary key, at geography(point, 4326));
create index on places using gist (at);
insert into places values (1, st_point(1, 2));
select cron.schedule('nightly', '0 3 * * *', 'vacuum');
alter table tags add column item bigint references items;
create extension if not exists vector;
`,
      },
      added: {
        'db/migrations/004_more.sql': `alter table items add column rank int not null default 0;
create index on tags (label);
alter table itmes add column oops int;
`,
        'db/migrations/005_tags.sql': `create extension if not exists vector;
alter table tags add column embedding vector(3);
alter table tags alter column label type varchar(20);
create index on tags using hnsw (embedding vector_l2_ops);
alter table tags add column colour text;
`,
        'db/migrations/006_last.sql': `create index tags_colour on tags (colour);
alter table places drop column at;
`,
      },
    })
    expect(inShort(report)).toMatchInlineSnapshot(`
      "failed: db/migrations/004_more.sql
      not rehearsed: db/migrations/005_tags.sql
      not rehearsed: db/migrations/006_last.sql
      info db/migrations/004_more.sql:1 require-lock-timeout: New reads and writes of items queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.
      error db/migrations/004_more.sql:2 require-concurrent-index: Building tags_label_idx blocks every write to tags until it is done.
      error db/migrations/004_more.sql:3 migration-fails: The migration fails here: relation "itmes" does not exist (SQLSTATE 42P01).
      info db/migrations/005_tags.sql:2 require-lock-timeout: New reads and writes of tags queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.
      error db/migrations/005_tags.sql:3 avoid-table-rewrite: Every read and write of tags waits while Postgres writes all rows anew: label changes from text to varchar(20).
      warning db/migrations/005_tags.sql:3 avoid-lossy-type-change: The change stops with an error at the first tags.label that is longer than 20 characters, and writes of such values fail from then on.
      error db/migrations/005_tags.sql:4 require-concurrent-index: Building tags_embedding_idx blocks every write to tags until it is done.
      error db/migrations/006_last.sql:1 require-concurrent-index: Building tags_colour blocks every write to tags until it is done.
      error db/migrations/006_last.sql:2 ban-drop-column: Every query of running code that names places.at fails once this commits, and the data is gone.
      not checked: This server does not have the extension "vector", so 8 steps of the history did not replay: db/migrations/001_extensions.sql:1; db/migrations/002_items.sql:1, 3, 4, 5 and 3 more.
        Name a container image that has it (\`server: { image: 'pgvector/pgvector:pg18' }\` in the configuration), or give --server-url a server that has it, or replay with a stand-in (\`extensions: { stub: ['vector'] }\`). Everything that does not build on it is judged all the same.
      not checked: This server does not have the extension "postgis", so 4 steps of the history did not replay: db/migrations/001_extensions.sql:2; db/migrations/003_places.sql:1, 2, 3.
        Name a container image that has it (\`server: { image: 'postgis/postgis:18-3.6' }\` in the configuration), or give --server-url a server that has it, or replay with a stand-in (\`extensions: { stub: ['postgis'] }\`). Everything that does not build on it is judged all the same.
      not checked: This server does not have the extension "pg_cron", so 2 steps of the history did not replay: db/migrations/001_extensions.sql:3; db/migrations/003_places.sql:4.
        Name a container image that has it (\`server: { image: 'supabase/postgres' }\` in the configuration), or give --server-url a server that has it, or replay with a stand-in (\`extensions: { stub: ['pg_cron'] }\`). Everything that does not build on it is judged all the same.
      not checked: db/migrations/004_more.sql:1:1: This statement could not be rehearsed and is judged by prediction: it builds on a step that could not be rehearsed: relation "items" does not exist.
      not checked: db/migrations/005_tags.sql and db/migrations/006_last.sql were not rehearsed, because db/migrations/004_more.sql fails before; they are judged by prediction.
        Mend db/migrations/004_more.sql first."
    `)
  })

  test('what newer servers refuse', async () => {
    const report = await surprised(server, {
      history: {
        'db/migrations/001_old.sql': `set default_with_oids = false;
create table users (id int primary key, name text) with oids;
create table visits (at abstime, seen reltime);
create table plain (id int primary key);
create function plv8_test() returns int language plv8 as 'return 1';
select version() from pg_shadow where valuntil > abstime '2000-01-01';
alter table plain set without oids;
create operator === (leftarg = int, rightarg = int, procedure = int4eq);
create operator => (leftarg = text, rightarg = text, procedure = texteq);
select array_cat_agg(1) from plain;
set checkpoint_segments = 10;
select pg_start_backup('x');
create table ranges (id int) with (fillfactor = 70, autovacuum_no_such = 1);
select x.consrc from pg_constraint x;
`,
        'db/migrations/002_more.sql': 'alter table users add column email text;\ncreate table more (id int);',
      },
      added: {
        'db/migrations/003_users.sql':
          'alter table users add column age int;\nalter table plain add column age int;',
      },
    })
    expect(inShort(report)).toMatchInlineSnapshot(`
      "not rehearsed: db/migrations/003_users.sql
      info db/migrations/003_users.sql:1 require-lock-timeout: New reads and writes of users queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.
      not checked: Postgres 18 refuses what older versions accepted (syntax error at or near "oids"; type "abstime" does not exist; syntax error at or near "=>"; and 5 more), so 9 steps of the history did not replay: db/migrations/001_old.sql:2, 3, 6, 9, 10 and 4 more.
        If production is older, replay on its version: \`server: { pgVersion: … }\`, from 14, or \`server: { image: 'postgres:…' }\`. Everything that does not build on it is judged all the same.
      not checked: This server does not have the extension "plv8", so 1 step of the history did not replay: db/migrations/001_old.sql:5.
        Name a container image that has it (\`server: { image: … }\` in the configuration), or give --server-url a server that has it. Everything that does not build on it is judged all the same.
      not checked: 1 step of the history did not replay here: db/migrations/001_old.sql:13: unrecognized parameter "autovacuum_no_such" (SQLSTATE 22023).
        Everything that does not build on it is judged all the same.
      not checked: db/migrations/003_users.sql:1:1: This statement could not be rehearsed and is judged by prediction: it builds on a step that could not be rehearsed: relation "users" does not exist."
    `)
  })

  test('rows that a seed would have brought, platform schemas and roles', async () => {
    const report = await surprised(server, {
      history: {
        'db/migrations/001_tables.sql': `create table countries (code text primary key);
create table cities (id int primary key, country text not null references countries);
create table settings (key text primary key, value text not null);
grant select on countries to authenticated, service_role;
create table profiles (id uuid primary key references auth.users (id));
`,
        'db/migrations/002_rows.sql': `insert into cities values (1, 'de'), (2, 'fr');
insert into settings values ('a', (select code from countries limit 1));
do $$ begin if not exists (select from countries) then raise exception 'run the seed first'; end if; end $$;
select 1 / count(*) from countries;
create policy own on profiles using (id = auth.uid());
`,
      },
      added: {
        'db/migrations/003_under_review.sql': `alter table profiles add column name text;
alter table cities add column name text not null;
alter table cities add constraint known check (country in ('de', 'fr'));
`,
      },
    })
    expect(inShort(report)).toMatchInlineSnapshot(`
      "not rehearsed: db/migrations/003_under_review.sql
      info db/migrations/003_under_review.sql:1 require-lock-timeout: New reads and writes of profiles queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.
      error db/migrations/003_under_review.sql:2 avoid-required-column: The migration fails as soon as cities holds a row, and every INSERT of running code that omits name fails from then on.
      error db/migrations/003_under_review.sql:3 require-not-valid-constraint: Adding known blocks every read and write of cities until each of its rows has been checked.
      warning db/migrations/003_under_review.sql:3 avoid-repeated-table-work: Postgres goes through all rows of cities 2 times while every read and write of it waits: one ALTER TABLE does all of it in one pass.
      not checked: No migration that ran here creates what the history builds on (schema "auth" does not exist; relation "profiles" does not exist), so 2 steps of the history did not replay: db/migrations/001_tables.sql:5; db/migrations/002_rows.sql:5.
        Rehearse on a server where the platform, the seed or the code that brings it has run (\`server.image\`, --server-url), or let a first migration create it. Everything that does not build on it is judged all the same.
      not checked: The history wants rows that no migration brings (insert or update on table "cities" violates foreign key constraint "cities_country_fkey"; null value in column "value" of relation "settings" violates not-null constraint; run the seed first; and 1 more), so 4 steps of the history did not replay: db/migrations/002_rows.sql:1, 2, 3, 4.
        Rows that a seed or the application has made are not here. Everything that does not build on it is judged all the same.
      not checked: db/migrations/003_under_review.sql:1:1: This statement could not be rehearsed and is judged by prediction: it builds on a step that could not be rehearsed: relation "profiles" does not exist."
    `)
  })

  test('a statement under review that cannot run here for our reason', async () => {
    const report = await surprised(server, {
      history: { 'sql/V1__base.sql': 'create table users (id int primary key, name text);' },
      added: {
        'sql/V2__mixed.sql': `alter table users add column a int;
create extension plv8;
alter table users alter column name type varchar(10);
copy users to program 'cat';
create index on users (name);
alter table users add column b text;
`,
        'sql/V3__next.sql': 'alter table users alter column b set not null;\ncreate index on users (a);',
      },
    })
    expect(inShort(report)).toMatchInlineSnapshot(`
      "not rehearsed: sql/V2__mixed.sql
      rehearsed: sql/V3__next.sql
      error sql/V2__mixed.sql:3 avoid-table-rewrite: Every read and write of users waits while Postgres writes all rows anew: name changes from text to varchar(10).
      warning sql/V2__mixed.sql:3 avoid-lossy-type-change: The change stops with an error at the first users.name that is longer than 10 characters, and writes of such values fail from then on.
      error sql/V2__mixed.sql:4 avoid-slow-work-under-lock: Reads and writes of users wait until every row of users has been read: a lock from earlier in the transaction is still held.
      error sql/V2__mixed.sql:5 require-concurrent-index: Building users_name_idx blocks every read and write of users until it is done.
      error sql/V3__next.sql:1 require-checked-not-null: Making users.b NOT NULL blocks every read and write of users until each of its rows has been checked.
      info sql/V3__next.sql:1 avoid-repeated-table-work: Postgres goes through all rows of users 2 times while every read and write of it waits: one ALTER TABLE does all of it in one pass.
      error sql/V3__next.sql:2 require-concurrent-index: Building users_a_idx blocks every read and write of users until it is done.
      not checked: sql/V2__mixed.sql:3:1: Whether this statement succeeds depends on the rows in production (here: value too long for type character varying(10), SQLSTATE 22001).
        Run this in production beforehand: select count((name)::varchar(10)) as must_not_fail from users;
      not checked: sql/V2__mixed.sql:2:1: This statement could not be rehearsed and is judged by prediction: this server does not have the extension "plv8".
        Name a container image that has it (\`server: { image: … }\` in the configuration), or give --server-url a server that has it.
      not checked: sql/V2__mixed.sql:4:1: This statement could not be rehearsed and is judged by prediction: our role on the throwaway server may not do it (permission denied to COPY to or from an external program).
        Run with --superuser if you trust this migration, or give --server-url a server whose user may do it."
    `)
  })

  test('a failing migration names itself once', async () => {
    const report = await surprised(server, {
      history: { 'sql/V1__base.sql': 'create table users (id int primary key, name text);' },
      added: {
        'sql/V2__fails.sql': 'alter table user add column a int;',
        'sql/V3__next.sql': 'alter table users add column b int;',
        'sql/V4__next.sql': 'alter table users add column c int;',
        'sql/V5__next.sql': 'create index on users (name);',
        'sql/V6__next.sql': 'alter table users add column d int;',
      },
    })
    expect(inShort(report)).toMatchInlineSnapshot(`
      "failed: sql/V2__fails.sql
      not rehearsed: sql/V3__next.sql
      not rehearsed: sql/V4__next.sql
      not rehearsed: sql/V5__next.sql
      not rehearsed: sql/V6__next.sql
      error sql/V2__fails.sql:1 migration-fails: The migration fails here: syntax error at or near "user" (SQLSTATE 42601).
      info sql/V3__next.sql:1 require-lock-timeout: New reads and writes of users queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.
      info sql/V4__next.sql:1 require-lock-timeout: New reads and writes of users queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.
      error sql/V5__next.sql:1 require-concurrent-index: Building users_name_idx blocks every write to users until it is done.
      info sql/V6__next.sql:1 require-lock-timeout: New reads and writes of users queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.
      not checked: sql/V3__next.sql and 3 more migrations were not rehearsed, because sql/V2__fails.sql fails before; they are judged by prediction.
        Mend sql/V2__fails.sql first."
    `)
  })

  test('migrations in code between the SQL ones, and a file that cannot be read', async () => {
    const code = await surprised(server, {
      history: {
        'src/main/resources/db/migration/V1__base.sql': 'create table users (id int primary key, name text);',
        'src/main/java/db/migration/V2__Accounts.java':
          'public class V2__Accounts extends BaseJavaMigration {}',
      },
      added: {
        'src/main/resources/db/migration/V3__accounts.sql':
          'alter table accounts add column a int;\nalter table users add column b int;\nalter table users alter column name type varchar(10);',
      },
    })
    expect(inShort(code)).toMatchInlineSnapshot(`
      "not rehearsed: src/main/resources/db/migration/V3__accounts.sql
      warning src/main/resources/db/migration/V3__accounts.sql:2 avoid-locking-several-tables: Reads and writes of accounts wait as long as this transaction waits for its lock on users, and two such transactions can deadlock.
      error src/main/resources/db/migration/V3__accounts.sql:3 avoid-table-rewrite: Every read and write of users waits while Postgres writes all rows anew: name changes from text to varchar(10).
      warning src/main/resources/db/migration/V3__accounts.sql:3 avoid-lossy-type-change: The change stops with an error at the first users.name that is longer than 10 characters, and writes of such values fail from then on.
      not checked: src/main/java/db/migration/V2__Accounts.java is not rehearsed: Java migrations are not run.
      not checked: src/main/resources/db/migration/V3__accounts.sql:3:1: Whether this statement succeeds depends on the rows in production (here: value too long for type character varying(10), SQLSTATE 22001).
        Run this in production beforehand: select count((name)::varchar(10)) as must_not_fail from users;
      not checked: src/main/resources/db/migration/V3__accounts.sql:1:1: This statement could not be rehearsed and is judged by prediction: it may build on src/main/java/db/migration/V2__Accounts.java, which is not run here: relation "accounts" does not exist."
    `)
    const unread = await surprised(server, {
      history: {
        'db/migrations/001_base.sql': 'create table users (id int primary key, name text);',
        'db/migrations/002_latin1.sql': Buffer.from('create table grö\u00dfen (id int);', 'latin1'),
      },
      added: {
        'db/migrations/003_next.sql': 'alter table größen add column a int;\ncreate index on users (name);',
      },
    })
    expect(inShort(unread)).toMatchInlineSnapshot(`
      "not rehearsed: db/migrations/003_next.sql
      info db/migrations/003_next.sql:1 require-lock-timeout: New reads and writes of größen queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.
      error db/migrations/003_next.sql:2 require-concurrent-index: Building users_name_idx blocks every write to users until it is done.
      not checked: db/migrations/002_latin1.sql is not UTF-8: byte 0xf6 at offset 15 (line 1, column 16).
      not checked: db/migrations/003_next.sql:1:1: This statement could not be rehearsed and is judged by prediction: it may build on a file of the history that could not be read, which is not run here: relation "größen" does not exist."
    `)
  })

  test('a history that does not replay is cached with everything that is said of it', async () => {
    const workspace = await branchWith(
      {
        'db/migrations/001_items.sql':
          'create extension vector;\ncreate table items (id int, e vector);\ncreate table tags (id int primary key);',
      },
      {
        'db/migrations/002_more.sql':
          'alter table items add column a int;\nalter table tags add column b int;',
      },
    )
    const cacheDir = '.cache'
    const cold = await checked(workspace, { cacheDir, suggestions: false })
    const warm = await checked(workspace, { cacheDir, suggestions: false })
    expect(warm.progress).toContainEqual(expect.stringContaining('from the cache'))
    expect(inShort(warm.report)).toBe(inShort(cold.report))
    expect(warm.report.migrations[0]?.statements.map(({ measured }) => measured)).toEqual([false, true])
    expect(warm.report.notChecked.map(({ code }) => code)).toEqual(['history-step-failed', 'not-rehearsed'])
  })
})
