import { expect, test } from 'vitest'
import { drizzle } from '../../src/sources/drizzle.ts'
import { folderOwners } from '../../src/sources/owners.ts'
import { emptyFiles, treeOf } from './file-tree.ts'

const root = { source: 'drizzle', dir: 'db', found: 'layout' } as const

function journal(entries: Readonly<Record<string, number>>, dialect = 'postgresql'): string {
  return JSON.stringify({
    version: '7',
    dialect,
    entries: Object.entries(entries).map(([tag, when], idx) => ({ idx, when, tag, breakpoints: true })),
  })
}

test('finds the folder by its journal, and by snapshots without one', async () => {
  const tree = treeOf({
    'db/meta/_journal.json': journal({}),
    'drizzle/20250101000000_a/migration.sql': '',
    'drizzle/20250101000000_a/snapshot.json': '{"dialect": "postgres"}',
  })
  expect(await drizzle.detect(tree)).toEqual([root, { ...root, dir: 'drizzle' }])
})

test.each(['sqlite', 'mysql'])('leaves a folder of %s alone, and nobody else takes it', async (dialect) => {
  const tree = treeOf({ 'db/meta/_journal.json': journal({ '0000_a': 1 }, dialect), 'db/0000_a.sql': '' })
  expect(await drizzle.detect(tree)).toEqual([])
  expect(await folderOwners(tree)).toMatchObject([
    { dir: 'db', tool: 'Drizzle for another database than Postgres' },
  ])
})

test('runs the entries of the journal in its order, all pending ones in one transaction', async () => {
  const tree = treeOf({
    'db/meta/_journal.json': journal({ '0001_b': 100, '0000_a_thing': 200 }),
    'db/0000_a_thing.sql': '',
    'db/0001_b.sql': '',
    'db/0002_c.sql': '',
  })
  const set = await drizzle.load(root, tree, {})
  expect(set.scripts).toMatchObject([
    { file: 'db/0001_b.sql', version: '100', title: 'b', transaction: { mode: 'run' } },
    { file: 'db/0000_a_thing.sql', version: '200', title: 'a thing', transaction: { mode: 'run' } },
  ])
  expect(set.problems).toEqual([])
  expect(set.skipped).toEqual([
    { file: 'db/0002_c.sql', reason: 'it has no entry in meta/_journal.json', affectsOthers: false },
  ])
  expect(set).toMatchObject({ identifiedBy: 'version', whenOutOfOrder: { outcome: 'skipped' } })
  expect(set.foundation?.sql).toContain('drizzle.__drizzle_migrations')
})

test('cuts a script at its breakpoints, whatever stands on their line', async () => {
  const text = 'select 1;--> statement-breakpoint\nselect 2;\n--> statement-breakpoint\nselect 3;'
  const tree = treeOf({ 'db/meta/_journal.json': journal({ '0000_a': 1 }), 'db/0000_a.sql': text })
  const { scripts } = await drizzle.load(root, tree, {})
  expect(scripts[0]?.parts?.map(({ start, end }) => text.slice(start, end))).toEqual([
    'select 1;',
    '\nselect 2;\n',
    '\nselect 3;',
  ])
})

test('an entry that is not later than one before it never runs where that one is', async () => {
  const tree = treeOf({
    'db/meta/_journal.json': journal({ '0000_a': 1000, '0001_b': 3000, '0002_c': 2000, '0003_d': 3000 }),
    ...Object.fromEntries(['0000_a', '0001_b', '0002_c', '0003_d'].map((tag) => [`db/${tag}.sql`, ''])),
  })
  const { problems } = await drizzle.load(root, tree, {})
  expect(problems.map(({ code, file }) => `${code} ${file}`)).toEqual([
    'out-of-order-migration db/0002_c.sql',
    'out-of-order-migration db/0003_d.sql',
  ])
  expect(problems[0]?.message).toContain('(1970-01-01T00:00:02.000Z) is not later than that of db/0001_b.sql')
})

test.each([
  ['an entry without its file', { 'db/meta/_journal.json': journal({ '0000_gone': 1 }) }, 'db/0000_gone.sql'],
  ['a missing journal', { 'db/0000_a.sql': '--> statement-breakpoint' }, 'db/0000_a.sql'],
])('%s stops Drizzle', async (_, contents, file) => {
  const { problems, scripts } = await drizzle.load(root, treeOf(contents), {})
  expect(scripts).toEqual([])
  expect(problems).toMatchObject([{ code: 'refused-by-tool', file }])
})

test.each(['<<<<<<< ours', '{"entries": [{"tag": 1}]}', 'null', '[]'])(
  'a journal that cannot be read is said: %s',
  async (text) => {
    const { problems } = await drizzle.load(root, treeOf({ 'db/meta/_journal.json': text }), {})
    expect(problems).toMatchObject([{ code: 'unreadable-file', file: 'db/meta/_journal.json' }])
  },
)

test('a tag that is in the journal twice is one script', async () => {
  const text = JSON.stringify({
    entries: [
      { tag: 'a', when: 1 },
      { tag: 'a', when: 2 },
    ],
  })
  const set = await drizzle.load(root, treeOf({ 'db/meta/_journal.json': text, 'db/a.sql': '' }), {})
  expect(set.scripts.map(({ version }) => version)).toEqual(['2'])
})

test('without a journal folders run in the order of their names, also late ones', async () => {
  const tree = emptyFiles(
    'db/20250301000000_b/migration.sql',
    'db/20250301000000_b/snapshot.json',
    'db/20250101000000_a/migration.sql',
    'db/20250101000000_a/extra.sql',
  )
  const set = await drizzle.load(root, tree, {})
  expect(set.scripts).toMatchObject([{ version: '20250101000000_a' }, { version: '20250301000000_b' }])
  expect(set.whenOutOfOrder?.outcome).toBe('runs')
  expect(set.skipped?.map(({ file }) => file)).toEqual(['db/20250101000000_a/extra.sql'])
  expect(set.foundation?.sql).toContain('applied_at')
})
