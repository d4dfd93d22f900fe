import { expect, test } from 'vitest'
import { nodePgMigrate } from '../../src/sources/node-pg-migrate.ts'
import { emptyFiles, treeOf } from './file-tree.ts'

const root = { source: 'node-pg-migrate', dir: 'migrations', found: 'layout' } as const

const packageWith = (script: string): string =>
  JSON.stringify({ scripts: { migrate: script }, dependencies: { 'node-pg-migrate': '^9.0.0' } })

test.each([
  ['node-pg-migrate up', 'migrations'],
  ['node-pg-migrate -m db/sql', 'api/db/sql'],
  ['node-pg-migrate up --migrations-dir=./db/', 'api/db'],
])('finds the folder of a package.json with %s', async (script, dir) => {
  const home = dir.startsWith('api') ? 'api/' : ''
  const tree = treeOf({ [`${home}package.json`]: packageWith(script), [`${dir}/1_a.sql`]: '' })
  expect(await nodePgMigrate.detect(tree)).toEqual([{ ...root, dir }])
})

test('finds a folder by its comments', async () => {
  const tree = treeOf({ 'migrations/1_a.sql': '-- Up Migration\nselect 1;' })
  expect(await nodePgMigrate.detect(tree)).toEqual([{ ...root, found: 'marker comment' }])
})

test('a folder without SQL is not a root', async () => {
  expect(
    await nodePgMigrate.detect(
      treeOf({ 'package.json': packageWith('node-pg-migrate'), 'migrations/1_a.js': '', 'sql/a.sql': '' }),
    ),
  ).toEqual([])
})

test('runs in the order of the numbers, 17 digits being a time, then of the names', async () => {
  const tree = emptyFiles(
    'migrations/20250110100000000_utc.sql',
    'migrations/1735725600000_before.sql',
    'migrations/1737000000000_after.sql',
    'migrations/1737000000000_10.sql',
    'migrations/1737000000000_9.sql',
  )
  const { scripts } = await nodePgMigrate.load(root, tree, {})
  expect(scripts.map(({ version }) => version)).toEqual([
    '1735725600000_before',
    '20250110100000000_utc',
    '1737000000000_9',
    '1737000000000_10',
    '1737000000000_after',
  ])
})

test.each([
  ['-- Up Migration\nUP\n-- Down Migration\nDOWN', '-- Up Migration\nUP\n'],
  ['-- Down Migration\nDOWN\n-- up migration\nUP', '-- up migration\nUP'],
  ['-- Note\n--- UP  MIGRATION\r\nUP', '--- UP  MIGRATION\r\nUP'],
  ['UP', 'UP'],
  ['-- Down Migration\nDOWN', '-- Down Migration\nDOWN'],
  ['', ''],
])('runs the up part of %j', async (text, up) => {
  const { scripts } = await nodePgMigrate.load(root, treeOf({ 'migrations/1_a.sql': text }), {})
  expect(scripts.map((script) => script.text.slice(script.start, script.end))).toEqual([up])
})

test('a long run of blank lines and dashes takes no time', async () => {
  const text = `${'\n'.repeat(200_000)}${'-'.repeat(200_000)}\nselect 1;`
  const { scripts } = await nodePgMigrate.load(root, treeOf({ 'migrations/1_a.sql': text }), {})
  expect(scripts[0]?.end).toBe(text.length)
})

test('runs all pending migrations in one transaction, and refuses late ones', async () => {
  const set = await nodePgMigrate.load(root, emptyFiles('migrations/1_a-b.sql'), {})
  expect(set.scripts).toMatchObject([{ title: 'a b', transaction: { mode: 'run' } }])
  expect(set).toMatchObject({ sharesSession: true, whenOutOfOrder: { outcome: 'refused' } })
  expect(set.foundation?.sql).toContain('pgmigrations')
})

test.each([
  ['--no-single-transaction --no-check-order', 'file', 'runs'],
  ['--single-transaction=false --check-order false', 'file', 'runs'],
  ['--single-transaction', 'run', 'refused'],
])('does what package.json says: %s', async (flags, mode, outcome) => {
  const tree = treeOf({ 'package.json': packageWith(`node-pg-migrate ${flags}`), 'migrations/1_a.sql': '' })
  const set = await nodePgMigrate.load(root, tree, {})
  expect(set.scripts[0]?.transaction.mode).toBe(mode)
  expect(set.whenOutOfOrder?.outcome).toBe(outcome)
})

test('says which files it does not run and why', async () => {
  const tree = emptyFiles(
    'migrations/.hidden.sql',
    'migrations/1_a.up.sql',
    'migrations/1_a.down.sql',
    'migrations/2_b.ts',
    'migrations/3_c.sql',
  )
  const set = await nodePgMigrate.load(root, tree, {})
  expect(set.scripts.map(({ title }) => title)).toEqual(['a', 'c'])
  expect(set.skipped).toEqual([
    { file: 'migrations/1_a.down.sql', reason: expect.stringContaining('rollback'), affectsOthers: false },
    { file: 'migrations/2_b.ts', reason: expect.stringContaining('not run'), affectsOthers: true },
  ])
  expect(set.problems).toEqual([])
})

test('a file without a number stops node-pg-migrate, unless some are ignored', async () => {
  const files = { 'migrations/1_a.sql': '', 'migrations/README.md': '' }
  const { problems } = await nodePgMigrate.load(root, treeOf(files), {})
  expect(problems).toMatchObject([{ code: 'refused-by-tool', file: 'migrations/README.md' }])
  const manifest = packageWith("node-pg-migrate --ignore-pattern '.*\\\\.md'")
  const ignoring = await nodePgMigrate.load(root, treeOf({ ...files, 'package.json': manifest }), {})
  expect(ignoring.problems).toEqual([])
})
