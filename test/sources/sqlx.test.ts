import { expect, test } from 'vitest'
import { sqlx } from '../../src/sources/sqlx.ts'
import { emptyFiles, treeOf } from './file-tree.ts'

const root = { source: 'sqlx', dir: 'migrations', found: 'layout' } as const

test('runs versions in the order of their numbers, simple and reversible ones alike', async () => {
  const tree = emptyFiles(
    'migrations/10_j.sql',
    'migrations/9_i_am_up.up.sql',
    'migrations/9_i_am_up.down.sql',
    'migrations/0001_a.sql',
    'migrations/-5_early.sql',
  )
  const set = await sqlx.load(root, tree, {})
  expect(set.scripts.map(({ version, title }) => `${version} ${title}`)).toEqual([
    '-5 early',
    '1 a',
    '9 i am up',
    '10 j',
  ])
  expect(set.problems).toEqual([])
  expect(set.skipped).toEqual([
    {
      file: 'migrations/9_i_am_up.down.sql',
      reason: 'down migrations run only on a rollback',
      affectsOthers: false,
    },
  ])
})

test.each([
  ['-- no-transaction\nCREATE INDEX CONCURRENTLY i ON t (a);', 'simple query'],
  ['-- no-transaction because of the index\r\nSELECT 1;', 'simple query'],
  ['--no-transaction\nSELECT 1;', 'file'],
  [' -- no-transaction\nSELECT 1;', 'file'],
  ['SELECT 1;\n-- no-transaction', 'file'],
])('knows only the exact beginning of a file as no-transaction: %j', async (text, mode) => {
  const set = await sqlx.load(root, treeOf({ 'migrations/1_a.sql': text }), {})
  expect(set.scripts[0]?.transaction.mode).toBe(mode)
})

test('is refused by a name whose prefix is no number, and passes over names without a prefix', async () => {
  const tree = emptyFiles(
    'migrations/1_a.sql',
    'migrations/create_users.sql',
    'migrations/9223372036854775808_big.sql',
    'migrations/seed.sql',
    'migrations/old/0_b.sql',
  )
  const set = await sqlx.load(root, tree, {})
  expect(set.scripts.map(({ file }) => file)).toEqual(['migrations/1_a.sql'])
  expect(set.problems.map(({ code, file }) => `${code} ${file}`)).toEqual([
    'refused-by-tool migrations/9223372036854775808_big.sql',
    'refused-by-tool migrations/create_users.sql',
  ])
  expect(set.skipped?.map(({ file, reason }) => `${file}: ${reason}`)).toEqual([
    'migrations/old/0_b.sql: sqlx does not look into subfolders',
    'migrations/seed.sql: sqlx ignores names other than <version>_<description>.sql',
  ])
})

test('says that two files with one version cannot both be recorded', async () => {
  const set = await sqlx.load(root, emptyFiles('migrations/1_a.sql', 'migrations/01_b.up.sql'), {})
  expect(set.problems).toEqual([
    {
      code: 'duplicate-version',
      file: 'migrations/1_a.sql',
      message:
        'Version 1 is claimed by migrations/01_b.up.sql and migrations/1_a.sql; sqlx runs them both and fails when it records the second.',
    },
  ])
})

test('says that a byte order mark is sent', async () => {
  const set = await sqlx.load(root, treeOf({ 'migrations/1_a.sql': '\u{FEFF}SELECT 1;' }), {})
  expect(set.problems.map(({ code }) => code)).toEqual(['refused-by-tool'])
})

test.each([
  ["SELECT pg_catalog.set_config('search_path', '', false);", 'error'],
  ['SET search_path TO shop;', 'warning'],
  ['SET search_path = shop, public;', undefined],
  ['SET LOCAL search_path = shop;', undefined],
  ['SET search_path = shop; CREATE TABLE t (); RESET search_path;', undefined],
  ['CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = shop AS $$ SELECT 1 $$;', undefined],
  ['-- SET search_path = shop;\nSELECT 1;', undefined],
])('says when its own table can no longer be found: %s', async (text, severity) => {
  const set = await sqlx.load(root, treeOf({ 'migrations/1_a.sql': text }), {})
  expect(set.problems.map((problem) => problem.severity)).toEqual(severity === undefined ? [] : [severity])
})

test('creates its table as sqlx.toml says', async () => {
  const plain = await sqlx.load(root, emptyFiles('migrations/1_a.sql'), {})
  expect(plain.foundation?.sql).toMatch(/^CREATE TABLE IF NOT EXISTS _sqlx_migrations \(/)
  const configured = '[migrate]\ntable-name = "app._migrations"\ncreate-schemas = ["app"]\n'
  const files = { 'sqlx.toml': configured, 'migrations/1_a.sql': 'SET search_path = x;' }
  const set = await sqlx.load(root, treeOf(files), {})
  expect(set.foundation?.sql).toMatch(
    /^CREATE SCHEMA IF NOT EXISTS app;\nCREATE TABLE IF NOT EXISTS app\._migrations \(/,
  )
  expect(set.problems).toEqual([])
  const hostile = '[migrate]\ntable-name = "x (); DROP TABLE y; --"\n'
  const refused = await sqlx.load(root, treeOf({ 'sqlx.toml': hostile, 'migrations/1_a.sql': '' }), {})
  expect(refused.foundation?.sql).toMatch(/^CREATE TABLE IF NOT EXISTS _sqlx_migrations \(/)
})

test('keeps one session, knows scripts by version, and runs late ones', async () => {
  const set = await sqlx.load(root, emptyFiles('migrations/1_a.sql'), {})
  expect(set).toMatchObject({
    sharesSession: true,
    identifiedBy: 'version',
    whenOutOfOrder: { outcome: 'runs' },
    foundation: { settings: { TimeZone: 'UTC' } },
  })
})
