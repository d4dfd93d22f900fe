/** Places in the diff. Sources: gitlab-facts 1.3, lib/gitlab/diff/{position,position_tracer}.rb, models/diff_note.rb. */
import { expect, test } from 'vitest'

import { startFakeGitLab } from './index.ts'
import type { FakeGitLab } from './index.ts'
import { client } from './test-client.ts'

const file = 'db/migrations/0001_shop.sql'
const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => `SELECT ${n + 1};`)
const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`
const original = numbered(20)
/** Line 5 is edited, line 10 removed, a line added behind 15: new side 1-4, 5 (new), 6-9, 10-14 (old 11-15), 15 (new). */
const changed = [
  ...original.slice(0, 4),
  'SELECT five;',
  ...original.slice(5, 9),
  ...original.slice(10, 15),
  'NEW;',
  ...original.slice(15),
]
const options = { base: { [file]: text(original) }, change: { [file]: text(changed) } }

const wrongLine = {
  status: 400,
  json: {
    message: '400 Bad request - Note {:line_code=>["can\'t be blank", "must be a valid line code"]}',
  },
}

test.each([
  ['an added line', { new_line: 5 }],
  ['a removed line', { old_line: 10 }],
  ['an unchanged line near a change', { old_line: 11, new_line: 10 }],
  ['the added line behind it', { new_line: 15 }],
])('%s is a place', async (_, lines) => {
  await using server = await startFakeGitLab(options)
  const bot = client(server)
  const made = await bot.post(`${bot.mr}/discussions`, { body: 'x', position: bot.position(file, lines) })
  expect(made).toMatchObject({ status: 201, json: { notes: [{ type: 'DiffNote', position: lines }] } })
})

test.each([
  ['an added line with both numbers', { old_line: 5, new_line: 5 }],
  ['an unchanged line with one number', { new_line: 10 }],
  ['a removed line by its new number', { new_line: 21 }],
  ['a line that the diff does not show', { old_line: 1, new_line: 1 }],
])('%s is refused with the exact words', async (_, lines) => {
  await using server = await startFakeGitLab(options)
  const bot = client(server)
  const position = bot.position(file, lines)
  expect(await bot.post(`${bot.mr}/discussions`, { body: 'x', position })).toMatchObject(wrongLine)
  expect(server.notes).toEqual([])
})

test('a position without lines is incomplete, and Ruby 3.4 words hashes differently', async () => {
  await using server = await startFakeGitLab({ ...options, rubyHash: '3.4' })
  const bot = client(server)
  const position = bot.position(file, {})
  expect((await bot.post(`${bot.mr}/discussions`, { body: 'x', position })).json).toEqual({
    message:
      '400 Bad request - Note {line_code: ["can\'t be blank", "must be a valid line code"], position: ["is incomplete"]}',
  })
})

test('unknown commits and files that did not change are refused', async () => {
  await using server = await startFakeGitLab(options)
  const bot = client(server)
  const good = bot.position(file, { new_line: 5 })
  const post = (position: unknown) => bot.post(`${bot.mr}/discussions`, { body: 'x', position })
  expect(await post({ ...good, head_sha: 'f'.repeat(40) })).toMatchObject(wrongLine)
  expect(await post({ ...good, old_path: 'other.sql', new_path: 'other.sql' })).toMatchObject(wrongLine)
  const { head_sha: _left, ...headless } = good
  expect((await post(headless)).json).toEqual({ error: 'position[head_sha] is missing' })
  expect(server.contractViolations.splice(0)).toHaveLength(1)
})

test('a renamed file wants both paths', async () => {
  const moved = 'db/migrations/0009_shop.sql'
  await using server = await startFakeGitLab({ ...options, change: { [file]: null, [moved]: text(changed) } })
  const bot = client(server)
  expect((await bot.get(`${bot.mr}/diffs`)).json).toMatchObject([
    { old_path: file, new_path: moved, renamed_file: true, diff: expect.stringMatching(/^@@ /) },
  ])
  const both = { ...bot.position(moved, { old_line: 11, new_line: 10 }), old_path: file }
  const post = (position: unknown) => bot.post(`${bot.mr}/discussions`, { body: 'x', position })
  expect((await post(both)).status).toBe(201)
  // with one path only git sees a new file, in which no line is unchanged
  expect(await post({ ...both, old_path: moved })).toMatchObject(wrongLine)
})

test('content that looks like headers of a patch is content', async () => {
  // facts 2.3: `-- x` removed shows as `--- x`
  const base = { [file]: '-- one\n++ two\nSELECT 1;\n' }
  await using server = await startFakeGitLab({
    base,
    change: { [file]: '++ two\n-- @@ -1 +1 @@\nSELECT 1;\n' },
  })
  const bot = client(server)
  for (const lines of [
    { old_line: 1 },
    { old_line: 2, new_line: 1 },
    { new_line: 2 },
    { old_line: 3, new_line: 3 },
  ]) {
    const made = await bot.post(`${bot.mr}/discussions`, { body: 'x', position: bot.position(file, lines) })
    expect(made.status).toBe(201)
  }
})

test('when the target branch moved on, start_sha and base_sha differ, and base is the merge base', async () => {
  await using server = await startFakeGitLab(options)
  const before = server.version
  const target = server.advanceTarget({ 'other.sql': 'SELECT 1;\n' })
  expect(server.version).toBe(before)
  const after = server.push({ [file]: text([...changed, 'LAST;']) })
  expect(after).toMatchObject({ baseSha: before.baseSha, startSha: target })
  expect(after.id).toBeGreaterThan(before.id)
  const bot = client(server)
  expect((await bot.get(`${bot.mr}/versions`)).json).toMatchObject([{ id: after.id }, { id: before.id }])
  expect((await bot.get(`${bot.mr}/versions/${after.id}`)).json).toMatchObject({
    commits: [{}, {}],
    diffs: [{ new_path: file }],
  })
  const merged = server.mergeTargetIntoSource()
  expect(merged.baseSha).toBe(target)
  expect((await bot.get(bot.mr)).json).toMatchObject({
    diff_refs: { base_sha: target, start_sha: target, head_sha: merged.headSha },
  })
})

function place(server: FakeGitLab): unknown {
  const { position, outdated } = server.notes[0] ?? {}
  return { old: position?.old_line, new: position?.new_line, head: position?.head_sha, outdated }
}

test('a push that moves the line moves the thread, one that removes it makes the thread outdated', async () => {
  await using server = await startFakeGitLab(options)
  server.as('bot').commentOnLine(file, { newLine: 15 }, 'Look')
  const moved = server.push({ [file]: text(['-- a', '-- b', ...changed]) })
  expect(place(server)).toEqual({ old: null, new: 17, head: moved.headSha, outdated: false })
  server.push({ [file]: text(original) })
  expect(place(server)).toEqual({ old: null, new: 17, head: moved.headSha, outdated: true })
  const thread = server.discussions()[0]
  expect(thread).toMatchObject({
    resolved: false,
    notes: [
      {},
      { system: true, body: expect.stringContaining('changed this line in [version 3 of the diff]') },
    ],
  })
})

test('the project setting resolves outdated threads in the name of who pushed', async () => {
  await using server = await startFakeGitLab({ ...options, resolveOutdated: true })
  server.as('bot').commentOnLine(file, { newLine: 15 }, 'Look')
  server.push({ [file]: text(original) })
  expect(server.discussions()[0]).toMatchObject({
    resolved: true,
    notes: [{ resolved_by: { username: 'author' } }, {}],
  })
})

test('an added line that came to the target branch too is unchanged, or outdated where the diff hides it', async () => {
  await using server = await startFakeGitLab(options)
  server.as('bot').commentOnLine(file, { newLine: 15 }, 'Look')
  server.advanceTarget({ [file]: text([...original.slice(0, 15), 'NEW;', ...original.slice(15)]) })
  server.rebase()
  // lines 4 to 13 are shown around the two other changes
  expect(place(server)).toMatchObject({ outdated: true })
})

test('removed and unchanged lines are followed on their own sides', async () => {
  await using server = await startFakeGitLab(options)
  const bot = server.as('bot')
  bot.commentOnLine(file, { oldLine: 10 }, 'Removed')
  bot.commentOnLine(file, { oldLine: 11, newLine: 10 }, 'Unchanged')
  server.push({ [file]: text(['-- top', ...changed]) })
  expect(
    server.notes
      .filter((note) => !note.system)
      .map((note) => [note.position?.old_line, note.position?.new_line]),
  ).toEqual([
    [10, null],
    [11, 11],
  ])
})

test('a position on an older version is brought to the newest one', async () => {
  // models/concerns/diff_positionable_note.rb update_position
  await using server = await startFakeGitLab(options)
  const bot = client(server)
  const old = bot.position(file, { new_line: 5 })
  server.push({ [file]: text(['-- top', ...changed]) })
  const made = await bot.post(`${bot.mr}/discussions`, { body: 'x', position: old })
  expect(made).toMatchObject({
    status: 201,
    json: { notes: [{ position: { new_line: 6, head_sha: server.version.headSha } }] },
  })
})

test('in its first seconds a merge request has no diff_refs and no versions', async () => {
  // facts 1.2
  await using server = await startFakeGitLab({ ...options, diffRefsMissing: 2 })
  const bot = client(server)
  expect((await bot.get(bot.mr)).json).toMatchObject({ diff_refs: null })
  expect((await bot.get(`${bot.mr}/versions`)).json).toEqual([])
  expect((await bot.get(bot.mr)).json).toMatchObject({ diff_refs: null })
  expect((await bot.get(bot.mr)).json).toMatchObject({ diff_refs: { head_sha: server.version.headSha } })
  expect((await bot.get(`${bot.mr}/versions`)).json).toHaveLength(1)
})

test('raw_diffs is what git says, and unidiff adds the two headers', async () => {
  await using server = await startFakeGitLab(options)
  const bot = client(server)
  const raw = await bot.get(`${bot.mr}/raw_diffs`)
  expect(raw.text).toMatch(/^diff --git a\/db/)
  expect((await bot.get(`${bot.mr}/diffs?unidiff=true`)).json).toMatchObject([
    { diff: expect.stringMatching(/^--- a\/db.*\n\+\+\+ b\/db.*\n@@ /) },
  ])
})

test('merged and closed merge requests say so', async () => {
  await using server = await startFakeGitLab(options)
  const bot = client(server)
  server.closeMergeRequest()
  expect((await bot.get(bot.mr)).json).toMatchObject({ state: 'closed' })
  server.reopenMergeRequest()
  server.merge()
  expect((await bot.get(bot.mr)).json).toMatchObject({
    state: 'merged',
    merge_commit_sha: expect.any(String),
  })
})
