import { expect, test } from 'vitest'
import type { MigrationSet } from '../../src/core/source.ts'
import { golangMigrate } from '../../src/sources/golang-migrate.ts'
import { pop } from '../../src/sources/pop.ts'
import { emptyFiles, treeOf } from './file-tree.ts'

const root = { source: 'pop', dir: 'migrations', found: 'layout' } as const
const up = 'migrations/20240101000000_a.up.sql'

function load(contents: Readonly<Record<string, string | Uint8Array>>): Promise<MigrationSet> {
  const inFolder = Object.entries(contents).map(([name, text]) => [`migrations/${name}`, text])
  return pop.load(root, treeOf(Object.fromEntries(inFolder)), {})
}

test.each([
  ['a fizz file', { [up]: '', 'migrations/20240102000000_b.up.fizz': '' }],
  ['a database in a name', { [up]: '', 'migrations/20240102000000_b.mysql.up.sql': '' }],
  ['a database.yml', { [up]: '', 'database.yml': 'development:\n  dialect: postgres\n' }],
  ['a config/database.yml', { [up]: '', 'config/database.yml': 'development:\n  dialect: postgres\n' }],
  ['files in a folder below', { [up]: '', 'migrations/x/1_b.up.sql': '', 'migrations/1_c.pg.up.sql': '' }],
])('finds folders by %s', async (_, files) => {
  const tree = treeOf(files)
  expect(await pop.detect(tree)).toEqual([root])
  expect(await golangMigrate.detect(tree)).toEqual([])
})

test.each([
  ['names alone', { [up]: '' }],
  ['dots in a title', { 'migrations/1_v1.2.up.sql': '' }],
  ['the database.yml of Rails', { [up]: '', 'config/database.yml': 'development:\n  adapter: postgresql\n' }],
])('leaves folders to golang-migrate with %s', async (_, files) => {
  const tree = treeOf(files)
  expect(await pop.detect(tree)).toEqual([])
  expect(await golangMigrate.detect(tree)).toHaveLength(1)
})

test.each([
  ['a dialect', 'development:\n  dialect: mysql\n'],
  ['a URL', 'development:\n  dialect: ""\n  url: {{envOr "DATABASE_URL" "mysql://root@localhost/x"}}\n'],
])('leaves folders of another database alone: %s', async (_, settings) => {
  const tree = treeOf({ [up]: '', 'database.yml': settings })
  expect(await pop.detect(tree)).toEqual([])
  expect(await golangMigrate.detect(tree)).toEqual([])
})

test('runs versions as text, of all folders below, for Postgres before for all', async () => {
  const { scripts, skipped, problems } = await load({
    '10_b.up.sql': '',
    '9_c.up.sql': '',
    'below/2_a.up.sql': '',
    '10_b.postgresql.up.sql': '',
    '11_d.mysql.up.sql': '',
    '12_e.up.fizz': '',
    '12_e.down.fizz': '',
    'seed.sql': '',
  })
  expect(scripts.map(({ file }) => file)).toEqual([
    'migrations/10_b.postgresql.up.sql',
    'migrations/below/2_a.up.sql',
    'migrations/9_c.up.sql',
  ])
  expect(scripts.map(({ transaction }) => transaction.mode)).toEqual(['file', 'file', 'file'])
  expect(skipped?.map(({ file, reason, affectsOthers }) => `${file} ${affectsOthers}: ${reason}`)).toEqual([
    'migrations/11_d.mysql.up.sql false: made for another database',
    'migrations/12_e.down.fizz false: down migrations run only on a rollback',
    'migrations/seed.sql false: pop ignores names other than {version}_{title}.up.sql',
    'migrations/10_b.up.sql false: pop runs the file for Postgres of the same version',
    'migrations/12_e.up.fizz true: fizz is no SQL, and is not translated',
  ])
  expect(problems).toEqual([])
})

test('says what stands in the way', async () => {
  const { scripts, problems } = await load({
    '1_a.up.sql': "SELECT '{{ .Database }}';",
    '2_b.up.sql': '',
    '2_c.up.fizz': '',
    '3_d.up.sql': Buffer.from('\uFEFFSELECT 1;'),
    '4_e.up.sql': 'SET search_path TO app;',
  })
  expect(problems.map(({ code, file }) => `${code} ${file}`)).toEqual([
    'duplicate-version migrations/2_c.up.fizz',
    'refused-by-tool migrations/3_d.up.sql',
    'unresolved-placeholder migrations/1_a.up.sql',
    'refused-by-tool migrations/4_e.up.sql',
  ])
  expect(scripts.map(({ version }) => version)).toEqual(['2', '3', '4'])
})

test('has the table of pop, or of popx where versions are longer', async () => {
  const short = await pop.load(root, emptyFiles(up), {})
  expect(short.foundation?.sql).toContain('VARCHAR (14)')
  const long = await pop.load(root, emptyFiles('migrations/20240101000000000001_a.up.sql'), {})
  expect(long.foundation?.sql).toContain('version_self INT NOT NULL DEFAULT 0')
  expect(long.whenOutOfOrder?.outcome).toBe('runs')
})

test('says which other databases run the file for all', async () => {
  const { scripts } = await load({
    '1_a.up.sql': '',
    '1_a.mysql.up.sql': '',
    '2_b.up.sql': '',
    '2_b.postgres.up.sql': '',
    '3_c.crdb.up.sql': '',
    '3_c.mysql.down.sql': '',
    '3_c.up.sql': '',
  })
  expect(scripts.map(({ version, otherDatabases }) => [version, otherDatabases])).toEqual([
    ['1', ['cockroach']],
    ['2', undefined],
    ['3', ['mysql']],
  ])
  const [alone] = (await load({ '1_a.up.sql': '', '2_b.postgres.up.sql': '' })).scripts
  expect(alone?.otherDatabases).toBeUndefined()
})
