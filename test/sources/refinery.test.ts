import { expect, test } from 'vitest'
import { refinery } from '../../src/sources/refinery.ts'
import { emptyFiles, treeOf } from './file-tree.ts'

const root = { source: 'refinery', dir: 'sql', found: 'layout' } as const
const manifest = '[dependencies]\nrefinery = { version = "0.10", features = ["postgres"] }\n'

test('runs V and U in the order of their versions, subfolders included', async () => {
  const tree = emptyFiles('sql/V10__j.sql', 'sql/a/V2__b.sql', 'sql/U003__c_d.sql', 'sql/V7__größe.sql')
  const set = await refinery.load(root, tree, {})
  expect(set.scripts.map(({ version, title }) => `${version} ${title}`)).toEqual([
    '2 b',
    '3 c d',
    '7 größe',
    '10 j',
  ])
  expect(set.problems).toEqual([])
})

test('says which files it does not run and why', async () => {
  const tree = emptyFiles(
    'sql/V1__a.sql',
    'sql/V2__b.rs',
    'sql/V3__with-dash.sql',
    'sql/notes.md',
    'sql/mod.rs',
  )
  const set = await refinery.load(root, tree, {})
  expect(set.skipped).toEqual([
    { file: 'sql/V2__b.rs', reason: 'migrations in Rust are not run', affectsOthers: true },
    {
      file: 'sql/V3__with-dash.sql',
      reason: 'refinery ignores names other than V<version>__<name>.sql, <name> of letters, digits and _',
      affectsOthers: false,
    },
  ])
})

test('is refused by versions that are no numbers of 32 bits, or 64 with int8-versions', async () => {
  const files = { 'sql/V1.1__a.sql': '', 'sql/V20240101120000__b.sql': '', 'Cargo.toml': manifest }
  const narrow = await refinery.load(root, treeOf(files), {})
  expect(narrow.problems.map(({ file }) => file)).toEqual(['sql/V1.1__a.sql', 'sql/V20240101120000__b.sql'])
  expect(narrow.foundation?.sql).toContain('version int4')
  const wideManifest = manifest.replace('"postgres"', '"postgres", "int8-versions"')
  const wide = await refinery.load(root, treeOf({ ...files, 'Cargo.toml': wideManifest }), {})
  expect(wide.problems.map(({ file }) => file)).toEqual(['sql/V1.1__a.sql'])
  expect(wide.foundation?.sql).toContain('version int8')
})

test('runs each file in a transaction, or all in one when the program groups them', async () => {
  const files = { 'Cargo.toml': manifest, 'sql/V1__a.sql': '' }
  const plain = await refinery.load(root, treeOf({ ...files, 'src/main.rs': 'runner().run(&mut c)' }), {})
  expect(plain.scripts[0]?.transaction).toEqual({ mode: 'file', why: 'refinery default' })
  expect(plain.whenOutOfOrder?.outcome).toBe('refused')
  const code =
    'runner().set_grouped(true).set_abort_missing(false).set_migration_table_name("app.books").run(&mut c)'
  const grouped = await refinery.load(root, treeOf({ ...files, 'src/main.rs': code }), {})
  expect(grouped.scripts[0]?.transaction.mode).toBe('run')
  expect(grouped.whenOutOfOrder?.outcome).toBe('skipped')
  expect(grouped.foundation?.sql).toContain('CREATE TABLE IF NOT EXISTS app.books (')
})

test('says that a version can be there once', async () => {
  const { problems } = await refinery.load(root, emptyFiles('sql/V1__a.sql', 'sql/U1__b.sql'), {})
  expect(problems.map(({ code }) => code)).toEqual(['duplicate-version'])
})

test('lets a U come late, and no V', async () => {
  const set = await refinery.load(root, emptyFiles('sql/V1__a.sql', 'sql/U2__b.sql'), {})
  expect(set.whenOutOfOrder?.outcome).toBe('refused')
  expect(set.scripts.map(({ whenOutOfOrder }) => whenOutOfOrder?.outcome)).toEqual([undefined, 'runs'])
})
