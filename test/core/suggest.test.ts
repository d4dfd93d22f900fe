import { expect, it } from 'vitest'
import { nearest } from '../../src/core/suggest.ts'

const known = ['ban-truncate', 'check', 'lint', 'require-concurrent-index', 'rules']

it.each([
  ['ban-trunkate', 'ban-truncate'],
  ['BAN-TRUNCATE', 'ban-truncate'],
  ['chekc', 'check'],
  ['require-concurent-idnex', 'require-concurrent-index'],
  ['rulez', 'rules'],
])('takes %s for %s', (word, meant) => {
  expect(nearest(word, known)).toBe(meant)
})

it.each(['', 'x', 'check-everything', 'db/migrations', 'mint tea'])(
  'does not guess what %j means',
  (word) => {
    expect(nearest(word, known)).toBeUndefined()
  },
)

it('is quick with a word of a million letters', () => {
  expect(nearest('a'.repeat(1_000_000), known)).toBeUndefined()
})
