/** Notes and threads. Sources: gitlab-facts 1.1, 1.2; lib/api/notes.rb, discussions.rb. */
import { expect, test } from 'vitest'

import { startFakeGitLab } from './index.ts'
import { client } from './test-client.ts'

test('a plain note is individual and not resolvable, and becomes a thread when somebody replies', async () => {
  // facts 1.2, danger-js #1351
  await using server = await startFakeGitLab()
  const bot = client(server)
  const made = await bot.post(`${bot.mr}/notes`, { body: 'Summary' })
  expect(made).toMatchObject({ status: 201, json: { type: null, resolvable: false } })
  expect((await bot.get(`${bot.mr}/discussions`)).json).toMatchObject([{ individual_note: true }])
  const note = server.notes[0]
  server.as('author').reply(note?.discussionId ?? '', 'Why?')
  expect((await bot.get(`${bot.mr}/discussions`)).json).toMatchObject([
    {
      individual_note: false,
      resolvable: true,
      resolved: false,
      notes: [{ type: 'DiscussionNote' }, { body: 'Why?' }],
    },
  ])
  expect((await bot.get(bot.mr)).json).toMatchObject({ blocking_discussions_resolved: false })
})

test('a thread without a place is resolvable and so blocks the merge', async () => {
  await using server = await startFakeGitLab()
  const bot = client(server)
  const made = await bot.post(`${bot.mr}/discussions`, { body: 'Status' })
  expect(made.json).toMatchObject({
    individual_note: false,
    notes: [{ type: 'DiscussionNote', resolvable: true }],
  })
  expect((await bot.get(bot.mr)).json).toMatchObject({ detailed_merge_status: 'discussions_not_resolved' })
})

test('a plain note cannot be resolved: 403 as a thread, 400 as a note', async () => {
  await using server = await startFakeGitLab()
  const bot = client(server)
  const note = server.as('bot').comment('Summary')
  const thread = `${bot.mr}/discussions/${note.discussionId}`
  expect((await bot.put(thread, { resolved: true })).status).toBe(403)
  const single = await bot.put(`${thread}/notes/${note.id}`, { resolved: true })
  expect(single).toMatchObject({ status: 400, json: { message: '400 Bad request - Note is not resolvable' } })
})

test('resolving names who did it, and reopening forgets it', async () => {
  await using server = await startFakeGitLab()
  const bot = client(server)
  const note = server.as('bot').startThread('Look')
  const thread = `${bot.mr}/discussions/${note.discussionId}`
  server.as('colleague').resolve(note)
  expect((await bot.get(thread)).json).toMatchObject({
    resolved: true,
    notes: [{ resolved: true, resolved_by: { username: 'colleague' }, resolved_at: expect.any(String) }],
  })
  // resolving again keeps the first resolver [src resolvable_note.rb: unresolved.update_all]
  await bot.put(thread, { resolved: true })
  expect((await bot.get(thread)).json).toMatchObject({ notes: [{ resolved_by: { username: 'colleague' } }] })
  expect((await bot.put(thread, { resolved: false })).json).toMatchObject({
    resolved: false,
    notes: [{ resolved_by: null, resolved_at: null }],
  })
})

test('a system note cannot be replied to, edited or deleted', async () => {
  await using server = await startFakeGitLab()
  server.push({ 'x.sql': 'SELECT 1;\n' })
  const bot = client(server, server.addToken({ username: 'maintainer' }))
  const note = server.notes.find((candidate) => candidate.system)
  const reply = await bot.post(`${bot.mr}/discussions/${note?.discussionId}/notes`, { body: 'x' })
  expect(reply).toMatchObject({
    status: 400,
    json: { message: '400 Bad request - Discussion can not be replied to.' },
  })
  expect((await bot.put(`${bot.mr}/notes/${note?.id}`, { body: 'x' })).status).toBe(403)
})

test('a blank body, a missing one and a million and one characters are refused', async () => {
  await using server = await startFakeGitLab()
  const bot = client(server)
  const post = (body: unknown) => bot.post(`${bot.mr}/notes`, body)
  expect((await post({ body: ' \n' })).json).toEqual({
    message: '400 Bad request - Note {:note=>["can\'t be blank"]}',
  })
  expect((await post({ body: 'x'.repeat(1_000_001) })).json).toMatchObject({
    message: expect.stringContaining('too long'),
  })
  expect((await post({ body: 'x'.repeat(1_000_000) })).status).toBe(201)
  expect((await bot.put(`${bot.mr}/notes/${server.notes[0]?.id}`, { body: '' })).json).toEqual({
    error: 'body is empty',
  })
  expect(server.contractViolations).toEqual([])
  expect((await post({})).json).toEqual({ error: 'body is missing' })
  expect(server.contractViolations.splice(0)).toEqual([
    "POST /api/v4/projects/{id}/merge_requests/{noteable_id}/notes request: body must have required property 'body'",
  ])
})

test('a body is kept to the byte, CRLF included', async () => {
  // facts 3c, 6: stored text must equal generated text
  await using server = await startFakeGitLab()
  const bot = client(server)
  const body = 'one\r\ntwo\n  three  \r\n'
  expect((await bot.post(`${bot.mr}/notes`, { body })).json).toMatchObject({ body })
})

test('lists show twenty, at most a hundred, newest first, and say where the next page is', async () => {
  await using server = await startFakeGitLab()
  const bot = client(server)
  for (let n = 1; n <= 130; n += 1) server.as('author').comment(`note ${n}`)
  const first = await bot.get(`${bot.mr}/notes`)
  expect(first.json).toHaveLength(20)
  expect(JSON.stringify(first.json)).toMatch(/^\[\{.*"note 130".*"note 129".*"note 111"/)
  const capped = await bot.get(`${bot.mr}/notes?per_page=1000&sort=asc`)
  expect(capped.json).toHaveLength(100)
  expect(capped.headers).toMatchObject({ 'x-next-page': '2', 'x-per-page': '100', 'x-total': '130' })
  expect(capped.headers['link']).toContain('page=2>; rel="next"')
  expect(capped.headers['link']).toContain('sort=asc')
  const last = await bot.get(`${bot.mr}/notes?per_page=100&page=2`)
  expect(last.headers).toMatchObject({ 'x-next-page': '' })
  expect(last.headers['link']).not.toContain('rel="next"')
})

test('notes that nobody may read make pages short, even empty, without being the last', async () => {
  // facts 1.2, lib/api/notes.rb: readable_by? is asked behind paginate
  await using server = await startFakeGitLab({ withoutTotals: true })
  const bot = client(server)
  server.as('author').comment('first')
  server.addHiddenNotes(40)
  const newest = await bot.get(`${bot.mr}/notes`)
  expect(newest.json).toEqual([])
  expect(newest.headers).toMatchObject({ 'x-next-page': '2' })
  expect(newest.headers['x-total']).toBeUndefined()
  expect((await bot.get(`${bot.mr}/discussions?page=1`)).json).toHaveLength(1)
  expect((await bot.get(`${bot.mr}/notes?page=3`)).json).toMatchObject([{ body: 'first' }])
})

test('internal notes are shown to Reporters and above', async () => {
  await using server = await startFakeGitLab({ visibility: 'public' })
  const note = server.as('colleague').comment('psst', { internal: true })
  expect(server.as('bot').reply(note, 'I see').internal).toBe(true)
  expect(server.as('outsider').comment('Look', { internal: true }).internal).toBe(false)
  const outsider = client(server, server.addToken({ username: 'outsider' }))
  const reporter = client(server, server.addToken({ username: 'reporter' }))
  expect((await outsider.get(`${outsider.mr}/notes`)).json).toMatchObject([{ body: 'Look' }])
  expect((await reporter.get(`${reporter.mr}/notes`)).json).toHaveLength(3)
})

test('creating a note sends a mail, editing, resolving and deleting send none', async () => {
  await using server = await startFakeGitLab()
  const bot = server.as('bot')
  const note = bot.startThread('Look')
  bot.editNote(note, 'Look here')
  bot.resolve(note)
  bot.reply(note, 'Found again')
  expect(server.mails.map((mail) => mail.noteIds)).toEqual([[note.id], [note.id + 1]])
})

test('forms are read as Rack nests them, and multipart keeps CRLF', async () => {
  // facts 3c: @gitbeaker/rest sends multipart
  await using server = await startFakeGitLab()
  const bot = client(server)
  const position = bot.position('db/migrations/0002_price.sql', { new_line: 1 })
  const fields = Object.entries(position).map(([name, value]): [string, string] => [
    `position[${name}]`,
    String(value),
  ])
  const auth = { 'private-token': server.botToken }
  const form = new URLSearchParams([['body', 'a & b = c'], ...fields]).toString()
  const urlencoded = { ...auth, 'content-type': 'application/x-www-form-urlencoded' }
  expect((await bot.send('POST', `${bot.mr}/discussions`, urlencoded, form)).status).toBe(201)
  const part = ([name, value]: [string, string]) =>
    `--xyz\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const multipart = `${[['body', 'ä\r\nb'] satisfies [string, string], ...fields].map(part).join('')}--xyz--\r\n`
  const type = { ...auth, 'content-type': 'multipart/form-data; boundary=xyz' }
  const made = await bot.send('POST', `${bot.mr}/discussions`, type, multipart)
  expect(made).toMatchObject({
    status: 201,
    json: { notes: [{ body: 'ä\r\nb', position: { new_line: 1, old_line: null } }] },
  })
  expect(server.notes[0]?.body).toBe('a & b = c')
})
