import { expect, test } from 'vitest'
import { scanFlywayStatements } from '../../src/sources/flyway-statements.ts'

test.each([
  'CREATE INDEX CONCURRENTLY i ON t (a)',
  'create unique index concurrently if not exists i on t (a)',
  'DROP INDEX CONCURRENTLY i',
  'VACUUM FULL t',
  'VACUUM (ANALYZE) t',
  'REINDEX DATABASE shop',
  'REINDEX VERBOSE SCHEMA public',
  'DISCARD ALL',
  'ALTER SYSTEM SET work_mem = 1',
  'CREATE DATABASE shop',
  'DROP TABLESPACE fast',
  "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p",
])('knows that Flyway runs %s outside a transaction', (statement) => {
  expect(scanFlywayStatements(`\n${statement};\n`)).toMatchObject({
    nonTransactional: { line: 2 },
    hasTransactional: false,
  })
})

test.each([
  'REINDEX INDEX CONCURRENTLY i',
  'REINDEX TABLE CONCURRENTLY t',
  'ALTER TABLE t DETACH PARTITION p CONCURRENTLY',
  'REFRESH MATERIALIZED VIEW CONCURRENTLY v',
  "COMMENT ON INDEX i IS 'CREATE INDEX CONCURRENTLY'",
  'CREATE INDEX i ON t (a) /* CREATE INDEX CONCURRENTLY /* nested */ */',
  'ALTER TABLE t ADD COLUMN concurrently text',
  'CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $body$ VACUUM; $body$',
  "DO $$ BEGIN EXECUTE 'DROP INDEX CONCURRENTLY i'; END $$",
  'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END',
])('knows that Flyway runs %s inside a transaction', (statement) => {
  // a trailing comment makes sure that the file is looked at
  const scanned = scanFlywayStatements(`${statement};\n-- VACUUM, REINDEX\n`)
  expect(scanned.nonTransactional).toBeUndefined()
  expect(scanned.hasTransactional).toBe(true)
})

test('sees both kinds in one script and names the one that cannot run in a transaction', () => {
  const scanned = scanFlywayStatements('SELECT 1;\n\nCREATE UNIQUE INDEX CONCURRENTLY i ON t (a);')
  expect(scanned.nonTransactional).toEqual({ words: 'CREATE UNIQUE INDEX CONCURRENTLY', line: 3 })
  expect(scanned.hasTransactional).toBe(true)
})

test('passes over the rows of COPY', () => {
  const scanned = scanFlywayStatements("COPY t (a) FROM STDIN;\nVACUUM;\nit's\n\\.\nSELECT 1;")
  expect(scanned.nonTransactional).toBeUndefined()
})

test('does not count a file of comments as a statement', () => {
  expect(scanFlywayStatements('-- VACUUM\n/* DROP DATABASE x; */')).toMatchObject({
    nonTransactional: undefined,
    hasTransactional: false,
  })
})

test('survives quotes that never end', () => {
  expect(scanFlywayStatements("SELECT 'VACUUM").hasTransactional).toBe(true)
  expect(scanFlywayStatements('SELECT $x$ VACUUM').hasTransactional).toBe(true)
})
