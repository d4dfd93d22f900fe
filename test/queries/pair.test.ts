import { beforeAll, describe, expect, it } from 'vitest'
import { latest, queryState, type ReviewedQuery } from '../../src/core/query-model.ts'
import type { ProductionStatement } from '../../src/core/production.ts'
import { pairQueries } from '../../src/queries/pair.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { findQueries } from '../../src/queries/find.ts'
import { treeOf } from '../sources/file-tree.ts'
import { foundIn, shown } from './found-in.ts'

beforeAll(loadParser)

type Files = Readonly<Record<string, string>>

async function pair(
  old: Files | undefined,
  current: Files,
  statements: readonly ProductionStatement[] = [],
): Promise<{ queries: readonly ReviewedQuery[]; limits: readonly string[] }> {
  const before = old === undefined ? undefined : await foundIn(old)
  const { queries, limits } = pairQueries(before, await foundIn(current), statements)
  return { queries, limits: limits.map(shown) }
}

/** `a.sql#a unchanged`; objects are shared when nothing changed. */
function states(queries: readonly ReviewedQuery[]): readonly string[] {
  for (const reviewed of queries) {
    const isUnchanged = queryState(reviewed) === 'unchanged'
    expect(reviewed.old === reviewed.new).toBe(isUnchanged)
  }
  return queries.map((reviewed) => `${reviewed.id} ${queryState(reviewed)}`)
}

const one = (name: string, sql: string): string => `-- name: ${name} :one\n${sql};\n`

describe('the queries of two revisions', () => {
  it('are all unchanged when there is no old one', async () => {
    const { queries } = await pair(undefined, { 'a.sql': one('a', 'SELECT 1') })
    expect(states(queries)).toEqual(['a.sql#a unchanged'])
  })

  it('are all new when the old one has none', async () => {
    const { queries } = await pair({}, { 'a.sql': one('a', 'SELECT 1') })
    expect(states(queries)).toEqual(['a.sql#a new'])
  })

  it.each([
    ['comments and white space', 'SELECT 1 AS a', 'select  1 -- one\n AS a'],
    ['names of parameters', 'SELECT @a::int', 'SELECT @b::int'],
  ])('are the same but for %s', async (_, old, current) => {
    const { queries } = await pair({ 'a.sql': one('a', old) }, { 'a.sql': `\n\n${one('a', current)}` })
    expect(states(queries)).toEqual(['a.sql#a unchanged'])
    expect(queries[0]?.old?.span?.start.line).toBe(4)
  })

  it.each([
    ["SELECT 'a'", "SELECT 'A'"],
    ['SELECT 1', 'SELECT 2'],
    ['SELECT a', 'SELECT "a"'],
    ['SELECT a', 'SELECT a, b'],
  ])('are changed: %s, %s', async (old, current) => {
    const { queries } = await pair({ 'a.sql': one('a', old) }, { 'a.sql': one('a', current) })
    expect(states(queries)).toEqual(['a.sql#a changed'])
    expect([queries[0]?.old?.sql, queries[0]?.new?.sql]).toEqual([old, current])
  })

  it('are unchanged when they were moved or renamed', async () => {
    const { queries } = await pair(
      { 'a.sql': one('a', 'SELECT 1') + one('b', 'SELECT 2') },
      { 'a.sql': one('c', 'SELECT 2'), 'd/a.sql': one('a', 'SELECT 1') },
    )
    expect(states(queries)).toEqual(['a.sql#c unchanged', 'd/a.sql#a unchanged'])
  })

  it('are new and removed otherwise', async () => {
    const { queries } = await pair(
      { 'a.sql': one('a', 'SELECT 1') + one('b', 'SELECT 2') },
      { 'a.sql': one('b', 'SELECT 2') + one('c', 'SELECT 3') },
    )
    expect(states(queries)).toEqual(['a.sql#b unchanged', 'a.sql#c new', 'a.sql#a removed'])
  })

  it('are found by their own name first where several have the same SQL', async () => {
    const old = { 'a.sql': one('a', 'SELECT 1') + one('b', 'SELECT 1') }
    const current = { 'a.sql': one('b', 'SELECT 1') + one('a', 'SELECT 2') }
    expect(states((await pair(old, current)).queries)).toEqual(['a.sql#b unchanged', 'a.sql#a changed'])
  })

  it('without names are known by their SQL', async () => {
    const old = { 'a.ts': 'sql`SELECT 1`\nsql`SELECT 2`\nsql`SELECT 2`' }
    const current = { 'a.ts': '\nsql`SELECT 3`\nsql`SELECT 2`\nsql`SELECT 1`\nsql`SELECT 2`' }
    const { queries } = await pair(old, current)
    const ids = queries.map(({ id }) => id)
    expect(new Set(ids).size).toBe(4)
    expect(ids.every((id) => /^a\.ts#[0-9a-f]{12}(~2)?$/.test(id))).toBe(true)
    expect(queries.map(queryState)).toEqual(['new', 'unchanged', 'unchanged', 'unchanged'])
    expect(queries.map((reviewed) => latest(reviewed).name)).toEqual(['a.ts:2', 'a.ts:3', 'a.ts:4', 'a.ts:5'])
  })

  it('say what was not understood in the old one only', async () => {
    const broken = one('a', 'SELECT FROM WHERE')
    expect((await pair({ 'a.sql': broken }, { 'a.sql': broken })).limits).toEqual([])
    const mended = await pair({ 'a.sql': broken }, { 'a.sql': one('a', 'SELECT 1') })
    expect(mended.limits).toEqual([
      'In the base revision: The query a is not checked: syntax error at or near "WHERE".',
    ])
  })
})

function statement(sql: string, callsPerSecond: number, meanMs = 1): ProductionStatement {
  return { sql, callsPerSecond, meanMs, rowsPerCall: 2 }
}

describe('files that are the same in both revisions', () => {
  it('are parsed once', async () => {
    const file = one('a', 'SELECT 1')
    const current = await foundIn({ 'a.sql': file, 'b.sql': file })
    const old = await findQueries(treeOf({ 'a.sql': file, 'b.sql': `${file} ` }), {}, () => false, current)
    expect(old.queries[0]).toBe(current.queries[0])
    expect(old.queries[1]).not.toBe(current.queries[1])
    expect(old).toEqual({ ...current, queries: [current.queries[0], old.queries[1]] })
  })
})

describe('statements of production', () => {
  const rates = (queries: readonly ReviewedQuery[]): readonly unknown[] =>
    queries.map((reviewed) => [latest(reviewed).name, latest(reviewed).rate?.callsPerSecond])

  it.each([
    ['SELECT * FROM t WHERE a = @x LIMIT 10', 'SELECT * FROM t WHERE a = $1 LIMIT $2'],
    ["SELECT * FROM t WHERE a = @x AND b = 'c'", 'select * from t where a=$1 and b=$2'],
    ['SELECT * FROM t WHERE a = @x OR b = @x', 'SELECT * FROM t WHERE a = $1 OR b = $2'],
    ['SELECT * FROM t WHERE a IN (sqlc.slice(x))', 'SELECT * FROM t WHERE a IN ($1, $2, $3)'],
    ['SELECT a::numeric(10,2) FROM t ORDER BY 1', 'SELECT a::numeric(10,2) FROM t ORDER BY 1'],
    ['SELECT a FROM t WHERE b > -1.5e-3 AND c - 2 > 0', 'SELECT a FROM t WHERE b > $1 AND c - $2 > $3'],
    [
      'UPDATE t SET a = true, b = NULL WHERE c IS NOT NULL',
      'UPDATE t SET a = $1, b = $2 WHERE c IS NOT NULL',
    ],
  ])('give the query of a file its rate: %s', async (sql, normalised) => {
    const { queries, limits } = await pair(undefined, { 'a.sql': one('a', sql) }, [statement(normalised, 5)])
    expect(rates(queries)).toEqual([['a', 5]])
    expect(queries[0]?.old).toBe(queries[0]?.new)
    expect(limits).toEqual([])
  })

  it('of no file are queries of their own, old and new', async () => {
    const { queries } = await pair({}, {}, [statement('SELECT a::text FROM t WHERE b = $2 AND c = $1', 5)])
    expect(states(queries)).toEqual([expect.stringMatching(/^statement#[0-9a-f]{12} unchanged$/)])
    expect(queries[0]?.new).toMatchObject({
      name: 'SELECT a::text FROM t WHERE b = $2 AND c = $1',
      style: 'pg_stat_statements',
      text: 'SELECT a::text FROM t WHERE b = $2 AND c = $1',
      parameters: [{ number: 1 }, { number: 2 }],
      tag: 'SelectStmt',
      rate: { callsPerSecond: 5, meanMs: 1, rowsPerCall: 2 },
    })
    expect(queries[0]?.new).not.toHaveProperty('span')
  })

  it('are not the same with other casts or names', async () => {
    const files = { 'a.sql': one('a', 'SELECT * FROM t WHERE a = $1') }
    const { queries } = await pair(undefined, files, [statement('SELECT * FROM t WHERE a = $1::int', 5)])
    expect(rates(queries)).toEqual([
      ['a', undefined],
      ['SELECT * FROM t WHERE a = $1::int', 5],
    ])
  })

  it('give their rate to the old version of a query and what became of it', async () => {
    const { queries } = await pair(
      { 'a.sql': one('a', 'SELECT 1 FROM t') + one('b', 'SELECT 2 FROM u') },
      { 'a.sql': one('a', 'SELECT 1 FROM t WHERE c') },
      [statement('SELECT $1 FROM t', 5), statement('SELECT $1 FROM u', 7)],
    )
    expect(states(queries)).toEqual(['a.sql#a changed', 'a.sql#b removed'])
    expect(
      queries.map(({ old, new: current }) => [old?.rate?.callsPerSecond, current?.rate?.callsPerSecond]),
    ).toEqual([
      [5, 5],
      [7, undefined],
    ])
  })

  it('that are lists of several lengths count together', async () => {
    const { queries } = await pair(undefined, {}, [
      statement('SELECT 1 WHERE a IN ($1)', 1, 10),
      statement('SELECT 1 WHERE a IN ($1, $2)', 3, 2),
    ])
    expect(queries).toHaveLength(1)
    expect(queries[0]?.new?.rate).toEqual({ callsPerSecond: 4, meanMs: 4, rowsPerCall: 2 })
  })

  it('have names that are not too long', async () => {
    const { queries } = await pair(undefined, {}, [statement(`SELECT ${'aaaa, '.repeat(50)} b FROM t`, 1)])
    expect(queries[0]?.new?.name).toMatch(/^SELECT aaaa.{40,60}…$/)
  })

  it('that cannot be parsed, or are too many, are said', async () => {
    const many = Array.from({ length: 2100 }, (_, at) => statement(`SELECT a${at} FROM t`, at))
    const { queries, limits } = await pair(undefined, {}, [statement('SELECT FROM WHERE', 9999), ...many])
    expect(queries).toHaveLength(1999)
    expect(limits).toEqual([
      '101 statements of pg_stat_statements are not checked: they are too many, or too long.',
      '1 statement of pg_stat_statements cannot be parsed as a query, and is not checked.',
    ])
  })
})
