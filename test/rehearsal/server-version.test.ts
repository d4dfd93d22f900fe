import { expect, it } from 'vitest'
import { decideMajor, otherVersion } from '../../src/rehearsal/server-version.ts'

const asked = { config: {}, cwd: process.cwd(), replay: true }

it('replays on production’s version where that is installed', async () => {
  expect(await decideMajor(asked, '18.1')).toMatchObject({ pgVersion: 18, productionMajor: 18 })
  const elsewhere = await decideMajor(asked, '11.22')
  expect(elsewhere).toMatchObject({ productionMajor: 11 })
  expect(elsewhere).not.toHaveProperty('pgVersion')
  expect(await decideMajor(asked, undefined)).toEqual(asked)
})

it('predicts for production’s version without a server', async () => {
  expect(await decideMajor({ ...asked, replay: false }, '15.2')).toMatchObject({ pgVersion: 15 })
})

it('does what was asked for, with remedies that are valid on all versions', async () => {
  const chosen = await decideMajor({ ...asked, pgVersions: [14, 18], pgVersion: 18 }, '16.3')
  expect(chosen).toMatchObject({ pgVersion: 18, productionMajor: 14 })
})

it('leaves the version of a given server to that', async () => {
  const serverUrl = 'postgresql://localhost/postgres'
  expect(await decideMajor({ ...asked, serverUrl }, '18.1')).not.toHaveProperty('pgVersion')
  const containerImage = 'pgvector/pgvector:pg16'
  expect(await decideMajor({ ...asked, containerImage }, '18.1')).not.toHaveProperty('pgVersion')
  const config = { server: { binaries: '/opt/postgres' } }
  expect(await decideMajor({ ...asked, config }, '18.1')).not.toHaveProperty('pgVersion')
})

it('puts the version into the name of an image', async () => {
  const containerImage = 'postgres:{major}-alpine'
  expect(await decideMajor({ ...asked, containerImage }, '15.2')).toMatchObject({
    containerImage: 'postgres:15-alpine',
  })
  expect(await decideMajor({ ...asked, containerImage, pgVersion: 17 }, '15.2')).toMatchObject({
    containerImage: 'postgres:17-alpine',
  })
  await expect(decideMajor({ ...asked, containerImage }, undefined)).rejects.toThrow(
    'The image postgres:{major}-alpine needs a major version, and nobody says which.',
  )
})

it('says that the rehearsal was on another version, and why', async () => {
  const say = async (more: object, rehearsedOn = ['18.4']): Promise<readonly string[]> => {
    const limits = await otherVersion({ ...asked, ...more }, { production: '16.3', rehearsedOn })
    return limits.flatMap(({ message, hint = '' }) => [
      /because ([^:]+(?::\d+)?[^:]*):/.exec(message)?.[1] ?? '',
      hint,
    ])
  }
  expect(await say({}, ['16.14'])).toEqual([])
  expect(await say({}, [])).toEqual([])
  expect(await say({})).toEqual([
    '16 is not installed here',
    expect.stringMatching(
      /^Install it with `npm install .*`, or rehearse in a container: --image postgres:16\.$/,
    ),
  ])
  expect(await say({ pgVersion: 18 })).toEqual(['that was asked for', 'Ask for Postgres 16 as well.'])
  expect(await say({ serverUrl: 'postgresql://h/d' })).toEqual([
    'the server that was given is that',
    'Give a server of Postgres 16.',
  ])
  expect(await say({ containerImage: 'postgres:18' })).toEqual([
    'the image postgres:18 holds that',
    'Name an image of Postgres 16.',
  ])
})
