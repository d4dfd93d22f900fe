import { expect, it } from 'vitest'
import { parseDuration } from '../../src/config/duration.ts'

it.each([
  ['500ms', 500],
  ['5s', 5000],
  ['5 s', 5000],
  [' 1.5min ', 90_000],
  ['2h', 7_200_000],
  ['0s', 0],
])('reads %s as %d milliseconds', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds)
})

it.each(['', '5', '-5s', '5 parsecs', '1e3s', '5S', 'ms', '5s 3ms', 'Infinitys', '5constructor'])(
  'does not take %j for a duration',
  (text) => {
    expect(parseDuration(text)).toBeUndefined()
  },
)
