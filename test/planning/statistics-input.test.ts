import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { SizedSide } from '../../src/planning/figures-after.ts'
import { arrayElements } from '../../src/planning/array-text.ts'
import { btreeLevels, btreePages } from '../../src/planning/index-size.ts'
import { indexSignature, withoutCasts } from '../../src/planning/index-signature.ts'
import { representativeChoices, ValueCatalog } from '../../src/planning/parameter-values.ts'
import { plannedText } from '../../src/planning/parameters.ts'
import { pageChecksum } from '../../src/postgres/page-checksum.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { openMajor } from '../replay/servers.ts'
import { query } from './truth.ts'

test('arrays as Postgres prints them', () => {
  expect(arrayElements('{a,"b c","d\\"e",""}')).toEqual(['a', 'b c', 'd"e', ''])
  expect(arrayElements('{"{1,2}","{3}"}')).toEqual(['{1,2}', '{3}'])
  expect(arrayElements('{}')).toEqual([])
  expect(arrayElements('{"NULL",x}')).toEqual(['NULL', 'x'])
  for (const wrong of ['', 'a', '{a', '{a,NULL}', '{{1},{2}}', '{a,,b}', '[0:1]={a,b}', '{"a}', '{a}}'])
    expect(arrayElements(wrong), wrong).toBeUndefined()
})

test('signatures of indexes have no names, casts and parameters', () => {
  const of = (definition: string, predicate: string | null = null): string =>
    indexSignature({ method: 'btree', definition, predicate })
  expect(of('CREATE UNIQUE INDEX a ON public.t USING btree (lower((email)::text), b DESC)')).toBe(
    'btree(lower(email), b DESC)',
  )
  expect(
    of(
      `CREATE INDEX b ON public.t USING btree (a) INCLUDE (b) WITH (fillfactor='70') WHERE (c > 5)`,
      'c > 5',
    ),
  ).toBe('btree(a) INCLUDE (b) WHERE c > 5')
  expect(withoutCasts("((data ->> 'x'::text))::character varying(20)")).toBe("((data ->> 'x'))")
})

test('sizes of b-trees as they were built', () => {
  // prediction-facts.md, section D
  expect(btreePages({ rows: 2_000_000, width: 8, distinct: 2_000_000, deduplicates: true })).toBeGreaterThan(
    5440,
  )
  expect(btreePages({ rows: 2_000_000, width: 8, distinct: 2_000_000, deduplicates: true })).toBeLessThan(
    5520,
  )
  expect(btreePages({ rows: 2_000_000, width: 4, distinct: 5, deduplicates: true })).toBeLessThan(1900)
  expect([1, 2, 3, 300, 100_000, 10_000_000].map((pages) => btreeLevels(pages, 8))).toEqual([
    0, 0, 1, 2, 3, 3,
  ])
})

test('parameters of LIMIT and OFFSET have values, the rest is counted anew', async () => {
  await loadParser()
  const text = (sql: string, literals: readonly [number, string][] = []) =>
    plannedText(query('one', sql), new Map(literals))
  expect(text('select * from t where a = $2 and b = $1 limit $3 offset $4')).toEqual({
    sql: 'select * from t where a = $1 and b = $2 limit 50 offset 0\n',
    parameters: [2, 1],
  })
  expect(text('select * from t where a = $1 limit $3 offset ($2 - 1) * $3').sql).toContain(
    'limit 50 offset (1 - 1) * 50',
  )
  expect(text('select \'$1\', $1::int, "$1" -- $1', [[1, "'7'"]]).sql).toBe(
    "select '$1', '7'::int, \"$1\" -- $1\n",
  )
  expect(text('select * from (select * from t limit $1::int) x where x.a = $2 and $2 > 0')).toEqual({
    sql: 'select * from (select * from t limit 50::int) x where x.a = $1 and $1 > 0\n',
    parameters: [2],
  })
})

test('values that many rows have, and few', async () => {
  await loadParser()
  const side: SizedSide = {
    catalog: {
      tables: new Map([
        [
          1,
          {
            oid: 1,
            schema: 'public',
            name: 't',
            kind: 'table',
            path: null,
            filenode: 1,
            partitionOf: null,
            foreignKeys: [],
          },
        ],
      ]),
      columns: new Map([
        [
          1,
          ['a', 'b'].map((name, at) => ({
            relation: 1,
            attnum: at + 1,
            name,
            type: 'text',
            typeOid: 25,
            notNull: true,
            collation: 100,
          })),
        ],
      ]),
      indexes: new Map(),
      types: new Map(),
    },
    figures: {
      tables: new Map([
        [
          1,
          {
            rows: 1,
            pages: 1,
            allVisiblePages: 1,
            columns: new Map([
              [
                1,
                {
                  name: 'a',
                  nullFraction: 0,
                  distinct: 3,
                  width: 4,
                  mostCommon: "{it's,few}",
                  frequencies: [0.9, 0.1],
                },
              ],
              [2, { name: 'b', nullFraction: 0, distinct: -1, width: 4, histogram: '{0,1,2,3,4,5,6,7,8,9}' }],
            ]),
          },
        ],
      ]),
      indexes: new Map(),
    },
  }
  const values = new ValueCatalog([side])
  const choices = (sql: string): readonly string[] =>
    representativeChoices(query('one', sql), values).map(({ description }) => description)
  expect(choices('select * from t x where x.a = $1 and b between $2 and $3')).toEqual([
    "a = 'it''s', b >= '1', b <= '9'",
    "a = 'few', b >= '9', b <= '9'",
  ])
  expect(choices('update t set a = $1 where $2 < b')).toEqual(["b > '1'", "b > '9'"])
  expect(choices('select * from t where a = any($1) and b like $2')).toEqual([
    `a = any '{"it''s"}', b ~~ '5%'`,
    `a = any '{"few"}', b ~~ '5%'`,
  ])
  expect(choices('select * from t where a = $1 or a in ($2, $3)')).toHaveLength(2)
  expect(choices('select * from u where a = $1')).toEqual([])
  expect(choices('select * from t where c = $1')).toEqual([])
})

test('checksums are those of real pages', async () => {
  await using server = await openMajor(18)
  const admin = await server.connectAdmin()
  const { rows } = await admin.query<{ folder: string; path: string }>(
    `select current_setting('data_directory') as folder, pg_relation_filepath('pg_class_oid_index') as path`,
  )
  await admin.end()
  const [file] = rows
  const bytes = await readFile(join(file?.folder ?? '', file?.path ?? ''))
  expect(bytes.length).toBeGreaterThan(8192)
  for (let block = 0; block < bytes.length / 8192; block += 1) {
    const page = bytes.subarray(block * 8192, (block + 1) * 8192)
    expect(pageChecksum(page, block)).toBe(page.readUInt16LE(8))
  }
})
