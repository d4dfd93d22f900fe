import { expect, test } from 'vitest'
import type { MigrationSet } from '../../src/core/source.ts'
import { dbmate } from '../../src/sources/dbmate.ts'
import { emptyFiles, treeOf } from './file-tree.ts'

const root = { source: 'dbmate', dir: 'db/migrations', found: 'marker comment' } as const

function load(contents: Readonly<Record<string, string | Uint8Array>>): Promise<MigrationSet> {
  const inFolder = Object.entries(contents).map(([name, text]) => [`db/migrations/${name}`, text])
  return dbmate.load(root, treeOf(Object.fromEntries(inFolder)), {})
}

const upDown = (up: string): string => `-- migrate:up\n${up}\n\n-- migrate:down\nSELECT 'down';\n`

test('finds folders by the comment in their files, not the dump beside them', async () => {
  const tree = treeOf({ 'db/migrations/1_a.sql': upDown(''), 'db/schema.sql': 'SELECT 1;' })
  expect(await dbmate.detect(tree)).toEqual([root])
})

test('runs files in the order of their names as text, also beyond the digits', async () => {
  const { scripts, problems, skipped } = await load({
    '10_b.sql': upDown(''),
    '9_c.sql': upDown(''),
    '2024-01-01.sql': upDown(''),
    'x.sql': upDown(''),
    'old/1_x.sql': upDown(''),
  })
  expect(scripts.map(({ version, title }) => `${version} ${title}`)).toEqual(['10 b', '2024 01 01', '9 c'])
  expect(problems).toEqual([])
  expect(skipped?.map(({ file }) => file)).toEqual(['db/migrations/x.sql'])
})

test('two files of one version: the second cannot be noted', async () => {
  const { problems } = await load({ '9_a.sql': upDown(''), '9_b.sql': upDown(''), '09_c.sql': upDown('') })
  expect(problems.map(({ code, file }) => `${code} ${file}`)).toEqual([
    'duplicate-version db/migrations/9_b.sql',
  ])
})

test('wraps the up section, and sends it as one message with transaction:false', async () => {
  const { scripts } = await load({
    '1_a.sql': upDown('SELECT 1;'),
    '2_b.sql': '-- a note\n--migrate:up x:y transaction:false\r\nSELECT 1;\nSELECT 2;\r\n-- migrate:down\r\n',
    '3_c.sql': '-- migrate:up transaction:true:false\n-- migrate:down transaction:false',
  })
  expect(scripts.map(({ transaction }) => transaction.mode)).toEqual(['file', 'simple query', 'file'])
  expect(scripts.map(({ text, start, end }) => text.slice(start, end))).toEqual([
    '-- migrate:up\nSELECT 1;\n\n',
    '--migrate:up x:y transaction:false\r\nSELECT 1;\nSELECT 2;\r\n',
    '-- migrate:up transaction:true:false\n',
  ])
})

test.each([
  ['a transaction opened anew', upDown('COMMIT; BEGIN; SELECT 1;')],
  ['a savepoint left', upDown('SAVEPOINT a; ROLLBACK TO a;')],
  ['a transaction chained', upDown('COMMIT AND CHAIN;')],
  ['no transaction around it', '-- migrate:up transaction:false\nBEGIN; COMMIT;\n-- migrate:down'],
  [
    'an empty search_path, for which it takes public',
    upDown("SELECT pg_catalog.set_config('search_path', '', false);"),
  ],
])('dbmate does not mind %s', async (_, text) => {
  expect((await load({ '1_a.sql': text })).problems).toEqual([])
})

test('takes the transaction of the configuration', async () => {
  const transaction = { mode: 'statement', why: 'configuration' } as const
  const tree = treeOf({ 'db/migrations/1_a.sql': upDown('') })
  expect((await dbmate.load(root, tree, { transaction })).scripts[0]?.transaction).toEqual(transaction)
})

test.each([
  ['no up section', 'SELECT 1;', 'dbmate refuses FILE: it has no "-- migrate:up".'],
  ['an empty file', '', 'dbmate refuses FILE: it has no "-- migrate:up".'],
  [
    'no down section',
    '-- migrate:up\nSELECT 1;',
    'dbmate refuses FILE: no "-- migrate:down" follows its "-- migrate:up".',
  ],
  [
    'the down section first',
    '-- migrate:down\n-- migrate:up\n',
    'dbmate refuses FILE: no "-- migrate:down" follows its "-- migrate:up".',
  ],
  [
    'SQL before it',
    `SELECT 1;\n${upDown('')}`,
    'dbmate refuses FILE: something stands before "-- migrate:up".',
  ],
  ['two down sections', `${upDown('')}-- migrate:down\n`, 'dbmate refuses FILE: it has two down sections.'],
  [
    'a byte order mark',
    Buffer.from(`\uFEFF${upDown('')}`),
    'dbmate refuses FILE: a byte order mark stands before its first line.',
  ],
  [
    'a second up section',
    upDown('SELECT 1;') + upDown('SELECT 2;'),
    'dbmate fails at the second "-- migrate:up" of FILE: it notes the same version for each, and the table of versions takes it once.',
  ],
  [
    'a COMMIT in its transaction',
    upDown('SELECT 1; COMMIT; SELECT 2;'),
    'FILE ends the transaction that dbmate opens around it; dbmate commits what is in it, and then stops with an error (unexpected transaction status idle).',
  ],
  [
    'a schema without its table',
    upDown('SET search_path TO app;'),
    'FILE leaves search_path at app; dbmate then looks for its table schema_migrations in the same session.',
  ],
])('says what dbmate refuses: %s', async (_, text, message) => {
  const { problems } = await load({ '1_a.sql': text })
  expect(problems.map((problem) => [problem.code, problem.message])).toEqual([
    ['refused-by-tool', message.replace('FILE', 'db/migrations/1_a.sql')],
  ])
})

test('says when it runs what, and on which table', async () => {
  const set = await dbmate.load(root, emptyFiles('db/migrations/x.md'), {})
  expect(set.whenOutOfOrder?.outcome).toBe('runs')
  expect(set.identifiedBy).toBe('version')
  expect(set.sharesSession).toBe(true)
  expect(set.foundation?.sql).toContain('schema_migrations (version varchar PRIMARY KEY)')
})
