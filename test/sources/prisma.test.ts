import { expect, test } from 'vitest'
import { folderOwners } from '../../src/sources/owners.ts'
import { prisma } from '../../src/sources/prisma.ts'
import { emptyFiles, treeOf } from './file-tree.ts'

const root = { source: 'prisma', dir: 'prisma/migrations', found: 'layout' } as const

test.each([
  ['migration_lock.toml', { 'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n' }],
  ['a folder with migration.sql', { 'prisma/migrations/0_init/migration.sql': '' }],
])('finds the folder by %s', async (_, contents) => {
  expect(await prisma.detect(treeOf(contents))).toEqual([root])
})

test('leaves a folder to Drizzle that has snapshot.json beside migration.sql', async () => {
  const tree = emptyFiles('drizzle/20250101000000_a/migration.sql', 'drizzle/20250101000000_a/snapshot.json')
  expect(await prisma.detect(tree)).toEqual([])
})

test('leaves a folder alone that is for another database, and nobody else takes it', async () => {
  const tree = treeOf({
    'migrations/migration_lock.toml': '# Please do not edit\nprovider = "mysql"\n',
    'migrations/20250101000000_a/migration.sql': '',
  })
  expect(await prisma.detect(tree)).toEqual([])
  expect(await folderOwners(tree)).toMatchObject([
    { dir: 'migrations', tool: 'Prisma for another database than Postgres' },
  ])
})

test('runs the folders in the order of their names, with punctuation before digits', async () => {
  const tree = emptyFiles(
    'prisma/migrations/20250301083000_b/migration.sql',
    'prisma/migrations/20250301_a/migration.sql',
    'prisma/migrations/0_init/migration.sql',
    'prisma/migrations/later/migration.sql',
  )
  const set = await prisma.load(root, tree, {})
  expect(set.scripts.map(({ version }) => version)).toEqual([
    '0_init',
    '20250301_a',
    '20250301083000_b',
    'later',
  ])
})

test('sends each script as one simple query, on one connection, on top of _prisma_migrations', async () => {
  const tree = treeOf({ 'prisma/migrations/20250301083000_add_users/migration.sql': 'SELECT 1;' })
  const set = await prisma.load(root, tree, {})
  expect(set.scripts).toMatchObject([
    { title: 'add users', transaction: { mode: 'simple query' }, start: 0, end: 9, repeatable: false },
  ])
  expect(set).toMatchObject({ sharesSession: true, whenOutOfOrder: { outcome: 'runs' } })
  expect(set.foundation?.sql).toContain('CREATE TABLE _prisma_migrations')
})

test('takes the transaction of the configuration', async () => {
  const transaction = { mode: 'statement', why: 'configuration' } as const
  const set = await prisma.load(root, emptyFiles('prisma/migrations/1_a/migration.sql'), { transaction })
  expect(set.scripts[0]?.transaction).toEqual(transaction)
})

test('a folder without migration.sql stops Prisma', async () => {
  const tree = emptyFiles(
    'prisma/migrations/1_a/migration.sql',
    'prisma/migrations/archive/1_a/migration.sql',
  )
  const set = await prisma.load(root, tree, {})
  expect(set.scripts.map(({ file }) => file)).toEqual(['prisma/migrations/1_a/migration.sql'])
  expect(set.problems).toMatchObject([
    {
      code: 'refused-by-tool',
      message:
        'prisma/migrations/archive has no migration.sql; Prisma takes every folder there for a migration and stops at this one.',
    },
  ])
})

test('says which SQL it does not run', async () => {
  const tree = emptyFiles(
    'prisma/migrations/1_a/migration.sql',
    'prisma/migrations/1_a/down.sql',
    'prisma/migrations/notes.sql',
  )
  const set = await prisma.load(root, tree, {})
  expect(set.skipped?.map(({ file }) => file)).toEqual([
    'prisma/migrations/1_a/down.sql',
    'prisma/migrations/notes.sql',
  ])
})

test('a byte order mark is sent, and refused by the server', async () => {
  const set = await prisma.load(
    root,
    treeOf({ 'prisma/migrations/1_a/migration.sql': '\uFEFFselect 1;' }),
    {},
  )
  expect(set.problems).toMatchObject([{ code: 'refused-by-tool' }])
})
