import { expect, test } from 'vitest'
import { plainSql } from '../../src/sources/plain-sql.ts'
import { emptyFiles, treeOf } from './file-tree.ts'

const root = { source: 'plain-sql', dir: 'migrations', found: 'layout' } as const

const dirsOf = async (tree: Parameters<typeof plainSql.detect>[0]): Promise<readonly string[]> =>
  (await plainSql.detect(tree)).map(({ dir }) => dir)

test.each([
  'migrations',
  'db/migrations',
  'db/migrate',
  'database/migrations',
  'sql/migrations',
  'schema_migrations',
])('recognises %s by its name with a single script in it', async (dir) => {
  expect(await dirsOf(emptyFiles(`${dir}/001_a.sql`))).toEqual([dir])
})

test.each([
  ['numbers', ['1.sql', '2.sql']],
  ['numbers with titles', ['001_a.sql', '002-b.sql']],
  ['timestamps', ['20240101120000_a.sql', '20240102120000_b.sql']],
  ['dates', ['2024-01-01_a.sql', '2024-01-02_b.sql']],
  ['dotted versions', ['1.2.3_a.sql', '1.2.4_b.sql']],
  ['versions with a v', ['v1_a.sql', 'v2_b.sql']],
])('recognises another folder when its scripts begin with %s', async (_, names) => {
  expect(await dirsOf(emptyFiles(...names.map((name) => `store/${name}`)))).toEqual(['store'])
})

test.each([
  ['most files have no number', ['store/a.sql', 'store/b.sql', 'store/1_c.sql', 'store/2_d.sql']],
  ['there is only one', ['store/1_c.sql']],
  ['the names are those of Flyway', ['migrations/V1__a.sql', 'migrations/2_b.sql']],
  ['the names are those of golang-migrate', ['migrations/1_a.up.sql', 'migrations/2_b.up.sql']],
  ['it holds the way down', ['migrations/down/1_a.sql', 'migrations/down/2_b.sql']],
])('does not claim a folder when %s', async (_, paths) => {
  expect(await dirsOf(emptyFiles(...paths))).toEqual([])
})

test.each([
  ['goose', { 'migrations/001_a.sql': '-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;' }],
  ['dbmate', { 'db/migrations/20240101_a.sql': '-- migrate:up\nSELECT 1;\n-- migrate:down\n' }],
  ['sql-migrate', { 'migrations/1_a.sql': '-- +migrate Up\nSELECT 1;' }],
  ['tern', { 'migrations/001_a.sql': 'SELECT 1;\n---- create above / drop below ----\nSELECT 2;' }],
  ['Prisma', { 'migrations/migration_lock.toml': '', 'migrations/001_a.sql': '' }],
  ['Drizzle', { 'migrations/meta/_journal.json': '{}', 'migrations/0000_a.sql': '' }],
  ['Atlas', { 'migrations/atlas.sum': '', 'migrations/20240101_a.sql': '' }],
  ['Supabase', { 'supabase/config.toml': '', 'supabase/migrations/20240101_a.sql': '' }],
  ['Sqitch', { 'sqitch.plan': '', 'deploy/1_a.sql': '', 'deploy/2_b.sql': '' }],
  ['Diesel', { 'diesel.toml': '', 'migrations/1_a.sql': '' }],
  ['sqlx', { 'Cargo.toml': '[dependencies]\nsqlx = { version = "0.8" }', 'migrations/1_a.sql': '' }],
])('does not claim a folder of %s', async (_, contents) => {
  expect(await dirsOf(treeOf(contents))).toEqual([])
})

test('sees a marker that is only in the newest file of the folder', async () => {
  const tree = treeOf({
    'migrations/001_a.sql': 'SELECT 1;',
    'migrations/002_b.sql': '-- +goose Up\nSELECT 1;',
  })
  expect(await dirsOf(tree)).toEqual([])
})

test('takes numbered folders for chapters of the migrations folder above them', async () => {
  const tree = emptyFiles(
    'migrations/2023/001_a.sql',
    'migrations/2024/001_b.sql',
    'migrations/2024/002_c.sql',
  )
  expect(await dirsOf(tree)).toEqual(['migrations'])
  const set = await plainSql.load(root, tree, {})
  expect(set.scripts.map(({ version }) => version)).toEqual(['2023.1', '2024.1', '2024.2'])
  expect(set.problems).toEqual([])
})

test('orders by number, then by name', async () => {
  const names = ['10_a.sql', '9_b.sql', '010_c.sql', '2_d.sql']
  const set = await plainSql.load(root, emptyFiles(...names.map((name) => `migrations/${name}`)), {})
  expect(set.scripts.map(({ file }) => file.slice(11))).toEqual([
    '2_d.sql',
    '9_b.sql',
    '010_c.sql',
    '10_a.sql',
  ])
})

test('orders dates with counters and times by their numbers', async () => {
  const names = ['2024-01-05_10_c.sql', '2024-01-05_2_b.sql', '2024-01-05_a.sql', '2024_02_01_120000_d.sql']
  const set = await plainSql.load(root, emptyFiles(...names.map((name) => `migrations/${name}`)), {})
  expect(set.scripts.map(({ version, title }) => `${version} ${title}`)).toEqual([
    '2024.1.5 a',
    '2024.1.5.2 b',
    '2024.1.5.10 c',
    '2024.2.1.120000 d',
  ])
})

test('runs each statement on its own in a session per file, as psql -f does', async () => {
  const set = await plainSql.load(root, treeOf({ 'migrations/001_add_users-table.sql': 'SELECT 1;' }), {})
  expect(set.sharesSession).toBe(false)
  expect(set.scripts).toMatchObject([
    { version: '1', title: 'add users table', transaction: { mode: 'statement', why: 'assumed: psql -f' } },
  ])
})

test('takes the transaction of the configuration', async () => {
  const transaction = { mode: 'file', why: 'configuration' } as const
  const set = await plainSql.load(root, emptyFiles('migrations/1_a.sql'), { transaction })
  expect(set.scripts[0]?.transaction).toEqual(transaction)
})

test.each([
  '1_a.down.sql',
  '1_a_down.sql',
  '1_a.rollback.sql',
  '1_a.undo.sql',
  '1_a-revert.sql',
  'down_1.sql',
])('leaves out %s', async (name) => {
  const set = await plainSql.load(root, emptyFiles('migrations/1_a.sql', `migrations/${name}`), {})
  expect(set.scripts).toHaveLength(1)
  expect(set.skipped).toEqual([
    { file: `migrations/${name}`, reason: 'down migrations run only on a rollback', affectsOthers: false },
  ])
})

test.each(['1_add_countdown.sql', '1_shutdown.sql', '1_undo_log.sql'])(
  'does not take %s for a down script',
  async (name) => {
    const set = await plainSql.load(root, emptyFiles(`migrations/${name}`), {})
    expect(set.scripts).toHaveLength(1)
  },
)

test('skips scripts without a number beside numbered ones', async () => {
  const set = await plainSql.load(root, emptyFiles('migrations/1_a.sql', 'migrations/seed.sql'), {})
  expect(set.scripts.map(({ file }) => file)).toEqual(['migrations/1_a.sql'])
  expect(set.skipped?.map(({ file }) => file)).toEqual(['migrations/seed.sql'])
})

test('runs scripts by name when none has a number', async () => {
  const set = await plainSql.load(root, emptyFiles('migrations/b.sql', 'migrations/a.sql'), {})
  expect(set.scripts.map(({ version, title }) => [version, title])).toEqual([
    [null, 'a'],
    [null, 'b'],
  ])
})

test('names all files of a number that is there twice', async () => {
  const set = await plainSql.load(root, emptyFiles('migrations/1_a.sql', 'migrations/01_b.sql'), {})
  expect(set.problems).toEqual([
    {
      code: 'duplicate-version',
      file: 'migrations/1_a.sql',
      message:
        'Version 1 is claimed by migrations/01_b.sql and migrations/1_a.sql; ' +
        'which of them runs first depends on their names only.',
    },
  ])
  expect(set.scripts).toHaveLength(2)
})

test.each(['20240105', '2024-01-05'])('lets two scripts share the day %s', async (day) => {
  const set = await plainSql.load(root, emptyFiles(`migrations/${day}_a.sql`, `migrations/${day}_b.sql`), {})
  expect(set.problems).toEqual([])
})

test.each([
  [{ schema: 'shop' }, "CREATE TABLE shop.a (b text DEFAULT ':schema', c int[]);"],
  [undefined, "CREATE TABLE :schema.a (b text DEFAULT ':schema', c int[]);"],
])('fills in the variables that the configuration has, %j', async (placeholders, text) => {
  const tree = treeOf({
    'migrations/001_a.sql': "CREATE TABLE :schema.a (b text DEFAULT ':schema', c int[]);",
  })
  const { scripts } = await plainSql.load(root, tree, placeholders === undefined ? {} : { placeholders })
  expect(scripts.map((script) => script.text)).toEqual([text])
})
