/** Draft notes. Sources: gitlab-facts 1.3, lib/api/draft_notes.rb, draft_notes/publish_service.rb, models/draft_note.rb. */
import { expect, test } from 'vitest'

import { startFakeGitLab } from './index.ts'
import { client } from './test-client.ts'

const file = 'db/migrations/0002_price.sql'

test('drafts are seen by their author only, and their places are not checked when they are made', async () => {
  await using server = await startFakeGitLab()
  const bot = client(server)
  const drafts = `${bot.mr}/draft_notes`
  const made = await bot.post(drafts, { note: 'bad place', position: bot.position(file, { new_line: 99 }) })
  expect(made).toMatchObject({
    status: 201,
    json: { note: 'bad place', position: { new_line: 99 }, line_code: null },
  })
  expect((await bot.get(drafts)).json).toHaveLength(1)
  const other = client(server, server.addToken({ username: 'colleague' }))
  expect((await other.get(drafts)).json).toEqual([])
  expect((await other.get(`${drafts}/701`)).status).toBe(404)
  expect(server.notes).toEqual([])
})

test('bulk_publish makes threads of all own drafts with one mail, and invalid ones vanish', async () => {
  await using server = await startFakeGitLab()
  const bot = client(server)
  const drafts = `${bot.mr}/draft_notes`
  await bot.post(drafts, { note: 'good', position: bot.position(file, { new_line: 1 }) })
  await bot.post(drafts, { note: 'bad place', position: bot.position(file, { new_line: 99 }) })
  await bot.post(drafts, { note: 'no place' })
  expect((await bot.post(`${drafts}/bulk_publish`)).status).toBe(204)
  expect((await bot.get(drafts)).json).toEqual([])
  expect((await bot.get(`${bot.mr}/discussions`)).json).toMatchObject([
    { notes: [{ type: 'DiffNote', body: 'good' }] },
    { individual_note: false, resolvable: true, notes: [{ type: 'DiscussionNote', body: 'no place' }] },
  ])
  expect(server.mails).toEqual([{ kind: 'review', by: 'bot', noteIds: server.notes.map((note) => note.id) }])
})

test('bulk_publish is no transaction: after a failure earlier notes stand and all drafts are still there', async () => {
  await using server = await startFakeGitLab({ bulkPublishFailsAfter: 1 })
  const bot = client(server)
  await bot.post(`${bot.mr}/draft_notes`, { note: 'one' })
  await bot.post(`${bot.mr}/draft_notes`, { note: 'two' })
  expect(await bot.post(`${bot.mr}/draft_notes/bulk_publish`)).toMatchObject({ status: 500, text: '' })
  expect(server.notes.map((note) => note.body)).toEqual(['one'])
  expect((await bot.get(`${bot.mr}/draft_notes`)).json).toHaveLength(2)
})

test('editing a draft without its position wipes it, and without a note is refused', async () => {
  await using server = await startFakeGitLab()
  const bot = client(server)
  const drafts = `${bot.mr}/draft_notes`
  await bot.post(drafts, { note: 'x', position: bot.position(file, { new_line: 1 }) })
  const path = `${drafts}/${server.state.drafts[0]?.id}`
  expect((await bot.put(path, {})).json).toEqual({ message: '400 Bad request - Missing params to modify' })
  expect((await bot.put(path, { note: 'y' })).json).toHaveProperty('position', {})
  expect((await bot.delete(path)).status).toBe(204)
  expect((await bot.get(path)).status).toBe(404)
})

test('a published reply reopens its thread unless it says that it resolves', async () => {
  await using server = await startFakeGitLab()
  const bot = client(server)
  const thread = server.as('bot').startThread('Look')
  server.as('bot').resolve(thread)
  const reply = (resolve: boolean) => ({
    note: 'again',
    in_reply_to_discussion_id: thread.discussionId,
    resolve_discussion: resolve,
  })
  await bot.post(`${bot.mr}/draft_notes`, reply(false))
  expect((await bot.post(`${bot.mr}/draft_notes`, reply(true))).json).toEqual({
    message: { author_id: ['has already been taken'] },
  })
  await bot.put(`${bot.mr}/draft_notes/${server.state.drafts[0]?.id}/publish`)
  expect(server.discussions()[0]).toMatchObject({ resolved: false })
  await bot.post(`${bot.mr}/draft_notes`, reply(true))
  await bot.post(`${bot.mr}/draft_notes/bulk_publish`)
  expect(server.discussions()[0]).toMatchObject({ resolved: true })
})

test('an old server has no draft notes', async () => {
  await using server = await startFakeGitLab({ oldServer: true })
  const bot = client(server)
  expect((await bot.get(`${bot.mr}/draft_notes`)).status).toBe(404)
  expect((await bot.post(`${bot.mr}/draft_notes`, { note: 'x' })).status).toBe(404)
})
