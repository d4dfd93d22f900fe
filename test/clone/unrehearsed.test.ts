import { describe, expect, it } from 'vitest'
import { lacksRehearsal } from '../../src/report.ts'

describe('a run that requires a rehearsal', () => {
  it.each([
    [[], [], false],
    [['rehearsed', 'failed', 'predicted'], ['not-rehearsed', 'clone-behind', 'clone-not-destroyed'], false],
    [['rehearsed', 'not rehearsed'], [], true],
    [['rehearsed'], ['clone-failed'], true],
    [['rehearsed'], ['clone-too-long'], true],
    [['rehearsed'], ['clone-not-run'], true],
  ] as const)('with %j and %j lacks one: %s', (outcomes, codes, lacks) => {
    const migrations = outcomes.map((outcome) => ({ outcome }))
    const limits = codes.map((code) => ({ code, message: '' }))
    expect(lacksRehearsal(migrations, limits)).toBe(lacks)
  })
})
