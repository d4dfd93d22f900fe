import { expect, test } from 'vitest'
import type { MigrationSet } from '../../src/core/source.ts'
import { atlasDirectives } from '../../src/sources/atlas-directives.ts'
import { splitAtlasStatements } from '../../src/sources/atlas-statements.ts'
import { validateSum, type HashedFile } from '../../src/sources/atlas-sum.ts'
import { atlas } from '../../src/sources/atlas.ts'
import { treeOf } from './file-tree.ts'

const root = { source: 'atlas', dir: 'migrations', found: 'layout' } as const

/** Without the problem of the missing atlas.sum, which has its own tests. */
async function load(contents: Readonly<Record<string, string | Uint8Array>>): Promise<MigrationSet> {
  const inFolder = Object.entries(contents).map(([name, text]) => [`migrations/${name}`, text])
  const set = await atlas.load(root, treeOf(Object.fromEntries(inFolder)), {})
  return { ...set, problems: set.problems.filter(({ message }) => !message.includes('atlas.sum is missing')) }
}

test('finds folders with an atlas.sum, and the configuration that names them', async () => {
  const files = { 'migrations/1_a.sql': '', 'migrations/atlas.sum': '' }
  expect(await atlas.detect(treeOf(files))).toEqual([root])
  const hcl = 'env "x" {\n  migration {\n    dir = "file://migrations?format=atlas"\n  }\n}\n'
  expect(await atlas.detect(treeOf({ ...files, 'atlas.hcl': hcl }))).toEqual([
    { ...root, found: 'config file', configFile: 'atlas.hcl' },
  ])
})

test.each([
  ['golang-migrate', { 'migrations/1_a.up.sql': 'SELECT 1;' }],
  ['Flyway', { 'migrations/V1__a.sql': 'SELECT 1;' }],
  ['goose', { 'migrations/1_a.sql': '-- +goose Up\n' }],
  ['dbmate', { 'migrations/1_a.sql': '-- migrate:up\n-- migrate:down\n' }],
  ['Liquibase', { 'migrations/1_a.sql': '--liquibase formatted sql\n' }],
])('leaves a folder to %s that Atlas only wrote the files for', async (_, files) => {
  expect(await atlas.detect(treeOf({ ...files, 'migrations/atlas.sum': '' }))).toEqual([])
})

test.each([
  ['dev = "docker://mysql/8/dev"', 0],
  ['url = "sqlite://x.db"', 0],
  ['dev = "docker://pgvector/pg17/dev"', 1],
  ['url = var.url', 1],
])('%s tells for which database the folder is', async (setting, roots) => {
  const hcl = `env "x" {\n  ${setting}\n  migration {\n    dir = "file://migrations"\n  }\n}\n`
  const tree = treeOf({ 'migrations/1_a.sql': '', 'migrations/atlas.sum': '', 'atlas.hcl': hcl })
  expect(await atlas.detect(tree)).toHaveLength(roots)
})

test('runs every .sql file of the folder in the order of the names', async () => {
  const { scripts, problems } = await load({ '2_b.sql': '', '10_c.sql': '', 'x.sql': '', 'sub/1_a.sql': '' })
  expect(scripts.map(({ version, title }) => [version, title])).toEqual([
    ['10', 'c'],
    ['2', 'b'],
    ['x', ''],
  ])
  expect(problems).toEqual([])
})

test('two files of one version: Atlas fails at the second', async () => {
  const { problems } = await load({ '1_a.sql': '', '1_b.sql': '' })
  expect(problems.map(({ code }) => code)).toEqual(['duplicate-version'])
})

test('starts at the newest checkpoint', async () => {
  const checkpoint = '-- atlas:checkpoint\n\nSELECT 1;'
  const set = await load({
    '1_a.sql': '',
    '2_b.sql': checkpoint,
    '3_c.sql': '',
    '4_d.sql': checkpoint,
    '5_e.sql': '',
  })
  expect(set.scripts.map(({ version }) => version)).toEqual(['4', '5'])
  expect(set.baseline).toBe('migrations/4_d.sql')
  expect(set.skipped?.map(({ file }) => file)).toEqual([
    'migrations/1_a.sql',
    'migrations/2_b.sql',
    'migrations/3_c.sql',
  ])
})

test('wraps a file, unless the comments at its top say txmode none', async () => {
  const { scripts, problems } = await load({
    '1_a.sql': 'SELECT 1;',
    '2_b.sql': '-- atlas:txmode none\n\nSELECT 1; SELECT 2;',
    '3_c.sql': '-- atlas:txmode none\nSELECT 1;',
    '4_d.sql': '-- atlas:txmode none\r\n\r\nSELECT 1;',
    '5_e.sql': '-- atlas:txmode file\n\nSELECT 1;',
  })
  expect(scripts.map(({ transaction }) => transaction.mode)).toEqual([
    'file',
    'simple query',
    'file',
    'file',
    'file',
  ])
  expect(scripts[1]?.parts).toHaveLength(2)
  expect(problems).toEqual([])
})

test.each([
  ['an unknown txmode', '-- atlas:txmode all\n\nSELECT 1;', 'it does not know the txmode "all" for a file'],
  ['two of them', '-- atlas:txmode none\n-- atlas:txmode file\n\n', 'it has several txmode directives'],
  [
    'an open parenthesis',
    'SELECT 1;\nSELECT (2;\n',
    'its scanner finds a parenthesis without its end in line 2',
  ],
  ['a closing one', 'SELECT 1);\n', 'its scanner finds a closing parenthesis too many in line 1'],
  ['an open quote', "SELECT E'a\\'b';\n", "its scanner finds a quote (') without its end in line 1"],
])('refuses %s', async (_, text, because) => {
  const { problems, scripts } = await load({ '1_a.sql': text })
  expect(problems.map(({ message }) => message)).toEqual([`Atlas refuses migrations/1_a.sql: ${because}.`])
  expect(scripts).toHaveLength(1)
})

test('says that a COMMIT ends the transaction around a file, and that a byte order mark is sent', async () => {
  const { problems } = await load({
    '1_a.sql': 'COMMIT; SELECT 1;',
    '2_b.sql': Buffer.from('\uFEFFSELECT 1;'),
  })
  expect(problems.map(({ file, code }) => `${file} ${code}`)).toEqual([
    'migrations/1_a.sql refused-by-tool',
    'migrations/2_b.sql refused-by-tool',
  ])
})

test.each([
  ['non_linear', 'runs'],
  ['LINEAR_SKIP', 'skipped'],
  ['linear', 'refused'],
])('exec_order = %s decides what happens out of order', async (order, outcome) => {
  const hcl = `env "x" {\n  migration {\n    exec_order = ${order} # as ever\n    revisions_schema = "books"\n  }\n}\n`
  const set = await atlas.load(root, treeOf({ 'migrations/1_a.sql': '', 'atlas.hcl': hcl }), {})
  expect(set.whenOutOfOrder?.outcome).toBe(outcome)
  expect(set.foundation?.sql).toContain('CREATE TABLE "books".atlas_schema_revisions')
})

test.each([
  ['directives at the top', '-- a\n-- atlas:sum ignore\n\nSELECT 1;', 'sum', ['ignore']],
  ['nothing else in the file', '-- atlas:txmode none', 'txmode', ['none']],
  ['a line with white space', '-- atlas:txmode none\n  \nSELECT 1;', 'txmode', ['none']],
  ['none behind the top', '-- a\n\n-- atlas:txmode none\n\nSELECT 1;', 'txmode', []],
])('takes %s', (_, text, name, expected) => {
  expect(atlasDirectives(text, name)).toEqual(expected)
})

test.each([
  ['semicolons', 'SELECT 1;\n-- two\nSELECT 2', ['SELECT 1;', 'SELECT 2']],
  [
    'not those in quotes',
    `SELECT ';', ";", $$;$$, $a$;$a$, (1;2);`,
    [`SELECT ';', ";", $$;$$, $a$;$a$, (1;2);`],
  ],
  ['not those in comments', 'SELECT /* ; */ 1 -- ;\n;', ['SELECT /* ; */ 1 -- ;\n;']],
  ['not those of a block', 'BEGIN SELECT 1; END; SELECT 2;', ['BEGIN SELECT 1; END;', 'SELECT 2;']],
  [
    'not those of a body',
    'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 3;',
    ['CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;', 'SELECT 3;'],
  ],
  ['a BEGIN without END', 'BEGIN READ ONLY; SELECT 1; COMMIT;', ['BEGIN READ ONLY;', 'SELECT 1;', 'COMMIT;']],
  [
    'a delimiter of its own',
    '-- atlas:delimiter \\n\\n\nSELECT 1;\nSELECT 2;\n\nSELECT 3;',
    ['SELECT 1;\nSELECT 2;', 'SELECT 3;'],
  ],
])('cuts as Atlas does: %s', (_, text, expected) => {
  const { parts, error } = splitAtlasStatements(text)
  expect(error).toBeUndefined()
  expect(parts.map(({ start, end }) => text.slice(start, end).trim())).toEqual(expected)
})

test('many blocks that are none take no time', () => {
  const { parts } = splitAtlasStatements('BEGIN READ ONLY; COMMIT;\n'.repeat(300))
  expect(parts).toHaveLength(600)
})

/** Written by `atlas migrate hash` (HashFile of ariga.io/atlas v1.3). */
const sum = `h1:yfssEutVsf3NtIcUWdsXJD9UWFICM7CjNyRr9rA3tag=
1_a.sql h1:oHx7vmeRbxB72kdSGUkFhE08red3y82zeqcbzCxkGjo=
2_b.sql h1:jqdn/UCU1bnj96EwRLYv9FRnrwv3yIEfGHtJessEvPM=
3_c.sql h1:bBubcsJSsPY4cttm1zu0Zg5F1Em5tiFtZ4MO9aJemwM=
`
const file = (name: string, text: string): HashedFile => ({ name, bytes: new TextEncoder().encode(text) })
const files = [file('1_a.sql', 'SELECT 1;\n'), file('2_b.sql', 'SELECT 2;\n'), file('3_c.sql', 'SELECT 3;\n')]

test('atlas.sum fits the files it was written for', () => {
  expect(validateSum(sum, files)).toBeUndefined()
  expect(validateSum(undefined, [])).toBeUndefined()
})

test.each([
  ['an edit', files.with(1, file('2_b.sql', 'SELECT 4;\n')), { reason: 'edited', name: '2_b.sql' }],
  ['a file at the end', [...files, file('4_d.sql', '')], { reason: 'added', name: '4_d.sql' }],
  ['a file between', files.toSpliced(1, 0, file('1_z.sql', '')), { reason: 'added', name: '1_z.sql' }],
  ['a missing file', files.toSpliced(1, 1), { reason: 'removed', name: '2_b.sql' }],
])('atlas.sum does not fit after %s', (_, changed, mismatch) => {
  expect(validateSum(sum, changed)).toEqual(mismatch)
})

test.each([
  ['a conflict left in it', sum.replace('\n', '\n<<<<<<< HEAD\n'), 'format'],
  ['a line taken out of it', sum.replace(/3_c.*\n/, ''), 'sum'],
  ['none at all', undefined, 'missing'],
])('atlas.sum is of no use with %s', (_, text, reason) => {
  expect(validateSum(text, files)).toEqual({ reason })
})

test('the finding stands at the file that differs', async () => {
  const tree = treeOf({ 'migrations/1_a.sql': 'SELECT 9;\n', 'migrations/atlas.sum': sum })
  const { problems } = await atlas.load(root, tree, {})
  expect(problems).toEqual([
    {
      code: 'refused-by-tool',
      file: 'migrations/1_a.sql',
      message: 'Atlas refuses to run, because atlas.sum does not fit the files: 1_a.sql was edited since.',
      remedy: 'Run `atlas migrate hash` and commit atlas.sum.',
    },
  ])
})
