import { describe, expect, it } from 'vitest'
import { createServer } from '../../src/gitlab/client.ts'
import { readRemoteState, type ReadOptions } from '../../src/gitlab/remote-state.ts'
import type { GitLabServer } from '../../src/gitlab/server.ts'
import { startFakeGitLab } from '../fake-gitlab/index.ts'
import { fastClock, type FastClock } from './fast-clock.ts'

const isCommand = (body: string): boolean => body.startsWith('pgrehearse ')

type FakeGitLab = Awaited<ReturnType<typeof startFakeGitLab>>

function client({ apiUrl, projectId, iid, botToken }: FakeGitLab): GitLabServer {
  const { signal } = new AbortController()
  return createServer({ apiUrl, projectId, iid }, botToken, { signal, version: '1.2.3', clock: fastClock() })
}

function waiting(clock: FastClock): ReadOptions {
  return { signal: new AbortController().signal, sleep: clock.sleep }
}

describe('the remote state', () => {
  it('is the user, the merge request, its version and its threads', async () => {
    await using fake = await startFakeGitLab()
    fake.as('colleague').comment('hello')
    const clock = fastClock()
    const state = await readRemoteState(client(fake), isCommand, waiting(clock))
    expect(state).toMatchObject({
      me: { username: 'bot' },
      mergeRequest: { state: 'opened', headSha: fake.version.headSha },
      version: { id: fake.version.id, headSha: fake.version.headSha },
    })
    expect(state.threads.flatMap(({ notes }) => notes.map(({ body }) => body))).toContain('hello')
    expect(state.accessLevels).toEqual(new Map())
    expect(clock.waits).toEqual([])
    expect(fake.writes()).toEqual([])
  })

  it('has the access level of everybody who wrote a command, and of nobody else', async () => {
    await using fake = await startFakeGitLab()
    const thread = fake.as('author').startThread('why?')
    fake.as('maintainer').reply(thread, 'pgrehearse allow it is empty')
    fake.as('maintainer').comment('pgrehearse allow')
    fake.as('reporter').comment('pgrehearse allow me, too')
    fake.as('bot').comment('pgrehearse allow nothing')
    fake.as('colleague').comment('no command')
    const { accessLevels } = await readRemoteState(client(fake), isCommand, waiting(fastClock()))
    expect(accessLevels).toEqual(
      new Map([
        [fake.user('maintainer').id, 40],
        [fake.user('reporter').id, 20],
      ]),
    )
    expect(fake.requests.filter(({ path }) => path.includes('/members/'))).toHaveLength(2)
  })

  it('waits a moment for a diff that is not stored yet', async () => {
    await using fake = await startFakeGitLab({ diffRefsMissing: 2 })
    const clock = fastClock()
    const state = await readRemoteState(client(fake), isCommand, waiting(clock))
    expect(state.version?.headSha).toBe(fake.version.headSha)
    expect(clock.waits).toHaveLength(1)
  })

  it('goes on without a version when the diff does not come', async () => {
    await using fake = await startFakeGitLab({ diffRefsMissing: 10 })
    const clock = fastClock()
    const state = await readRemoteState(client(fake), isCommand, waiting(clock))
    expect(state.version).toBeUndefined()
    expect(clock.waits).toHaveLength(1)
  })

  it('waits for nothing on a merge request that is merged', async () => {
    await using fake = await startFakeGitLab({ diffRefsMissing: 10 })
    fake.merge()
    const clock = fastClock()
    const state = await readRemoteState(client(fake), isCommand, waiting(clock))
    expect(state.mergeRequest.state).toBe('merged')
    expect(clock.waits).toEqual([])
  })

  it('fails with one request when the token is bad', async () => {
    await using fake = await startFakeGitLab()
    fake.token(fake.botToken).revoked = true
    await expect(readRemoteState(client(fake), isCommand, waiting(fastClock()))).rejects.toMatchObject({
      problem: 'unauthorized',
    })
    expect(fake.requests).toHaveLength(1)
  })
})
