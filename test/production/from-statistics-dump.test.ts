import { describe, expect, it } from 'vitest'
import { factsOfStatisticsDump } from '../../src/production/from-statistics-dump.ts'

/** As pg_dump 18 writes it. */
const dump = `--
-- PostgreSQL database dump
--

\\restrict vLhWkJ2M

-- Dumped from database version 17.5
-- Dumped by pg_dump version 18.0

SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);

--
-- Statistics for Name: users; Type: STATISTICS DATA; Schema: public; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '170005'::integer,
	'schemaname', 'public',
	'relname', 'users',
	'relpages', '1200'::integer,
	'reltuples', '48000'::real,
	'relallvisible', '1000'::integer
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '170005'::integer,
	'schemaname', 'public',
	'relname', 'users',
	'attname', 'e''mail',
	'inherited', 'f'::boolean,
	'null_frac', '0.25'::real,
	'avg_width', '21'::integer,
	'n_distinct', '-0.75'::real,
	'most_common_vals', '{"a'');b","relpages, 3"}'::text,
	'most_common_freqs', '{0.1,0.05}'::real[],
	'correlation', '-0.02'::real
);

\\unrestrict vLhWkJ2M
`

function relation(pairs: string): string {
  return `SELECT * FROM pg_catalog.pg_restore_relation_stats('version', '180000'::integer, ${pairs});\n`
}

function attribute(pairs: string): string {
  return `SELECT * FROM pg_catalog.pg_restore_attribute_stats('version', '180000'::integer, ${pairs});\n`
}

describe('a dump of statistics', () => {
  it('has sizes and columns, and says that it holds data', () => {
    const facts = factsOfStatisticsDump(dump, 'db/statistics.sql')
    expect(facts).toEqual({
      kind: 'statistics dump',
      tables: [
        {
          schema: 'public',
          name: 'users',
          rows: 48_000,
          heapBytes: 1200 * 8192,
          columns: [{ name: "e'mail", nullFraction: 0.25, distinct: -0.75, width: 21, correlation: -0.02 }],
          from: 'statistics dump',
        },
      ],
      settings: {},
      serverVersion: '17.5',
      limits: [expect.objectContaining({ code: 'production-data' })],
    })
    expect(facts.limits[0]?.message).toMatch(/^db\/statistics.sql contains values of production’s data/)
  })

  it('knows the rows of a partitioned table, and takes the columns of all partitions for its own', () => {
    const named = `'schemaname', 'public', 'relname', 'events'`
    const sql =
      relation(`${named}, 'relpages', '-1'::integer, 'reltuples', '9000'::real`) +
      attribute(`${named}, 'attname', 'a', 'inherited', 't'::boolean, 'avg_width', '4'::integer`)
    expect(factsOfStatisticsDump(sql, 'x').tables).toEqual([
      {
        schema: 'public',
        name: 'events',
        rows: 9000,
        columns: [{ name: 'a', nullFraction: 0, distinct: 0, width: 4 }],
        from: 'statistics dump',
      },
    ])
  })

  it('does not know tables that were never counted, but may estimate them', () => {
    const sql =
      relation(
        `'schemaname', 'public', 'relname', 'never', 'relpages', '0'::integer, 'reltuples', '-1'::real`,
      ) +
      relation(
        `'schemaname', 'public', 'relname', 'grown', 'relpages', '1000'::integer, 'reltuples', '-1'::real`,
      ) +
      relation(
        `'schemaname', 'public', 'relname', 'dark', 'relpages', '1000'::integer, 'reltuples', '-1'::real`,
      ) +
      attribute(`'schemaname', 'public', 'relname', 'grown', 'attname', 'a', 'avg_width', '8'::integer`)
    const tables = factsOfStatisticsDump(sql, 'x').tables.map(({ name, rows }) => [name, rows])
    expect(tables).toEqual([
      ['never', 0],
      ['grown', 226_889],
    ])
  })

  it('may be written by hand, with numbers, comments and expressions of indexes', () => {
    const sql = `select pg_restore_relation_stats( -- sizes
        'schemaname', E'a\\'b', 'relname', $$Users$$, 'relpages', 7, 'reltuples', 3e2::real);
      ${attribute(`'schemaname', E'a\\'b', 'relname', 'Users', 'attnum', '1'::smallint, 'avg_width', '4'::integer`)}`
    expect(factsOfStatisticsDump(sql, 'x').tables).toEqual([
      { schema: "a'b", name: 'Users', rows: 300, heapBytes: 7 * 8192, from: 'statistics dump' },
    ])
  })

  it('says where it does not say which relation is meant', () => {
    const sql = `${dump}\n${relation(`'relname', 'users'`)}`
    expect(() => factsOfStatisticsDump(sql, 'db/statistics.sql')).toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: db/statistics.sql:41 sets statistics of a relation that it does not name.]`,
    )
  })
})
