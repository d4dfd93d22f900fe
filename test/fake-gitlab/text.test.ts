/** What text does on the server. Sources: gitlab-facts 1.6, lib/gitlab/quick_actions/extractor.rb, doc suggestions.md. */
import { expect, test } from 'vitest'

import { startFakeGitLab } from './index.ts'
import { findQuickActions, findReferences } from './quick-actions.ts'
import { client } from './test-client.ts'

const commands = (body: string): readonly string[] => [
  ...new Set(findQuickActions(body).map(({ command }) => command)),
]
const references = (body: string): readonly string[] =>
  findReferences(body, () => true).map(({ text }) => text)

test('a line that begins with a quick action runs, a fenced one or one in the middle of a line does not', () => {
  expect(commands('Hello\n/close\n')).toEqual(['close'])
  expect(commands('/label ~bug ~"two words"')).toEqual(['label'])
  expect(commands('```sql\n/close\n```')).toEqual([])
  expect(commands('see /close')).toEqual([])
  expect(commands('/usr/local')).toEqual([])
  expect(commands('/Merge\r\n')).toEqual(['merge'])
})

test('the old finder ends a longer fence at a line of three backticks, and knows no tildes', () => {
  // the regular expression ends the block at the first such line
  expect(commands('~~~\n/close\n~~~')).toEqual(['close'])
  expect(commands('````\nx\n```\n/approve\n```` \n')).toEqual(['approve'])
})

test('commands run inside of comments and of code spans over several lines', () => {
  // gitlab #26332, #204774
  expect(commands('<!--\n/close\n-->')).toEqual(['close'])
  expect(commands('text `code\n/close\nmore` text')).toEqual(['close'])
})

test('indentation inside of a paragraph hides nothing from the finder that reads markdown', () => {
  expect(findQuickActions('text\n  /close')).toEqual([{ command: 'close', argument: '', finder: 'markdown' }])
})

test('a note of nothing but quick actions is answered with 202 and makes no note', async () => {
  // lib/api/helpers/notes_helpers.rb process_note_creation_result
  await using server = await startFakeGitLab()
  const bot = client(server)
  const made = await bot.post(`${bot.mr}/notes`, { body: '/close' })
  expect(made).toMatchObject({ status: 202, json: { commands_changes: {}, summary: ['Applied /close.'] } })
  expect(server.notes).toEqual([])
  expect(server.quickActions).toContainEqual(
    expect.objectContaining({ command: 'close', by: 'bot', how: 'created' }),
  )
})

test('executed commands are cut out of the text, on edits too', async () => {
  await using server = await startFakeGitLab()
  const note = server.as('bot').comment('Hello\n/close\nBye')
  expect(note.body).toBe('Hello\nBye')
  server.as('bot').editNote(note, 'Hello\n/merge')
  expect(note.body).toBe('Hello')
  const bot = client(server)
  const emptied = await bot.put(`${bot.mr}/notes/${note.id}`, { body: '/reopen' })
  expect(emptied).toMatchObject({ status: 202, json: { summary: ['Applied /reopen.'] } })
  expect(server.notes).toEqual([])
  expect(server.quickActions.map(({ command, how }) => `${how} ${command}`)).toContain('edited merge')
})

test('mentions and references count outside of code only', () => {
  expect(references('@all see #12, !3, ~bug, %"next one", $4 and &5')).toEqual([
    '@all',
    '#12',
    '!3',
    '~bug',
    '%"next one"',
    '$4',
    '&5',
  ])
  expect(references('`@all` ``a ` #1`` and a@b.example')).toEqual([])
  expect(references('```\n@all\n```\n\n<!-- @all -->')).toEqual([])
  expect(references('fixed by 0123abc')).toEqual(['0123abc'])
  expect(references('[line 3](https://gitlab.example.com/x/-/blob/0123abc/a.sql#L3)')).toEqual([])
})

test('backticks are no code in raw HTML, and cells of a table end them', () => {
  expect(references('<details><summary>`@all`</summary>\n\n`@one`\n</details>')).toEqual(['@all'])
  expect(references('<details><summary><code>@all</code></summary>')).toEqual([])
  expect(references('| `a | @x` |')).toEqual(['@x'])
})

test('escaped reference characters are text, character references are not', () => {
  expect(references('\\@all')).toEqual([])
  expect(references('&#64;all')).toEqual(['@all'])
})

test('suggestions of a thread on the diff are read, applied by a person as a commit, and resolve the thread', async () => {
  // facts 1.4
  await using server = await startFakeGitLab()
  const path = 'db/migrations/0002_price.sql'
  const body = 'Use this:\n\n```suggestion:-0+0\nCREATE INDEX CONCURRENTLY ON item (price);\n```\n'
  const note = server.as('bot').commentOnLine(path, { newLine: 2 }, body)
  const bot = client(server)
  expect((await bot.get(`${bot.mr}/notes/${note.id}`)).json).toMatchObject({
    suggestions: [
      {
        from_line: 2,
        to_line: 2,
        from_content: 'CREATE INDEX ON item (price);\n',
        to_content: 'CREATE INDEX CONCURRENTLY ON item (price);\n',
        appliable: true,
      },
    ],
  })
  const version = server.as('author').applySuggestion(note)
  expect(server.repository.file(version.headSha, path)).toContain('CONCURRENTLY')
  expect(server.discussions()[0]).toMatchObject({
    resolved: true,
    notes: [{ resolved_by: { username: 'author' } }, {}],
  })
  expect(() => server.as('author').applySuggestion(note)).toThrow('can not be applied')
})

test('a suggestion with a longer fence keeps backticks, and one range covers lines above', async () => {
  await using server = await startFakeGitLab()
  const body = '````suggestion:-1+0\n```\n````'
  const note = server.as('bot').commentOnLine('db/migrations/0002_price.sql', { newLine: 2 }, body)
  expect(note.suggestions).toMatchObject([{ from_line: 1, to_line: 2, to_content: '```\n' }])
  const plain = server.as('bot').comment(body)
  expect(plain.suggestions).toEqual([])
})

test('the old finder is read line by line here, and finds what its one expression finds', () => {
  // lib/gitlab/quick_actions/extractor.rb@18f78289 commands_regex, with two commands
  const original =
    /^```.+?\n```$|^.*`\n*.+?\n*`$|^<[^>]+?>\n.+?\n<\/[^>]+?>$|^>>>.+?\n>>>$|^\/(?<cmd>close|merge)(?: (?<arg>[^\n]*))?(?:\s*\n|$)/gims
  const parts = [
    '/close',
    '/merge now',
    '`',
    '```',
    '````',
    'text',
    '\n',
    '\n',
    '\n',
    '<p>',
    '</p>',
    '>>>',
    ' ',
    'a`b',
  ]
  let seed = 7
  const next = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((seed / 2_147_483_648) * below)
  }
  let withCommands = 0
  for (let round = 0; round < 4000; round += 1) {
    const body = Array.from({ length: 1 + next(14) }, () => parts[next(parts.length)]).join('')
    const expected = [...body.matchAll(original)].flatMap(({ groups }) => groups?.['cmd'] ?? [])
    const found = findQuickActions(body).filter(({ finder }) => finder === 'regex')
    expect(
      found.map(({ command }) => command),
      JSON.stringify(body),
    ).toEqual(expected)
    withCommands += expected.length
  }
  expect(withCommands).toBeGreaterThan(500)
})
