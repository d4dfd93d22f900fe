import { expect, it } from 'vitest'
import type { Limit } from '../src/core/model.ts'
import { isOfTheApplication, mentionedLimits } from '../src/query-files.ts'

function limits(count: number): readonly Limit[] {
  return Array.from({ length: count }, (_, index) => ({
    code: 'query-not-checked',
    message: `Query ${index}.`,
  }))
}

it('names all where one more than the most could not be understood', () => {
  expect(mentionedLimits(limits(6))).toEqual(limits(6))
})

it('counts the rest, and sends nobody to a report that does not have it either', () => {
  const named = mentionedLimits(limits(9))
  expect(named.slice(0, 5)).toEqual(limits(5))
  expect(named).toHaveLength(6)
  expect(named[5]?.message).toMatch(/^4 more queries/)
  expect(named[5]?.hint).toContain('`queries.files`')
  expect(named[5]?.hint).not.toContain('--format')
})

it.each([
  ['SELECT query, calls FROM pg_stat_statements LIMIT $1', false],
  ['SELECT count(*) FROM pg_catalog.pg_class', false],
  ['select table_name from information_schema.tables', false],
  ['SELECT id FROM pg_statistics_of_shops WHERE id = $1', true],
  ['SELECT id FROM orders WHERE id = $1', true],
])('%s is of the application: %s', (sql, expected) => {
  expect(isOfTheApplication({ sql })).toBe(expected)
})
