import { expect, test } from 'vitest'
import { supabase } from '../../src/sources/supabase.ts'
import { readSupabaseScript } from '../../src/sources/supabase-script.ts'
import { supabaseStatements } from '../../src/sources/supabase-statements.ts'
import { emptyFiles, treeOf } from './file-tree.ts'

const root = { source: 'supabase', dir: 'supabase/migrations', found: 'layout' } as const

test.each([
  ['config.toml', emptyFiles('supabase/config.toml', 'supabase/migrations/1_a.sql')],
  ['its folder alone', emptyFiles('supabase/migrations/20250101000000_a.sql')],
  [
    'its folder, also with a journal of Drizzle in it',
    treeOf({
      'supabase/migrations/0000_a.sql': '--> statement-breakpoint',
      'supabase/migrations/meta/_journal.json': '{"dialect": "postgresql", "entries": []}',
    }),
  ],
])('finds the folder by %s', async (_, tree) => {
  expect(await supabase.detect(tree)).toEqual([root])
})

test('a project without migrations has no root', async () => {
  expect(await supabase.detect(emptyFiles('supabase/config.toml', 'supabase/seed.sql'))).toEqual([])
})

test('runs versions in the order of their digits as text, each with the session reset', async () => {
  const tree = emptyFiles('supabase/migrations/2_b.sql', 'supabase/migrations/10_j.sql')
  const set = await supabase.load(root, tree, {})
  expect(set.scripts.map(({ version }) => version)).toEqual(['10', '2'])
  expect(set).toMatchObject({
    sharesSession: false,
    identifiedBy: 'version',
    whenOutOfOrder: { outcome: 'refused' },
  })
})

test('two files of one version fail at the second', async () => {
  const tree = emptyFiles('supabase/migrations/1_a.sql', 'supabase/migrations/1_b.sql')
  const { problems } = await supabase.load(root, tree, {})
  expect(problems).toMatchObject([{ code: 'duplicate-version', file: 'supabase/migrations/1_b.sql' }])
})

test('says which files it does not run and why', async () => {
  const tree = emptyFiles(
    'supabase/migrations/20210101000000_init.sql',
    'supabase/migrations/20220101000000_a.sql',
    'supabase/migrations/notes.sql',
    'supabase/migrations/old/20200101000000_x.sql',
    'supabase/roles.sql',
    'supabase/schemas/a.sql',
    'supabase/seed.sql',
    'supabase/seeds/a.sql',
  )
  const set = await supabase.load(root, tree, {})
  expect(set.scripts.map(({ title }) => title)).toEqual(['a'])
  expect(set.skipped?.map(({ file }) => file)).toEqual([
    'supabase/migrations/20210101000000_init.sql',
    'supabase/migrations/notes.sql',
    'supabase/migrations/old/20200101000000_x.sql',
    'supabase/seed.sql',
    'supabase/seeds/a.sql',
    'supabase/roles.sql',
    'supabase/schemas/a.sql',
  ])
})

const cut = (text: string): readonly string[] =>
  supabaseStatements(text).map(({ start, end }) => text.slice(start, end))

test.each([
  ["select ';', \";\", E'\\';', 'a\\'; select 2;", ["select ';', \";\", E'\\';', 'a\\'", 'select 2']],
  ['select 1; -- a ; b\nselect 2', ['select 1', '-- a ; b\nselect 2']],
  ['/* ; /* ; */ ; */ select 1;;;', ['/* ; /* ; */ ; */ select 1']],
  ['do $a$ begin; $$;$$; end $a$; select $1;', ['do $a$ begin; $$;$$; end $a$', 'select $1']],
  ['create rule r as on insert to t do (select 1; select 2); select 3', undefined],
  [
    'create function f() returns int begin atomic select case when a then 1 end; end; select 2;',
    ['create function f() returns int begin atomic select case when a then 1 end; end', 'select 2'],
  ],
  ['\\; select 1;', ['\\; select 1']],
  ["select 'never ends; select 2", ["select 'never ends; select 2"]],
  [' ;\n; ', []],
])('cuts as the CLI does: %s', (text, statements) => {
  expect(cut(text)).toEqual(
    statements ?? ['create rule r as on insert to t do (select 1; select 2)', 'select 3'],
  )
})

function partsOf(text: string): readonly string[] | undefined {
  return readSupabaseScript(text).parts?.map(({ start, end }) => text.slice(start, end))
}

test('a file is one batch, one implicit transaction', () => {
  const script = readSupabaseScript('create table t (id int); create index i on t (id);')
  expect(script.transaction.mode).toBe('simple query')
  expect(script.parts).toBeUndefined()
})

test.each([
  'create unique index concurrently i on t (id)',
  'DROP INDEX CONCURRENTLY i',
  'reindex (verbose) table concurrently t',
  'vacuum(analyze) t',
  'cluster t',
  "-- for later\nalter system set work_mem = '1MB'",
])('what cannot run in a transaction travels between the batches: %s', (sql) => {
  expect(partsOf(`select 1; select 2; ${sql}; select 3; select 4;`)).toEqual([
    'select 1; select 2',
    sql,
    'select 3; select 4',
  ])
})

test.each([
  'begin; select 1; commit;',
  '-- c\nSTART TRANSACTION; select 1;',
  'rollback work;',
  '-- pg-delta: transaction=false\nselect 1; select 2;',
  '-- pg-delta: transaction=false\r\nselect 1;',
])('is sent statement by statement: %s', (text) => {
  expect(readSupabaseScript(text).transaction.mode).toBe('statement')
})

test('a savepoint to roll back to is no transaction of its own', () => {
  expect(readSupabaseScript('rollback work to s; select 1;').transaction.mode).toBe('simple query')
})

test('stands on the platform: its roles, its search_path, auth and storage', async () => {
  const { foundation } = await supabase.load(root, emptyFiles('supabase/migrations/1_a.sql'), {})
  expect(foundation?.roles).toContain('authenticated')
  expect(foundation?.settings).toEqual({ search_path: '"$user", public, extensions' })
  for (const name of ['auth.users', 'auth.uid()', 'storage.objects', 'supabase_realtime'])
    expect(foundation?.sql).toContain(name)
})
