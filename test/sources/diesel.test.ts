import { expect, test } from 'vitest'
import { diesel } from '../../src/sources/diesel.ts'
import { emptyFiles, treeOf } from './file-tree.ts'

const root = { source: 'diesel', dir: 'migrations', found: 'layout' } as const

test('sorts versions as text, without their dashes', async () => {
  const tree = treeOf({
    'migrations/2024-01-01-000000_b/up.sql': ';',
    'migrations/20230101000000_a/up.sql': ';',
    'migrations/9_e/up.sql': ';',
    'migrations/10_d_and_more/up.sql': ';',
    'migrations/named/up.sql': ';',
  })
  const set = await diesel.load(root, tree, {})
  expect(set.scripts.map(({ version, title }) => `${version} ${title}`)).toEqual([
    '10 d and more',
    '20230101000000 a',
    '20240101000000 b',
    '9 e',
    'named ',
  ])
  expect(set.problems).toEqual([])
})

test.each([
  [undefined, 'file', 'Diesel default'],
  ['run_in_transaction = false\n', 'simple query', 'says run_in_transaction = false'],
  ['run_in_transaction=true # yes', 'file', 'says run_in_transaction = true'],
  ['# nothing yet\n', 'simple query', 'does not say run_in_transaction, which counts as false'],
  ['[other]\nrun_in_transaction = true\n', 'simple query', 'does not say'],
  ['run_in_transaction = "false"\n', 'file', 'is invalid'],
])('takes the transaction of metadata.toml: %j', async (metadata, mode, why) => {
  const tree = treeOf({
    'migrations/1_a/up.sql': 'SELECT 1;',
    ...(metadata === undefined ? {} : { 'migrations/1_a/metadata.toml': metadata }),
  })
  const { transaction } = (await diesel.load(root, tree, {})).scripts[0] ?? {}
  expect(transaction?.mode).toBe(mode)
  expect(transaction?.why).toContain(why)
})

test('is refused by a folder without up.sql and by an empty one', async () => {
  const tree = treeOf({
    'migrations/1_a/up.sql': '',
    'migrations/2_b/down.sql': 'SELECT 1;',
    'migrations/.hidden/x.sql': '',
    'migrations/mod.rs': '',
  })
  const set = await diesel.load(root, tree, {})
  expect(set.problems.map(({ code, file }) => `${code} ${file}`)).toEqual([
    'refused-by-tool migrations/2_b/down.sql',
    'refused-by-tool migrations/1_a/up.sql',
  ])
})

test('says which files it does not run and why', async () => {
  const tree = treeOf({
    'migrations/1_a/up.sql': ';',
    'migrations/1_a/down.sql': ';',
    'migrations/1_a/data.sql': ';',
    'migrations/1_a/more/up.sql': ';',
    'migrations/all.sql': ';',
  })
  const set = await diesel.load(root, tree, {})
  expect(set.scripts.map(({ file }) => file)).toEqual(['migrations/1_a/up.sql'])
  expect(Object.fromEntries((set.skipped ?? []).map(({ file, reason }) => [file, reason]))).toEqual({
    'migrations/1_a/down.sql': 'down migrations run only on a rollback',
    'migrations/1_a/data.sql': 'Diesel runs only the up.sql of its folder',
    'migrations/1_a/more/up.sql': 'Diesel does not look into subfolders',
    'migrations/all.sql': 'Diesel runs only <version>_<name>/up.sql',
  })
})

test('says that of two folders with one version only one runs', async () => {
  const tree = emptyFiles('migrations/2024-01-01_a/up.sql', 'migrations/20240101_b/up.sql')
  const { problems } = await diesel.load(root, tree, {})
  expect(problems[0]?.message).toBe(
    'Version 20240101 is claimed by migrations/2024-01-01_a/up.sql and migrations/20240101_b/up.sql; Diesel runs only one of them.',
  )
})

test('keeps its books in one session, and runs late versions', async () => {
  const set = await diesel.load(root, treeOf({ 'migrations/1_a/up.sql': ';' }), {})
  expect(set).toMatchObject({
    sharesSession: true,
    identifiedBy: 'version',
    whenOutOfOrder: { outcome: 'runs' },
  })
  expect(set.foundation?.sql).toContain('__diesel_schema_migrations')
})
