import { expect, test } from 'vitest'
import type { MigrationScript, MigrationSet } from '../../src/core/source.ts'
import { goose } from '../../src/sources/goose.ts'
import { treeOf } from './file-tree.ts'

const root = { source: 'goose', dir: 'db', found: 'marker comment' } as const

function load(
  contents: Readonly<Record<string, string | Uint8Array>>,
  placeholders: Readonly<Record<string, string>> = {},
): Promise<MigrationSet> {
  return goose.load(root, treeOf(contents), { placeholders })
}

/** What goose sends of a file, message by message. */
const messages = ({ text, parts }: MigrationScript): readonly string[] | undefined =>
  parts?.map(({ start, end }) => text.slice(start, end).trim())

async function messagesOf(text: string): Promise<readonly string[] | undefined> {
  const { scripts, problems } = await load({ 'db/1_a.sql': text })
  expect(problems).toEqual([])
  return scripts.flatMap((script) => messages(script) ?? [])
}

async function refusalOf(text: string | Uint8Array): Promise<string | undefined> {
  const { problems } = await load({ 'db/1_a.sql': text })
  expect(problems.map(({ code }) => code)).toEqual(['refused-by-tool'])
  return problems[0]?.message
}

test('finds folders by the comment in their files', async () => {
  const tree = treeOf({ 'db/1_a.sql': '-- +goose Up\n', 'db/2_b.sql': '', 'sql/001_x.sql': 'SELECT 1;' })
  expect(await goose.detect(tree)).toEqual([root])
})

test('runs sequential versions before timestamps, by their numbers', async () => {
  const up = '-- +goose Up\nSELECT 1;\n'
  const { scripts, problems, skipped } = await load({
    'db/20240101120000_c.sql': up,
    'db/00010_b.sql': up,
    'db/9_a.sql': up,
    'db/11_d.go': 'package db',
    'db/12_d_test.go': 'package db',
    'db/helpers.go': 'package db',
    'db/old/1_x.sql': up,
  })
  expect(scripts.map(({ version }) => version)).toEqual(['9', '10', '20240101120000'])
  expect(problems).toEqual([])
  expect(skipped).toEqual([{ file: 'db/11_d.go', reason: 'Go migrations are not run', affectsOthers: true }])
})

test('a version that a Go migration has too ends goose', async () => {
  const { problems } = await load({ 'db/1_a.sql': '-- +goose Up\n', 'db/01_b.go': '' })
  expect(problems.map(({ message }) => message)).toEqual([
    'Version 1 is claimed by db/1_a.sql and db/01_b.go; goose refuses to run at all.',
  ])
})

test('a file without a version ends the command', async () => {
  const { problems } = await load({ 'db/1_a.sql': '-- +goose Up\n', 'db/schema.sql': '', 'db/0_x.sql': '' })
  expect(problems.map(({ file, severity }) => `${file} ${severity}`)).toEqual([
    'db/0_x.sql warning',
    'db/schema.sql warning',
  ])
})

test('wraps the up section, and the down section likewise', async () => {
  const text = '-- a note\n\n-- +goose Up\nCREATE TABLE t ();\n\n-- +goose Down\nDROP TABLE t;\n'
  const { scripts } = await load({ 'db/1_create_t.sql': text })
  expect(scripts).toEqual([
    {
      source: 'goose',
      file: 'db/1_create_t.sql',
      version: '1',
      title: 'create t',
      text,
      start: 24,
      end: 44,
      parts: [{ start: 24, end: 43 }],
      transaction: { mode: 'file', why: 'goose default' },
      repeatable: false,
      down: {
        file: 'db/1_create_t.sql',
        text,
        start: 59,
        end: 73,
        parts: [{ start: 59, end: 73 }],
        transaction: { mode: 'file', why: 'goose default' },
      },
    },
  ])
})

test('below NO TRANSACTION, each of its statements is a message', async () => {
  const { scripts } = await load({
    'db/1_a.sql': '-- +goose Up\n-- +goose NO TRANSACTION\nSELECT 1;\nSELECT 2; SELECT 3;\n',
  })
  expect(scripts[0]?.transaction.mode).toBe('simple query')
  expect(scripts.flatMap(messages)).toEqual(['SELECT 1;', 'SELECT 2; SELECT 3;'])
})

test.each([
  ['a semicolon before a comment', 'SELECT 1; -- one\nSELECT 2;\n', ['SELECT 1; -- one', 'SELECT 2;']],
  ['no comment before a statement', '-- one\nSELECT 1;\n\n-- two\nSELECT 2;\n', ['SELECT 1;', 'SELECT 2;']],
  ['a comment inside of one', 'SELECT\n-- one\n1;\n', ['SELECT\n-- one\n1;']],
  [
    'a body between StatementBegin and StatementEnd',
    '-- +goose StatementBegin\nDO $$\nBEGIN\n  NULL;\nEND $$;\n-- +goose StatementEnd\nSELECT 1;\n',
    ['DO $$\nBEGIN\n  NULL;\nEND $$;', 'SELECT 1;'],
  ],
  [
    'no line after an empty block',
    '-- +goose StatementBegin\n-- +goose StatementEnd\nSELECT 1;\nSELECT 2;\n',
    ['SELECT 2;'],
  ],
  ['lines of Windows', 'SELECT 1;\r\nSELECT 2;\r\n', ['SELECT 1;', 'SELECT 2;']],
  ['nothing of an empty section', '\n-- +goose Down\nSELECT 1;\n', []],
])('cuts as goose does: %s', async (_, section, expected) => {
  expect(await messagesOf(`-- +goose Up\n${section}`)).toEqual(expected)
})

test.each([
  ['no annotation', '-- nothing here\n', 'goose refuses db/1_a.sql: it has no "-- +goose Up".'],
  [
    'SQL before it',
    'SELECT 1;\n-- +goose Up\n',
    'goose refuses db/1_a.sql: line 1 stands before "-- +goose Up".',
  ],
  [
    'an unknown one',
    '-- +goose Upp\n',
    'goose refuses db/1_a.sql: it does not know the annotation "-- +goose Upp".',
  ],
  ['an indented one', ' -- +goose Up\n', 'goose refuses db/1_a.sql: its annotation is indented.'],
  [
    'no semicolon',
    '-- +goose Up\nSELECT 1\n',
    'goose refuses db/1_a.sql: the last statement of its up section has no semicolon at the end of a line.',
  ],
  [
    'a comment after white space, which it takes for a statement',
    '-- +goose Up\nSELECT 1;\n  \n-- done\n-- +goose Down\n',
    'goose refuses db/1_a.sql: the last statement of its up section has no semicolon at the end of a line.',
  ],
  [
    'a block without end, also on the way down',
    '-- +goose Up\nSELECT 1;\n-- +goose Down\n-- +goose StatementBegin\nSELECT 2;\n',
    'goose refuses db/1_a.sql: the StatementBegin of line 4 has no StatementEnd.',
  ],
  [
    'a body without StatementBegin',
    '-- +goose Up\nCREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $x$\nBEGIN\n  RETURN 1;\nEND;\n$x$;\n',
    'goose cuts db/1_a.sql at a semicolon inside the dollar-quoted string that begins in line 2, so the server gets pieces and refuses them.',
  ],
  [
    'a byte order mark',
    Buffer.from('\uFEFF-- +goose Up\nSELECT 1;\n'),
    'goose refuses db/1_a.sql: a byte order mark stands before its first line.',
  ],
  [
    'a session without its table',
    "-- +goose Up\nSELECT pg_catalog.set_config('search_path', '', false);\n",
    "db/1_a.sql leaves search_path at ''; goose then looks for its table goose_db_version in the same session.",
  ],
])('says what goose refuses: %s', async (_, text, message) => {
  expect(await refusalOf(text)).toBe(message)
})

test('rehearses what it refuses as it was meant, where it can', async () => {
  const text = '-- +goose Up\nDO $$ BEGIN\nNULL;\nEND $$;\n-- +goose Down\nSELECT 2;\n'
  const { scripts } = await load({ 'db/1_a.sql': text, 'db/2_b.sql': 'SELECT 1;' })
  expect(scripts.map(({ file, start, end, parts }) => [file, text.slice(start, end), parts])).toEqual([
    ['db/1_a.sql', 'DO $$ BEGIN\nNULL;\nEND $$;\n', undefined],
  ])
})

test('fills in variables between ENVSUB ON and ENVSUB OFF', async () => {
  const text =
    "-- +goose Up\nSELECT '${S}';\n-- +goose ENVSUB ON\nSELECT $S, ${S}, ${D:-d}, ${S:1:2}, $$ \\$;\n-- +goose ENVSUB OFF\nSELECT $1;\n"
  const { scripts, problems } = await load({ 'db/1_a.sql': text }, { S: 'shop' })
  expect(problems).toEqual([])
  expect(scripts.flatMap(messages)).toEqual([
    "SELECT '${S}';",
    'SELECT shop, shop, d, ho, $ $;',
    'SELECT $1;',
  ])
})

test('a variable without a value is a problem on the way up only', async () => {
  const text = '-- +goose Up\n-- +goose ENVSUB ON\nSELECT ${A};\n-- +goose Down\nSELECT ${B};\n'
  const { scripts, problems } = await load({ 'db/1_a.sql': text })
  expect(scripts).toEqual([])
  expect(problems).toEqual([
    {
      code: 'unresolved-placeholder',
      file: 'db/1_a.sql',
      message:
        'db/1_a.sql uses ${A}, which goose takes from its environment; give a value under placeholders in the configuration.',
    },
  ])
  expect(await refusalOf('-- +goose Up\n-- +goose ENVSUB ON\nSELECT $1;\n')).toBe(
    'goose refuses db/1_a.sql: in line 3 it takes a dollar sign for the beginning of a variable.',
  )
})
