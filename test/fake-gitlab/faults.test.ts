/** Things going wrong. Sources: gitlab-facts 1.5, 4.4, 6 (fault matrix); and the contract of gitlab-facts 1.8. */
import { expect, test } from 'vitest'

import { startFakeGitLab } from './index.ts'
import type { Fault } from './index.ts'
import { client } from './test-client.ts'

test('the limit of note creation answers in JSON without any header of a limit', async () => {
  await using server = await startFakeGitLab({ noteLimit: { every: 1, rejections: 1 } })
  const bot = client(server)
  await bot.post(`${bot.mr}/notes`, { body: 'x' })
  const limited = await bot.post(`${bot.mr}/notes`, { body: 'x' })
  const error = 'This endpoint has been requested too many times. Try again later.'
  expect(limited).toMatchObject({ status: 429, json: { message: { error } } })
  expect(Object.keys(limited.headers).filter((name) => /retry|ratelimit/.test(name))).toEqual([])
  expect((await bot.post(`${bot.mr}/discussions`, { body: 'x' })).status).toBe(201)
  expect((await bot.post(`${bot.mr}/notes`, { body: 'x' })).status).toBe(201)
})

test('the limit of all requests answers in plain text with Retry-After', async () => {
  await using server = await startFakeGitLab({
    requestLimit: { every: 3, rejections: 1, retryAfterSeconds: 2 },
    noteLimit: { every: 1, rejections: 1 },
  })
  const bot = client(server)
  const statuses = async (count: number, run: () => Promise<{ status: number }>) => {
    const seen: number[] = []
    for (let n = 0; n < count; n += 1) seen.push((await run()).status)
    return seen
  }
  expect(await statuses(2, () => bot.post(`${bot.mr}/notes`, { body: 'x' }))).toEqual([201, 429])
  const third = await bot.get('/user')
  expect(third.headers).toMatchObject({ 'ratelimit-limit': '3', 'ratelimit-remaining': '0' })
  const limited = await bot.get('/user')
  expect(limited).toMatchObject({ status: 429, text: 'Retry later\n', headers: { 'retry-after': '2' } })
  expect(limited.headers['content-type']).toBe('text/plain')
  expect(await statuses(4, () => bot.get('/user'))).toEqual([200, 200, 200, 429])
})

const matrix: readonly (readonly [Fault, number | undefined, boolean])[] = [
  [{ kind: 'rate limit', retryAfterSeconds: 0 }, 429, false],
  [{ kind: 'rate limit', form: 'json' }, 429, false],
  [{ kind: '500' }, 500, false],
  [{ kind: '500', saved: true }, 500, true],
  [{ kind: '502 html', saved: true }, 502, true],
  [{ kind: '503' }, 503, false],
  [{ kind: '504', saved: true }, 504, true],
  [{ kind: 'reset' }, undefined, false],
  [{ kind: 'reset', saved: true }, undefined, true],
  [{ kind: 'reset midway' }, undefined, true],
  [{ kind: 'truncated' }, 201, true],
  [{ kind: 'insufficient scope' }, 403, false],
  [{ kind: 'not found' }, 404, false],
  [{ kind: 'resource lock' }, 409, false],
]

test.each(matrix)(
  'fault %o strikes the meant request once, with or without carrying it out',
  async (fault, status, saved) => {
    await using server = await startFakeGitLab()
    const bot = client(server)
    server.fault({ write: true, nth: 2 }, fault)
    const post = () => bot.post(`${bot.mr}/notes`, { body: 'x' })
    expect((await post()).status).toBe(201)
    expect((await bot.get(bot.mr)).status).toBe(200)
    const struck = await post().catch(() => ({ status: undefined }))
    expect(struck.status).toBe(status)
    expect(server.notes).toHaveLength(saved ? 2 : 1)
    expect(server.writes().map((request) => request.executed)).toEqual([true, saved])
    expect((await post()).status).toBe(201)
  },
)

test('a cut connection is ECONNRESET, a truncated body no JSON, a redirect leads where it is told to', async () => {
  await using server = await startFakeGitLab()
  const bot = client(server)
  server.fault({ nth: 1 }, { kind: 'reset' })
  server.fault({ nth: 2 }, { kind: 'truncated' })
  server.fault({ nth: 3 }, { kind: '502 html' })
  server.fault({ nth: 4 }, { kind: 'redirect', to: 'http://127.0.0.1:1/' })
  await expect(bot.get('/user')).rejects.toMatchObject({ code: 'ECONNRESET' })
  const truncated = await bot.get('/user')
  expect(truncated).toMatchObject({ status: 200, json: undefined, text: expect.stringMatching(/^\{"id":/) })
  const page = await bot.get('/user')
  expect(page).toMatchObject({
    status: 502,
    json: undefined,
    headers: { 'content-type': 'application/json' },
  })
  expect(await bot.get('/user')).toMatchObject({ status: 302, headers: { location: 'http://127.0.0.1:1/' } })
})

test('a hanging request gets no answer, and does not hold up the others', async () => {
  await using server = await startFakeGitLab()
  const bot = client(server)
  server.fault({ path: '/notes', method: 'POST' }, { kind: 'hang', saved: true })
  const outcome = bot.post(`${bot.mr}/notes`, { body: 'x' }).catch(() => 'cut off')
  expect((await bot.get('/user')).status).toBe(200)
  expect(server.notes).toHaveLength(1)
  await server.close()
  expect(await outcome).toBe('cut off')
})

test('a token can die midway', async () => {
  await using server = await startFakeGitLab()
  const bot = client(server)
  server.fault({ nth: 2 }, { kind: 'unauthorized from now on' })
  const statuses: number[] = []
  for (let n = 0; n < 4; n += 1) statuses.push((await bot.get('/user')).status)
  expect(statuses).toEqual([200, 401, 401, 401])
})

test('the world changes just before a request', async () => {
  await using server = await startFakeGitLab()
  const bot = client(server)
  server.before(2, () => server.merge())
  server.before({ method: 'POST' }, () => void server.as('author').comment('Wait'))
  expect((await bot.get(bot.mr)).json).toMatchObject({ state: 'opened' })
  expect((await bot.get(bot.mr)).json).toMatchObject({ state: 'merged' })
  await bot.post(`${bot.mr}/notes`, { body: 'Too late' })
  expect(server.notes.map((note) => note.body)).toEqual(['merged', 'Wait', 'Too late'])
})

test('the log tells who asked for what, and what came of it', async () => {
  await using server = await startFakeGitLab()
  const bot = client(server)
  await bot.get(`${bot.mr}/notes?per_page=100`)
  await bot.post(`${bot.mr}/notes`, { body: 'x' })
  expect(server.requests).toMatchObject([
    {
      method: 'GET',
      path: `${bot.mr}/notes`,
      query: '?per_page=100',
      username: 'bot',
      write: false,
      status: 200,
    },
    { method: 'POST', body: { body: 'x' }, write: true, status: 201, executed: true },
  ])
})

test('equal histories have equal snapshots, whatever their ids', async () => {
  await using first = await startFakeGitLab()
  await using second = await startFakeGitLab()
  second.addUser('somebody')
  second.as('author').deleteNote(second.as('author').comment('Gone'))
  for (const server of [first, second]) {
    const note = server.as('bot').commentOnLine('db/migrations/0002_price.sql', { newLine: 1 }, 'Look')
    server.as('author').reply(note, 'Yes')
  }
  expect(second.snapshot()).toEqual(first.snapshot())
  second.as('author').resolve(second.notes[0]?.discussionId ?? '')
  expect(second.snapshot()).not.toEqual(first.snapshot())
})

test('what the contract does not declare fails the test at the end', async () => {
  const server = await startFakeGitLab()
  const bot = client(server)
  await bot.get(`${bot.mr}/notes?unknown=1`)
  await bot.post(`${bot.mr}/notes`, { body: 'x', markdown: true })
  await bot.post(`${bot.mr}/discussions`, {
    body: 'x',
    position: { ...bot.position('a', { new_line: '1' }) },
  })
  await bot.get(`${bot.mr}/pipelines`)
  expect(server.contractViolations).toEqual([
    'GET /api/v4/projects/{id}/merge_requests/{noteable_id}/notes: query parameter unknown is not declared',
    'POST /api/v4/projects/{id}/merge_requests/{noteable_id}/notes request: body must NOT have additional properties (markdown)',
    'POST /api/v4/projects/{id}/merge_requests/{noteable_id}/discussions request: /position/new_line must be integer',
    `GET ${bot.mr}/pipelines is no route of this server`,
  ])
  await expect(server.close()).rejects.toThrow('The contract of the GitLab API was violated')
})
