import { expect, it } from 'vitest'
import { UsageError } from '../../src/core/errors.ts'
import { parseValuesChoice, valuesCondition } from '../../src/snapshot/values-choice.ts'

it('reads columns as SQL would', () => {
  expect(parseValuesChoice(undefined)).toEqual({ kind: 'none' })
  expect(parseValuesChoice(true)).toEqual({ kind: 'all' })
  expect(parseValuesChoice('Orders.status, billing."Pla""n.s".name')).toEqual({
    kind: 'some',
    columns: [
      { table: 'orders', column: 'status' },
      { schema: 'billing', table: 'Pla"n.s', column: 'name' },
    ],
  })
})

it('refuses what is no list of columns', () => {
  for (const flag of ['status', 'a.b.c.d', 'a."b', 'a.b,', '', 'a b.c']) {
    expect(() => parseValuesChoice(flag), flag).toThrow(UsageError)
  }
})

it('quotes names', () => {
  expect(valuesCondition(parseValuesChoice(`t."it's"`))).toBe(`tablename = 't' and attname = 'it''s'`)
})
