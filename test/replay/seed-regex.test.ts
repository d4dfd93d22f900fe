import { describe, expect, it } from 'vitest'
import { textMatching } from '../../src/replay/seed-regex.ts'

describe('textMatching', () => {
  it.each([
    '^[A-Z]{3}-\\d{4}$',
    '^[^@\\s]+@[^@\\s]+\\.[a-z]+$',
    '^(draft|sent)$',
    '^a?b*c+$',
    '^(?:x|y){2,3}$',
    '^\\+[1-9]\\d{1,14}$',
    '^[a-z_][a-z0-9_]*$',
    '^#[0-9a-fA-F]{6}$',
    '^\\w+\\s\\w+$',
    '^[\\]x]{2}$',
    '^.{5,}$',
    '^https?://[a-z.]+/$',
    'free',
  ])('finds a text for %s', (pattern) => {
    for (const variant of [1, 2]) expect(textMatching(pattern, variant)).toMatch(new RegExp(pattern, 'u'))
  })

  it('knows the classes that only Postgres writes', () => {
    expect(textMatching('^[[:upper:]][[:lower:]]+\\m[[:digit:]]{2}\\M$', 1)).toMatch(/^[A-Z][a-z]+\d{2}$/)
  })

  it('gives rows different texts', () => {
    expect(textMatching('^[a-z]{4}$', 1)).not.toBe(textMatching('^[a-z]{4}$', 2))
  })

  it.each(['(?=x)y', '(a)\\1', 'a{2', '[z-a]', '*a', '(a', '[a', '[[:nonsense:]]', 'a{500}'])(
    'gives up on %s instead of guessing',
    (pattern) => {
      expect(textMatching(pattern, 1)).toBeUndefined()
    },
  )
})
