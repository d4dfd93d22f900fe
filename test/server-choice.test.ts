import { describe, expect, it } from 'vitest'
import { chooseServer, refuseSeveralVersions } from '../src/cli/server-choice.ts'
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

describe('several versions', () => {
  it('are sorted, and one is no list', () => {
    expect(chooseServer({ pgVersion: [18, 14, 18] }, {})).toEqual({ pgVersions: [14, 18] })
    expect(chooseServer({}, { server: { pgVersion: [16] } })).toEqual({ pgVersion: 16 })
    expect(chooseServer({ pgVersion: 17 }, { server: { pgVersion: [14, 16] } })).toEqual({ pgVersion: 17 })
  })

  it('need servers of several versions', () => {
    const pgVersion = [14, 16]
    expect(() => chooseServer({ pgVersion, serverUrl: 'postgresql://h/d' }, {})).toThrow(
      'Several versions of Postgres are asked for (14, 16), and the server that is given has one.',
    )
    expect(() => chooseServer({ pgVersion, image: 'postgres:16' }, {})).toThrow(
      /the image postgres:16 holds one/,
    )
    expect(() => chooseServer({ pgVersion }, { server: { binaries: '/opt/pg' } })).toThrow(/server\.binaries/)
    expect(chooseServer({ pgVersion, image: 'postgres:{major}' }, {})).toEqual({
      pgVersions: [14, 16],
      containerImage: 'postgres:{major}',
    })
  })

  it('are refused where one decides', () => {
    expect(() => refuseSeveralVersions({ pgVersions: [14, 16] }, '--budget')).toThrow(
      '--budget goes by what one version of Postgres does, and several are asked for (14, 16).',
    )
  })
})
