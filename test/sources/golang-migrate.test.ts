import { expect, test } from 'vitest'
import { golangMigrate } from '../../src/sources/golang-migrate.ts'
import { emptyFiles, treeOf } from './file-tree.ts'

const root = { source: 'golang-migrate', dir: 'db', found: 'layout' } as const

test('finds folders that hold an up file, not their subfolders', async () => {
  const tree = emptyFiles('db/1_a.up.sql', 'db/1_a.down.sql', 'db/old/README.md', 'sql/001_x.sql')
  expect(await golangMigrate.detect(tree)).toEqual([root])
})

test.each([
  [
    'a Cargo.toml that uses sqlx',
    { 'Cargo.toml': '[dependencies]\nsqlx = "0.8"\n', 'migrations/1_a.up.sql': '' },
  ],
  ['the .tx. of Bun', { 'migrations/1_a.tx.up.sql': '', 'migrations/2_b.up.sql': '' }],
])('leaves a folder alone that belongs to another tool: %s', async (_, contents) => {
  expect(await golangMigrate.detect(treeOf(contents))).toEqual([])
})

test('runs versions in the order of their numbers, not of their names', async () => {
  const tree = emptyFiles('db/10_j.up.sql', 'db/9_i.up.sql', 'db/0011_k.up.sql', 'db/1_a.up.sql')
  const set = await golangMigrate.load(root, tree, {})
  expect(set.scripts.map(({ version, file }) => `${version} ${file}`)).toEqual([
    '1 db/1_a.up.sql',
    '9 db/9_i.up.sql',
    '10 db/10_j.up.sql',
    '11 db/0011_k.up.sql',
  ])
})

test('compares versions beyond 2^53 exactly', async () => {
  const tree = emptyFiles('db/9007199254740993_b.up.sql', 'db/9007199254740992_a.up.sql')
  const set = await golangMigrate.load(root, tree, {})
  expect(set.scripts.map(({ title }) => title)).toEqual(['a', 'b'])
  expect(set.problems).toEqual([])
})

test('sends each file as one simple query, on one connection', async () => {
  const set = await golangMigrate.load(root, treeOf({ 'db/1_add_users.up.sql': 'SELECT 1;' }), {})
  expect(set.sharesSession).toBe(true)
  expect(set.scripts).toEqual([
    {
      source: 'golang-migrate',
      file: 'db/1_add_users.up.sql',
      version: '1',
      title: 'add users',
      text: 'SELECT 1;',
      start: 0,
      end: 9,
      repeatable: false,
      transaction: {
        mode: 'simple query',
        why: 'golang-migrate default, unless the database URL says x-multi-statement=true',
      },
    },
  ])
})

test('takes the transaction of the configuration', async () => {
  const transaction = { mode: 'statement', why: 'configuration' } as const
  const set = await golangMigrate.load(root, emptyFiles('db/1_a.up.sql'), { transaction })
  expect(set.scripts[0]?.transaction).toEqual(transaction)
})

test('says which files it does not run and why', async () => {
  const tree = emptyFiles(
    'db/1_a.down.sql',
    'db/1_a.up.sql',
    'db/18446744073709551616_big.up.sql',
    'db/seed.sql',
    'db/notes.md',
  )
  const set = await golangMigrate.load(root, tree, {})
  expect(set.skipped?.map(({ file, reason }) => `${file}: ${reason}`)).toEqual([
    'db/18446744073709551616_big.up.sql: golang-migrate ignores versions above 2^64 - 1',
    'db/1_a.down.sql: down migrations run only on a rollback',
    'db/seed.sql: golang-migrate ignores names other than {version}_{title}.up.sql',
  ])
})

test('names both files of a version that is there twice, however the number is written', async () => {
  const set = await golangMigrate.load(root, emptyFiles('db/1_a.up.sql', 'db/001_b.up.sql'), {})
  expect(set.problems).toEqual([
    {
      code: 'duplicate-version',
      file: 'db/1_a.up.sql',
      message:
        'Version 1 is claimed by db/001_b.up.sql and db/1_a.up.sql; golang-migrate refuses to run at all.',
    },
  ])
})

test('reports a file that is not text and goes on with the others', async () => {
  const set = await golangMigrate.load(
    root,
    treeOf({ 'db/1_a.up.sql': Buffer.of(0x61, 0xff), 'db/2_b.up.sql': '' }),
    {},
  )
  expect(set.scripts.map(({ file }) => file)).toEqual(['db/2_b.up.sql'])
  expect(set.problems).toEqual([
    {
      code: 'unreadable-file',
      file: 'db/1_a.up.sql',
      message: 'db/1_a.up.sql is not UTF-8: byte 0xff at offset 1 (line 1, column 2).',
    },
  ])
})
