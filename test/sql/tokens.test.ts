import { expect, test } from 'vitest'
import { normalizeSql, splitAtCommas, tokenize } from '../../src/sql/tokens.ts'

function texts(sql: string): readonly string[] {
  return tokenize(sql).map(({ text }) => text)
}

test('leaves out comments and white space', () => {
  expect(texts('select /* a /* nested */ b */ 1 -- rest\n, 2')).toEqual(['select', '1', ',', '2'])
})

test('keeps literals and quoted names whole', () => {
  expect(texts(`"a ""b""" 'it''s -- no' E'\\'' $$x;$$ $t$ $$ $t$ U&"d\\0061t" B'01'`)).toEqual([
    '"a ""b"""',
    "'it''s -- no'",
    "E'\\''",
    '$$x;$$',
    '$t$ $$ $t$',
    'U&"d\\0061t"',
    "B'01'",
  ])
})

test('survives what never ends', () => {
  expect(texts("'open")).toEqual(["'open"])
  expect(texts('$$open')).toEqual(['$$open'])
  expect(texts('a /* open')).toEqual(['a'])
  expect(texts('"open')).toEqual(['"open'])
})

test('gives offsets in the text', () => {
  const sql = 'alter  table "Ä" add x'
  for (const { text, start, end } of tokenize(sql)) expect(sql.slice(start, end)).toBe(text)
})

test('splits at commas outside parentheses, brackets and literals', () => {
  expect(splitAtCommas(" add a numeric(1, 2), add b int[] default array[1, 2], c ',' ")).toEqual([
    'add a numeric(1, 2)',
    'add b int[] default array[1, 2]',
    "c ','",
  ])
})

test('normalises without touching names in quotes and literals', () => {
  expect(normalizeSql('ALTER TABLE "Orders"\nADD x text DEFAULT \'A\'; ')).toBe(
    'alter table "Orders" add x text default \'A\'',
  )
})
