import { beforeAll, describe, expect, it } from 'vitest'
import { statementKind } from '../../src/record/statement-kind.ts'
import { loadParser, parseStatement } from '../../src/sql/parse.ts'

beforeAll(loadParser)

describe('statementKind', () => {
  it.each([
    // asyncpg's look-up of types (asyncpg/introspection.py), abridged
    [
      `WITH RECURSIVE typeinfo_tree(oid, depth) AS (
         SELECT ti.oid, 0 FROM (SELECT t.oid, (CASE WHEN t.typtype = 'd' THEN (
           WITH RECURSIVE typebases(oid, depth) AS (
             SELECT t2.typbasetype, 0 FROM pg_type t2 WHERE t2.oid = t.oid
             UNION ALL SELECT t2.typbasetype, tb.depth + 1 FROM pg_type t2, typebases tb WHERE tb.oid = t2.oid)
           SELECT oid FROM typebases LIMIT 1) END) AS basetype FROM pg_catalog.pg_type AS t) AS ti
         WHERE ti.oid = any('{16}'::oid[])
         UNION ALL SELECT ti.oid, tt.depth + 1 FROM pg_type ti, typeinfo_tree tt WHERE ti.oid = tt.oid)
       SELECT DISTINCT *, depth::regtype::text FROM typeinfo_tree ORDER BY depth DESC`,
      'reading',
    ],
    ['WITH a AS (SELECT 1) SELECT * FROM a, users', 'work'],
    ['SELECT * FROM (WITH users AS (SELECT oid FROM pg_class) SELECT * FROM users) s', 'reading'],
    ["INSERT INTO alembic_version (version_num) VALUES ('a1')", 'bookkeeping'],
    // Airflow's part for its users
    ["UPDATE alembic_version_fab SET version_num = 'b2' WHERE version_num = 'a1'", 'bookkeeping'],
    // yoyo looks by it whether the server takes tables back
    ['DROP TABLE "yoyo_tmp_BmfU0lnbRN"', 'bookkeeping'],
    ["UPDATE alembic_versions_of_users SET version = 'b2'", 'work'],
    // Directus, and what an application does with a table of its own
    [
      'create table directus_migrations (version varchar(255), name varchar(255), timestamp timestamptz)',
      'bookkeeping',
    ],
    ["insert into directus_migrations (name, version) values ('Themes', '20230927A')", 'bookkeeping'],
    ["delete from directus_migrations where version = '20230927A'", 'bookkeeping'],
    ["update river_migration set version = 4 where line = 'main'", 'bookkeeping'],
    ['create table bird_migrations (id int, bird text, begins date)', 'work'],
    ["insert into bird_migrations (id, bird) values (1, 'stork')", 'work'],
    ["update bird_migrations set name = 'x' where bird = 'stork'", 'work'],
    ['delete from bird_migrations', 'work'],
    ['alter table bird_migrations add column name text', 'work'],
  ])('%s', (sql, expected) => {
    const { tag, node } = parseStatement(sql)
    expect(statementKind(tag, node)).toBe(expected)
  })
})
