import { expect, it } from 'vitest'
import { whyEnded } from '../../src/rehearsal/why-ended.ts'

it.each([
  [Object.assign(new Error('connect ECONNREFUSED /tmp/x'), { code: 'ECONNREFUSED' }), 'the server went away'],
  [new Error('Connection terminated unexpectedly'), 'the server went away'],
  [new Error('relation "a" does not exist'), 'that ended with an error'],
])('%s: %s', (error, why) => {
  expect(whyEnded(error, new AbortController().signal)).toBe(why)
  expect(whyEnded(error, AbortSignal.abort())).toBe('the time for that was over')
})
