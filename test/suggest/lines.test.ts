import { describe, expect, test } from 'vitest'
import { applySuggestion, linesOf, shrink } from '../../src/suggest/lines.ts'

describe('applySuggestion', () => {
  const suggestion = { startLine: 2, endLine: 2, lines: ['x', 'y'] }

  test('replaces lines, and leaves all others byte for byte', () => {
    expect(applySuggestion('a\r\nb\nc\r\n', suggestion)).toBe('a\r\nx\ny\nc\r\n')
  })

  test('ends lines as those that they replace', () => {
    expect(applySuggestion('a\nb\r\nc\n', suggestion)).toBe('a\nx\r\ny\r\nc\n')
  })

  test('adds no line end to a file that has none at its end', () => {
    expect(applySuggestion('a\nb', suggestion)).toBe('a\nx\ny')
    expect(applySuggestion('a\r\nb', suggestion)).toBe('a\r\nx\r\ny')
  })
})

describe('shrink', () => {
  const text = 'a\nb\nc\nd\n'
  const shrunk = (lines: readonly string[], startLine = 1, endLine = 4): unknown =>
    shrink(text, { startLine, endLine, lines })

  test('keeps the lines that differ', () => {
    expect(shrunk(['a', 'X', 'Y', 'd'])).toEqual({ startLine: 2, endLine: 3, lines: ['X', 'Y'] })
    expect(shrunk(['a', 'X', 'c', 'Y'])).toEqual({ startLine: 2, endLine: 4, lines: ['X', 'c', 'Y'] })
    expect(shrunk(['X', 'c'], 2, 3)).toEqual({ startLine: 2, endLine: 2, lines: ['X'] })
  })

  test('adds lines beside one that stays', () => {
    expect(shrunk(['X', 'b'], 2, 2)).toEqual({ startLine: 2, endLine: 2, lines: ['X', 'b'] })
    expect(shrunk(['a', 'b', 'X', 'c', 'd'])).toEqual({ startLine: 3, endLine: 3, lines: ['X', 'c'] })
    expect(shrunk(['a', 'b', 'c', 'd', 'X'])).toEqual({ startLine: 4, endLine: 4, lines: ['d', 'X'] })
  })

  test('is nothing when nothing changes', () => {
    expect(shrunk(['a', 'b', 'c', 'd'])).toBeUndefined()
  })

  test('comes to the same file as what it was made of, whatever the lines are', () => {
    let seed = 7
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      return seed % below
    }
    const word = (): string => ['a', 'b', '', '--', ' a'][random(5)] ?? ''
    for (let round = 0; round < 2000; round++) {
      const old = Array.from({ length: 1 + random(6) }, word)
      const end = ['\n', '\r\n'][random(2)] ?? '\n'
      const file = old.join(end) + (random(2) === 0 ? end : '')
      const startLine = 1 + random(old.length)
      const endLine = startLine + random(old.length - startLine + 1)
      const whole = { startLine, endLine, lines: Array.from({ length: 1 + random(6) }, word) }
      const small = shrink(file, whole)
      const applied = small === undefined ? file : applySuggestion(file, small)
      expect(linesOf(applied)).toEqual(linesOf(applySuggestion(file, whole)))
      if (small === undefined) continue
      expect(small.startLine).toBeGreaterThanOrEqual(startLine)
      expect(small.endLine).toBeLessThanOrEqual(endLine)
      expect(small.endLine).toBeGreaterThanOrEqual(small.startLine)
      expect(small.lines.length).toBeLessThanOrEqual(whole.lines.length)
    }
  })
})
