import { beforeAll, expect, test } from 'vitest'
import { foreignKeySteps } from '../../src/sql/foreign-keys.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { script } from './scripts.ts'

beforeAll(loadParser)

const settings = { lockTimeoutMs: 2000, statementTimeoutMs: 0, timeZone: 'UTC' }

function created(sql: string): string | undefined {
  const [migration] = layOutTransactions([parseScript(script(sql))], false)
  const [statement] = migration?.statements ?? []
  return statement === undefined ? undefined : foreignKeySteps(statement, settings)[0]?.sql
}

test.each([
  [
    'comments stay with their columns',
    'CREATE TABLE a (\n    id int, -- of the shop\n    b int REFERENCES b,\n    CONSTRAINT c FOREIGN KEY (b)\n        REFERENCES b (id)\n)',
    'CREATE TABLE a (\n    id int, -- of the shop\n    b int\n)',
  ],
  ['one line stays one', 'CREATE TABLE a (id int, b int REFERENCES b)', 'CREATE TABLE a (id int, b int)'],
  ['the first goes', 'CREATE TABLE a (FOREIGN KEY (b) REFERENCES b, b int)', 'CREATE TABLE a ( b int)'],
  [
    'a comment before a comma',
    'CREATE TABLE a (b int -- first\n, FOREIGN KEY (b) REFERENCES b)',
    'CREATE TABLE a (b int -- first\n)',
  ],
])('a table without its foreign keys: %s', (_, sql, expected) => {
  expect(created(sql)?.replace(/;?\s*$/, '')).toBe(expected)
})
