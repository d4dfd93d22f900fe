import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { graphileMigrate } from '../../src/sources/graphile-migrate.ts'
import { emptyFiles, treeOf } from './file-tree.ts'

const root = { source: 'graphile-migrate', dir: 'migrations', found: 'layout' } as const

function hashOf(body: string, previous: string | null): string {
  const content = `${`${previous ?? ''}\n${body.trim()}`.trim()}\n`
  return `sha1:${createHash('sha1').update(content).digest('hex')}`
}

/** Committed files in a chain, by name. */
function committed(bodies: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  let previous: string | null = null
  const files: Record<string, string> = {}
  for (const [name, body] of Object.entries(bodies)) {
    const hash = hashOf(body, previous)
    files[`migrations/committed/${name}`] = `--! Previous: ${previous ?? '-'}\n--! Hash: ${hash}\n\n${body}\n`
    previous = hash
  }
  return files
}

test('finds the folder above committed, once', async () => {
  const tree = treeOf({ ...committed({ '000001.sql': 'select 1;' }), 'migrations/current.sql': '' })
  expect(await graphileMigrate.detect(tree)).toEqual([root])
})

test('runs the committed files below their headers, each in a transaction', async () => {
  const tree = treeOf(committed({ '000001.sql': 'select 1;', '000002-add-users.sql': 'select 2;' }))
  const set = await graphileMigrate.load(root, tree, {})
  expect(set.problems).toEqual([])
  expect(set.scripts).toMatchObject([
    { version: '000001', title: '', transaction: { mode: 'file' }, repeatable: false },
    { version: '000002', title: 'add users', transaction: { mode: 'file' }, repeatable: false },
  ])
  expect(set.scripts.map(({ text, start, end }) => text.slice(start, end).trim())).toEqual([
    'select 1;',
    'select 2;',
  ])
  expect(set).toMatchObject({ sharesSession: true, whenOutOfOrder: { outcome: 'refused' } })
  expect(set.foundation?.sql).toContain('graphile_migrate.migrations')
})

test('no-transaction counts in the first line below the headers only', async () => {
  const tree = treeOf(
    committed({
      '000001.sql': '--! no-transaction\nvacuum;',
      '000002.sql': 'select 1;\n--! no-transaction\nvacuum;',
    }),
  )
  const { scripts } = await graphileMigrate.load(root, tree, {})
  expect(scripts.map(({ transaction }) => transaction.mode)).toEqual(['simple query', 'file'])
})

test('current.sql is a draft that runs again and again, even while it is empty', async () => {
  const set = await graphileMigrate.load(root, emptyFiles('migrations/current.sql'), {})
  expect(set.scripts).toMatchObject([
    { file: 'migrations/current.sql', version: null, draft: true, repeatable: true },
  ])
})

test('the files of current/ run by their numbers in one transaction', async () => {
  const tree = emptyFiles(
    'migrations/current/10-b.sql',
    'migrations/current/9-a.sql',
    'migrations/current/x.sql',
  )
  const set = await graphileMigrate.load(root, tree, {})
  expect(set.scripts).toMatchObject([
    { file: 'migrations/current/9-a.sql', transaction: { mode: 'run' }, draft: true },
    { file: 'migrations/current/10-b.sql', transaction: { mode: 'run' }, draft: true },
  ])
  expect(set.problems).toMatchObject([{ code: 'refused-by-tool', file: 'migrations/current/x.sql' }])
})

const two = committed({ '000001.sql': 'select 1;', '000002.sql': 'select 2;', '000003.sql': 'select 3;' })

function without(name: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(two).filter(([file]) => !file.endsWith(name)))
}

test.each([
  ['a hole', without('000002.sql'), 'missing-version', '000003.sql'],
  ['a missing beginning', without('000001.sql'), 'missing-version', '000002.sql'],
  [
    'an edited file',
    { ...two, 'migrations/committed/000002.sql': `${two['migrations/committed/000002.sql']}select 4;` },
    'refused-by-tool',
    '000002.sql',
  ],
  [
    'a second of the same number',
    { ...two, 'migrations/committed/000003-b.sql': two['migrations/committed/000003.sql'] ?? '' },
    'duplicate-version',
    '000003.sql',
  ],
  ['no headers', { 'migrations/committed/000001.sql': 'select 1;' }, 'refused-by-tool', '000001.sql'],
  [
    'Windows line ends',
    {
      'migrations/committed/000001.sql':
        two['migrations/committed/000001.sql']?.replaceAll('\n', '\r\n') ?? '',
    },
    'refused-by-tool',
    '000001.sql',
  ],
  [
    'a byte order mark',
    { 'migrations/committed/000001.sql': `\uFEFF${two['migrations/committed/000001.sql']}` },
    'refused-by-tool',
    '000001.sql',
  ],
  [
    'no empty line',
    { 'migrations/committed/000001.sql': '--! Previous: -\n--! Hash: sha1:1\nselect 1;' },
    'refused-by-tool',
    '000001.sql',
  ],
])('%s stops Graphile Migrate', async (_, contents, code, name) => {
  const { problems } = await graphileMigrate.load(root, treeOf(contents), {})
  expect(problems[0]).toMatchObject({ code, file: `migrations/committed/${name}` })
})

test('AllowInvalidHash allows an edit, and nothing else', async () => {
  const [file = '', text = ''] = Object.entries(committed({ '000001.sql': 'select 1;' }))[0] ?? []
  const allowing = text.replace('\n\n', '\n--! AllowInvalidHash\n\n')
  const edited = await graphileMigrate.load(root, treeOf({ [file]: allowing.replace('1;', '2;') }), {})
  expect(edited.problems).toEqual([])
  const unchanged = await graphileMigrate.load(root, treeOf({ [file]: allowing }), {})
  expect(unchanged.problems).toMatchObject([{ code: 'refused-by-tool' }])
})

const gmrc = `{
  // comments, "quotes" and https://example.org are all there
  "connectionString": "postgres://app:secret@localhost/app", /* not ours */
  placeholders: { ":SCHEMA": 'shop', ":SECRET": "!ENV", },
  "afterAllMigrations": ["!grants.sql", { "_": "command", "command": "npm run types" }],
}
`

test('fills in the placeholders of .gmrc, those of the connection, and those that are given', async () => {
  const body = "create table :SCHEMA.t (a text default ':DATABASE_OWNER'); select 1::TEXT, :SCHEMAX, :SECRET;"
  const tree = treeOf({ '.gmrc': gmrc, ...committed({ '000001.sql': body }) })
  const set = await graphileMigrate.load(root, tree, { placeholders: { SECRET: "'x'" } })
  expect(set.problems).toEqual([])
  expect(set.scripts[0]?.text).toContain(
    "create table shop.t (a text default 'app_owner'); select 1::TEXT, :SCHEMAX, 'x';",
  )
})

test('a placeholder that only the environment has is said', async () => {
  const tree = treeOf({ '.gmrc': gmrc, ...committed({ '000001.sql': 'select :SECRET;' }) })
  const { problems } = await graphileMigrate.load(root, tree, {})
  expect(problems).toMatchObject([{ code: 'unresolved-placeholder' }])
})

test('says which actions run around the migrations', async () => {
  const tree = treeOf({ '.gmrc': gmrc, 'migrations/grants.sql': '', ...committed({ '000001.sql': '' }) })
  const { skipped } = await graphileMigrate.load(root, tree, {})
  expect(skipped).toEqual([
    { file: 'migrations/grants.sql', reason: expect.stringContaining('afterAll'), affectsOthers: true },
    { file: '.gmrc', reason: expect.stringContaining('afterAll'), affectsOthers: true },
  ])
})

test('says what current.sql includes', async () => {
  const tree = treeOf({ 'migrations/current.sql': 'select 1;\n--!include views/a.sql\n' })
  const { skipped } = await graphileMigrate.load(root, tree, {})
  expect(skipped).toMatchObject([{ file: 'migrations/fixtures/views/a.sql', affectsOthers: true }])
})
