import { expect, test } from 'vitest'

import { startFakeGitLab } from './index.ts'
import { client } from './test-client.ts'

test('a token of the api scope reads the merge request, its versions and its diffs', async () => {
  await using server = await startFakeGitLab()
  const bot = client(server)
  expect((await bot.get('/user')).json).toMatchObject({ username: 'bot', bot: true })
  const mr = await bot.get(bot.mr)
  expect(mr.json).toMatchObject({ iid: 17, state: 'opened', sha: server.version.headSha })
  expect((await bot.get(`${bot.mr}/versions`)).json).toMatchObject([{ id: server.version.id }])
  expect((await bot.get(`${bot.mr}/diffs`)).json).toMatchObject([
    { new_path: 'db/migrations/0002_price.sql', new_file: true },
  ])
})

test('a thread on an added line takes new_line only, and is resolved by its bot', async () => {
  await using server = await startFakeGitLab()
  const bot = client(server)
  const position = bot.position('db/migrations/0002_price.sql', { new_line: 2 })
  const made = await bot.post(`${bot.mr}/discussions`, { body: 'Blocks writes.', position })
  expect(made.status).toBe(201)
  const id = server.notes[0]?.discussionId ?? ''
  const put = await bot.put(`${bot.mr}/discussions/${id}`, { resolved: true })
  expect(put).toMatchObject({ status: 200, json: { resolved: true } })
  expect(server.writes().map((request) => request.status)).toEqual([201, 200])
  expect(server.mails).toHaveLength(1)
})
