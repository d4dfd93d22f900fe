import { describe, expect, it } from 'vitest'
import { chooseServer } from '../src/cli/server-choice.ts'
import { UsageError } from '../src/core/errors.ts'

const url = 'postgresql://localhost/x'

describe('which server a run uses', () => {
  it('is the one of the configuration', () => {
    expect(chooseServer({}, {})).toEqual({})
    expect(chooseServer({}, { server: { image: 'postgres:17', pgVersion: 17 } })).toEqual({
      containerImage: 'postgres:17',
      pgVersion: 17,
    })
    expect(chooseServer({}, { server: { url } })).toEqual({ serverUrl: url })
  })

  it('is the one of the command line before that, whatever kind it is', () => {
    expect(chooseServer({ image: 'a:1' }, { server: { url } })).toEqual({ containerImage: 'a:1' })
    expect(chooseServer({ serverUrl: url }, { server: { image: 'a:1' } })).toEqual({ serverUrl: url })
  })

  it('is one only', () => {
    expect(() => chooseServer({ image: 'a:1', serverUrl: url }, {})).toThrow(UsageError)
  })

  it('is the embedded one with stand-ins for extensions', () => {
    const extensions = { stub: ['vector'] }
    expect(chooseServer({}, { extensions })).toEqual({})
    for (const flags of [{ image: 'a:1' }, { serverUrl: url }]) {
      expect(() => chooseServer(flags, { extensions })).toThrow(/extensions\.stub stands in/)
    }
  })
})
