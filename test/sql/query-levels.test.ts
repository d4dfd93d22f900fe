import { beforeAll, describe, expect, test } from 'vitest'
import type { QueryCatalog } from '../../src/core/query-catalog.ts'
import { expressionKey, expressionKeyOf } from '../../src/sql/expression-key.ts'
import { loadParser, parseStatement } from '../../src/sql/parse.ts'
import { queryLevels, type QueryLevel } from '../../src/sql/query-levels.ts'
import { isOneRow, narrowedSources } from '../../src/sql/query-reach.ts'

beforeAll(loadParser)

function levels(sql: string): readonly QueryLevel[] {
  const { tag, node, parseError } = parseStatement(sql)
  if (parseError !== undefined) throw new Error(parseError)
  return queryLevels(tag, node)
}

/** `statement SelectStmt: orders o, common table recent` */
function shape(sql: string): readonly string[] {
  return levels(sql).map(({ role, tag, sources, conditions, outerConditions }) => {
    const from = sources.map(({ kind, name, alias }) =>
      `${kind} ${name ?? ''} ${alias}`.replaceAll(/ +/g, ' '),
    )
    return `${role} ${tag} [${from.join(', ')}] ${conditions.length}+${outerConditions.length}`
  })
}

describe('levels of a query', () => {
  test.each([
    ['SELECT 1', ['statement SelectStmt [] 0+0']],
    ['SELECT * FROM a WHERE x = 1 AND (y = 2 AND z = 3)', ['statement SelectStmt [table a a] 3+0']],
    [
      'SELECT * FROM a JOIN b ON b.id = a.id AND b.x LEFT JOIN c USING (id)',
      ['statement SelectStmt [table a a, table b b, table c c] 2+2'],
    ],
    [
      'WITH w AS (SELECT 1 FROM a) SELECT FROM w, s.w AS x',
      ['statement SelectStmt [common table w w, table w x] 0+0', 'common table SelectStmt [table a a] 0+0'],
    ],
    [
      'SELECT FROM a WHERE EXISTS (SELECT FROM b) AND x IN (SELECT y FROM c) AND z = (SELECT 1 FROM d)',
      [
        'statement SelectStmt [table a a] 3+0',
        'exists SelectStmt [table b b] 0+0',
        'in SelectStmt [table c c] 0+0',
        'expression SelectStmt [table d d] 0+0',
      ],
    ],
    [
      'SELECT FROM a UNION (SELECT FROM b) ORDER BY 1',
      [
        'statement SelectStmt [] 0+0',
        'statement SelectStmt [table a a] 0+0',
        'statement SelectStmt [table b b] 0+0',
      ],
    ],
    ['DELETE FROM a USING b WHERE a.id = b.id', ['statement DeleteStmt [table a a, table b b] 1+0']],
    [
      'UPDATE a SET x = 1 FROM (SELECT id FROM b) AS s',
      ['statement UpdateStmt [table a a, sub-select s] 0+0', 'from SelectStmt [table b b] 0+0'],
    ],
    ['INSERT INTO a SELECT * FROM b', ['insert SelectStmt [table b b] 0+0']],
    [
      'SELECT FROM generate_series(1, 3) g, (VALUES (1)) v, a TABLESAMPLE system (1), LATERAL (SELECT FROM b) l',
      [
        'statement SelectStmt [function g, values v, table a a, sub-select l] 0+0',
        'from SelectStmt [] 0+0',
        'from SelectStmt [table b b] 0+0',
      ],
    ],
    [
      'WITH gone AS (DELETE FROM a RETURNING id) SELECT count(*) FROM gone',
      ['statement SelectStmt [common table gone gone] 0+0', 'common table DeleteStmt [table a a] 0+0'],
    ],
  ])('%s', (sql, expected) => {
    expect(shape(sql)).toEqual(expected)
  })
})

const catalog: QueryCatalog = {
  searchPath: ['public'],
  tables: [
    {
      schema: 'public',
      name: 'orders',
      kind: 'table',
      columns: ['id', 'customer_id', 'code', 'note', 'deleted_at'].map((name) => ({
        name,
        type: 'bigint',
        notNull: true,
      })),
      indexes: [
        { name: 'pkey', method: 'btree', unique: true, keys: [{ column: 'id' }] },
        {
          name: 'by_customer',
          method: 'btree',
          unique: false,
          keys: [{ column: 'customer_id' }, { column: 'note' }],
        },
        {
          name: 'code',
          method: 'btree',
          unique: true,
          keys: [{ column: 'code' }],
          predicate: 'deleted_at IS NULL',
        },
      ],
    },
    {
      schema: 'public',
      name: 'customers',
      kind: 'table',
      columns: [
        { name: 'customer_id', type: 'bigint', notNull: true },
        { name: 'email', type: 'text', notNull: true },
      ],
      indexes: [{ name: 'ckey', method: 'btree', unique: true, keys: [{ column: 'customer_id' }] }],
    },
  ],
}

describe('sources that an index brings to few rows', () => {
  function narrowed(sql: string): readonly (string | undefined)[] {
    const [level] = levels(sql)
    return level === undefined
      ? []
      : [...narrowedSources(catalog, level)].map(({ alias }) => alias).toSorted()
  }

  test.each([
    ['SELECT FROM orders WHERE customer_id = $1', ['orders']],
    ['SELECT FROM orders WHERE id > $1', ['orders']],
    ['SELECT FROM orders WHERE $1 = id', ['orders']],
    ['SELECT FROM orders WHERE id = ANY ($1)', ['orders']],
    ['SELECT FROM orders WHERE note = $1', []],
    ['SELECT FROM orders WHERE id <> $1 OR id = $2', []],
    ['SELECT FROM orders o JOIN customers c ON c.customer_id = o.customer_id', []],
    ['SELECT FROM orders o JOIN customers c USING (customer_id) WHERE c.customer_id = $1', ['c', 'o']],
    ['SELECT FROM orders o JOIN customers c ON c.customer_id = o.note WHERE o.id = $1', ['c', 'o']],
    ['SELECT FROM orders o JOIN customers c ON c.customer_id < o.note WHERE o.id = $1', ['o']],
    ['SELECT FROM orders o, unnest($1::bigint[]) AS u (id) WHERE o.id = u.id', ['o', 'u']],
  ])('%s', (sql, expected) => {
    expect(narrowed(sql)).toEqual(expected)
  })

  test.each([
    ['SELECT FROM orders WHERE id = $1', true],
    ['SELECT FROM orders WHERE id = $1 OR note = 1', false],
    ['SELECT FROM orders WHERE id = customer_id', false],
    ['SELECT FROM orders WHERE code = $1', false],
    ['SELECT FROM orders WHERE customer_id = $1', false],
  ])('one row: %s', (sql, expected) => {
    const [level] = levels(sql)
    const [source] = level?.sources ?? []
    expect(level !== undefined && source !== undefined && isOneRow(catalog, level, source)).toBe(expected)
  })
})

describe('expressions in one form', () => {
  const keyOf = (sql: string): string | undefined => expressionKeyOf(sql)

  test.each([
    ['lower(u.email)', 'lower((email)::text)'],
    ["date_trunc('day', created_at)", "date_trunc('day'::text, created_at)"],
    ['created_at::date', '(created_at)::date'],
    ['cast(id AS text)', '(id)::text'],
    ["data ->> 'name'", "(data ->> 'name'::text)"],
    ['EXTRACT(year FROM at)', "pg_catalog.extract('year', at)"],
    ["at AT TIME ZONE 'UTC'", "timezone('UTC'::text, at)"],
    ['coalesce(a, 0)', 'COALESCE(t.a, 0)'],
  ])('%s is %s', (written, printed) => {
    expect(keyOf(written)).toBe(keyOf(printed))
    expect(keyOf(written)).toBeDefined()
    // it is SQL again
    expect(keyOf(keyOf(written) ?? '')).toBe(keyOf(written))
  })

  test('what differs stays apart, and what is not understood is undefined', () => {
    expect(keyOf('lower(a)')).not.toBe(keyOf('upper(a)'))
    expect(keyOf('id::text')).not.toBe(keyOf('id'))
    expect(keyOf('(SELECT 1)')).toBeUndefined()
    expect(keyOf('f(CASE WHEN a THEN 1 END)')).toBeUndefined()
    expect(expressionKey(undefined)).toBeUndefined()
  })
})
