import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { openMajor } from '../replay/servers.ts'
import { inShort, surprised } from './surprise.ts'

const utf16 = (text: string): Uint8Array => Buffer.from(`\uFEFF${text}`, 'utf16le')

describe('files as they are', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await openMajor(18)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('byte order marks, carriage returns, UTF-16, Latin-1', async () => {
    const report = await surprised(server, {
      history: {
        'db/migrations/001_users.sql':
          '\uFEFF-- Benutzer\r\ncreate table users (\r\n  id int primary key,\r\n  name text\r\n);\r\n',
        'db/migrations/002_utf16.sql': utf16('create table wide (id int);\r\n'),
        'db/migrations/003_copy.sql': 'copy users (id, name) from stdin;\r\n1\tAnna\r\n2\tJörg\r\n\\.\r\n',
      },
      added: {
        'db/migrations/004_windows.sql':
          '\uFEFF-- Größe\r\nalter table users\r\n  alter column name type varchar(10),\r\n  add column größe int;\r\n',
        'db/migrations/005_utf16.sql': utf16('alter table wide add column größe int not null;\r\n'),
        'db/migrations/006_latin1.sql': Buffer.from("insert into users values (9, 'J\u00f6rg');\n", 'latin1'),
      },
    })
    expect(inShort(report)).toMatchInlineSnapshot(`
      "rehearsed: db/migrations/004_windows.sql
      error db/migrations/005_utf16.sql:1 unreadable-file: db/migrations/005_utf16.sql is UTF-16 (little endian); save it as UTF-8.
      error db/migrations/006_latin1.sql:1 unreadable-file: db/migrations/006_latin1.sql is not UTF-8: byte 0xf6 at offset 31 (line 1, column 32).
      error db/migrations/004_windows.sql:2 avoid-table-rewrite: Every read and write of users waits while Postgres writes all rows anew: name changes from text to varchar(10).
      warning db/migrations/004_windows.sql:2 avoid-lossy-type-change: The change stops with an error at the first users.name that is longer than 10 characters, and writes of such values fail from then on.
      not checked: db/migrations/002_utf16.sql is UTF-16 (little endian); save it as UTF-8."
    `)
  })

  test('blank files, comments alone, and down files that do not parse', async () => {
    const report = await surprised(server, {
      history: {
        'migrations/000001_base.up.sql': 'create table users (id int primary key);',
        'migrations/000001_base.down.sql': 'drop tabel users if exists ;;; (',
        'migrations/000002_blank.up.sql': '',
        'migrations/000002_blank.down.sql': '',
        'migrations/000003_comment.up.sql': '-- nothing to do any more\n/* was: create table x */\n',
        'migrations/000003_comment.down.sql': '-- nothing',
        'migrations/000004_semicolons.up.sql': ';;\n;\n',
        'migrations/000004_semicolons.down.sql': 'selec 1',
      },
      added: {
        'migrations/000005_blank.up.sql': '   \n\t\n',
        'migrations/000005_blank.down.sql': 'DROP TABLE IF EXISTS ???;',
        'migrations/000006_comment.up.sql': '-- to be done\n',
        'migrations/000006_comment.down.sql': '',
        'migrations/000007_real.up.sql': 'alter table users add column a int;',
        'migrations/000007_real.down.sql': 'alter tabel users drop column a',
      },
    })
    expect(inShort(report)).toMatchInlineSnapshot(`
      "rehearsed: migrations/000005_blank.up.sql
      rehearsed: migrations/000006_comment.up.sql
      rehearsed: migrations/000007_real.up.sql
      info migrations/000007_real.up.sql:1 require-lock-timeout: New reads and writes of users queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait."
    `)
  })

  test('versions with dashes, dots and letters', async () => {
    const report = await surprised(server, {
      history: {
        'db/migrations/2024-01-05-1200-users.sql': 'create table users (id int primary key);',
        'db/migrations/2024-01-05-0900-orgs.sql': 'create table orgs (id int primary key);',
        'db/migrations/2024-02-01-0000_link.sql': 'alter table users add column org int references orgs;',
      },
      added: {
        'db/migrations/2024-02-01-0001b_more.sql': 'alter table users add column a int;',
      },
    })
    expect(inShort(report)).toMatchInlineSnapshot(`
      "rehearsed: db/migrations/2024-02-01-0001b_more.sql
      info db/migrations/2024-02-01-0001b_more.sql:1 require-lock-timeout: New reads and writes of users queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait."
    `)
    const dotted = await surprised(server, {
      history: {
        'sql/1.0.0-users.sql': 'create table users (id int primary key);',
        'sql/1.0.10-c.sql': 'alter table b add column c int;',
        'sql/1.0.9-b.sql': 'create table b (id int);',
        'sql/v1.1-d.sql': 'alter table b add column d int;',
      },
      added: { 'sql/1.1.1-e.sql': 'alter table b add column e int not null default 0;' },
    })
    expect(inShort(dotted)).toMatchInlineSnapshot(`
      "rehearsed: sql/1.1.1-e.sql
      info sql/1.1.1-e.sql:1 require-lock-timeout: New reads and writes of b queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait."
    `)
    const letters = await surprised(server, {
      history: {
        'db/migrations/001_users.sql': 'create table users (id int primary key);',
        'db/migrations/002a_orgs.sql': 'create table orgs (id int primary key);',
        'db/migrations/002b_link.sql': 'alter table users add column org int references orgs;',
      },
      added: { 'db/migrations/003_more.sql': 'alter table orgs add column a int;' },
    })
    expect(inShort(letters)).toMatchInlineSnapshot(`
      "rehearsed: db/migrations/003_more.sql
      info db/migrations/003_more.sql:1 require-lock-timeout: New reads and writes of orgs queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait."
    `)
  })

  test('two files with one timestamp', async () => {
    const report = await surprised(server, {
      history: {
        'db/migrations/20240105120000_users.sql': 'create table users (id int primary key);',
        'db/migrations/20240105120000_orgs.sql': 'create table orgs (id int primary key);',
      },
      added: {
        'db/migrations/20240301120000_a.sql': 'alter table users add column a int;',
        'db/migrations/20240301120000_b.sql': 'alter table orgs add column b int;',
      },
    })
    expect(inShort(report)).toMatchInlineSnapshot(`
      "rehearsed: db/migrations/20240301120000_a.sql
      rehearsed: db/migrations/20240301120000_b.sql
      info db/migrations/20240301120000_a.sql:1 require-lock-timeout: New reads and writes of users queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.
      error db/migrations/20240301120000_b.sql:1 duplicate-version: Version 20240301120000 is claimed by db/migrations/20240301120000_a.sql and db/migrations/20240301120000_b.sql; which of them runs first depends on their names only.
      info db/migrations/20240301120000_b.sql:1 require-lock-timeout: New reads and writes of orgs queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.
      not checked: Version 20240105120000 is claimed by db/migrations/20240105120000_orgs.sql and db/migrations/20240105120000_users.sql; which of them runs first depends on their names only."
    `)
  })

  test('a file that breaks off in the middle of a literal', async () => {
    const report = await surprised(server, {
      history: { 'db/migrations/001_users.sql': 'create table users (id int primary key, name text);' },
      added: {
        'db/migrations/002_open.sql':
          "alter table users add column a int;\ninsert into users values (1, 'abc);\nselect 1;",
        'db/migrations/003_dollar.sql': 'do $x$ begin null; end $$;\n',
      },
    })
    expect(inShort(report)).toMatchInlineSnapshot(`
      "failed: db/migrations/002_open.sql
      not rehearsed: db/migrations/003_dollar.sql
      info db/migrations/002_open.sql:1 require-lock-timeout: New reads and writes of users queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.
      error db/migrations/002_open.sql:2 migration-fails: The migration fails here: unterminated quoted string at or near "'abc);
      select 1;" (SQLSTATE 42601).
      not checked: db/migrations/002_open.sql:2:30: A string literal that begins here never ends.
        Close it; until then everything after it is part of it.
      not checked: db/migrations/003_dollar.sql:1:4: A dollar-quoted string that begins here never ends.
        Close it; until then everything after it is part of it.
      not checked: db/migrations/003_dollar.sql was not rehearsed, because db/migrations/002_open.sql fails before; it is judged by prediction.
        Mend db/migrations/002_open.sql first.
      not checked: db/migrations/003_dollar.sql:1:1: What this statement does cannot be told without running it: our parser does not know the syntax."
    `)
  })
})
