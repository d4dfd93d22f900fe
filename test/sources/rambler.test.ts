import { expect, test } from 'vitest'
import type { MigrationSet } from '../../src/core/source.ts'
import { rambler } from '../../src/sources/rambler.ts'
import { treeOf } from './file-tree.ts'

const root = { source: 'rambler', dir: 'db', found: 'marker comment' } as const

const load = (contents: Readonly<Record<string, string | Uint8Array>>): Promise<MigrationSet> =>
  rambler.load(root, treeOf(contents), {})

test('finds folders by the comment in their files', async () => {
  expect(await rambler.detect(treeOf({ 'db/1.sql': '-- rambler up\n' }))).toEqual([root])
})

test('sends every up section as a message, in the order of the names', async () => {
  const { scripts, problems } = await load({
    'db/2_b.sql':
      '-- rambler up\nSELECT 1;\n-- rambler down\nSELECT 0;\n-- rambler up\nSELECT 2; SELECT 3;\n',
    'db/10_a.sql':
      'SELECT 0;\n-- rambler  up \r\nSELECT 1;\r\n-- rambler something\nSELECT 2;\n-- rambler up\n\n',
    'db/x.sql': 'SELECT 1;',
    'db/old/1.sql': '-- rambler up\n',
  })
  expect(problems).toEqual([])
  expect(scripts.map(({ file, version }) => [file, version])).toEqual([
    ['db/10_a.sql', '10'],
    ['db/2_b.sql', '2'],
    ['db/x.sql', null],
  ])
  const messages = scripts.map(({ text, parts }) =>
    parts?.map(({ start, end }) => text.slice(start, end).trim()),
  )
  expect(messages).toEqual([['SELECT 1;'], ['SELECT 1;', 'SELECT 2; SELECT 3;'], []])
  expect(scripts[0]?.transaction.mode).toBe('simple query')
})

test('keeps its books in the table that its configuration names', async () => {
  expect((await load({ 'db/1.sql': '' })).foundation?.sql).toBe(
    'CREATE TABLE migrations (migration VARCHAR(255) NOT NULL);\n',
  )
  const set = await load({
    'db/1.sql': '',
    'rambler.json': '{\n  "directory": "./db",\n  "table": "meta.books"\n}',
  })
  expect(set.foundation?.sql).toContain('CREATE TABLE meta.books (')
  expect(set.whenOutOfOrder?.outcome).toBe('refused')
})

test('says what rambler does not read', async () => {
  const { problems } = await load({
    'db/1.sql': Buffer.from('\uFEFF-- rambler up\nSELECT 1;\n'),
    'db/2.sql': `-- rambler up\nSELECT 1;\nSELECT '${'x'.repeat(70_000)}';\n`,
    'db/3.sql': '-- rambler up\nSET search_path TO app;\n',
  })
  expect(problems.map(({ message }) => message)).toEqual([
    'rambler does not see the first line of db/1.sql, because a byte order mark stands before it.',
    'rambler stops reading db/2.sql at line 3 without a word, because the line has 64 kB or more.',
    'db/3.sql leaves search_path at app; rambler then looks for its table migrations in the same session.',
  ])
})

test('leaves a folder alone that the configuration gives to another database', async () => {
  const files = {
    'db/1.sql': '-- rambler up\n',
    'rambler.json': '{\n "driver": "mysql",\n "directory": "db"\n}',
  }
  expect(await rambler.detect(treeOf(files))).toEqual([])
})
