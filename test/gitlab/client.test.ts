import { describe, expect, it } from 'vitest'
import type { ClientOptions } from '../../src/gitlab/client-connection.ts'
import { createAccount } from '../../src/gitlab/client-account.ts'
import { createServer } from '../../src/gitlab/client.ts'
import type { ThreadPlace } from '../../src/gitlab/model.ts'
import type { GitLabServer } from '../../src/gitlab/server.ts'
import { startFakeGitLab } from '../fake-gitlab/index.ts'
import { errorOf } from './error-of.ts'
import { fastClock } from './fast-clock.ts'
import { json, scriptedServer } from './scripted-server.ts'

type FakeGitLab = Awaited<ReturnType<typeof startFakeGitLab>>

const migration = 'db/migrations/0002_price.sql'
const added: ThreadPlace = { oldPath: migration, newPath: migration, newLine: 1, suggestion: false }

function options(more: Partial<ClientOptions> = {}): ClientOptions {
  return { signal: new AbortController().signal, version: '1.2.3', clock: fastClock(), ...more }
}

function client(fake: FakeGitLab, token = fake.botToken, more: Partial<ClientOptions> = {}): GitLabServer {
  const ref = { apiUrl: fake.apiUrl, projectId: fake.projectId, iid: fake.iid }
  return createServer(ref, token, options(more))
}

/** A server that answers everything with the same. */
function clientOf(apiUrl: string): GitLabServer {
  return createServer({ apiUrl, projectId: 'shop/backend', iid: 17 }, 'glpat-abcdefgh', options())
}

async function newestVersion(
  server: GitLabServer,
): Promise<NonNullable<Awaited<ReturnType<GitLabServer['newestVersion']>>>> {
  const version = await server.newestVersion()
  if (version === undefined) throw new Error('no version')
  return version
}

describe('reading', () => {
  it('tells whose token it is, the merge request and its newest version', async () => {
    await using fake = await startFakeGitLab()
    const pushed = fake.push({ 'db/migrations/0003.sql': 'select 1;\n' })
    const server = client(fake)
    expect(await server.currentUser()).toEqual({ id: fake.user('bot').id, username: 'bot' })
    expect(await server.mergeRequest()).toEqual({
      projectId: 42,
      iid: fake.iid,
      state: 'opened',
      headSha: pushed.headSha,
      author: { id: fake.user('author').id, username: 'author' },
      webUrl: fake.webUrl,
    })
    expect(await server.newestVersion()).toEqual({
      id: pushed.id,
      baseSha: pushed.baseSha,
      startSha: pushed.startSha,
      headSha: pushed.headSha,
    })
  })

  it('works below a relative address and with the path of a project', async () => {
    await using fake = await startFakeGitLab({ relativeUrl: '/tools/gitlab' })
    const ref = { apiUrl: fake.apiUrl, projectId: 'shop/backend', iid: fake.iid }
    const server = createServer(ref, fake.botToken, options())
    expect(await server.mergeRequest()).toMatchObject({ iid: fake.iid, projectId: 42 })
  })

  it('knows no version while the server has none', async () => {
    await using fake = await startFakeGitLab({ diffRefsMissing: 5 })
    expect(await client(fake).newestVersion()).toBeUndefined()
  })

  it('reads all threads, although pages are short because some notes are hidden', async () => {
    await using fake = await startFakeGitLab()
    for (let count = 0; count < 60; count += 1) fake.as('author').comment(`first ${count}`)
    fake.addHiddenNotes(90)
    for (let count = 0; count < 60; count += 1) fake.as('author').comment(`second ${count}`)
    const threads = await client(fake).threads()
    const bodies = threads.flatMap(({ notes }) =>
      notes.filter(({ system }) => !system).map(({ body }) => body),
    )
    expect(bodies).toHaveLength(120)
    expect(bodies.at(-1)).toBe('second 59')
    const pages = fake.requests.filter(({ path }) => path.includes('/discussions'))
    expect(pages.length).toBeGreaterThan(2)
  })

  it('tells notes, threads, history and who resolved', async () => {
    await using fake = await startFakeGitLab()
    fake.as('author').comment('a plain note\r\nof two lines')
    const thread = fake.as('colleague').commentOnLine(migration, { newLine: 2 }, 'why?')
    fake.as('author').reply(thread, 'because')
    fake.as('maintainer').resolve(thread)
    const threads = await client(fake).threads()
    const plain = threads.find(({ notes }) => notes[0]?.body.startsWith('a plain'))
    expect(plain).toMatchObject({
      individual: true,
      notes: [{ system: false, resolvable: false, resolved: false, resolvedBy: undefined }],
    })
    expect(plain).not.toHaveProperty('position')
    expect(threads.find(({ notes }) => notes[0]?.body === 'why?')).toMatchObject({
      individual: false,
      position: { headSha: fake.version.headSha, newPath: migration, newLine: 2 },
      notes: [
        {
          author: { username: 'colleague' },
          resolvable: true,
          resolved: true,
          resolvedBy: { username: 'maintainer' },
        },
        { author: { username: 'author' }, body: 'because' },
      ],
    })
  })

  it('knows the access level of members, and 0 of everybody else', async () => {
    await using fake = await startFakeGitLab()
    const server = client(fake)
    const levels = await Promise.all(
      ['maintainer', 'author', 'reporter', 'guest', 'outsider'].map((name) =>
        server.accessLevel(fake.user(name).id),
      ),
    )
    expect(levels).toEqual([40, 30, 20, 10, 0])
    expect(await server.accessLevel(987_654)).toBe(0)
  })
})

describe('writing', () => {
  it('hangs a thread on a line of a file with any name, with the body byte by byte', async () => {
    const path = 'db/a&b=c [1] ünï%.sql'
    await using fake = await startFakeGitLab({ change: { [path]: 'select 1;\n' } })
    const server = client(fake)
    const body = 'a&b=c\n\n```sql\nselect 1;\n```\n<!-- x -->'
    const place = { oldPath: path, newPath: path, newLine: 1, suggestion: false }
    const thread = await server.createThread(body, await newestVersion(server), place)
    expect(thread).toMatchObject({
      individual: false,
      notes: [{ body, author: { username: 'bot' } }],
      position: { newPath: path, newLine: 1 },
    })
    expect((await server.threads()).find(({ id }) => id === thread.id)).toEqual(thread)
  })

  it('gives both lines where the line is unchanged', async () => {
    const base = { 'db/a.sql': 'select 1;\nselect 2;\nselect 3;\n' }
    await using fake = await startFakeGitLab({
      base,
      change: { 'db/a.sql': 'select 0;\nselect 1;\nselect 2;\nselect 3;\n' },
    })
    const server = client(fake)
    const version = await newestVersion(server)
    const place = { oldPath: 'db/a.sql', newPath: 'db/a.sql', newLine: 3, oldLine: 2, suggestion: false }
    expect(await server.createThread('x', version, place)).toMatchObject({ position: { newLine: 3 } })
  })

  it('says that a line is none of the diff', async () => {
    await using fake = await startFakeGitLab()
    const server = client(fake)
    const request = server.createThread('x', await newestVersion(server), { ...added, newLine: 99 })
    expect(await errorOf(request)).toMatchObject({ problem: 'position', status: 400, maybeDone: false })
  })

  it('replies, edits, resolves and reopens', async () => {
    await using fake = await startFakeGitLab()
    const server = client(fake)
    const thread = await server.createThread('first', await newestVersion(server), added)
    const note = thread.notes[0]?.id ?? 0
    await server.editThreadNote(thread.id, note, 'edited')
    expect(await server.reply(thread.id, 'again')).toMatchObject({
      body: 'again',
      author: { username: 'bot' },
    })
    await server.setResolved(thread.id, true)
    const read = async (): Promise<unknown> => (await server.threads()).find(({ id }) => id === thread.id)
    expect(await read()).toMatchObject({
      notes: [{ body: 'edited', resolved: true, resolvedBy: { username: 'bot' } }, { body: 'again' }],
    })
    await server.setResolved(thread.id, false)
    expect(await read()).toMatchObject({ notes: [{ resolved: false, resolvedBy: undefined }, {}] })
  })

  it('writes a plain note and edits it in place', async () => {
    await using fake = await startFakeGitLab()
    const server = client(fake)
    const note = await server.createNote('summary')
    expect(note).toMatchObject({ body: 'summary', resolvable: false, system: false })
    await server.editNote(note.id, 'newer summary')
    const threads = await server.threads()
    expect(threads.filter(({ individual }) => individual).flatMap(({ notes }) => notes)).toEqual([
      { ...note, body: 'newer summary' },
    ])
  })

  it('says that a body of nothing but quick actions became no note', async () => {
    await using fake = await startFakeGitLab()
    expect(await errorOf(client(fake).createNote('/label ~x'))).toMatchObject({ problem: 'server' })
  })

  it('lists, makes, deletes and publishes drafts', async () => {
    await using fake = await startFakeGitLab()
    const server = client(fake)
    const version = await newestVersion(server)
    const draft = await server.createDraft('one', version, added)
    const other = await server.createDraft('two', version, { ...added, newLine: 2 })
    expect(await server.drafts()).toEqual([draft, other])
    await server.deleteDraft(draft.id)
    // a delete that is repeated because its answer was lost finds nothing
    await server.deleteDraft(draft.id)
    expect(await server.drafts()).toEqual([other])
    await server.publishDrafts()
    expect(await server.drafts()).toEqual([])
    expect(await server.threads()).toContainEqual(
      expect.objectContaining({ position: { headSha: version.headSha, newPath: migration, newLine: 2 } }),
    )
  })

  it('says that an old server has no drafts', async () => {
    await using fake = await startFakeGitLab({ oldServer: true })
    const server = client(fake)
    const version = await newestVersion(server)
    expect(await errorOf(server.drafts())).toMatchObject({ problem: 'unsupported' })
    expect(await errorOf(server.createDraft('x', version, added))).toMatchObject({ problem: 'unsupported' })
  })
})

describe('what the server refuses', () => {
  it('to a token that may only read is "scope"', async () => {
    await using fake = await startFakeGitLab()
    const server = client(fake, fake.addToken({ username: 'bot', scopes: ['read_api'] }))
    await server.threads()
    expect(await errorOf(server.createNote('x'))).toMatchObject({ problem: 'scope', status: 403 })
  })

  it('to a token that is revoked or invented is "unauthorized"', async () => {
    await using fake = await startFakeGitLab()
    const revoked = fake.addToken({ username: 'bot', revoked: true })
    for (const token of [revoked, 'glpat-invented-one']) {
      expect(await errorOf(client(fake, token).currentUser())).toMatchObject({
        problem: 'unauthorized',
        status: 401,
      })
    }
  })

  it('to somebody who may not resolve is "forbidden"', async () => {
    await using fake = await startFakeGitLab()
    const token = fake.addToken({ username: 'reporter' })
    fake.as('author').startThread('why?')
    const found = (await client(fake).threads()).find(({ individual }) => !individual)
    expect(await errorOf(client(fake, token).setResolved(found?.id ?? '', true))).toMatchObject({
      problem: 'forbidden',
    })
  })

  it('is "not found" where the merge request cannot be seen', async () => {
    await using fake = await startFakeGitLab()
    const token = fake.addToken({ username: 'outsider' })
    expect(await errorOf(client(fake, token).mergeRequest())).toMatchObject({
      problem: 'not found',
      status: 404,
    })
  })
})

describe('trouble on the way', () => {
  it.each(['rate limit', '500', '502 html', '503', '504', 'reset', 'reset midway', 'truncated'] as const)(
    'is waited out when reading: %s',
    async (kind) => {
      await using fake = await startFakeGitLab()
      fake.fault({ path: '/discussions', times: 2 }, { kind })
      fake.as('author').comment('here')
      expect((await client(fake).threads()).some(({ notes }) => notes[0]?.body === 'here')).toBe(true)
    },
  )

  it.each(['500', '502 html', '504', 'reset', 'reset midway', 'truncated'] as const)(
    'leaves one note at most when a note is written: %s',
    async (kind) => {
      for (const saved of [true, false]) {
        await using fake = await startFakeGitLab()
        fake.fault(
          { write: true },
          kind === 'reset midway' || kind === 'truncated' ? { kind } : { kind, saved },
        )
        expect(await errorOf(client(fake).createNote('once'))).toMatchObject({ maybeDone: true })
        expect(fake.writes()).toHaveLength(1)
      }
    },
  )

  it('leaves exactly one note when a rate limit was in the way', async () => {
    await using fake = await startFakeGitLab()
    fake.fault({ write: true }, { kind: 'rate limit' })
    const clock = fastClock()
    await client(fake, fake.botToken, { clock }).createNote('once')
    expect(clock.waits).toEqual([60_000])
    expect(fake.notes.filter(({ body }) => body === 'once')).toHaveLength(1)
  })

  it('by a lock that is busy is waited out when a note is edited', async () => {
    await using fake = await startFakeGitLab()
    const server = client(fake)
    const note = await server.createNote('a')
    fake.fault({ method: 'PUT' }, { kind: 'resource lock' })
    await server.editNote(note.id, 'b')
    expect(fake.notes.map(({ body }) => body)).toContain('b')
  })
})

describe('nonsense', () => {
  const calls: readonly (readonly [string, (server: GitLabServer) => Promise<unknown>])[] = [
    ['currentUser', (server) => server.currentUser()],
    ['mergeRequest', (server) => server.mergeRequest()],
    ['newestVersion', (server) => server.newestVersion()],
    ['threads', (server) => server.threads()],
    ['accessLevel', (server) => server.accessLevel(1)],
    ['createNote', (server) => server.createNote('x')],
    ['drafts', (server) => server.drafts()],
  ]
  const answers = [null, [], {}, 'text', 7, [null], [{ id: 'x' }], { id: -1, username: 3 }, [[{}]]]

  it.each(calls)('as the answer to %s is an error of the server, not of ours', async (name, call) => {
    for (const answer of answers) {
      await using server = await scriptedServer((_, response) => json(response, 200, answer))
      const isEmptyList = Array.isArray(answer) && answer.length === 0
      const isList = name === 'newestVersion' || name === 'threads' || name === 'drafts'
      if (isEmptyList && isList) continue
      expect(await errorOf(call(clientOf(server.apiUrl)))).toMatchObject({ problem: 'server' })
    }
  })

  it('on the second page is one, too', async () => {
    await using server = await scriptedServer((seen, response) =>
      seen.url.includes('page=2')
        ? json(response, 200, { message: 'no list' })
        : json(response, 200, [], { link: '<http://elsewhere/x?page=2&per_page=100>; rel=next' }),
    )
    expect(await errorOf(clientOf(server.apiUrl).threads())).toMatchObject({ problem: 'server' })
    expect(server.seen.map(({ url }) => url)).toEqual([
      '/api/v4/projects/shop%2Fbackend/merge_requests/17/discussions?per_page=100',
      '/api/v4/projects/shop%2Fbackend/merge_requests/17/discussions?page=2&per_page=100',
    ])
  })

  it('that never ends is cut off', async () => {
    for (const page of ['1', '2']) {
      await using server = await scriptedServer((_, response) =>
        json(response, 200, [], { link: `<http://x/y?page=${page}&per_page=100>; rel="next"` }),
      )
      expect(await errorOf(clientOf(server.apiUrl).threads())).toMatchObject({ problem: 'server' })
      expect(server.seen.length).toBeLessThan(4)
    }
  })

  it('does not hide a page that only x-next-page tells of', async () => {
    const note = { id: 1, body: 'x', author: { id: 1, username: 'a' } }
    await using server = await scriptedServer((seen, response) =>
      seen.url.includes('page=2')
        ? json(response, 200, [{ id: 'b', notes: [note] }], { 'x-next-page': '' })
        : json(response, 200, [{ id: 'a', notes: [note] }], { 'x-next-page': '2' }),
    )
    expect((await clientOf(server.apiUrl).threads()).map(({ id }) => id)).toEqual(['a', 'b'])
  })
})

describe('the account', () => {
  it('tells scopes and end of the token, the user and the version of the server', async () => {
    await using fake = await startFakeGitLab({ version: '17.5.1-ee' })
    const token = fake.addToken({ username: 'bot', scopes: ['api'], expiresAt: '2099-01-31' })
    const account = createAccount(fake.apiUrl, token, options())
    expect(await account.token()).toEqual({ scopes: ['api'], expiresAt: '2099-01-31', active: true })
    expect(await account.serverVersion()).toBe('17.5.1-ee')
    expect(await account.user()).toEqual({
      user: { id: fake.user('bot').id, username: 'bot' },
      isAdmin: false,
    })
  })

  it('asks an old server for its version in the old way', async () => {
    await using server = await scriptedServer((seen, response) =>
      seen.url.endsWith('/version')
        ? json(response, 200, { version: '13.12.15', revision: 'abc' })
        : json(response, 404, { error: '404 Not Found' }),
    )
    const account = createAccount(server.apiUrl, 'glpat-abcdefgh', options())
    expect(await account.serverVersion()).toBe('13.12.15')
    expect(await account.token()).toBeUndefined()
  })
})
