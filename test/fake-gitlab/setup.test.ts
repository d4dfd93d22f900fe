/** What the live suite needs besides the review itself. Source: doc/api/{branches,commits,merge_requests}.md. */
import { expect, test } from 'vitest'

import { startFakeGitLab } from './index.ts'
import { client } from './test-client.ts'

test('a program makes a branch, commits, opens a merge request of its own, and cleans up', async () => {
  await using server = await startFakeGitLab()
  const bot = client(server)
  const repository = '/projects/42/repository'
  expect((await bot.post(`${repository}/branches`, { branch: 'try/1', ref: 'main' })).status).toBe(201)
  const commit = (actions: readonly unknown[]) =>
    bot.post(`${repository}/commits`, { branch: 'try/1', commit_message: 'Try', actions })
  const create = { action: 'create', file_path: 'db/1.sql', content: 'SELECT 1;\n' }
  expect((await commit([create])).status).toBe(201)
  expect(await commit([create])).toMatchObject({
    status: 400,
    json: { message: 'A file with this name already exists' },
  })
  const opened = await bot.post('/projects/42/merge_requests', {
    source_branch: 'try/1',
    target_branch: 'main',
    title: 'Try',
  })
  expect(opened).toMatchObject({ status: 201, json: { iid: 18, state: 'opened' } })
  const mr = '/projects/42/merge_requests/18'
  await commit([{ ...create, action: 'update', content: 'SELECT 2;\n' }])
  expect((await bot.get(`${mr}/versions`)).json).toHaveLength(2)
  expect((await bot.get(`${mr}/diffs`)).json).toMatchObject([{ new_path: 'db/1.sql' }])
  await bot.post(`${mr}/notes`, { body: 'Here only' })
  expect(server.notes).toEqual([])
  const file = await bot.get(`${repository}/files/db%2F1.sql?ref=try%2F1`)
  expect(file.json).toMatchObject({ content: Buffer.from('SELECT 2;\n').toString('base64') })
  expect((await bot.put(mr, { state_event: 'close' })).json).toMatchObject({ state: 'closed' })
  expect((await bot.delete(`${repository}/branches/try%2F1`)).status).toBe(204)
  expect((await bot.get(`${repository}/files/db%2F1.sql?ref=try%2F1`)).status).toBe(404)
})
