import { beforeAll, describe, expect, it } from 'vitest'
import type { Statement } from '../src/core/model.ts'
import { onStubs, stubRefusal } from '../src/replay/stub-statements.ts'
import { extensionValues } from '../src/replay/seed-extension-values.ts'
import { loadParser, parseStatement } from '../src/sql/parse.ts'

beforeAll(loadParser)

const stubs = ['vector', 'pg_cron']

/** The SQL that runs, or why none does. */
function told(sql: string, names: readonly string[] = stubs): string {
  const statement = { ...parseStatement(sql), sql } as unknown as Statement
  const result = onStubs(names, statement)
  return 'refused' in result ? result.refused : result.sql
}

describe('statements about stand-ins', () => {
  it('refuses options of access methods that are others here', () => {
    const indexes = [
      'create index on items using hnsw (v vector_l2_ops) with (m = 16)',
      'create index concurrently on items using ivfflat (v) with (lists = 100)',
    ]
    for (const sql of indexes) {
      expect(told(sql)).toMatch(stubRefusal)
      expect(told(sql, ['postgis'])).toBe(sql)
    }
    const others = [
      'create index on items using hnsw (v vector_l2_ops)',
      'create index on items using btree (id) with (fillfactor = 70)',
    ]
    for (const sql of others) expect(told(sql)).toBe(sql)
  })

  it('asks for no version, because there is one only', () => {
    expect(told("create extension if not exists vector with schema public version '0.5.1' cascade")).toMatch(
      /^create extension if not exists vector (?:with )?(?:schema )?"?public"? *cascade$/i,
    )
    expect(told("alter extension pg_cron update to '1.6'")).toMatch(/^alter extension "?pg_cron"? update$/i)
    const real = "create extension hstore version '1.8'"
    expect(told(real)).toBe(real)
  })
})

describe('values of extensions’ types', () => {
  const point4326 = (4326 << 8) | (1 << 2)
  const multiPolygonZ = (6 << 2) | 2
  it.each([
    ['vector', 4, '[2,1,1,1]'],
    ['vector', -1, '[2,1,1]'],
    ['sparsevec', 7, '{1:2}/7'],
    ['geometry', point4326, 'SRID=4326;POINT(2 1)'],
    ['geometry', multiPolygonZ, 'MULTIPOLYGON Z (((2 1 0,5 1 0,5 5 0,2 1 0)))'],
    ['geography', -1, 'POINT(2 1)'],
  ])('%s with the modifier %i: %s', (type, typmod, value) => {
    expect(extensionValues[type]?.({ row: 2 }, typmod)[0]).toBe(value)
  })
})
