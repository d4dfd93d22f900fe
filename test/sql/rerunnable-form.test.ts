import { beforeAll, expect, test } from 'vitest'
import type { Statement } from '../../src/core/model.ts'
import { brokenOffAtCommit } from '../../src/sql/interrupted-code.ts'
import { loadParser, parseScript, parseStatement } from '../../src/sql/parse.ts'
import { rerunnableForm } from '../../src/sql/rerunnable-form.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { script } from './scripts.ts'

beforeAll(() => loadParser())

function statement(text: string): Statement {
  const [migration] = layOutTransactions([parseScript(script(text))], false)
  const first = migration?.statements[0]
  if (first === undefined) throw new Error('no statement')
  return first
}

const forms: readonly (readonly [string, readonly string[] | undefined])[] = [
  ['CREATE TABLE a (b int)', ['CREATE TABLE IF NOT EXISTS a (b int)']],
  ['CREATE UNLOGGED TABLE a (b int)', ['CREATE UNLOGGED TABLE IF NOT EXISTS a (b int)']],
  ['CREATE UNIQUE INDEX i ON a (b)', ['CREATE UNIQUE INDEX IF NOT EXISTS i ON a (b)']],
  [
    'CREATE INDEX CONCURRENTLY i ON s.a (b) WHERE b > 1',
    ['DROP INDEX CONCURRENTLY IF EXISTS s.i', 'CREATE INDEX CONCURRENTLY i ON s.a (b) WHERE b > 1'],
  ],
  [
    'CREATE INDEX CONCURRENTLY IF NOT EXISTS "I" ON a (b)',
    ['DROP INDEX CONCURRENTLY IF EXISTS "I"', 'CREATE INDEX CONCURRENTLY "I" ON a (b)'],
  ],
  ['CREATE INDEX ON a (b)', undefined],
  [
    'ALTER TABLE a ADD COLUMN b int, ADD c int',
    ['ALTER TABLE a ADD COLUMN IF NOT EXISTS b int, ADD IF NOT EXISTS c int'],
  ],
  [
    'ALTER TABLE a DROP COLUMN b, ALTER c SET NOT NULL',
    ['ALTER TABLE a DROP COLUMN IF EXISTS b, ALTER c SET NOT NULL'],
  ],
  [
    'ALTER TABLE ONLY s.a ADD CONSTRAINT k CHECK (b > 0) NOT VALID',
    ['ALTER TABLE ONLY s.a DROP CONSTRAINT IF EXISTS k, ADD CONSTRAINT k CHECK (b > 0) NOT VALID'],
  ],
  ['ALTER TABLE a ADD CHECK (b > 0)', undefined],
  ['ALTER TABLE a ADD CONSTRAINT k UNIQUE USING INDEX i', undefined],
  ['ALTER TABLE a RENAME COLUMN b TO c', undefined],
  ['ALTER TABLE a DETACH PARTITION b', undefined],
  ["ALTER TYPE m ADD VALUE 'x'", ["ALTER TYPE m ADD VALUE IF NOT EXISTS 'x'"]],
  ["ALTER TYPE m RENAME VALUE 'x' TO 'y'", undefined],
  ['DROP INDEX CONCURRENTLY i', ['DROP INDEX CONCURRENTLY IF EXISTS i']],
  ['DROP MATERIALIZED VIEW v', ['DROP MATERIALIZED VIEW IF EXISTS v']],
  ['CREATE VIEW v AS SELECT 1', ['CREATE OR REPLACE VIEW v AS SELECT 1']],
  ['CREATE TYPE m AS ENUM ()', undefined],
  ['INSERT INTO a VALUES (1)', undefined],
]

test.each(forms)('%s', (sql, expected) => {
  const form = rerunnableForm(statement(sql))
  expect(form).toEqual(expected)
  for (const one of form ?? []) expect(parseStatement(one).parseError).toBeUndefined()
})

test('an index without a name takes the one that Postgres gave it', () => {
  expect(rerunnableForm(statement('CREATE INDEX ON a (b)'), 'a_b_idx')).toEqual([
    'CREATE INDEX IF NOT EXISTS a_b_idx ON a (b)',
  ])
})

test('code breaks off behind each COMMIT that is a statement', () => {
  const code =
    "do $x$ begin commit; -- commit;\n execute 'commit;'; if a then commit and chain; end if; end $x$"
  const broken = brokenOffAtCommit(code) ?? ''
  expect(broken.match(/raise exception/g)).toHaveLength(2)
  expect(broken).toContain('commit and chain; raise exception')
  expect(brokenOffAtCommit('do $$ begin perform commit_all(); end $$')).toBeUndefined()
  expect(brokenOffAtCommit("do 'begin commit; end'")).toBeUndefined()
})
