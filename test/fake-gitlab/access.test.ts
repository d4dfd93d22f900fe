/** Who is let in, and to what. Sources: gitlab-facts 2.1, lib/api/api_guard.rb, app/policies/*. */
import { expect, test } from 'vitest'

import { startFakeGitLab } from './index.ts'
import { client } from './test-client.ts'

test('without a token, with a wrong, an expired or a revoked one the answer is 401, each in its own words', async () => {
  await using server = await startFakeGitLab()
  const { mr, send } = client(server)
  const expired = server.addToken({ username: 'bot', expiresAt: '2020-01-01' })
  const revoked = server.addToken({ username: 'bot', revoked: true })
  expect(await send('GET', mr, {})).toMatchObject({ status: 401, json: { message: '401 Unauthorized' } })
  expect((await client(server, 'glpat-wrong').get(mr)).status).toBe(401)
  expect((await client(server, expired).get(mr)).json).toMatchObject({
    error: 'invalid_token',
    error_description: expect.stringContaining('Token is expired'),
  })
  expect((await client(server, revoked).get(mr)).json).toMatchObject({
    error_description: expect.stringContaining('revoked'),
  })
})

test('an access token works as PRIVATE-TOKEN and as Bearer', async () => {
  await using server = await startFakeGitLab()
  const { mr, send } = client(server)
  expect((await send('GET', mr, { 'private-token': server.botToken })).status).toBe(200)
  expect((await send('GET', mr, { authorization: `Bearer ${server.botToken}` })).status).toBe(200)
  expect((await send('GET', mr, { 'job-token': server.botToken })).status).toBe(401)
})

test('read_api reads and is refused writes with insufficient_scope', async () => {
  await using server = await startFakeGitLab()
  const reader = client(server, server.addToken({ username: 'bot', scopes: ['read_api'] }))
  expect((await reader.get(`${reader.mr}/notes`)).status).toBe(200)
  const refused = await reader.post(`${reader.mr}/notes`, { body: 'x' })
  expect(refused).toMatchObject({ status: 403, json: { error: 'insufficient_scope' } })
  expect((await reader.get('/personal_access_tokens/self')).json).toMatchObject({
    scopes: ['read_api'],
    active: true,
  })
})

test('a job token reads notes, and neither threads nor the merge request, and writes nothing', async () => {
  await using server = await startFakeGitLab()
  const { mr, send } = client(server)
  const job = { 'job-token': server.addJobToken('author') }
  server.as('author').comment('Hello')
  expect((await send('GET', `${mr}/notes`, job)).status).toBe(200)
  expect((await send('GET', `${mr}/discussions`, job)).status).toBe(401)
  const body = JSON.stringify({ body: 'x' })
  expect(
    (await send('POST', `${mr}/notes`, { ...job, 'content-type': 'application/json' }, body)).status,
  ).toBe(401)
})

test('a private project is not found by outsiders, and its merge requests not by guests', async () => {
  await using server = await startFakeGitLab()
  const outsider = client(server, server.addToken({ username: 'outsider' }))
  const guest = client(server, server.addToken({ username: 'guest' }))
  expect((await outsider.get('/projects/42')).json).toEqual({ message: '404 Project Not Found' })
  expect((await guest.get('/projects/42')).status).toBe(200)
  expect((await guest.get(guest.mr)).status).toBe(404)
})

test('reporters comment but may not resolve threads of others; the author of the merge request may', async () => {
  // facts 2.1: Developer role (or MR author) needed to resolve
  await using server = await startFakeGitLab({ authoredBy: 'reporter' })
  const thread = server.as('bot').startThread('Look at this')
  const second = server.as('bot').startThread('And this')
  server.addUser('reader', { role: 'reporter' })
  expect(() => server.as('reader').resolve(thread)).toThrow('403')
  expect(server.as('reader').comment('Nice').body).toBe('Nice')
  server.as('reporter').resolve(thread)
  server.as('colleague').resolve(second)
  expect(server.discussions().map(({ resolved }) => resolved)).toEqual([true, true, undefined])
})

test('only its author and maintainers edit a note', async () => {
  await using server = await startFakeGitLab()
  const note = server.as('bot').comment('Summary')
  const developer = client(server, server.addToken({ username: 'colleague' }))
  const maintainer = client(server, server.addToken({ username: 'maintainer' }))
  const path = `${developer.mr}/notes/${note.id}`
  expect((await developer.put(path, { body: 'Mine' })).status).toBe(403)
  expect((await developer.delete(path)).status).toBe(403)
  expect((await maintainer.put(path, { body: 'Better' })).json).toMatchObject({
    body: 'Better',
    author: { username: 'bot' },
  })
  expect((await client(server).delete(path)).status).toBe(204)
})

test('a locked discussion refuses who is no member, and nobody else', async () => {
  // app/policies/issuable_policy.rb: `locked & ~is_project_member` prevents create_note, admin_note, resolve_note
  await using server = await startFakeGitLab({ visibility: 'public' })
  const mine = server.as('outsider').comment('Before')
  server.lockDiscussion()
  const outsider = client(server, server.addToken({ username: 'outsider' }))
  expect((await outsider.post(`${outsider.mr}/notes`, { body: 'x' })).status).toBe(403)
  expect((await outsider.put(`${outsider.mr}/notes/${mine.id}`, { body: 'x' })).status).toBe(403)
  const bot = client(server)
  expect((await bot.post(`${bot.mr}/notes`, { body: 'x' })).status).toBe(201)
  expect((await bot.get(bot.mr)).json).toMatchObject({ discussion_locked: true })
})

test('access levels of members are told, also of inherited ones; others are not found', async () => {
  await using server = await startFakeGitLab()
  const bot = client(server)
  const level = async (name: string) => bot.get(`/projects/42/members/all/${server.user(name).id}`)
  expect((await level('maintainer')).json).toMatchObject({ access_level: 40 })
  expect((await level('outsider')).status).toBe(404)
})

test('a fork has its own project; the merge request belongs to the target project', async () => {
  await using server = await startFakeGitLab({ fork: { id: 77, path: 'someone/backend' } })
  const bot = client(server)
  expect((await bot.get(bot.mr)).json).toMatchObject({ source_project_id: 77, target_project_id: 42 })
  expect((await bot.get('/projects/77/merge_requests/17')).status).toBe(404)
})

test('the project may be named by its encoded path, below a relative URL too', async () => {
  await using server = await startFakeGitLab({ relativeUrl: '/gitlab' })
  const bot = client(server)
  expect(server.apiUrl).toMatch(/\/gitlab\/api\/v4$/)
  const mr = await bot.get('/projects/shop%2Fbackend/merge_requests/17')
  expect(mr.json).toMatchObject({ web_url: server.webUrl })
  server.contractViolations.length = 0
})
