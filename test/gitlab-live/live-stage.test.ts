/** The live suite's own machinery, proven against the fake; what it proves about GitLab only a real run can tell. */
import { expect, test } from 'vitest'

import { startFakeGitLab } from '../fake-gitlab/index.ts'
import type { FakeGitLab } from '../fake-gitlab/index.ts'
import { scenarios } from '../gitlab/scenarios.ts'
import { LiveStage, NeedsSecondUser } from './live-stage.ts'
import { liveTarget } from './live-target.ts'
import type { LiveTarget } from './live-target.ts'
import { endpointOf, Recorder } from './recorder.ts'
import { differences, shapesOf } from './shapes.ts'

function targetOf(server: FakeGitLab & { readonly botToken: string }): LiveTarget {
  const { apiUrl, projectId, botToken } = server
  return {
    apiUrl,
    project: projectId,
    token: botToken,
    personToken: server.addToken({ username: 'colleague' }),
  }
}

test.each(scenarios.slice(0, 1))(
  'a stage that knows the API only tells the story: $title',
  async ({ run }) => {
    await using server = await startFakeGitLab()
    await using stage = await LiveStage.open(targetOf(server))
    await run(stage)
    expect(server.contractViolations).toEqual([])
  },
)

test('the stage waits for the diff, gives the patch of the server, and clears away what it made', async () => {
  await using server = await startFakeGitLab({ diffRefsMissing: 1 })
  const { repository } = server
  {
    await using stage = await LiveStage.open(targetOf(server))
    const first = await stage.push({ 'db/1.sql': 'SELECT 1;\n', 'README.md': '# New\n' })
    expect(first.patch).toContain('+++ b/db/1.sql')
    const second = await stage.push({ 'db/1.sql': null })
    expect(second.files).toEqual({ 'README.md': '# New\n' })
    expect(second.patch).not.toContain('db/1.sql')
    expect(second.diffVersion).toBeGreaterThan(first.diffVersion ?? 0)
    expect(repository.branches()).toHaveLength(3)
  }
  expect(repository.branches()).toEqual(['main', 'feature'])
  expect(server.state.siblings.map(({ mergeRequest }) => mergeRequest.state)).toEqual(['opened', 'closed'])
})

test('a branch is deleted again when the merge request cannot be made', async () => {
  await using server = await startFakeGitLab()
  server.fault({ method: 'POST', path: '/merge_requests' }, { kind: 'forbidden' })
  await expect(LiveStage.open(targetOf(server))).rejects.toThrow('403')
  expect(server.repository.branches()).toEqual(['main', 'feature'])
})

test('without a second token a story with a person says so', async () => {
  await using server = await startFakeGitLab()
  await using stage = await LiveStage.open({ ...targetOf(server), personToken: undefined })
  expect(() => stage.person).toThrow(NeedsSecondUser)
})

test('without its variables the suite names those that are missing', () => {
  const url = { GITLAB_TEST_URL: 'https://gitlab.example.com/git/' }
  expect(liveTarget(url)).toContain('GITLAB_TEST_TOKEN, GITLAB_TEST_PROJECT not set')
  expect(liveTarget({ ...url, GITLAB_TEST_TOKEN: 'x', GITLAB_TEST_PROJECT: 'a/b' })).toEqual({
    apiUrl: 'https://gitlab.example.com/git/api/v4',
    project: 'a/b',
    token: 'x',
    personToken: undefined,
  })
})

test('recordings name endpoints without ids, keep no token, and are compared by fields and types', async () => {
  await using server = await startFakeGitLab()
  const recorder = new Recorder()
  const target = targetOf(server)
  const headers = { 'private-token': target.token }
  await recorder.fetch(`${target.apiUrl}/projects/42/merge_requests/17/versions?page=1`, {
    method: 'GET',
    headers,
  })
  expect(JSON.stringify(recorder.exchanges)).not.toContain(target.token)
  expect(recorder.exchanges[0]).toMatchObject({
    endpoint: '/projects/:id/merge_requests/:iid/versions',
    status: 200,
  })
  const thread = `/projects/shop%2Fbackend/merge_requests/3/discussions/${'a'.repeat(40)}/notes/5`
  expect(endpointOf(`https://h/gitlab/api/v4${thread}`)).toBe(
    '/projects/:id/merge_requests/:iid/discussions/:discussion_id/notes/:number',
  )
  const fake = shapesOf(recorder.exchanges)
  expect(differences(fake, fake)).toEqual([])
  const other = shapesOf(recorder.exchanges.map((one) => ({ ...one, response: [{ id: '1', extra: null }] })))
  const name = 'GET /projects/:id/merge_requests/:iid/versions 200'
  expect(differences(other, fake)).toEqual(
    expect.arrayContaining([
      `${name}: [].extra (null) is missing in the fake`,
      `${name}: [].id is string, in the fake number`,
      `${name}: [].state is in the fake only`,
    ]),
  )
})
