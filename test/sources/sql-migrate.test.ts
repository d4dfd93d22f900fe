import { expect, test } from 'vitest'
import type { MigrationSet } from '../../src/core/source.ts'
import { sqlMigrate } from '../../src/sources/sql-migrate.ts'
import { treeOf } from './file-tree.ts'

const root = { source: 'sql-migrate', dir: 'db', found: 'marker comment' } as const

function load(contents: Readonly<Record<string, string | Uint8Array>>): Promise<MigrationSet> {
  const inFolder = Object.entries(contents).map(([name, text]) => [`db/${name}`, text])
  return sqlMigrate.load(root, treeOf(Object.fromEntries(inFolder)), {})
}

async function messagesOf(text: string): Promise<readonly string[]> {
  const { scripts, problems } = await load({ '1.sql': text })
  expect(problems).toEqual([])
  return scripts.flatMap((script) =>
    (script.parts ?? []).map(({ start, end }) => script.text.slice(start, end).trim()),
  )
}

const config = `
development: { dialect: sqlite3, datasource: x, dir: db }
production:
  dialect: postgres
  datasource: dbname=x
  dir: db
  table: "books"
  schema: ledger
`

test('finds folders by the comment in their files, and the dbconfig.yml that names them', async () => {
  const files = { 'db/1.sql': '-- +migrate Up\n' }
  expect(await sqlMigrate.detect(treeOf(files))).toEqual([root])
  expect(await sqlMigrate.detect(treeOf({ ...files, 'dbconfig.yml': config }))).toEqual([
    { ...root, found: 'config file', configFile: 'dbconfig.yml' },
  ])
})

test('keeps its books in the table that the configuration names', async () => {
  const tree = treeOf({ 'db/1.sql': '-- +migrate Up\n', 'dbconfig.yml': config })
  expect((await sqlMigrate.load(root, tree, {})).foundation?.sql).toBe(
    'CREATE SCHEMA IF NOT EXISTS ledger;\nCREATE TABLE IF NOT EXISTS ledger."books" (id text NOT NULL PRIMARY KEY, applied_at timestamptz);\n',
  )
  const set = await load({ '1.sql': '-- +migrate Up\n' })
  expect(set.foundation?.sql).toContain('"gorp_migrations"')
  expect(set.sharesSession).toBe(true)
  expect(set.whenOutOfOrder?.outcome).toBe('runs')
})

test('runs files by number, then by name, those without a number last', async () => {
  const up = '-- +migrate Up\n'
  const set = await load({ 'x.sql': up, '10_a.sql': up, '2_b.sql': up, '02_c.sql': up, 'old/1.sql': up })
  expect(set.scripts.map(({ file }) => file)).toEqual([
    'db/02_c.sql',
    'db/2_b.sql',
    'db/10_a.sql',
    'db/x.sql',
  ])
  expect(set.scripts.map(({ version }) => version)).toEqual(['2', '2', '10', null])
  expect(set.problems).toEqual([])
})

test('wraps a file, and with notransaction sends each statement by itself', async () => {
  const { scripts } = await load({
    '1.sql': '-- +migrate Up\nSELECT 1;\n',
    '2.sql': '-- +migrate Up notransaction\nSELECT 1;\nSELECT 2;\n',
    '3.sql': '-- +migrate Up\n-- +migrate Down notransaction\n',
  })
  expect(scripts.map(({ transaction }) => transaction.mode)).toEqual(['file', 'simple query', 'file'])
})

test.each([
  [
    'several up sections',
    '-- +migrate Up\nSELECT 1;\n-- +migrate Down\nSELECT 0;\n-- +migrate Up\nSELECT 2;\n',
    ['SELECT 1;', 'SELECT 2;'],
  ],
  [
    'lines, not semicolons',
    '-- +migrate Up\nSELECT 1; SELECT 2; -- two\nSELECT\n3;\n',
    ['SELECT 1; SELECT 2; -- two', 'SELECT\n3;'],
  ],
  [
    'blocks',
    '-- +migrate Up\n-- +migrate StatementBegin\nDO $$\nBEGIN\nNULL;\nEND $$;\n-- +migrate StatementEnd\nSELECT 1;\n',
    ['DO $$\nBEGIN\nNULL;\nEND $$;', 'SELECT 1;'],
  ],
  [
    'nothing before the first section',
    'SELECT 0;\n-- +migrate StatementBegin\n-- +migrate Up\nSELECT 1;\n',
    ['SELECT 1;'],
  ],
  ['nothing of an empty section', '-- +migrate Up\n-- nothing\n\n-- +migrate Down\nSELECT 1;\n', []],
  ['lines of Windows', '-- +migrate Up\r\nSELECT 1;\r\nSELECT 2;\r\n', ['SELECT 1;', 'SELECT 2;']],
])('cuts as sql-migrate does: %s', async (_, text, expected) => {
  expect(await messagesOf(text)).toEqual(expected)
})

const all = 'sql-migrate refuses all of the folder, because of db/1.sql: '

test.each([
  ['no section', 'SELECT 1;\n', `${all}it has no "-- +migrate Up".`],
  ['an incomplete comment', '-- +migrate \n-- +migrate Up\n', `${all}it has an incomplete "-- +migrate".`],
  [
    'no semicolon',
    '-- +migrate Up\nSELECT 1\n',
    `${all}the last statement of a section has no semicolon at the end of a line.`,
  ],
  [
    'no semicolon on the way down',
    '-- +migrate Up\nSELECT 1;\n-- +migrate Down\nSELECT 2\n',
    `${all}the last statement of a section has no semicolon at the end of a line.`,
  ],
  [
    'a block without end',
    '-- +migrate Up\n-- +migrate StatementBegin\nSELECT 1;\n',
    `${all}the StatementBegin of line 2 has no StatementEnd.`,
  ],
  [
    'a body without StatementBegin',
    "-- +migrate Up\nSELECT '\n;\n';\n",
    'sql-migrate cuts db/1.sql at a semicolon inside the string literal that begins in line 2, so the server gets pieces and refuses them.',
  ],
  [
    'a COMMIT',
    '-- +migrate Up\nCOMMIT;\n',
    'db/1.sql ends the transaction that sql-migrate opens around it; sql-migrate commits what is in it, and then stops with an error (unexpected transaction status idle).',
  ],
  [
    'a byte order mark',
    Buffer.from('\uFEFF-- +migrate Up\nSELECT 1;\n'),
    'sql-migrate does not see the first line of db/1.sql, because a byte order mark stands before it.',
  ],
])('says what sql-migrate refuses: %s', async (_, text, message) => {
  const { problems } = await load({ '1.sql': text })
  expect(problems.map((problem) => problem.message)).toEqual([message])
})

test('rehearses what it refuses as it was meant', async () => {
  const { scripts } = await load({
    '1.sql': "-- +migrate Up\nSELECT '\n;\n';\nSELECT 1;\n-- +migrate Down\n",
  })
  expect(scripts[0]?.parts).toEqual([{ start: 15, end: 39 }])
})

test('leaves a folder alone that the configuration gives to another database', async () => {
  const files = { 'db/1.sql': '-- +migrate Up\n', 'dbconfig.yml': 'dev: { dialect: sqlite3, dir: db }\n' }
  expect(await sqlMigrate.detect(treeOf(files))).toEqual([])
})
