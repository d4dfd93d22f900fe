import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { openMajor } from '../replay/servers.ts'
import { inShort, surprised } from './surprise.ts'

const users = 'create table users (id bigint generated always as identity primary key, email text);\n'

describe('transactions and sessions', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await openMajor(18)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('DO blocks that COMMIT', async () => {
    const commits = `do $$ begin
  for i in 1..3 loop
    update users set email = lower(email) where id % 3 = i - 1;
    commit;
  end loop;
end $$;
`
    const plain = await surprised(server, {
      history: { 'db/migrations/001_users.sql': users, 'db/migrations/002_commits.sql': commits },
      added: { 'db/migrations/003_commits.sql': commits },
    })
    expect(inShort(plain)).toMatchInlineSnapshot(`"rehearsed: db/migrations/003_commits.sql"`)
    const wrapped = await surprised(server, {
      history: { 'sql/V1__users.sql': users },
      added: { 'sql/V2__commits.sql': commits + 'create index on users (email);\n' },
    })
    expect(wrapped.findings.find(({ ruleId }) => ruleId === 'migration-fails')?.notes).toEqual([
      expect.stringContaining('work only outside a transaction block'),
    ])
    expect(inShort(wrapped)).toMatchInlineSnapshot(`
      "failed: sql/V2__commits.sql
      error sql/V2__commits.sql:1 migration-fails: The migration fails here: invalid transaction termination (SQLSTATE 2D000).
      error sql/V2__commits.sql:7 require-concurrent-index: Building users_email_idx blocks every write to users until it is done."
    `)
    const old = await surprised(server, {
      history: { 'sql/V1__users.sql': users, 'sql/V2__commits.sql': commits },
      added: { 'sql/V3__add.sql': 'alter table users add column a int;' },
    })
    expect(inShort(old)).toMatchInlineSnapshot(`
      "rehearsed: sql/V3__add.sql
      info sql/V3__add.sql:1 require-lock-timeout: New reads and writes of users queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait."
    `)
  })

  test('SET TRANSACTION and SET SESSION CHARACTERISTICS as the first statement', async () => {
    const report = await surprised(server, {
      history: {
        'sql/V1__users.sql': `set transaction isolation level serializable;\n${users}`,
        'sql/V2__more.sql':
          'set session characteristics as transaction isolation level repeatable read;\ncreate table more (id int);',
      },
      added: {
        'sql/V3__set.sql':
          'set transaction isolation level serializable;\nalter table users add column a int;',
        'sql/V4__set_late.sql':
          'alter table users add column b int;\nselect 1;\nset transaction isolation level serializable;',
      },
    })
    expect(inShort(report)).toMatchInlineSnapshot(`
      "rehearsed: sql/V3__set.sql
      failed: sql/V4__set_late.sql
      info sql/V3__set.sql:2 require-lock-timeout: New reads and writes of users queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.
      info sql/V4__set_late.sql:1 require-lock-timeout: New reads and writes of users queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.
      error sql/V4__set_late.sql:3 migration-fails: The migration fails here: SET TRANSACTION ISOLATION LEVEL must be called before any query (SQLSTATE 25001)."
    `)
    const plain = await surprised(server, {
      history: { 'db/migrations/001_users.sql': `set transaction isolation level serializable;\n${users}` },
      added: {
        'db/migrations/002_begin.sql':
          'begin;\nset transaction isolation level serializable;\nalter table users add column a int;\ncommit;',
      },
    })
    expect(inShort(plain)).toMatchInlineSnapshot(`
      "rehearsed: db/migrations/002_begin.sql
      info db/migrations/002_begin.sql:3 require-lock-timeout: New reads and writes of users queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait."
    `)
  })

  test('SET ROLE, search_path and temporary tables that leak into the next file', async () => {
    const report = await surprised(server, {
      history: {
        'db/migrations/001_roles.sql': `create role surprise_owner; set role surprise_owner; create schema crm; create table crm.people (id int primary key);`,
        'db/migrations/002_path.sql': `set search_path to crm, public;\ncreate table notes (id int primary key, person int references people);`,
        'db/migrations/003_dump_path.sql': `select pg_catalog.set_config('search_path', '', false);\ncreate table public.tags (id int primary key);`,
        'db/migrations/004_temp.sql': `create temp table staging as select 1 as id;\ninsert into crm.people select id from staging;`,
      },
      added: {
        'db/migrations/005_notes.sql':
          'alter table crm.notes add column body text;\nalter table tags add column name text;',
        'db/migrations/006_path.sql': 'set search_path to crm;\nalter table notes add column title text;',
        'db/migrations/007_after.sql': 'alter table notes add column more text;',
      },
    })
    expect(inShort(report)).toMatchInlineSnapshot(`
      "rehearsed: db/migrations/005_notes.sql
      rehearsed: db/migrations/006_path.sql
      failed: db/migrations/007_after.sql
      info db/migrations/005_notes.sql:1 require-lock-timeout: New reads and writes of crm.notes queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.
      info db/migrations/006_path.sql:2 require-lock-timeout: New reads and writes of crm.notes queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.
      error db/migrations/007_after.sql:1 migration-fails: The migration fails here: relation "notes" does not exist (SQLSTATE 42P01)."
    `)
  })

  test('LISTEN, NOTIFY, advisory locks, large objects, pg_sleep, random()', async () => {
    const text = `listen jobs;
notify pgrst, 'reload schema';
select pg_advisory_lock(42);
select pg_advisory_xact_lock(7);
select lo_create(0);
select lo_from_bytea(0, 'abc');
select pg_sleep(0.01);
insert into users (email) select 'u' || (random() * 1000000)::int || '@example.com' from generate_series(1, 1000);
select pg_advisory_unlock(42);
`
    const report = await surprised(server, {
      history: { 'db/migrations/001_users.sql': users, 'db/migrations/002_words.sql': text },
      added: {
        'db/migrations/003_words.sql': text,
        'db/migrations/004_vacuum.sql': 'vacuum (analyze) users;\n',
      },
    })
    expect(inShort(report)).toMatchInlineSnapshot(`
      "rehearsed: db/migrations/003_words.sql
      rehearsed: db/migrations/004_vacuum.sql"
    `)
  })

  test('a statement that never ends', async () => {
    const report = await surprised(server, {
      statementTimeoutMs: 400,
      history: {
        'db/migrations/001_users.sql': users,
        'db/migrations/002_sleep.sql': 'select pg_sleep(3600);\ncreate table after_sleep (id int);',
      },
      added: {
        'db/migrations/003_loop.sql': `alter table users add column a int;
do $$ begin loop perform 1; end loop; end $$;
create index on users (email);
alter table after_sleep add column b int;`,
        'db/migrations/004_more.sql': 'alter table users add column c int default random();',
      },
    })
    expect(inShort(report)).toMatchInlineSnapshot(`
      "not rehearsed: db/migrations/003_loop.sql
      rehearsed: db/migrations/004_more.sql
      info db/migrations/003_loop.sql:1 require-lock-timeout: New reads and writes of users queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.
      error db/migrations/003_loop.sql:3 require-concurrent-index: Building users_email_idx blocks every write to users until it is done.
      error db/migrations/004_more.sql:1 avoid-table-rewrite: Every read and write of users waits while Postgres writes all rows anew: the default of c is evaluated for each row.
      not checked: After 0.4 s on nearly empty tables a statement was cancelled, so 1 step of the history did not replay: db/migrations/002_sleep.sql:1.
        If that is intended, raise statementTimeout in the configuration. Everything that does not build on it is judged all the same.
      not checked: db/migrations/003_loop.sql:2:1: This statement could not be rehearsed and is judged by prediction: it ran longer than 0.4 s on nearly empty tables and was cancelled.
        If that is intended, raise statementTimeout in the configuration."
    `)
  })
})
