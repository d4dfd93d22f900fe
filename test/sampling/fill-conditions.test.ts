import { describe, expect, it } from 'vitest'
import { conjuncts, sides } from '../../src/sampling/fill-conditions.ts'

describe('conjuncts', () => {
  it.each([
    ['(a > 0)', ['a > 0']],
    ['((a > 0) AND (b < 5))', ['a > 0', 'b < 5']],
    ['((a IS NOT NULL) AND ((b >= 1) AND (b < 2)))', ['a IS NOT NULL', 'b >= 1', 'b < 2']],
    ['((a > 0) OR ((b > 0) AND (c > 0)))', ['(a > 0) OR ((b > 0) AND (c > 0))']],
    [`(x <> ' AND '::text)`, [`x <> ' AND '::text`]],
    [`(x <> 'it''s AND (not'::text)`, [`x <> 'it''s AND (not'::text`]],
    [`("a AND b" > 0)`, [`"a AND b" > 0`]],
    [
      'CASE WHEN (a > 0) AND (b > 0) THEN true ELSE false END',
      ['CASE WHEN (a > 0) AND (b > 0) THEN true ELSE false END'],
    ],
    ['(a AND b)', ['a', 'b']],
  ])('%s', (sql, parts) => {
    expect(conjuncts(sql)).toEqual(parts)
  })
})

describe('sides', () => {
  it.each([
    ['gross = (net + tax)', ['gross', '(net + tax)']],
    [`(net + tax) = gross`, ['(net + tax)', 'gross']],
    ['(a = b) IS TRUE', undefined],
    [`x <> ' = '::text`, undefined],
    ['a >= b', undefined],
  ])('%s', (sql, found) => {
    expect(sides(sql)).toEqual(found)
  })
})
