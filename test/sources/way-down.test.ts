/** How each tool goes back: which SQL, in which pieces, in which transaction. */
import { expect, test } from 'vitest'
import type { MigrationSource, SourceRoot, WayDown } from '../../src/core/source.ts'
import { dbmate } from '../../src/sources/dbmate.ts'
import { diesel } from '../../src/sources/diesel.ts'
import { flyway } from '../../src/sources/flyway.ts'
import { golangMigrate } from '../../src/sources/golang-migrate.ts'
import { goose } from '../../src/sources/goose.ts'
import { liquibase } from '../../src/sources/liquibase.ts'
import { nodePgMigrate } from '../../src/sources/node-pg-migrate.ts'
import { plainSql } from '../../src/sources/plain-sql.ts'
import { pop } from '../../src/sources/pop.ts'
import { rambler } from '../../src/sources/rambler.ts'
import { sqitch } from '../../src/sources/sqitch.ts'
import { sqlMigrate } from '../../src/sources/sql-migrate.ts'
import { sqlx } from '../../src/sources/sqlx.ts'
import { treeOf } from './file-tree.ts'

/** `file (mode): pieces that are sent`, a line per script; undefined where it has no way down. */
async function waysDown(
  source: MigrationSource,
  contents: Readonly<Record<string, string>>,
  root: Partial<SourceRoot> = {},
): Promise<readonly (string | undefined)[]> {
  const set = await source.load(
    { source: source.id, dir: 'db', found: 'layout', ...root },
    treeOf(contents),
    {},
  )
  return set.scripts.map(({ down }) => (down === undefined ? undefined : told(down)))
}

function told({ file, text, start, end, parts = [{ start, end }], transaction }: WayDown): string {
  const pieces = parts.map((part) => text.slice(part.start, part.end).trim())
  return `${file} (${transaction.mode}): ${pieces.join(' | ')}`
}

test('golang-migrate takes the down file of the version as one message, whatever its title', async () => {
  const contents = { 'db/1_a.up.sql': '', 'db/1_b.down.sql': 'drop table a;', 'db/2_c.up.sql': '' }
  expect(await waysDown(golangMigrate, contents)).toEqual([
    'db/1_b.down.sql (simple query): drop table a;',
    undefined,
  ])
})

test('goose cuts the down section as the up section, in the same kind of transaction', async () => {
  const up = '-- +goose Up\nselect 1;\n'
  const contents = {
    'db/1_a.sql': `${up}-- +goose Down\n-- what was made\ndrop table a;\n-- +goose StatementBegin\ndo $$ begin\nend $$;\n-- +goose StatementEnd\n`,
    'db/2_b.sql': `-- +goose NO TRANSACTION\n${up}-- +goose Down\ndrop index i;\ndrop table b`,
    'db/3_c.sql': up,
  }
  expect(await waysDown(goose, contents)).toEqual([
    'db/1_a.sql (file): drop table a; | do $$ begin\nend $$;',
    'db/2_b.sql (simple query): drop index i; | drop table b',
    undefined,
  ])
})

test('dbmate has options of their own for its down section', async () => {
  const contents = {
    'db/1_a.sql': '-- migrate:up transaction:false\nselect 1;\n-- migrate:down\ndrop table a;\n',
    'db/2_b.sql': '-- migrate:up\nselect 1;\n-- migrate:down transaction:false\ndrop index b;\n',
  }
  expect(await waysDown(dbmate, contents)).toEqual([
    'db/1_a.sql (file): -- migrate:down\ndrop table a;',
    'db/2_b.sql (simple query): -- migrate:down transaction:false\ndrop index b;',
  ])
})

test('sql-migrate sends the statements of its down sections in order', async () => {
  const contents = {
    'db/1.sql':
      '-- +migrate Up\nselect 1;\n-- +migrate Down notransaction\ndrop index i;\n-- why\ndrop table a;\n',
    'db/2.sql': '-- +migrate Up\nselect 1;\n-- +migrate Down\n-- nothing\n',
  }
  expect(await waysDown(sqlMigrate, contents)).toEqual([
    'db/1.sql (simple query): drop index i; | drop table a;',
    undefined,
  ])
})

test('rambler sends the last of its down sections first', async () => {
  const text =
    '-- rambler up\nselect 1;\n-- rambler down\ndrop table a;\n-- rambler down\ndrop index i;\n-- rambler other\nx\n'
  expect(await waysDown(rambler, { 'db/1.sql': text })).toEqual([
    'db/1.sql (simple query): drop index i; | drop table a;',
  ])
})

test('pop prefers the file for Postgres, and knows nothing of fizz and templates', async () => {
  const contents = {
    'db/1_a.up.sql': '',
    'db/1_a.down.sql': 'all',
    'db/1_a.postgres.down.sql': 'ours',
    'db/2_b.up.sql': '',
    'db/2_b.down.fizz': 'drop_table("b")',
    'db/3_c.up.sql': '',
    'db/3_c.down.sql': 'drop table {{ .Options.t }}',
  }
  expect(await waysDown(pop, contents)).toEqual([
    'db/1_a.postgres.down.sql (file): ours',
    undefined,
    undefined,
  ])
})

test('node-pg-migrate goes down from its comment to the next', async () => {
  const contents = {
    'db/1_a.sql': '-- Up Migration\nselect 1;\n-- Down Migration\ndrop table a;\n',
    'db/2_b.sql': '-- Down Migration\ndrop table b;\n-- Up Migration\nselect 1;\n',
    'db/3_c.sql': 'select 1;\n',
    'db/4_d.up.sql': 'select 1;\n',
    'db/4_d.down.sql': 'drop table d;\n',
  }
  expect(await waysDown(nodePgMigrate, contents)).toEqual([
    'db/1_a.sql (run): -- Down Migration\ndrop table a;',
    'db/2_b.sql (run): -- Down Migration\ndrop table b;',
    undefined,
    'db/4_d.down.sql (run): drop table d;',
  ])
})

test('Diesel runs down.sql as its metadata.toml says', async () => {
  const contents = {
    'db/1_a/up.sql': 'select 1;',
    'db/1_a/down.sql': 'drop table a;',
    'db/2_b/up.sql': 'select 1;',
    'db/2_b/down.sql': 'drop index b;',
    'db/2_b/metadata.toml': 'run_in_transaction = false\n',
    'db/3_c/up.sql': 'select 1;',
  }
  expect(await waysDown(diesel, contents)).toEqual([
    'db/1_a/down.sql (file): drop table a;',
    'db/2_b/down.sql (simple query): drop index b;',
    undefined,
  ])
})

test('sqlx asks the down file itself whether it wants a transaction', async () => {
  const contents = {
    'db/1_a.up.sql': '-- no-transaction\nselect 1;',
    'db/1_a.down.sql': 'drop table a;',
    'db/2_b.up.sql': 'select 1;',
    'db/2_b.down.sql': '-- no-transaction\ndrop index b;',
  }
  expect(await waysDown(sqlx, contents)).toEqual([
    'db/1_a.down.sql (file): drop table a;',
    'db/2_b.down.sql (simple query): -- no-transaction\ndrop index b;',
  ])
})

test('Flyway finds the undo script of a version', async () => {
  const contents = {
    'db/V1.1__a.sql': 'select 1;',
    'db/U1.1__undo_a.sql': 'drop table a;',
    'db/V2__b.sql': 'select 1;',
    'db/U2__b.sql': 'drop index concurrently b;',
    'db/R__c.sql': 'select 1;',
  }
  expect(await waysDown(flyway, contents)).toEqual([
    'db/U1.1__undo_a.sql (file): drop table a;',
    'db/U2__b.sql (statement): drop index concurrently b;',
    undefined,
  ])
})

test('plain files are undone by the file of the same name that says so', async () => {
  const contents = {
    'db/1_a.sql': '',
    'db/1_a.down.sql': 'drop table a;',
    'db/2_b.up.sql': '',
    'db/2_b.rollback.sql': 'drop table b;',
    'db/3_c.sql': '',
    'db/down/3_c.sql': 'drop table c;',
    'db/4_d.sql': '',
    'db/4_d.down.sql': 'drop table d;',
    'db/4_d_undo.sql': 'drop table d;',
  }
  expect(await waysDown(plainSql, contents)).toEqual([
    'db/1_a.down.sql (statement): drop table a;',
    'db/2_b.rollback.sql (statement): drop table b;',
    'db/down/3_c.sql (statement): drop table c;',
    undefined,
  ])
})

test('Sqitch runs the revert script of the change by psql', async () => {
  const contents = {
    'sqitch.conf': '[core]\n\tengine = pg\n',
    'sqitch.plan':
      '%syntax-version=1.0.0\n%project=p\n\na 2024-01-01T00:00:00Z x <x@y.z>\nb 2024-01-02T00:00:00Z x <x@y.z>\n',
    'deploy/a.sql': 'create table a ();',
    'revert/a.sql': '\\set t a\ndrop table :t;',
    'deploy/b.sql': 'create table b ();',
  }
  expect(await waysDown(sqitch, contents, { dir: 'deploy', configFile: 'sqitch.conf' })).toEqual([
    'revert/a.sql (statement): -- \\set t a\ndrop table a;',
    undefined,
  ])
})

test('Liquibase: comments of formatted SQL, each at its place in the file', async () => {
  const text = [
    '--liquibase formatted sql',
    '--changeset x:1',
    'create table a (id int);',
    '--rollback drop view v;',
    '--rollback drop table',
    '--rollback a;',
    '--changeset x:2 runInTransaction:false rollbackEndDelimiter:/',
    'create table b (id int);',
    '/* liquibase rollback',
    'drop index i; -- one',
    'drop table b;',
    '*/',
    '--changeset x:3',
    'select 1;',
    '--rollback not required',
    '--changeset x:4',
    'select 2;',
    '--rollback changesetId:1 changesetAuthor:x',
    '',
  ].join('\n')
  const root = { source: 'liquibase', dir: 'db', found: 'layout' } as const
  const { scripts } = await liquibase.load(root, treeOf({ 'db/1.sql': text }), {})
  expect(scripts.map(({ down }) => down && told(down).replaceAll(/\s+/g, ' '))).toEqual([
    'db/1.sql (file): drop view v | drop table a',
    'db/1.sql (simple query): drop index i; -- one drop table b;',
    undefined,
    undefined,
  ])
  const [one] = scripts
  expect(one?.down?.text.indexOf('drop table')).toBe(text.indexOf('drop table\n'))
})

test('Liquibase: rollback elements of SQL alone', async () => {
  const xml = `<databaseChangeLog>
  <changeSet author="x" id="1"><sql>create table a (id int)</sql><rollback>drop table a</rollback></changeSet>
  <changeSet author="x" id="2"><sql>create table b (id int)</sql>
    <rollback><sql>drop index i; drop table b</sql></rollback></changeSet>
  <changeSet author="x" id="3"><sql>select 1</sql><rollback/></changeSet>
  <changeSet author="x" id="4"><sql>select 2</sql><rollback><dropTable tableName="c"/></rollback></changeSet>
</databaseChangeLog>`
  const root = { configFile: 'db/root.xml', found: 'config file' } as const
  expect(await waysDown(liquibase, { 'db/root.xml': xml }, root)).toEqual([
    'db/root.xml (file): drop table a',
    'db/root.xml (file): drop index i | drop table b',
    undefined,
    undefined,
  ])
})
